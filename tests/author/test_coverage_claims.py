"""What coverage claims is so: what no test reaches may be another rule, and no test would know."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.author.test_coverage import BOOK, CREDIT, MONDAY, RESTLESS

from nba.author.coverage import Coverage
from nba.author.reach import Arm
from nba.book.build import build
from nba.book.model import Book, Condition
from nba.book.source import parse
from nba.decide.case import Case
from nba.decide.decision import UNKNOWN_MARK, Ranking
from nba.decide.derived import derived_fields
from nba.decide.reference import Reference
from nba.engine import Engine
from nba.engine.account import EngineAccount
from nba.lang import tree
from nba.lang.types import BOOL

LONG = os.environ.get("NBA_LONG") == "1"
ROOT = Path(__file__).parents[2]

#: What a decision shows: the answers, the codes without what is unknown, and what is derived.
Shown = tuple[Any, dict[Any, str], dict[str, object]]


def small() -> Engine:
    """Return an engine for a book with a rule of every kind, and its tests."""
    every = [test for _, _, tests in CREDIT for test in tests]
    every += [
        f"{MONDAY}, age: 91}}; expect: {{}}",
        f"{MONDAY}}}; history: [{{rejected: more, channel: phone, at: -9d}}]; expect: {{}}",
        f"{MONDAY}}}; history: [{{presented: more, channel: phone, at: -1d}}]; expect: {{}}",
        f"{MONDAY}, tier: gold}}; interaction: {{intent: billing}}; {RESTLESS}; expect: {{}}",
    ]
    lines = [f"  - name: test {number}\n    {text}" for number, text in enumerate(every)]
    text = BOOK + "\n".join(line.replace("; ", "\n    ") for line in lines)
    return Engine(build([parse(text, "book.yaml")]))


ENGINES = {
    "small": small(),
    "rules": Engine.open(ROOT / "rules"),
    "telco": Engine.open(ROOT / "examples/telco/rules"),
}


def parts(thing: object, seen: dict[int, object]) -> Iterator[object]:
    """Yield all that a book is made of."""
    if id(thing) in seen:
        return
    seen[id(thing)] = thing
    if is_dataclass(thing) and not isinstance(thing, tree.Node):
        yield thing
        for part in fields(thing):
            yield from parts(getattr(thing, part.name), seen)
    elif isinstance(thing, Mapping):
        for value in thing.values():
            yield from parts(value, seen)
    elif isinstance(thing, tuple | list):
        for value in thing:
            yield from parts(value, seen)


PARTS = {name: {id(part): part for part in parts(e.book, {})} for name, e in ENGINES.items()}


def always(verdict: bool) -> tree.Node:
    """Return a condition that is always so."""
    node = tree.Literal(0, 0, value=verdict)
    node.type = BOOL
    return node


def all_in(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions in the lists of another, at any depth."""
    for item in condition.items:
        yield item
        yield from all_in(item)


def rewritten(condition: Condition, leaf: Condition, verdict: bool) -> Condition:
    """Return a condition in which one part is always so."""
    if condition is leaf:
        return replace(condition, tree=always(verdict), items=(), kind="is", text=str(verdict))
    items = tuple(rewritten(item, leaf, verdict) for item in condition.items)
    if not items:
        return condition
    trees = [item.tree for item in items]
    node: tree.Node = tree.Not(0, 0, trees[0])
    if condition.kind != "not":
        node = (tree.And if condition.kind == "all" else tree.Or)(0, 0, trees)
    node.type = BOOL
    return replace(condition, tree=node, items=items)


def another(book: Book, old: object, new: object) -> Book:
    """Return a book with one part of it replaced, wherever it stands."""
    same = {id(part): part for part in (book.shape, book.zone, book.fields, book.tests)}
    return copy.deepcopy(book, same | {id(old): new})


