"""Tree to text: one spelling, which parses to the same meaning."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from tests.conformance.suite import same
from tests.lang.strategies import KINDS, SHAPE, Writer, context, fields_of

from nba.errors import EvaluationError, ExpressionError
from nba.lang import reference
from nba.lang.check import Environment, check
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.syntax import parse
from nba.lang.text import write
from nba.lang.tree import Node

BOOK = Environment(names=SHAPE.names(), book=True)
FIELDS = fields_of(SHAPE)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("customer.vip==true", "customer.vip == true"),
        ("( customer.age )>1 // why", "customer.age > 1"),
        ('customer.name == "it\'s"', r"customer.name == 'it\'s'"),
        ("customer.value > 3", "customer.value > 3.0"),
        ("1 - (2 - 3) == 2", "1 - (2 - 3) == 2"),
        ("(1 - 2) - 3 == 2", "1 - 2 - 3 == 2"),
        ("!(customer.vip && customer.vulnerable)", "!(customer.vip && customer.vulnerable)"),
        (
            "(customer.vip || customer.vulnerable) && true",
            "(customer.vip || customer.vulnerable) && true",
        ),
        ("customer.tags.existsOne(t, t=='x')", "customer.tags.exists_one(t, t == 'x')"),
        ("since(customer.joined)>days( 3 )", "since(customer.joined) > days(3)"),
        ("within(customer.joined,hours(1))", "within(customer.joined, hours(1))"),
        ("has( customer.age )", "has(customer.age)"),
        ("-(customer.age) < -2", "-customer.age < -2"),
        ("customer.notes['a b'] == ''", "customer.notes['a b'] == ''"),
        ("customer.?name.hasValue()", "customer.?name.hasValue()"),
        ("customer.?consent.email.hasValue()", "customer.consent.?email.hasValue()"),
        ("customer.notes[? 'a' ].hasValue()", "customer.notes[?'a'].hasValue()"),
        ("customer.notes.?`a b`.hasValue()", "customer.notes.?`a b`.hasValue()"),
        ("[?customer.?age, 1] == [1]", "[?customer.?age, 1] == [1]"),
        ("{ ?'a' : customer.?age } == {}", "{?'a': customer.?age} == {}"),
        ("cel.bind( x,1, x>0 )", "cel.bind(x, 1, x > 0)"),
        ("customer.tags.existsOne(i,t,i>0)", "customer.tags.existsOne(i, t, i > 0)"),
        ("math.least(3, 1, 2)==1", "math.least([3, 1, 2]) == 1"),
    ],
)
def test_canonical_text(written: str, canonical: str) -> None:
    """Spaces, quotes, comments and needless parentheses are no part of the meaning."""
    assert write(check(parse(written), BOOK)) == canonical


@given(st.randoms(use_true_random=False), st.sampled_from(KINDS), st.integers(1, 5))
def test_text_parses_to_the_same(random: Random, kind: str, depth: int) -> None:
    """Writing and reading again gives the same text, and the same value in any context."""
    try:
        first = check(parse(Writer(random, FIELDS).write(kind, depth)), BOOK)
    except ExpressionError:  # a literal that cannot be read
        reject()
    text = write(first)
    second = check(parse(text), BOOK)
    assert write(second) == text
    for _ in range(5):
        slots, _ = SHAPE.read(context(random, SHAPE))
        fields = SHAPE.known(slots)
        assert same([_value(first, fields)], [_value(second, fields)])


def _value(node: Node, fields: dict[str, object]) -> object:
    try:
        return reference.evaluate(node, fields, BOOK_FUNCTIONS)
    except EvaluationError:
        return "no value"
