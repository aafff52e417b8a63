"""Decision tables, indexed: for each value of an input, the set of the rows that it leaves.

What a row means stands in `book.table`. Here each column keeps, for every value or stretch of
values that its cells tell apart, the rows that hold for it as the bits of an int; the rows that
hold for a case are what is in all of these sets.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from nba.book.model import Cell, Table
from nba.lang.python import UNKNOWN

__all__ = ["Hits", "hits", "output_of"]

#: Gives the numbers of the rows that are hit, from the slots of a case.
Hits = Callable[[list[Any]], Sequence[int]]
_Column = Callable[[Any], int]


def hits(table: Table, values: Sequence[Callable[[list[Any]], Any]]) -> Hits:
    """Return the function that finds the rows of a table; *values* gives that of each input."""
    columns = [_column([row.cells[n] for row in table.rows]) for n in range(len(values))]
    pairs = tuple(zip(values, columns, strict=True))
    everything = (1 << len(table.rows)) - 1
    all_of_them = table.hit == "collect"

    def find(c: list[Any]) -> Sequence[int]:
        left = everything
        for value, column in pairs:
            left &= column(value(c))
            if not left:
                return ()
        if not all_of_them:
            return ((left & -left).bit_length(),)
        found = []
        while left:
            lowest = left & -left
            found.append(lowest.bit_length())
            left ^= lowest
        return found

    return find


def output_of(table: Table, place: int, slot: int) -> Callable[[list[Any]], Any]:
    """Return what gives an output, where the slot holds the rows that are hit."""
    given: dict[Sequence[int], Any] = {(): table.given((), place)}
    if table.hit != "collect":
        for number in range(1, len(table.rows) + 1):
            given[(number,)] = table.given((number,), place)
        return lambda c: given[c[slot]]
    return lambda c: table.given(c[slot], place)


def _column(cells: Sequence[Cell | None]) -> _Column:
    """Return what gives the rows that a value of a column leaves."""
    anything = sum(1 << n for n, cell in enumerate(cells) if cell is None)
    asked = [cell for cell in cells if cell is not None]

    def rows(value: object) -> int:
        return anything | sum(1 << n for n, cell in enumerate(cells) if cell and value in cell)

    if not asked:
        return lambda _value: anything
    if any(cell.bands for cell in asked):
        return _ordered(asked, rows, anything)
    known: Mapping[object, int] = {
        value: rows(value) for value in {value for cell in asked for value in cell.values}
    }
    other = rows(object())  # of what no cell names
    return lambda value: anything if value is UNKNOWN else known.get(value, other)


def _ordered(asked: Sequence[Cell], rows: Callable[[object], int], anything: int) -> _Column:
    ends = sorted(
        {
            end
            for cell in asked
            for band in cell.bands
            for end in (band.low, band.high)
            if end is not None
        }
    )
    at_end = [rows(end) for end in ends]
    # below the first end, between two of them, and above the last
    between = [rows(float("-inf"))]
    between += [_between(low, high, rows) for low, high in pairwise(ends)]
    between.append(rows(float("inf")))

    def find(value: Any) -> int:
        if value is UNKNOWN or value != value:  # noqa: PLR0124 - NaN is no number
            return anything
        place = bisect_left(ends, value)
        if place < len(ends) and ends[place] == value:
            return at_end[place]
        return between[place]

    return find


def _between(low: float, high: float, rows: Callable[[object], int]) -> int:
    """Return the rows of the values between two ends, which all cells treat alike."""
    middle = (low + high) // 2 if isinstance(low, int) and isinstance(high, int) else 0.0
    if not low < middle < high:
        middle = low / 2 + high / 2
    return rows(middle) if low < middle < high else 0