#: How a rule becomes another, by its kind: the part of the book, and what takes its place.
OTHERS: dict[str, Callable[[Book, Any], tuple[Any, Any]]] = {
    "action": lambda book, key: off(book.actions[key[1]]),
    "treatment": lambda book, key: off(treatment_of(book, key)),
    "moment": lambda book, key: without(book.moments[key[1]], patterns=()),
    "pattern": lambda book, key: without(
        book.moments[key[1]],
        patterns=tuple(p for n, p in enumerate(book.moments[key[1]].patterns) if n != key[2]),
    ),
    "signal": lambda book, key: without(book.signals[key[1]], events=()),
    "limited": lambda book, key: without(book.limits[key[1]], at_most=10**9),
    "suppressed": lambda book, key: without(book.suppressions[key[1]], length=0),
    "unaffordable": lambda book, key: without(book.budgets[key[1]], amount=10**15),
    "put_right": lambda book, key: without(book.actions[key[1]].gesture, not_again_within=None),
    "once": lambda book, key: without(book.actions[key[1]], once_per=None),
    "row": lambda book, key: without(
        row := book.tables[key[1]].rows[key[2] - 1], gives=tuple(None for _ in row.gives)
    ),
}
OF_PART: dict[str, Callable[[Any, Any, float], Any]] = {
    "weight": lambda weight, _, points: replace(weight, add=points),
    "point": lambda point, _, points: replace(point, add=points),
    "band": lambda point, key, points: replace(
        point, bands=tuple((b, points if b.text == key[2] else p) for b, p in point.bands)
    ),
    "text": lambda text, *_: replace(text, parts=(*text.parts, " and more")),
    "at_most": lambda gesture, *_: replace(gesture, at_most=None),
    "authority": lambda gesture, *_: replace(gesture, authority=()),
}
#: Points that a card adds instead. One of them shows where `min` or `max` hides the other.
OTHER_POINTS = (1e6, -1e6)
#: Of these, those who see the test see it in any case when it is another.
FELT = {"action", "treatment", "moment", "signal", "limited", "suppressed", "put_right", "once"}
FELT |= {"unaffordable", "row", "point", "band", "text", "at_most", "authority"}


def off(thing: Any) -> tuple[Any, Any]:
    """Take something out of use."""
    return thing, replace(thing, validity=replace(thing.validity, enabled=False))


def without(thing: Any, **changed: Any) -> tuple[Any, Any]:
    """Change something."""
    return thing, replace(thing, **changed)


def treatment_of(book: Book, key: Any) -> Any:
    """Return the treatment that a key names."""
    return next(t for t in book.actions[key[1]].treatments if t.channel == key[2])


def mutated(name: str, found: Coverage, arm: Arm, points: float) -> Book | None:
    """Return a book that is another only where an arm comes into play; None where we know none."""
    book, part_of = ENGINES[name].book, PARTS[name]
    key: Any = arm.keys[0]
    if isinstance(key[0], str):
        if key[0] in OTHERS:
            return another(book, *OTHERS[key[0]](book, key))
        if key[0] in OF_PART:
            part = part_of[key[1]]
            return another(book, part, OF_PART[key[0]](part, key, points))
        return None
    condition, verdict = part_of[key[0]], key[1]
    assert isinstance(condition, Condition)
    verdicts = {pair[1] for pair in cast(Any, arm.keys)}
    own = condition in ENGINES[name].book.conditions.values()
    if None not in verdicts and (key[0], None) in found.seen and (own or verdict):
        return None  # unknown is not the same as what is always so, everywhere
    tops = (part for part in part_of.values() if isinstance(part, Condition))
    around = [top for top in tops if any(one is condition for one in all_in(top))]
    whole = max(around, key=lambda top: len(list(all_in(top))), default=condition)
    return another(book, whole, rewritten(whole, condition, not verdict))


class Anew(Reference):
    """The reference, which takes nobody's word for what was refused."""

    def decide(self, n: int, refused: object = None) -> Ranking:
        """Decide without what the decision was told."""
        return super().decide(n)


def shown(decision: Any, book: Book | None = None) -> Shown:
    """Return what a decision shows, by the rules of another book."""
    account: EngineAccount = decision.account
    inputs = {spec.path for spec in account.answer.plan.book.fields}
    inputs |= {"now", "interaction.present"}

    def by(own: Book, known: Mapping[str, object], now: int, *rest: Any, **more: Any) -> Reference:
        rules = book or own
        given_ = {path: value for path, value in known.items() if path in inputs}
        return Anew(rules, derived_fields(rules, given_, rest[1]), now, *rest, **more)

    judged, ranking = account.literally(by)
    codes = {key: code.removesuffix(UNKNOWN_MARK) for key, code in ranking.codes.items()}
    return ranking.ranked, codes, judged.fields


