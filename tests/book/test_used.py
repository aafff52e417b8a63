"""What tests say is used of budgets and limits: read, and checked."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.book.test_build import BOOK

from nba.book.build import build
from nba.book.documents import schema
from nba.book.source import parse
from nba.decide.used import used_in
from nba.errors import BookError, CaseError, Diagnostic

WORLD = """\
budgets:
  pool: {amount: 100}
  calls: {count: 5}
contact_policy:
  limits: [{id: weekly, counts: presented, at_most: 3, window: {rolling: 7d}, on_limit: drop}]
"""


def used(text: str) -> Any:
    """Return what a test in which nothing is wrong says is used, and the book."""
    sources = [parse(BOOK, "b"), parse(WORLD, "w")]
    book, _ = build([*sources, parse(f"tests: [{{name: x, used: {text}, expect: {{}}}}]\n", "t")])
    return book.tests[0].case.get("used"), book


def found_in(text: str, *, world: str = WORLD) -> list[Diagnostic]:
    """Return what is wrong with a test."""
    sources = [parse(BOOK, "b"), parse(world, "w")]
    with pytest.raises(BookError) as caught:
        build([*sources, parse(f"tests: [{{name: x, used: {text}, expect: {{}}}}]\n", "t")])
    return list(caught.value.diagnostics)


def test_money_and_counts_are_plain_data():
    """Money is a string, as everywhere in JSON."""
    assert used("{pool: 99.5, calls: 5, weekly: 0}")[0] == {
        "pool": "99.50",
        "calls": 5,
        "weekly": 0,
    }
    assert used("{}")[0] is None


@pytest.mark.parametrize(
    ("text", "code", "message", "excerpt"),
    [
        ("{pol: 1}", "unknown-id", "there is no budget or limit `pol`", "pol"),
        ("{pool: much}", "wrong-value", "what is used of `pool` is an amount, not `much`", "much"),
        ("{pool: true}", "wrong-value", "what is used of `pool` is an amount, not `True`", "true"),
        ("{pool: -1}", "wrong-value", "what is used of `pool` is an amount, not `-1`", "-1"),
        ("{pool: 1.234}", "wrong-value", "`1.234` has more decimals than EUR", "1.234"),
        ("{calls: 1.5}", "wrong-value", "what is used of `calls` is a count, not `1.5`", "1.5"),
        ("{weekly: -2}", "wrong-value", "what is used of `weekly` is a count, not `-2`", "-2"),
    ],
)
def test_what_is_wrong_stands_at_its_place(text: str, code: str, message: str, excerpt: str):
    """The place is that of the name, or of what is said of it."""
    (found,) = found_in(text)
    assert (found.code, found.message.partition(", which")[0]) == (code, message)
    line = f"tests: [{{name: x, used: {text}, expect: {{}}}}]"
    assert found.where is not None
    assert line[found.where.column - 1 :].startswith(excerpt)


def test_a_misspelled_budget_is_guessed():
    """Who mistypes a name is told the right one."""
    (found,) = found_in("{weekli: 1}")
    assert found.help == "did you mean `weekly`?"


def test_one_name_for_two_things_is_refused():
    """Nobody can tell which is meant."""
    world = WORLD.replace("calls: {count: 5}", "weekly: {count: 5}")
    (found,) = found_in("{weekly: 1}", world=world)
    assert found.message == "`weekly` is a budget and a limit"


def test_what_cannot_be_read_is_not_missed():
    """A budget with a mistake of its own is declared all the same."""
    world = WORLD.replace("{count: 5}", "{count: many}")
    assert [found.where and found.where.file for found in found_in("{calls: 1}", world=world)] == [
        "w"
    ]


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"pol": 1}, "there is no budget or limit `pol`. did you mean `pool`?"),
        ({"pool": "much"}, "what is used of `pool` is an amount, not `much`"),
        ({"pool": True}, "what is used of `pool` is an amount, not `True`"),
        ({"pool": float("nan")}, "what is used of `pool` is an amount, not `nan`"),
        ({"pool": "1e300"}, "what is used of `pool` is an amount, not `1e300`"),
        ({"calls": "5"}, "what is used of `calls` is a count, not `5`"),
        ({"weekly": -1}, "what is used of `weekly` is a count, not `-1`"),
    ],
)
def test_a_case_is_read_as_strictly(given_: dict[str, Any], message: str):
    """What an application hands in fails with the same words."""
    book = used("{}")[1]
    with pytest.raises(CaseError) as caught:
        used_in(given_, book)
    assert str(caught.value) == message
    assert caught.value.path == ("used", *given_)


@given(
    st.dictionaries(
        st.sampled_from(["pool", "calls", "weekly"]), st.integers(0, 10_000), max_size=3
    )
)
def test_what_a_test_says_is_what_is_counted(amounts: dict[str, int]):
    """Read from a file, then from JSON: minor units of money, and counts."""
    data, book = used(json.dumps(amounts))
    found = used_in(json.loads(json.dumps(data or {})), book)
    accounts = {"pool": "budget/pool", "calls": "budget/calls", "weekly": "limit/weekly"}
    assert found == {
        accounts[name]: amount * (100 if name == "pool" else 1) for name, amount in amounts.items()
    }


def test_the_schema_knows_it():
    """Editors accept what is right."""
    validator = jsonschema.Draft202012Validator(schema())
    good = {"tests": [{"name": "x", "used": {"pool": 1.5, "calls": 2}, "expect": {}}]}
    assert validator.is_valid(good)
    bad = {"tests": [{"name": "x", "used": {"pool": "a"}, "expect": {}}]}
    assert not validator.is_valid(bad)
