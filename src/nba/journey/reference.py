"""The literal matcher of moments: this file is what a pattern means.

It is short, slow and obvious: every sentence of the guide's section on moments stands here once.
Whatever is computed of a whole journey is right at every time: an event changes what is open
only from its own time on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nba.book.model import Expression, Pattern, Step
from nba.errors import EvaluationError
from nba.journey.events import Row
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.reference import evaluate, judge
from nba.lang.values import Timestamp

__all__ = ["Evidence", "Instance", "deadline", "instances", "matches", "open_at"]

Evidence = dict[str, Row]


class Instance(NamedTuple):
    """One time that a moment came about: open at t when *opens* <= t < *ends*.

    *anchor* is the place of its anchor in the journey; *opens* and *ends* are instants in
    nanoseconds, None for no end; *evidence* are the events that matched, by the names of the steps.
    """

    anchor: int
    opens: int
    ends: int | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class _Opening:
    """When an instance opens; what is later than the event at *place* is after it opened."""

    at: int
    place: int
    evidence: Evidence


def instances(pattern: Pattern, rows: Sequence[Row]) -> list[Instance]:
    """Return the instances of *pattern* in a journey, by anchor.

    *rows* are its events in the order of (`at`, `id`), each id once.
    """
    found = (_instance(pattern, rows, anchor) for anchor in range(len(rows)))
    return [instance for instance in found if instance is not None]


def open_at(found: Iterable[Instance], now: int) -> Instance | None:
    """Return the open instance with the newest anchor at *now*, or None when none is open.

    Of instances with the same anchor the first of *found* counts.
    """
    now_open = [i for i in found if i.opens <= now and (i.ends is None or now < i.ends)]
    return max(now_open, key=lambda instance: instance.anchor, default=None)


def _instance(pattern: Pattern, rows: Sequence[Row], anchor: int) -> Instance | None:
    if not matches(pattern.steps[0], rows[anchor], {}):
        return None
    opening = _OPENINGS[pattern.kind](pattern, rows, anchor)
    if opening is None:
        return None
    before = rows[anchor + 1 : opening.place + 1]
    if _first(pattern.unless, before, opening.evidence) is not None:
        return None
    ends = _end(pattern, rows[opening.place + 1 :], opening)
    if ends is not None and ends <= opening.at:  # it would end when it opens
        return None
    return Instance(anchor, opening.at, ends, opening.evidence)


# --- when it opens


def _sequence(pattern: Pattern, rows: Sequence[Row], anchor: int) -> _Opening | None:
    """Return the earliest completion: by its last event, then by the earlier ones in order."""
    completions = list(_completions(pattern, rows, [anchor]))
    if not completions:
        return None
    earliest = min(completions, key=lambda places: (places[-1], places))
    return _Opening(_at(rows, earliest[-1]), earliest[-1], _evidence(pattern, rows, earliest))


def _completions(pattern: Pattern, rows: Sequence[Row], places: list[int]) -> Iterator[list[int]]:
    """Yield all completions of a sequence whose first events stand at *places*."""
    if len(places) == len(pattern.steps):
        if _near(pattern, _at(rows, places[-1]) - _at(rows, places[0])):
            yield places
        return
    step = pattern.steps[len(places)]
    for place in range(places[-1] + 1, len(rows)):
        if matches(step, rows[place], _evidence(pattern, rows, places)):
            yield from _completions(pattern, rows, [*places, place])


def _evidence(pattern: Pattern, rows: Sequence[Row], places: list[int]) -> Evidence:
    steps = zip(pattern.steps, places, strict=False)
    return {step.alias: rows[place] for step, place in steps}


def _at_least(pattern: Pattern, rows: Sequence[Row], anchor: int) -> _Opening | None:
    """Return the n-th event that matches, from the anchor on."""
    (step,) = pattern.steps
    matching = [place for place in range(anchor, len(rows)) if matches(step, rows[place], {})]
    if len(matching) < pattern.count:
        return None
    last = matching[pattern.count - 1]
    if not _near(pattern, _at(rows, last) - _at(rows, anchor)):
        return None
    return _Opening(_at(rows, last), last, {step.alias: rows[last]})


def _after(pattern: Pattern, rows: Sequence[Row], anchor: int) -> _Opening | None:
    """Return the anchor itself, or the deadline where an expectation is not met by then."""
    at = _at(rows, anchor)
    evidence = {pattern.steps[0].alias: rows[anchor]}
    if pattern.expect is None:
        return _Opening(at, anchor, evidence)
    until = deadline(pattern.within, pattern.by, at, evidence)
    if until is None:
        return None
    last = anchor
    for place in range(anchor + 1, len(rows)):
        if _at(rows, place) <= until:
            if matches(pattern.expect, rows[place], evidence):
                return None
            last = place
    return _Opening(max(until, at), last, evidence)


def deadline(within: int | None, by: Expression | None, at: int, evidence: Evidence) -> int | None:
    """Return by when something is expected: *within* after *at*, or *by* a time; None for never."""
    if by is None:
        return None if within is None else at + within
    try:
        found = evaluate(by.tree, _fields(evidence), BOOK_FUNCTIONS)
    except EvaluationError:
        return None
    return int(found) if isinstance(found, Timestamp) else None


_OPENINGS = {"sequence": _sequence, "at_least": _at_least, "after": _after}


# --- when it ends


def _end(pattern: Pattern, later: Sequence[Row], opening: _Opening) -> int | None:
    """Return when an instance ends, of the events *later* than it opened."""
    ends = None if pattern.lasts is None else opening.at + pattern.lasts
    released = _first(pattern.until, later, opening.evidence)
    if released is not None and (ends is None or released < ends):
        ends = released + pattern.linger
    expected = () if pattern.expect is None else (pattern.expect,)
    met = _first(expected, later, opening.evidence)
    if met is not None and (ends is None or met < ends):
        ends = met
    return ends


def _first(steps: Sequence[Step], rows: Sequence[Row], evidence: Evidence) -> int | None:
    """Return the time of the first event that matches one of the steps."""
    found = (row for row in rows if any(matches(step, row, evidence) for step in steps))
    return next((int(row["at"]) for row in found), None)


# --- what matches


def matches(step: Step, row: Row, evidence: Evidence) -> bool:
    """Return whether an event is what a step looks for: unknown is no match."""
    if row["type"] != step.event:
        return False
    if step.where is None:
        return True
    return judge(step.where.tree, _fields({**evidence, step.alias: row}), BOOK_FUNCTIONS) is True


def _fields(evidence: Evidence) -> dict[str, object]:
    return {
        f"{alias}.{name}": value for alias, row in evidence.items() for name, value in row.items()
    }


def _near(pattern: Pattern, length: int) -> bool:
    return pattern.within is None or length <= pattern.within


def _at(rows: Sequence[Row], place: int) -> int:
    return int(rows[place]["at"])
