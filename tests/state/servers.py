"""Servers that tests start for themselves, and end: a real one, with a folder of its own."""

from __future__ import annotations

import atexit
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import redis

from nba.state.redis import RedisStore


class RedisProcess:
    """A redis-server on a socket in a folder; *options* are as in its configuration."""

    def __init__(self, folder: Path, **options: str) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("there is no redis-server")
        self.socket = folder / "s"
        given = {
            "port": "0",
            "unixsocket": str(self.socket),
            "dir": str(folder),
            "save": "",
            "appendonly": "no",
            "logfile": str(folder / "log"),
        } | options
        self._command = [program]
        for name, value in given.items():
            self._command += [f"--{name.replace('_', '-')}", value]
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        with self.client() as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.RedisError:
                    if time.monotonic() > deadline or self._process.poll() is not None:
                        raise
                    time.sleep(0.01)

    def client(self) -> redis.Redis:
        """Return a connection of another program."""
        return redis.Redis(unix_socket_path=str(self.socket))

    def url(self, prefix: str = "nba:", **more: object) -> str:
        """Return the URL of a store there."""
        options = "".join(f"&{name}={value}" for name, value in more.items())
        return f"unix://{self.socket}?prefix={prefix}{options}"

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._process.kill()
        self._process.wait()


@cache
def shared_redis() -> RedisProcess:
    """Return the server that the tests of this process share; it keeps nothing."""
    folder = Path(tempfile.mkdtemp(prefix="nba-redis-"))  # sockets have short paths
    server = RedisProcess(folder)

    def end() -> None:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return server


@contextmanager
def redis_store() -> Iterator[RedisStore]:
    """Open a new and empty store on the shared server, and take it away again."""
    server = shared_redis()
    prefix = f"{uuid.uuid4().hex}:"
    store = RedisStore.open(server.url(prefix, timeout=20))
    try:
        yield store
    finally:
        store.close()
        with server.client() as client:
            for key in client.scan_iter(f"{prefix}*", count=1000):
                client.unlink(key)
