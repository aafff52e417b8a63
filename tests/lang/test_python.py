"""Generated code: what it looks like, that it never raises, and cases that once went wrong."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from tests.conformance.suite import same
from tests.lang.contexts import SHAPE

from nba import lang
from nba.errors import EvaluationError, ExpressionError
from nba.lang import tree
from nba.lang.check import Environment, check
from nba.lang.functions import BOOK_FUNCTIONS, Overload
from nba.lang.python import UNKNOWN, Program
from nba.lang.syntax import MAX_DEPTH, parse
from nba.lang.text import write
from nba.lang.values import (
    INT_MAX,
    INT_MIN,
    NEVER,
    UINT_MAX,
    Duration,
    Timestamp,
    UInt,
    parse_timestamp,
)

BOOK = Environment(SHAPE.names(), book=True)


def program() -> Program:
    """Return an empty program that reads slots."""
    return Program(lambda path: f"c[{SHAPE.slots[path]}]", BOOK_FUNCTIONS, "None")


def test_a_condition_is_one_expression() -> None:
    """Missing data costs a test, and no call."""
    made = program()
    made.holds(check(parse("customer.tier in ['gold', 'silver'] && customer.age >= 3"), BOOK))
    tier, age = SHAPE.slots["customer.tier"], SHAPE.slots["customer.age"]
    assert made.source == (
        "def holds_3(c):\n"
        f"    return True if ((c[{tier}] in ('gold', 'silver',)) "
        f"and ((t_1 := c[{age}]) is not None and (t_1 >= (3)))) else False"
    )


def test_functions_of_one_program_stand_beside_each_other() -> None:
    """Many conditions are compiled together, each under its own name."""
    made = program()
    texts = [f"customer.age > {limit}" for limit in range(50)]
    names = [made.holds(check(parse(text), BOOK)) for text in texts]
    built = made.build()
    slots, _ = SHAPE.read({"customer": {"age": 25}})
    assert [built[name](slots) for name in names] == [limit < 25 for limit in range(50)]


def test_three_ways_to_ask() -> None:
    """Whether it holds, which of the three it is, and the value."""
    made = program()
    node = check(parse("customer.age > 3"), BOOK)
    names = made.holds(node), made.verdict(node), made.value(node)
    holds, verdict, value = (made.build()[name] for name in names)
    for given, truth in (({"age": 4}, True), ({"age": 3}, False), ({}, None)):
        slots, _ = SHAPE.read({"customer": given})
        assert holds(slots) is (truth is True)
        assert verdict(slots) is truth
        assert value(slots) is (UNKNOWN if truth is None else truth)


def test_text_of_a_book_is_data() -> None:
    """Nothing that an author writes becomes code, whatever it looks like."""
    for text in ("');import os;('", '""" + x + """', "{0}", "{t}", "\\", "\n", "\0", "#", "é"):
        assert lang.evaluate(f"x == {write(tree.Literal(0, 0, text))}", {"x": text}) is True
    assert lang.evaluate("x.`a-b/c d`", {"x": {"a-b/c d": 1}}) == 1
    assert lang.evaluate("class + None", {"class": 1, "None": 2}) == 3


@pytest.mark.parametrize(
    ("before", "inner", "after"),
    [
        ("!(", "customer.vip", ")"),
        ("(1 + ", "customer.age", ")"),
        ("(customer.vip ? ", "1", " : 2)"),
        ("default(", "customer.vip", ", false)"),
        ("(true == ", "customer.vip", ")"),
        ("[", "customer.age", "][0]"),
        ("(customer.vip && (false || ", "customer.vulnerable", "))"),
    ],
)
def test_deep_trees_are_cut_into_functions(before: str, inner: str, after: str) -> None:
    """The deepest expression there may be compiles, and its source does not explode."""
    times = MAX_DEPTH
    while True:
        try:
            node = check(parse(before * times + inner + after * times), BOOK)
            break
        except ExpressionError:
            times -= 1
    assert times > MAX_DEPTH // 5
    made = program()
    name = made.value(node)
    assert len(made.source) < 40_000
    slots, _ = SHAPE.read({"customer": {"vip": True, "age": 1}})
    made.build()[name](slots)


def test_nested_comprehensions_stay_small() -> None:
    """Code for both polarities is needed, but not for each polarity of each level again."""
    text = "customer.table.exists(x, x.exists(y, x.filter(z, z > y).size() > 0 && y == y))"
    made = program()
    made.verdict(check(parse(text), BOOK))
    assert len(made.source) < 4_000


@pytest.mark.parametrize(
    ("text", "bound", "expected"),
    [
        # a dynamic part says nothing about the type of the rest
        ("(x + [[1]])[0].size()", {"x": [1]}, None),
        ("(x + [1])[0] + 1", {"x": ["a"]}, None),
        ("[{x: 1}, {'a': x}].map(m, m.map(k, k.size()))", {"x": 1}, None),
        ("x['b'] + 'b'", {"x": {"b": "a"}}, "ab"),
        # lists of mixed content do not fit functions of lists of one type
        ("sum(x)", {"x": ["a"]}, None),
        ("sum(x)", {"x": [1.5, 2.5]}, 4.0),
        ("avg(x)", {"x": ["a"]}, None),
        # what is neither true nor false is unknown, folded literals too
        ("size('ab') ? 1 : 2", {}, None),
        ("size('ab') && true", {}, None),
        ("!size('ab') || true", {}, True),
        ("1 && true", {}, None),
        ("1 ? 2 : 3", {}, None),
        # indexes that are no ints
        ("[1][x]", {"x": float("nan")}, None),
        ("[1][x]", {"x": float("inf")}, None),
        # members of maps that cannot be keys
        ("x in {'a': 1}", {"x": [1]}, False),
        ("x in {1: 1}", {"x": True}, False),
        ("{true: 'b', 1: 'a'}[x]", {"x": True}, "b"),
        # raw numbers regain their class
        ("type(x - x) == google.protobuf.Duration", {"x": lang.Timestamp(5)}, True),
        ("[x - x][0]", {"x": lang.Timestamp(5)}, lang.Duration(0)),
        ("true ? x + duration('1s') : x", {"x": lang.Timestamp(0)}, lang.Timestamp(10**9)),
        ("default(x + duration('1ns'), x)", {"x": lang.Timestamp(0)}, lang.Timestamp(1)),
        ("x == 1 || x - x == 0", {"x": lang.Timestamp(5)}, False),
        ("[1u + 2u]", {}, [lang.UInt(3)]),
        # shadowing
        ("[1].map(x, [2].map(x, x))", {"x": 5}, [[2]]),
        ("[1].map(c, c + x)", {"x": 1}, [2]),
        ("[1].map(source, [2].map(found, source + found))", {}, [[3]]),
    ],
)
def test_cases_that_went_wrong_or_could(text: str, bound: dict[str, Any], expected: object) -> None:
    """Found by random search or by reading; None stands for no value."""
    for path in ("compiled", "reference"):
        try:
            found = lang.evaluate(text, bound, check=False, path=path)
        except EvaluationError:
            found = None
        assert (type(found), found) == (type(expected), expected)


#: Values of each type at the ends of its range and around zero.
EDGES: dict[str, tuple[object, ...]] = {
    "bool": (True, False),
    "int": (0, 1, -1, 2, 3, -7, INT_MAX, INT_MIN),
    "uint": (UInt(0), UInt(1), UInt(UINT_MAX)),
    "double": (0.0, -0.0, 1.0, -1.5, 1e308, 5e-324, math.inf, -math.inf, math.nan),
    "string": ("", "a", "ab", "é", "\U0001f600", "\ud800"),
    "bytes": (b"", b"a", b"\xff"),
    "timestamp": (NEVER, Timestamp(0), Timestamp(-1), parse_timestamp("9999-12-31T23:59:59Z")),
    "duration": tuple(map(Duration, (0, 1, -1, 3600 * 10**9, INT_MAX, INT_MIN))),
    "list": ([], [1], [1, 2, 3]),
    "map": ({}, {"a": 1}),
}


@pytest.mark.parametrize(
    "row",
    [row for rows in BOOK_FUNCTIONS.values() for row in rows if row.python],
    ids=lambda row: f"{row.name}({', '.join(map(str, row.params))})",
)
def test_the_python_of_a_row_is_its_meaning(row: Overload) -> None:
    """For all combinations of edges: the same value of the same type, or none in both."""
    names = "xyz"[: len(row.params)]
    args: list[tree.Node] = []
    for name, param in zip(names, row.params, strict=True):
        field = tree.Field(0, 1, name)
        field.type = param
        args.append(field)
    node = tree.Call(0, 1, row.name, args)
    node.overload, node.type = row, row.result
    made = Program(lambda name: f"c[{name!r}]", BOOK_FUNCTIONS, "UNKNOWN")
    value, verdict = made.value(node), made.verdict(node)
    built = made.build()
    for given in itertools.product(*(EDGES[param.name] for param in row.params)):
        fields = dict(zip(names, given, strict=True))
        try:
            expected = row.meaning(*given)
        except EvaluationError:
            expected = UNKNOWN
        assert same(built[value](fields), expected), given
        truth = expected if isinstance(expected, bool) else None
        assert built[verdict](fields) is truth, given


def test_a_nan_is_in_no_list() -> None:
    """Not even in the one that holds it, though Python finds it there."""
    for text in ("[x].exists(y, y in [y])", "x in l"):
        bound = {"x": math.nan, "l": [math.nan]}
        types = {"x": "double", "l": "list(double)"}
        assert lang.evaluate(text, bound, types=types) is False
        assert lang.evaluate(text, bound, types=types, path="reference") is False


def test_since_with_a_now_that_is_no_time() -> None:
    """`now` has the type that it was declared with, not the one that is hoped for."""
    types = {"t": "timestamp"}
    for path in ("compiled", "reference"):
        with pytest.raises(EvaluationError):
            lang.evaluate(
                "since(t)",
                {"t": lang.Timestamp(0), "now": "soon"},
                types=types,
                path=path,
            )
