"""Serving with uvicorn: the settings of one server, in one process or in several."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import uvicorn
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.supervisors import Multiprocess

from nba.engine import Engine
from nba.errors import BookError, CaseError, NbaError
from nba.server import logs
from nba.server.app import create_app
from nba.server.bounds import Bounds
from nba.server.keys import Keys
from nba.server.protocol import BoundedProtocol

__all__ = ["KEYS", "Serving", "app_from_environment", "configured", "serve"]

#: The environment variable with API keys: lines as in a file of them.
KEYS: Final = "NBA_API_KEYS"
_SETTINGS: Final = "NBA_SERVING"
#: Seconds after which a process that could not begin is replaced.
_AGAIN: Final = 2.0
_COUNTS: Final = "PROMETHEUS_MULTIPROC_DIR"
#: How much is allocated before the youngest objects are looked through for garbage, and how often
#: the older. The oldest are what stores keep: looking through them all holds up every answer, for
#: more than a tenth of a second where there are many customers. Nothing needs it soon: what the
#: server drops is in no cycle (`python -m benchmarks.soak` watches its memory).
_SELDOM: Final = (1_000, 10, 5_000)
_logger = logging.getLogger("nba.server")
_HERE: Final = ("127.0.0.1", "localhost", "::1")


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """What `nba serve` was told. *grace* is how many seconds requests have to end."""

    book: str
    store: str | None = None
    log: str | None = None
    keys: str | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    cors: tuple[str, ...] = ()
    watch: bool = True
    requests: bool = True
    threads: int = 8
    body: int = Bounds().body
    at_once: int = Bounds().at_once
    seconds: float = Bounds().seconds
    grace: int = 30
    signal: str | None = None

    def check(self, environment: Mapping[str, str]) -> None:
        """Raise CaseError for what cannot be served so."""
        if not 0 <= self.port < 2**16:
            raise CaseError(f"`{self.port}` is no port: choose one up to 65535 by `--port`")
        if self.body < 1:
            raise CaseError(f"`--max-body` is a number of bytes from 1 on, not {self.body}")
        if self.workers > 1 and self.store in (None, "memory://"):
            raise CaseError(
                "several workers need a store that they share. "
                "name one by `--store`, such as sqlite:///nba.db"
            )
        if self.known_keys(environment) is None and self.host not in _HERE:
            raise CaseError(
                f"without API keys only this machine is served, not `{self.host}`. "
                f"`nba key` makes one; name the file by `--keys`, or set {KEYS}"
            )

    def known_keys(self, environment: Mapping[str, str]) -> Keys | None:
        """Return the API keys, of the file or of the environment. Raises CaseError."""
        if self.keys is not None:
            return Keys.open(self.keys)
        text = environment.get(KEYS)
        return None if text is None else Keys.read(text, f"`{KEYS}`")


def app_from_environment() -> Any:
    """Return the application that a process of `nba serve` serves."""
    serving = msgspec.json.decode(os.environ[_SETTINGS], type=Serving)
    logs.begin(requests=serving.requests)
    app = create_app(
        serving.book,
        store=serving.store,
        log=serving.log,
        keys=serving.known_keys(os.environ),
        bounds=Bounds(body=serving.body, at_once=serving.at_once, seconds=serving.seconds),
        cors=serving.cors,
        watch=serving.watch,
        signal=serving.signal,
        threads=serving.threads,
    )
    # The book and all modules stay: looking through them for garbage would only hold up answers.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    return app


def app_of_worker() -> Any:
    """Return the application of one of several processes; end the process where there is none.

    It takes the place of one that ended, maybe while the files of the book are broken: the others
    go on with the book that they have, and another attempt is made in a while. It ends too when the
    first process is gone: it would hold the port, and nobody would replace it.
    """
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    try:
        return app_from_environment()
    except NbaError as error:
        reason = "the book has errors" if isinstance(error, BookError) else str(error)
        _logger.error("a process cannot begin, and is tried again: %s", reason)  # noqa: TRY400
        time.sleep(_AGAIN)
        raise SystemExit(1) from None


def _end_with_the_first() -> None:
    """Wait until the process that began this one is gone, and then end this one as if told to."""
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
        os.kill(os.getpid(), signal.SIGTERM)


def serve(serving: Serving) -> int:
    """Serve until told to end; return the exit code.

    Raises CaseError for what cannot be served so, OSError, and what `create_app` does.
    """
    serving.check(os.environ)
    several = serving.workers > 1
    if several:  # what is wrong is told once, before any of them begins
        Engine.open(serving.book, store=serving.store, log=serving.log).close()
    with _listening(serving) as listening, _shared(serving) as shared:
        os.environ[_SETTINGS] = msgspec.json.encode(shared).decode()
        logs.begin(requests=serving.requests)
        app = "nba.server.serving:app_of_worker" if several else app_from_environment()
        config = configured(app, workers=serving.workers, grace=serving.grace)
        host, port = listening.getsockname()[:2]
        _logger.info("serving on http://%s:%d", f"[{host}]" if ":" in host else host, port)
        if several:
            _Workers(config, [listening]).run()
            return 0
        server = uvicorn.Server(config)
        server.run([listening])
        return 0 if server.started else 3


class _Workers(Multiprocess):
    """The processes that serve; one that ends is replaced, and no longer counted as there."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._counted: set[int | None] = set()

    def keep_subprocess_alive(self) -> None:
        """Replace those that ended."""
        for one in self.processes:
            one.child_conn.close()  # the process has its own; by this one its end would not be seen
        super().keep_subprocess_alive()
        there = {one.pid for one in self.processes}
        for pid in self._counted - there:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
        self._counted = there


def configured(app: Any, *, workers: int = 1, grace: int = 30) -> uvicorn.Config:
    """Return how uvicorn serves an application, or the one that a name leads to."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=grace,
        timeout_worker_healthcheck=60,  # a machine under load starts a process in several seconds
    )


@contextmanager
def _listening(serving: Serving) -> Iterator[socket.socket]:
    """Yield the socket that all processes listen on."""
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((serving.host, serving.port))
        listening.set_inheritable(True)
        yield listening
    finally:
        listening.close()


@contextmanager
def _shared(serving: Serving) -> Iterator[Serving]:
    """Yield the settings with what several processes share: the signal to reload, and counts."""
    if serving.workers == 1:
        yield serving
        return
    with tempfile.TemporaryDirectory(prefix="nba-serve-") as folder:
        reload = Path(folder, "reload")
        reload.touch()
        counts = Path(folder, "counts")
        counts.mkdir()
        os.environ[_COUNTS] = str(counts)
        yield msgspec.structs.replace(serving, signal=str(reload))
