"""Rows: for each value of a field, which treatments it lets through.

A row has a bit for every treatment of the plan; one whose conditions do not read the field is in
every row. Categories are found in a table, numbers and times by bisection between the *edges* at
which some treatment comes or goes. What is unknown has a row of its own. A field with very many
values keeps every so many rows whole, and from there on who comes and goes, so that the room that
rows take stays linear in the size of the book.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from nba.decide.predicates import ORDERED, constants_of, edges_of, holds_for
from nba.decide.targets import mask_of
from nba.lang.normal import Normal, Test

__all__ = ["Asked", "Bands", "Rows", "Sparse", "Table", "WideBands", "bands", "joined", "rows_of"]

#: Predicates of one field, each with the treatments that need it.
Asked = list[tuple[Normal, Sequence[int]]]

#: A field has at most so many whole rows.
MOST_ROWS: Final = 1024


class Table(NamedTuple):
    """Rows by value; other values have the row *other*, unless it is *closed* and has none."""

    rows: Mapping[Any, int]
    other: int
    unknown: int
    closed: bool


class Sparse(NamedTuple):
    """Of many values: who is different from the row *other* for each of them."""

    changes: Mapping[Any, tuple[int, ...]]
    other: int
    unknown: int

    def row(self, value: object) -> int:
        """Return the row of a value, or of None."""
        if value is None:
            return self.unknown
        return self.other ^ mask_of(self.changes.get(value, ()))


class Bands(NamedTuple):
    """Rows of the bands between *edges*: the first is below all of them."""

    edges: Sequence[float]
    rows: Sequence[int]
    unknown: int

    def row(self, value: Any) -> int:
        """Return the row of a value, or of None."""
        return self.unknown if value is None else self.rows[bisect_right(self.edges, value)]


class WideBands(NamedTuple):
    """Bands, of which only each *step*-th row is whole; *changes* lead from row to row."""

    edges: Sequence[float]
    rows: Sequence[int]
    changes: Sequence[tuple[int, ...]]
    step: int
    unknown: int

    def row(self, value: Any) -> int:
        """Return the row of a value, or of None."""
        if value is None:
            return self.unknown
        place = bisect_right(self.edges, value)
        whole, row = place - place % self.step, self.rows[place // self.step]
        for each in range(whole, place):
            row ^= mask_of(self.changes[each])
        return row


Rows = Table | Sparse | Bands | WideBands


def rows_of(asked: Asked, everything: int, values: Iterable[object] = ()) -> Rows:
    """Return the rows of a field. All its *values*, where they are known, get a row."""
    unknown = everything ^ mask_of(
        [number for form, numbers in asked if not holds_for(form, None) for number in numbers]
    )
    if asked and _type_of(asked[0][0]) in ORDERED:
        return _bands(asked, everything, unknown)
    return _table(asked, everything, unknown, values)


def joined(tables: Sequence[Table]) -> Mapping[Any, Any]:
    """Return the rows of several closed tables by the value of the first, then of the next."""
    found: Mapping[Any, Any] = tables[-1].rows
    for table in reversed(tables[:-1]):
        found = {value: _within(row, found) for value, row in table.rows.items()}
    return found


def _within(row: int, below: Any) -> Any:
    if isinstance(below, int):
        return row & below
    return {value: _within(row, each) for value, each in below.items()}


def _type_of(form: Normal) -> str:
    """Return the name of the type of the field that a predicate reads."""
    while not isinstance(form, Test):
        form = form.parts[0]  # type: ignore[union-attr]
    return form.type.name


class _Other:
    """What is no value of any field."""


def _table(asked: Asked, everything: int, unknown: int, values: Iterable[object]) -> Table | Sparse:
    changes: dict[object, list[int]] = {value: [] for value in values}
    closed = bool(changes)  # all values have a row
    without: list[int] = []
    for form, numbers in asked:
        other = holds_for(form, _Other)
        if not other:
            without += numbers
        for value in dict.fromkeys(constants_of(form)):
            if holds_for(form, value) is not other:
                changes.setdefault(value, []).extend(numbers)
    rest = everything ^ mask_of(without)
    if len(changes) > MOST_ROWS:
        return Sparse({value: tuple(some) for value, some in changes.items()}, rest, unknown)
    rows = {value: rest ^ mask_of(some) for value, some in changes.items()}
    return Table({**rows, None: unknown}, rest, unknown, closed=closed)


def _bands(asked: Asked, everything: int, unknown: int) -> Bands | WideBands:
    changes: dict[float, list[int]] = {}
    without: list[int] = []
    for form, numbers in asked:
        before = holds_for(form, -math.inf)
        if not before:
            without += numbers
        for edge in sorted(set(edges_of(form))):
            now = holds_for(form, edge)
            if now is not before:
                changes.setdefault(edge, []).extend(numbers)
                before = now
    return bands(changes, everything ^ mask_of(without), unknown)


def bands(changes: Mapping[float, Sequence[int]], first: int, unknown: int) -> Bands | WideBands:
    """Return the bands that begin with a row and *change* who is in it at every edge."""
    edges = sorted(changes)
    step = len(edges) // MOST_ROWS + 1
    row, rows = first, [first]
    for place, edge in enumerate(edges, 1):
        row ^= mask_of(changes[edge])
        if place % step == 0:
            rows.append(row)
    if step == 1:
        return Bands(edges, rows, unknown)
    return WideBands(edges, rows, [tuple(changes[edge]) for edge in edges], step, unknown)
