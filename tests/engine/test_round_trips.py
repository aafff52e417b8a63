"""How often a decision asks its store: once to read, once to take."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from tests.state.postgres_server import shared_postgres
from tests.state.servers import shared_redis

from nba import Engine, Event
from nba.book.build import build
from nba.book.source import parse
from nba.state.memory import MemoryStore
from nba.state.opening import open_store

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
BOOK = """
format: 1
book: small
currency: EUR
household: customer.household
context: {customer: {household: string}}
events: {contact: {topic: string}}
moments: {asked: {after: {event: contact, as: asked}, lasts: 3d}}
channels: {phone: {}}
issues: {s: {}}
groups: {s/g: {}}
budgets:
  own: {amount: 50, per: customer, window: {rolling: 90d}}
  pool: {amount: 5000, window: {calendar: day}}
contact_policy:
  limits:
    - {id: weekly, per: customer, at_most: 3, window: {rolling: 7d}}
    - {id: monthly, per: household, at_most: 2, window: {calendar: month}}
    - {id: daily, counts: decided, per: book, at_most: 900, window: {calendar: day}}
actions:
  credit:
    title: Credit
    group: s/g
    kind: goodwill_gesture
    answers: [asked]
    channels: [phone]
    keep_for: 1h
    gesture: {ladder: [{amount: 10}], budgets: [own, pool]}
"""


class Counting(MemoryStore):
    """A store that counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name != "asked":
            self.asked[name] += 1
        return super().__getattribute__(name)


def engine_with(store: Any) -> Engine:
    """Return an engine whose customer has asked for something."""
    engine = Engine(build([parse(BOOK, "book.yaml")]), clock=lambda: NOW, store=store)
    for customer in ("c", "other"):
        engine.observe(Event("contact", customer, "phone", NOW, {"topic": "bill"}))
    return engine


def test_a_decision_reads_once_and_takes_once() -> None:
    """It touches three limits and two budgets."""
    store = Counting()
    engine = engine_with(store)
    store.asked.clear()
    decision = engine.decide("c", customer={"household": "h"})
    assert decision.gesture is not None
    assert store.asked == {"recall": 1, "take": 1}
    store.asked.clear()
    engine.decide("c", customer={"household": "h"}, commit=False)
    assert store.asked == {"recall": 1}


def test_redis_is_asked_twice() -> None:
    """By two commands."""
    server = shared_redis()
    store = open_store(server.url("trips:"))
    engine = engine_with(store)
    engine.decide("other", customer={"household": "o"})  # scripts are known now
    with server.client() as client:

        def commands() -> int:
            stats: Any = client.info("commandstats")
            asked = ("evalsha", "eval", "script|load", "ping", "multi")
            found = [stats[f"cmdstat_{name}"] for name in asked if f"cmdstat_{name}" in stats]
            return sum(each["calls"] for each in found)

        before = commands()
        assert engine.decide("c", customer={"household": "h"}).action == "credit"
        assert commands() - before == 2
    store.close()


def test_postgres_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """By two statements, each a transaction of its own."""
    server = shared_postgres()
    with server.schema() as schema:
        store = open_store(server.url(schema))
        engine = engine_with(store)
        sent: list[str] = []
        execute = psycopg.Cursor.execute

        def counting(cursor: Any, query: Any, *more: Any, **options: Any) -> Any:
            sent.append(str(query))
            return execute(cursor, query, *more, **options)

        monkeypatch.setattr(psycopg.Cursor, "execute", counting)
        assert engine.decide("c", customer={"household": "h"}).action == "credit"
        assert len(sent) == 2, sent
        engine.close()
