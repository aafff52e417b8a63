"""A PostgreSQL that tests start for themselves, and stores in it, each in a schema of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from nba.state.postgres import PostgresStore, init

#: It keeps nothing: tests that want to see what is left after a crash say otherwise.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _programs() -> Path:
    """Return the folder with PostgreSQL's programs, the newest if there are several."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if not folders:
        pytest.skip("there is no PostgreSQL: its `initdb` is not found")
    return folders[-1].parent


class PostgresServer:
    """A server on a port of its own; *options* are as in its configuration."""

    def __init__(self, **options: str) -> None:
        self._programs = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="nba-pg-"))
        self._user: str | None = None
        if os.getuid() == 0:  # it refuses to run as root
            self._user = "postgres"
            shutil.chown(self.folder, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._run("initdb", "-A", "trust", "-U", "nba", "--no-sync", "-E", "UTF8", "--locale=C")
        self._options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
        } | options
        self._counted = 0
        self._free: list[str] = []

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, "-D", self.folder / "data", *arguments],
            check=True,
            user=self._user,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = " ".join(f"-c {name}={value}" for name, value in self._options.items())
        self._run("pg_ctl", "start", "-w", "-o", options, "-l", str(self.folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is as a crash."""
        self._run("pg_ctl", "stop", "-w", "-m", mode)

    def remove(self) -> None:
        """Stop it for good."""
        pid = self.folder / "data" / "postmaster.pid"
        if pid.exists():
            self.signal(signal.SIGCONT)
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to all processes that serve its connections."""
        first = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", first], check=False, capture_output=True, text=True
        )
        for pid in (first, *listed.stdout.split()):
            with suppress(ProcessLookupError):  # one that served has gone meanwhile
                os.kill(int(pid), number)

    def url(self, schema: str = "nba", **more: object) -> str:
        """Return the URL of a store there; without a timeout, one that a busy machine keeps."""
        options = "".join(f"{name}={value}&" for name, value in ({"timeout": 20} | more).items())
        return f"postgresql://nba@127.0.0.1:{self.port}/postgres?{options}schema={schema}"

    def client(self) -> psycopg.Connection:
        """Return a connection of another program."""
        return psycopg.connect(self.url().partition("?")[0], autocommit=True)

    @contextmanager
    def schema(self) -> Iterator[str]:
        """Give a schema with an empty store; it is used again, as making one takes longer."""
        if not self._free:
            self._counted += 1
            self._free.append(f"nba_{self._counted}")
            init(self.url(self._free[-1]))
        name = self._free.pop()
        yield name
        with self.client() as connection:
            tables = ("names", "events", "deadlines", "decisions", "accounts", "entries")
            for table in tables:
                connection.execute(sql.SQL("delete from {}").format(sql.Identifier(name, table)))
            connection.execute(
                sql.SQL(
                    "update {} set id = left(md5(random()::text), 12), known = 0,"
                    " asked = -9223372036854775808"
                ).format(sql.Identifier(name, "store"))
            )
        self._free.append(name)


@cache
def shared_postgres() -> PostgresServer:
    """Return the server that the tests of this process share."""
    server = PostgresServer(**FAST)
    atexit.register(server.remove)
    server.start()
    return server


@contextmanager
def postgres_store() -> Iterator[PostgresStore]:
    """Give a new and empty store."""
    server = shared_postgres()
    with server.schema() as schema, closing(PostgresStore.open(server.url(schema))) as store:
        yield store
