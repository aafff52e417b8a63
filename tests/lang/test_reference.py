"""What an expression means where something is missing: Kleene's logic, and what it needs."""

from __future__ import annotations

import itertools

import pytest

from nba.errors import EvaluationError
from nba.lang.check import Environment, check
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.reference import evaluate, judge
from nba.lang.syntax import parse
from nba.lang.types import BOOL, DYN, INT, STRING, list_of, map_of

NAMES = {
    **dict.fromkeys("pqr", BOOL),
    **dict.fromkeys("abc", INT),
    "l": list_of(INT),
    "m": map_of(STRING, INT),
    "d": DYN,
}
TRUTHS = (True, False, None)


def said(text: str, **fields: object) -> bool | None:
    """Return whether a condition holds; a field that is None is absent."""
    known = {name: value for name, value in fields.items() if value is not None}
    return judge(check(parse(text), Environment(NAMES, book=True)), known, BOOK_FUNCTIONS)


def kleene_and(*truths: bool | None) -> bool | None:
    """Return what `&&` means, written as a table: false wins, then unknown."""
    return False if False in truths else None if None in truths else True


@pytest.mark.parametrize(("p", "q"), list(itertools.product(TRUTHS, TRUTHS)))
def test_kleene(p: bool | None, q: bool | None) -> None:
    """All nine cases of each connective, and what is derived from them."""
    negated = {True: False, False: True, None: None}
    fields = {"p": p, "q": q}
    assert said("p && q", **fields) is kleene_and(p, q)
    assert said("p || q", **fields) is negated[kleene_and(negated[p], negated[q])]
    assert said("!p", **fields) is negated[p]
    assert said("p == q", **fields) is (None if None in (p, q) else p is q)
    assert said("p != q", **fields) is (None if None in (p, q) else p is not q)
    assert said("p ? q : !q", **fields) is (None if None in (p, q) else q if p else not q)
    assert said("p ? true : q", **fields) is (None if p is None else True if p else q)
    assert said("default(p, q)", **fields) is (q if p is None else p)
    assert said("has(m.x) || p", m={}, p=p) is p


@pytest.mark.parametrize("truths", list(itertools.product(TRUTHS, repeat=3)))
def test_quantifiers_are_repeated_connectives(truths: tuple[bool | None, ...]) -> None:
    """`exists` is `||` over the items and `all` is `&&`, unknown ones included."""
    at = ", ".join({True: "1", False: "0", None: "9"}[truth] for truth in truths)
    test = "(x == 9 ? p : x == 1)"  # p is absent
    assert said(f"[{at}].all(x, {test})") is kleene_and(*truths)
    assert said(f"[{at}].exists(x, {test})") is (
        True if True in truths else None if None in truths else False
    )
    unknown = None in truths
    assert said(f"[{at}].exists_one(x, {test})") is (None if unknown else truths.count(True) == 1)
    assert said(f"[{at}].filter(x, {test}).size() > 0") is (None if unknown else True in truths)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 1", None),
        ("b / c > 1", None),  # c is 0
        ("b + 9223372036854775807 > 0", None),
        ("l[5] > 1", None),
        ("m.zz > 1", None),
        ("has(m.zz)", False),
        ("has(m.x)", True),
        ("l.exists(x, x > 2)", True),
        ("l.filter(x, false).exists(x, true)", False),
        ("l.filter(x, false).all(x, false)", True),
        ("default(a, 5) == 5", True),
        ("default(b / c, 7) == 7", True),
        ("default(a, a) == 1", None),
        ("default(b, 5) == 1", True),
        ("a == a", None),
        ("a in [1, 2]", None),
        ("1 in [1, a]", None),
        ("dyn(1)", None),  # neither true nor false
        ("dyn(1) && true", None),
        ("dyn(1) && false", False),
        ("!dyn('a')", None),
        ("[1, a].size() == 2", None),
        ("{'x': a}.size() == 1", None),
        ("{'x': 1, 'x': 2}.size() == 1", None),
        ("[1].map(x, x / 0).size() == 1", None),
        ("[1, 0].map(x, x > 0, 1 / x).size() == 1", True),
        ("[1].exists(x, [2].exists(y, x < y))", True),
        ("[1].exists(x, [x].exists(x, x == 1) && x == 1)", True),
    ],
)
def test_missing_and_impossible(text: str, expected: bool | None) -> None:
    """In a rule book nothing errs: what has no value is unknown."""
    assert said(text, b=1, c=0, l=[1, 2, 3], m={"x": 1}) is expected


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("a > 1", ("a",)),
        ("a > 1 && b > 1", ("a", "b")),
        ("p || a > b", ("p", "a")),
        ("!(p && (q || p))", ("p", "q")),
        ("l.exists(x, x > a)", ("l",)),
        ("[1, 2].exists(x, x > a)", ("a",)),
        ("1 / size([1].filter(x, false)) > 1 || a > 1", ("a",)),
        ("m.x > 1", ("m",)),
        ("1 / (1 - 1) > size([a])", ()),
    ],
)
def test_what_was_missing_is_named(text: str, needs: tuple[str, ...]) -> None:
    """The fields whose absence was the cause, each once, in the order of the text."""
    node = check(parse(text), Environment(NAMES, book=True))
    with pytest.raises(EvaluationError) as caught:
        evaluate(node, {}, BOOK_FUNCTIONS)
    assert caught.value.needs == needs
