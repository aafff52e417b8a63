"""The product of the inputs of a table, and what its rows leave of it.

Each input is cut into parts that no cell tells apart, so a row is a set of parts of each input.
What is asked of the product is decided exactly: it is gone through column by column, with the rows
that are left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Literal

from nba.book.partition import Partition, bits, partition
from nba.book.table import Cell
from nba.lang.types import EnumType, Type
from nba.lang.values import INT_MAX, INT_MIN, TIMESTAMP_MAX, TIMESTAMP_MIN, Duration, Timestamp

__all__ = ["Column", "Domain", "Grid", "TooMuchError", "column", "lowest"]

#: How many sets of rows are looked at for one table; a table that takes more is not decided.
MAX_STEPS: Final = 200_000
#: In nanoseconds: from one time to another near it.
_STEPS: Final = (86_400 * 10**9, 3600 * 10**9, 10**9, 1)


@dataclass(frozen=True, slots=True)
class Domain:
    """What an input can be: of a type, from *low* to *high*, and whether it can be *unknown*.

    `seldom` is where only bad data, or a store that fails, makes it so, and where nobody can tell.
    """

    type: Type
    low: float | None = None
    high: float | None = None
    unknown: Literal["never", "seldom", "often"] = "often"


@dataclass(frozen=True, slots=True)
class Column:
    """An input of a grid: the parts that rows take, the rows that take parts, and an example each.

    The last part is unknown. *there* are the parts that there are, *often* those that are not
    seldom.
    """

    masks: Sequence[int]
    takers: Sequence[int]
    examples: Sequence[object]
    there: int
    often: int


def column(domain: Domain, cells: Sequence[Cell | None]) -> Column:
    """Return the column of an input, given the cells that ask about it."""
    cut = partition(cells)
    examples = list(_examples(domain, cut))
    there = sum(1 << part for part, found in enumerate(examples) if found is not None)
    unknown = 1 << len(examples)
    masks = [
        mask | (unknown if cell is None else 0) for mask, cell in zip(cut.masks, cells, strict=True)
    ]
    return Column(
        masks,
        [*cut.takers, cut.anything],
        [*examples, None],
        there if domain.unknown == "never" else there | unknown,
        there | unknown if domain.unknown == "often" else there,
    )


class TooMuchError(Exception):
    """A table is too entangled to be decided."""


class Grid:
    """The rows of a table over its columns; sets of rows and of parts are the bits of ints."""

    def __init__(self, columns: Sequence[Column], rows: int) -> None:
        self.columns = columns
        self.rows = [[one.masks[row] & one.there for one in columns] for row in range(rows)]
        self.left = MAX_STEPS  # that may still be taken

    def meeting(self, within: Sequence[int], rows: int) -> int:
        """Return those of some rows that hold somewhere *within* sets of parts."""
        for one, wanted in zip(self.columns, within, strict=True):
            found = 0
            for part in bits(wanted):
                found |= one.takers[part]
            rows &= found
        return rows

    def uncovered(self, within: Sequence[int], rows: int) -> list[int] | None:
        """Return a part of each column where none of these rows holds; None if there is none.

        Only what is *within* these sets of parts is looked at. Raises TooMuchError.
        """
        # by column: the rows that hold for all that is within it and those after it
        full = [rows]
        for one, wanted in zip(reversed(self.columns), reversed(within), strict=True):
            whole = full[-1]
            for part in bits(wanted):
                whole &= one.takers[part]
            full.append(whole)
        full.reverse()
        return self._beyond(0, rows, within, full, set()) if all(within) else None

    def _beyond(
        self,
        place: int,
        alive: int,
        within: Sequence[int],
        full: Sequence[int],
        covered: set[tuple[int, int]],
    ) -> list[int] | None:
        """Return `uncovered` from the column at a *place* on, where the rows *alive* still hold.

        *full* are the rows that hold everywhere from each column on, and *covered* is what was
        gone through without a find.
        """
        if alive & full[place]:
            return None
        if not alive:
            return [lowest(wanted) for wanted in within[place:]]
        if (place, alive) in covered:
            return None
        tried: set[int] = set()
        for part in bits(within[place]):
            still = alive & self.columns[place].takers[part]
            if still in tried:
                continue
            tried.add(still)
            self.left -= 1
            if self.left < 0:
                raise TooMuchError
            found = self._beyond(place + 1, still, within, full, covered)
            if found is not None:
                return [part, *found]
        covered.add((place, alive))
        return None

    def needed(self, within: Sequence[int], rows: int) -> int:
        """Return as few of these rows, which cover all that is *within*, as still cover it."""
        for row in bits(rows):
            if self.uncovered(within, 1 << row) is None:
                return 1 << row
        for row in reversed(list(bits(rows))):
            if self.uncovered(within, rows & ~(1 << row)) is None:
                rows &= ~(1 << row)
        return rows

    def examples(self, parts: Sequence[int]) -> list[object]:
        """Return an example of a part of each column; None for unknown."""
        return [one.examples[part] for one, part in zip(self.columns, parts, strict=True)]


def lowest(mask: int) -> int:
    """Return the place of the lowest bit of a set."""
    return (mask & -mask).bit_length() - 1


# --- examples


def _examples(domain: Domain, cut: Partition) -> Iterator[object]:
    """Yield an example of every part of a column; None where nothing is in it."""
    if domain.type.name in _KINDS:
        yield from _stretches(domain, cut.ends)
        return
    if domain.type.name == "bool":
        known: Sequence[object] = (True, False)
    else:
        known = domain.type.values if isinstance(domain.type, EnumType) else ()
    words = list(cut.places)
    yield from (word if not known or word in known else None for word in words)
    if known:
        yield next((word for word in known if word not in cut.places), None)
    else:
        other = "any other"
        while other in cut.places:
            other += " text"
        yield other


def _stretches(domain: Domain, ends: Sequence[float]) -> Iterator[object]:
    """Yield an example of every end and every gap around it, as far as the domain goes."""
    make, least, most = _KINDS[domain.type.name]
    low = least if domain.low is None else max(least, domain.low)
    high = most if domain.high is None else min(most, domain.high)

    def example(values: Iterator[float], above: float, below: float) -> object:
        fitting = (
            value
            for value in values
            if above < value < below and low <= value <= high and (make is float or not value % 1)
        )
        found = next(fitting, None)
        return None if found is None else make(found)

    bounds = [-math.inf, *ends, math.inf]
    for place, end in enumerate(ends):
        yield example(_between(bounds[place], end, domain, make), bounds[place], end)
        yield make(end) if low <= end <= high and (make is float or not end % 1) else None
    yield example(_between(bounds[-2], math.inf, domain, make), bounds[-2], math.inf)


def _between(
    above: float, below: float, domain: Domain, make: Callable[[Any], object]
) -> Iterator[float]:
    """Yield values of which one lies between two, if any does: handsome ones first."""
    if above > -math.inf:
        yield from _near(above, make, 1)
    if below < math.inf:
        yield from _near(below, make, -1)
    if make is float and math.isfinite(above) and math.isfinite(below):
        yield above / 2 + below / 2
    for end in (domain.low, domain.high, 0):
        if end is not None:
            yield from chain([end], _near(end, make, 1), _near(end, make, -1))


def _near(end: float, make: Callable[[Any], object], sign: int) -> Iterator[float]:
    """Yield values above an end, or below it; the next one last."""
    if make is float:
        yield float(math.floor(end) + 1 if sign > 0 else math.ceil(end) - 1)
        yield math.nextafter(end, sign * math.inf)
    elif make is int:
        yield math.floor(end) + 1 if sign > 0 else math.ceil(end) - 1
    else:
        yield from (int(end) + sign * step for step in _STEPS)


#: By type: what makes a value, and between which ends.
_KINDS: Final[dict[str, tuple[Callable[[Any], object], float, float]]] = {
    "double": (float, -math.inf, math.inf),
    "int": (int, INT_MIN, INT_MAX),
    "timestamp": (Timestamp, TIMESTAMP_MIN, TIMESTAMP_MAX),
    "duration": (Duration, INT_MIN, INT_MAX),
}
