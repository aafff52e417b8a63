"""Reading events: column by column as one by one, and a journey that comes again only once."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given
from tests.decide.journeys import EVENTS, MOMENTS, journeys
from tests.decide.strategies import NOW, built

from nba import CaseError, Engine, Event, Journey
from nba.journey.shapes import EventShapes
from nba.journey.timeline import Timeline

BOOK: dict[str, Any] = {
    "format": 1,
    "book": "read",
    "context": {"customer": {"tier": "string"}},
    "events": EVENTS,
    "signals": {"contacts": {"count": "contact"}},
    "channels": {"app": {}, "chat": {}},
    "issues": {"i": {}},
    "groups": {"i/g": {}},
    "actions": {
        "a": {
            "title": "A",
            "group": "i/g",
            "kind": "guidance",
            "channels": ["app"],
            "say": "{signal.contacts}",
        }
    },
}
SHAPES = EventShapes.of(built(BOOK).book)


@given(journeys(NOW))
def test_columns_are_the_rows(events: tuple[Event, ...]) -> None:
    """The same events in the same order, by row, by column and by type."""
    timeline, problems = SHAPES.journey(events, NOW)
    rows, told = SHAPES.rows(events, NOW)
    alone = Timeline(rows)
    assert [*problems] == told
    assert [*timeline.rows] == [*alone.rows]
    assert [timeline.row(place) for place in range(len(alone))] == [*alone.rows]
    assert [*timeline.times] == alone.times
    assert timeline.ids == alone.ids
    assert timeline.kinds.keys() == alone.kinds.keys()
    for name, kind in alone.kinds.items():
        other = timeline.kinds[name]
        assert [*other.places] == [*kind.places]
        for field in ("type", "at", "id", "channel", "topic", "resolved", "wait", "ref", "due"):
            assert [*other.column(field)] == [*kind.column(field)]


def contact(hour: int, **data: Any) -> Event:
    """Return a contact so many hours ago."""
    return Event("contact", "c", "app", NOW - timedelta(hours=hour), data, f"e{hour}")


FIVE = tuple(contact(hour, topic="billing") for hour in range(5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one._replace(type="visit"), "no event type `visit`"),
        (lambda one: one._replace(channel="mail"), "no channel `mail`"),
        (lambda one: one._replace(type=None), "`type` of an event is a string"),
        (lambda one: one._replace(type=["contact"]), "`type` of an event is a string"),
        (lambda one: one._replace(channel=3), "`channel` of an event is a string"),
        (lambda one: one._replace(channel=["app"]), "`channel` of an event is a string"),
        (lambda one: one._replace(id=3), "`id` of an event is a string"),
        (lambda one: one._replace(id=["e3"]), "`id` of an event is a string"),
        (lambda one: one._replace(id=None, data={1: "a", "b": 2}), "names of fields in `data`"),
        (lambda one: one._replace(at=NOW.replace(tzinfo=None)), "with a time zone"),
        (lambda one: one._replace(at="now"), "a datetime"),
        (lambda one: one._replace(data=[1]), "`data` of an event is an object"),
        (tuple, "an event is an Event"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: Callable[[Event], Any], message: str) -> None:
    """One wrong event among others that could be read together, and alone."""
    events = (*FIVE[:3], change(FIVE[3]), FIVE[4])
    with pytest.raises(CaseError, match=message) as raised:
        SHAPES.journey(events, NOW)
    assert raised.value.path[0] == 3
    with pytest.raises(CaseError, match=message) as raised:
        SHAPES.rows(events[3:], NOW)
    assert raised.value.path[0] == 0


class Called(StrEnum):
    """An id that is a string, and more."""

    THIRD = "e3"


def test_an_id_is_plain_text() -> None:
    """As stores write it down, also of an enum's member."""
    events = (*FIVE[:3], FIVE[3]._replace(id=Called.THIRD), FIVE[4])
    for rows in (SHAPES.journey(events, NOW)[0].rows, SHAPES.rows(events, NOW)[0]):
        assert sorted(row["id"] for row in rows) == ["e0", "e1", "e2", "e3", "e4"]
        assert {type(row["id"]) for row in rows} == {str}


def test_a_wrong_event_is_not_recorded() -> None:
    """Else no decision for the customer could put the journey in its order again."""
    engine = Engine(built(BOOK), clock=lambda: NOW)
    engine.observe(contact(1))
    wrong: Any = 7
    with pytest.raises(CaseError, match="`id` of an event is a string"):
        engine.observe(contact(1)._replace(id=wrong))
    assert engine.decide("c").say == "1"


def test_a_journey_is_read_once() -> None:
    """What was read is kept with it; another book reads it anew."""
    journey = Journey(FIVE)
    first, _ = SHAPES.journey(journey, NOW)
    assert SHAPES.journey(journey, NOW + timedelta(hours=1))[0] is first
    assert SHAPES.journey(FIVE, NOW)[0] is not first
    other = EventShapes.of(built(BOOK).book)
    assert other.journey(journey, NOW)[0] is not first


def test_a_journey_without_times_is_read_each_time() -> None:
    """What happened when nobody says when, happens at the time of the decision."""
    journey = Journey([*FIVE, Event("contact", "c")])
    later = NOW + timedelta(hours=1)
    assert SHAPES.journey(journey, NOW)[0].times[-1] < SHAPES.journey(journey, later)[0].times[-1]


def test_decisions_on_a_journey() -> None:
    """They are the same as on its events, again and again."""
    engine, journey = Engine(built(BOOK)), Journey(FIVE)
    once = engine.decide("c", events=FIVE, now=NOW, commit=False)
    assert once.say == "5"
    for _ in range(3):
        assert engine.decide("c", events=journey, now=NOW, commit=False) == once


def test_most_events_are_read_by_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without an id; else the comparison above would say nothing."""
    monkeypatch.setattr(EventShapes, "rows", None)
    without = [one._replace(id=None) for one in FIVE]
    assert len(SHAPES.journey(FIVE, NOW)[0]) == len(SHAPES.journey(without, NOW)[0]) == 5


def test_threads_share_a_journey() -> None:
    """What one of them has half read, another does not take for the whole."""
    say = {"a": {**BOOK["actions"]["a"], "say": "{size(moments)}"}}
    engine = Engine(built({**BOOK, "moments": {"repeat": MOMENTS["repeat"]}, "actions": say}))
    topics = [f"t{number}" for number in range(1_500)] + ["same", "same"]
    events = [
        Event(
            "contact", "c", "app", NOW - timedelta(minutes=len(topics) - place), data, f"e{place}"
        )
        for place, topic in enumerate(topics)
        for data in [{"topic": topic, "resolved": False}]
    ]
    said = []

    def decide(journey: Journey, begin: Barrier) -> None:
        begin.wait()
        said.append(engine.decide("c", events=journey, now=NOW, commit=False).say)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(12):
            journey, begin = Journey(events), Barrier(3)
            engine._running.shapes.journey(journey, NOW)
            threads = [Thread(target=decide, args=(journey, begin)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(before)
    assert said == ["1"] * 36


def test_a_journey_travels_without_what_was_read() -> None:
    """It means nothing in another process."""
    journey = Journey(FIVE)
    SHAPES.journey(journey, NOW)
    copy = pickle.loads(pickle.dumps(journey))  # noqa: S301 - our own
    assert (copy, type(copy), copy.read) == (journey, Journey, None)
