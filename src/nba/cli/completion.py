"""Prints a script that lets a shell complete commands, options, files and ids of a book.

Load it from where the shell reads its settings:

  bash  eval "$(nba completion bash)"        in ~/.bashrc
  zsh   eval "$(nba completion zsh)"         in ~/.zshrc, after compinit
  fish  nba completion fish | source         in ~/.config/fish/config.fish
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import Final

from nba.author.part_descriptions import ids
from nba.book.build import load
from nba.book.model import Book
from nba.cli.arguments import Arguments
from nba.cli.codes import OK
from nba.cli.output import results
from nba.cli.parameters import command_lines
from nba.cli.shells import SHELLS
from nba.errors import BookError

__all__ = ["arguments", "run"]

#: Bash expands the words that it is told to choose from: a name must be nothing but a name.
_SAFE: Final = re.compile(r"[\w./-]+")


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba completion`."""
    parser.add_argument("shell", metavar="SHELL", choices=list(SHELLS), help="bash, zsh or fish")
    # what a script asks back: a kind of ids, and the words after `nba` so far
    parser.add_argument("asked", nargs="*", default=[], help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Print the script; or, for a script, the ids that fit here."""
    page = results()
    if not args.asked:
        page.write(SHELLS[args.shell](command_lines()))
        return OK
    kind, *words = args.asked
    for name in _known(kind, words):
        page.line(name)
    return OK


def _known(kind: str, words: Sequence[str]) -> Iterable[str]:
    """Return the ids of the book on the line; none where there is no book that can be read."""
    command = next((each for each in command_lines() if words and each.name == words[0]), None)
    path = command.book(words[1:]) if command else None
    if path is None:
        return ()
    try:
        book = load(path).book
    except BookError:
        return ()
    return sorted(name for name in _ids(kind, book) if _SAFE.fullmatch(name))


def _ids(kind: str, book: Book) -> Iterable[str]:
    match kind:
        case "actions":
            return book.actions
        case "points":
            return book.decision_points
        case "corridors":
            return book.corridors
    return ids(book)
