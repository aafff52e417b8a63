"""The engine and the journey: what is observed, whose it is, and what becomes due."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nba import CaseError, Engine, Event, StoreError
from nba.state.memory import MemoryStore
from nba.state.store import Due
from nba.windows import instant

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TEXT: Any = "2026-03-02"
NUMBER: Any = 3
NAIVE = datetime(2026, 3, 2)  # noqa: DTZ001
BOOK = """
format: 1
book: small
reach: 30d
channels: {phone: {}, chat: {}}
events:
  contact: {topic: string, minutes: {type: number, min: 0}}
  booked: {slot: timestamp, job: string}
  arrived: {job: string}
signals:
  contacts: {count: contact, within: 7d}
  last_topic: {last: event.topic, of: contact}
moments:
  again:
    sequence:
      - {event: contact, as: first}
      - {event: contact, as: second, where: second.topic == first.topic}
    within: 3d
    lasts: 2d
  missed:
    after: {event: booked, as: booked}
    expect: {event: arrived, as: arrived, where: arrived.job == booked.job}
    by: booked.slot
    lasts: 1d
relationship: {start: 50, points: [{when: moment.again, add: -20}]}
issues: {service: {}}
groups: {service/help: {}}
actions:
  own_it:
    title: Own it
    group: service/help
    kind: guidance
    answers: [again]
    value: 5
    channels: [phone]
    say: "{signal.contacts:number} contacts, the last about {signal.last_topic}"
  come_tomorrow:
    title: Come tomorrow
    group: service/help
    kind: proactive_contact
    answers: [missed]
    value: %s
    channels: [phone]
"""


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """Return the time that it was set to."""
        return self.now


class Counting(MemoryStore):
    """A store that counts which journeys are looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.fails = False

    def set_deadlines(self, *args: Any, **more: Any) -> bool:
        """Set what is due, or fail once."""
        if self.fails:
            self.fails = False
            raise StoreError("the answer did not come within 2 s")
        return super().set_deadlines(*args, **more)

    def journey(self, customer: str) -> Any:
        """Note who it is, and return the journey."""
        self.read.append(customer)
        return super().journey(customer)


@pytest.fixture
def clock() -> Clock:
    """The engine's clock."""
    return Clock()


@pytest.fixture
def store() -> Counting:
    """The engine's store."""
    return Counting()


@pytest.fixture
def engine(tmp_path: Path, clock: Clock, store: Counting) -> Engine:
    """An engine with a small book that reads the journey."""
    (tmp_path / "book.yaml").write_text(BOOK % 9)
    return Engine.open(tmp_path, clock=clock, store=store)


def contact(hours: float, topic: str = "bill", customer: str = "c", **more: Any) -> Event:
    """Return a contact so many hours before now."""
    return Event(
        "contact", customer, "phone", NOW - timedelta(hours=hours), {"topic": topic}, **more
    )


def said(engine: Engine, customer: str = "c", **more: Any) -> str | None:
    """Return what is said to a customer now."""
    return engine.decide(customer, now=NOW, **more).say


# --- what is observed


def test_what_was_observed_is_decided_on(engine: Engine) -> None:
    """And only for whom it happened."""
    assert engine.observe(contact(5), contact(1)) == []
    assert said(engine) == "2 contacts, the last about bill"
    assert said(engine, "another") is None


def test_late_events_are_placed_by_their_time(engine: Engine) -> None:
    """The order in which they come does not matter."""
    engine.observe(contact(1))
    assert said(engine) is None
    engine.observe(contact(9, "move"))
    engine.observe(contact(5))
    assert said(engine) == "3 contacts, the last about bill"


def test_the_same_event_twice_counts_once(engine: Engine) -> None:
    """By its id, or by what it says where it has none."""
    engine.observe(contact(5), contact(5))
    engine.observe(contact(5))
    engine.observe(contact(4, "move", id="e-1"))
    engine.observe(contact(3, "move", id="e-1"))
    assert said(engine) is None
    engine.observe(contact(2))
    assert said(engine) == "3 contacts, the last about bill"


def test_events_later_than_now_are_not_seen_yet(engine: Engine) -> None:
    """The past is decided on as it was."""
    engine.observe(contact(5), contact(1))
    before = engine.decide("c", now=NOW - timedelta(hours=2))
    assert before.action is None


