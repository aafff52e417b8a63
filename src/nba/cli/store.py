"""Prepares a store, brings it up to date after an update of nba, or looks at it.

`nba store init URL` makes what a store needs, where it is not there yet. `nba store migrate URL`
brings what an older nba made to the version of this one. `nba store check URL` changes nothing: it
says which version is there, and what else is worth knowing. The exit code is 1 where the store
cannot be used as it is.
"""

from __future__ import annotations

import argparse
import re

from nba.cli.arguments import Arguments
from nba.cli.codes import FAILED, OK
from nba.cli.output import CommandError, results
from nba.errors import StoreError, did_you_mean
from nba.state import opening

__all__ = ["arguments", "run", "shown_url"]

_ACTS = ("init", "migrate", "check")


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba store`."""
    parser.add_argument("what", metavar="init|migrate|check", help="what to do")
    parser.add_argument("url", metavar="URL", help="where the store is, such as sqlite:///nba.db")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Do it, and say what was found."""
    if args.what not in _ACTS:
        raise CommandError(
            f"`{args.what}` cannot be done to a store", did_you_mean(args.what, _ACTS)
        )
    page, shown = results(), shown_url(args.url)
    try:
        if args.what == "migrate":
            before, after = opening.migrate(args.url)
            if args.json:
                page.json({"from": before, "to": after})
            elif before == after:
                page.line(f"{shown}: version {after}, nothing to do")
            else:
                page.line(f"{shown}: from version {before} to version {after}")
            return OK
        if args.what == "init":
            opening.init(args.url)
        found = opening.check(args.url)
    except StoreError as error:
        raise CommandError(str(error)) from None
    if args.json:
        page.json({**found._asdict(), "ok": found.ok})
    else:
        version = "nothing is kept yet" if found.version is None else f"version {found.version}"
        wanted = "" if found.ok else f", and version {found.wanted} is wanted"
        page.line(f"{shown}: {found.kind}, {version}{wanted}")
        for note in found.notes:
            page.line(f"  {note}")
    return OK if found.ok else FAILED


def shown_url(url: str) -> str:
    """Return a URL without the password, and without options, one of which may be one too."""
    return re.sub(r"//[^/@]*@", "//", url.partition("?")[0])
