"""The libraries math, strings and optionals, names for values, and two variables at once.

What the conformance suite leaves out: edges, what is unknown in a rule book, and bounds.
"""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from tests.conformance.suite import same
from tests.lang.contexts import SHAPE
from tests.lang.test_functions import NONE, value

from nba import lang
from nba.errors import EvaluationError, ExpressionError
from nba.lang import OptionalValue, UInt, reference
from nba.lang.check import Environment, check
from nba.lang.functions import BOOK_FUNCTIONS, CEL_FUNCTIONS
from nba.lang.python import UNKNOWN, Program
from nba.lang.syntax import parse
from nba.lang.values import INT_MAX, INT_MIN, MAX_SIZE, equal

BOOK = Environment(SHAPE.names(), book=True)
CUSTOMER: dict[str, Any] = {
    "name": "Ann Lee",
    "age": 33,
    "value": -2.5,
    "tags": ["a", "b"],
    "points": {"a": 1, "b": 2},
    "events": [{"type": "contact", "topic": "bill"}, {"type": "complaint"}],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # math
        ("math.greatest(1, 1.0)", 1),
        ("math.least(2, 1u, 1.0)", UInt(1)),
        ("math.greatest([])", NONE),
        ("math.greatest('a', 'b')", NONE),
        ("math.greatest([dyn('a'), dyn('b')])", NONE),
        ("math.greatest(1.0, 0.0 / 0.0)", 1.0),
        ("math.ceil(-0.5)", -0.0),
        ("math.ceil(1.0 / 0.0)", math.inf),
        ("math.round(0.49999999999999994)", 0.0),
        ("math.round(-0.5)", -1.0),
        ("math.round(4503599627370497.5)", 4503599627370498.0),
        ("math.trunc(1e308)", 1e308),
        ("math.sign(-0.0)", 0.0),
        ("math.sign(0.0 / 0.0)", math.nan),
        ("math.sqrt(-1)", math.nan),
        ("math.sqrt(9u)", 3.0),
        ("math.bitShiftLeft(1, 63)", INT_MIN),
        ("math.bitShiftLeft(3, 9223372036854775807)", 0),
        ("math.bitShiftRight(-1, 0)", -1),
        ("math.bitShiftRight(-1, 1)", INT_MAX),
        ("math.bitNot(9223372036854775807)", INT_MIN),
        ("math.abs(dyn('a'))", NONE),
        # strings
        ("'é😀'.charAt(1)", "😀"),
        ("'a'.charAt(2)", NONE),
        ("'abc'.indexOf('c', 3)", -1),
        ("'abc'.indexOf('c', -1)", NONE),
        ("'abab'.lastIndexOf('ab', 1)", 0),
        ("'aaa'.replace('', '-', 2)", "-a-aa"),
        ("'aaa'.replace('a', 'b', 0)", "aaa"),
        ("'aaa'.replace('a', 'b', -1)", "bbb"),
        ("'a,b,c'.split(',', 2)", ["a", "b,c"]),
        ("'abc'.split('')", ["a", "b", "c"]),
        ("'abc'.split('', 2)", ["a", "bc"]),
        ("''.split('')", []),
        ("''.split(',')", [""]),
        ("'İI'.lowerAscii()", "İi"),
        ("'\\u001ca\\u001c'.trim()", "\x1ca\x1c"),
        ("['a', dyn(1)].join()", NONE),
        ("strings.quote('\\u0007\\'\"')", '"\\a\'\\""'),
        # format
        ("'%s'.format([{true: 1, 'b': [1.0, null]}])", "{b: [1, null], true: 1}"),
        ("'%s'.format([b'\\xff'])", NONE),
        ("'%s'.format([optional.of(1)])", NONE),
        ("'%.2s'.format(['a'])", NONE),
        ("'%.1001f'.format([1.0])", NONE),
        ("'100%'.format([])", NONE),
        ("'%d'.format([1.0])", NONE),
        ("'%x %o %b'.format([-255, -8, -2])", "-ff -10 -10"),
        ("'%s %s'.format(['a'])", NONE),
        # optionals
        ("optional.of(1)", OptionalValue((1,))),
        ("optional.none()", OptionalValue()),
        ("optional.none().value()", NONE),
        ("optional.ofNonZeroValue(0.0).hasValue()", False),
        ("optional.ofNonZeroValue(optional.none()).hasValue()", False),
        ("optional.of(1).orValue(1 / 0)", 1),
        ("optional.of(1).or(optional.of(1 / 0)).value()", 1),
        ("optional.none().orValue(1 / 0)", NONE),
        ("dyn(1).orValue(2)", NONE),
        ("optional.none().or(dyn(1))", NONE),
        ("optional.of(1) == optional.of(1.0)", True),
        ("optional.of(1) == dyn(1)", False),
        ("optional.of(optional.none()) == optional.of(optional.of(1))", False),
        ("[optional.of(1), null][1].hasValue()", NONE),
        ("{'a': 1}.?a.?b", NONE),
        ("{'a': {'b': 1}}.?a.?b", OptionalValue((1,))),
        ("optional.of([1])[1]", OptionalValue()),
        ("[1][?-1]", OptionalValue()),
        ("[1][?1.5]", NONE),
        ("{1: 2}[?b'a']", OptionalValue()),
        ("{1: 2}[?1.0].value()", 2),
        ("'abc'[?0]", NONE),
        ("{?'a': dyn(1)}", NONE),
        ("{?'a': optional.none(), 'a': 1}", {"a": 1}),
        ("{?'a': optional.of(2), 'a': 1}", NONE),
        ("[?dyn(1)]", NONE),
        ("optional.of(1).optMap(x, 1 / 0)", NONE),
        ("optional.none().optMap(x, 1 / 0)", OptionalValue()),
        ("[1].optMap(x, x)", NONE),
        ("optional.of(1) in [optional.of(1)]", True),
        ("optional.of(1) < optional.of(2)", NONE),
        # names for values
        ("cel.bind(x, 1 / 0, true || x == 1)", True),
        ("cel.bind(x, 1 / 0, x == 1)", NONE),
        ("cel.bind(x, 1, cel.bind(x, x + 1, x * 10))", 20),
        ("[1, 2].map(x, cel.bind(y, x * 2, y + x))", [3, 6]),
        ("cel.bind(x, 3, [1, 2].map(y, x).map(x, x + 1))", [4, 4]),
        # two variables
        ("{'a': 1}.transformList(k, v, k + string(v))", ["a1"]),
        ("{true: 1}.transformMap(k, v, k)", {True: True}),
        ("[5, 6].transformMap(i, v, v > 5, v)", {1: 6}),
        ("[5, 6].transformMapEntry(i, v, {v: i})", {5: 0, 6: 1}),
        ("[5, 5].transformMapEntry(i, v, {v: i})", NONE),
        ("[5].transformMapEntry(i, v, dyn(1))", NONE),
        ("{'a': 1}.exists(k, v, 1 / 0 > 1 || v == 1)", True),
        ("'abc'.exists(i, c, true)", NONE),
    ],
)
def test_meaning(text: str, expected: object) -> None:
    """One value on both paths, or none."""
    found = value(text)
    assert (found is NONE) if expected is NONE else same(found, expected), found


