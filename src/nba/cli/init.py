"""Makes a small rule book to begin with: it works, it has tests, and cases to try it on.

The folder must be new or empty; nothing is overwritten.
"""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

from nba.book.documents import schema
from nba.cli.arguments import Arguments
from nba.cli.codes import OK
from nba.cli.output import CommandError, Page, results

__all__ = ["arguments", "run"]

SCHEMA: Final = "nba.schema.json"  # the first line of each rule file names it
_ABOUT: Final = {
    "book.yaml": "what is known, what can happen, and what holds for everybody",
    "service.yaml": "what customer service can do",
    "sales.yaml": "what sales may offer, and when it must not",
    "tests.yaml": "what the rules must do, whoever changes them",
    "cases.csv": "twelve customers to try a change on",
    "case.json": "one customer, with what happened before",
    SCHEMA: "lets an editor complete and check rule files",
}


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba init`."""
    help_ = "where the book is made, by default `rules`"
    parser.add_argument("folder", metavar="FOLDER", nargs="?", default="rules", help=help_)


def run(args: argparse.Namespace) -> int:
    """Make the book and say what to do next."""
    folder = Path(args.folder)
    try:
        _make_room(folder)
        for name, text in _content():
            with (folder / name).open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise CommandError(f"the book cannot be made: {reason}", where=args.folder) from None
    _tell(folder, results())
    return OK


def _make_room(folder: Path) -> None:
    """Make the folder, or see that nothing is in it. Raises CommandError and OSError."""
    if folder.is_dir():
        # a folder under version control is empty all the same
        there = sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
        if there:
            message = f"`{folder}` is not empty: it has `{there[0]}`"
            raise CommandError(message, "name a new folder: `nba init FOLDER`")
    elif folder.exists():
        raise CommandError(f"`{folder}` is a file", "name a new folder: `nba init FOLDER`")
    folder.mkdir(parents=True, exist_ok=True)


def _content() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file."""
    start = files("nba.cli") / "start"
    for name in _ABOUT:
        if name == SCHEMA:
            yield name, json.dumps(schema(), indent=2) + "\n"
        else:
            yield name, (start / name).read_text(encoding="utf-8")


def _tell(folder: Path, page: Page) -> None:
    """Say what was made and what to do with it."""
    page.line(page.paint(f"A small rule book is in `{folder}`:", "bold"))
    for name, about in _ABOUT.items():
        page.line(f"  {name:16} {about}")
    book = shlex.quote(str(folder))
    case = shlex.quote(str(folder / "case.json"))
    cases = shlex.quote(str(folder / "cases.csv"))
    new = shlex.quote(str(folder.with_name(f"{folder.resolve().name}-new")))
    steps = {
        f"nba check {book}": "is it right?",
        f"nba test {book}": "does it do what it must?",
        f"nba show {book}": "what is in it?",
        f"nba decide {book} --case {case}": "what is best for one customer, and why?",
        f"cp -r {book} {new}": "a copy, in which to change a line",
        f"nba diff {book} {new} --cases {cases}": "who gets something else then?",
    }
    page.line()
    page.line(page.paint("Next:", "bold"))
    width = max(map(len, steps))
    for command, question in steps.items():
        page.line(f"  {page.paint(command, 'cyan')}{' ' * (width - len(command))}  {question}")
