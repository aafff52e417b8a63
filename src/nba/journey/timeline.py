"""A customer's journey in event time: immutable, ordered by (`at`, `id`), each id once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from nba.journey.events import Row

__all__ = ["EMPTY", "Timeline"]

_order = itemgetter("at", "id")


class Timeline:
    """The events of one journey. Adding events gives another timeline."""

    __slots__ = ("_by_type", "_reader", "_times", "found", "ids", "rows")

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        unique: dict[str, Row] = {}
        for row in rows:
            unique.setdefault(row["id"], row)
        self.rows: tuple[Row, ...] = tuple(sorted(unique.values(), key=_order))
        self.ids = frozenset(unique)
        self._times: dict[str, list[int]] = {}
        self._by_type: dict[str, list[Row]] = {}
        for row in self.rows:
            self._by_type.setdefault(row["type"], []).append(row)
            self._times.setdefault(row["type"], []).append(row["at"])
        #: what a reader worked out from these events alone, by the part that worked it out
        self.found: dict[Any, Any] = {}
        self._reader: object = None

    def __len__(self) -> int:
        return len(self.rows)

    def read_by(self, reader: object) -> None:
        """Begin to read: what another reader worked out, for a book since reloaded, is dropped."""
        if self._reader is not reader:
            self.found, self._reader = {}, reader

    def adding(self, rows: Iterable[Row]) -> Timeline:
        """Return the journey with more events; ids that it has already are left out."""
        new = [row for row in rows if row["id"] not in self.ids]
        return Timeline([*self.rows, *new]) if new else self

    def within(self, after: int, until: int) -> Timeline:
        """Return the journey as it is seen: what is later than *after* and not than *until*."""
        if not self.rows or (self.rows[0]["at"] > after and self.rows[-1]["at"] <= until):
            return self
        return Timeline(row for row in self.rows if after < row["at"] <= until)

    def of(self, kind: str, after: int | None = None, until: int | None = None) -> Sequence[Row]:
        """Return the events of a type that are later than *after* and not than *until*."""
        times = self._times.get(kind)
        if times is None:
            return ()
        start = 0 if after is None else bisect_right(times, after)
        stop = len(times) if until is None else bisect_right(times, until, start)
        return self._by_type[kind][start:stop]


EMPTY = Timeline()
