"""A customer's journey in event time: immutable, ordered by (`at`, `id`), each id once."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter, methodcaller
from typing import Any, Final

from nba.journey.events import Row

__all__ = ["EMPTY", "Places", "Timeline"]

#: Places in a journey, in order.
Places = Sequence[int]

_order: Final = itemgetter("at", "id")
_id: Final = itemgetter("id")
_at: Final = itemgetter("at")


class Timeline:
    """The events of one journey, and where to find them. Adding events gives another timeline.

    *rows* are the events, *times* their instants, *places* where those of a type stand.
    """

    __slots__ = ("_by_type", "_by_value", "_reader", "found", "ids", "places", "rows", "times")

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        last_first = [*rows][::-1]
        unique = dict(zip(map(_id, last_first), last_first, strict=True))  # the first of each id
        self.ids = unique.keys()
        self.rows: tuple[Row, ...] = tuple(sorted(unique.values(), key=_order))
        self.times: list[int] = [*map(int, map(_at, self.rows))]
        self.places: Mapping[str, list[int]] = defaultdict(list)
        for place, row in enumerate(self.rows):
            self.places[row["type"]].append(place)
        self._by_type: dict[str, list[Row]] = {}
        self._by_value: dict[tuple[str, str], dict[object, list[int]]] = {}
        #: what a reader worked out from these events alone, by the mark of the part that did. A
        #: mark holds nothing, so that a journey that is kept keeps no book that was replaced
        self.found: dict[object, Any] = {}
        self._reader: object = None

    def __len__(self) -> int:
        return len(self.rows)

    def read_by(self, mark: object) -> None:
        """Begin to read: what a reader of another mark worked out, for another book, is dropped."""
        if self._reader is not mark:
            self.found, self._reader = {}, mark

    def adding(self, rows: Iterable[Row]) -> Timeline:
        """Return the journey with more events; ids that it has already are left out."""
        new = [row for row in rows if row["id"] not in self.ids]
        return Timeline([*self.rows, *new]) if new else self

    def within(self, after: int, until: int) -> Timeline:
        """Return the journey as it is seen: what is later than *after* and not than *until*."""
        if not self.rows or (self.times[0] > after and self.times[-1] <= until):
            return self
        return Timeline(row for row in self.rows if after < row["at"] <= until)

    def of(self, kind: str, after: int | None = None, until: int | None = None) -> Sequence[Row]:
        """Return the events of a type that are later than *after* and not than *until*."""
        found = self._by_type.get(kind)
        places, times = self.places.get(kind, ()), self.times
        if found is None:
            found = self._by_type[kind] = [self.rows[place] for place in places]
        start, stop = 0, len(places)
        if after is not None and places and after >= times[places[0]]:
            start = bisect_left(places, bisect_right(times, after))
        if until is not None and places and until < times[places[-1]]:
            stop = bisect_left(places, bisect_right(times, until))
        return found if stop - start == len(found) else found[start:stop]

    def next(self, now: int, kind: str | None = None) -> float:
        """Return when the first event, of a type, later than *now* happens; infinity for none."""
        times = self.times
        place = bisect_right(times, now)
        if kind is not None:
            places = self.places.get(kind, ())
            first = bisect_left(places, place)
            place = places[first] if first < len(places) else len(times)
        return times[place] if place < len(times) else math.inf

    def having(self, kind: str, field: str, value: object) -> Places:
        """Return where the events of a type stand that have a value of a field."""
        by_value = self._by_value.get((kind, field))
        if by_value is None:
            by_value = self._by_value[kind, field] = defaultdict(list)
            values = map(methodcaller("get", field), self.of(kind))
            for place, own in zip(self.places.get(kind, ()), values, strict=True):
                by_value[own].append(place)
        return by_value.get(value, ())


EMPTY: Final = Timeline()
