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

    __slots__ = ("_by_type", "_times", "found", "ids", "rows")

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
        #: what readers worked out from these events alone, by whoever worked it out
        self.found: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def adding(self, rows: Iterable[Row]) -> Timeline:
        """Return the journey with more events; ids that it has already are left out."""
        new = [row for row in rows if row["id"] not in self.ids]
        return Timeline([*self.rows, *new]) if new else self

    def within(self, after: int, until: int) -> Timeline:
        """Return the journey as it is seen: what is later than *after* and not than *until*."""
        if not self.rows or (self.rows[0]["at"] > after and self.rows[-1]["at"] <= until):
            return self
        return Timeline(row for row in self.rows if after < row["at"] <= until)

    def of(self, kind: str, after: int | None = None) -> Sequence[Row]:
        """Return the events of a type, those later than *after* only."""
        rows = self._by_type.get(kind, [])
        if after is None:
            return rows
        start = bisect_right(self._times.get(kind, []), after)
        return rows[start:] if start else rows


EMPTY = Timeline()