def test_without_a_time_it_happens_now(engine: Engine, clock: Clock) -> None:
    """The clock is asked."""
    engine.observe(contact(1), Event("contact", "c", data={"topic": "bill"}))
    assert said(engine) is not None
    assert engine.decide("c", now=NOW - timedelta(seconds=1)).action is None


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (Event("contct", "c"), "there is no event type `contct`. did you mean `contact`?"),
        (Event("contact", "c", "fone"), "there is no channel `fone`. did you mean `phone`?"),
        (Event("contact", ""), "an event needs a `customer`, a string"),
        (
            Event("contact", "c", at=NAIVE),
            "`at` of an event is a datetime with a time zone",
        ),
    ],
)
def test_what_cannot_be_an_event_is_refused(engine: Engine, event: Event, message: str) -> None:
    """And nothing that came with it is recorded."""
    with pytest.raises(CaseError) as error:
        engine.observe(contact(5), contact(1), event)
    assert str(error.value) == message
    assert said(engine) is None


def test_a_field_that_does_not_fit_is_absent_and_reported(engine: Engine) -> None:
    """The event itself counts."""
    wrong = Event("contact", "c", at=NOW, data={"topic": "bill", "minutes": -5})
    (found,) = engine.observe(contact(5), wrong)
    assert found.code == "wrong-input"
    assert "-5" in found.message
    assert said(engine) == "2 contacts, the last about bill"


# --- from the store, or handed in


def test_events_that_are_handed_in_decide_the_same(engine: Engine) -> None:
    """In any order; they take the place of those observed, and are not recorded."""
    events = [contact(5), contact(20, "move"), contact(1), contact(1)]
    engine.observe(*events)
    stored = engine.decide("c", now=NOW)
    for given in (events, events[::-1]):
        passed = engine.decide("c", now=NOW, events=given)
        assert passed.ranked == stored.ranked
        assert passed.codes() == stored.codes()
        assert passed.why() == stored.why()
    assert said(engine, events=()) is None
    assert said(engine, "d", events=events) == "3 contacts, the last about bill"
    assert said(engine, "d") is None


# --- whose it is


def test_a_link_joins_an_anonymous_journey_and_unlink_restores_it(engine: Engine) -> None:
    """Nothing is lost, and nothing counts twice."""
    engine.observe(contact(5), contact(1, customer="cookie"), contact(5, customer="cookie"))
    assert said(engine) is None
    engine.link("cookie", "c")
    assert said(engine) == said(engine, "cookie") == "2 contacts, the last about bill"
    engine.unlink("cookie")
    assert said(engine) is None
    assert said(engine, "cookie") == "2 contacts, the last about bill"


def test_after_a_link_events_go_to_the_customer(engine: Engine) -> None:
    """Under whichever name they are observed."""
    engine.link("cookie", "c")
    engine.observe(contact(5, customer="cookie"), contact(1))
    assert said(engine) == "2 contacts, the last about bill"
    with pytest.raises(CaseError):
        engine.link("c", "cookie")


def test_a_decision_keeps_its_account_when_journeys_are_merged(engine: Engine) -> None:
    """What was decided before a merge was decided on what was known then."""
    engine.observe(contact(5), contact(1, customer="cookie"))
    before = engine.decide("c", now=NOW)
    told = str(engine.explain(before))
    engine.link("cookie", "c")
    assert engine.decide("c", now=NOW).action == "own_it"
    assert before.action is None
    assert str(engine.explain(before)) == told


# --- what becomes due


def booked(customer: str = "c", hours: float = 2) -> Event:
    """Return a booking for a slot that ends so many hours after now."""
    data = {"slot": NOW + timedelta(hours=hours), "job": "j"}
    return Event("booked", customer, at=NOW - timedelta(days=1), data=data)


def test_a_missed_appointment_becomes_due_by_itself(engine: Engine, store: Counting) -> None:
    """Nobody's journey is looked at, and asking again with the same cursor gives the same."""
    engine.observe(*(booked(f"c{number}", 100) for number in range(50)), booked())
    opens = NOW + timedelta(hours=2)
    nothing, cursor = engine.due(NOW)
    assert nothing == []
    assert engine.due(opens - timedelta(seconds=1), cursor)[0] == []
    store.read.clear()
    due, after = engine.due(opens, cursor)
    assert due == [Due(instant(opens), "c", "missed", "opened")]
    assert engine.due(opens, cursor) == (due, after)
    assert engine.due(opens, after)[0] == []
    assert store.read == []
    assert engine.decide("c", now=opens).action == "come_tomorrow"
    closes = opens + timedelta(days=1)
    assert engine.due(closes, after)[0] == [Due(instant(closes), "c", "missed", "closed")]
    assert engine.decide("c", now=closes).action is None


def test_who_came_is_not_due(engine: Engine) -> None:
    """The event that was expected takes the deadline away."""
    _, cursor = engine.due(NOW)
    engine.observe(booked())
    engine.observe(Event("arrived", "c", at=NOW + timedelta(hours=1), data={"job": "j"}))
    assert engine.due(NOW + timedelta(hours=3), cursor)[0] == []


