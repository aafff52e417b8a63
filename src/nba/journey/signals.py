"""Signals: values computed from a journey over a window, each by a function made for it.

What a signal means stands in `literal_signals`; random tests hold the two equal.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from heapq import merge
from operator import itemgetter, mul
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

_order: Final = itemgetter("at", "id")
_at: Final = itemgetter("at")


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
    trees = [part.tree for part in (signal.expression, signal.where, signal.by) if part]
    if all(path.startswith("event.") for tree in trees for path in reads(tree)):
        return _OfEvents(signal, slots, zone, reach)
    return _OfCase(signal, slots, zone, reach)


class _Chosen(NamedTuple):
    """The events that count, in order; what is taken of each, and its key where there are keys."""

    rows: Sequence[Row]
    taken: Sequence[Any]
    keys: Sequence[str]

    def between(self, start: int, stop: int) -> _Chosen:
        if start == 0 and stop == len(self.rows):
            return self
        return _Chosen(self.rows[start:stop], self.taken[start:stop], self.keys[start:stop])


class _Kept(NamedTuple):
    """What was chosen of all events of a journey that are later than *after*, and their times."""

    after: float
    chosen: _Chosen
    times: list[int]


class SignalFunction(ABC):
    """Computes a signal from the slots of a case and a whole journey; None is unknown.

    A *settled* one stays what it is for a while, whatever the case is: see `at`.
    """

    def __init__(
        self, signal: Signal, slots: Mapping[str, int], zone: tzinfo, reach: int | None
    ) -> None:
        self.signal = signal
        self.slots = slots
        self.now = slots["now"]
        self.event = slots["event"]
        self.timezone = slots.get("customer.timezone")
        self.zone = zone
        self.needed = [slots[path] for path in sorted(inputs_of(signal))]
        self.reduce = _REDUCTIONS[signal.kind]
        lengths = [length for length in (signal.window.length, reach) if length is not None]
        #: how long an event stays in the window, but for the calendar; None for ever
        self.stays = min(lengths, default=None)
        self.holds, self.taken, self.key = (
            self.function(kind, part.tree) if part else None
            for kind, part in (
                ("holds", signal.where),
                ("value", signal.expression),
                ("value", signal.by),
            )
        )
        #: whether it depends on nothing but the journey and the windows, so that it can be kept
        self.settled = False
        #: what it is where nothing happened, whenever that is asked
        self.nothing = {} if signal.by else self.reduced(0, (), ())

    def function(self, kind: str, tree: Node) -> Callable[[Any], Any]:
        """Return the function of a part, of what `path` reads from."""
        program = Program(self.path, BOOK_FUNCTIONS, "None")
        name = getattr(program, kind)(tree)
        return program.build()[name]

    @abstractmethod
    def path(self, path: str) -> str:
        """Return the Python for reading a field from what the functions are asked about."""

    @abstractmethod
    def chosen(self, slots: Slots, timeline: Timeline, after: int | None, until: int) -> _Chosen:
        """Return what is chosen of a window."""

    def __call__(self, slots: Slots, timeline: Timeline) -> object:
        """Return the value of the signal for a case."""
        if any(slots[place] is None for place in self.needed):
            return None
        if not timeline.rows and self.signal.window.calendar is None:
            return self.nothing
        now = slots[self.now]
        try:
            after = self.after(now, self.where(slots))
        except ValueError:  # the customer's time zone is none
            return None
        return self.value(now, self.chosen(slots, timeline, after, now))

    def at(self, timeline: Timeline, now: int) -> tuple[object, float]:
        """Return the value of a settled one, and until when that is so if nothing more happens."""
        where, until = self.where([]), math.inf
        rows = self.rows(timeline, self.after(now, where), now)
        if rows and self.stays is not None:
            until = rows[0]["at"] + self.stays
        if (ends := self.signal.window.ends(now, where)) is not None:
            until = min(until, ends)
        return self.value(now, self.choose(rows, rows)), until

    def where(self, slots: Slots) -> tzinfo:
        """Return the zone of the window."""
        name = self.signal.window.zone
        if name == "customer.timezone" and self.timezone is not None:
            name = slots[self.timezone]
        return self.zone if name == "book" else windows.zone(name)

    def after(self, now: int, where: tzinfo) -> int | None:
        """Return the instant after which events count, as the clocks of a zone have it."""
        after = None if self.stays is None else now - self.stays
        if self.signal.window.calendar is None:
            return after
        begins = self.signal.window.after(now, where)
        return begins if after is None or begins is None else max(after, begins)

    def value(self, now: int, chosen: _Chosen) -> object:
        """Return the value that follows from the events that count."""
        rows, taken, keys = chosen
        if self.key is None:
            return self.reduced(now, rows, taken)
        groups: dict[str, tuple[list[Row], list[Any]]] = {}
        for row, value, key in zip(rows, taken, keys, strict=True):
            found = groups.setdefault(key, ([], []))
            found[0].append(row)
            found[1].append(value)
        by_key = {key: self.reduced(now, *found) for key, found in groups.items()}
        return {key: value for key, value in by_key.items() if value is not None}

    def rows(
        self, timeline: Timeline, after: int | None, until: int | None = None
    ) -> Sequence[Row]:
        """Return the events of the signal's types in the window, in their order."""
        found = [timeline.of(kind, after, until) for kind in self.signal.events]
        return found[0] if len(found) == 1 else list(merge(*found, key=_order))

    def choose(self, rows: Sequence[Row], asked: Iterable[Any]) -> _Chosen:
        """Choose the events that count; *asked* is what the functions are asked about for each."""
        holds, taken, key = self.holds, self.taken, self.key
        chosen: tuple[list[Row], list[Any], list[str]] = ([], [], [])
        for row, c in zip(rows, asked, strict=True):
            if holds is not None and not holds(c):
                continue
            value = taken(c) if taken is not None else row
            if value is UNKNOWN:
                continue
            if key is not None:
                name = key(c)
                if not isinstance(name, str):
                    continue
                chosen[2].append(name)
            chosen[0].append(row)
            chosen[1].append(value)
        return _Chosen(*chosen)

    def reduced(self, now: int, rows: Sequence[Row], taken: Sequence[Any]) -> object:
        """Return what becomes of the values taken of some events."""
        half_life = self.signal.half_life
        if half_life is not None:
            weights = [0.5 ** ((now - at) / half_life) for at in map(_at, rows)]
            return _finite(weights if self.taken is None else map(mul, map(float, taken), weights))
        return self.reduce(self.signal, taken)


