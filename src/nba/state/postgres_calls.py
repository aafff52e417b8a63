"""Calling the functions in PostgreSQL: connections, how long to wait, and what went wrong."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg import errors, sql
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from nba.errors import StoreError

__all__ = ["Address", "Calls", "in_our_words"]

#: What a function is given; numbers and arrays are written as text.
Value = str | None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store is: the server as libpq reads it, the schema, and what the URL says besides.

    *timeout* is in seconds: how long to wait for a connection, and how long for an answer.
    *most* is how many connections are held open at the most, *settings* are libpq's `options`.
    """

    server: str
    said: str
    schema: str
    timeout: float
    most: int
    settings: str = ""

    @classmethod
    def of(cls, url: str) -> Self:
        """Read `postgresql://user@host/database?schema=nba&timeout=2&pool=10`.

        Other parameters are libpq's (`sslmode`, `target_session_attrs`, …). Raises StoreError.
        """
        place, _, query = url.partition("?")
        scheme, _, rest = place.partition("://")
        try:
            given = dict(parse_qsl(query, keep_blank_values=True))
            others = {name: given[name] for name in given if name not in _OURS}
            found = cls(
                server=f"{place}?{urlencode(others, quote_via=quote)}",
                said=f"{scheme}://{rest.rpartition('@')[2]}",
                schema=given.get("schema", "nba"),
                timeout=float(given.get("timeout", "2")),
                most=int(given.get("pool", "10")),
                settings=given.get("options", ""),
            )
        except ValueError:
            raise StoreError(
                "`timeout` and `pool` of a store's URL are numbers: "
                "postgresql://user@host/database?schema=nba&timeout=2&pool=10"
            ) from None
        if not re.fullmatch("[a-z_][a-z0-9_]{0,49}", found.schema):
            raise StoreError(f"`{found.schema}` is no name for a schema: use a-z, 0-9 and _")
        if not 0 < found.timeout <= 3600 or found.most < 1:
            raise StoreError("`timeout` of a store is over 0 and up to 3600 s, `pool` at least 1")
        return found

    def __str__(self) -> str:
        return f"{self.said} (schema `{self.schema}`)"

    @property
    def options(self) -> dict[str, Any]:
        """How every connection to it is made."""
        wait = max(1, round(self.timeout * 1000))
        return {
            "autocommit": True,
            "prepare_threshold": 0,
            "connect_timeout": max(2, round(self.timeout)),
            "application_name": "nba",
            "client_encoding": "utf8",
            # all queries look up a few rows by index, also while there are few: one plan for each,
            # never one that reads a table through, and no compiling
            "options": f"-c statement_timeout={wait}"
            " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off"
            f" -c default_transaction_isolation=read\\ committed {self.settings}",
            # at the latest then the system gives up a peer that does not acknowledge
            "tcp_user_timeout": wait + 1000,
            "keepalives_idle": 30,
        }

    @contextmanager
    def connected(self, patience: float) -> Iterator[psycopg.Connection[TupleRow]]:
        """Give a connection of its own, for what is done once; StoreError in our words.

        *patience* is how many seconds the server may take for each answer.
        """
        try:
            with _Bounded.connect(self.server, **self.options) as connection:
                connection.patience = patience
                yield connection
        except psycopg.Error as error:
            raise in_our_words(self, error) from error


_OURS: Final = frozenset({"schema", "timeout", "pool", "options"})


class _Late(psycopg.OperationalError):
    """The server did not even say that time was up."""


class _Bounded(psycopg.Connection[TupleRow]):
    """A connection that does not wait longer than a time, whatever becomes of the server."""

    patience = 3.0

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **more: Any) -> Any:
        """Wait for the server."""
        return super().wait(_until(gen, time.monotonic() + self.patience), *args, **more)


