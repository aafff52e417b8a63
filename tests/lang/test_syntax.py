"""Text to tree: places, precedence, limits, and errors that say what to write."""

from __future__ import annotations

import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nba.errors import Diagnostic, ExpressionError
from nba.lang import tree
from nba.lang.syntax import MAX_DEPTH, MAX_LENGTH, MAX_NESTING, locate_in, parse
from nba.lang.text import write


def refused(text: str) -> Diagnostic:
    """Return the one diagnostic that parsing *text* gives."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    (found,) = caught.value.diagnostics
    return found


def said(text: str) -> tuple[str, str, str]:
    """Return code, message and help for *text*."""
    found = refused(text)
    return found.code, found.message, found.help


def marked(text: str) -> str:
    """Return the part of *text* that its diagnostic points at."""
    where = refused(text).where
    assert where is not None
    return where.text[where.column - 1 : where.column - 1 + where.width]


# --- trees


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a + b * c", "a + (b * c)"),
        ("a * b + c", "(a * b) + c"),
        ("a - b - c", "(a - b) - c"),
        ("a || b && c", "a || (b && c)"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("!a && b", "(!a) && b"),
        ("-a.b", "-(a.b)"),
        ("!a.b(c)[d]", "!(a.b(c)[d])"),
        ("a < b == c", "(a < b) == c"),
        ("a in b && c", "(a in b) && c"),
        ("a + b in c", "(a + b) in c"),
        ("a // comment\n + b", "a + b"),
        ("a\t\r\n\f+ b", "a + b"),
        ("[1, 2,]", "[1, 2]"),
        ("{'a': 1,}", "{'a': 1}"),
        ("x.existsOne(y, z)", "x.exists_one(y, z)"),
        ("- 1", "-1"),
        ("-9223372036854775808", "(-9223372036854775808)"),
        ("0x1F", "31"),
        ("0X1fu", "31u"),
        ("1e3", "1000.0"),
        (".5", "0.5"),
        ("'\\x41\\u00e9\\U0001f600\\101'", "'Aé😀A'"),
        ("r'\\d'", "'\\\\d'"),
        ("'''a\n'b'''", "'a\\n\\'b'"),
    ],
)
def test_two_spellings_of_one_tree(text: str, same: str) -> None:
    """Precedence, comments, and the ways to write a literal."""
    assert write(parse(text)) == write(parse(same))


def test_and_or_are_flat() -> None:
    """A long list of conditions is one node, not a deep tree."""
    node = parse(" && ".join(["a"] * 500))
    assert isinstance(node, tree.And)
    assert len(node.items) == 500


def test_every_node_knows_its_place() -> None:
    """The text of a node is what it was read from."""
    text = "  customer.tier in ['gold'] && (a.b(1, -2) ?\n x[0] : !y.exists(e, e.f > 1.5))  "
    spans = {(type(node).__name__, text[node.start : node.end]) for node in tree.walk(parse(text))}
    assert spans >= {
        ("And", text.strip()),
        ("Call", "customer.tier in ['gold']"),
        ("Select", "customer.tier"),
        ("Name", "customer"),
        ("ListOf", "['gold']"),
        ("Literal", "'gold'"),
        ("Choice", "(a.b(1, -2) ?\n x[0] : !y.exists(e, e.f > 1.5))"),
        ("Call", "a.b(1, -2)"),
        ("Literal", "-2"),
        ("Call", "x[0]"),
        ("Not", "!y.exists(e, e.f > 1.5)"),
        ("Comprehension", "y.exists(e, e.f > 1.5)"),
        ("Call", "e.f > 1.5"),
    }


def test_places_count_lines_and_columns() -> None:
    """Only a newline starts a line: other breaks that Python knows do not."""
    text = "a &&\n  b\u2028c\x0b d"
    place = locate_in(text, "rule")(text.index("d"), 1)
    assert (str(place), place.text) == ("rule:2:8", "  b\u2028c\x0b d")
    assert str(locate_in("a\n")(1, 1)) == "expression:1:2"
    assert str(locate_in("a\n")(2, 1)) == "expression:2:1"


# --- what is wrong, and what to write instead


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        ("a = b", "`=` is not an operator here", "write `==`"),
        ("a => b", "`=>` is not an operator here", "write `>=`"),
        ("a =< b", "`=<` is not an operator here", "write `<=`"),
        ("a =! b", "`=!` is not an operator here", "write `!=`"),
        ("a !== b", "`!==` is not an operator here", "write `!=`"),
        ("a is not b", "`is not` is not an operator here", "write `!=`"),
        ("a is in b", "`is in` is not an operator here", "write `in`"),
        ("a.b is null", "`is null` is not an operator here", "write `!has(a.b)`"),
        ("a.b is  not null", "`is not null` is not an operator here", "write `has(a.b)`"),
        ("a is empty", "`is empty` is not an operator here", "write `a == ''`, or `!has(a)`"),
        (
            "a is not empty",
            "`is not empty` is not an operator here",
            "write `a != ''`, or `has(a)`",
        ),
        (
            "a > 90%",
            "`90%` is not a number here",
            "write `0.9`: `%` is the remainder of a division here",
        ),
        (
            "6.5 % && a",
            "`6.5 %` is not a number here",
            "write `0.065`: `%` is the remainder of a division here",
        ),
        ("a === b", "`=` is not an operator here", "write `==`"),
        ("a <> b", "`<>` is not an operator here", "write `!=`"),
        ("a and b", "`and` is not an operator here", "write `&&`"),
        ("a AND b", "`AND` is not an operator here", "write `&&`"),
        ("a or b", "`or` is not an operator here", "write `||`"),
        ("(a or b)", "`or` is not an operator here", "write `||`"),
        ("f(a or b)", "`or` is not an operator here", "write `||`"),
        ("[a or b]", "`or` is not an operator here", "write `||`"),
        ("a & b", "`&` is not an operator here", "write `&&`"),
        ("a | b", "`|` is not an operator here", "write `||`"),
        ("a is b", "`is` is not an operator here", "write `==`"),
        ("not a", "`not` is not an operator here", "write `!`"),
        ("a && not b", "`not` is not an operator here", "write `!`"),
        ("a not in b", "`not in` is not an operator here", "write `!(a in b)`"),
    ],
)
def test_other_spellings(text: str, message: str, help_: str) -> None:
    """Whoever knows another language is told how this one says it."""
    assert said(text) == ("spelling", message, help_)


_JOIN = "join two conditions with `&&`, or begin each with `- ` on a line of its own in a list"
_UNIT = "an amount has no unit, it is in the currency of the book"


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("110 EUR", f"write `110`: {_UNIT}"),
        ("1,100", "write `1100`: numbers have no separators"),
        ("1,100,000", "write `1100000`: numbers have no separators"),
        ("0,06", "write `0.06`: decimals have a point"),
        ("now + 60 days", "write `days(60)`"),
        ("now + 2w", "write `days(14)`"),
        ("now + 1h30m", "write `duration('1h30m')`"),
        ("a.b contains 'x'", "write `a.b.contains('x')`"),
        ("a.b starts with 'x'", "write `a.b.startsWith('x')`"),
        ("a.b ends with", "write `a.b.endsWith('…')`"),
        ("a.b has 'x'", "write `'x' in a.b`"),
        ("a.b exists", "write `has(a.b)`"),
        ("a.b between 1 and 2", "write `a.b >= 1 && a.b <= 2`"),
        ("t < 2026-12-31T10:00", "write `timestamp('2026-12-31T10:00:00Z')`"),
        ("t < 2026-12-31T10:00:01+01:00", "write `timestamp('2026-12-31T10:00:01+01:00')`"),
    ],
)
def test_what_to_write_for_what_people_say(text: str, help_: str) -> None:
    """What stands behind a whole expression is often a habit from elsewhere."""
    assert said(text)[2] == help_


@pytest.mark.parametrize(
    ("text", "message", "help_", "at"),
    [
        ("", "the expression is empty", "write a condition, or remove it", ""),
        (" \n ", "the expression is empty", "write a condition, or remove it", " "),
        ("a &&", "the expression ends too early, expected a value", "", "&"),
        ("(a", "the expression ends too early, expected `)` to close `(`", "", "a"),
        ("f(a", "the expression ends too early, expected `,` or `)`", "", "a"),
        ("[a", "the expression ends too early, expected `,` or `]`", "", "a"),
        ("{'a'", "the expression ends too early, expected `:` after the key of a map", "", "'"),
        ("a[1", "the expression ends too early, expected `]` after an index", "", "1"),
        (
            "a ? b",
            "the expression ends too early, expected `:` between the two results of `? :`",
            "",
            "b",
        ),
        ("a.", "the expression ends too early, expected a name after `.`", "", "."),
        ("a b", "unexpected `b`, expected an operator or the end", _JOIN, "b"),
        ("a, b", "unexpected `,`, expected an operator or the end", _JOIN, ","),
        ("a 'x'", "unexpected `'x'`, expected an operator or the end", "", "'x'"),
        ("a)", "unexpected `)`, expected an operator or the end", "", ")"),
        ("a + * b", "unexpected `*`, expected a value", "", "*"),
        ("a.1", "unexpected `.1`, expected an operator or the end", "", ".1"),
        ("f(a,)", "unexpected `)`, expected another argument", "", ")"),
        (
            "x in ('a', 'b')",
            "unexpected `,`, expected `)` to close `(`",
            "write a list as `['a', 'b']`",
            ",",
        ),
        ("'abc", "a string is not closed", "add `'`", "'"),
        ('a == "x', "a string is not closed", 'add `"`', '"'),
        ("'a\nb'", "a string is not closed", "add `'`", "'"),
        ("'''abc", "a string is not closed", "add `'''`", "'''"),
        ("r'abc", "a string is not closed", "add `'`", "r'"),
        ("a.`b", "a quoted name is not closed", "add a backtick", "`"),
        ("a == 5€", "`€` has no meaning here", f"write `5`: {_UNIT}", "€"),
        ("€1,100.5", "`€` has no meaning here", f"write `1100.5`: {_UNIT}", "€"),
        ("a ≥ 5", "`≥` has no meaning here", "write `>=`", "≥"),
        ("a – 5", "`–` has no meaning here", "write `-`", "–"),
        (
            "a\u00a0> 5",
            "a no-break space (U+00A0) has no meaning here",
            "write a plain space",
            "\u00a0",
        ),
        ("a == “x”", "`“` has no meaning here", "write straight quotes: 'like this'", "“"),
        ("a; b", "`;` has no meaning here", "text goes in quotes: 'like this'", ";"),
        (r"'\q'", r"`\q` is not an escape", r"write a backslash as `\\`", r"'\q'"),
        (r"'\ud800'", r"`\ud800` is not an escape", r"write a backslash as `\\`", r"'\ud800'"),
        (r"b'\u0041'", r"`\u0041` is not an escape", r"write a backslash as `\\`", r"b'\u0041'"),
        ("if", "`if` is a reserved word", "put a declared name or a value here", "if"),
        ("in", "`in` is a reserved word", "put a declared name or a value here", "in"),
        ("has(a)", "`has` takes one field", "write `has(customer.email)`", "has(a)"),
        ("has(a.b, c)", "`has` takes one field", "write `has(customer.email)`", "has(a.b, c)"),
        (
            "x.map(true, y)",
            "`true` cannot be the name of a variable",
            "choose another name",
            "true",
        ),
        (
            "x.exists(y, a, b, c)",
            "`exists` takes a variable and an expression",
            "write `list.exists(x, …)`",
            "exists(y, a, b, c)",
        ),
        (
            "x.exists(i, i, true)",
            "both variables of `exists` are called `i`",
            "choose another name",
            "exists",
        ),
        (
            "x.transformList(v, v + 1)",
            "`transformList` takes two variables and an expression",
            "write `list.transformList(i, x, …)`",
            "transformList(v, v + 1)",
        ),
        (
            "x.optMap(v, v, v)",
            "`optMap` takes a variable and an expression",
            "write `optional.optMap(x, …)`",
            "optMap(v, v, v)",
        ),
        (
            "cel.bind(x, 1)",
            "`cel.bind` takes a variable, its value and an expression",
            "write `cel.bind(x, 1 + 2, x * x)`",
            "cel.bind",
        ),
        ("a.?1", "unexpected `1`, expected a name after `.?`", "", "1"),
        ("has(a.?b)", "`has` takes one field", "write `has(customer.email)`", "has(a.?b)"),
    ],
)
def test_errors_say_what_and_where(text: str, message: str, help_: str, at: str) -> None:
    """Each mistake is named at its place, and where there is a remedy, with it."""
    assert said(text) == ("expression-syntax", message, help_)
    assert marked(text) == at


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9223372036854775808", "the number does not fit an int of 64 bits"),
        ("-9223372036854775809", "the number does not fit an int of 64 bits"),
        ("18446744073709551616u", "the number does not fit an unsigned int of 64 bits"),
        ("0x" + "f" * 5000, "the number does not fit an int of 64 bits"),
        ("9" * 8000, "the number does not fit an int of 64 bits"),
        ("1e999", "the number does not fit a double"),
    ],
)
def test_numbers_out_of_range(text: str, message: str) -> None:
    """A number that no value can be is refused where it stands."""
    found = refused(text)
    assert (found.code, found.message) == ("bad-literal", message)


# --- limits: a diagnostic, never a crash

_DEEP = {
    "parentheses": "(" * 4000 + "a" + ")" * 4000,
    "unclosed parentheses": "(" * 8000,
    "lists": "[" * 4000 + "]" * 4000,
    "maps": "{1:" * 2000 + "1" + "}" * 2000,
    "calls": "f(" * 2000 + "a" + ")" * 2000,
    "methods": "a.f(" * 1500 + "a" + ")" * 1500,
    "indexes": "a[" * 2000 + "1" + "]" * 2000,
    "negations": "!" * 8000 + "a",
    "minuses": "-" * 8000 + "a",
    "sums": " + ".join("a" * 2000),
    "selections": "a" + ".b" * 4000,
    "optional selections": "a" + ".?b" * 2000,
    "chosen": "a ? b : " * 1000 + "c",
    "defaults": "default(" * 600 + "a" + ", b)" * 600,
    "subscripts": "a" + "[0]" * 2000,
}


@pytest.mark.parametrize("name", _DEEP)
def test_depth_is_bounded(name: str) -> None:
    """Whatever nests, too much of it is said, in good time."""
    found = refused(_DEEP[name])
    message = f"an expression is nested more than {MAX_DEPTH} levels deep"
    assert (found.code, found.message) == ("expression-limit", message)
    assert found.help == "give its parts names under `conditions`"


@pytest.mark.parametrize(
    ("before", "after"),
    [("(", ")"), ("f(", ")"), ("a.f(", ")"), ("default(", ", a)"), ("[", "]"), ("!", "")],
)
def test_the_limit_leaves_room_on_the_stack(before: str, after: str) -> None:
    """What is just allowed is read with half of Python's own limit to spare."""
    times = MAX_DEPTH - 1
    limit, depth = sys.getrecursionlimit(), len(_frames())
    sys.setrecursionlimit(depth + 500)
    try:
        parse(before * times + "a" + after * times)
    finally:
        sys.setrecursionlimit(limit)


