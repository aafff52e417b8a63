"""What is filled into a form is what the parser and the checker make of the text."""

from __future__ import annotations

import re
from dataclasses import fields
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lang.contexts import TEXTS
from tests.lang.strategies import SHAPE, Writer, fields_of

from nba.errors import Diagnostic, ExpressionError
from nba.lang.check import Environment, check
from nba.lang.forms import Forms
from nba.lang.syntax import locate_in, parse
from nba.lang.text import write
from nba.lang.tree import Node, walk
from nba.lang.types import BOOL, DOUBLE, INT, Type

BOOK = Environment(names=SHAPE.names(), book=True)
FIELDS = fields_of(SHAPE)
NUMBER = (DOUBLE, INT)


def checked(text: str, expect: tuple[Type, ...] = (BOOL,)) -> tuple[Node, str]:
    """Return the tree of a text and its canonical spelling, with nothing known before."""
    doubts: list[Diagnostic] = []
    node = check(parse(text), BOOK, locate_in(text), expect=expect, warnings=doubts)
    if doubts:
        raise ExpressionError(doubts)
    return node, write(node)


def taught(*texts: str, expect: tuple[Type, ...] = (BOOL,)) -> Forms:
    """Return the forms of texts, each of which came twice."""
    forms = Forms(BOOK)
    for text in texts * 2:
        if written := forms.read(text):
            forms.learn(written, checked(text, expect)[0])
    return forms


def filled(forms: Forms, text: str) -> tuple[Node, str] | None:
    """Return what a text is by the forms that are known."""
    written = forms.read(text)
    return forms.fill(written) if written else None


def whole(part: object) -> object:
    """Return all of a tree as plain data: places and types too."""
    if isinstance(part, list):
        return [whole(item) for item in part]
    if not isinstance(part, Node):
        return type(part).__name__, repr(part)
    return type(part).__name__, {
        one.name: whole(getattr(part, one.name)) for one in fields(part) if one.name != "overload"
    } | {"overload": id(getattr(part, "overload", None))}


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("customer.age > 18", "customer.visits > 2"),
        ("customer.age>18", "customer.visits>123"),
        ("customer.value > 3", "customer.risk > 17"),  # an int that is read as a double
        ("customer.value > 3.5", "customer.risk > 1.5e-3"),
        ("customer.tier == 'gold'", 'customer.tier == "silver"'),
        ("customer.tier in ['gold', 'bronze']", "customer.tier in ['silver', 'gold']"),
        ("customer.name == 'a'", 'customer.name == "it\'s"'),
        ("customer.vip && !customer.vulnerable", "customer.vulnerable && !customer.vip"),
        (
            "(customer.age > 1) && ((2) < customer.age)",
            "(customer.age > 12) && ((3) < customer.age)",
        ),
        ("since(customer.joined) > days(3)", "since(customer.consent.at) > days(3)"),
        ("within(customer.joined, days(3))", "within(customer.consent.at, days(3))"),
        ("customer.patience < duration('36h')", "customer.patience < duration('36h')"),
        ("has(customer.age)", "has(customer.visits)"),
        ("default(customer.age, 3) > 2", "default(customer.visits, 45) > 67"),
        (
            "customer.vip ? customer.age > 1 : true",
            "customer.vulnerable ? customer.age > 22 : true",
        ),
        ("customer.tags[0] == 'a'", "customer.tags[123] == 'bcd'"),
        ("2 + customer.value * 3 > 10", "23456 + customer.risk * 78 > 9"),
    ],
)
def test_a_known_form_is_filled_in(known: str, text: str) -> None:
    """The tree is the same to the last place, and so is the spelling."""
    found = filled(taught(known), text)
    assert found is not None
    node, spelling = checked(text)
    assert (whole(found[0]), found[1]) == (whole(node), spelling)


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("customer.age > 18", "customer.value > 18"),  # another type
        ("customer.age > 18", "customer.age > 18u"),
        ("customer.age > 18", "customer.age > 18.0"),
        ("customer.age > 18", "customer.age > 99999999999999999999"),
        ("customer.age > 18", "customer.oge > 18"),
        ("customer.tier == 'gold'", "customer.tier == 'golden'"),
        ("customer.tier == 'gold'", "customer.name == 'gold'"),
        ("customer.name == 'a'", r"customer.name == '\q'"),
        ("customer.name == 'a'", "customer.name == b'a'"),
        ("customer.name.matches('a+')", "customer.name.matches('(')"),
        ("customer.joined > timestamp('2026-01-01T00:00:00Z')", "customer.joined > timestamp('x')"),
        ("customer.patience > duration('3s')", "customer.patience > duration('3 s')"),
        ("customer.patience < days(3)", "customer.patience < days(999999999999999)"),
        ("customer.joined.getHours('UTC') > 3", "customer.joined.getHours('nowhere') > 3"),
        ("customer.age > 6 / 2", "customer.age > 6 / 0"),
        ("'%s'.format([customer.age]) == 'a'", "'%q'.format([customer.age]) == 'a'"),
        ("customer.tags.exists(now, customer.age > 1)", "customer.tags.exists(now, now > 1)"),
        ("customer.counts.exists(x, x > 1)", "customer.counts.exists(x, x > 2)"),
        ("customer.age > 1 // it's", "customer.age > 2 // it's"),
        ("has(customer.joined)", "has(now)"),
        ("customer.age > -1", "customer.age > -2"),
        ("customer.age > - 0", "customer.age > - 2"),
        ("customer.visits / customer.age > 1", "customer.age / customer.visits > 1"),
    ],
)
def test_what_is_not_sure_is_read_again(known: str, text: str) -> None:
    """Because more than a type counts, or because it is wrong and has to be told where."""
    forms = Forms(BOOK)
    for each in (known, known):
        written = forms.read(each)
        try:
            node, _ = checked(each)
        except ExpressionError:
            continue
        if written:
            forms.learn(written, node)
    assert filled(forms, text) is None


