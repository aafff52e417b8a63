"""A column of a table, cut into parts that its cells do not tell apart."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nba.book.rules import Band
from nba.book.table import Cell

__all__ = ["Partition", "bits", "partition"]


@dataclass(frozen=True, slots=True)
class Partition:
    """The parts of a column: one for each word of *places* and one for all others, or stretches.

    Of stretches the odd are the *ends* of bands and the even the gaps around them. *masks* are the
    parts that each row takes, *takers* the rows that take each part, *anything* the rows whose cell
    takes anything: sets are the bits of ints, rows counted from 0.
    """

    places: Mapping[object, int]
    ends: Sequence[float]
    masks: Sequence[int]
    takers: Sequence[int]
    anything: int

    def part(self, value: Any) -> int:
        """Return the part that a value of the column is in."""
        if not self.ends:
            return self.places.get(value, len(self.places))
        place = bisect_left(self.ends, value)
        at_end = place < len(self.ends) and self.ends[place] == value
        return 2 * place + int(at_end)


def partition(cells: Sequence[Cell | None]) -> Partition:
    """Cut a column by its cells, of which there is one for each row."""
    asked = [cell for cell in cells if cell is not None]
    bounds = {end for cell in asked for band in cell.bands for end in (band.low, band.high)}
    ends = sorted(end for end in bounds if end is not None)
    words: set[object] = {value for cell in asked for value in cell.values}
    places = {value: place for place, value in enumerate(sorted(words, key=str))}
    count = 2 * len(ends) + 1 if ends else len(places) + 1
    everything = (1 << count) - 1
    masks: list[int] = []
    anything = 0
    for row, cell in enumerate(cells):
        mask = everything
        if cell is None:
            anything |= 1 << row
        else:
            mask = sum(1 << places[value] for value in set(cell.values))
            for band in cell.bands:
                mask |= _stretch(band, ends)
            mask = everything & ~mask if cell.negated else mask
        masks.append(mask)
    return Partition(places, ends, masks, _takers(masks, count), anything)


def _stretch(band: Band, ends: Sequence[float]) -> int:
    """Return the parts that a band takes."""
    first, last = 0, 2 * len(ends)
    if band.low is not None:
        first = 2 * bisect_left(ends, band.low) + (1 if band.low_included else 2)
    if band.high is not None:
        last = 2 * bisect_left(ends, band.high) + (1 if band.high_included else 0)
    return (1 << (last + 1)) - (1 << first) if first <= last else 0


def _takers(masks: Sequence[int], count: int) -> list[int]:
    """Return the rows that take each part: a row begins and ends to take parts at some."""
    changes = [0] * (count + 1)
    for row, mask in enumerate(masks):
        for part in bits(mask ^ mask << 1):
            changes[part] ^= 1 << row
    found: list[int] = []
    now = 0
    for change in changes[:count]:
        now ^= change
        found.append(now)
    return found


def bits(mask: int) -> Iterator[int]:
    """Yield the places of the bits of a set, from the lowest."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
