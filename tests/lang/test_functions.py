"""The table of functions: each means what its row says, in both evaluators."""

from __future__ import annotations

import inspect
from typing import Any, Literal

import pytest
from tests.conformance.suite import same

from nba import lang
from nba.errors import EvaluationError
from nba.lang.functions import BOOK_FUNCTIONS, CEL_FUNCTIONS, dispatch, pattern
from nba.lang.values import INT_MAX, INT_MIN, Duration, UInt, parse_timestamp

PATHS: tuple[Literal["compiled", "reference"], ...] = ("compiled", "reference")
NOW = parse_timestamp("2026-03-01T10:00:00Z")
DAY = 86_400 * 10**9
NONE = object()


def value(text: str, **bindings: Any) -> object:
    """Return the value on both paths, which are the same, or NONE where there is none."""
    found = []
    for path in PATHS:
        try:
            found.append(lang.evaluate(text, {"now": NOW, **bindings}, check=False, path=path))
        except EvaluationError:
            found.append(NONE)
    assert (found[0] is found[1] is NONE) or same(found[0], found[1])
    return found[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # what only rule books are told of
        ("days(3)", Duration(3 * DAY)),
        ("days(0.5)", Duration(DAY // 2)),
        ("hours(-2)", Duration(-2 * 3600 * 10**9)),
        ("minutes(1)", Duration(60 * 10**9)),
        ("days(200000)", NONE),
        ("days(9223372036854775807)", NONE),
        ("days(0.0 / 0.0)", NONE),
        ("days(1e300)", NONE),
        ("since(timestamp('2026-02-27T10:00:00Z')) == days(2)", True),
        ("since(timestamp('0001-01-01T00:00:00Z'))", Duration(INT_MAX)),
        ("since(timestamp('9999-01-01T00:00:00Z'))", Duration(INT_MIN)),
        ("within(now, days(1))", True),
        ("within(now - days(1), days(1))", False),
        ("within(now - days(1) + duration('1ns'), days(1))", True),
        ("within(now + duration('1ns'), days(1))", False),
        ("count([1, 2])", 2),
        ("sum([1, 2])", 3),
        ("sum([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])", 1.0),
        ("sum([1e16, 1.0, -1e16])", 1.0),
        ("sum([9223372036854775807, 1])", NONE),
        ("sum([1e308, 1e308])", NONE),
        ("sum([1.0 / 0.0, -1.0 / 0.0])", NONE),
        ("sum(['a'])", NONE),
        ("sum([1, 2.0])", NONE),
        ("sum([true])", NONE),
        ("sum([dyn(1.5), dyn(2.5)])", 4.0),
        ("avg([1, 2])", 1.5),
        ("avg([1.0, 2.0])", 1.5),
        ("avg(['a'])", NONE),
        ("avg([1].filter(x, false))", NONE),
        ("sum([1].filter(x, false))", 0),
        ("min([3, 1, 2])", 1),
        ("max([3, 1, 2])", 3),
        ("max(['a', 'b'])", "b"),
        ("max([days(1), hours(2)])", Duration(DAY)),
        ("min([1].filter(x, false))", NONE),
        ("min([dyn(1), dyn('a')])", NONE),
        ("sets.intersects([1, 2], [2.0])", True),
        ("sets.intersects([1], [2])", False),
        # arithmetic
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("7 % -2", 1),
        ("1 / 0", NONE),
        ("1 % 0", NONE),
        ("1.0 / 0.0", float("inf")),
        ("-9223372036854775808 / -1", NONE),
        ("-9223372036854775808 % -1", NONE),
        ("-(-9223372036854775808)", NONE),
        ("9223372036854775807 + 1", NONE),
        ("9223372036854775807 * 2", NONE),
        ("1u - 2u", NONE),
        ("5u % 3u", UInt(2)),
        ("1u + 1", NONE),
        ("now + duration('2562047h')", parse_timestamp("2318-06-11T09:00:00Z")),
        ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", NONE),
        ("[1, 2, 3][1.0]", 2),
        ("[1, 2, 3][dyn(0.5)]", NONE),
        ("[1][dyn(1.0 / 0.0)]", NONE),
        ("[1][dyn(0.0 / 0.0)]", NONE),
        ("[1][-1]", NONE),
        ("[1][1]", NONE),
        # text
        ("'abc'.matches('b')", True),
        ("'abc'.matches('^b')", False),
        ("'abc'.matches('(')", NONE),
        ("matches('aé', 'é$')", True),
        ("'é😀'.size()", 2),
        ("size(bytes('é'))", 2),
        # conversions
        ("int('+5')", 5),
        ("int('5_0')", NONE),
        ("int(' 5')", NONE),
        ("int('٣')", NONE),
        ("int(1.9)", 1),
        ("int(-1.9)", -1),
        ("int(9.3e18)", NONE),
        ("int(0.0 / 0.0)", NONE),
        ("uint(-1)", NONE),
        ("uint('-1')", NONE),
        ("double('1_0')", NONE),
        ("double('1e3')", 1000.0),
        ("bool('TRUE')", True),
        ("bool('yes')", NONE),
        ("string(b'\\xff')", NONE),
        ("string(1.0)", "1"),
        ("string(true)", "true"),
        ("string(duration('90m'))", "5400s"),
        ("duration(1)", NONE),
        ("type(1u) == uint", True),
        ("type(now) == google.protobuf.Timestamp", True),
        ("type(type(1)) == type", True),
        # calendars
        ("timestamp('2026-03-29T00:30:00Z').getHours('Europe/Dublin')", 0),
        ("timestamp('2026-03-29T01:30:00Z').getHours('Europe/Dublin')", 2),
        ("timestamp('2026-03-01T10:00:00Z').getDayOfWeek()", 0),
        ("timestamp('2026-03-01T23:30:00Z').getDate('+01:00')", 2),
        ("timestamp('2026-03-01T10:00:00Z').getHours('nowhere')", NONE),
        ("timestamp('2026-03-01T10:00:00Z').getHours('../UTC')", NONE),
        ("timestamp('2026-03-01T10:00:00Z').getHours('\\u0000')", NONE),
        ("timestamp('0001-01-01T00:00:00Z').getFullYear('-01:00')", NONE),
        ("duration('-3661.5s').getMinutes()", -61),
        ("duration('-1.5s').getMilliseconds()", -500),
    ],
)
def test_meaning(text: str, expected: object) -> None:
    """One value, or none; the edges in particular."""
    found = value(text)
    if expected is NONE:
        assert found is NONE
    else:
        assert same(found, expected), found


def test_text_without_a_utf8_form() -> None:
    """A lone surrogate, which JSON may bring, is text like any other until it has to be bytes."""
    assert value("x.size()", x="\ud800") == 1
    assert value("x.matches('a')", x="\ud800") is NONE
    assert value("'a'.matches(x)", x="\ud800") is NONE
    assert value("bytes(x)", x="\ud800") is NONE
    assert value("x == x + ''", x="\ud800") is True


def test_patterns_are_linear() -> None:
    """RE2 has no lookaround and no backreferences, so no pattern takes forever."""
    assert value("x.matches('^(a+)+$')", x="a" * 50_000 + "b") is False
    for refused in ("(?=a)", r"(a)\1", "a{2000}"):
        with pytest.raises(EvaluationError, match="is not a pattern"):
            pattern(refused)


def test_rule_books_divide_by_zero_without_a_result() -> None:
    """Outside of them doubles follow IEEE 754."""
    with pytest.raises(EvaluationError, match="division by zero"):
        dispatch(BOOK_FUNCTIONS, "/", [1.0, 0.0])
    assert dispatch(CEL_FUNCTIONS, "/", [1.0, -0.0]) == float("-inf")
    assert set(BOOK_FUNCTIONS) == set(CEL_FUNCTIONS)


def test_what_does_not_fit_is_said() -> None:
    """The types that were given, and the name as it is written."""
    with pytest.raises(EvaluationError, match=r"`size` does not take \(int\)"):
        dispatch(CEL_FUNCTIONS, ".size", [1])
    with pytest.raises(EvaluationError, match="there is no function `f`"):
        dispatch(CEL_FUNCTIONS, ".f", [1])


def test_rows_are_consistent() -> None:
    """Each meaning takes as many arguments as its row has parameters, and no row stands twice."""
    for name, rows in BOOK_FUNCTIONS.items():
        assert len({row.params for row in rows}) == len(rows), name
        for row in rows:
            try:
                signature = inspect.signature(row.meaning)
            except ValueError:
                continue  # of a builtin that does not say
            signature.bind(*row.params)
            assert row.name == name
            assert row.python is not None or row.guard is None
