"""A Redis server: reaching it, running the store's scripts there, and what it says of itself."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import re
import threading
import time
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004 - its name there
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004 - its name there
)
from redis.retry import Retry

from nba.errors import StoreError
from nba.state.redis_text import written_json

__all__ = ["OLDEST", "RedisServer"]

#: The oldest version of Redis that the scripts run on.
OLDEST: Final = 6

#: The errors that redis-py has a class for, by what they begin with there.
_CLASSES: Final = {"READONLY": ReadOnlyError, "OOM": OutOfMemoryError}


class RedisServer:
    """A server, by its URL: that of redis-py, with `prefix` and `timeout` (seconds) if wanted.

    A call waits at most for the timeout, and where a connection was lost, or the server is being
    started or is no longer the one that writes, once more for that long. All errors are StoreError.
    """

    def __init__(self, url: str) -> None:
        address, _, query = url.partition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
        self.prefix = options.pop("prefix", "nba:")
        self.timeout = _seconds(options.pop("timeout", "2"))
        #: the URL as it may be shown: without a password
        self.shown = re.sub("://[^/]*@", "://", address)
        try:
            self._pool = redis.ConnectionPool.from_url(
                f"{address}?{urlencode(options)}",
                socket_timeout=self.timeout,
                socket_connect_timeout=self.timeout,
                retry=Retry(NoBackoff(), 0),
                protocol=2,
            )
            self._begin()
            self._disconnect_one(self._connection())  # one is made as the URL says: nobody is asked
        except (ValueError, TypeError) as error:
            raise StoreError(f"`{self.shown}` is not the URL of a Redis server: {error}") from None
        self._closed = False

    def _begin(self) -> None:
        self._process = os.getpid()
        #: connections that nobody uses now: the pool's own way to a script takes as long as many
        #: a script
        self._idle: list[Any] = []
        #: how many more there may be: the pool counts those that are gone, too
        self._more = threading.Semaphore(self._pool.max_connections)

    def run(self, script: str, arguments: Mapping[str, Any], more: Iterable[bytes] = ()) -> Any:
        """Return what a script answers; *arguments* are as JSON has them, and *more* as they are.

        Where the first try may have been done, the script finds `again` with the next.
        """
        source, digest = _script(script)
        given, more = written_json(arguments), tuple(more)
        deadline, pause = time.monotonic() + self.timeout, 0.01
        while True:
            try:
                try:
                    return self._call("EVALSHA", digest, 0, self.prefix, given, *more)
                except NoScriptError:
                    return self._call("EVAL", source, 0, self.prefix, given, *more)
            except RedisError as error:
                if not _passes(error) or time.monotonic() + pause > deadline:
                    raise self._error(error) from error
            time.sleep(pause)
            pause = min(2 * pause, 0.2)
            given = written_json({**arguments, "again": True})

    def ask(self, *command: str) -> Any:
        """Return what the server answers to a command."""
        try:
            return self._call(*command)
        except RedisError as error:
            raise self._error(error) from error

    def _call(self, *command: Any) -> Any:
        if self._process != os.getpid():  # after a fork, the connections are the other's
            self._begin()
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connection()
        try:
            connection.send_packed_command(connection.pack_command(*command))
            answer = connection.read_response()
        except ResponseError as error:
            self._idle.append(connection)
            if _says(error, "READONLY"):  # by now the URL may lead to another server, which writes
                self._disconnect()
            raise
        except BaseException:  # what it would say next is the answer to this
            self._disconnect_one(connection)
            self._disconnect()  # the others have lost it too, if the server is another one now
            raise
        self._idle.append(connection)
        if self._closed:
            self._disconnect()
        return answer

    def _connection(self) -> Any:
        if not self._more.acquire(blocking=False):
            most = self._pool.max_connections
            raise ConnectionError(f"all {most} connections (`max_connections`) are in use")
        return self._pool.connection_class(**self._pool.connection_kwargs)

    def _disconnect(self) -> None:
        while self._idle:
            with contextlib.suppress(IndexError):  # another thread took it
                self._disconnect_one(self._idle.pop())

    def _disconnect_one(self, connection: Any) -> None:
        self._more.release()
        connection.disconnect()

    def facts(self) -> dict[str, str]:
        """Return what the server says of itself. Raises StoreError where no store can be there."""
        lines = self.ask("INFO").decode("utf-8", "replace").splitlines()
        facts = dict(line.split(":", 1) for line in lines if ":" in line)
        if facts.get("cluster_enabled") == "1" or facts.get("redis_mode") == "cluster":
            raise StoreError(
                f"the Redis server at `{self.shown}` is part of a cluster, which cannot keep "
                f"customers and budgets in one step: use a server that is not"
            )
        version = facts.get("redis_version", "")
        major = version.partition(".")[0]
        if not major.isdigit() or int(major) < OLDEST:
            raise StoreError(
                f"the Redis server at `{self.shown}` has version {version or 'unknown'}: "
                f"{OLDEST} or later is needed"
            )
        return facts

    def key(self, name: str) -> str:
        """Return the name of one of the store's keys."""
        return self.prefix + name

    def close(self) -> None:
        """Give back the connections."""
        self._closed = True
        self._disconnect()

    def _error(self, error: RedisError) -> StoreError:
        where, text = f"the Redis server at `{self.shown}`", str(error).rstrip(".")
        match error:
            case TimeoutError():
                said = f"{where} does not answer within {self.timeout:g} s"
            case AuthenticationError():
                said = f"{where} does not accept the user or the password: {text}"
            case BusyLoadingError():
                said = f"{where} is still reading what it kept"
            case ConnectionError():
                said = f"{where} cannot be reached: {text}"
            case ResponseError() if _says(error, "READONLY"):
                said = f"{where} is a copy that only reads: name the one that writes"
            case ResponseError() if _says(error, "OOM"):
                said = f"{where} has no memory left: nothing was changed"
            case ResponseError() if _says(error, "BUSY"):
                said = f"{where} is busy with something that takes long"
            case ResponseError() if _says(error, "MISCONF"):
                said = f"{where} cannot write to its disk: nothing was changed"
            case _:
                said = f"{where} refuses: {text}"
        return StoreError(said)


def _passes(error: RedisError) -> bool:
    """Return whether trying again soon may help, and do no harm."""
    if isinstance(error, ConnectionError):
        return not isinstance(error, AuthenticationError)
    return _says(error, "BUSY") or _says(error, "READONLY")


def _says(error: RedisError, code: str) -> bool:
    """Return whether a server refused for a reason; Redis 6 gives that of a script in the text."""
    if isinstance(error, _CLASSES.get(code, ())):
        return True
    text = str(error)
    return isinstance(error, ResponseError) and (text.startswith(f"{code} ") or f"-{code} " in text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise StoreError(f"`timeout` is a number of seconds above 0, not `{text}`")
    return seconds


@cache
def _script(name: str) -> tuple[str, str]:
    """Return a script with those that it needs before it, and its digest."""
    folder = resources.files("nba.state") / "lua"
    texts = [(folder / f"{name}.lua").read_text(encoding="utf-8")]
    first = texts[0].partition("\n")[0]
    needed = first.removeprefix("-- needs: ").split() if first.startswith("-- needs: ") else []
    texts[:0] = [(folder / f"{each}.lua").read_text(encoding="utf-8") for each in needed]
    source = "\n".join(texts)
    return source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
