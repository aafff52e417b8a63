"""Prints the JSON Schema of rule files, so that an editor completes and checks them.

With `--markdown` it prints the same for people: the reference of all sections and keys.
"""

from __future__ import annotations

import argparse

from nba.book.documents import schema
from nba.book.key_reference import key_reference
from nba.cli.arguments import Arguments
from nba.cli.codes import OK
from nba.cli.output import results

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba schema`."""
    help_ = "print the reference of sections and keys instead"
    parser.add_argument("--markdown", action="store_true", help=help_)


def run(args: argparse.Namespace) -> int:
    """Print the schema, or the reference."""
    if args.markdown:
        results().write(key_reference())
    else:
        results().json(schema())
    return OK
