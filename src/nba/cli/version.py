"""Prints the versions of nba and of Python, and the platform: what a report of a fault needs."""

from __future__ import annotations

import argparse
import platform

from nba import __version__
from nba.cli.arguments import Arguments
from nba.cli.codes import OK
from nba.cli.output import results

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba version`."""
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Print the versions."""
    versions = {
        "nba": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": f"{platform.system()} {platform.machine()}".strip(),
    }
    if args.json:
        results().json(versions)
        return OK
    for name, version in versions.items():
        results().line(f"{name:8}  {version}")
    return OK
