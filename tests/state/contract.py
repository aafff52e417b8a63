"""The stores that the contract holds for, and what its tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest
from tests.state.postgres_server import postgres_store
from tests.state.servers import redis_store

from nba.journey.events import Row
from nba.lang.values import Timestamp
from nba.state.memory import MemoryStore
from nba.state.sqlite import SqliteStore
from nba.state.store import Due, Store

#: By name, what opens a new and empty store with a folder of its own. A store joins here.
STORES: dict[str, Callable[[Path], AbstractContextManager[Store]]] = {
    "memory": lambda _: closing(MemoryStore()),
    "postgres": lambda _: postgres_store(),
    "redis": lambda _: redis_store(),
    "sqlite": lambda folder: closing(SqliteStore(folder / "nba.db")),
}


def row(id: str, at: int, kind: str = "contact", **fields: Any) -> Row:
    """Return an event as stores keep it."""
    return {"type": kind, "at": Timestamp(at), "id": id, **fields}


def ids(store: Store, customer: str) -> list[str]:
    """Return what is in a journey, in its order."""
    return [row["id"] for row in store.journey(customer).rows]


def pages(
    store: Store, now: int, cursor: str | None = None, limit: int = 1000
) -> Iterator[tuple[list[Due], str]]:
    """Yield page after page of what is due, until nothing is given."""
    for _ in range(10_000):
        found, cursor = store.due(now, cursor, limit)
        yield found, cursor
        if not found:
            return
    pytest.fail("it never comes to an end")


def drained(
    store: Store, now: int, cursor: str | None = None, limit: int = 1000
) -> tuple[list[Due], str]:
    """Return all that is due, and the cursor after it."""
    everything = list(pages(store, now, cursor, limit))
    return [due for found, _ in everything for due in found], everything[-1][1]
