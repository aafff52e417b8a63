"""Bounds: what is not scored could not have gone first."""

from __future__ import annotations

import math
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.decide.effort import calls
from tests.decide.strategies import NOW, built

from nba.book.model import Book
from nba.decide.case import Case
from nba.decide.contenders import Contenders
from nba.decide.plan import Plan
from nba.decide.planner import plan_for
from nba.decide.scales import scales_of
from nba.decide.stages import Passage
from nba.decide.view import inputs_of


def book_of(values: list[str], more: Any = (), *, weights: bool = False) -> Book:
    """Build a book with an action of each value, on one channel."""
    document: dict[str, Any] = {
        "format": 1,
        "book": "b",
        "timezone": "UTC",
        "context": {
            "customer": {
                "bill": {"type": "number", "min": 0},
                "spent": {"type": "number", "min": 0, "default": 300},
                "balance": "number",
            }
        },
        "channels": {"phone": {}},
        "issues": {"i": {}},
        "groups": {"i/g": {}},
        "actions": {
            f"a{place:03}": {
                "title": "A",
                "group": "i/g",
                "kind": "offer",
                "value": value,
                "channels": ["phone"],
                "tags": ["odd"] if place % 2 else [],
            }
            for place, value in enumerate(values)
        },
        **dict(more),
    }
    if weights:
        boost = {"when": "customer.balance > 0", "covers": {"tag": "odd"}, "add": "30 %"}
        document["scoring"] = {"weights": [boost]}
    return built(document).book


def test_a_scale_is_what_a_number_is_compared_with() -> None:
    """Conditions say how large a number gets, and its default."""
    gates = {"applicable": ["customer.bill > 25.0", "!(90 <= customer.bill)"]}
    assert scales_of(book_of(["1"], gates)) == {"customer.bill": 90.0, "customer.spent": 300.0}


@pytest.mark.parametrize(
    ("value", "worth", "scales"),
    [
        ("2.0 + 3.0 * customer.bill", 5.0, {"customer.bill"}),
        ("customer.bill * 2.0 / 4.0", 0.5, {"customer.bill"}),
        ("default(customer.bill, 7.0)", 7.0, {"customer.bill"}),
        ("customer.bill > 0.0 ? customer.bill : customer.spent", 300.0, None),
        ("100.0 - customer.bill", 100.0, set()),
        ("customer.bill - 100.0", math.inf, set()),
        ("customer.bill * customer.bill", math.inf, set()),
        ("1.0 / customer.bill", math.inf, set()),
        ("customer.bill * customer.balance", math.inf, set()),
        ("3.0 + customer.balance", math.inf, set()),
    ],
)
def test_what_a_value_is_at_most_at_the_scale(
    value: str, worth: float, scales: set[str] | None
) -> None:
    """An expression that grows in proportion has a bound, and surges; any other has none."""
    plan = plan_for(book_of([value]))
    assert plan.factors.bounds[0] == pytest.approx(worth)
    slots = {surge.slot for surge in plan.factors.surges}
    wanted = {"customer.bill", "customer.spent"} if scales is None else scales
    assert slots == {plan.book.shape.slots[path] for path in wanted}


@pytest.mark.parametrize("weights", [False, True])
def test_the_best_first_however_large_a_number_is(*, weights: bool) -> None:
    """Far above the scale of a number, bounds are still bounds."""
    random = Random(3)
    shapes = (
        "{} + {} * customer.bill",
        "{} + {} * customer.spent",
        "{} + {} * customer.bill + customer.spent / 9.0",
        "{} * {}",
        "{} + {} * customer.balance",
    )
    values = [
        random.choice(shapes).format(round(random.uniform(0, 40), 2), round(random.random(), 3))
        for _ in range(60)
    ]
    plan = plan_for(book_of(values, weights=weights))
    for _ in range(80):
        customer = {
            "bill": random.choice((0.0, 0.5, 1.0, random.uniform(0, 1000), 1e200)),
            "spent": random.choice((None, 0.0, 300.0, random.uniform(0, 1000))),
            "balance": random.choice((None, -5.0, 3.0)),
        }
        found = []
        for thorough in (False, True):
            view = inputs_of(plan, Case("c", customer), NOW)
            passage = Passage(plan, view)
            ranking, trail = Contenders(passage, thorough=thorough), passage.trail
            found.append([ranking.pop() for _ in range(5)])
            if thorough:
                for number in range(len(values)):
                    ranking.scorer.score(number)
                best = sorted(trail.scores, key=lambda n: (-trail.scores[n][0], n))
        assert found[0] == found[1]
        assert [trail.scores[n][0] for n in found[0] if n is not None] == [
            trail.scores[n][0] for n in best[:5]
        ]


def test_few_are_scored_where_numbers_are_of_their_usual_size() -> None:
    """Near its scale, a number costs no more than one with a declared maximum."""
    random = Random(4)
    values = [f"{random.uniform(0, 40):.2f} + 0.01 * customer.bill" for _ in range(300)]
    plan = plan_for(book_of(values, {"applicable": ["customer.bill > 90.0"]}))
    for bill in (91.0, 95.0, 120.0):
        view = inputs_of(plan, Case("c", {"bill": bill}), NOW)
        ranking = Contenders(Passage(plan, view))
        assert ranking.pop() is not None
        assert len(ranking._found) < (100 if bill > 100 else 30)


