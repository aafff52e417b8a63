"""Every way to find what fits is the same: an index, straight-line code, one by one, literally."""

from __future__ import annotations

import gc
import os
import random
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.decide.effort import calls
from tests.decide.strategies import (
    NOW,
    PLAIN_ATOMS,
    PRESENCE_ATOMS,
    books,
    built,
    cases,
    conditions,
    viewed,
)

from nba.book.model import Book, Condition
from nba.decide import index as indexes
from nba.decide import planner, rows
from nba.decide.answer import Answer, answer
from nba.decide.binding import bound
from nba.decide.case import Case
from nba.decide.derived import derived_fields
from nba.decide.index import Indexing, index, line_by_line, one_by_one, tables
from nba.decide.plan import Plan
from nba.decide.planner import plan_for
from nba.decide.view import View
from nba.lang import reference
from nba.lang.functions import BOOK_FUNCTIONS

LONG = os.environ.get("NBA_LONG") == "1"
WAYS: tuple[Indexing, ...] = (index, tables, line_by_line, one_by_one)


@st.composite
def many_conditions(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a book of many actions with one to four conditions each."""
    document = dict(draw(books()))
    # a small pool, so that some are shared, and each may be the opposite of another
    pool = draw(st.lists(conditions(PLAIN_ATOMS | PRESENCE_ATOMS), min_size=8, max_size=24))
    chooser = draw(st.randoms(use_true_random=False))
    document["actions"] = {
        f"a{number:03}": {
            "title": "One of many",
            "group": "i0/g0",
            "kind": "offer",
            "value": 1,
            "channels": ["app"],
            "eligible": [
                {"not": each} if chooser.random() < 0.3 else each
                for each in chooser.sample(pool, chooser.randint(1, 4))
            ],
        }
        for number in range(60)
    }
    for name in ("policies", "kill_switch", "scoring", "arbitration", "eligible", "tables"):
        document.pop(name, None)
    document["issues"] = {"i0": {}, "i1": {}}
    document["groups"] = {"i0/g0": {}, "i0/g1": {}, "i1/g0": {}}
    return document


@pytest.fixture(scope="module")
def compared(record_testsuite_property: Callable[[str, object], None]) -> Iterator[Counter[str]]:
    """Count what is compared; `--junitxml` tells it."""
    counts: Counter[str] = Counter()
    yield counts
    for name, count in counts.items():
        record_testsuite_property(name, count)


@settings(
    max_examples=110 if LONG else 8,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(many_conditions(), st.lists(cases(), min_size=50, max_size=50))
def test_what_fits_is_what_literally_holds(
    compared: Counter[str], document: dict[str, Any], some: list[Case]
) -> None:
    """Each action on each context: negations, disjunctions, fields that miss or are ill-typed."""
    book = built(document).book
    plans = [plan_for(book, "native", way) for way in WAYS]
    plans.append(bound(plans[1]))  # of which some of the last case may still hold
    for case in some:
        view = viewed(plans[0], case, case.now or NOW)
        expected = literally(book, plans[0], view, compared)
        for plan in plans:
            gating = plan.eligible
            assert gating is not None
            left = gating.narrow(view.slots, plan.names.everything)
            fits = {t.action.id: bool(left >> n & 1) for n, t in enumerate(plan.targets)}
            assert fits == expected
        compared["checks"] += len(expected)
        compared["hold"] += sum(expected.values())


def literally(book: Book, plan: Plan, view: View, compared: Counter[str]) -> dict[str, bool]:
    """Return whether the conditions of each action hold, by the reference."""
    inputs = {*(spec.path for spec in book.fields), "now", "interaction.present"}
    known = {p: v for p, v in book.shape.known(view.slots).items() if p in inputs}
    fields = derived_fields(book, known, ())
    verdicts: dict[Condition, bool | None] = {}

    def verdict(condition: Condition) -> bool | None:
        if condition not in verdicts:
            verdicts[condition] = reference.judge(condition.tree, fields, BOOK_FUNCTIONS)
            compared["unknown"] += verdicts[condition] is None
        return verdicts[condition]

    return {
        action.id: all(verdict(one) is True for one in action.gates.eligible)
        for action in book.actions.values()
    }


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(books(), st.lists(cases(), min_size=1, max_size=4))
def test_every_way_decides_alike(document: dict[str, Any], some: list[Case]) -> None:
    """Answers, reasons, and the code of every treatment."""
    book = built(document).book
    plans = [plan_for(book, "native", way) for way in WAYS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner, "MANY", 1)  # as if there were many: the rest is judged later
        patch.setattr(planner, "ROOTS", 1)
        plans.append(plan_for(book))
    plans.append(bound(plans[1]))
    for case in some:
        found: list[Answer] = [
            answer(plan, viewed(plan, case, case.now or NOW), 2) for plan in plans
        ]
        for other in found[1:]:
            assert other.ranked == found[0].ranked
            assert other.reason == found[0].reason
            assert other.codes() == found[0].codes()


# --- the shapes of rows


def document_of(lines: list[str], value: str = "1") -> dict[str, Any]:
    """Return a book with one action for each condition."""
    return {
        "format": 1,
        "book": "rows",
        "context": {
            "customer": {
                "city": "string",
                "age": "int",
                "score": {"type": "number", "min": 0, "max": 100},
                "joined": "timestamp",
            }
        },
        "channels": {"app": {}},
        "issues": {"i": {}},
        "groups": {"i/g": {}},
        "actions": {
            f"a{place:05}": {
                "title": "One",
                "group": "i/g",
                "kind": "offer",
                "eligible": [line],
                "value": value,
                "channels": ["app"],
            }
            for place, line in enumerate(lines)
        },
    }


def book_of(lines: list[str], value: str = "1") -> Book:
    """Return the same, built."""
    return built(document_of(lines, value)).book


def fitting(plan: Plan, customer: dict[str, Any]) -> set[str]:
    """Return the actions whose conditions hold."""
    view = viewed(plan, Case("c", customer, None), NOW)
    assert plan.eligible is not None
    left = plan.eligible.narrow(view.slots, plan.names.everything)
    return {t.action.id for n, t in enumerate(plan.targets) if left >> n & 1}


def alike_found(lines: list[str], chooser: random.Random) -> int:
    """Hold indexed conditions to the literal ones for many customers; return how many hold."""
    book = book_of(lines)
    indexed, literal = plan_for(book, "native", tables), plan_for(book, "native", one_by_one)
    seen = 0
    for customer in customers(chooser):
        found = fitting(indexed, customer)
        assert found == fitting(literal, customer)
        seen += len(found)
    return seen


def customers(chooser: random.Random) -> list[dict[str, Any]]:
    """Return customers, some of whom say little, some what does not fit."""
    found = []
    for _ in range(40):
        customer = {
            "city": chooser.choice([f"c{chooser.randrange(60)}", None, 3, ""]),
            "age": chooser.choice([chooser.randrange(-1, 60), None, "x", 7.0]),
            "score": chooser.choice([round(chooser.uniform(0, 30), 1), 0, 100, None, 101]),
            "joined": chooser.choice([f"2026-01-{chooser.randrange(1, 29):02}", None]),
        }
        found.append({key: value for key, value in customer.items() if chooser.random() < 0.9})
    return found


@pytest.mark.parametrize("most", [1024, 7, 1])
def test_fields_of_many_values(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Where not every row is kept whole, the rows are the same."""
    monkeypatch.setattr(rows, "MOST_ROWS", most)
    chooser = random.Random(5)
    lines = []
    for _ in range(300):
        number, age, city = chooser.randrange(60), chooser.randrange(50), chooser.randrange(60)
        lines.append(
            chooser.choice(
                [
                    f"customer.city == 'c{city}'",
                    f"customer.city in ['c{city}', 'c{city + 1}']",
                    f"customer.city != 'c{city}'",
                    f"customer.age > {age}",
                    f"customer.age >= {age} && customer.age < {age + 9}",
                    f"customer.age == {age} || customer.age > {age + 20}",
                    f"!(customer.age <= {age})",
                    f"customer.score > {number / 2}",
                    f"customer.score <= {number / 2} && customer.score != {number / 4}",
                    f"has(customer.score) || customer.age < {age}",
                    f"!has(customer.city) && customer.score >= {number / 2}",
                    f"customer.joined >= timestamp('2026-01-{number % 28 + 1:02}T00:00:00Z')",
                ]
            )
        )
    assert alike_found(lines, chooser) > 1000


def test_many_conditions_over_several_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past a bound, what stands in no table is asked of each treatment that is left."""
    monkeypatch.setattr(indexes, "MOST_PLANES", 5)
    chooser = random.Random(6)
    lines = [
        f"customer.age + 1 > {chooser.randrange(40)} || customer.score < {chooser.randrange(30)}"
        for _ in range(200)
    ]
    alike_found(lines, chooser)


@pytest.mark.parametrize(("alike", "levels"), [(1, 4), (3, 1), (20, 2)])
def test_conditions_over_the_same_fields(
    monkeypatch: pytest.MonkeyPatch, alike: int, levels: int
) -> None:
    """One of several tests holds, or all of one of several groups do."""
    monkeypatch.setattr(indexes, "_ALIKE", alike)
    monkeypatch.setattr(indexes, "_MOST_LEVELS", levels)
    chooser = random.Random(7)
    number = chooser.randrange
    lines = []
    for _ in range(300):
        one = f"(customer.age > {number(40)} || customer.score < {number(30)})"
        lines.append(
            chooser.choice(
                [
                    one,
                    f"{one} && (has(customer.city) || customer.age == {number(40)})",
                    f"{one} && (customer.score > {number(60)} || customer.age < {number(20)})",
                    f"{one} || customer.city == 'c{number(60)}'",
                    f"!({one} && customer.city != 'c{number(60)}')",
                    f"customer.age > {number(40)} && customer.city == 'c1' || !has(customer.score)",
                    f"customer.age < 9 && customer.score < 9 || customer.age > {number(40)}",
                    f"customer.score < 9 && has(customer.city) || customer.score > 9 && {one}",
                    f"customer.age + 1 > {number(40)} || {one}",
                ]
            )
        )
    assert alike_found(lines, chooser) > 1000


def test_code_nests_no_deeper_than_python_does() -> None:
    """Actions that share a hundred tests, and each has one of its own."""
    shared = [f"customer.age != {1000 + number}" for number in range(100)]
    lines = [" && ".join([*shared, f"customer.age > {number}"]) for number in range(40)]
    book = book_of(lines)
    straight, literal = plan_for(book, "native", line_by_line), plan_for(book, "native", one_by_one)
    for age in (None, 0, 17, 40, 1003):
        found = fitting(straight, {"age": age})
        assert found == fitting(literal, {"age": age})
        assert len(found) == {None: 0, 1003: 0}.get(age, age)


@pytest.mark.parametrize("way", [tables, line_by_line], ids=["tables", "lines"])
def test_what_was_generated_is_given_up_at_once(way: Indexing) -> None:
    """With the plan of a book that was replaced, though nobody looks for garbage."""
    plan = plan_for(
        book_of(["customer.age > 3", "double(customer.age) > customer.score"]), "native", way
    )
    assert plan.fitting is not None
    fitting(plan, {"age": 5, "score": 1})
    gc.collect()
    gc.disable()
    try:
        left = weakref.ref(plan.fitting.narrow)
        del plan
        assert left() is None
    finally:
        gc.enable()


# --- what it takes: function calls, which are the same on a busy machine


def any_of(field: str, values: list[Any]) -> dict[str, Any]:
    """Return a condition that a field is one of many values, in lists of a hundred."""
    lists = [values[place : place + 100] for place in range(0, len(values), 100)]
    return {"any": [f"customer.{field} in {some}" for some in lists]}


@pytest.mark.parametrize(
    "condition",
    [
        lambda count: any_of("age", [7 * place for place in range(count)]),
        lambda count: any_of("city", [f"c{place}" for place in range(count)]),
        lambda count: {"any": [f"customer.age == {7 * place}" for place in range(count)]},
        lambda count: {"all": [f"customer.city != 'c{place}'" for place in range(count)]},
        lambda count: {
            "any": [f"customer.age > {7 * n} && customer.age < {7 * n + 3}" for n in range(count)]
        },
    ],
    ids=["numbers", "texts", "any", "all", "ranges"],
)
def test_building_is_linear_in_the_constants_of_a_condition(condition: Any) -> None:
    """However many values one condition names."""
    few, many = (book_of([condition(count), "customer.age > 3"]) for count in (200, 2000))
    taken = [calls(partial(plan_for, book, "native", tables)) for book in (few, many)]
    assert taken[1] < 12 * taken[0]
    plan = plan_for(many, "native", tables)
    literal = plan_for(many, "native", one_by_one)
    for age in (0, 1, 2, 7, 8, 10490, 10493, 10500, None):
        customer = {"age": age, "city": "c3" if age == 7 else "c1499" if age == 8 else "c2000"}
        assert fitting(plan, customer) == fitting(literal, customer)


def with_policies(actions: int, policies: int) -> Book:
    """Return a book whose policies all ask for the same field, which all actions do, too."""
    document = document_of([f"customer.age > {place}" for place in range(actions)])
    document["policies"] = {
        f"p{place:05}": {"block_when": f"customer.age == {3 * place}"} for place in range(policies)
    }
    return built(document).book


def test_building_is_linear_where_policies_and_actions_grow() -> None:
    """A thousand policies over all actions, and each a condition on the same field."""
    small, large = with_policies(150, 100), with_policies(1500, 1000)
    taken = [calls(partial(plan_for, book, "native", tables)) for book in (small, large)]
    assert taken[1] < 25 * taken[0]  # what goes first has tables of its own in the large one
    plan, literal = (plan_for(large, "native", way) for way in (tables, one_by_one))
    for age in (0, 1, 3, 4, 700, 2997, 2998, None):
        found = []
        for each in (plan, literal):
            view = viewed(each, Case("c", {"age": age}, None), NOW)
            assert each.fitting is not None
            found.append(each.fitting.narrow(view.slots, each.names.everything).bit_count())
        assert found[0] == found[1] == (0 if age is None or age % 3 == 0 else min(age, 1500))


def test_few_treatments_with_many_conditions_have_tables() -> None:
    """Lines would ask each of them for all, since most hold."""
    book = with_policies(60, 100)
    taken = [calls(partial(plan_for, book, "native", way)) for way in (index, tables, line_by_line)]
    assert taken[0] < 1.1 * taken[1]
    assert taken[0] < taken[2] / 3


def asking(book: Book, customer: dict[str, Any]) -> tuple[int, set[str]]:
    """Return how many functions it takes to find what fits, and what does."""
    plan = plan_for(book, "native", tables)
    found = fitting(plan, customer)  # and compile what is asked for
    view = viewed(plan, Case("c", customer, None), NOW)
    assert plan.eligible is not None
    taken = calls(partial(plan.eligible.narrow, view.slots, plan.names.everything))
    literal = plan_for(book, "native", one_by_one)
    assert found == fitting(literal, customer)
    return taken, found


def test_alternatives_over_any_fields_are_looked_up() -> None:
    """No two conditions need be over the same fields."""
    chooser = random.Random(8)
    fields = [f"f{place:02}" for place in range(14)]
    lines = [
        " || ".join(f"customer.{name} > {chooser.randrange(60, 100)}" for name in some)
        for some in (chooser.sample(fields, 3) for _ in range(300))
    ]
    document = dict(document_of(lines), context={"customer": dict.fromkeys(fields, "int")})
    taken, found = asking(built(document).book, {name: chooser.randrange(100) for name in fields})
    assert 50 < len(found) < 250
    assert taken < 10


def test_what_several_share_is_asked_once_where_many_are_left() -> None:
    """Two hundred conditions that stand in no table, each of ten actions."""
    lines = [f"double(customer.age) * customer.score > {n % 200}.5" for n in range(2000)]
    taken, found = asking(book_of(lines), {"age": 10, "score": 10})
    assert len(found) == 1000
    assert taken < 220


def test_rows_of_many_fields_have_a_room_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are more fields than room, each has a row and goes on from there."""
    monkeypatch.setattr(indexes, "ROOM", 2)
    chooser = random.Random(9)
    lines = [
        chooser.choice(
            [
                f"customer.city in ['c{number % 50}', 'c{number % 9}']",
                f"customer.age > {number % 55}",
                f"customer.score <= {number % 30} || customer.city != 'c{number % 60}'",
            ]
        )
        for number in range(200)
    ]
    assert alike_found(lines, chooser) > 1000
