"""What is read of a customer's earlier answers, and what is recorded of the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.decide.contacts import LIMIT, PAUSE, guided_by
from tests.decide.strategies import NOW

from nba import Decision, Engine, windows
from nba.engine.remembered import history_in


def decided(engine: Engine, times: int) -> list[Decision]:
    """Let an engine give both answers so many times."""
    return [
        engine.decide("c", now=NOW - timedelta(minutes=times - number), n=2)
        for number in range(times)
    ]


def history(engine: Engine) -> Any:
    """Return the history of the customer, as the engine's plan reads it now."""
    now = windows.instant(NOW)
    plan = engine._running.plan
    return history_in(plan, engine._store.recall("c", now), (), now)


def test_only_what_a_rule_asks_about_is_read() -> None:
    """The others are recorded, as far as they are of the last hundred decisions."""
    engine = Engine(guided_by([LIMIT], []), clock=lambda: NOW)
    decided(engine, 3)
    found = history(engine)
    assert [one.action for one in found.answers] == ["a"] * 3
    assert [one.action for one in found.all()] == ["a", "b"] * 3
    decided(engine, 120)
    found = history(engine)
    assert len(found.answers) == 123
    assert [one.action for one in found.all()].count("b") == 100


def test_what_comes_of_an_answer_later_is_read() -> None:
    """An outcome makes a rule ask about an answer that nobody asked about before."""
    engine = Engine(guided_by([], [PAUSE]), clock=lambda: NOW)
    first, _ = decided(engine, 2)
    assert history(engine).answers == ()
    assert [one.action for one in engine.decide("c", now=NOW, n=2).ranked] == ["a", "b"]
    engine.record(first.id, "rejected", action="b")
    assert [one.action for one in history(engine).answers] == ["b"]
    assert [one.action for one in engine.decide("c", now=NOW, n=2).ranked] == ["a", "c"]


def test_another_book_asks_about_others() -> None:
    """What was read for one book is not taken for another."""
    engine = Engine(guided_by([], []), clock=lambda: NOW)
    decided(engine, 2)
    assert history(engine).answers == ()
    engine._use(guided_by([LIMIT], []).book)
    assert [one.action for one in history(engine).answers] == ["a", "a"]
    engine._use(guided_by([], []).book)
    assert history(engine).answers == ()


def test_names_that_lead_to_one_customer() -> None:
    """Their answers are one history, whatever was read before they were linked."""
    engine = Engine(guided_by([LIMIT], []), clock=lambda: NOW)
    decided(engine, 2)
    engine.decide("mail", now=NOW - timedelta(seconds=1), n=2)
    engine.link("mail", "c")
    assert [one.action for one in history(engine).answers] == ["a"] * 3
    engine.decide("c", now=NOW, n=2)
    assert [one.action for one in history(engine).answers] == ["a"] * 4