def _until(gen: Generator[Any, Any, Any], end: float) -> Generator[Any, Any, Any]:
    """Go through what is waited for; every now and then nothing (0) is ready."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > end:
                raise _Late("no answer")
            wanted = gen.send(ready)
    except StopIteration as stop:
        return stop.value


class Calls:
    """Calls functions of a store, one round trip each, on connections that are held open.

    A connection that was lost is made anew. A call is tried again, for as long as the timeout,
    where it surely was not done (others were in its way), and where trying again does no harm.
    *connected* is called with each new connection, which may be to another server than before.
    """

    def __init__(self, address: Address, connected: Callable[[], None]) -> None:
        self._address = address
        self._queries: dict[str, bytes] = {}

        def configure(connection: _Bounded) -> None:
            connection.patience = address.timeout + 1
            connected()

        self._pool = ConnectionPool(
            address.server,
            connection_class=_Bounded,
            kwargs=address.options,
            min_size=1,
            max_size=address.most,
            timeout=address.timeout,
            reconnect_timeout=address.timeout,
            configure=configure,
            name="nba",
            open=False,
        )
        self._pool.open()
        try:
            self._pool.wait(max(2.0, address.timeout))
        except PoolTimeout as error:
            raise self._none() from error

    def __call__(self, function: str, *values: Value, again: bool = True) -> TupleRow:
        """Return the row that a function gives; *again* says that calling twice does no harm."""
        return self.all(function, *values, again=again)[0]

    def all(self, function: str, *values: Value, again: bool = True) -> list[TupleRow]:
        """Return all rows that a function gives."""
        query = self._queries.get(function)
        if query is None:
            name = sql.Identifier(self._address.schema, function)
            places = sql.SQL(", ").join([sql.Placeholder()] * len(values))
            query = sql.SQL("select * from {}({})").format(name, places).as_bytes(None)
            self._queries[function] = query
        end = time.monotonic() + self._address.timeout
        tries = 0
        while True:
            connection = self._connection()
            try:
                return connection.execute(query, values).fetchall()
            except psycopg.Error as error:
                if connection.broken or isinstance(error, _GO_ELSEWHERE):
                    connection.close()
                once_more = isinstance(error, _NOT_DONE) or (
                    again and connection.closed and not isinstance(error, _FINAL)
                )
                if not once_more or time.monotonic() > end:
                    raise in_our_words(self._address, error) from error
            finally:
                self._pool.putconn(connection)
            tries += 1
            time.sleep(random.uniform(0, min(0.002 * 2**tries, 0.1)))  # noqa: S311 - not secret

    def _connection(self) -> _Bounded:
        try:
            while True:
                connection = self._pool.getconn()
                try:  # one that the server closed meanwhile is not used at all
                    connection.pgconn.consume_input()
                    connection.pgconn.consume_input()
                except psycopg.Error:
                    connection.close()
                    self._pool.putconn(connection)
                else:
                    return connection
        except PoolClosed as error:
            raise StoreError(f"the store at {self._address} was closed") from error
        except PoolTimeout as error:
            raise self._none() from error

    def _none(self) -> StoreError:
        return StoreError(
            f"no connection to the store at {self._address} in {self._address.timeout:g} s: "
            f"it cannot be reached, or all {self._address.most} are in use"
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


#: The server undid the call, and it may well be done if it is sent again.
_NOT_DONE: Final = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
#: This server is no longer the one to write to.
_GO_ELSEWHERE: Final = (_Late, errors.ReadOnlySqlTransaction)
#: Waiting was long enough.
_FINAL: Final = (_Late, errors.QueryCanceled, errors.ReadOnlySqlTransaction)


def in_our_words(address: Address, error: psycopg.Error) -> StoreError:
    """Return what went wrong, as it is told."""
    match error:
        case errors.QueryCanceled() | _Late():
            told = f"the store at {address} gave no answer in {address.timeout:g} s"
        case errors.ReadOnlySqlTransaction():
            told = f"the store at {address} is read-only"
        case errors.InsufficientPrivilege():
            told = f"the user of the store at {address} lacks a right: {_first_line(error)}"
        case errors.InvalidSchemaName() | errors.UndefinedTable() | errors.UndefinedFunction():
            told = f"there is no store at {address}: make it with `nba store init URL`"
        case _ if error.sqlstate in {None, "57P01", "57P02", "57P03"}:
            told = f"the store at {address} cannot be reached: {_first_line(error)}"
        case _:
            told = f"the store at {address} failed: {_first_line(error)}"
    return StoreError(told)


def _first_line(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    return said.strip().partition("\n")[0]
