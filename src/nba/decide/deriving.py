"""What follows from what is known of a case, fast: one generated function fills all the slots.

What it means stands in `derived`; random tests hold the two equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from nba.book.model import Book, Expression, Point, Scorecard, Table
from nba.book.partition import Partition, bits, partition
from nba.book.rules import Band
from nba.decide.functions import Slots
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.python import Program

__all__ = ["deriving"]

#: As many bands are told apart by one test after the other.
_MOST_TESTS: Final = 16


def deriving(book: Book, slots: Mapping[str, int]) -> Callable[[Slots], None] | None:
    """Return what fills the *slots* of conditions, scorecards and tables, if there are any.

    The slot of a table has the numbers of the rows that are hit.
    """
    if not book.derived:
        return None
    return _Deriving(book, slots).function()


class _Deriving:
    """Writes the function, in the order in which each field needs only earlier ones."""

    def __init__(self, book: Book, slots: Mapping[str, int]) -> None:
        self.book = book
        self.slots = slots
        self.program = Program(lambda path: f"c[{slots[path]}]", BOOK_FUNCTIONS, "None")

    def function(self) -> Callable[[Slots], None]:
        lines = [line for path in self.book.derived for line in self.lines(path)]
        name = self.program.function(lines)
        return self.program.build()[name]

    def lines(self, path: str) -> Iterator[str]:
        """Yield the lines that fill the slots of a field."""
        book, slot = self.book, self.slots[path]
        kind, _, name = path.partition(".")
        if kind == "condition":
            yield f"c[{slot}] = {self.program.three(book.conditions[name].tree)}"
        elif kind == "table":
            yield from self.table(book.tables[name], slot)
        elif kind == "relationship" and book.relationship is not None:
            yield from self.scorecard(book.relationship, slot)
        else:
            yield from self.scorecard(book.scorecards[name], slot)

    # --- scorecards

    def scorecard(self, card: Scorecard, slot: int) -> Iterator[str]:
        yield f"s = {self.number(card.start)}"
        for point in card.points:
            yield from self.point(point)
        if card.minimum is not None:
            yield f"if {self.number(card.minimum)} > s: s = {self.number(card.minimum)}"
        if card.maximum is not None:
            yield f"if {self.number(card.maximum)} < s: s = {self.number(card.maximum)}"
        yield f"c[{slot}] = s"

    def point(self, point: Point) -> Iterator[str]:
        if point.when is not None:
            yield f"if {self.program.true(point.when.tree)}: s += {self.number(point.add)}"
        elif point.band is not None and point.bands:
            known, value = self.value(point.band)
            yield f"if {known}:"
            yield f"    v = {value}"
            if len(point.bands) > _MOST_TESTS:
                yield f"    s += {self.program.constant(_looking_up(point.bands))}(v)"
                return
            word = "if"
            for band, points in point.bands:
                yield f"    {word} {self.within(band)}: s += {self.number(points)}"
                word = "elif"

    def within(self, band: Band) -> str:
        """Write whether `v` is in a band: it is not outside, as what is not a number."""
        tests = []
        if band.low is not None:
            tests.append(f"not v {'<' if band.low_included else '<='} {self.number(band.low)}")
        if band.high is not None:
            tests.append(f"not v {'>' if band.high_included else '>='} {self.number(band.high)}")
        return " and ".join(tests) or "True"

    # --- tables: for each value of an input, the set of the rows that it leaves

    def table(self, table: Table, slot: int) -> Iterator[str]:
        yield f"m = {(1 << len(table.rows)) - 1}"
        for place, column in enumerate(table.inputs):
            cut = partition([row.cells[place] for row in table.rows])
            if len(cut.takers) > 1:  # else every row takes anything
                known, value = self.value(column.expression)
                takers = self.program.constant(tuple(cut.takers))
                yield f"if {known} and (v := {value}) == v:"  # what is not a number is unknown
                yield f"    m &= {takers}[{self.part(cut)}]"
                yield f"else: m &= {cut.anything}"
        if table.hit == "collect":
            yield f"c[{slot}] = [place + 1 for place in {self.program.constant(bits)}(m)]"
        else:
            yield f"c[{slot}] = ((m & -m).bit_length(),) if m else ()"
        for place, output in enumerate(table.outputs):
            yield f"c[{self.slots[table.path(output)]}] = {self.output(table, place, slot)}"

    def part(self, cut: Partition) -> str:
        """Write the part of a column that `v` is in, as `Partition.part` says."""
        if cut.ends:
            return f"{self.program.constant(cut.part)}(v)"
        return f"{self.program.constant(cut.places.get)}(v, {len(cut.places)})"

    def output(self, table: Table, place: int, slot: int) -> str:
        """Write what an output gives for the rows that are hit."""
        if table.hit == "collect":
            return f"{self.program.constant(table.given)}(c[{slot}], {place})"
        hits: list[Sequence[int]] = [(), *((number,) for number in range(1, len(table.rows) + 1))]
        given = {hit: table.given(hit, place) for hit in hits}
        return f"{self.program.constant(given)}[c[{slot}]]"

    # --- values

    def value(self, expression: Expression) -> tuple[str, str]:
        known, value = self.program.known(expression.tree)
        return known or "True", value

    def number(self, number: float) -> str:
        return repr(number) if math.isfinite(number) else self.program.constant(number)


def _looking_up(bands: Sequence[tuple[Band, float]]) -> Callable[[Any], float]:
    """Return what gives the points of the first band that has a number."""
    return lambda number: next((points for band, points in bands if number in band), 0.0)
