"""The versions of what decides beside the book: of nba, and of the time-zone data."""

from __future__ import annotations

import zoneinfo
from functools import cache
from importlib import import_module
from pathlib import Path

from nba import __version__

__all__ = ["versions", "zones_version"]


def versions(book: str) -> dict[str, str]:
    """Return all versions, with that of the *book*."""
    return {"book": book, "nba": __version__, "tzdata": zones_version()}


@cache
def zones_version() -> str:
    """Return the version of the time-zone data, such as `2026a`: the system's, else the package's.

    Where the system does not say which it has, it is `unknown`.
    """
    for folder in map(Path, zoneinfo.TZPATH):
        if not (folder / "Europe").is_dir():
            continue
        try:
            with (folder / "tzdata.zi").open(encoding="utf-8") as file:
                return file.readline().removeprefix("# version ").strip()
        except OSError:
            return "unknown"
    try:
        return str(import_module("tzdata").IANA_VERSION)
    except (ImportError, AttributeError):
        return "unknown"
