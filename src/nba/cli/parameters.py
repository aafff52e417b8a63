"""What a command takes, as a shell needs to know it: its options, its places, and their values."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nba.cli.arguments import Arguments
from nba.cli.commands import COMMANDS, parser_of

__all__ = ["FILES", "IDS", "NOTHING", "SWITCH", "CommandLine", "Parameter", "command_lines"]

SWITCH: Final = ""  # an option without a value
FILES: Final = "files"
NOTHING: Final = "nothing"  # a value that nobody can guess
#: The ids of a book that an argument is one of, by the name of the argument.
IDS: Final = {"action": "actions", "at": "points", "corridor": "corridors", "id": "anything"}
_BOOKS: Final = ("BOOK", "NEW", "OLD")
_UNKNOWN: Final = (
    *("ADDRESS", "BYTES", "CUSTOMER", "EXPRESSION", "FIELDS", "ID", "N", "NAME"),
    *("ORIGIN", "PERCENT", "PRIORITY", "SCOPE", "TEXT", "TIME", "URL"),
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """An option by its *names*, or a place on the line, which has none.

    *takes* is a kind of value: one of *words*, `files`, `nothing`, or a kind of ids.
    """

    names: tuple[str, ...]
    takes: str
    words: tuple[str, ...]
    help: str
    metavar: str

    @property
    def has_value(self) -> bool:
        """Whether a value follows."""
        return self.takes != SWITCH


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command with its *options* and *places*."""

    name: str
    summary: str
    options: tuple[Parameter, ...]
    places: tuple[Parameter, ...]

    def book(self, words: Sequence[str]) -> str | None:
        """Return the book that the *words* after the command name, if they do."""
        valued = {name for option in self.options if option.has_value for name in option.names}
        given: list[str] = []
        is_value = False
        for word in words:
            if is_value or word in valued:
                is_value = word in valued and not is_value
            elif not word.startswith("-"):
                given.append(word)
        for place, word in zip(self.places, given, strict=False):
            if place.metavar in _BOOKS:
                return word
        return None


def command_lines() -> list[CommandLine]:
    """Return what every command takes, as its parser has it."""
    return [_command_line(name, summary) for name, summary in COMMANDS.items()]


def _command_line(name: str, summary: str) -> CommandLine:
    parser: Arguments = parser_of(name)
    found = [_parameter(each) for each in parser.actions() if each.help != argparse.SUPPRESS]
    options = tuple(each for each in found if each.names)
    return CommandLine(name, summary, options, tuple(each for each in found if not each.names))


def _parameter(action: argparse.Action) -> Parameter:
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest
    words = tuple(map(str, action.choices or ()))
    if not words and "|" in metavar:
        words = tuple(metavar.split("|"))
    if action.nargs == 0:
        takes = SWITCH
    elif words:
        takes = "words"
    else:
        takes = IDS.get(action.dest) or (NOTHING if metavar in _UNKNOWN else FILES)
    help_ = (action.help or "").partition("\n")[0]
    return Parameter(tuple(action.option_strings), takes, words, help_, metavar)
