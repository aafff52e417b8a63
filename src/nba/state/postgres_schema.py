"""What a store in PostgreSQL needs in the database: made, brought up to date, and looked at.

It lies in a schema of its own. The tables come in steps, one file for each version; the functions
belong to the code, and are made anew with each step. None of this happens by itself: whoever
decides and observes needs no right to make tables.
"""

from __future__ import annotations

import re
import secrets
from importlib.resources import files
from typing import Any, Final

import psycopg

from nba.errors import StoreError
from nba.state.opening import Checked
from nba.state.postgres_calls import Address

__all__ = ["check", "init", "migrate", "opened"]

#: What brings the tables from each version to the next; the first makes them.
_STEPS: Final = ("postgres.sql", "postgres_2.sql")
_FUNCTIONS: Final = ("postgres_journeys.sql", "postgres_takings.sql")
_HOUR: Final = 3600.0


def init(url: str) -> None:
    """Make a store, with its schema if there is none; where there is one already, do nothing.

    Raises StoreError, also where there is one of another version.
    """
    address = Address.of(url)
    with address.connected(_HOUR) as connection, connection.transaction():
        _alone(connection, address)
        found = _version(connection, address)
        if found is None:
            _make(connection, address)
        elif found != len(_STEPS):
            raise _another_version(address, found)


def migrate(url: str) -> tuple[int, int]:
    """Bring a store to the version that the code wants; return the version before and after.

    Who uses it meanwhile waits. Raises StoreError where there is none or a newer one.
    """
    address = Address.of(url)
    with address.connected(_HOUR) as connection, connection.transaction():
        _alone(connection, address)
        found = _version(connection, address)
        if found is None:
            raise _missing(address)
        if found > len(_STEPS):
            raise _another_version(address, found)
        if found < len(_STEPS):
            _bring(connection, address, found)
        return found, len(_STEPS)


def check(url: str) -> Checked:
    """Return what is found at an URL. Raises StoreError where the server cannot be reached."""
    address = Address.of(url)
    with address.connected(address.timeout + 1) as connection:
        found = _version(connection, address)
        server = connection.info.server_version // 10000
        notes = [f"PostgreSQL {server}, schema `{address.schema}`"]
        if found is None:
            notes.append("there is no store yet: make it with `nba store init URL`")
        elif found != len(_STEPS):
            notes.append(str(_another_version(address, found)))
        row = connection.execute(
            "select current_setting('fsync'), current_setting('synchronous_commit'),"
            " pg_is_in_recovery()"
        ).fetchone()
        if row is not None and row[0] == "off":
            notes.append(
                "`fsync` is off: a crash of the machine may leave nothing that can be used"
            )
        if row is not None and row[1] == "off":
            notes.append("`synchronous_commit` is off: a crash may undo what was just granted")
        if row is not None and row[2]:
            notes.append("this server is a standby: it can be read only")
    return Checked("postgresql", found, len(_STEPS), tuple(notes))


def opened(address: Address) -> str:
    """Return the id of a store that can be used. Raises StoreError."""
    with address.connected(address.timeout + 1) as connection:
        found = _version(connection, address)
        if found is None:
            raise _missing(address)
        if found != len(_STEPS):
            raise _another_version(address, found)
        row = connection.execute(_named("select id from nba.store", address)).fetchone()
        if row is None:
            raise StoreError(f"the store at {address} is empty, even of what names it")
        return str(row[0])


def _missing(address: Address) -> StoreError:
    return StoreError(f"there is no store at {address}: make it with `nba store init URL`")


def _another_version(address: Address, found: int) -> StoreError:
    said = f"the store at {address} has version {found}, and this nba works with {len(_STEPS)}"
    if found < len(_STEPS):
        return StoreError(f"{said}: bring it there with `nba store migrate URL`")
    return StoreError(f"{said}: use the nba that it was migrated for")


def _version(connection: psycopg.Connection[Any], address: Address) -> int | None:
    table = f'"{address.schema}".schema_version'
    there = connection.execute("select to_regclass(%s)::text", [table]).fetchone()
    if there is None or there[0] is None:
        return None
    row = connection.execute(_named("select max(version) from nba.schema_version", address))
    return int((row.fetchone() or (0,))[0] or 0)


def _alone(connection: psycopg.Connection[Any], address: Address) -> None:
    """Let one at a time make or migrate; this may take longer than an answer may."""
    connection.execute("set local statement_timeout = 0")
    connection.execute("set local lock_timeout = '60s'")
    connection.execute(
        "select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"nba {address.schema}"]
    )


def _make(connection: psycopg.Connection[Any], address: Address) -> None:
    row = connection.execute("select current_setting('server_encoding')").fetchone()
    if row is None or row[0] != "UTF8":
        raise StoreError(
            f"the database of {address} has the encoding {row and row[0]}: a store needs UTF8"
        )
    there = connection.execute("select to_regnamespace(%s)", [f'"{address.schema}"']).fetchone()
    if there is None or there[0] is None:
        connection.execute(f'create schema "{address.schema}"'.encode())
    _bring(connection, address, 0)
    connection.execute(
        _named("insert into nba.store (id) values (%s)", address), [secrets.token_hex(6)]
    )


def _bring(connection: psycopg.Connection[Any], address: Address, version: int) -> None:
    for number, step in enumerate(_STEPS[version:], version + 1):
        connection.execute(_script(step, address), prepare=False)
        connection.execute(
            _named("insert into nba.schema_version (version) values (%s)", address), [number]
        )
    for name in _FUNCTIONS:
        connection.execute(_script(name, address), prepare=False)


def _script(name: str, address: Address) -> bytes:
    return _named(files("nba.state").joinpath(name).read_text("utf-8"), address)


def _named(text: str, address: Address) -> bytes:
    """Return SQL with the name of the schema in place of `nba`."""
    return re.sub(r"\bnba\.", f'"{address.schema}".', text).encode()
