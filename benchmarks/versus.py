"""Ours beside the engines of others and Python by hand, on one workload, in one run.

All are asked about the same customers, in turns (`benchmarks.timing`). Each customer counts with
the best time, and p50 and p99 are over customers. What counts is the ratio to Python by hand.
Before anything is measured, everybody's answers are compared with what the workload means; who errs
is left out.

`python -m benchmarks.versus` prints tables; with `--write` it also puts them and a plot into
`docs/`. It needs `pip install -e '.[bench]'`.
"""

from __future__ import annotations

import argparse
import math
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.subjects import BY_HAND, PEERS, Prepared, Subject, subjects, verify
from benchmarks.timing import FEWEST, SPENT, Timed, in_turns
from benchmarks.workload import DENSITIES, workload

DOCS: Final = Path(__file__).parents[1] / "docs"
SIZES: Final = (10, 100, 1_000, 10_000)
CHECKED: Final = 10  # customers that answers are verified for


@dataclass
class Row:
    """What one subject took, in seconds, by density and number of actions."""

    subject: Subject
    p50: dict[tuple[str, int], float] = field(default_factory=dict)
    p99: dict[tuple[str, int], float] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and, if wanted, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versus")
    parser.add_argument("--contexts", type=int, default=100, help="how many customers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--peers", nargs="*", default=list(PEERS), metavar="NAME")
    parser.add_argument("--write", action="store_true", help="into docs/")
    options = parser.parse_args(arguments)
    rows = [Row(subject) for subject in subjects(options.peers)]
    for density in DENSITIES:
        for size in options.sizes:
            _measure(rows, density, size, options.contexts, options.rounds)
        print("\n".join(table(rows, density, options.sizes)), end="\n\n", flush=True)
    if options.write:
        _write(rows, options.sizes)


def _measure(rows: Sequence[Row], density: str, size: int, contexts: int, rounds: int) -> None:
    work = workload(size, density, contexts=contexts)
    loaded: dict[int, Prepared] = {}
    for place, row in enumerate(rows):
        if size > row.subject.largest:
            continue
        before = time.perf_counter()
        try:
            prepared = row.subject.load(work)
            checked = work.contexts[: CHECKED if size < SIZES[-1] else FEWEST]
            errs = None if verify(prepared, work, checked) else "it errs"
        except Exception as error:  # noqa: BLE001 - engines of others may raise anything
            errs = f"{type(error).__name__}: {error}"
        if errs is None:
            loaded[place] = prepared
        else:
            print(f"{row.subject.name}, {density}, {size} actions: left out, {errs}")
        took = time.perf_counter() - before
        if took > SPENT:
            print(f"{row.subject.name}: {size} actions took {took:.0f} s to load and verify")
    turns = {place: Timed(one.prepared(work), one.time) for place, one in loaded.items()}
    for place, times in in_turns(turns, rounds).items():
        ordered = sorted(times.values())
        rows[place].p50[density, size] = ordered[len(ordered) // 2]
        if len(ordered) >= 30:
            rows[place].p99[density, size] = ordered[math.ceil(0.99 * len(ordered)) - 1]


# --- what is said


def table(rows: Sequence[Row], density: str, sizes: Sequence[int]) -> list[str]:
    """Return a table in Markdown: times, and the ratios to Python by hand."""
    head = " | ".join(f"{size:,} actions" for size in sizes)
    lines = [f"| {density} | {head} |", f"|---|{'---:|' * len(sizes)}"]
    base = next(row for row in rows if row.subject.name == BY_HAND)
    for row in sorted(rows, key=lambda row: row.p50.get((density, sizes[-1]), math.inf)):
        cells = [_cell(row, base, (density, size)) for size in sizes]
        name = f"**{row.subject.name}**" if row.subject.name.startswith("nba") else row.subject.name
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _cell(row: Row, base: Row, key: tuple[str, int]) -> str:
    seconds = row.p50.get(key)
    if seconds is None:
        return "-"
    ratio = seconds / base.p50[key]
    tail = f" / {_shown(row.p99[key])}" if key in row.p99 else ""
    return (
        f"{_shown(seconds)}{tail} ({ratio:.2g}×)"
        if ratio < 10
        else (f"{_shown(seconds)}{tail} ({ratio:,.0f}×)")
    )


def _shown(seconds: float) -> str:
    return (
        f"{seconds * 1e6:.1f} µs"
        if seconds < 1e-4
        else (f"{seconds * 1e6:,.0f} µs" if seconds < 1e-2 else f"{seconds * 1e3:,.0f} ms")
    )


def _write(rows: Sequence[Row], sizes: Sequence[int]) -> None:
    """Put the tables and the plot into the page, between the marks that it has for them."""
    page = DOCS / "performance-beside-others.md"
    begin, end = "<!-- versus: made by `make bench` -->", "<!-- versus: end -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    versions = ", ".join(
        f"{row.subject.name.partition(',')[0]} {row.subject.version}"
        for row in rows
        if row.subject.version and not row.subject.name.startswith("nba")
    )
    where = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}"
    what = "p50 / p99 over customers, and p50 as a multiple of Python by hand."
    parts = [
        begin,
        f"{where} on {platform.machine()}. {what}",
        *("\n".join(table(rows, density, sizes)) for density in DENSITIES),
        "![Time of one answer by number of actions](performance.svg)",
        f"Versions: {versions}.",
        end,
    ]
    page.write_text(before + "\n\n".join(parts) + after, encoding="utf-8")
    _plot(rows, sizes)


def _plot(rows: Sequence[Row], sizes: Sequence[int]) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - only who writes the page needs it

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "nba"
    from matplotlib import pyplot as plt  # noqa: PLC0415 - as above

    figure, axes = plt.subplots(1, len(DENSITIES), figsize=(12, 6), sharey=True)
    for one, density in zip(axes, DENSITIES, strict=True):
        for row in rows:
            points = [
                (size, row.p50[density, size]) for size in sizes if (density, size) in row.p50
            ]
            ours = row.subject.name.startswith("nba")
            style = {"linewidth": 3 if ours else 1, "marker": "o", "markersize": 3}
            if points:
                one.loglog(*zip(*points, strict=True), label=row.subject.name, **style)
        one.set_title(density)
        one.set_xlabel("actions")
        one.grid(visible=True, which="major", alpha=0.3)
    axes[0].set_ylabel("seconds for one answer, p50")
    axes[-1].legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(DOCS / "performance.svg", bbox_inches="tight", metadata={"Date": None})


if __name__ == "__main__":
    main()
