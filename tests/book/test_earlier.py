"""What tests say of earlier answers, and expect of contact: read, and checked."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.book.test_build import BOOK, meant

from nba.book.build import build
from nba.book.documents import schema
from nba.book.source import parse
from nba.errors import BookError, Diagnostic

WORLD = """\
outcomes: {visited_shop: {means: accepted}}
actions:
  sorry:
    title: Sorry
    group: care/one
    kind: goodwill_gesture
    once_per: customer.tier
    channels: [phone, email]
    gesture: {ladder: [{amount: 10}]}
"""
VALIDATOR = jsonschema.Draft202012Validator(schema())
NOW = "now: 2026-03-02T10:00:00Z"


def built(text: str) -> Any:
    """Return the only test of a book, and what is doubted."""
    files = [parse(BOOK, "b"), parse(WORLD, "w"), parse(f"tests: [{{name: x, {text}}}]\n", "t")]
    book, warnings = build(files)
    return book.tests[0], warnings


def history(lines: str) -> list[dict[str, Any]]:
    """Return the history of a test in which nothing is wrong."""
    test, warnings = built(f"{NOW}, history: [{lines}], expect: {{}}")
    assert warnings == []
    found: list[dict[str, Any]] = test.case["history"]
    return found


def found_in(text: str) -> list[Diagnostic]:
    """Return what is wrong with a test."""
    try:
        warnings: list[Diagnostic] = built(text)[1]
    except BookError as error:
        return list(error.diagnostics)
    return warnings


def test_an_answer_is_plain_data():
    """Ages count from the test's now."""
    assert history("{presented: sorry, channel: email, at: -8d}") == [
        {
            "action": "sorry",
            "channel": "email",
            "at": "2026-02-22T10:00:00+00:00",
            "outcomes": [{"outcome": "presented", "at": "2026-02-22T10:00:00+00:00"}],
        }
    ]


def test_everything_that_can_be_said_of_an_answer():
    """An outcome of the book, an exact time, an amount, what it was for."""
    line = (
        "{visited_shop: sorry, channel: phone, at: 2026-03-01T10:00:00+01:00, decided_at: -3d, "
        "gesture: 12.5, once: A-7}"
    )
    assert history(line) == [
        {
            "action": "sorry",
            "channel": "phone",
            "at": "2026-02-27T10:00:00+00:00",
            "outcomes": [{"outcome": "visited_shop", "at": "2026-03-01T09:00:00+00:00"}],
            "gesture": "12.50",
            "once": "A-7",
        }
    ]
    assert history("{decided: sorry, channel: phone, at: -1d, once: 7}")[0]["once"] == "7"


def test_an_answer_of_which_nothing_is_known():
    """It was decided, on the only channel there is."""
    assert history("{decided: call, at: -0d}") == [
        {"action": "call", "channel": "phone", "at": "2026-03-02T10:00:00+00:00", "outcomes": []}
    ]


def test_what_came_of_one_answer_stands_together():
    """In the order of their times; another time of decision is another answer."""
    found = history(
        "{accepted: call, at: -1d, decided_at: -3d}, {presented: call, at: -3d}, "
        "{clicked: call, at: -2d, decided_at: -3d}, {presented: call, at: -2d}"
    )
    assert [[one["outcome"] for one in answer["outcomes"]] for answer in found] == [
        *(["presented", "clicked", "accepted"], ["presented"]),
    ]


def test_a_case_without_history_says_nothing_of_it():
    """What is not there is for the store to know."""
    assert "history" not in built(f"{NOW}, expect: {{}}")[0].case


