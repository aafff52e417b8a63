"""Decide for every customer of the data set, count what comes of it, and explain three."""

from __future__ import annotations

import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # so that it runs from any folder

from examples.telco import customers

import nba

ROOT: Final = Path(__file__).resolve().parents[2]

#: When all is decided: named, so that every run gives the same answers.
NOW: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)
WIDTH: Final = 100
#: Why somebody is left in peace: how far the best of the actions got.
REASONS: Final = {
    "ineligible": "nothing that they may have",
    "blocked": "a policy stops it",
    "inapplicable": "nothing fits now",
    "unsuitable": "it is not in their interest",
    "no_channel": "no channel that they agreed to",
    "below_no_action": "too little to gain to disturb them",
}


class Run(NamedTuple):
    """A decision for every customer, in their order, and how long each took in nanoseconds."""

    decisions: list[nba.Decision]
    nanoseconds: list[int]


def main() -> None:
    """Decide, and print."""
    data = customers.load()
    engine = nba.Engine.open(folder("examples/telco/rules"))
    run = decide_all(engine, data)
    book = engine.book
    print(f"Data: {data.source}.")
    print(
        f"Book: {book.id}, version {engine.version}, with {len(book.actions)} actions on "
        f"{len(book.channels)} channels. Decided as of {NOW:%d %B %Y}."
    )
    print()
    print_counts(run, data)
    print()
    print_latency(run.nanoseconds)
    print_three(engine, run, data)


def folder(name: str) -> Path:
    """Return a folder of the repository, relative where it can be: places then read well."""
    path = ROOT / name
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def decide_all(engine: nba.Engine, data: customers.Telco) -> Run:
    """Decide for every customer. No rule can read who left."""
    decisions, nanoseconds = [], []
    for name, customer in data.customers.items():
        start = time.perf_counter_ns()
        decision = engine.decide(name, customer=customer, now=NOW)
        nanoseconds.append(time.perf_counter_ns() - start)
        decisions.append(decision)
    return Run(decisions, nanoseconds)


# --- counts


def print_counts(run: Run, data: customers.Telco) -> None:
    """Print how many customers get which action, and why others get none."""
    everybody = len(run.decisions)
    chosen = [decision for decision in run.decisions if decision.action]
    peace = [decision for decision in run.decisions if not decision.action]
    left = set() if data.generated else data.left

    def line(title: str, found: Sequence[nba.Decision], note: str = "") -> None:
        share = len(found) / everybody
        later = sum(decision.customer in left for decision in found) / max(1, len(found))
        afterwards = f"{later:9.1%}" if left else ""
        print(f"{title:36}{len(found):9,}{share:9.1%}{afterwards}  {note}".rstrip())

    print(f"{'':36}customers    share{'  left us' if left else ''}")
    line("an action", chosen)
    for name, found in by(chosen, lambda decision: str(decision.action)):
        channels = by(found, lambda decision: str(decision.channel))
        line(f"  {name}", found, ", ".join(f"{channel} {len(ds):,}" for channel, ds in channels))
    line("left in peace", peace)
    for name, found in by(peace, lambda decision: decision.reason):
        line(f"  {name}", found, REASONS.get(name, ""))
    line("together", run.decisions)
    if left:
        print("\n`left us` is what the data says about later. The rules could not read it.")


def by(
    decisions: Sequence[nba.Decision], key: Callable[[nba.Decision], str]
) -> list[tuple[str, list[nba.Decision]]]:
    """Return decisions by a key of theirs, the most frequent first."""
    counts = Counter(map(key, decisions))
    order = sorted(counts, key=lambda name: (-counts[name], name))
    return [(name, [found for found in decisions if key(found) == name]) for name in order]


def print_latency(nanoseconds: Sequence[int]) -> None:
    """Print the median and the 99th percentile."""
    ordered = sorted(nanoseconds)
    half, most = (ordered[int(share * (len(ordered) - 1))] / 1e6 for share in (0.5, 0.99))
    total = sum(ordered) / 1e9
    print(
        f"One decision took {half:.3f} ms in the median (p50) and {most:.3f} ms at the 99th "
        f"percentile (p99);\nall {len(ordered):,} together {total:.2f} s, on one core."
    )


# --- three customers


def print_three(engine: nba.Engine, run: Run, data: customers.Telco) -> None:
    """Print the whole account of three decisions: an offer, none, and something else."""
    wanted: dict[str, Callable[[nba.Decision], bool]] = {
        "An offer to stay": lambda found: any(best.issue == "retention" for best in found.ranked),
        "Left in peace": lambda found: found.reason == "below_no_action",
        "Not an offer": lambda found: found.kind == "goodwill_gesture",
    }
    for number, (title, fits) in enumerate(wanted.items(), 1):
        decision = next((found for found in run.decisions if fits(found)), None)
        if decision is None:
            continue
        print(f"\n\n{f'=== {number}. {title}: customer {decision.customer} ':=<{WIDTH}}\n")
        known = data.customers[decision.customer]
        print(wrapped(", ".join(f"{name}: {shown(value)}" for name, value in known.items())))
        print()
        if decision.say:
            print(wrapped(f'We say: "{decision.say}"'))
            print()
        print(wrapped(str(engine.explain(decision))))


def shown(value: object) -> str:
    """Return a field as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def wrapped(text: str) -> str:
    """Return text with its lines broken at the width of the page, and indented as they were."""
    return "\n".join(_lines(text))


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        yield from textwrap.wrap(
            line,
            WIDTH,
            subsequent_indent=f"{indent}  ",
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]


if __name__ == "__main__":
    main()
