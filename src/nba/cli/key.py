"""Makes an API key for `nba serve`: the key is shown once, and the server is given only its hash.

The line on standard output belongs in the file that `nba serve --keys` names, or in the variable
NBA_API_KEYS. The key itself is written to standard error: give it to whoever is to use it.
"""

from __future__ import annotations

import argparse

from nba.cli.arguments import Arguments
from nba.cli.codes import OK
from nba.cli.output import CommandError, errors, results
from nba.cli.serve import loaded
from nba.errors import CaseError

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba key`."""
    parser.add_argument("name", metavar="NAME", help="whose key it is, such as web-shop")
    help_ = "what it may do: decide, observe, record, author, admin"
    parser.add_argument("scopes", metavar="SCOPE", nargs="+", help=help_)


def run(args: argparse.Namespace) -> int:
    """Make a key."""
    try:
        key, line = loaded("nba.server.keys").new_key(args.name, args.scopes)
    except CaseError as error:
        raise CommandError.of(error) from None
    errors().line(f"the key, shown only now: {key}")
    results().line(line)
    return OK