@pytest.mark.parametrize(
    ("line", "code", "message", "place"),
    [
        ("{presentd: call, at: -1d}", "unknown-id", "there is no outcome `presentd`", "presentd"),
        ("{presented: cal, at: -1d}", "unknown-id", "there is no action `cal`", "cal"),
        ("{presented: 5, at: -1d}", "unknown-id", "there is no action `5`", "5"),
        (
            "{presented: call, channel: phne, at: -1d}",
            *("unknown-id", "there is no channel `phne`", "phne"),
        ),
        (
            "{presented: call, channel: 5, at: -1d}",
            *("unknown-id", "there is no channel `5`", "5"),
        ),
        (
            "{presented: sorry, at: -1d}",
            *("missing-key", "the action `sorry` has several channels", "{"),
        ),
        (
            "{presented: call, channel: email, at: -1d}",
            *("doubt wrong-value", "`call` is not done on `email`", "email"),
        ),
        ("{presented: call}", "missing-key", "an answer needs `at`", "{"),
        ("{at: -1d}", "missing-key", "an answer has one outcome", "{"),
        (
            "{presented: call, accepted: call, at: -1d}",
            *("unknown-key", "an answer has one outcome, not 2", "accepted"),
        ),
        (
            "{presented: call, at: 1d}",
            *("wrong-value", "`1d` is not when something happened", "1d"),
        ),
        ("{presented: call, at: 5}", "wrong-value", "`5` is not when something happened", "5"),
        (
            "{presented: call, at: 2026-03-02T10:00:01Z}",
            "wrong-value",
            *("`2026-03-02T10:00:01Z` is later than the test's now", "2026-03-02T10:00:01Z"),
        ),
        (
            "{presented: call, at: -2d, decided_at: -1d}",
            *("wrong-value", "an answer is decided before something comes of it", "-1d"),
        ),
        (
            "{decided: call, at: -2d, decided_at: -3d}",
            *("wrong-value", "an answer is decided before something comes of it", "-3d"),
        ),
        (
            "{presented: call, at: -2d, decided_at: x}",
            *("wrong-value", "`x` is not when something happened", "x"),
        ),
        (
            "{presented: call, at: -1d, gesture: 10}",
            *("wrong-value", "the action `call` has no gesture", "gesture"),
        ),
        (
            "{presented: sorry, channel: phone, at: -1d, gesture: 1.005}",
            *("wrong-value", "`1.005` has more decimals than EUR, which has 2", "1.005"),
        ),
        (
            "{presented: sorry, channel: phone, at: -1d, gesture: -1}",
            *("wrong-value", "`-1` is no amount that is given", "-1"),
        ),
        (
            "{presented: sorry, channel: phone, at: -1d, gesture: ten}",
            *("wrong-value", "`gesture` is an amount, not `ten`", "ten"),
        ),
        (
            "{presented: call, at: -1d, once: x}",
            *("wrong-value", "the action `call` has no `once_per`", "once"),
        ),
        (
            "{presented: sorry, channel: phone, at: -1d, once: true}",
            *("wrong-value", "`once` is text, not `True`", "true"),
        ),
        ("{presented: call, at: }", "empty-value", "`at` has no value", "at"),
        ("5", "wrong-value", "item 1 of `history` must be a mapping, not `5`", "5"),
    ],
)
def test_what_is_wrong_with_an_answer(line, code, message, place):
    """At its place."""
    (found,) = found_in(f"{NOW}, history: [{line}], expect: {{}}")
    doubt = "" if found.severity == "error" else "doubt "
    assert (f"{doubt}{found.code}", found.message, meant(found.where)) == (code, message, place)


def test_help_with_what_is_misspelt():
    """What can come of an answer, and that it was decided."""
    (found,) = found_in("history: [{decidd: call, at: -1d}], expect: {}")
    assert found.help == "did you mean `decided`?"
    (found,) = found_in("history: [{visited_shp: call, at: -1d}], expect: {}")
    assert found.help == "did you mean `visited_shop`?"


# --- what is expected


def test_what_is_expected_of_contact():
    """Times in one form, and what is not to be."""
    expect = (
        "{gesture: 10, approval: pending, due: +4h, defer_until: 2026-03-02T18:00:00+01:00, "
        "kept: true}"
    )
    assert built(f"{NOW}, expect: {expect}")[0].expect == {
        "gesture": 10,
        "approval": "pending",
        "due": "2026-03-02T14:00:00+00:00",
        "defer_until": "2026-03-02T17:00:00+00:00",
        "kept": True,
    }
    nothing = "{gesture: none, approval: none, due: none, defer_until: none, kept: false}"
    assert built(f"expect: {nothing}")[0].expect == {
        **dict.fromkeys(("gesture", "approval", "due", "defer_until"), "none"),
        "kept": False,
    }


@pytest.mark.parametrize(
    ("expect", "message", "place"),
    [
        ("gesture: nothing", "`gesture` must be an amount or `none`, not `nothing`", "nothing"),
        ("gesture: -1", "`gesture` must be an amount or `none`, not `-1`", "-1"),
        ("gesture: true", "`gesture` must be an amount or `none`, not `true`", "true"),
        ("gesture: .inf", "`gesture` must be an amount or `none`, not `inf`", ".inf"),
        ("gesture: 1.005", "`1.005` has more decimals than EUR, which has 2", "1.005"),
        ("approval: pendin", "`approval` cannot be `pendin`", "pendin"),
        ("due: soon", "`soon` is not a time", "soon"),
        ("due: -4h", "`-4h` is not a time", "-4h"),
        ("defer_until: +999999w", "`+999999w` is not a time", "+999999w"),
        ("kept: 1", "`kept` must be `true` or `false`, not `1`", "1"),
    ],
)
def test_what_cannot_be_expected(expect, message, place):
    """At its place."""
    (found,) = found_in(f"expect: {{{expect}}}")
    assert (found.code, found.message, meant(found.where)) == ("wrong-value", message, place)


ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(
    st.dictionaries(
        st.sampled_from(
            ("presented", "decided", "x", "channel", "at", "decided_at", "gesture", "once")
        ),
        ANY | st.sampled_from(("call", "sorry", "phone", "-2d", "2026-03-01T10:00:00Z", 10)),
        max_size=5,
    )
)
def test_any_answer_is_read_or_explained(answer):
    """And never crashes; what the schema for editors refuses is refused."""
    tests = [{"name": "x", "history": [answer], "expect": {}}]
    source = parse(json.dumps({"tests": tests}, ensure_ascii=False), "t")
    refused = bool(list(VALIDATOR.iter_errors(source.data)))
    try:
        build([parse(BOOK, "b"), parse(WORLD, "w"), source])
    except BookError:
        return
    assert not refused
