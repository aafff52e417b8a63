"""Signals: values computed from a journey over a window, each by a function made for it.

What a signal means stands in `literal_signals`; random tests hold the two equal.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from heapq import merge
from operator import itemgetter
from typing import Any, Final, NamedTuple

from nba import windows
from nba.book.model import Signal
from nba.journey.events import Row
from nba.journey.timeline import Timeline
from nba.lang import values
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.normal import reads
from nba.lang.python import UNKNOWN, Program
from nba.lang.tree import Node
from nba.lang.types import TIMESTAMP
from nba.lang.values import NEVER, kind_of

__all__ = ["SignalFunction", "inputs_of", "signal_function"]

Slots = list[Any]
#: Computes a signal from the slots of a case and a whole journey; None is unknown.
SignalFunction = Callable[[Slots, Timeline], object]

_order = itemgetter("at", "id")


def inputs_of(signal: Signal) -> frozenset[str]:
    """Return the customer and interaction fields that a signal reads: all must be known."""
    trees = [part.tree for part in (signal.expression, signal.where, signal.by) if part]
    found = {path for tree in trees for path in reads(tree) if not path.startswith("event.")}
    if signal.window.calendar and signal.window.zone == "customer.timezone":
        found.add("customer.timezone")
    return frozenset(found - {"now"})


def signal_function(
    signal: Signal, slots: Mapping[str, int], zone: tzinfo, reach: int | None = None
) -> SignalFunction:
    """Return the function of a signal.

    *slots* gives the place of every field, and under `event` a place that the function may use
    for the event it looks at; *zone* and *reach* are the book's.
    """
    return _Signal(signal, slots, zone, reach).value


class _Chosen(NamedTuple):
    """The events that count, in order; what is taken of each, and its key where there are keys."""

    rows: list[Row]
    taken: list[Any]
    keys: list[str]

    def between(self, start: int, stop: int) -> _Chosen:
        return _Chosen(self.rows[start:stop], self.taken[start:stop], self.keys[start:stop])


class _Kept(NamedTuple):
    """What was chosen of all events of a journey that are later than *after*, and their times."""

    after: float
    chosen: _Chosen
    times: list[int]


class _Signal:
    def __init__(
        self, signal: Signal, slots: Mapping[str, int], zone: tzinfo, reach: int | None
    ) -> None:
        self.signal = signal
        self.reach = reach
        self.event = slots["event"]
        self.now = slots["now"]
        self.timezone = slots.get("customer.timezone")
        self.zone = zone
        self.needed = [slots[path] for path in sorted(inputs_of(signal))]

        def load(path: str) -> str:
            owner, _, name = path.partition(".")
            return f"c[{self.event}].get({name!r})" if owner == "event" else f"c[{slots[path]}]"

        def function(kind: str, tree: Node) -> Callable[[Slots], Any]:
            program = Program(load, BOOK_FUNCTIONS, "None")
            name = getattr(program, kind)(tree)
            return program.build()[name]

        self.holds = function("holds", signal.where.tree) if signal.where else None
        self.taken = function("value", signal.expression.tree) if signal.expression else None
        self.key = function("value", signal.by.tree) if signal.by else None
        self.reduce = _REDUCTIONS[signal.kind]
        parts = [part.tree for part in (signal.expression, signal.where, signal.by) if part]
        #: whether every event of its types counts, with nothing taken of it
        self.plain = not parts
        #: whether what is chosen depends on the events alone, so that it is chosen once
        self.settled = all(path.startswith("event.") for tree in parts for path in reads(tree))
        #: what it is where nothing happened, whenever that is asked
        self.nothing = {} if signal.by else self.reduced([0] * len(slots), (), ())

    def value(self, slots: Slots, timeline: Timeline) -> object:
        if any(slots[place] is None for place in self.needed):
            return None
        if not timeline.rows and self.signal.window.calendar is None:
            return self.nothing
        now = slots[self.now]
        try:
            after = self.signal.window.after(now, self.calendar_zone(slots))
        except ValueError:  # the customer's time zone is none
            return None
        if self.reach is not None:
            after = now - self.reach if after is None else max(after, now - self.reach)
        if self.plain:
            rows = self.rows(timeline, after, now)
            return self.reduced(slots, rows, rows)
        rows, taken, keys = self.chosen(slots, timeline, after, now)
        if self.key is None:
            return self.reduced(slots, rows, taken)
        groups: dict[str, tuple[list[Row], list[Any]]] = {}
        for row, value, key in zip(rows, taken, keys, strict=True):
            found = groups.setdefault(key, ([], []))
            found[0].append(row)
            found[1].append(value)
        by_key = {key: self.reduced(slots, *found) for key, found in groups.items()}
        return {key: value for key, value in by_key.items() if value is not None}

    def calendar_zone(self, slots: Slots) -> tzinfo:
        name = self.signal.window.zone
        if name == "customer.timezone" and self.timezone is not None:
            name = slots[self.timezone]
        return self.zone if name == "book" else windows.zone(name)

    def rows(
        self, timeline: Timeline, after: int | None, until: int | None = None
    ) -> Sequence[Row]:
        """Return the events of the signal's types in the window, in their order."""
        found = [timeline.of(kind, after, until) for kind in self.signal.events]
        return found[0] if len(found) == 1 else list(merge(*found, key=_order))

    def chosen(self, slots: Slots, timeline: Timeline, after: int | None, until: int) -> _Chosen:
        """Return what is chosen of a window, most of it worked out before where that is right."""
        if not self.settled:
            return self.choose(slots, self.rows(timeline, after, until))
        start = -math.inf if after is None else after
        kept: _Kept | None = timeline.found.get(self)
        if kept is None or start < kept.after:
            chosen = self.choose(slots, self.rows(timeline, after))
            kept = _Kept(start, chosen, [row["at"] for row in chosen.rows])
            timeline.found[self] = kept
        first = bisect_right(kept.times, start)
        return kept.chosen.between(first, bisect_right(kept.times, until, first))

    def choose(self, slots: Slots, rows: Iterable[Row]) -> _Chosen:
        """Choose the events that count."""
        holds, taken, key, place = self.holds, self.taken, self.key, self.event
        chosen = _Chosen([], [], [])
        for row in rows:
            slots[place] = row
            if holds is not None and not holds(slots):
                continue
            value = taken(slots) if taken is not None else row
            if value is UNKNOWN:
                continue
            if key is not None:
                name = key(slots)
                if not isinstance(name, str):
                    continue
                chosen.keys.append(name)
            chosen.rows.append(row)
            chosen.taken.append(value)
        return chosen

    def reduced(self, slots: Slots, rows: Sequence[Row], taken: Sequence[Any]) -> object:
        half_life = self.signal.half_life
        if half_life is not None:
            now = slots[self.now]
            weights = (0.5 ** ((now - row["at"]) / half_life) for row in rows)
            summands: Iterator[float] = weights
            if self.taken is not None:
                summands = (float(v) * w for v, w in zip(taken, weights, strict=True))
            return _finite(summands)
        return self.reduce(self.signal, taken)


