"""The application: what stands on which path, and what begins and ends with it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import groupby
from typing import Any, Final

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Router

from nba.engine import Engine
from nba.engine.profiles import ProfileProvider
from nba.errors import CaseError
from nba.record.log import DecisionLog
from nba.server import books, customers, decisions, happenings, health, page
from nba.server.bounds import Bounds
from nba.server.endpoint import Call, Endpoint, Reply, encode
from nba.server.keys import Keys
from nba.server.openapi import document
from nba.server.paths import Paths
from nba.server.reloading import read_keys_on_change, reload_on_change
from nba.server.resource import Resource, Unknown
from nba.server.service import Service
from nba.state.store import Store

__all__ = ["ENDPOINTS", "create_app"]

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *decisions.ENDPOINTS,
    *happenings.ENDPOINTS,
    *customers.ENDPOINTS,
    *books.ENDPOINTS,
    *health.ENDPOINTS,
)
_TICK: Final = 1.0  # seconds between two looks at what others count


def create_app(
    book: str | os.PathLike[str],
    *,
    store: Store | str | None = None,
    log: DecisionLog | str | os.PathLike[str] | None = None,
    profiles: ProfileProvider | None = None,
    keys: Keys | None = None,
    bounds: Bounds | None = None,
    cors: Sequence[str] = (),
    watch: bool = True,
    signal: str | os.PathLike[str] | None = None,
    threads: int = 8,
    clock: Callable[[], Any] | None = None,
) -> Any:
    """Return an ASGI application that serves the rule book in the folder *book*.

    *store*, *log*, *profiles*, *threads* and *clock* are those of `Engine.open`. Without *keys*
    only this machine is served. *cors* are the origins whose pages may ask. With *watch* the book
    and the keys are read again when their files change; *signal* is a file that several processes
    touch and watch, so that all of them read again when one is asked to. Raises CaseError for what
    cannot be served so, and what `Engine.open` does.
    """
    if cors and keys is None:
        raise CaseError("pages of other origins are served only where there are API keys")
    more: dict[str, Any] = {} if clock is None else {"clock": clock}
    engine = Engine.open(book, store=store, log=log, profiles=profiles, threads=threads, **more)
    tell = partial(_touch, signal) if signal is not None else lambda: None
    service = Service(engine, keys, bounds or Bounds(), tell)
    watched = [book] if watch else []
    if signal is not None:
        watched.append(signal)
    endpoints = (*ENDPOINTS, *_described(keys))
    resources = {
        path: Resource(service, tuple(own))
        for path, own in groupby(endpoints, lambda one: one.path)
    }
    living = Router(lifespan=lambda _: _living(service, watched, keys if watch else None))
    app: Any = Paths(resources, Unknown(service), living)
    if cors:
        app = CORSMiddleware(
            app,
            allow_origins=list(cors),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["authorization", "content-type", "idempotency-key", "prefer"],
            expose_headers=["retry-after", "preference-applied"],
        )
    return app


def _described(keys: Keys | None) -> Iterator[Endpoint]:
    """Yield the endpoints that describe all others."""
    told = encode(document(ENDPOINTS, keyed=keys is not None))

    async def openapi(call: Call) -> Reply:
        return Reply(told)

    async def docs(call: Call) -> Reply:
        return Reply(page.PAGE, headers=page.HEADERS)

    for name, path, run, content in (
        ("openapi", "/openapi.json", openapi, "application/json"),
        ("docs", "/docs", docs, "text/html; charset=utf-8"),
    ):
        yield Endpoint(
            name=name, method="GET", path=path, scope=None, summary=name, run=run, content=content
        )


@asynccontextmanager
async def _living(
    service: Service, watched: Sequence[str | os.PathLike[str]], keys: Keys | None
) -> AsyncIterator[None]:
    """Watch files while the application runs; at the end, write and close what is open."""
    tasks = [asyncio.create_task(_tick(service))]
    if watched:
        tasks.append(asyncio.create_task(reload_on_change(service, watched)))
    if keys is not None:
        tasks.append(asyncio.create_task(read_keys_on_change(service, keys)))
    try:
        yield
    finally:
        service.draining = True
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(service.engine.close)


async def _tick(service: Service) -> None:
    """Take over what others count, from time to time; look whether a store is back."""
    while True:
        service.metrics.refresh(service.under_way)
        await service.look_at_the_store()
        service.handed_in.forget_old()
        await asyncio.sleep(_TICK)


def _touch(path: str | os.PathLike[str]) -> None:
    with open(path, "a"):  # noqa: PTH123 - of one kind with the next line
        os.utime(path)
