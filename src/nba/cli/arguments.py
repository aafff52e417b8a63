"""The arguments of a command: read strictly, with errors that say what was meant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from nba.cli.codes import EXPLAINED
from nba.cli.output import CommandError
from nba.errors import did_you_mean

__all__ = ["Arguments", "count", "count_or_none"]


class Arguments(argparse.ArgumentParser):
    """Reads the arguments of one command."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=EXPLAINED,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.color = False  # Python 3.14 would colour what `usage_help` returns

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Return the arguments in *words*. Raises CommandError."""
        found, extra = self.parse_known_args(words)
        if extra and extra[0].startswith("-"):
            name = extra[0].partition("=")[0]
            options = [option for option in self._option_string_actions if option != name]
            message = f"`{name}` is not an option of `{self.prog}`"
            raise CommandError(message, did_you_mean(name, options))
        if extra:
            raise CommandError(f"`{extra[0]}` is one argument too many", self.usage_help())
        return found

    def actions(self) -> Sequence[argparse.Action]:
        """Return what was added: options and positional arguments, in their order."""
        return self._actions

    def usage_help(self) -> str:
        """Return how the command is used, on one line."""
        return " ".join(self.format_usage().split()).removeprefix("usage: ")

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found wrong, in our words."""
        missing = "the following arguments are required: "
        if message.startswith(missing):
            names = message.removeprefix(missing).split(", ")
            raise CommandError(f"{' and '.join(names)} is missing", self.usage_help())
        message = re.sub(r"^argument ([^:]*): ", lambda match: f"{_name(match[1])}: ", message)
        raise CommandError(message, self.usage_help())


def _name(option: str) -> str:
    return f"`{option.rpartition('/')[2]}`"


def count_or_none(text: str) -> int:
    """Return a number from 0 on, as an option has it."""
    if not re.fullmatch(r"\d{1,6}", text):
        raise argparse.ArgumentTypeError(f"a whole number is expected, not `{text}`")
    return int(text)


def count(text: str) -> int:
    """Return a number from 1 on, as an option has it."""
    if not re.fullmatch(r"\d{1,6}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on is expected, not `{text}`")
    return int(text)
