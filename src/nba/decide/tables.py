"""Decision tables, indexed: for each value of an input, the set of the rows that it leaves.

What a row means stands in `book.table`. Here each column keeps, for every part of its values that
its cells tell apart, the rows that take it as the bits of an int; the rows that hold for a case
are what is in all of these sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nba.book.model import Table
from nba.book.partition import bits, partition
from nba.lang.python import UNKNOWN

__all__ = ["Hits", "hits", "output_of"]

#: Gives the numbers of the rows that are hit, from the slots of a case.
Hits = Callable[[list[Any]], Sequence[int]]


def hits(table: Table, values: Sequence[Callable[[list[Any]], Any]]) -> Hits:
    """Return the function that finds the rows of a table; *values* gives that of each input."""
    cuts = [partition([row.cells[place] for row in table.rows]) for place in range(len(values))]
    asked = tuple(
        (value, cut.part, cut.takers, cut.anything)
        for value, cut in zip(values, cuts, strict=True)
        if len(cut.takers) > 1  # else every row takes anything
    )
    everything = (1 << len(table.rows)) - 1
    all_of_them = table.hit == "collect"

    def find(c: list[Any]) -> Sequence[int]:
        left = everything
        for value, part, takers, anything in asked:
            found = value(c)
            unknown = found is UNKNOWN or found != found  # noqa: PLR0124 - NaN is no number
            left &= anything if unknown else takers[part(found)]
            if not left:
                return ()
        if all_of_them:
            return [place + 1 for place in bits(left)]
        return ((left & -left).bit_length(),)

    return find


def output_of(table: Table, place: int, slot: int) -> Callable[[list[Any]], Any]:
    """Return what gives an output, where the slot holds the rows that are hit."""
    if table.hit == "collect":
        return lambda c: table.given(c[slot], place)
    given: dict[Sequence[int], Any] = {(): table.given((), place)}
    for number in range(1, len(table.rows) + 1):
        given[number,] = table.given((number,), place)
    return lambda c: given[c[slot]]
