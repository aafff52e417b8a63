"""What the URL of an SQLite store says, and what operators do with what is there."""

from __future__ import annotations

import math
import os
import sqlite3
from typing import Final, NamedTuple, Self, cast
from urllib.parse import parse_qsl, unquote

from nba.errors import StoreError, did_you_mean
from nba.state import sqlite_schema as schema
from nba.state.known import CACHED
from nba.state.opening import Checked
from nba.state.sqlite_file import File, Synchronous

__all__ = ["Address", "check", "init", "migrate"]

_OPTIONS: Final = ("timeout", "synchronous", "cached")
_SYNCHRONOUS: Final = ("normal", "full")
#: Operators wait for longer, in seconds: nobody else waits for them.
_PATIENCE: Final = 60.0


class Address(NamedTuple):
    """Where the file is, and how it is used; see `SqliteStore`."""

    path: str
    timeout: float = 2.0
    synchronous: Synchronous = "normal"
    cached: int = CACHED

    @classmethod
    def of(cls, url: str) -> Self:
        """Read `sqlite:///nba.db?timeout=2&synchronous=normal&cached=8`. Raises StoreError.

        Three slashes come before a path from the folder where one is, four before one from the top.
        """
        rest = url.removeprefix("sqlite://")
        where, _, query = rest.partition("?")
        host, slash, path = where.partition("/")
        if rest == url or host or not slash or not path:
            raise StoreError(
                f"`{url}` does not say which file: write `sqlite:///nba.db`, or with four slashes "
                "`sqlite:////var/lib/nba.db`"
            )
        found = cls(unquote(path))
        for name, value in parse_qsl(query, keep_blank_values=True):
            found = found._with(name, value)
        return found

    def _with(self, name: str, value: str) -> Self:
        match name:
            case "timeout":
                return self._replace(timeout=_seconds(value))
            case "synchronous" if value in _SYNCHRONOUS:
                return self._replace(synchronous=cast("Synchronous", value))
            case "synchronous":
                raise StoreError(
                    f"`synchronous` is not `{value}`: {did_you_mean(value, _SYNCHRONOUS)}"
                )
            case "cached" if value.isascii() and value.isdigit() and int(value) > 0:
                return self._replace(cached=int(value))
            case "cached":
                raise StoreError(f"`cached` is a whole number from 1 on, not `{value}`")
        raise StoreError(f"`{name}` is not an option of SQLite: {did_you_mean(name, _OPTIONS)}")

    def file(self, timeout: float | None = None) -> File:
        """Return the file; nothing is opened yet."""
        timeout = self.timeout if timeout is None else timeout
        return File(self.path, timeout=timeout, synchronous=self.synchronous)


def init(url: str) -> None:
    """Make the file and its tables, if they are not there. Raises StoreError."""
    Address.of(url).file(_PATIENCE).prepare()


def migrate(url: str) -> tuple[int, int]:
    """Lead the tables to the newest version; return the versions before and after.

    Raises StoreError where there is no file or no tables, and where they are newer.
    """
    file = Address.of(url).file(_PATIENCE)
    return file.look(lambda connection: schema.migrate(connection, file.path))


def check(url: str) -> Checked:
    """Return what is found in the file, which is read as a whole. Raises StoreError."""
    file = Address.of(url).file(_PATIENCE)
    if not os.path.exists(file.path):  # noqa: PTH110 - the path is text
        return Checked("sqlite", None, schema.VERSION, ("there is no file yet",))

    def found(connection: sqlite3.Connection) -> Checked:
        version = schema.version_of(connection, file.path)
        notes = [f"SQLite {sqlite3.sqlite_version}"]
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if version is not None and mode != "wal":
            notes.append(f"the journal mode is `{mode}`: it becomes `wal` when the store is opened")
        wrong = [row[0] for row in connection.execute("PRAGMA quick_check(3)") if row[0] != "ok"]
        if wrong:
            raise StoreError(
                f"`{file.path}` is damaged: go back to a copy of it ({'; '.join(wrong)})"
            )
        return Checked("sqlite", version, schema.VERSION, tuple(notes))

    return file.look(found)


def _seconds(value: str) -> float:
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not 0 <= found <= 86_400:
        raise StoreError(f"`timeout` is a number of seconds such as 2.5, not `{value}`")
    return found