class _OfCase(SignalFunction):
    """A signal that asks about the case, or the time, for each event."""

    def path(self, path: str) -> str:
        owner, _, name = path.partition(".")
        return f"c[{self.event}].get({name!r})" if owner == "event" else f"c[{self.slots[path]}]"

    def chosen(self, slots: Slots, timeline: Timeline, after: int | None, until: int) -> _Chosen:
        rows = self.rows(timeline, after, until)
        return self.choose(rows, self.placed(slots, rows))

    def placed(self, slots: Slots, rows: Iterable[Row]) -> Iterator[Slots]:
        """Yield the slots with each event in its place."""
        for row in rows:
            slots[self.event] = row
            yield slots


class _OfEvents(SignalFunction):
    """A signal that asks about the events alone: what it chooses of a journey is kept."""

    def __init__(self, signal: Signal, *more: Any) -> None:
        super().__init__(signal, *more)
        self.mark = object()
        self.settled = not self.needed and signal.half_life is None
        where, expression = signal.where, signal.expression
        self.those = self.function("those", where.tree) if where else None
        self.each = self.function("each", expression.tree) if expression else None

    def path(self, path: str) -> str:
        return f"c.get({path.partition('.')[2]!r})"

    def chosen(self, slots: Slots, timeline: Timeline, after: int | None, until: int) -> _Chosen:
        start = -math.inf if after is None else after
        kept: _Kept | None = timeline.found.get(self.mark)
        if kept is None or start < kept.after:
            rows = self.rows(timeline, after)
            chosen = self.choose(rows, rows)
            kept = timeline.found[self.mark] = _Kept(start, chosen, [*map(_at, chosen.rows)])
        first = bisect_right(kept.times, start)
        return kept.chosen.between(first, bisect_right(kept.times, until, first))

    def choose(self, rows: Sequence[Row], asked: Iterable[Any]) -> _Chosen:
        if self.key is None:  # as of most
            found = rows if self.those is None else self.those(rows)
            taken = found if self.each is None else self.each(found)
            if self.each is None or UNKNOWN not in taken:
                return _Chosen(found, taken, ())
        return super().choose(rows, asked)


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
