"""A customer's journey in event time: immutable, ordered by (`at`, `id`), each id once."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from nba.journey.events import Row
from nba.lang.values import Timestamp

__all__ = ["EMPTY", "Occurrences", "Places", "Timeline", "places_by"]

#: Places in a journey, in order.
Places = Sequence[int]

_order: Final = itemgetter("at", "id")
_id: Final = itemgetter("id")
_at: Final = itemgetter("at")
_type: Final = itemgetter("type")


class Occurrences:
    """The events of one type in a journey: their *times*, and *places* in the journey.

    They are given by their *rows*, or by their *columns*: the values of each field, None where it
    is unknown. The other is made when it is asked for.
    """

    __slots__ = ("_by_value", "_columns", "_made", "_rows", "places", "times")

    def __init__(
        self,
        times: Sequence[int],
        places: Places,
        *,
        rows: Sequence[Row] | None = None,
        columns: dict[str, Sequence[Any]] | None = None,
    ) -> None:
        self.times = times
        self.places = places
        self._rows = rows
        self._columns: dict[str, Sequence[Any]] = columns or {}
        self._made: dict[int, Row] = {}
        self._by_value: dict[str, dict[object, list[int]]] = {}

    def column(self, field: str) -> Sequence[Any]:
        """Return the values of a field, None where it is unknown."""
        found = self._columns.get(field)
        if found is None:
            rows = self._rows
            found = [row.get(field) for row in rows] if rows is not None else self._own(field)
            self._columns[field] = found
        return found

    def _own(self, field: str) -> Sequence[Any]:
        """Return what is no column, where there are columns: the times as conditions read them."""
        return [*map(Timestamp, self.times)] if field == "at" else [None] * len(self.times)

    def row(self, index: int) -> Row:
        """Return one of the events."""
        if self._rows is not None:
            return self._rows[index]
        row = self._made.get(index)
        if row is None:
            columns = self._columns.copy()  # another thread may add one
            values = [*map(itemgetter(index), columns.values())]
            row = dict(zip(columns, values, strict=True))
            if None in values:
                row = {field: value for field, value in row.items() if value is not None}
            row["at"] = Timestamp(self.times[index])
            self._made[index] = row
        return row

    def having(self, field: str, value: object) -> Places:
        """Return the places of those that have a value of a field."""
        by_value = self._by_value.get(field)
        if by_value is None:
            by_value = {}
            for place, own in zip(self.places, self.column(field), strict=True):
                if own in by_value:
                    by_value[own].append(place)
                else:
                    by_value[own] = [place]
            self._by_value[field] = by_value  # whole, since threads share a journey
        return by_value.get(value, ())

    def span(self, after: int | None, until: int | None) -> tuple[int, int]:
        """Return which are later than *after* and not than *until*: the first, and that behind."""
        times = self.times
        start = 0 if after is None or times[0] > after else bisect_right(times, after)
        if until is None or times[-1] <= until:
            return start, len(times)
        return start, bisect_right(times, until, start)


#: Of a type of which a journey has no event.
NONE: Final = Occurrences([], (), rows=())


class Timeline:
    """The events of one journey, and where to find them. Adding events gives another timeline.

    *times* are the instants of all, *kinds* the events of each type that there is. It is made of
    *rows* in any order, or of these two as *columns*.
    """

    __slots__ = ("_ids", "_reader", "_rows", "found", "kinds", "times")

    def __init__(
        self,
        rows: Iterable[Row] = (),
        columns: tuple[Sequence[int], Mapping[str, Occurrences]] | None = None,
    ) -> None:
        self._rows: tuple[Row, ...] | None = None
        if columns is None:
            self._rows = _in_order(rows)
            columns = _by_kind(self._rows)
        self.times, self.kinds = columns
        #: what a reader worked out from these events alone, by the mark of the part that did. A
        #: mark holds nothing, so that a journey that is kept keeps no book that was replaced
        self.found: dict[object, Any] = {}
        self._reader: object = None
        self._ids: frozenset[str] | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """The events in their order."""
        if self._rows is None:
            found = {
                place: kind.row(index)
                for kind in self.kinds.values()
                for index, place in enumerate(kind.places)
            }
            self._rows = tuple([found[place] for place in range(len(found))])
        return self._rows

    def row(self, place: int) -> Row:
        """Return the event at a place."""
        if self._rows is None:
            for kind in self.kinds.values():
                index = bisect_left(kind.places, place)
                if index < len(kind.places) and kind.places[index] == place:
                    return kind.row(index)
        return self.rows[place]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the events."""
        if self._ids is None:
            self._ids = frozenset(map(_id, self.rows))
        return self._ids

    def __len__(self) -> int:
        return len(self.times)

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
        if not self.times or (self.times[0] > after and self.times[-1] <= until):
            return self
        return Timeline(row for row in self.rows if after < row["at"] <= until)

    def of(self, kind: str) -> Occurrences:
        """Return the events of a type."""
        return self.kinds.get(kind, NONE)

    def next(self, now: int, kind: str | None = None) -> float:
        """Return when the first event, of a type, later than *now* happens; infinity for none."""
        times = self.times if kind is None else self.of(kind).times
        place = bisect_right(times, now)
        return times[place] if place < len(times) else math.inf


def _in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return events in their order, the first of each id."""
    given = [*rows]
    if len({*map(_id, given)}) < len(given):
        last_first = given[::-1]
        given = [*dict(zip(map(_id, last_first), last_first, strict=True)).values()]
    return tuple(sorted(given, key=_order))


def _by_kind(rows: Sequence[Row]) -> tuple[list[int], dict[str, Occurrences]]:
    """Return the times of events in their order, and those of each type."""
    times = [*map(int, map(_at, rows))]
    kinds = {
        kind: Occurrences([times[place] for place in own], own, rows=[rows[place] for place in own])
        for kind, own in places_by([*map(_type, rows)]).items()
    }
    return times, kinds


def places_by(types: Sequence[str]) -> dict[str, Places]:
    """Return the places of each of these types."""
    if len({*types}) == 1:
        return {types[0]: range(len(types))}
    found: dict[str, list[int]] = {}
    for place, kind in enumerate(types):
        if kind in found:
            found[kind].append(place)
        else:
            found[kind] = [place]
    return {**found}


EMPTY: Final = Timeline()