def _frames() -> list[object]:
    frame, found = sys._getframe(), []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back  # type: ignore[assignment]
    return found


def test_length_is_bounded() -> None:
    """A megabyte is refused before anything is done with it."""
    assert isinstance(parse("a" * MAX_LENGTH), tree.Name)
    assert said("a" * 1_000_000) == (
        "expression-limit",
        f"an expression of 1,000,000 characters is over the limit of {MAX_LENGTH:,}",
        "give its parts names under `conditions`",
    )


def test_nesting_of_comprehensions_is_bounded() -> None:
    """Each comprehension inside another multiplies the work, so there are few of them."""
    before, after = "a.exists(x, ", ")"
    parse(before * MAX_NESTING + "x" + after * MAX_NESTING)
    parse("a" + ".filter(x, x)" * 20)  # one after the other is not inside one another
    text = before * 4 + "x" + after * 4
    code, message, _ = said(text)
    assert code == "expression-limit"
    assert message == f"more than {MAX_NESTING} comprehensions are nested in one another"
    assert marked(text) == "exists"


@pytest.mark.parametrize(
    "text", ["\0", "a\0b", "'\0'", "\ud800", "'\ud800'", "rb'\ud800'", "é", "\x7f", "\ufeff"]
)
def test_odd_characters(text: str) -> None:
    """A character without a meaning is an error or part of a string, and nothing else."""
    if text[0] == "'" or text.startswith("rb'"):
        parse(text)
    else:
        assert refused(text).code == "expression-syntax"


