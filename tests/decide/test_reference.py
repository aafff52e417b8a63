"""The plan equals the reference on random books and cases, reasons included."""

from __future__ import annotations

import json
import random
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.conformance.suite import same
from tests.decide.strategies import NOW, books, built, cases, viewed

from nba import Engine
from nba.decide.answer import Answer, answer
from nba.decide.case import Case
from nba.decide.decision import Decision, Ranking, head, reason_of
from nba.decide.derived import derived_fields
from nba.decide.plan import Plan
from nba.decide.planner import plan_for
from nba.decide.reference import Reference
from nba.journey.shapes import EventShapes
from nba.journey.timeline import Timeline
from nba.lang.context import Shape


def by_reference(plan: Plan, found: Answer, case: Case) -> Ranking:
    """Decide literally what the plan decided."""
    book = plan.book
    rows = found.view.timeline.rows
    names = {*(spec.path for spec in book.fields), "now", "interaction.present"}
    slots, _ = book.shape.read({"customer": case.customer, "interaction": case.interaction or {}})
    known = {path: value for path, value in book.shape.known(slots).items() if path in names}
    known["now"] = found.view.slots[book.shape.slots["now"]]
    known["interaction.present"] = case.interaction is not None
    point = book.decision_points[case.at] if case.at else None
    fields = derived_fields(book, known, rows)
    for path, value in book.shape.known(found.view.slots).items():
        assert same([fields.get(path)], [value]), path
    return Reference(book, fields, found.view.now, point, rows).decide(found.n)


def decided(plan: Plan, case: Case, n: int | None = None) -> Answer:
    """Decide a case with the journey that it brings."""
    book = plan.book
    shapes = {name: Shape(kind.fields, zone=book.zone) for name, kind in book.events.items()}
    read = EventShapes(shapes, frozenset(book.channels))
    rows, _ = read.rows(case.events or (), now_of(case))
    return answer(plan, viewed(plan, case, now_of(case), Timeline(rows)), n)


def now_of(case: Case) -> datetime:
    """Return the time of a case."""
    return case.now or NOW


@given(books(), st.lists(cases(), min_size=5, max_size=20), st.sampled_from([None, 1, 2, 9]))
def test_plan_equals_reference(document: dict[str, Any], some: list[Case], n: int | None) -> None:
    """Answers, factors, wordings and the code of every treatment are the same both ways."""
    plan = plan_for(built(document).book)
    for case in some:
        found = decided(plan, case, n)
        expected = by_reference(plan, found, case)
        assert found.codes() == expected.codes
        assert found.ranked == expected.ranked
        assert found.reason == reason_of(expected.codes.values())


@given(books(), st.lists(cases(), max_size=5), st.randoms())
def test_order_is_irrelevant(
    document: dict[str, Any], some: list[Case], chance: random.Random
) -> None:
    """The order of actions, channels, policies and keys changes nothing, the version included."""

    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            chance.shuffle(keys)
            keep = "points" in value and "start" not in value  # bands are tried in order
            return {key: shuffled(value[key]) for key in (value if keep else keys)}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    def in_any_order(table: dict[str, Any]) -> dict[str, Any]:
        rows = [shuffled(row) for row in table["rows"]]  # whose own order matters
        columns = {key: shuffled(value) for key, value in table.items() if key != "rows"}
        return {"rows": rows, **columns}

    sections = {key: shuffled(value) for key, value in document.items() if key != "scorecards"}
    sections["tables"] = {name: in_any_order(one) for name, one in document["tables"].items()}
    one = built(document).book
    other = built(sections | {"scorecards": document["scorecards"]}).book
    assert one == other
    assert one.version == other.version
    plans = plan_for(one), plan_for(other)
    for case in some:
        first, second = (decided(plan, case) for plan in plans)
        assert first.ranked == second.ranked
        assert first.codes() == second.codes()