# --- what becomes of the values taken


def _finite(numbers: Iterable[float]) -> float | None:
    try:
        total = math.fsum(numbers)
    except (OverflowError, ValueError):
        return None
    return total if math.isfinite(total) else None


def _sum(_signal: Signal, taken: Sequence[Any]) -> float | None:
    return _finite(map(float, taken))


def _avg(_signal: Signal, taken: Sequence[Any]) -> float | None:
    total = _finite(map(float, taken)) if taken else None
    return None if total is None else total / len(taken)


def _distinct(_signal: Signal, taken: Sequence[Any]) -> int:
    if all(kind_of(value) in ("string", "int", "timestamp", "bool") for value in taken):
        return len(set(taken))
    kept: list[Any] = []
    for value in taken:
        if not any(values.equal(value, other) for other in kept):
            kept.append(value)
    return len(kept)


def _edge(signal: Signal, taken: Sequence[Any], place: int) -> object:
    if taken:
        return taken[place]
    return NEVER if signal.type == TIMESTAMP else None


def _rate(signal: Signal, taken: Sequence[Any]) -> float:
    length, per = signal.window.length, signal.per
    return len(taken) * (per or 0) / length if length else 0.0


_REDUCTIONS: Final[dict[str, Callable[[Signal, Sequence[Any]], object]]] = {
    "count": lambda _signal, taken: len(taken),
    "exists": lambda _signal, taken: bool(taken),
    "rate": _rate,
    "sum": _sum,
    "avg": _avg,
    "min": lambda _signal, taken: min(taken) if taken else None,
    "max": lambda _signal, taken: max(taken) if taken else None,
    "distinct": _distinct,
    "first": lambda signal, taken: _edge(signal, taken, 0),
    "last": lambda signal, taken: _edge(signal, taken, -1),
}