_WORDS = [
    "a", "b.c", "x", "[", "]", "(", ")", "{", "}", ",", ":", "?", ".", "'", '"', "'''", "r'", "b'",
    "\\", "`", "+", "-", "*", "/", "%", "!", "&&", "||", "&", "|", "=", "==", "<=", "in", "not",
    "and", "true", "null", "1", "2u", "0x", "1.5", "1e", "//", "\n", "\0", "é", "#", "$", "@", "~",
    ".exists(", ".map(", "has(", "default(", " ",
]  # fmt: skip
_PIECES = st.lists(st.sampled_from(_WORDS), max_size=40).map(" ".join)
_ANY = st.text(st.characters(exclude_categories=()))  # lone surrogates included


@given(st.one_of(_ANY, st.text("()[]{}'\"\\.,:?!-+ ab1&|=`/\n"), _PIECES))
@example("'''")
@example("r'''")
@example("`")
@example("'\\")
@example("a.b(")
def test_any_text_parses_or_is_explained(text: str) -> None:
    """No text does anything else, and what parses has one canonical text that parses again."""
    try:
        node = parse(text)
    except ExpressionError as error:
        (found,) = error.diagnostics
        assert found.message
        assert found.render()
        assert found.where is not None
        assert found.where.column >= 1
    else:
        once = write(node)
        assert write(parse(once)) == once