@given(books(), st.lists(cases(), max_size=5))
def test_an_action_that_cannot_match_changes_only_the_version(
    document: dict[str, Any], some: list[Case]
) -> None:
    """What is never eligible takes no part."""
    extra = {
        "title": "Never",
        "group": "i0/g0",
        "kind": "offer",
        "eligible": ["customer.value > 5000"],
        "value": 1000,
        "channels": ["app", "chat"],
    }
    more = json.loads(json.dumps(document))
    more["actions"]["zz"] = extra
    one, other = built(document).book, built(more).book
    assert one.version != other.version
    plans = plan_for(one), plan_for(other)
    for case in some:
        first, second = (decided(plan, case) for plan in plans)
        assert first.ranked == second.ranked
        assert first.codes().items() <= second.codes().items()


GATES = {"unavailable", "ineligible", "blocked", "inapplicable", "unsuitable", "no_channel"}


@given(books(plain=True), cases(), st.data())
def test_removing_a_field_never_lets_an_action_through(
    document: dict[str, Any], case: Case, data: st.DataObject
) -> None:
    """Unknown is never a pass, unless a rule asks for it by `has` or `default`."""
    fields = document["context"]["customer"]
    without_default = [name for name in case.customer if "default" not in fields.get(name, ())]
    if not without_default:
        return
    plan = plan_for(built(document).book)
    gone = data.draw(st.sampled_from(sorted(without_default)))
    less = Case(
        case.id,
        {name: value for name, value in case.customer.items() if name != gone},
        case.interaction,
        case.now,
        case.role,
        case.at,
        case.events,
    )
    before = decided(plan, case).codes()
    after = decided(plan, less).codes()
    for key, code in before.items():
        if head(code) in GATES:
            assert head(after[key]) in GATES


@given(books(), st.lists(cases(), min_size=1, max_size=4))
def test_explaining_never_fails_and_has_no_effect(
    document: dict[str, Any], some: list[Case]
) -> None:
    """Every action has an account, a change that is found does what it says, twice the same."""
    engine = Engine(built(document))
    for case in some:
        decision = engine.decide_case(case)
        before = decision.to_dict(why=True, codes=True)
        explanation = engine.explain(decision)
        assert str(explanation) == str(engine.explain(decision))
        assert {account.action for account in explanation.accounts} == set(document["actions"])
        assert decision.to_dict(why=True, codes=True) == before
        for account in explanation.accounts:
            assert account.code == decision.codes()[account.action]
            assert account.sentences
            if account.change and account.change.status == "found":
                changed = engine.decide_case(_changed(case, dict(account.change.changes)))
                key = account.action, account.change.channel or account.treatment
                assert head(changed.treatment_codes()[key]) not in GATES


def _changed(case: Case, changes: dict[str, object]) -> Case:
    """Return a case with fields set by path; None removes one."""
    data: dict[str, Any] = {"customer": dict(case.customer), "interaction": case.interaction}
    data["interaction"] = dict(case.interaction) if case.interaction is not None else None
    for path, value in changes.items():
        root, *owners, name = path.split(".")
        if data[root] is None:
            data[root] = {}
        owner = data[root]
        for step in owners:
            inner = owner.get(step)
            owner[step] = dict(inner) if isinstance(inner, dict) else {}
            owner = owner[step]
        owner[name] = value
    customer, interaction = data["customer"], data["interaction"]
    return Case(case.id, customer, interaction, case.now, case.role, case.at, case.events)


@given(books(), cases())
def test_json_both_ways(document: dict[str, Any], case: Case) -> None:
    """A decision and a case that are read back are the same."""
    engine = Engine(built(document))
    decision = engine.decide_case(case)
    back = Decision.from_json(decision.to_json(why=True))
    assert back == decision
    assert back.why() == decision.why()
    assert str(engine.explain(back, case)) == str(engine.explain(decision))
    if case.now is not None:
        assert Case.from_dict(case.to_dict()) == case
