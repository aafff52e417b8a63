"""Why, in words: each fact once, moments by their names, points that counted."""

from __future__ import annotations

from datetime import UTC, datetime

from nba import Engine, Event
from nba.book.build import build
from nba.book.source import parse

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
BOOK = """
format: 1
book: care
context: {customer: {tags: list(string), age: int}}
events: {contact: {wait: {type: number, default: 0}}}
signals: {calls: {count: contact}}
moments:
  called: {title: They called, after: {event: contact, as: call}, lasts: 3d}
relationship:
  start: 40
  points:
    - {when: moment.called, add: -100}
    - {band: signal.calls, points: {"0": 0, "1..": 0}}
channels: {phone: {}}
issues: {care: {}}
groups: {care/one: {}}
actions:
  call: {title: Call, group: care/one, kind: guidance, channels: [phone], eligible: "%s"}
"""


def needs(condition: str, **given: object) -> str:
    """Return what is said of the only action, without the place."""
    engine = Engine(build([parse(BOOK % condition, "book.yaml")]))
    decision = engine.decide("c-1", now=NOW, **given)  # type: ignore[arg-type]
    (account,) = engine.explain(decision).accounts
    return account.sentences[0].rpartition(" - ")[0]


def test_a_moment_is_open_or_not_and_that_is_all() -> None:
    """Whether it is stands in what is needed."""
    assert needs("moment.called") == "needs: the moment 'They called' is open"
    assert needs("moment.called && customer.age > 3") == "needs: the moment 'They called' is open"
    either = "needs: either the moment 'They called' is open or customer age is above 3"
    known = "(customer age is 2, the moment 'They called' is not open)"
    assert needs("moment.called || customer.age > 3", customer={"age": 2}) == f"{either} {known}"


def test_what_is_empty() -> None:
    """There is none."""
    asked = "'vip' in customer.tags"
    assert needs(asked, customer={"tags": []}).endswith("(there is none)")
    found = needs(f"{asked} || customer.age > 3", customer={"tags": [], "age": 2})
    assert found.endswith("(customer age is 2, customer tags is empty)")


def test_points_that_are_none_and_points_beyond() -> None:
    """A line of no points did not count; who stops at 0 is told so."""
    engine = Engine(build([parse(BOOK % "relationship > 50", "book.yaml")]))
    called = Event("contact", "c-1", "phone", NOW)
    whole = engine.decide("c-1", now=NOW, events=[called]).relationship
    assert whole is not None
    assert (whole.score, [part.points for part in whole.parts]) == (0, [-100])
    said = needs("relationship > 50", events=[called])
    moment = "-100 as the moment 'They called' is open"
    assert said.endswith(f"(it is 0: 40 to start with, {moment}, and never below 0)")
    assert needs("relationship > 50").endswith("(it is 40: 40 to start with)")
