"""What follows from what is known of a case, literally: signals, moments, stages, scorecards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nba.book.corridors import NO_STAGE
from nba.book.model import Book, Corridor, Expression, Point, Scorecard, Table
from nba.errors import EvaluationError
from nba.journey.events import Row
from nba.journey.literal_signals import signal_value
from nba.journey.passages import passage_at, passages
from nba.journey.reference import instances, open_at
from nba.lang import reference
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.values import Duration, Timestamp

__all__ = [
    "Fields",
    "derived_fields",
    "happened",
    "number_of",
    "points_of",
    "rows_hit",
    "seen_rows",
]

#: What is known, by path.
Fields = dict[str, object]


def derived_fields(
    book: Book,
    fields: Mapping[str, object],
    rows: Sequence[Row] = (),
    known: Mapping[str, object] | None = None,
) -> Fields:
    """Return *fields* together with all that derives from them and the journey.

    *rows* are the events of the journey, in order: those later than now or out of the book's
    reach are not seen. Signals and moments come first, then conditions, scorecards and
    tables. What `happened` is worked out, unless it is *known*.
    """
    found = dict(fields)
    if book.signals or book.moments or book.corridors:
        now: Any = fields["now"]
        seen = seen_rows(book, rows, now)
        for name, signal in book.signals.items():
            value = signal_value(signal, seen, fields, book.zone)
            if value is not None:
                found[f"signal.{name}"] = value
        found |= happened(book, seen, now) if known is None else known
    for path in book.derived:
        kind, _, name = path.partition(".")
        if kind == "condition":
            verdict = reference.judge(book.conditions[name].tree, found, BOOK_FUNCTIONS)
            if verdict is not None:
                found[path] = verdict
        elif kind == "table":
            found |= _table(book.tables[name], found)
        else:
            card = book.relationship if kind == "relationship" else book.scorecards[name]
            found[path] = _score(card, found) if card else 0.0
    return found


def seen_rows(book: Book, rows: Sequence[Row], now: int) -> list[Row]:
    """Return the events of a journey that are seen: not later than *now*, within the reach."""
    since = -math.inf if book.reach is None else now - book.reach
    return [row for row in rows if since < row["at"] <= now]


def happened(book: Book, seen: Sequence[Row], now: int) -> Fields:
    """Return what follows from the events that are *seen* and the time alone: moments, stages."""
    found: Fields = {}
    names = []
    for name, moment in book.moments.items():
        matches = [one for pattern in moment.patterns for one in instances(pattern, seen)]
        instance = open_at(matches, now)
        found[f"moment.{name}"] = instance is not None
        if instance is not None:
            names.append(name)
            for alias, row in instance.evidence.items():
                found |= {f"evidence.{name}.{alias}.{key}": value for key, value in row.items()}
    for name, corridor in book.corridors.items():
        found |= {f"corridor.{name}.{key}": v for key, v in _stage(corridor, seen, now).items()}
    return found | ({"moments": names} if book.moments else {})


def _stage(corridor: Corridor, seen: Sequence[Row], now: int) -> Fields:
    """Return what conditions read of the stage that a customer is in."""
    visit = passage_at(passages(corridor, seen), now)
    if visit is None:
        return {"stage": NO_STAGE, "late": False}
    return {
        "stage": corridor.stages[visit.stage].id,
        "entered": Timestamp(visit.entered),
        "time": Duration(now - visit.entered),
        "late": visit.late(now),
    }


def points_of(card: Scorecard, fields: Mapping[str, object]) -> Iterator[tuple[Point, float]]:
    """Yield the lines of a scorecard that count, with their points."""
    for point in card.points:
        if point.when is not None:
            if reference.judge(point.when.tree, fields, BOOK_FUNCTIONS) is True:
                yield point, point.add
        elif point.band is not None:
            number = number_of(point.band, fields)
            fitting = [p for band, p in point.bands if number is not None and number in band]
            if fitting:
                yield point, fitting[0]


def _score(card: Scorecard, fields: Mapping[str, object]) -> float:
    total = card.start
    for _, points in points_of(card, fields):
        total += points
    if card.minimum is not None:
        total = max(total, card.minimum)
    return min(total, card.maximum) if card.maximum is not None else total


def _table(table: Table, fields: Mapping[str, object]) -> Fields:
    """Return what a table gives, by path; what is unknown is left out."""
    hit = rows_hit(table, fields)
    given = {table.path(output): table.given(hit, n) for n, output in enumerate(table.outputs)}
    return {path: value for path, value in given.items() if value is not None}


def rows_hit(table: Table, fields: Mapping[str, object]) -> tuple[int, ...]:
    """Return the numbers, from 1, of the rows that are hit; *fields* are all those known."""
    return table.hits([_value(column.expression, fields) for column in table.inputs])


def _value(expression: Expression, fields: Mapping[str, object]) -> object:
    try:
        return reference.evaluate(expression.tree, fields, BOOK_FUNCTIONS)
    except EvaluationError:
        return None


def number_of(expression: Expression, fields: Mapping[str, object]) -> float | None:
    """Return the number that an expression gives, or None where it is unknown."""
    try:
        return float(reference.evaluate(expression.tree, fields, BOOK_FUNCTIONS))  # type: ignore[arg-type]
    except EvaluationError:
        return None
