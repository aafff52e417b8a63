"""Outcomes that join the journey: where the book says which event an outcome is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from nba import BookError, Engine
from nba.book.build import build
from nba.book.source import parse

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
BOOK = """
format: 1
book: small
outcome_event: answered
events:
  answered: {outcome: string, action: string}
signals:
  refusals: {count: answered, where: event.outcome == 'rejected', within: 7d}
channels: {phone: {}, chat: {}}
issues: {s: {}}
groups: {s/g: {}}
actions:
  call: {title: Call, group: s/g, kind: offer, channels: [phone], applicable: signal.refusals < 2}
"""


def test_an_outcome_is_an_event_of_the_journey() -> None:
    """It is on the channel of the answer, at its own time, and counts once."""
    engine = Engine(build([parse(BOOK, "book.yaml")]), clock=lambda: NOW)
    for hours in (3, 2):
        then = NOW - timedelta(hours=hours)
        decision = engine.decide("c", now=then)
        assert decision.action == "call"
        for _ in range(2):
            engine.record(decision.id, "rejected", at=then + timedelta(minutes=5))
    assert engine.decide("c", now=NOW).action is None
    events = engine.export("c")["events"]
    assert [(event["outcome"], event["action"], event["channel"]) for event in events] == [
        ("rejected", "call", "phone")
    ] * 2
    assert events[0]["at"] == "2026-03-02T07:05:00Z"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("outcome_event: answered", "outcome_event: anwered"), "did you mean `answered`?"),
        (("outcome: string,", "outcome: int,"), "`outcome` of `answered` holds text of an outcome"),
    ],
)
def test_an_event_that_cannot_hold_an_outcome(wrong: tuple[str, str], message: str) -> None:
    """A type that there is not, and a field of another type."""
    text = BOOK.replace(*wrong).replace("event.outcome == 'rejected'", "event.action == 'call'")
    with pytest.raises(BookError) as error:
        build([parse(text, "book.yaml")])
    assert message in str(error.value)
