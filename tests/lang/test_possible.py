"""What is proved impossible is: no random context says otherwise; and bounds are kept."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from tests.lang.strategies import SHAPE, Writer, context, fields_of

from nba.errors import EvaluationError, ExpressionError
from nba.lang import reference
from nba.lang.bounds import bounds
from nba.lang.check import Environment, check
from nba.lang.context import FieldSpec, Shape
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.normal import normal
from nba.lang.possible import Possible, World, untrue
from nba.lang.syntax import parse
from nba.lang.tree import Node
from nba.lang.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, EnumType, list_of

SPECS = {
    spec.path: spec
    for spec in (
        FieldSpec("customer.tier", EnumType("string", values=("bronze", "silver", "gold"))),
        FieldSpec("customer.age", INT, minimum=18, maximum=120),
        FieldSpec("customer.spend", DOUBLE, minimum=0),
        FieldSpec("customer.risk", DOUBLE, minimum=0, maximum=1),
        FieldSpec("customer.vip", BOOL),
        FieldSpec("customer.name", STRING),
        FieldSpec("customer.joined", TIMESTAMP),
        FieldSpec("customer.notes", list_of(STRING)),
        FieldSpec("customer.visits", INT),
        FieldSpec("now", TIMESTAMP),
        FieldSpec("moment.open", BOOL),
    )
}
WORLD = Environment(names=Shape(tuple(SPECS.values())).names(), book=True)


def tree_of(text: str) -> Node:
    """Return the checked tree of an expression over these fields."""
    return check(parse(text), WORLD)


POSSIBLE = Possible(World(SPECS, frozenset({"now", "moment.open"})))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["customer.vip"], "found"),
        (["customer.vip", "!customer.vip"], "none"),
        (["customer.tier == 'gold'", "customer.tier in ['bronze', 'silver']"], "none"),
        (["customer.tier != 'gold'", "customer.tier != 'silver'"], "found"),
        (["!(customer.tier in ['gold', 'bronze', 'silver'])"], "none"),
        (["customer.age > 40", "customer.age < 42"], "found"),
        (["customer.age > 40", "customer.age < 41"], "none"),
        (["customer.age < 18"], "none"),
        (["customer.age == 18", "customer.age != 18"], "none"),
        (["customer.spend > 40.0", "customer.spend < 41.0"], "found"),
        (["customer.spend > 1.0", "customer.spend <= 1.0"], "none"),
        (["customer.risk > 1.0"], "none"),
        (["customer.risk >= 1.0"], "found"),
        (["customer.name == 'a'", "customer.name == 'b'"], "none"),
        (["customer.name > 'a'", "customer.name < 'aa'"], "found"),
        (["!has(customer.vip)", "customer.vip || customer.age > 3"], "found"),
        (["!has(customer.vip)", "customer.vip"], "none"),
        (["!has(moment.open)"], "none"),
        (["customer.vip || customer.age < 18", "!customer.vip"], "none"),
        (["customer.vip ? customer.age < 18 : customer.age > 130"], "none"),
        (["since(customer.joined) > days(3)", "since(customer.joined) < days(2)"], "none"),
        (["since(customer.joined) > days(1)", "since(customer.joined) < days(2)"], "undecided"),
        (["since(customer.joined) > days(1)", "!has(customer.joined)"], "none"),
        (["size(customer.notes) < 0"], "none"),
        (["size(customer.notes) > 3", "size(customer.notes) <= 3"], "none"),
        (["'x' in customer.notes", "!('x' in customer.notes)"], "none"),
        (["'x' in customer.notes", "!('y' in customer.notes)"], "undecided"),
        (["customer.notes.exists(n, n == 'x')", "!has(customer.notes)"], "none"),
        (["customer.spend * 2.0 < 0.0"], "none"),
        (["customer.visits > customer.age", "customer.visits <= customer.age"], "undecided"),
        (["customer.visits > customer.age", "!(customer.visits > customer.age)"], "none"),
        # a term may be no number, and then neither holds nor exceeds anything
        (["!(customer.spend - 1e308 < 1.0)", "!(customer.spend - 1e308 >= 1.0)"], "undecided"),
        (["customer.spend - 1e308 < 1.0", "customer.spend - 1e308 >= 1.0"], "none"),
        (["!(customer.visits < dyn('x'))", "customer.visits < dyn('x')"], "none"),
        (["customer.visits < dyn(3.5)"], "undecided"),
        (["!(customer.spend < double('NaN'))"], "undecided"),
    ],
)
def test_answers(texts: list[str], expected: str) -> None:
    """Found, none, or not decided."""
    assert POSSIBLE.together(normal(tree_of(text)) for text in texts) == expected


def test_what_is_too_much_is_not_decided() -> None:
    """A search that takes too long ends without an answer."""
    pigeons = [
        " || ".join(f"customer.notes[{hole}] == '{pigeon}'" for hole in range(8))
        for pigeon in range(9)
    ]
    assert POSSIBLE.together(normal(tree_of(text)) for text in pigeons) == "undecided"


BOOK = Environment(names=SHAPE.names(), book=True)
FIELDS = fields_of(SHAPE)
DECLARED = {spec.path: spec for spec in (*SHAPE.inputs, *SHAPE.derived)}


@given(st.randoms(use_true_random=False), st.integers(1, 3), st.integers(1, 3))
def test_no_context_makes_the_impossible_true(random: Random, depth: int, count: int) -> None:
    """For random conditions, together with the opposite of others, or that they are not true."""
    writer = Writer(random, FIELDS, dynamic=0)
    try:
        nodes = [check(parse(writer.condition(depth)), BOOK) for _ in range(count)]
    except ExpressionError:  # a literal that cannot be read
        reject()
    wanted = [random.choice((True, False, None)) for _ in nodes]
    forms = [
        untrue(normal(node)) if truth is None else normal(node, positive=truth)
        for node, truth in zip(nodes, wanted, strict=True)
    ]
    if not Possible(World(DECLARED)).never(*forms):
        return
    for _ in range(20):
        slots, _ = SHAPE.read(context(random, SHAPE))
        fields = SHAPE.known(slots)
        verdicts = [reference.judge(node, fields, BOOK_FUNCTIONS) for node in nodes]
        assert not all(
            (verdict is not True) if truth is None else (verdict is truth)
            for verdict, truth in zip(verdicts, wanted, strict=True)
        )


@given(st.randoms(use_true_random=False), st.integers(1, 4), st.sampled_from(["int", "double"]))
def test_a_number_lies_between_its_bounds(random: Random, depth: int, kind: str) -> None:
    """Wherever it has a value that is a number."""
    try:
        node = check(parse(Writer(random, FIELDS, dynamic=0).write(kind, depth)), BOOK)
    except ExpressionError:
        reject()
    low, high = bounds(node, DECLARED.get)
    for _ in range(10):
        slots, _ = SHAPE.read(context(random, SHAPE))
        try:
            value = reference.evaluate(node, SHAPE.known(slots), BOOK_FUNCTIONS)
        except EvaluationError:
            continue
        assert isinstance(value, int | float)
        assert math.isnan(value) or low <= value <= high


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.2 * customer.spend", (0, math.inf)),
        ("40 + 0.05 * customer.risk", (40, 40.05)),
        ("customer.vip ? 5.0 : -customer.risk", (-1, 5)),
        ("default(customer.risk, 3.0)", (0, 3)),
        ("customer.age / 7", (2, 18)),
        ("double(customer.age) / 4.0", (4.5, 30)),
        ("1.0 / customer.risk", (-math.inf, math.inf)),
        ("min([customer.spend, 50.0])", (0, 50)),
        ("size(customer.notes) - 1", (-1, math.inf)),
        ("customer.spend * (customer.risk - 0.5)", (-math.inf, math.inf)),
        ("customer.spend * 0.0", (0, 0)),
    ],
)
def test_bounds(text: str, expected: tuple[float, float]) -> None:
    """By the bounds of the fields."""
    assert bounds(tree_of(text), SPECS.get) == expected