def test_weights_that_are_for_some_tiers_only() -> None:
    """Each tier is gone through to its end, whether a weight is for what is in it or not."""
    values = [str(value) for value in (5, 9, 3, 8, 7, 1)]
    tiers = [
        {"name": "even", "covers": {"action": ["a000", "a002", "a004"]}},
        {"name": "others", "covers": {}},
    ]
    plan = plan_for(book_of(values, {"arbitration": {"tiers": tiers}}, weights=True))
    view = inputs_of(plan, Case("c", {"balance": 1.0}), NOW)
    ranking = Contenders(Passage(plan, view), thorough=True)
    found = [ranking.pop() for _ in range(7)]
    names = [None if number is None else plan.targets[number].action.id for number in found]
    assert names == ["a004", "a000", "a002", "a001", "a003", "a005", None]


def ranked(plan: Plan, customer: dict[str, Any], count: int, *, thorough: bool) -> list[int]:
    """Return what goes first, and how much it is worth."""
    passage = Passage(plan, inputs_of(plan, Case("c", customer), NOW))
    ranking = Contenders(passage, thorough=thorough)
    found = [number for _ in range(count) if (number := ranking.pop()) is not None]
    for number in found:
        ranking.note(number)
    return found


def test_numbers_next_to_nothing_have_bounds() -> None:
    """A weight makes of the least number that there is what rounding took from its bound."""
    document = {
        "scoring": {"weights": [{"add": "999999 %", "covers": {"tag": "odd"}}]},
        "issues": {"i": {"lever": "-70 %"}},
    }
    values = ["5e-324", "5e-324", "1e-323", "2e-323", "1e-320", "1e-310"] * 2
    plan = plan_for(book_of(values, document))
    passage = Passage(plan, inputs_of(plan, Case("c", {}), NOW))
    ranking = Contenders(passage, thorough=True)
    more = [n for _ in values if (n := ranking.pop()) is not None and ranking.scorer.score(n)]
    assert len(more) > 6
    assert ranked(plan, {}, 12, thorough=False) == more


def test_many_numbers_above_their_scale() -> None:
    """Each treatment goes by the bounds of its own number; the steps grow as the numbers do."""
    random = Random(5)

    def book(count: int) -> Book:
        fields = {f"n{place}": {"type": "number", "min": 0} for place in range(count)}
        values = [f"customer.n{n % count} * {random.uniform(0.1, 2):.3f}" for n in range(2 * count)]
        return book_of(values, {"context": {"customer": fields}})

    lots = []
    for count in (30, 300):
        plan = plan_for(book(count))
        customer = {f"n{place}": random.uniform(10, 1000) for place in range(count)}
        first = ranked(plan, customer, 9, thorough=False)
        assert first == ranked(plan, customer, 9, thorough=True)
        lots.append(calls(partial(ranked, plan, customer, 1, thorough=False)))
    assert lots[1] < 12 * lots[0]


def test_weights_of_very_many_combinations() -> None:
    """Bounds go up by as many weights as any treatment has, and not by all that hold."""
    random = Random(6)
    names = [f"t{place}" for place in range(40)]
    document = {
        "scoring": {
            "weights": [
                {"add": f"{place} %", "covers": {"tag": name, **some}}
                for place, name in enumerate(names)
                for some in ({}, {"direction": "inbound"}, {"direction": "outbound"})[place % 3 :][
                    :1
                ]
            ]
        },
        "actions": {
            f"a{place:03}": {
                "title": "A",
                "group": "i/g",
                "kind": "offer",
                "value": round(random.uniform(1, 50), 2),
                "channels": ["phone"],
                "tags": random.sample(names, 2),
            }
            for place in range(500)
        },
    }
    plan = plan_for(book_of([], document))
    assert ranked(plan, {}, 20, thorough=False) == ranked(plan, {}, 500, thorough=True)[:20]
    assert calls(partial(ranked, plan, {}, 1, thorough=False)) < 600


def test_equals_go_by_channel_cost_and_name() -> None:
    """However many are worth the same."""
    actions = {
        f"a{place:03}": {
            "title": "A",
            "group": "i/g",
            "kind": "offer",
            "value": 1 + place % 3,
            "channels": ["chat", "phone", "email"][place % 3 :],
        }
        for place in range(120)
    }
    document = {
        "context": {"customer": {"preferred_channel": {"enum": "$channels"}}},
        "channels": {"phone": {"cost": 2}, "chat": {"cost": 3}, "email": {"cost": 1}},
        "actions": actions,
    }
    plan = plan_for(book_of([], document))
    for preferred in ("chat", "phone", None):
        found = ranked(plan, {"preferred_channel": preferred}, 999, thorough=False)
        assert found == sorted(
            range(len(plan.targets)),
            key=lambda number: (
                -(1 + int(plan.targets[number].action.id[1:]) % 3),
                plan.targets[number].channel.id != preferred,
                plan.targets[number].channel.cost,
                plan.targets[number].action.id,
            ),
        )