def test_a_form_is_kept_when_it_comes_again() -> None:
    """Most of what a small book says comes once."""
    forms = Forms(BOOK)
    for known in (False, False, True):
        written = forms.read("customer.age > 1")
        assert written is not None
        assert (forms.fill(written) is not None) is known
        forms.learn(written, checked("customer.age > 1")[0])


def test_leaves_at_the_same_place_are_the_same() -> None:
    """A large book has few fields and strings, which stand at few places."""
    forms = taught("customer.name == 'a'")
    one, other = (filled(forms, f"customer.name == {text}") for text in ("'abc'", "'abd'"))
    assert one is not None
    assert other is not None
    assert [a is b for a, b in zip(walk(one[0]), walk(other[0]), strict=True)] == [
        False,
        False,
        True,
    ]


_LITERAL = re.compile(r"'[^'\\]*'|(?<![\w.])[0-9]+(?:\.[0-9]+)?(?![\w.])|customer(?:\.[a-z]+)+")


def altered(random: Random, text: str) -> str:
    """Return a text with other literals and fields in it, most of which fit as well."""

    def other(found: re.Match[str]) -> str:
        if random.randrange(3) == 0:
            return found[0]
        if found[0].startswith("'"):
            return f"'{random.choice((*TEXTS, 'silver', 'bronze'))}'"
        if found[0].startswith("customer"):
            kind = next((kind for kind, paths in FIELDS.items() if found[0] in paths), "")
            return random.choice(list(FIELDS[kind])) if kind else found[0]
        number = str(random.choice((0, 1, 2, 30, 456, 10**15)))
        return f"{number}.25" if "." in found[0] else number

    return _LITERAL.sub(other, text)


@given(st.randoms(use_true_random=False))
def test_the_same_as_checking(random: Random) -> None:
    """Whatever is known, nothing is filled in that is wrong, or would be checked to be another."""
    forms = Forms(BOOK)
    writer = Writer(random, FIELDS, dynamic=0)
    kind = random.choice(("bool", "bool", "double", "int"))
    expect = (BOOL,) if kind == "bool" else NUMBER
    first = writer.write(kind, random.randrange(1, 5))
    for text in [first, first, *(altered(random, first) for _ in range(8))]:
        written = forms.read(text)
        found = forms.fill(written) if written else None
        try:
            node, spelling = checked(text, expect)
        except ExpressionError:
            assert found is None, text
            continue
        if found is not None:
            assert (whole(found[0]), found[1]) == (whole(node), spelling), text
        if written:
            forms.learn(written, node)
