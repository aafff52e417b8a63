"""`nba eval`: the value of an expression, written as an expression and as JSON."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.conftest import Run

from nba.cli.values import as_expression, as_json
from nba.lang import Duration, Timestamp, UInt, evaluate


@pytest.mark.parametrize(
    ("expression", "value", "as_data"),
    [
        ("1 + 1", "2", 2),
        ("3.0", "3.0", 3.0),
        ("7u", "7u", 7),
        ("'it' + \"'s\\n\"", "'it\\'s\\n'", "it's\n"),
        ("b'\\x00a\\xff'", "b'\\x00a\\xff'", "AGH/"),
        ("null", "null", None),
        ("1 < 2", "true", True),
        ("[1, 'a', [2.5]]", "[1, 'a', [2.5]]", [1, "a", [2.5]]),
        ("{'a': 1, 'b': {2: true}}", "{'a': 1, 'b': {2: true}}", {"a": 1, "b": {"2": True}}),
        ("{true: 1}", "{true: 1}", {"true": 1}),
        ("duration('90s')", "duration('90s')", "90s"),
        (
            "timestamp('2026-03-01T10:00:00.5Z')",
            "timestamp('2026-03-01T10:00:00.5Z')",
            "2026-03-01T10:00:00.5Z",
        ),
        ("type(1u)", "uint", "uint"),
        ("double('NaN')", "double('NaN')", "NaN"),
        ("-1.0 / 0.0", "double('-Infinity')", "-Infinity"),
        ("'\\u0007\\U0001F600é'", "'\\u0007😀é'", "\x07😀é"),
    ],
)
def test_a_value_is_shown_as_an_expression_and_as_json(
    nba: Run, expression: str, value: str, as_data: object
):
    """What is printed means the same; JSON is in CEL's own mapping."""
    for path in ([], ["--reference"]):
        assert nba("eval", expression, *path) == (0, f"{value}\n", "")
        found = nba("eval", expression, "--json", *path).json()
        assert (found, type(found)) == (as_data, type(as_data))


def test_names_have_the_values_of_the_context(nba: Run, folder: Path):
    """A context is a JSON object, from a file or from standard input."""
    context = {"visits": 3, "customer": {"tier": "gold", "spent": 12.5, "tags": ["a"]}}
    (folder / "context.json").write_text(json.dumps(context), encoding="utf-8")
    expression = "visits > 2 && customer.tier in ['gold'] && customer.spent * 2.0 == 25.0"
    assert nba("eval", expression, "--context", "context.json") == (0, "true\n", "")
    ran = nba("eval", "customer.tags", "--context", "-", stdin=json.dumps(context))
    assert ran == (0, "['a']\n", "")


@pytest.mark.parametrize("path", [[], ["--reference"]])
def test_an_expression_without_a_value_is_an_error(nba: Run, path: list[str]):
    """The message says why there is none, on both paths."""
    assert nba("eval", "1 / 0", *path) == (1, "", "error: there is no value: division by zero\n")
    ran = nba("eval", "visits > 2", *path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: there is no value: needs `visits`\n"


def test_a_wrong_expression_is_shown_with_its_place(nba: Run):
    """Line, caret and code, as in a book."""
    ran = nba("eval", "1 +")
    assert (ran.code, ran.out) == (1, "")
    assert "[expression-syntax]" in ran.err
    assert "1 | 1 +" in ran.err
    assert nba("eval", "size(1, 2)").code == 1


def test_wrong_usage_is_explained(nba: Run, folder: Path):
    """A context that is no object, or is not there."""
    ran = nba("eval", "1", "--context", "gone.json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("gone.json: error: ")
    ran = nba("eval", "1", "--context", "-", stdin="[1]")
    assert ran == (2, "", "standard input: error: a JSON object is expected, not a list\n")
    assert nba("eval").code == 2


def test_a_minus_sign_can_begin_an_expression(nba: Run):
    """After `--` nothing is an option."""
    assert nba("eval", "-1 + 2") == (0, "1\n", "")
    assert nba("eval", "--", "-(1)") == (0, "-1\n", "")


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.integers(0, 2**64 - 1).map(UInt)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.integers(-(10**18), 10**18).map(Duration)
    | st.integers(0, 10**18).map(Timestamp)
)
KEYS = st.integers(2, 100) | st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@given(VALUES)
def test_what_is_printed_evaluates_to_the_same_value(value: object):
    """The text of a value is an expression for it, types included."""
    again = evaluate(as_expression(value), path="reference")
    assert repr(again) == repr(value)


@given(VALUES)
def test_every_value_has_json(value: object):
    """Whatever an expression gives can be written as JSON that any reader takes."""
    json.loads(json.dumps(as_json(value), allow_nan=False))
