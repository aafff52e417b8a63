"""Of many treatments the first are judged first: the answer is as if all had been."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.decide.strategies import NOW, built, viewed

from nba.book.model import Book
from nba.decide import planner
from nba.decide.answer import answer
from nba.decide.case import Case
from nba.decide.contenders import Contenders
from nba.decide.plan import Plan
from nba.decide.planner import plan_for
from nba.decide.stages import Passage

FIRST = 17  # the root of 300


def book_of(chooser: random.Random, **more: Any) -> Book:
    """Return a book of 300 actions: some alike, some worth nothing, few for everybody."""
    document = {
        "format": 1,
        "book": "many",
        "context": {
            "customer": {
                "age": "int",
                "score": {"type": "number", "min": 0, "max": 10},
                "city": {"enum": ["a", "b", "c"]},
            }
        },
        "channels": {"app": {}, "mail": {"direction": "outbound"}},
        "issues": {"i": {}},
        "groups": {"i/g": {}, "i/h": {}},
        "decision_points": {"page": {"show": 3, "at_most_per": {"group": 1}}},
        "actions": {
            f"a{place:03}": {
                "title": "One",
                "group": chooser.choice(["i/g", "i/h"]),
                "kind": "offer",
                "eligible": [
                    chooser.choice(
                        [
                            f"customer.age > {chooser.randrange(90)}",
                            f"customer.score < {chooser.randrange(11)}",
                            f"customer.city == '{chooser.choice('abc')}'",
                        ]
                    )
                    for _ in range(chooser.choice([1, 2, 2]))
                ],
                "value": chooser.choice(["3", f"{chooser.randrange(9)} + customer.score", "0"]),
                "channels": [chooser.choice(["app", "mail"])],
            }
            for place in range(300)
        },
        **more,
    }
    return built(document).book


BOOKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "tiers": {
        "arbitration": {
            "tiers": [
                {"name": "mail", "covers": {"channel": ["mail"]}, "when": "customer.age > 30"},
                {"name": "one", "covers": {"action": ["a007", "a250"]}},
                {"name": "rest"},
            ]
        }
    },
    "no action": {"arbitration": {"no_action": {"priority": 9}}},
}


def plans_of(book: Book, patch: pytest.MonkeyPatch) -> tuple[Plan, Plan]:
    """Return a plan that judges all at once, and one that does not."""
    whole = plan_for(book)
    patch.setattr(planner, "MANY", 1)
    patch.setattr(planner, "ROOTS", 1)
    some = plan_for(book)
    assert (whole.first, some.first) == (len(whole.targets), FIRST)
    return whole, some


def cases(chooser: random.Random) -> list[Case]:
    """Return customers, some with an interaction, some at a decision point."""
    return [
        Case(
            "c",
            {
                "age": chooser.choice([None, chooser.randrange(99)]),
                "score": chooser.choice([None, 0.5, 3, 9.5]),
                "city": chooser.choice(["a", "b", None]),
            },
            chooser.choice([None, {"channel": "app"}]),
            at=chooser.choice([None, "page"]),
        )
        for _ in range(60)
    ]


@pytest.mark.parametrize("more", BOOKS.values(), ids=BOOKS)
def test_the_answer_is_as_if_all_had_been_judged(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    """For one answer and for many, their reason and the code of every treatment."""
    chooser = random.Random(11)
    whole, some = plans_of(book_of(chooser, **more), monkeypatch)
    tiers, chosen = set(), 0
    for case in cases(chooser):
        for n in (1, 4, 400):
            expected = answer(whole, viewed(whole, case, NOW), n)
            found = answer(some, viewed(some, case, NOW), n)
            assert found.ranked == expected.ranked
            assert found.reason == expected.reason
            assert found.defer_until == expected.defer_until
            assert found.codes() == expected.codes()
            tiers |= {one.tier for one in found.ranked}
            chosen += len(found.ranked)
    assert chosen > 100
    assert len(tiers) == (3 if "tiers" in more.get("arbitration", {}) else 1)


def test_the_rest_is_left_alone_where_it_cannot_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """And judged where it can: where the first are not worth as much, or there are none."""
    chooser = random.Random(12)
    _, some = plans_of(book_of(chooser), monkeypatch)
    complete = []
    for case in cases(chooser):
        passage = Passage(some, viewed(some, case, NOW))
        first = Contenders(passage).pop()
        complete.append(passage.complete)
        if not passage.complete and first is not None:
            assert first < FIRST
    assert {True, False} == set(complete)


@pytest.mark.parametrize(
    "more",
    [
        {"scoring": {"weights": [{"covers": {"group": ["i/g"]}, "add": "10 %"}]}},
        {"context": {"customer": {"age": "int", "score": "number", "city": "string"}}},
    ],
    ids=["weights", "no bounds"],
)
def test_all_are_judged_where_bounds_tell_nothing(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    """A weight may make any of them the best, and so may a number that has no maximum."""
    book = book_of(random.Random(13), **more)
    monkeypatch.setattr(planner, "MANY", 1)
    monkeypatch.setattr(planner, "ROOTS", 1)
    plan = plan_for(book)
    assert (plan.first, plan.rest) == (len(plan.targets), 0)
