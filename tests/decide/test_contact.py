"""Contact policy, gestures and what is kept: the plan is the reference, on random histories."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.decide.contacts import contact_books, histories, used_up
from tests.decide.strategies import NOW, built, cases, viewed

from nba.decide.answer import Answer, answer
from nba.decide.decision import head, reason_of
from nba.decide.derived import derived_fields
from nba.decide.explain import explain
from nba.decide.history import Answered, history_of
from nba.decide.planner import plan_for
from nba.decide.reference import Reference
from nba.decide.used import with_used
from nba.journey.shapes import EventShapes
from nba.journey.timeline import EMPTY, Timeline

LONG = os.environ.get("NBA_LONG") == "1"
SEEN: Counter[str] = Counter()


def literally(found: Answer, role: str | None, point: Any) -> Any:
    """Decide by the reference what the plan decided."""
    view, book = found.view, found.plan.book
    inputs = {*(spec.path for spec in book.fields), "now", "interaction.present"}
    known = {p: v for p, v in book.shape.known(view.slots).items() if p in inputs}
    rows = view.timeline.rows
    fields = derived_fields(book, known, rows)
    judged = Reference(book, fields, view.now, point, rows, history=view.history, role=role)
    return judged.decide(found.n)


@settings(
    max_examples=3_000 if LONG else 60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(contact_books(), st.data())
def test_the_plan_is_the_reference(document: dict[str, Any], data: st.DataObject) -> None:
    """Answers, amounts, texts, reasons: all the same, with any history and any role."""
    book = built(document).book
    plan, shapes = plan_for(book), EventShapes.of(book)
    for _ in range(3):
        role = data.draw(st.sampled_from([None, "agent"]))
        case = data.draw(cases())._replace(now=NOW, role=role)
        if data.draw(st.booleans()):
            case = case._replace(customer={**case.customer, "household": "h-1"})
        past = data.draw(histories(sorted(document["actions"])))
        answers = [Answered.from_dict(one, book) for one in past]
        n = data.draw(st.none() | st.integers(1, 3))
        timeline = Timeline(shapes.rows(case.events or (), NOW)[0])
        used = data.draw(st.none() | used_up(document))
        history = with_used(history_of(book, answers, NOW_INSTANT), used, book)
        view = viewed(plan, case, NOW, timeline, history)
        found = answer(plan, view, n)
        point = book.decision_points[case.at] if case.at else None
        ranking = literally(found, case.role, point)
        assert found.ranked == ranking.ranked
        assert found.codes() == ranking.codes
        assert found.defer_until == ranking.defer_until
        assert found.reason == ("chosen" if found.ranked else reason_of(ranking.codes.values()))
        SEEN.update(head(code) for code in found.codes().values())
        SEEN["asked again later"] += found.defer_until is not None
        SEEN["kept"] += any(one.kept_from for one in found.ranked)
        SEEN["given"] += any(one.gesture for one in found.ranked)


@settings(
    max_examples=1_000 if LONG else 30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(contact_books(), st.data())
def test_every_code_is_told_in_sentences(document: dict[str, Any], data: st.DataObject) -> None:
    """Whatever was decided, each action has an account, and what was not chosen says why."""
    book = built(document).book
    plan = plan_for(book)
    case = data.draw(cases())._replace(now=NOW, role=data.draw(st.sampled_from([None, "agent"])))
    past = data.draw(histories(sorted(document["actions"])))
    answers = [Answered.from_dict(one, book) for one in past]
    found = answer(plan, viewed(plan, case, NOW, EMPTY, history_of(book, answers, NOW_INSTANT)))
    point = book.decision_points[case.at] if case.at else None
    view = found.view
    inputs = {*(spec.path for spec in book.fields), "now", "interaction.present"}
    known = {p: v for p, v in book.shape.known(view.slots).items() if p in inputs}
    fields = derived_fields(book, known, ())
    judged = Reference(book, fields, view.now, point, history=view.history, role=case.role)
    told = explain(judged, judged.decide(found.n))
    for account in told.accounts:
        assert all(sentence.strip() for sentence in account.sentences), account
        assert account.sentences or account.code == "chosen", account
    assert told.summary


def test_everything_was_seen(record_property: Any) -> None:
    """How often each code came; it tells only what the test before it saw."""
    for code, count in SEEN.items():
        record_property(code, count)


NOW_INSTANT = int(NOW.timestamp()) * 10**9
