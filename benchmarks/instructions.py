"""How many instructions a decision takes, counted by valgrind: the same on a busy machine.

Three books: few actions (straight-line code), many (tables), and the book that ships with the
project, with a journey of 50 events. One process builds all of them while valgrind only watches,
which is fast; then it begins to count, and counts nothing but decisions. The counts in
`instructions.json` are those of one Python; a decision that takes more than the tolerance above
them fails. Another Python takes other instructions, and is not compared.

    python -m benchmarks.instructions            compare with what is written down
    python -m benchmarks.instructions --write    write down what is counted now
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.as_book import as_book
from benchmarks.realistic import NOW, people, realistic
from benchmarks.workload import workload

from nba import Engine
from nba.book.build import build
from nba.book.source import parse

#: How much more than what is written down one decision may take.
TOLERANCE: Final = 0.03
#: The exit code where the counts are those of another Python; 1 is for what is slower.
CANNOT_COMPARE: Final = 3
COUNTS: Final = Path(__file__).with_name("instructions.json")
ROOT: Final = Path(__file__).parents[1]
DECISIONS: Final = 20
#: What is counted: the function of CPython that works out `@`, which nothing else here uses.
_COUNTED: Final = "PyNumber_MatrixMultiply"
_TOTAL: Final = re.compile(r"^totals: (\d+)", re.MULTILINE)

Decide = Callable[[int], object]


def neutral(actions: int) -> Decide:
    """Return what decides on one of the contexts of a neutral book."""
    work = workload(actions, "dense", contexts=DECISIONS)
    engine = Engine(build([parse(as_book(work), "book.yaml")]), clock=lambda: NOW)
    contexts = [dict(context) for context in work.contexts]
    return lambda n: engine.decide(f"c{n}", customer=contexts[n], now=NOW, commit=False)


def shipped() -> Decide:
    """Return what decides for one of some people by the book that ships with the project."""
    engine = Engine(build(realistic(0)), clock=lambda: NOW)
    crowd = people(DECISIONS)
    for person in crowd:
        engine.observe(*person.events)

    def decide(number: int) -> object:
        person = crowd[number]
        return engine.decide(
            person.id,
            customer=person.customer,
            interaction=person.interaction,
            now=NOW,
            commit=False,
        )

    return decide


BOOKS: Final[dict[str, Callable[[], Decide]]] = {
    "50 actions": lambda: neutral(50),
    "300 actions": lambda: neutral(300),
    "the shipped book": shipped,
}


class Deciding:
    """Decides on every context, once for each `@`, and is counted while it does."""

    def __init__(self, decide: Decide) -> None:
        self.decide = decide

    def __matmul__(self, times: int) -> int:
        for _ in range(times):
            for number in range(DECISIONS):
                self.decide(number)
        return times


def decide_counted() -> None:
    """Decide by each book, in a process that valgrind watches."""
    books = [Deciding(make()) for make in BOOKS.values()]
    for book in books:
        _ = book @ 2  # so that all that is compiled when it is needed is there
    gc.collect()
    gc.disable()  # when it runs depends on what was done before
    vgdb = ["vgdb", f"--pid={os.getpid()}", "instrumentation", "on"]
    with subprocess.Popen(vgdb, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:  # noqa: S603
        while asked.poll() is None:  # valgrind listens while there is something to do
            pass
    for book in books:
        _ = book @ 1


def counted() -> dict[str, int]:
    """Return how many instructions a decision takes, by book."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no"]
        command += [f"--toggle-collect={_COUNTED}", f"--dump-after={_COUNTED}"]
        command += [f"--callgrind-out-file={folder}/counts"]
        command += [sys.executable, "-m", "benchmarks.instructions", "--decide"]
        ours = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": ours}
        done = subprocess.run(  # noqa: S603 - of names that stand here
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        # there is a dump for every `@` that was counted, numbered from 1
        dumps = sorted(Path(folder).glob("counts.*"), key=lambda path: int(path.suffix[1:]))
        totals = [_TOTAL.search(path.read_text()) for path in dumps]
    counts = [int(total[1]) // DECISIONS for total in totals if total]
    if done.returncode or len(counts) != len(BOOKS) or not all(counts):
        raise SystemExit(f"valgrind failed:\n{done.stderr[-2000:]}")
    return dict(zip(BOOKS, counts, strict=True))


def this_python() -> str:
    """Return what instructions depend on: the Python, how it was compiled, and for what."""
    options = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    optimized = "optimized" if "--enable-optimizations" in options else "not optimized"
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {optimized}, "
        f"{platform.python_compiler()}, {platform.machine()}"
    )


def compared(counts: dict[str, int], written: dict[str, Any]) -> list[str]:
    """Return a sentence for each book whose decisions take more than is written down."""
    worse = []
    for book, count in counts.items():
        before = written["counts"].get(book)
        change = 0.0 if not before else count / before - 1
        print(f"{book:20}{count:>12,} instructions for a decision  {change:+.1%}")
        if before is None:
            worse.append(f"`{book}` is not written down: run with --write")
        elif change > TOLERANCE:
            worse.append(f"`{book}`: {count:,} instead of {before:,}, {change:+.1%}")
    return worse


def main() -> None:
    """Compare, or write down."""
    parser = argparse.ArgumentParser(description="Count the instructions of a decision.")
    parser.add_argument("--write", action="store_true", help="write down what is counted")
    parser.add_argument("--decide", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.decide:
        decide_counted()
        return
    if shutil.which("valgrind") is None:
        raise SystemExit(
            "valgrind is not installed, and without it nothing can be counted.\n"
            "On Debian and Ubuntu: apt-get install -y valgrind"
        )
    python = this_python()
    written = json.loads(COUNTS.read_text()) if COUNTS.exists() else {"python": "", "counts": {}}
    if not given.write and not written["counts"]:
        raise SystemExit(
            "no counts are written down to compare with.\n"
            "Write down those of this commit: python -m benchmarks.instructions --write"
        )
    if not given.write and written["python"] != python:
        print(
            f"the counts are those of {written['python']}.\nThis is {python}, which takes other "
            "instructions.\nUse that one, or write down this one's, at a commit that is to be "
            "compared with: python -m benchmarks.instructions --write",
            file=sys.stderr,
        )
        raise SystemExit(CANNOT_COMPARE)
    counts = counted()
    worse = compared(counts, written)
    if given.write:
        COUNTS.write_text(json.dumps({"python": python, "counts": counts}, indent=2) + "\n")
    elif worse:
        raise SystemExit("slower than is written down:\n  " + "\n  ".join(worse))


if __name__ == "__main__":
    main()
