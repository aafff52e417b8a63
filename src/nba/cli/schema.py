"""Prints the JSON Schema of rule files, so that an editor completes and checks them."""

from __future__ import annotations

import argparse

from nba.book.documents import schema
from nba.cli.arguments import Arguments
from nba.cli.codes import OK
from nba.cli.output import results

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba schema`: there are none."""


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    results().json(schema())
    return OK
