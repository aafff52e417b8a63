"""Conditions in plain English."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from tests.lang.strategies import SHAPE, Writer, fields_of

from nba.errors import ExpressionError
from nba.lang.check import Environment, check
from nba.lang.syntax import parse
from nba.lang.types import BOOL
from nba.lang.words import words

BOOK = Environment(names=SHAPE.names(), book=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customer.vip", "customer vip is true"),
        ("!customer.vip", "customer vip is false"),
        ("customer.tier == 'gold'", "customer tier is gold"),
        ("customer.tier in ['gold', 'silver']", "customer tier is gold or silver"),
        ("!(customer.tier in ['gold', 'silver'])", "customer tier is not gold or silver"),
        ("customer.age >= 18", "customer age is at least 18"),
        ("customer.value > 1.5", "customer value is above 1.5"),
        ("customer.age > 3 && customer.vip", "customer age is above 3 and customer vip is true"),
        (
            "customer.vip || customer.age > 3",
            "either customer vip is true or customer age is above 3",
        ),
        ("has(customer.age)", "customer age is known"),
        ("since(customer.joined) > days(3)", "customer joined was more than 3 days ago"),
        ("since(customer.joined) <= hours(1)", "customer joined was at most 1 hour ago"),
        ("within(customer.joined, days(7))", "customer joined is within the last 7 days"),
        ("customer.joined < now", "customer joined is before now"),
        (
            "customer.joined - now < days(30)",
            "the time until customer joined is below 30 days",
        ),
        ("customer.name.startsWith('a')", "customer name begins with a"),
        ("'x' in customer.tags", "x is among customer tags"),
        ("!('x' in customer.tags)", "x is not among customer tags"),
        (
            "customer.tags.exists(t, t == 'x')",
            "for some t of customer tags, t is x",
        ),
        ("size(customer.tags) > 2", "the number of customer tags is above 2"),
        ("customer.?age.hasValue()", "customer age is known"),
        ("!customer.?age.hasValue()", "customer age is not known"),
        ("customer.?age.orValue(0) > 2", "customer age (or 0 when unknown) is above 2"),
        (
            "math.greatest(customer.value, 0, 3) > 1",
            "the greatest of customer value, 0 and 3 is above 1",
        ),
        ("math.isNaN(customer.value)", "customer value is no number"),
        ("math.round(customer.value) == 2", "customer value rounded is 2"),
        (
            "customer.name.lowerAscii() == 'ann'",
            "customer name in small letters is ann",
        ),
        (
            "size(customer.name.split(',')) > 1",
            "the number of the parts of customer name between ',' is above 1",
        ),
        (
            "cel.bind(d, now - customer.joined, d > days(3))",
            "d is above 3 days, where d is now minus customer joined",
        ),
        (
            "customer.tags.exists(i, t, i > 0 && t == 'x')",
            "for some i and t of customer tags, i is above 0 and t is x",
        ),
        (
            "default(customer.age, 0) > 2",
            "customer age (or 0 when unknown) is above 2",
        ),
    ],
)
def test_words(text: str, expected: str) -> None:
    """Each kind of condition has its phrase."""
    assert words(check(parse(text), BOOK)) == expected


def test_titles_replace_paths() -> None:
    """A field is called what the book calls it."""
    node = check(parse("customer.age > 3"), BOOK)
    assert words(node, {"customer.age": "their age"}) == "their age is above 3"
    assert words(node, positive=False) == "customer age is not above 3"


def test_moments_are_open_or_not() -> None:
    """The title of a moment is a sentence, so it stands in quotes."""
    node = check(parse("!moment.late"), Environment({"moment.late": BOOL}, book=True))
    assert words(node) == "the moment 'late' is not open"
    titles = {"moment.late": "It did not come"}
    assert words(node, titles, positive=False) == "the moment 'It did not come' is open"


@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_every_condition_has_words(random: Random, depth: int) -> None:
    """Nothing is too strange to say, either way round."""
    try:
        node = check(parse(Writer(random, fields_of(SHAPE)).condition(depth)), BOOK)
    except ExpressionError:  # a literal that cannot be read
        reject()
    assert words(node)
    assert words(node, positive=False)