def in_book(text: str) -> object:
    """Return the value for a customer of a rule book, the same on both paths, or UNKNOWN."""
    tree = check(parse(text), BOOK)
    program = Program(lambda path: f"c[{SHAPE.slots[path]}]", BOOK_FUNCTIONS, "None")
    name = program.value(tree)
    slots, _ = SHAPE.read({"customer": CUSTOMER})
    found = program.build()[name](slots)
    try:
        assert same(found, reference.evaluate(tree, SHAPE.known(slots), BOOK_FUNCTIONS))
    except EvaluationError:
        assert found is UNKNOWN
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customer.?name.orValue('nobody')", "Ann Lee"),
        ("customer.?tier.orValue('none')", "none"),
        ("customer.?visits.orValue(customer.age)", 33),
        ("customer.?name.orValue(customer.zone)", "Ann Lee"),
        ("customer.?risk.orValue(1)", 0.1),
        ("customer.?consent.email.hasValue()", False),
        ("customer.consent.?email.orValue(true)", True),
        ("has(customer.?consent.email)", False),
        ("customer.?points.b.orValue(0)", 2),
        ("customer.?points.zz.orValue(0)", 0),
        ("customer.?notes.a.orValue('none')", "none"),
        ("customer.notes.?a.orValue('none')", UNKNOWN),  # of what is not known at all
        ("customer.events[?7].?topic.orValue('none')", "none"),
        ("customer.events.map(e, e.?topic.orValue('none'))", ["bill", "none"]),
        ("customer.events.exists(e, e.?topic.hasValue() && e.type == 'complaint')", False),
        ("[?customer.?name, ?customer.?tier]", ["Ann Lee"]),
        ("{?'name': customer.?name, ?'tier': customer.?tier}", {"name": "Ann Lee"}),
        ("customer.?age.optMap(a, a + 1).orValue(0)", 34),
        ("customer.name.charAt(70)", UNKNOWN),
        ("customer.name.substring(4, 3)", UNKNOWN),
        ("customer.tier.lowerAscii()", UNKNOWN),
        ("'%s'.format([customer.tier])", UNKNOWN),
        ("'%s is %d'.format([customer.name, customer.age])", "Ann Lee is 33"),
        ("math.sqrt(customer.value)", UNKNOWN),  # no number, and so no answer either way
        ("math.greatest(customer.value, 0, 1.5)", 1.5),
        ("math.abs(customer.value) + 1", 3.5),
        ("cel.bind(t, customer.tier, t == 'gold' || customer.age > 30)", True),
        ("cel.bind(t, customer.tier, t == 'gold' && customer.age > 30)", UNKNOWN),
        ("cel.bind(t, customer.tier, t == 'gold' && customer.age > 90)", False),
        ("customer.tags.exists(i, t, i == 1 && t == 'b')", True),
        ("customer.points.exists(k, n, k == 'b' && n == 2)", True),
        ("customer.events.transformList(i, e, e.type == 'contact', i)", [0]),
    ],
)
def test_in_a_rule_book(text: str, expected: object) -> None:
    """What is missing is unknown, unless it is asked for as an optional."""
    assert same(in_book(text), expected)


