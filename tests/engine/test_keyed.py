"""Decisions under a key: told again as they were, by any engine with the same store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.engine.contacts import BOOK, Clock, World, world
from tests.state.servers import redis_store

from nba import CaseError, Decision
from nba.engine.keyed import id_under
from nba.errors import StoreError
from nba.state.memory import MemoryStore
from nba.state.reservation import Granted, Taking
from nba.state.sqlite import SqliteStore
from nba.state.store import Store

OFFER: dict[str, Any] = {"customer": {"wants_more": True}, "channel": "chat"}
RECORDING = BOOK.replace(
    "household: customer.household",
    "household: customer.household\n"
    "interaction_event: {event: came, data: {at_home: customer.leaving}}",
).replace("events:\n", "events:\n  came: {at_home: bool}\n")


@pytest.fixture(params=["memory", "sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Store]:
    """Each kind of store, empty."""
    if request.param == "redis":
        with redis_store() as found:
            yield found
        return
    made = (
        MemoryStore() if request.param == "memory" else SqliteStore.open(f"sqlite:///{tmp_path}/s")
    )
    yield made
    made.close()


def test_the_same_key_is_told_the_same(store: Store) -> None:
    """By another engine too, later, and whatever became of the answer; nothing is taken twice."""
    care, other = world(store=store), world(store=store)
    care.missed("a-1")
    first = care.decide(channel="chat", key="k", role="agent", n=2)
    assert first.id == id_under("k", "c-1")
    assert [one.action for one in first.ranked] == ["apology_credit", "call_back"]
    taken = care.used("budget/pool")
    care.engine.record(first.id, "presented")
    care.engine.approve(first.id, "Ann", "team_lead")
    other.clock.pass_by(hours=3)
    again = other.decide(channel="chat", key="k", role="agent", n=2)
    assert (again, again.id) == (first, first.id)
    assert again.gesture == first.gesture
    assert Decision.from_json(again.to_json()) == first
    assert care.used("budget/pool") == taken
    assert len(store.recall("c-1", 2**62).decisions) == 1


def test_a_kept_answer_is_told_again_as_kept(store: Store) -> None:
    """Under the key that it was asked for with, with the first reservation."""
    care = world(store=store)
    care.missed("a-1")
    first = care.decide(channel="chat", key="one")
    kept = care.decide(channel="chat", key="two")
    assert kept.kept_from == first.id
    assert kept.gesture == first.gesture
    again = care.decide(channel="chat", key="two")
    assert (again, again.id, again.kept_from) == (kept, kept.id, first.id)


def test_a_key_is_for_one_question(store: Store) -> None:
    """Whoever asks something else under it made a mistake, and is told."""
    care = world(store=store)
    first = care.decide(**OFFER, key="k")
    for change in ({"n": 2}, {"channel": None}, {"role": "agent"}):
        with pytest.raises(CaseError, match="the key was used for another question") as caught:
            care.decide(**(OFFER | change), key="k")
        assert caught.value.path == ("key",)
    assert care.decide("c-2", **OFFER, key="k").id != first.id


def test_what_is_not_remembered_is_decided_anew(store: Store) -> None:
    """No answer, a preview, and a history that is handed in take nothing: the key stays free."""
    care = world(store=store)
    nothing = care.decide(key="k")
    assert nothing.action is None
    assert care.decide(key="k").id != nothing.id
    preview = care.decide(**OFFER, key="k", commit=False)
    assert care.decide(**OFFER, key="k", history=[]).action == "upgrade"
    made = care.decide(**OFFER, key="k")
    assert made.id not in (nothing.id, preview.id)
    assert care.decide(**OFFER, key="k").id == made.id


def test_without_a_key_nothing_more_is_remembered() -> None:
    """What is told costs room: only who asks for it pays."""
    care = world()
    for key in (None, "k"):
        made = care.decide(**OFFER, key=key)
        row = care.store.decision(made.id)
        assert row is not None
        assert ("told" in row.text, "told" in row.answers[0]) == (key is not None,) * 2


@pytest.mark.parametrize("key", ["", 7])
def test_a_key_is_text(key: Any) -> None:
    """What is none is refused before anything is done."""
    with pytest.raises(CaseError, match="`key` is a string"):
        world().decide(key=key)


def test_an_interaction_is_recorded_once() -> None:
    """Though it is not said when it was, and the clock goes on; with and without an answer."""
    for wants in (True, False):
        care = world(RECORDING)
        for _ in range(3):
            care.decide(channel="chat", customer={"wants_more": wants}, observe=True, key="k")
            care.clock.pass_by(minutes=1)
        assert len(care.store.journey("c-1").rows) == 1
        care.decide(channel="chat", observe=True, key="other")
        assert len(care.store.journey("c-1").rows) == 2


class Racing(MemoryStore):
    """A store in which somebody else is faster with the same decision, or the answer gets lost."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Any = None
        self.lose = False

    def take(self, taking: Taking) -> Granted:
        """Take, after somebody else did."""
        meanwhile, self.before = self.before, None
        if meanwhile is not None:
            meanwhile()
        granted = super().take(taking)
        if self.lose:
            self.lose = False
            raise StoreError("the answer got lost")
        return granted


@contextmanager
def racing() -> Iterator[tuple[World, Racing, World]]:
    """Two engines with one such store."""
    store = Racing()
    yield world(store=store), store, world(store=store)


def test_somebody_else_is_faster_under_the_same_key() -> None:
    """Then both are told what was decided first, though they would have decided otherwise."""
    with racing() as (care, store, other):
        care.missed("a-1")
        other.clock.pass_by(minutes=5)
        found: list[Decision] = []
        store.before = lambda: found.append(other.decide(channel="chat", key="k"))
        told = care.decide(channel="chat", key="k")
        assert (told, told.id, told.now) == (found[0], found[0].id, found[0].now)
        assert care.used("budget/pool") == 2000


def test_an_answer_that_got_lost_is_told_again() -> None:
    """The store took and nobody heard of it: asked again, it is that answer."""
    with racing() as (care, store, _):
        care.missed("a-1")
        store.lose = True
        failed = care.decide(channel="chat", key="k")
        assert [one.code for one in failed.diagnostics] == ["store-failure"]
        again = care.decide(channel="chat", key="k")
        assert again.id == id_under("k", "c-1")
        assert care.used("budget/pool") == 2000
        assert Clock().now == again.now


def test_names_of_fields_are_strings() -> None:
    """Under a key a case is told from others by its text, in which its fields have an order."""
    care, wrong = world(), {1: "one", "wants_more": True}
    assert care.decide(customer=wrong, channel="chat").diagnostics
    with pytest.raises(CaseError, match="the names of fields in a case are strings"):
        care.decide(customer=wrong, channel="chat", key="k")