def test_after_a_link_the_customer_is_due(engine: Engine) -> None:
    """Once, and under one name; after unlinking it is the other again."""
    _, cursor = engine.due(NOW)
    later = NOW + timedelta(hours=3)
    engine.observe(booked("cookie"))
    engine.link("cookie", "c")
    assert [due.customer for due in engine.due(later, cursor)[0]] == ["c"]
    engine.unlink("cookie")
    assert [due.customer for due in engine.due(later, cursor)[0]] == ["cookie"]


@pytest.mark.parametrize("verb", ["observe", "link", "unlink"])
def test_what_failed_halfway_is_due_when_it_is_said_again(
    engine: Engine, store: Counting, verb: str
) -> None:
    """The event or the link was recorded, and what is due of it was not."""
    _, cursor = engine.due(NOW)
    event = booked("cookie")._replace(id="b-1")
    engine.observe(*() if verb == "observe" else (event,))
    if verb == "unlink":
        engine.link("cookie", "c")
    say = {
        "observe": lambda: engine.observe(event),
        "link": lambda: engine.link("cookie", "c"),
        "unlink": lambda: engine.unlink("cookie"),
    }[verb]
    store.fails = True
    with pytest.raises(StoreError):
        say()
    say()
    owner = "c" if verb == "link" else "cookie"
    due, _ = engine.due(NOW + timedelta(hours=3), cursor)
    assert owner in [one.customer for one in due]


def test_due_without_a_time_asks_the_clock(engine: Engine, clock: Clock) -> None:
    """As `decide` does."""
    engine.observe(booked())
    assert engine.due()[0] == []
    clock.now = NOW + timedelta(hours=2)
    assert [due.moment for due in engine.due()[0]] == ["missed"]


# --- what is kept


def test_what_is_out_of_reach_is_forgotten(engine: Engine, clock: Clock, store: Counting) -> None:
    """It is not seen, and the store does not grow with it."""
    engine.observe(contact(5), contact(1))
    clock.now = NOW + timedelta(days=33)
    assert said(engine) is not None
    assert engine.decide("c").action is None
    engine.observe(Event("contact", "d", data={"topic": "bill"}))
    assert store.journey("c").rows == ()
    assert list(store.customers()) == ["d"]


def test_a_reload_keeps_journeys(engine: Engine, tmp_path: Path) -> None:
    """The book is another, what happened is the same."""
    engine.observe(contact(5), contact(1), booked())
    assert not engine.reload()
    (tmp_path / "book.yaml").write_text(BOOK % 1)
    assert engine.reload()
    assert said(engine) == "2 contacts, the last about bill"
    later = NOW + timedelta(hours=2)
    assert [due.moment for due in engine.due(later)[0]] == ["again", "missed"]
    assert engine.decide("c", now=later).action == "own_it"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda e: e.observe({"type": "contact"}), "what is observed is an Event, not a dict"),
        (lambda e: e.observe([Event("contact", "c")]), "what is observed is an Event, not a list"),
        (lambda e: e.observe(Event("contact", "c", at=TEXT)), "`at` of an event is a datetime"),
        (lambda e: e.observe(Event("contact", "c", data=NUMBER)), "`data` of an event is an obj"),
        (lambda e: e.decide("c", events=[{"type": "contact"}]), "an event is an Event, not a dict"),
        (lambda e: e.decide(7), "`id` is the customer's, a string, not an int"),
        (lambda e: e.link("", "c"), "an identity is a string that is not empty, not ''"),
        (lambda e: e.link("x", None), "a customer is a string that is not empty, not None"),
        (lambda e: e.unlink(5), "an identity is a string that is not empty, not 5"),
        (lambda e: e.due(now=NAIVE), "`now` is a datetime with a time zone"),
        (lambda e: e.due(limit="x"), "`limit` is how many are wanted at once"),
    ],
)
def test_slips_are_refused_in_our_words(
    engine: Engine, wrong: Callable[[Any], object], message: str
) -> None:
    """What is of the wrong kind is a CaseError, and nothing is recorded."""
    with pytest.raises(CaseError) as error:
        wrong(engine)
    assert str(error.value).startswith(message)
    assert list(engine._store.customers()) == []


def test_a_journey_that_is_kept_keeps_no_book(tmp_path: Path) -> None:
    """What was worked out for a customer who does not come back holds nothing of an old book."""
    file = tmp_path / "book.yaml"
    read: list[Any] = []
    for number in range(5):
        file.write_text(BOOK.replace("%s", str(number + 1)))
        if not number:
            engine = Engine.open(tmp_path, clock=lambda: NOW)
        assert engine.reload() == bool(number)
        engine.observe(
            Event("contact", customer=f"c-{number}", channel="phone", data={"topic": "a"})
        )
        assert engine.decide(f"c-{number}").version == engine.version
        read.append(weakref.ref(engine._running.plan.journey))
    gc.collect()
    assert [one() is None for one in read] == [True, True, True, False, False]
