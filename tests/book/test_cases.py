"""Tests beside rules: what is wrong in them is found when the book is built."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.book import strategies
from tests.book.test_build import BOOK, meant

from nba.book.build import build
from nba.book.cases import DEFAULT_NOW
from nba.book.source import parse
from nba.decide.case import Case
from nba.errors import BookError

FIELDS = """\
context:
  customer:
    orders: {list: {amount: number, paid: bool}}
    calls: list(int)
"""


def problems(text: str) -> list[tuple[str, str]]:
    """Return the messages about a test, and the text that each is about."""
    files = [parse(BOOK, "b"), parse(FIELDS, "f"), parse(f"tests: [{{{text}}}]\n", "t")]
    try:
        assert build(files).warnings == []
    except BookError as error:
        return [(d.message, meant(d.where)) for d in error.diagnostics]
    return []


def test_a_test_is_kept_as_its_author_wrote_it():
    """With the time that it does not say."""
    text = "tests: [{name: x, customer: {age: 5, vip: ~}, expect: {action: none}}]\n"
    (found,) = build([parse(BOOK, "b"), parse(text, "t")]).book.tests
    assert found.case["customer"] == {"age": 5, "vip": None}
    assert found.case["interaction"] is None
    assert found.case["now"] == DEFAULT_NOW
    assert found.expect == {"action": "none"}
    assert found.place.line == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customer: {tier: gold, consent: {email: ~}}", []),
        ("interaction: {channel: phone}", []),
        ("customer: {orders: [{amount: 5, paid: true}, {}]}", []),
        ("customer: {teir: gold}", [("`customer.teir` is not declared", "teir")]),
        ("customer: {consent: {sms: true}}", [("`customer.consent.sms` is not declared", "sms")]),
        (
            "customer: {orders: [{}, {price: 5}]}",
            [("`customer.orders.price` is not declared", "price")],
        ),
        ("customer: {age: x}", [("`customer.age`: expected an int, got a string", "x")]),
        ("customer: {consent: 5}", [("`customer.consent`: expected an object, got an int", "5")]),
        (
            "customer: {orders: [{}, {amount: x}]}",
            [("`customer.orders[1].amount`: expected a number, got a string", "x")],
        ),
        ("now: noon", [("`noon` is not a time", "noon")]),
        ("now: 2026-03-01", [("`2026-03-01` is not a time", "2026-03-01")]),
        ("at: web", [("there is no decision point `web`", "web")]),
        ("expect: {action: cal}", [("there is no action `cal`", "cal")]),
        (
            "expect: {action: call, tier: everything}",
            [("there is no tier `everything`", "everything")],
        ),
        ("expect: {ranked: [call, x]}", [("there is no action `x`", "x")]),
        ("expect: {dropped: {x: blocked}}", [("there is no action `x`", "x")]),
        ("expect: {channel: fax}", [("there is no channel `fax`", "fax")]),
    ],
)
def test_what_is_wrong(text, expected):
    """At its place; null is unknown, and nothing is required."""
    expect = "" if "expect" in text else ", expect: {action: none}"
    assert problems(f"name: xxxx, {text}{expect}") == expected


@given(st.randoms(use_true_random=False))
def test_any_case_of_a_valid_book_is_read(random):
    """What does not fit is unknown, and said to be."""
    document = strategies.document(random)
    shape = strategies.built(document).book.shape
    for _ in range(5):
        case = strategies.case(random, document, shape)
        slots, problems = shape.read({key: case[key] or {} for key in ("customer", "interaction")})
        assert len(slots) == len(shape.paths)
        for problem in problems:
            assert problem.code in ("wrong-input", "undeclared-name")
            assert not problem.message.startswith("expected a int")


JOURNEY = """\
events:
  contact: {topic: string, minutes: {type: number, min: 0}, about: {case: string}}
  done: {}
