"""A session decides as the engine does, whatever happens between its decisions."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nba import Engine, Event
from nba.decide import index
from nba.errors import BookError
from nba.state.memory import MemoryStore

RULES = Path(__file__).parents[2] / "rules"
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
CUSTOMER: dict[str, Any] = {
    "first_name": "Aoife",
    "tier": "gold",
    "monthly_bill": 60.0,
    "tenure_months": 30.0,
    "consent": {"phone": True, "app": True, "email": True, "sms": True, "marketing": True},
    "broadband": {"technology": "dsl", "fibre_available": True, "wifi_score": 30.0},
    "mobile": {"lines": 2, "data_used": 0.97},
}
INTENTS = ("none", "billing", "fault", "cancel", "upgrade")


@pytest.fixture(autouse=True)
def _with_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Index small books, too: only then is anything remembered."""
    monkeypatch.setattr(index, "MOST_STRAIGHT", 0)


def interaction(chooser: random.Random) -> dict[str, Any] | None:
    """Return something that is going on."""
    if chooser.random() < 0.1:
        return None
    return {
        "channel": chooser.choice(["phone", "chat", "app", "web"]),
        "intent": chooser.choice(INTENTS),
        "sentiment": round(chooser.uniform(-1, 1), 1),
        "wait_seconds": float(chooser.choice([0, 200, 700])),
    }


def event(chooser: random.Random, number: int, at: datetime) -> Event:
    """Return something that happened."""
    kind = chooser.choice(["contact", "complaint_opened", "complaint_closed", "outage_started"])
    data: dict[str, Any] = {
        "contact": {"topic": chooser.choice(INTENTS[1:]), "resolved": chooser.random() < 0.3},
        "complaint_opened": {"case": "k1"},
        "complaint_closed": {"case": "k1"},
        "outage_started": {"outage": f"o{number}", "until": at + timedelta(hours=2)},
    }
    channel = chooser.choice(["phone", "chat", "app"])
    return Event(kind, customer="c-1", channel=channel, at=at, data=data[kind], id=f"e{number}")


@pytest.mark.parametrize("seed", range(4))
def test_a_session_decides_as_the_engine_does(seed: int) -> None:
    """Events arrive, from this engine or another on the store; time passes; answers are taken."""
    chooser, now = random.Random(seed), START
    store = MemoryStore()
    engine, other = (Engine.open(RULES, store=store, clock=lambda: now) for _ in range(2))
    session = engine.bind("c-1", customer=CUSTOMER)
    actions = set()
    for number in range(60):
        step = chooser.random()
        if step < 0.3:
            chooser.choice([engine, other]).observe(event(chooser, number, now))
        elif step < 0.35:
            other.link(f"cookie-{number}", "c-1")
        elif step < 0.6:
            now += chooser.choice([timedelta(minutes=5), timedelta(hours=7), timedelta(days=3)])
        given = interaction(chooser)
        expected = engine.decide("c-1", customer=CUSTOMER, interaction=given, now=now, commit=False)
        found = session.decide(given, now=now, commit=False)
        assert found == expected
        assert found.codes() == expected.codes()
        actions.add(found.action)
        if chooser.random() < 0.2:
            taken = session.decide(given, now=now)
            if taken.action and chooser.random() < 0.5:
                engine.record(taken.id, chooser.choice(["accepted", "rejected"]), at=now)
    assert len(actions) > 3


def test_a_session_goes_on_with_another_book(tmp_path: Path) -> None:
    """After a reload it decides by the new book, and by nothing that it remembers of the old."""
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    engine = Engine.open(rules, clock=lambda: START)
    session = engine.bind("c-1", customer=CUSTOMER)
    given = {"channel": "phone", "intent": "upgrade", "sentiment": 0.5}
    before = session.decide(given, commit=False)
    (rules / "stop.yaml").write_text(
        f"kill_switch:\n  - {{covers: {{action: {before.action}}}, title: Stopped}}\n"
    )
    assert engine.reload()
    after = session.decide(given, commit=False)
    assert after.version != before.version
    assert after.codes()[str(before.action)] == "unavailable"
    assert after == engine.decide("c-1", customer=CUSTOMER, interaction=given, commit=False)


def test_a_reload_of_the_same_files_builds_nothing(tmp_path: Path) -> None:
    """They are read, and say the same: the book is the one that there was, to the last object."""
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    engine = Engine.open(rules, clock=lambda: START)
    book, warnings = engine.book, engine.warnings
    file = Path(next(iter(book.actions.values())).place.file)
    text = file.read_text()
    file.write_text(text)  # later, and the same
    assert not engine.reload()
    assert engine.book is book
    file.write_text(text.replace("value: ", "value: 1 + ", 1))
    assert engine.reload()
    changed = engine.book
    assert changed.version != book.version
    assert not engine.reload()
    assert engine.book is changed
    file.write_text(text)
    assert engine.reload()
    assert (engine.book, engine.warnings) == (book, warnings)


def test_a_reload_finds_what_was_broken_and_mended(tmp_path: Path) -> None:
    """What is wrong is told at each reload, and the book that decides is still known after it."""
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    engine = Engine.open(rules, clock=lambda: START)
    book = engine.book
    (rules / "more.yaml").write_text("actoins: {}\n")
    for _ in range(2):
        with pytest.raises(BookError, match="actoins"):
            engine.reload()
    (rules / "more.yaml").unlink()
    assert not engine.reload()
    assert engine.book is book


def test_a_reload_of_the_same_meaning_compiles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment changes places, and no version: what was compiled goes on, with the new places."""
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    engine = Engine.open(rules, clock=lambda: START)
    action = next(iter(engine.book.actions))
    place = engine.book.actions[action].place
    file = Path(place.file)
    file.write_text(f"# more\n{file.read_text()}")
    monkeypatch.setattr("nba.engine.compiled.plan_for", None)
    assert not engine.reload()
    assert engine.book.actions[action].place.line == place.line + 1
    engine.decide("c-1", customer=CUSTOMER)
