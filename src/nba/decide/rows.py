"""Rows: for each value of a field, which treatments it lets through.

A row has a bit for every treatment of the plan; one whose conditions do not read the field is in
every row. Categories are found in a table, numbers and times by bisection between the *edges* at
which some treatment comes or goes. What is unknown has a row of its own. A field with very many
values keeps every so many rows whole, and from there on who comes and goes, so that the room that
rows take stays linear in the size of the book. Those who come and go together are a set where they
are many, which takes less room than their numbers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from nba.decide.predicates import ORDERED, exceptions_of, holds_unknown, turns_of
from nba.decide.targets import mask_of
from nba.lang.normal import Normal, Test

__all__ = ["Asked", "Bands", "Rows", "Sparse", "Table", "WideBands", "bands", "joined", "rows_of"]

#: Predicates of one field, each with the treatments that need it.
Asked = list[tuple[Normal, Sequence[int]]]

#: A field has at most so many whole rows.
MOST_ROWS: Final = 1024
#: So many numbers take as much room as a set has treatments for each.
_WIDTH: Final = 64

#: Who comes and goes at a value: single treatments, and sets of many.
Numbers = Mapping[Any, Sequence[int]]
Sets = Mapping[Any, Sequence[int]]


class Table(NamedTuple):
    """Rows by value; other values have the row *other*, unless it is *closed* and has none."""

    rows: Mapping[Any, int]
    other: int
    unknown: int
    closed: bool


class Sparse(NamedTuple):
    """Of many values: who is different from the row *other* for each of them."""

    numbers: Numbers
    sets: Sets
    other: int
    unknown: int

    def row(self, value: object) -> int:
        """Return the row of a value, or of None."""
        if value is None:
            return self.unknown
        return _changed(self.other, self.numbers.get(value, ()), self.sets.get(value, ()))


class Bands(NamedTuple):
    """Rows of the bands between *edges*: the first is below all of them."""

    edges: Sequence[float]
    rows: Sequence[int]
    unknown: int

    def row(self, value: Any) -> int:
        """Return the row of a value, or of None."""
        return self.unknown if value is None else self.rows[bisect_right(self.edges, value)]


class WideBands(NamedTuple):
    """Bands, of which only each *step*-th row is whole; from there, who comes and goes by edge."""

    edges: Sequence[float]
    rows: Sequence[int]
    numbers: Sequence[Sequence[int]]
    sets: Sets
    step: int
    unknown: int

    def row(self, value: Any) -> int:
        """Return the row of a value, or of None."""
        if value is None:
            return self.unknown
        place = bisect_right(self.edges, value)
        whole, row = place - place % self.step, self.rows[place // self.step]
        for each in range(whole, place):
            row = _changed(row, self.numbers[each], self.sets.get(self.edges[each], ()))
        return row


Rows = Table | Sparse | Bands | WideBands


def rows_of(
    asked: Asked, everything: int, values: Iterable[object] = (), most: int = MOST_ROWS
) -> Rows:
    """Return the rows of a field, at *most* so many. All its *values*, if known, get a row."""
    unknown = everything ^ mask_of(
        [number for form, numbers in asked if not holds_unknown(form) for number in numbers]
    )
    most = min(most, MOST_ROWS)
    if asked and _type_of(asked[0][0]) in ORDERED:
        return _bands(asked, everything, unknown, most)
    return _table(asked, everything, unknown, values, most)


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


def _table(
    asked: Asked, everything: int, unknown: int, values: Iterable[object], most: int
) -> Table | Sparse:
    found = _Changes(everything)
    for value in values:
        found.numbers[value] = []
    closed = bool(found.numbers)  # all values have a row
    without: list[int] = []
    for form, numbers in asked:
        usually, exceptions = exceptions_of(form)
        if not usually:
            without += numbers
        found.add(exceptions, numbers)
    rest = everything ^ mask_of(without)
    if len(found.numbers) > most:
        return Sparse(*found.frozen(), rest, unknown)
    rows = {value: found.row(rest, value) for value in found.numbers}
    return Table({**rows, None: unknown}, rest, unknown, closed=closed)


def _bands(asked: Asked, everything: int, unknown: int, most: int) -> Bands | WideBands:
    found = _Changes(everything)
    without: list[int] = []
    for form, numbers in asked:
        at_first, edges = turns_of(form)
        if not at_first:
            without += numbers
        found.add(edges, numbers)
    return bands(*found.frozen(), everything ^ mask_of(without), unknown, most)


def bands(
    numbers: Numbers, sets: Sets, first: int, unknown: int, most: int = MOST_ROWS
) -> Bands | WideBands:
    """Return the bands that begin with a row, where at every edge somebody comes or goes."""
    edges = sorted(numbers)
    step = len(edges) // most + 1
    row, rows = first, [first]
    for place, edge in enumerate(edges, 1):
        row = _changed(row, numbers[edge], sets.get(edge, ()))
        if place % step == 0:
            rows.append(row)
    if step == 1:
        return Bands(edges, rows, unknown)
    return WideBands(edges, rows, [numbers[edge] for edge in edges], sets, step, unknown)


class _Changes:
    """Gathers who comes and goes by value; each value has *numbers*, if none."""

    def __init__(self, everything: int) -> None:
        self.numbers: dict[Any, list[int]] = {}
        self.sets: dict[Any, list[int]] = {}
        self._many = everything.bit_length() // _WIDTH

    def add(self, values: Iterable[Any], numbers: Sequence[int]) -> None:
        """Let these treatments come or go at each of the values."""
        if len(numbers) <= self._many:
            for value in values:
                self.numbers.setdefault(value, []).extend(numbers)
            return
        together = mask_of(numbers)
        for value in values:
            self.numbers.setdefault(value, [])
            self.sets.setdefault(value, []).append(together)

    def row(self, row: int, value: object) -> int:
        """Return the row of a value that differs from another."""
        return _changed(row, self.numbers[value], self.sets.get(value, ()))

    def frozen(self) -> tuple[Numbers, Sets]:
        """Return what was gathered."""
        numbers = {value: tuple(some) for value, some in self.numbers.items()}
        return numbers, {value: tuple(some) for value, some in self.sets.items()}


def _changed(row: int, numbers: Sequence[int], sets: Sequence[int]) -> int:
    """Return a row where others come and go."""
    for some in sets:
        row ^= some
    return row ^ mask_of(numbers) if numbers else row