moments: {now_open: {after: {event: contact, as: contact}, lasts: 2d}}
relationship: {points: [{when: moment.now_open, add: -20}]}
"""


def journey_problems(text: str) -> list[tuple[str, str]]:
    """Return the messages about a test of a book with a journey."""
    files = [parse(BOOK, "b"), parse(JOURNEY, "j"), parse(f"tests: [{{name: x, {text}}}]\n", "t")]
    try:
        build(files)
    except BookError as error:
        return [(d.message, meant(d.where)) for d in error.diagnostics]
    return []


def test_events_are_kept_as_the_engine_takes_them():
    """Ages count from the test's now, an event without a time is now, and null is unknown."""
    events = (
        "[{contact: {topic: a, minutes: ~}, channel: phone, at: -90min}, "
        "{done: {}, at: 2026-03-01T08:00:00+01:00, id: e-1}, {done: {}}]"
    )
    text = f"tests: [{{name: x, now: 2026-03-02T10:00:00Z, events: {events}, expect: {{}}}}]\n"
    (found,) = build([parse(BOOK, "b"), parse(JOURNEY, "j"), parse(text, "t")]).book.tests
    assert found.case["events"] == [
        {
            "type": "contact",
            "channel": "phone",
            "at": "2026-03-02T08:30:00+00:00",
            "data": {"topic": "a", "minutes": None},
        },
        {"type": "done", "at": "2026-03-01T07:00:00+00:00", "data": {}, "id": "e-1"},
        {"type": "done", "at": "2026-03-02T10:00:00+00:00", "data": {}},
    ]
    assert [event.type for event in Case.from_dict(found.case).events or ()] == [
        "contact",
        "done",
        "done",
    ]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("{contact: {topic: a, about: {case: c}}, at: -2d}", []),
        ("{contct: {}}", [("there is no event type `contct`", "contct")]),
        ("{contact: {tpic: a}}", [("`contact.tpic` is not declared", "tpic")]),
        ("{contact: {about: {cse: a}}}", [("`about.cse` is not declared", "cse")]),
        (
            "{contact: {minutes: -1}}",
            [("`contact.minutes`: -1.0 is below 0", "-1")],
        ),
        (
            "{contact: {minutes: x}}",
            [("`contact.minutes`: expected a number, got a string", "x")],
        ),
        ("{contact: 5}", [("`contact` has fields, not `5`", "5")]),
        ("{contact: }", [("`contact` has no value", "contact")]),
        ("{at: -1d}", [("an event has one type", "{")]),
        ("{contact: {}, done: {}}", [("an event has one type, not 2", "done")]),
        ("{done: {}, at: 2d}", [("`2d` is not when something happened", "2d")]),
        ("{done: {}, at: -2}", [("`-2` is not when something happened", "-2")]),
        ("{done: {}, at: noon}", [("`noon` is not when something happened", "noon")]),
        ("{done: {}, at: -999999w}", [("`-999999w` is not when something happened", "-999999w")]),
        ("{done: {}, channel: fax}", [("there is no channel `fax`", "fax")]),
        ("{done: {}, id: 5}", [("`id` is text, not `5`", "5")]),
    ],
)
def test_what_is_wrong_with_an_event(event, expected):
    """At its place."""
    assert journey_problems(f"events: [{event}], expect: {{}}") == expected


@pytest.mark.parametrize(
    ("expect", "expected"),
    [
        ("moments: [now_open], relationship: 40", []),
        ("moments: [], relationship: {at_least: 40}", []),
        ("moments: [now_opn]", [("there is no moment `now_opn`", "now_opn")]),
        (
            "relationship: 120",
            [("a relationship is from 0 to 100, and `at_least` is not above `at_most`", "120")],
        ),
        (
            "relationship: {at_least: 50, at_most: 40}",
            [("a relationship is from 0 to 100, and `at_least` is not above `at_most`", "{")],
        ),
        (
            "relationship: high",
            [("`relationship` must be a number, or a mapping, not `high`", "high")],
        ),
        ("relationship: {least: 5}", [("`least` is not a key of `relationship`", "least")]),
    ],
)
def test_what_is_wrong_with_what_is_expected_of_a_journey(expect, expected):
    """At its place."""
    assert journey_problems(f"expect: {{{expect}}}") == expected


def test_a_book_without_a_relationship_cannot_be_expected_to_have_one():
    """The test would never pass."""
    assert problems("name: x, expect: {relationship: 50}") == [
        ("the book has no `relationship`", "relationship")
    ]
