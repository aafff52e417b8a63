"""Tests beside rules: what is wrong in them is found when the book is built."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.book import strategies
from tests.book.test_build import BOOK, meant

from nba.book.build import build
from nba.book.cases import DEFAULT_NOW
from nba.book.source import parse
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
    """What does not fit is absent, and said to be."""
    document = strategies.document(random)
    shape = strategies.built(document).book.shape
    for _ in range(5):
        case = strategies.case(random, document, shape)
        slots, problems = shape.read({key: case[key] or {} for key in ("customer", "interaction")})
        assert len(slots) == len(shape.paths)
        for problem in problems:
            assert problem.code == "wrong-input"
            assert not problem.message.startswith("expected a int")