def is_same(kind: str, one: Shown, other: Shown) -> bool:
    """Return whether two decisions show the same, apart from what became of the rule itself."""
    if kind in ("action", "treatment", "text"):
        return bool(one[0] == other[0])
    return one == other


@settings(
    max_examples=500 if LONG else 20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.sampled_from(sorted(ENGINES)), st.data())
def test_what_is_not_reached_may_be_anything(name: str, data: st.DataObject):
    """Whatever comes of a rule where no test gets: each decision of the tests stays as it is."""
    found, decisions = watched(name, data)
    left = [
        (rule, arm)
        for rule in found.all
        for arm in rule.arms
        if not found.seen.intersection(arm.keys)
    ]
    chosen = data.draw(st.lists(st.sampled_from(left), max_size=8, unique_by=id)) if left else []
    for rule, arm in chosen:
        book = mutated(name, found, arm, data.draw(st.sampled_from(OTHER_POINTS)))
        if book is None:
            continue
        for decision in decisions:
            before, after = shown(decision), shown(decision, book)
            assert is_same(arm_kind(arm), before, after), (rule, arm.unseen)


@settings(
    max_examples=500 if LONG else 20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.sampled_from(sorted(ENGINES)), st.data())
def test_what_is_reached_is_felt(name: str, data: st.DataObject):
    """Were it another rule, some decision of the tests would show it."""
    found, decisions = watched(name, data)
    reached = [
        (rule, arm)
        for rule in found.all
        for arm in rule.arms
        if found.seen.intersection(arm.keys) and arm_kind(arm) in FELT
    ]
    chosen = (
        st.lists(st.sampled_from(reached), max_size=6, unique_by=id) if reached else st.just([])
    )
    for rule, arm in data.draw(chosen):
        books = [mutated(name, found, arm, points) for points in OTHER_POINTS]
        assert None not in books
        felt = (shown(one) != shown(one, book) for book in books for one in decisions)
        assert any(felt), (rule, arm)


def test_a_band_is_felt_where_the_card_is_at_its_end():
    """Sixty for the band and forty for what they say are the hundred that a card may give."""
    engine = ENGINES["rules"]
    wanted = "who calls to cancel is asked why, and listened to"
    test = next(test for test in engine.book.tests if test.name == wanted)
    found = Coverage(engine.book)
    decision = engine.decide_case(Case.from_dict({"id": "test", "events": [], **test.case}), 2)
    found.see(decision)
    arm = next(
        arm
        for rule in found.all
        if rule.name == "`[0.5..0.7): 60` of `scorecard.leaving`"
        for arm in rule.arms
    )
    assert found.seen.intersection(arm.keys)
    more, less = (mutated("rules", found, arm, points) for points in OTHER_POINTS)
    assert shown(decision, more) == shown(decision) != shown(decision, less)


def arm_kind(arm: Arm) -> str:
    """Return what an arm is of."""
    key: Any = arm.keys[0]
    return key[0] if isinstance(key[0], str) else "condition"


def watched(name: str, data: st.DataObject) -> tuple[Coverage, list[Any]]:
    """Decide some of a book's tests, and see what they reach."""
    engine = ENGINES[name]
    tests = data.draw(st.lists(st.sampled_from(engine.book.tests), min_size=1, max_size=6))
    found, decisions = Coverage(engine.book), []
    for test in tests:
        case = Case.from_dict({"id": "test", "events": [], "history": [], **test.case})
        decisions.append(engine.decide_case(case, None if case.at else 2))
        found.see(decisions[-1])
    return found, decisions


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_another_book_is_another(name: str):
    """The copies that the tests above compare are what they are meant to be."""
    book = ENGINES[name].book
    action = next(iter(book.actions.values()))
    found = another(book, *off(action))
    assert found.actions[action.id].validity.enabled is False
    assert replace(found, actions=book.actions) == book
