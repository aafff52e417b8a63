"""The tables of the SQLite store, made and migrated.

The file says whose it is (`PRAGMA application_id`) and which version its tables have
(`PRAGMA user_version`). A new file is given its tables by whoever opens it first. A file of an
older version is refused until an operator migrates it, as programs that have it open go on with
the old tables.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from nba.errors import StoreError

__all__ = ["APPLICATION_ID", "VERSION", "create", "migrate", "verify", "version_of"]

APPLICATION_ID: Final = 0x6E626131  # "nba1"
VERSION: Final = 2

_TABLES: Final[Sequence[str]] = (
    # one row: the store's id, for cursors; how many deadlines became known; the latest time that
    # was asked for
    """CREATE TABLE store (
        id TEXT NOT NULL, known INTEGER NOT NULL, asked INTEGER NOT NULL
    ) STRICT""",
    # who leads to whom, and to which customer in the end
    """CREATE TABLE links (
        name TEXT PRIMARY KEY, towards TEXT NOT NULL, customer TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX links_customer ON links (customer)",
    # of whom events or decisions are known: the version, the version of the journey alone, and the
    # version since which decisions were only added or amended
    """CREATE TABLE customers (
        name TEXT PRIMARY KEY, version INTEGER NOT NULL, journey INTEGER NOT NULL,
        added INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID""",
    # in the order in which they were recorded
    """CREATE TABLE events (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, row TEXT NOT NULL,
        UNIQUE (name, id)
    ) STRICT""",
    "CREATE INDEX events_age ON events (at)",
    # `late` are those that might have been due already when they became known
    """CREATE TABLE deadlines (
        at INTEGER NOT NULL, customer TEXT NOT NULL, moment TEXT NOT NULL, change TEXT NOT NULL,
        known INTEGER NOT NULL, late INTEGER NOT NULL,
        PRIMARY KEY (at, customer, moment, change)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX deadlines_customer ON deadlines (customer)",
    "CREATE INDEX deadlines_late ON deadlines (known) WHERE late",
    # `granted` and `answers` are JSON lists; `changed` is the version that the customer got then
    """CREATE TABLE decisions (
        id TEXT NOT NULL UNIQUE, recorded_as TEXT NOT NULL, at INTEGER NOT NULL,
        revision INTEGER NOT NULL, granted TEXT NOT NULL, answers TEXT NOT NULL, text TEXT NOT NULL,
        changed INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX decisions_changed ON decisions (recorded_as, changed)",
    "CREATE INDEX decisions_age ON decisions (at)",
    # `used` is the sum of the entries. No entry is older than `oldest`, none that is forgotten
    # when it is old than `aging`, and none expires before `expiring`; NULL where there is none
    """CREATE TABLE accounts (
        id INTEGER PRIMARY KEY,
        owner TEXT NOT NULL, customers INTEGER NOT NULL, account TEXT NOT NULL,
        used INTEGER NOT NULL, oldest INTEGER, aging INTEGER, expiring INTEGER,
        UNIQUE (owner, customers, account)
    ) STRICT""",
    "CREATE INDEX accounts_aging ON accounts (aging) WHERE aging IS NOT NULL",
    """CREATE TABLE entries (
        entry TEXT NOT NULL, account INTEGER NOT NULL,
        aging INTEGER NOT NULL, at INTEGER NOT NULL, amount INTEGER NOT NULL, expires INTEGER,
        PRIMARY KEY (entry, account)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX entries_age ON entries (account, aging, at)",
    "CREATE INDEX entries_expiry ON entries (account, expires) WHERE expires IS NOT NULL",
)

#: By version, the statements that lead from it to the next.
MIGRATIONS: Final[Mapping[int, Sequence[str]]] = {
    1: (
        "ALTER TABLE customers ADD COLUMN added INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE decisions ADD COLUMN changed INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX decisions_changed ON decisions (recorded_as, changed)",
        "DROP INDEX decisions_recorded_as",
    ),
}


def version_of(connection: sqlite3.Connection, path: str) -> int | None:
    """Return the version of the tables; None where there are none. Raises StoreError."""
    application = _pragma(connection, "application_id")
    if application == APPLICATION_ID:
        return _pragma(connection, "user_version")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application or tables:
        raise StoreError(f"`{path}` is a database of another program: choose another file")
    return None


def verify(connection: sqlite3.Connection, path: str) -> bool:
    """Return whether there are tables yet. Raises StoreError if they have another version."""
    version = version_of(connection, path)
    if version is None:
        return False
    if version > VERSION:
        raise StoreError(
            f"`{path}` is from a newer nba: its tables have version {version}, and this nba knows "
            f"version {VERSION}: update nba"
        )
    if version < VERSION:
        raise StoreError(
            f"`{path}` is from an older nba: its tables have version {version}, and this nba needs "
            f"version {VERSION}: stop what uses it, then run `nba store migrate URL`"
        )
    return True


def create(connection: sqlite3.Connection, path: str) -> None:
    """Make the tables, unless another process was first. Raises StoreError as `verify`."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not verify(connection, path):
            for statement in _TABLES:
                connection.execute(statement)
            own = (os.urandom(6).hex(), 0, -(2**63))
            connection.execute("INSERT INTO store VALUES (?, ?, ?)", own)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def migrate(connection: sqlite3.Connection, path: str) -> tuple[int, int]:
    """Lead the tables to the newest version, in one step; return the versions before and after.

    Raises StoreError where there are no tables, or newer ones.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = version_of(connection, path)
        if version is None:
            raise StoreError(f"`{path}` has no tables yet: run `nba store init URL`")
        if version >= VERSION:
            verify(connection, path)
        for before in range(version, VERSION):
            for statement in MIGRATIONS[before]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return version, VERSION


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
