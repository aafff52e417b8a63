"""A decision log in an SQLite file, which several processes may write at once."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nba.errors import StoreError
from nba.record.line import Line
from nba.state.sqlite_file import write_ahead

__all__ = ["SqliteSink"]

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS decision_log (
  place INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  customer TEXT NOT NULL,
  known_as TEXT NOT NULL,
  record TEXT NOT NULL
)
"""
_INDEX: Final = "CREATE INDEX IF NOT EXISTS decision_log_{0} ON decision_log ({0})"
_INSERT: Final = (
    "INSERT OR IGNORE INTO decision_log (id, customer, known_as, record) VALUES (?, ?, ?, ?)"
)
_FORGET: Final = (
    "DELETE FROM decision_log WHERE customer IN (SELECT value FROM json_each(?1))"
    " OR known_as IN (SELECT value FROM json_each(?1))"
)


class SqliteSink:
    """Keeps each record as a row of the table `decision_log` in the file at *path*.

    *timeout* is how many seconds it waits for others who write. Raises StoreError where the file
    cannot be used, or is another database.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        self.path = Path(path)
        self._timeout = timeout
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        with self._writing() as connection:
            tables = {name for (name,) in connection.execute(_NAMES)}
            if tables and "decision_log" not in tables:
                raise StoreError(f"`{path}` is another database: a decision log has its own file")
            connection.execute(_TABLE)
            connection.execute(_INDEX.format("customer"))
            connection.execute(_INDEX.format("known_as"))

    def write(self, lines: Sequence[Line]) -> None:
        """Keep records in one step; one that is kept already, by its id, stays. Raises StoreError.

        What was written is there after the process was killed.
        """
        with self._writing() as connection:
            connection.executemany(_INSERT, [tuple(map(_encodable, line)) for line in lines])

    def forget(self, names: Collection[str]) -> int:
        """Delete the records of these customers, also from the pages of the file."""
        with self._writing() as connection:
            wanted = json.dumps([_encodable(name) for name in names])
            count = connection.execute(_FORGET, (wanted,)).rowcount
        try:
            self._opened().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise _fault(self.path, error) from error
        return count

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None and self._process == os.getpid():
            self._connection.close()
        self._connection = None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Do one step: all of it or, if it raises, nothing. Raises StoreError."""
        try:
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except (sqlite3.Error, StoreError) as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise _fault(self.path, error) from error
            raise

    def _opened(self) -> sqlite3.Connection:
        """Return the connection; one of its own in a process that was forked."""
        if self._connection is None or self._process != os.getpid():
            connection = sqlite3.connect(
                self.path, timeout=self._timeout, isolation_level=None, check_same_thread=False
            )
            try:
                write_ahead(connection, str(self.path), self._timeout)
                connection.execute("PRAGMA synchronous = normal")
                connection.execute("PRAGMA secure_delete = on")
            except BaseException:
                connection.close()
                raise
            self._connection, self._process = connection, os.getpid()
        return self._connection


_NAMES: Final = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def _encodable(text: str) -> str:
    """Return text that can be written as UTF-8: halves of characters are shown by their codes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _fault(path: Path, error: sqlite3.Error) -> StoreError:
    return StoreError(f"the decision log `{path}` cannot be used: {error}")
