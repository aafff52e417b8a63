"""How many instructions a decision takes, counted by valgrind: the same on a busy machine.

Three books: few actions (straight-line code), many (tables), and the book that ships with the
project, with a journey of 50 events. For each, decisions are made under callgrind, and the same
again without them: the difference is theirs. The counts in `instructions.json` are those of one
version of Python; a decision that takes more than the tolerance above them fails.

    python -m benchmarks.instructions            compare with what is written down
    python -m benchmarks.instructions --write    write down what is counted now
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
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
COUNTS: Final = Path(__file__).with_name("instructions.json")
ROOT: Final = Path(__file__).parents[1]
DECISIONS: Final = 20
_COLLECTED: Final = re.compile(r"Collected : (\d+)")

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


def make(book: str, times: int) -> None:
    """Decide on each context: once, so that all is compiled, and then so many times."""
    decide = BOOKS[book]()
    for number in range(DECISIONS):
        decide(number)
    for _ in range(times):
        for number in range(DECISIONS):
            decide(number)


def counted(book: str) -> int:
    """Return how many instructions a decision takes."""
    without, with_them = (_run(book, times) for times in (0, 1))
    return (with_them - without) // DECISIONS


def _run(book: str, times: int) -> int:
    """Return how many instructions a process takes that decides so many times."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable]
    command += ["-m", "benchmarks.instructions", "--make", book, "--times", str(times)]
    ours = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": ours}
    done = subprocess.run(  # noqa: S603 - of names that stand here
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    found = _COLLECTED.search(done.stderr)
    if done.returncode or found is None:
        raise SystemExit(f"valgrind failed:\n{done.stderr[-2000:]}")
    return int(found[1])


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
    parser.add_argument("--make", choices=tuple(BOOKS), help=argparse.SUPPRESS)
    parser.add_argument("--times", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        make(given.make, given.times)
        return
    if shutil.which("valgrind") is None:
        raise SystemExit(
            "valgrind is not installed, and without it nothing can be counted.\n"
            "On Debian and Ubuntu: apt-get install -y valgrind"
        )
    version = platform.python_version()
    written = json.loads(COUNTS.read_text()) if COUNTS.exists() else {"python": "", "counts": {}}
    if not given.write and not written["counts"]:
        raise SystemExit(
            "no counts are written down to compare with.\n"
            "Write down those of this commit: python -m benchmarks.instructions --write"
        )
    if not given.write and written["python"] != version:
        raise SystemExit(
            f"the counts are those of Python {written['python']}, and this is {version}: another "
            "Python takes other instructions.\nUse that one, or write down this one's: "
            "python -m benchmarks.instructions --write"
        )
    counts = {book: counted(book) for book in BOOKS}
    worse = compared(counts, written)
    if given.write:
        COUNTS.write_text(json.dumps({"python": version, "counts": counts}, indent=2) + "\n")
    elif worse:
        raise SystemExit("slower than is written down:\n  " + "\n  ".join(worse))


if __name__ == "__main__":
    main()
