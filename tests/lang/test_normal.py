"""The normal form is true exactly where the condition is surely true."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from tests.lang.strategies import SHAPE, Writer, context, fields_of

from nba.errors import ExpressionError
from nba.lang import normal as forms
from nba.lang import reference
from nba.lang.check import Environment, check
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Opaque, normal
from nba.lang.syntax import parse
from nba.lang.tree import Node
from nba.lang.values import compare, equal

BOOK = Environment(names=SHAPE.names(), book=True)
FIELDS = fields_of(SHAPE)
ORDERS = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}


def tree_of(text: str) -> Node:
    """Return the checked tree of an expression."""
    return check(parse(text), BOOK)


def shown(form: Normal) -> str:
    """Return a normal form in short."""
    match form:
        case forms.Test():
            return f"{form.path} {form.operator} {form.value!r}"
        case Constant():
            return str(form.holds)
        case Opaque():
            return f"{'' if form.positive else 'not '}{form.text}"
        case AllOf():
            return f"all({', '.join(map(shown, form.parts))})"
        case AnyOf():
            return f"any({', '.join(map(shown, form.parts))})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customer.vip", "customer.vip == True"),
        ("!customer.vip", "customer.vip == False"),
        ("3 < customer.age", "customer.age > 3"),
        ("!(customer.age >= 3)", "customer.age < 3"),
        ("!(customer.vip && customer.age > 3)", "any(customer.vip == False, customer.age <= 3)"),
        ("!(customer.tier in ['gold'])", "customer.tier not in ('gold',)"),
        ("has(customer.age) && true", "customer.age has None"),
        ("customer.vip && false", "False"),
        ("customer.vip || customer.vip", "customer.vip == True"),
        ("customer.?age.hasValue()", "customer.age has None"),
        ("!customer.?age.hasValue()", "customer.age not has None"),
        (
            "customer.?vip.orValue(true)",
            "any(customer.vip == True, customer.vip not has None)",
        ),
        ("customer.?vip.orValue(false)", "customer.vip == True"),
        ("cel.bind(x, customer.age, x > 3)", "cel.bind(x, customer.age, x > 3)"),
        ("!math.isNaN(customer.value)", "not math.isNaN(customer.value)"),
        (
            "default(customer.vip, true)",
            "any(customer.vip == True, customer.vip not has None)",
        ),
        ("customer.age > customer.visits", "customer.age > customer.visits"),
        ("!(customer.age > customer.visits)", "not customer.age > customer.visits"),
        (
            "customer.vip ? customer.age > 3 : false",
            "all(customer.vip == True, customer.age > 3)",
        ),
    ],
)
def test_forms(text: str, expected: str) -> None:
    """Negation is pushed down, constants fall away, comparisons have the field first."""
    assert shown(normal(tree_of(text))) == expected


def holds(form: Normal, fields: dict[str, object]) -> bool:
    """Evaluate a normal form: a test of what is not known does not hold."""
    match form:
        case Constant():
            return form.holds
        case AllOf():
            return all(holds(part, fields) for part in form.parts)
        case AnyOf():
            return any(holds(part, fields) for part in form.parts)
        case Opaque():
            return reference.judge(form.node, fields, BOOK_FUNCTIONS) is form.positive
    if form.operator in ("has", "not has"):
        return (form.path in fields) is (form.operator == "has")
    if form.path not in fields:
        return False
    value = fields[form.path]
    if form.operator in ("in", "not in"):
        found = any(equal(value, item) for item in form.value)  # type: ignore[attr-defined]
        return found is (form.operator == "in")
    if form.operator in ("==", "!="):
        return equal(value, form.value) is (form.operator == "==")
    return compare(value, form.value) in ORDERS[form.operator]


@given(st.randoms(use_true_random=False), st.integers(1, 5), st.booleans())
def test_normal_form_is_the_condition(random: Random, depth: int, timed: bool) -> None:
    """For a random condition and its opposite, in any context, with `now` given or not."""
    try:
        node = tree_of(Writer(random, FIELDS, dynamic=0).condition(depth))
    except ExpressionError:  # a literal that cannot be read
        reject()
    for _ in range(10):
        slots, _ = SHAPE.read(context(random, SHAPE))
        fields = SHAPE.known(slots)
        now = fields.get("now")
        given_now = int(now) if timed and isinstance(now, int) else None
        verdict = reference.judge(node, fields, BOOK_FUNCTIONS)
        assert holds(normal(node, now=given_now), fields) is (verdict is True)
        opposite = normal(node, positive=False, now=given_now)
        assert holds(opposite, fields) is (verdict is False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("since(customer.joined) > days(3)", "customer.joined < Timestamp('2026-02-27T10:00:00Z')"),
        (
            "within(customer.joined, hours(1))",
            (
                "all(customer.joined > Timestamp('2026-03-02T09:00:00Z'), "
                "customer.joined <= Timestamp('2026-03-02T10:00:00Z'))"
            ),
        ),
        ("customer.joined < now", "customer.joined < Timestamp('2026-03-02T10:00:00Z')"),
        (
            "customer.joined - now <= days(1)",
            "customer.joined <= Timestamp('2026-03-03T10:00:00Z')",
        ),
        (
            "now - customer.joined >= days(1)",
            "customer.joined <= Timestamp('2026-03-01T10:00:00Z')",
        ),
    ],
)
def test_times_become_tests_when_now_is_given(text: str, expected: str) -> None:
    """What compares a time with `now` is a test of that time."""
    now = 1_772_445_600 * 10**9  # 2026-03-02T10:00:00Z
    assert shown(normal(tree_of(text), now=now)) == expected
