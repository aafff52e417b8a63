"""An SQLite file that many threads and processes read and write at once.

Each thread has a connection of its own while it works. Writers of one process queue up for a
lock; those of several wait for the file. Whoever waits longer than the timeout is told so.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, TypeVar
from urllib.parse import quote

from nba.errors import StoreError
from nba.state import sqlite_schema as schema

__all__ = ["File", "Step", "Synchronous", "write_ahead"]

#: SQLite 3.37 has strict tables, and 3.35 what a DELETE returns.
OLDEST: Final = (3, 37, 0)

Synchronous = Literal["normal", "full"]
Found = TypeVar("Found")


class File:
    """One file; *timeout* is how many seconds one waits for others at most.

    What was written is there after the process was killed. After a power cut it is with
    *synchronous* `full`; with `normal` the last of it may be missing, but no step by halves.
    """

    def __init__(self, path: str | Path, *, timeout: float, synchronous: Synchronous) -> None:
        if sqlite3.sqlite_version_info < OLDEST:
            needed = ".".join(map(str, OLDEST[:2]))
            raise StoreError(
                f"this Python has SQLite {sqlite3.sqlite_version}, and the store needs {needed} or "
                "later: use a newer Python, or one that brings its own SQLite"
            )
        if str(path) in ("", ":memory:"):
            raise StoreError("the store needs a file: for one in memory, use `memory://`")
        self.path = str(path)
        self.timeout = timeout
        self._absolute = os.path.abspath(path)  # noqa: PTH100 - it follows no links
        self._synchronous = synchronous
        self._closed = False
        self._idle: list[sqlite3.Connection] = []
        self._lent: set[sqlite3.Connection] = set()
        self._forked = False
        self.queue = threading.Lock()
        _files.add(self)

    def reading(self) -> Step:
        """Return a step that sees the file as it is when it begins, whoever writes meanwhile."""
        return Step(self, writes=False)

    def writing(self) -> Step:
        """Return a step that writes: all of it or, if it raises, nothing."""
        return Step(self, writes=True)

    def prepare(self) -> None:
        """Make the file and its tables where there are none. Raises StoreError."""
        try:
            with closing(self._connect("rwc")) as connection:
                write_ahead(connection, self.path, self.timeout)
                if not schema.verify(connection, self.path):
                    schema.create(connection, self.path)
        except sqlite3.Error as error:
            raise self.fault(error) from error

    def look(self, at: Callable[[sqlite3.Connection], Found]) -> Found:
        """Return what a function finds in the file as it is. Raises StoreError."""
        try:
            with closing(self._connect("rw")) as connection:
                return at(connection)
        except sqlite3.Error as error:
            raise self.fault(error) from error

    def borrow(self) -> sqlite3.Connection:
        """Return a connection for this thread alone. Raises StoreError if the file is closed."""
        if self._closed:
            raise StoreError(f"the store `{self.path}` was closed: open it again")
        if self._forked:
            raise StoreError(
                f"this process was forked while `{self.path}` was in use: open the store after the "
                "fork, in each process"
            )
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._opened()
        self._lent.add(connection)
        return connection

    def _opened(self) -> sqlite3.Connection:
        connection = self._connect("rw")
        try:
            if schema.verify(connection, self.path):
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        raise StoreError(f"`{self.path}` was emptied while it was in use: open the store again")

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Take a connection back."""
        self._lent.discard(connection)
        self._idle.append(connection)
        if self._closed:
            self.close()

    def drop(self, connection: sqlite3.Connection) -> None:
        """Close a connection that cannot be used any more."""
        self._lent.discard(connection)
        connection.close()

    def close(self) -> None:
        """Close what is open; connections that are in use are closed when they come back."""
        self._closed = True
        self.rest()

    def rest(self) -> None:
        """Close the connections that nobody uses now."""
        while self._idle and not self._forked:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                return
            connection.close()

    def after_fork(self) -> None:
        """Begin anew in a process that was forked.

        SQLite must not carry a connection over a fork, so those that nobody uses are closed before
        it. If one was in use, this process cannot tell any more what it has locked.
        """
        self._forked = bool(self._lent or self._idle)
        self.queue = threading.Lock()

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(self._absolute)}?mode={mode}",
            uri=True,
            timeout=self.timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute("PRAGMA journal_size_limit = 16777216")
        except BaseException:
            connection.close()
            raise
        return connection

    def fault(self, error: sqlite3.Error) -> StoreError:
        """Return what went wrong, in our words."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        path = f"`{self.path}`"
        match code:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return self.busy()
            case sqlite3.SQLITE_FULL:
                return StoreError(f"{path} cannot grow: the disk is full")
            case sqlite3.SQLITE_CANTOPEN:
                folder = os.path.dirname(self._absolute)  # noqa: PTH120 - as above
                if not os.path.isdir(folder):  # noqa: PTH112 - as above
                    return StoreError(f"{path} cannot be opened: there is no folder `{folder}`")
                if not os.path.exists(self._absolute):  # noqa: PTH110 - as above
                    return StoreError(f"{path} does not exist: run `nba store init URL`")
                return StoreError(
                    f"{path} cannot be opened: it has to be a file, and it and its folder have to "
                    "be writable"
                )
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
                return StoreError(
                    f"{path} cannot be written: it and its folder have to be writable"
                )
            case sqlite3.SQLITE_NOTADB:
                return StoreError(f"{path} is not an SQLite database: choose another file")
            case sqlite3.SQLITE_CORRUPT:
                return StoreError(f"{path} is damaged: go back to a copy of it ({error})")
            case sqlite3.SQLITE_IOERR:
                return StoreError(f"{path} cannot be read or written: the disk says {error}")
        return StoreError(f"{path} cannot be used: {error}")

    def busy(self) -> StoreError:
        """Return that others took too long."""
        return StoreError(
            f"`{self.path}` was not free within {self.timeout:g} s: others were writing all the "
            "time; try again, or allow more time with `?timeout=`"
        )


def write_ahead(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    """Let readers and writers not disturb each other; the file keeps it.

    It waits for others for at most so many seconds. Raises StoreError where the file cannot be
    kept so, and what SQLite raises for anything else.
    """
    until = time.monotonic() + timeout
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = wal").fetchone()
        except sqlite3.OperationalError as error:  # SQLite does not wait by itself here
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > until:
                raise
            time.sleep(0.005)
            continue
        if mode != "wal":
            raise StoreError(
                f"`{path}` is where SQLite cannot keep a write-ahead log: use a disk of this "
                "machine, not one of the network"
            )
        return


class Step:
    """One step for all others: a transaction, on a connection of its own."""

    __slots__ = ("_connection", "_file", "_writes")

    def __init__(self, file: File, *, writes: bool) -> None:
        self._file = file
        self._writes = writes

    def __enter__(self) -> sqlite3.Connection:
        """Begin. Raises StoreError."""
        file = self._file
        if self._writes and not file.queue.acquire(timeout=file.timeout):
            raise file.busy()
        try:
            self._connection = file.borrow()
            try:
                self._connection.execute("BEGIN IMMEDIATE" if self._writes else "BEGIN")
            except BaseException:
                file.give_back(self._connection)
                raise
        except BaseException as error:
            if self._writes:
                file.queue.release()
            if isinstance(error, sqlite3.Error):
                raise file.fault(error) from error
            raise
        return self._connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit, or undo everything. Raises StoreError."""
        file, connection = self._file, self._connection
        try:
            if kind is None:
                connection.execute("COMMIT")
        except sqlite3.Error as found:
            error = found
            raise file.fault(found) from found
        finally:
            if error is None:
                file.give_back(connection)
            else:
                self._undo()
            if self._writes:
                file.queue.release()
        if isinstance(error, sqlite3.Error):
            raise file.fault(error) from error

    def _undo(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:  # it is not to be used again
            self._file.drop(self._connection)
        else:
            self._file.give_back(self._connection)


#: All files, for a process that forks.
_files: weakref.WeakSet[File] = weakref.WeakSet()


def _before_fork() -> None:
    for file in list(_files):
        file.rest()


def _after_fork() -> None:
    for file in list(_files):
        file.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
