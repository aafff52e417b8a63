"""One decision with everything around it: what is recalled, what is taken, what fails."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from nba.decide.answer import Answer, answer
from nba.decide.briefing import Briefer
from nba.decide.case import Case
from nba.decide.decision import Candidate, Decision
from nba.decide.happening import Happening
from nba.decide.history import EMPTY_HISTORY, Answered, History, history_of
from nba.decide.plan import Plan
from nba.decide.used import with_used
from nba.decide.view import inputs_of
from nba.engine.given import keep_given
from nba.engine.ids import new_id
from nba.engine.keyed import id_under, retold, told_of
from nba.engine.remembered import history_in
from nba.engine.taking import SPARE, taking_of, with_reservations
from nba.errors import CaseError, Diagnostic, StoreError
from nba.journey.shapes import EventShapes
from nba.journey.timeline import EMPTY, Timeline
from nba.state.past import Past
from nba.state.reservation import Granted, Taking
from nba.state.store import Remembered, Store

__all__ = ["Decided", "Running", "decide", "decided_again", "store_failure"]

#: How often a decision is made anew because what it was made on has changed meanwhile.
TRIES: Final = 50


class Running(NamedTuple):
    """What decides now; replaced as a whole."""

    plan: Plan
    shapes: EventShapes
    briefer: Briefer
    happening: Happening


class Decided(NamedTuple):
    """An answer, the id of its decision, and what was wrong with what was handed in.

    *known_as* is the customer whom the store took the case for, None where it was not asked.
    *asked* says that it was asked to grant the answers.
    """

    id: str
    answer: Answer
    problems: tuple[Diagnostic, ...]
    known_as: str | None = None
    asked: bool = False


def decide(
    running: Running,
    store: Store,
    case: Case,
    now: datetime,
    n: int | None,
    *,
    commit: bool,
    key: str | None = None,
    asked: str | None = None,
) -> Decided | Decision:
    """Decide a case: in two round trips to the store, one that reads and one that takes.

    What the case brings takes the place of what the store remembers. Without *commit* nothing is
    taken. Where the store fails, the book says what may still be done. Under a *key*, the
    decision that was made under it before is told again; *asked* is the `fingerprint` of what was
    handed in then.
    """
    name = new_id()
    try:
        found = _decide(
            running, store, case, now, n, name=name, commit=commit, key=key, asked=asked
        )
        return found or Decided(name, *_alone(running, case, now, n))
    except StoreError as error:
        found_without, problems = _without_store(running, case, now, n)
        # what was asked of the store may have been done: its id is not that of another answer
        return Decided(new_id(), found_without, (*problems, store_failure(error)))


def store_failure(error: StoreError) -> Diagnostic:
    """Return what is said of a store that failed."""
    return Diagnostic("store-failure", f"the store failed: {error}", "", None, "warning")


def _decide(
    running: Running,
    store: Store,
    case: Case,
    now: datetime,
    n: int | None,
    *,
    name: str,
    commit: bool,
    key: str | None,
    asked: str | None,
) -> Decided | Decision | None:
    """Decide with what the store remembers; None where it is not asked."""
    plan = running.plan
    if not case.id or (case.history is not None and case.events is not None):
        return None
    takes = commit and case.history is None and case.used is None
    own = key if case.now is None else None
    asked_for = asked if takes else None
    if key is not None and takes:
        name = id_under(key, case.id)
    for lost in range(TRIES):
        if lost:
            _step_aside(lost)
        view = inputs_of(plan, case, now)
        accounts = view.accounts if case.history is None else {}
        memory = store.recall(case.id, view.now, tuple(accounts.values()))
        if asked_for is not None:
            made = memory.decisions.find(name)
            if made is not None:
                return retold(made, asked_for)
        timeline, problems = _timeline(running, case, now, memory.timeline)
        history = _history(plan, case, view.now)
        if history is None:
            history = history_in(plan, memory, accounts, view.now, taking=takes)
            history = with_used(history, case.used, plan.book)
        view.remember(plan, running.happening.before(timeline, case.id, view, own), history)
        found = answer(plan, view, n, SPARE if takes else 0)
        if not takes or not found.granted:
            # a decision that nobody remembers is no other's, not even under the same key
            fresh = name if asked_for is None else new_id()
            return Decided(fresh, found, problems, memory.customer)
        told = None
        if asked_for is not None:
            told = told_of(found, case, now, asked_for, (*found.view.diagnostics, *problems))
        wanted = taking_of(plan, found, name, case.id, memory.version, told=told)
        granted = store.take(wanted.taking)
        if not granted.stale and granted.granted:
            if asked_for is not None and (first := _made_by_others(store, wanted.taking, granted)):
                return retold(first, asked_for)
            keep_given(*wanted, memory.customer, granted.granted)
            taken = with_reservations(_as_granted(found, granted), name)
            return Decided(name, taken, problems, memory.customer, asked=True)
    raise StoreError("others change what is remembered of this customer faster than it is read")


def _as_granted(found: Answer, granted: Granted) -> Answer:
    """Return an answer as a store granted it."""
    if not granted.refused and not found.refused and granted.granted == found.granted:
        return found  # as mostly: as it was predicted
    offers = found.offers
    refused = {place: offers[place].needs[claim].code for place, claim in granted.refused}
    return found.as_granted(granted.granted, refused)


def _made_by_others(store: Store, taking: Taking, granted: Granted) -> Remembered | None:
    """Return what is remembered under an id, if it is not what was just asked to be remembered.

    Somebody else who asked under the same key was faster by a moment.
    """
    row = store.decision(taking.id)
    mine = dict(enumerate(one.answer for one in taking.alternatives))
    own = tuple(mine.get(place) for place in granted.granted)
    return None if row is None or (row.text, row.answers) == (taking.text, own) else row


def _step_aside(lost: int) -> None:
    """Wait for others a while, by chance and the longer the more often they were faster."""
    time.sleep(random.random() * min(lost, 20) / 1000)  # noqa: S311 - nothing to be guessed


def _alone(
    running: Running, case: Case, now: datetime, n: int | None
) -> tuple[Answer, tuple[Diagnostic, ...]]:
    """Decide with what the case brings, and nothing else."""
    view = inputs_of(running.plan, case, now)
    timeline, problems = _timeline(running, case, now, EMPTY)
    history = _history(running.plan, case, view.now)
    history = history or with_used(EMPTY_HISTORY, case.used, running.plan.book)
    view.remember(running.plan, timeline, history)
    return answer(running.plan, view, n), problems


def _without_store(
    running: Running, case: Case, now: datetime, n: int | None
) -> tuple[Answer, tuple[Diagnostic, ...]]:
    """Decide where the store fails: only on what the book allows then, and on what is known."""
    view = inputs_of(running.plan, case, now)
    view.forsake(running.plan)
    problems: tuple[Diagnostic, ...] = ()
    if case.events is not None:
        timeline, problems = _timeline(running, case, now, EMPTY)
        view.remember(running.plan, timeline, EMPTY_HISTORY)
    return answer(running.plan, view, n), problems


def _timeline(
    running: Running, case: Case, now: datetime, remembered: Timeline
) -> tuple[Timeline, tuple[Diagnostic, ...]]:
    """Return the journey of a case: the events that it brings, or what was observed."""
    if case.events is None:
        return remembered, ()
    try:
        timeline, problems = running.shapes.journey(case.events, now)
    except CaseError as error:
        raise error.within("events") from None
    return timeline, tuple(problems)


def _history(plan: Plan, case: Case, now: int) -> History | None:
    """Return the history that a case brings, if it does. Raises CaseError."""
    if case.history is None:
        return None
    answers = [_answered(plan, one, place) for place, one in enumerate(case.history)]
    return with_used(history_of(plan.book, answers, now), case.used, plan.book)


def _answered(plan: Plan, given: Mapping[str, Any], place: int) -> Answered:
    try:
        return Answered.from_dict(given, plan.book)
    except CaseError as error:
        raise error.within("history", place) from None


def decided_again(running: Running, store: Store, case: Case, made: Decision) -> Answer | None:
    """Decide again what was read back, on what is still known; None where the answer is another."""
    plan = running.plan
    view = inputs_of(plan, case, made.now)
    memory = store.recall(case.id, view.now) if case.id else None
    timeline, _ = _timeline(running, case, made.now, memory.timeline if memory else EMPTY)
    history = _history(plan, case, view.now)
    if history is None and memory is not None:
        before = Past(row for row in memory.decisions if row.id != made.id and row.at <= view.now)
        found = history_in(plan, memory._replace(decisions=before), (), view.now)
        # what was used then is counted from the answers, but for what the case says
        history = with_used(History(found.answers), case.used, plan.book)
    history = history or with_used(EMPTY_HISTORY, case.used, plan.book)
    view.remember(plan, running.happening.before(timeline, case.id, view), history)
    again = answer(plan, view, made.n)
    return again if _plain(again.ranked) == _plain(made.ranked) else None


def _plain(ranked: Iterable[Candidate]) -> list[Candidate]:
    """Return answers without what a store gave them."""
    return [
        one._replace(gesture=one.gesture._replace(reservation=None)) if one.gesture else one
        for one in ranked
    ]
