"""What follows from what is known of a case, fast: one generated function fills all the slots.

What it means stands in `derived`; random tests hold the two equal.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Final, TypeVar

from nba.book.model import Book, Expression, Point, Scorecard, Table
from nba.book.partition import Partition, bits, partition
from nba.decide.functions import Slots
from nba.lang import tree
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.python import Program

__all__ = ["deriving"]

T = TypeVar("T")

#: Types of whole numbers.
_WHOLE: Final = frozenset({"int", "timestamp", "duration"})


def deriving(book: Book, slots: Mapping[str, int]) -> Callable[[Slots], None] | None:
    """Return what fills the *slots* of conditions, scorecards and tables, if there are any.

    The slot of a table has the numbers of the rows that are hit.
    """
    if not book.derived:
        return None
    return _Deriving(book, slots).function()


class _Deriving:
    """Writes the function, in the order in which each field needs only earlier ones.

    Every field is a variable: what is read comes from its slot at once, at the beginning.
    """

    def __init__(self, book: Book, slots: Mapping[str, int]) -> None:
        self.book = book
        self.slots = slots
        self.read: set[int] = set()
        self.filled: set[str] = set()
        self.program = Program(
            lambda path: f"c[{slots[path]}]", BOOK_FUNCTIONS, "None", self.variable
        )
        self.bisect = self.program.constant(bisect_right)

    def function(self) -> Callable[[Slots], None]:
        lines: list[str] = []
        for path in self.book.derived:
            lines += self.lines(path)
            self.filled.add(path)
        read = sorted(self.read)
        if len(read) > 1:
            names = ", ".join(f"v{slot}" for slot in read)
            lines.insert(0, f"{names} = {self.program.constant(itemgetter(*read))}(c)")
        else:
            lines[:0] = [f"v{slot} = c[{slot}]" for slot in read]
        name = self.program.function(lines)
        found: Callable[[Slots], None] = self.program.build()[name]
        del self.program  # else the two would hold each other, and the book
        return found

    def variable(self, path: str) -> str:
        """Return the variable of a field."""
        slot = self.slots[path]
        if path not in self.filled:
            self.read.add(slot)
        return f"v{slot}"

    def lines(self, path: str) -> Iterator[str]:
        """Yield the lines that fill the slots of a field."""
        book = self.book
        kind, _, name = path.partition(".")
        if kind == "condition":
            yield self.fill(path, self.program.three(book.conditions[name].tree))
        elif kind == "table":
            yield from self.table(book.tables[name], self.slots[path])
        elif kind == "relationship" and book.relationship is not None:
            yield from self.scorecard(book.relationship, path)
        else:
            yield from self.scorecard(book.scorecards[name], path)

    def fill(self, path: str, value: str) -> str:
        slot = self.slots[path]
        return f"c[{slot}] = v{slot} = {value}"

    # --- scorecards

    def scorecard(self, card: Scorecard, path: str) -> Iterator[str]:
        yield f"s = {self.number(card.start)}"
        for point in card.points:
            yield from self.point(point)
        if card.minimum is not None:
            yield f"if {self.number(card.minimum)} > s: s = {self.number(card.minimum)}"
        if card.maximum is not None:
            yield f"if {self.number(card.maximum)} < s: s = {self.number(card.maximum)}"
        yield self.fill(path, "s")

    def point(self, point: Point) -> Iterator[str]:
        if point.when is not None:
            yield f"if {self.program.true(point.when.tree)}: s += {self.number(point.add)}"
        elif point.band is not None and point.bands:
            bands, ends = point.bands, set()
            for band, _ in bands:
                ends |= {end for end in (band.low, band.high) if end is not None}
            edges, points = _stretches(
                ends,
                lambda number: next((p for band, p in bands if number in band), 0.0),
                whole=point.band.tree.type.name in _WHOLE,
            )
            known, value = self.program.known(point.band.tree)
            found = f"s += {self.between(edges, points, value)}"
            if self.may_be_no_number(point.band):  # which is outside of no band
                found = f"s += {self.number(bands[0][1])} if (v := {value}) != v else {found[5:]}"
            yield f"if {known}: {found}" if known else found

    def between(self, edges: list[float], found: list[T], value: str) -> str:
        """Write what is found between the edges that a value is between."""
        rows, steps = self.program.constant(tuple(found)), self.program.constant(edges)
        return f"{rows}[{self.bisect}({steps}, {value})]"

    def may_be_no_number(self, expression: Expression) -> bool:
        """Return whether a value may be NaN, as nothing is that is handed in."""
        node = expression.tree
        handed_in = isinstance(node, tree.Field) and node.path not in self.filled
        return node.type.name not in _WHOLE and not handed_in

    # --- tables: for each value of an input, the set of the rows that it leaves

    def table(self, table: Table, slot: int) -> Iterator[str]:
        left = [
            self.column(cut, column.expression)
            for place, column in enumerate(table.inputs)
            # else every row takes anything
            if len((cut := partition([row.cells[place] for row in table.rows])).takers) > 1
        ]
        yield f"m = {' & '.join(left) or (1 << len(table.rows)) - 1}"
        if table.hit == "collect":
            yield f"c[{slot}] = h = [place + 1 for place in {self.program.constant(bits)}(m)]"
        else:
            hits = ((), *((number,) for number in range(1, len(table.rows) + 1)))
            yield "m = (m & -m).bit_length()"
            yield f"c[{slot}] = {self.program.constant(hits)}[m]"
        for place, output in enumerate(table.outputs):
            if table.hit == "collect":
                given = f"{self.program.constant(table.given)}(h, {place})"
            else:
                by_row = tuple(table.given(hit, place) for hit in hits)
                given = f"{self.program.constant(by_row)}[m]"
            yield self.fill(table.path(output), given)

    def column(self, cut: Partition, expression: Expression) -> str:
        """Write which rows a column leaves; what is not a number is unknown."""
        known, value = self.program.known(expression.tree)
        if not cut.ends:
            *rows, other = cut.takers
            words = dict(zip(cut.places, rows, strict=True))
            found = f"{self.program.constant(words.get)}({value}, {other})"
        else:
            edges, takers = _stretches(
                cut.ends,
                lambda number: cut.takers[cut.part(number)],
                whole=expression.tree.type.name in _WHOLE,
            )
            found = self.between(edges, takers, value)
            if self.may_be_no_number(expression):
                known = f"{known} and (v := {value}) == v" if known else f"(v := {value}) == v"
        return f"({found} if {known} else {cut.anything})" if known else found

    def number(self, number: float) -> str:
        return repr(number) if math.isfinite(number) else self.program.constant(number)


def _stretches(
    ends: Iterable[float], found: Callable[[float], T], *, whole: bool
) -> tuple[list[float], list[T]]:
    """Return the edges from which on something else is *found*, and what that is.

    It may change at an *end*, and behind it: that is at the next number, which may be *whole*.
    """
    edges: list[float] = []
    rows = [found(-math.inf)]
    for edge in sorted({edge for end in ends for edge in _around(end, whole=whole)}):
        row = found(edge)
        if row != rows[-1]:
            edges.append(edge)
            rows.append(row)
    return edges, rows


def _around(end: float, *, whole: bool) -> tuple[float, float]:
    if whole and math.isfinite(end):
        return math.ceil(end), math.floor(end) + 1
    return end, math.nextafter(end, math.inf)
