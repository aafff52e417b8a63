"""Signals: windows to the nanosecond, nothing over no events, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nba import Engine, Event
from nba.book.build import build
from nba.book.source import parse

NOW = datetime(2026, 3, 29, 10, tzinfo=UTC)  # the day on which Dublin's clocks go forward
BOOK = """
format: 1
book: signals
timezone: Europe/Dublin
reach: 100d
context:
  customer: {timezone: string}
  interaction: {topic: string}
events:
  contact: {topic: string, wait: {type: number, default: 1}, score: number}
  visit: {}
channels: {app: {}}
issues: {i: {}}
groups: {i/g: {}}
actions:
  a:
    title: A
    group: i/g
    kind: guidance
    channels: [app]
    say: "{default(%s, 'unknown')}"
signals:
  s: {%s}
"""


def value(signal: str, *events: Event, shown: str = "string(signal.s)", **customer: Any) -> str:
    """Return what a signal is, in words, for a customer with these events."""
    book = build([parse(BOOK % (shown, signal), "book.yaml")])
    engine = Engine(book)
    case = {key: given for key, given in customer.items() if key == "timezone"}
    interaction = {"topic": customer["topic"]} if "topic" in customer else None
    found = engine.decide("c", customer=case, interaction=interaction, now=NOW, events=events)
    return str(found.say)


def contact(ago: timedelta, **data: Any) -> Event:
    """Return a contact some time ago."""
    return Event("contact", "c", "app", NOW - ago, data)


WEEK = timedelta(days=7)
TICK = timedelta(microseconds=1)


def test_a_rolling_window_is_open_at_its_start() -> None:
    """(now - w, now]: what happened exactly a week ago is out, what happens now is in."""
    signal = "count: contact, within: 7d"
    assert value(signal, contact(WEEK)) == "0"
    assert value(signal, contact(WEEK - TICK), contact(timedelta())) == "2"
    assert value(signal, contact(-TICK)) == "0"


def test_reach_bounds_what_is_seen() -> None:
    """An event that is out of reach is not seen by any signal."""
    assert value("count: contact", contact(timedelta(days=100))) == "0"
    assert value("count: contact", contact(timedelta(days=100) - TICK)) == "1"


def test_calendar_windows_begin_at_local_midnight() -> None:
    """The day of a clock change begins at local midnight, in the book's or their zone."""
    signal = "count: contact, within: {calendar: day}"
    midnight = NOW - datetime(2026, 3, 29, tzinfo=UTC)  # still winter time: 00:00 is 00:00Z
    assert value(signal, contact(midnight), contact(midnight + TICK)) == "1"
    theirs = "count: contact, within: {calendar: day, timezone: customer.timezone}"
    tokyo = NOW - datetime(2026, 3, 28, 15, tzinfo=UTC)
    assert value(theirs, contact(tokyo), contact(tokyo + TICK), timezone="Asia/Tokyo") == "1"
    assert value(theirs, contact(tokyo)) == "unknown"


def test_weeks_begin_when_the_book_says() -> None:
    """29 March 2026 is a Sunday."""
    days = [contact(timedelta(days=days)) for days in range(8)]
    assert value("count: contact, within: {calendar: week}", *days) == "7"
    assert value("count: contact, within: {calendar: week, week_start: sunday}", *days) == "1"


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        ("count: contact", "0"),
        ("exists: contact", "false"),
        ("rate: contact, per: 1d, within: 7d", "0"),
        ("sum: event.wait, of: contact", "0"),
        ("distinct: event.topic, of: contact", "0"),
        ("last: event.at, of: contact", "0001-01-01T00:00:00Z"),
        ("avg: event.wait, of: contact", "unknown"),
        ("max: event.wait, of: contact", "unknown"),
        ("last: event.topic, of: contact", "unknown"),
    ],
)
def test_no_event_is_knowledge(signal: str, expected: str) -> None:
    """Nothing happened is a fact for numbers and times, and unknown for everything else."""
    assert value(signal) == expected


def test_what_is_missing() -> None:
    """An absent event field skips the event; an absent field of the interaction is unknown."""
    events = contact(WEEK, score=3), contact(WEEK / 2), contact(WEEK / 3, score=5)
    assert value("avg: event.score, of: contact", *events) == "4"
    assert value("sum: event.wait, of: contact", *events) == "3"
    same = "count: contact, where: event.topic == interaction.topic"
    assert value(same, contact(WEEK, topic="x")) == "unknown"
    assert value(same, contact(WEEK, topic="x"), contact(WEEK / 2), topic="x") == "1"


def test_half_life() -> None:
    """What happened one half-life ago counts half, two ago a quarter."""
    events = contact(WEEK), contact(2 * WEEK), contact(timedelta())
    assert value("count: contact, half_life: 7d", *events) == "1.75"
    assert value("sum: event.wait * 4, of: contact, half_life: 7d", *events) == "7"


def test_by_gives_a_map() -> None:
    """A signal told apart by a string; a string that never came is not in it."""
    events = contact(WEEK, topic="a"), contact(WEEK / 2, topic="a"), contact(WEEK / 3)
    signal = "count: contact, by: event.topic"
    assert value(signal, *events, shown="string(signal.s['a'])") == "2"
    assert value(signal, *events, shown="string(signal.s['b'])") == "unknown"


def test_the_same_id_counts_once_and_order_is_irrelevant() -> None:
    """An event that is sent twice is one; late ones are placed by their time."""
    first = Event("contact", "c", None, NOW - WEEK, {"topic": "a"}, "e1")
    last = Event("contact", "c", None, NOW, {"topic": "b"}, "e2")
    for events in ((first, last, first), (last, first)):
        assert value("count: contact", *events) == "2"
        assert value("last: event.topic, of: contact", *events, shown="signal.s") == "b"
