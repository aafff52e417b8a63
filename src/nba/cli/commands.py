"""The commands: what there is, and the module of each, loaded when it is asked for."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib import import_module
from typing import Final, Protocol, cast

from nba.cli.arguments import Arguments
from nba.cli.codes import EXPLAINED

__all__ = ["COMMANDS", "Command", "command", "parser_of", "usage"]

COMMANDS: Final[Mapping[str, str]] = {
    "init": "make a small rule book to begin with",
    "show": "show what is in a rule book, and what bears on an action, in words",
    "check": "look for mistakes in a rule book",
    "test": "run the tests of a rule book",
    "decide": "decide what to do for a customer, or for many",
    "explain": "say what became of every action, and why",
    "why": "say why an action is, or is not, the answer",
    "diff": "compare two versions of a rule book over the same customers",
    "simulate": "send a population through a rule book, and keep nothing",
    "report": "report how customers fare: in the stages of their journey",
    "eval": "evaluate an expression",
    "store": "prepare a store, migrate it, or look at it",
    "replay": "make logged decisions again, and say whether they are the same",
    "log": "forget a customer in a decision log, or look at it",
    "serve": "serve a rule book over HTTP",
    "key": "make an API key for `nba serve`",
    "schema": "print the JSON Schema of rule files, for editors",
    "completion": "print what lets a shell complete commands, options and ids",
    "version": "print the versions of nba and of Python",
}


class Command(Protocol):
    """What the module of a command has."""

    def arguments(self, parser: Arguments) -> None:
        """Add the arguments of the command to *parser*."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it, and return the exit code."""


def command(name: str) -> Command:
    """Return the command of that name."""
    return cast("Command", import_module(f"nba.cli.{name}"))


def parser_of(name: str) -> Arguments:
    """Return what reads the arguments of the command of that name."""
    module = command(name)
    parser = Arguments(f"nba {name}", (module.__doc__ or "").strip())
    module.arguments(parser)
    return parser


def usage() -> str:
    """Return the help of `nba` itself."""
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:{width}}  {summary}" for name, summary in COMMANDS.items())
    return f"""\
usage: nba COMMAND ...

Decides the next best action for a customer, by rules that people can read.

commands:
{listed}

`nba COMMAND --help` says more about a command, `nba --version` which nba this is.

{EXPLAINED}"""