HOSTILE = {
    "replace": "'a'" + ".replace('a', 'aaaaaaaaaa')" * 30,
    "concatenation": "['a']" + ".map(x, x + x)" * 30,
    "bytes": "[b'a']" + ".map(x, x + x)" * 30,
    "lists": "[[1]]" + ".map(x, x + x)" * 30,
    "format": "['a']" + ".map(x, '%s%s'.format([x, x]))" * 25,
    "hexadecimal": "['a']" + ".map(x, '%x'.format([x]))" * 28,
    "quote": "['\"']" + ".map(x, strings.quote(x))" * 28,
    "join": "['a']" + ".map(x, [x, x].join())" * 28,
    "optMap": "optional.of('a')" + ".optMap(x, x + x)" * 28,
    "a list of lists": f"'%s'.format([[1]{'.map(x, [x, x])' * 25}])",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_made_is_bounded(name: str) -> None:
    """Doubling again and again ends early, and soon."""
    start = time.perf_counter()
    assert value(HOSTILE[name]) is NONE
    assert time.perf_counter() - start < 20


def test_size_is_bounded_where_it_grows_only() -> None:
    """Long text that an application hands in can be read, and made shorter."""
    text = "a" * (MAX_SIZE * 2)
    assert value("x.replace('a', 'b').size()", x=text) == MAX_SIZE * 2
    assert value("x.replace('a', 'bb').size()", x=text) is NONE
    assert value("x + ''", x="a" * MAX_SIZE) == "a" * MAX_SIZE
    assert value("x + 'a'", x="a" * MAX_SIZE) is NONE


def test_what_holds_itself_many_times_is_compared_once() -> None:
    """Thirty lists of two make a list of a thousand million."""
    one, other = [1], [1]
    for _ in range(30):
        one, other = [one, one], [other, other]  # type: ignore[list-item]
    assert equal(one, other)
    assert not equal(one, [other, [other]])


@pytest.mark.parametrize(
    "text",
    [
        "cel.bind(a, 1, cel.bind(b, 2, cel.bind(c, 3, cel.bind(d, 4, a))))",
        "cel.bind(a, cel.bind(b, cel.bind(c, cel.bind(d, 4, d), c), b), a)",
        "[1].exists(i, x, [1].all(j, y, cel.bind(k, 1, [1].exists(l, z, true))))",
        "optional.of(1).optMap(a, [1].map(b, [1].map(c, optional.of(1).optFlatMap(d, d))))",
    ],
)
def test_nesting_is_bounded(text: str) -> None:
    """Macros of every kind count."""
    with pytest.raises(ExpressionError, match="more than 3 comprehensions are nested"):
        parse(text)


def test_types() -> None:
    """What the checker finds of the new forms."""
    types = {"m": "map(string, int)", "l": "list(string)", "o": "optional_type(int)"}
    for text, expected in {
        "m.?a": "optional_type(int)",
        "m[?'a']": "optional_type(int)",
        "l[?0]": "optional_type(string)",
        "o.orValue(1)": "int",
        "o.optMap(x, string(x))": "optional_type(string)",
        "o.optFlatMap(x, l[?x])": "optional_type(string)",
        "[?o, 1]": "list(int)",
        "{?'a': o}": "map(string, int)",
        "m.transformList(k, v, k)": "list(string)",
        "l.transformMap(i, x, x)": "map(int, string)",
        "m.transformMapEntry(k, v, {v: k})": "map(int, string)",
        "cel.bind(x, l, x[0])": "string",
        "math.greatest(1, 2)": "int",
        "math.greatest(1, 2.0)": "dyn",
        "math.greatest(1, 2, 3)": "int",
        "'a'.split(',')": "list(string)",
        "type(o) == optional_type": "bool",
    }.items():
        assert str(lang.check(text, types)) == expected, text


def test_a_bound_optional_is_read() -> None:
    """An optional that was returned can be handed in again."""
    made = lang.evaluate("{'a': 1}.?a")
    assert lang.evaluate("x.orValue(2)", {"x": made}) == 1
    assert lang.evaluate("x.orValue(2)", {"x": made}, types={"x": "optional_type(int)"}) == 1
    assert str(made) == "optional.of(1)"
    with pytest.raises(EvaluationError):
        lang.evaluate("x.hasValue()", {"x": made}, types={"x": "optional_type(string)"})


def test_rule_books_have_every_function() -> None:
    """The two tables differ in meanings only."""
    for name, rows in CEL_FUNCTIONS.items():
        assert [row.params for row in rows] == [row.params for row in BOOK_FUNCTIONS[name]]
