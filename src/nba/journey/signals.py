"""Signals: values computed from a journey over a window, each by a function made for it.

What a signal means stands in `literal_signals`; random tests hold the two equal.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from heapq import merge
from operator import itemgetter
from typing import Any, Final, NamedTuple

from nba import windows
from nba.book.model import Signal
from nba.journey.literal_signals import inputs_of, paths_of
from nba.journey.timeline import Timeline
from nba.lang import values
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.python import Program
from nba.lang.types import TIMESTAMP
from nba.lang.values import NEVER, kind_of

__all__ = ["SignalFunction"]

Slots = list[Any]
#: The values of some fields of events, column by column.
Columns = Sequence[Sequence[Any]]

_order: Final = itemgetter("at", "id")
_entered: Final = itemgetter(1)


class _Kept(NamedTuple):
    """The entries of all events of a journey that are later than *after*."""

    after: float
    entries: Sequence[Any]


class SignalFunction:
    """Computes a signal from the slots of a case and a whole journey; None is unknown.

    *slots* gives the place of every field, and under `event` a place that the function may use
    for the events that it looks at; *zone* and *reach* are the book's. A *settled* one stays what
    it is for a while, whatever the case is: see `at`.

    Of each event that counts there is an entry: its value; with a half-life, the value and the
    time; told apart by a key, the key and that.
    """

    def __init__(
        self, signal: Signal, slots: Mapping[str, int], zone: tzinfo, reach: int | None = None
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
        paths = paths_of(signal)
        #: the fields of events that are read, in the order of the columns
        self.fields = sorted(path[len("event.") :] for path in paths if path.startswith("event."))
        #: whether it asks about nothing but the events
        self.of_events = len(self.fields) == len(paths)
        #: whether it depends on nothing but the journey and the windows, so that it can be kept
        self.settled = self.of_events and not self.needed and signal.half_life is None
        self.listed = self._listed()
        self.mark = object()
        #: what it is where nothing happened, whenever that is asked
        self.nothing = {} if signal.by else self.reduced(0, ())

    # --- what is taken of each event

    def _listed(self) -> Callable[[Any], list[Any]] | None:
        """Return the function that makes entries of columns; None where the times are enough."""
        signal = self.signal
        timed = signal.half_life is not None
        if not (timed or signal.where or signal.expression or signal.by):
            return None
        program = Program(self._path, BOOK_FUNCTIONS, "None")
        names = [*(f"e{place}" for place in range(len(self.fields))), "at"]

        def entry() -> tuple[str, str]:
            counts = [program.true(signal.where.tree)] if signal.where else []
            found = "1.0"
            if signal.expression:
                known, found = program.known(signal.expression.tree)
                counts.append(known)
            if timed:
                found = f"({found}, at)"
            if signal.by:
                known, key = program.known(signal.by.tree)
                counts += [known, f"{key}.__class__ is str"]
                found = f"({key}, {found})"
            return " and ".join(filter(None, counts)) or "True", found

        columns = "c" if self.of_events else f"c[{self.event}]"
        name = program.listed(names, f"zip(*{columns})", entry)
        return program.build()[name]

    def _path(self, path: str) -> str:
        """Return the Python for reading a field of an event, or of a case."""
        owner, _, name = path.partition(".")
        return f"e{self.fields.index(name)}" if owner == "event" else f"c[{self.slots[path]}]"

    # --- the value

    def __call__(self, slots: Slots, timeline: Timeline) -> object:
        """Return the value of the signal for a case."""
        if self.needed and any(slots[place] is None for place in self.needed):
            return None
        if not timeline.times and self.signal.window.calendar is None:
            return self.nothing
        now = slots[self.now]
        try:
            after = self.after(now, self.where(slots))
        except ValueError:  # the customer's time zone is none
            return None
        if self.of_events and self.signal.half_life is not None and self.signal.by is None:
            return self.reduced(now, self._kept(timeline, after, now))
        times, columns = self.window(timeline, after, now)
        return self.value(now, self.entries(slots, times, columns))

    def at(self, timeline: Timeline, now: int) -> tuple[object, float]:
        """Return the value of a settled one, and until when that is so if nothing more happens."""
        where, until = self.where([]), math.inf
        times, columns = self.window(timeline, self.after(now, where), now)
        if times and self.stays is not None:
            until = times[0] + self.stays
        if (ends := self.signal.window.ends(now, where)) is not None:
            until = min(until, ends)
        return self.value(now, self.entries([], times, columns)), until

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

    def window(
        self, timeline: Timeline, after: int | None, until: int | None
    ) -> tuple[Sequence[int], Columns]:
        """Return the times of the events of the signal's types in a window, and their columns."""
        found = [kind for name in self.signal.events if (kind := timeline.kinds.get(name))]
        if not found:
            return (), ()
        if len(found) == 1:
            (kind,) = found
            times, columns = kind.times, [kind.column(field) for field in self.fields]
            start, stop = kind.span(after, until)
            if stop - start < len(times):
                return times[start:stop], [column[start:stop] for column in columns]
            return times, columns
        spans = [map(kind.row, range(*kind.span(after, until))) for kind in found]
        rows = list(merge(*spans, key=_order))
        return [int(row["at"]) for row in rows], [
            [row.get(field) for row in rows] for field in self.fields
        ]

    def entries(self, slots: Slots, times: Sequence[int], columns: Columns) -> Sequence[Any]:
        """Return the entries of the events that count."""
        if self.listed is None or not times:
            return times
        columns = [*columns, times]
        if self.of_events:
            return self.listed(columns)
        slots[self.event] = columns
        found = self.listed(slots)
        slots[self.event] = None
        return found

    def _kept(self, timeline: Timeline, after: int | None, until: int) -> Sequence[Any]:
        """Return the entries of a window, with their times; those of a journey are kept."""
        start = -math.inf if after is None else after
        kept: _Kept | None = timeline.found.get(self.mark)
        if kept is None or start < kept.after:
            entries = self.entries([], *self.window(timeline, after, None))
            kept = timeline.found[self.mark] = _Kept(start, entries)
        entries = kept.entries
        if not entries or (start < entries[0][1] and entries[-1][1] <= until):
            return entries
        first = bisect_right(entries, start, key=_entered)
        return entries[first : bisect_right(entries, until, first, key=_entered)]

    def value(self, now: int, entries: Sequence[Any]) -> object:
        """Return the value that follows from the entries of the events that count."""
        if self.signal.by is None:
            return self.reduced(now, entries)
        groups: dict[str, list[Any]] = {}
        for key, entry in entries:
            groups.setdefault(key, []).append(entry)
        by_key = {key: self.reduced(now, own) for key, own in groups.items()}
        return {key: value for key, value in by_key.items() if value is not None}

    def reduced(self, now: int, entries: Sequence[Any]) -> object:
        """Return what becomes of entries that have no key."""
        half_life = self.signal.half_life
        if half_life is not None:
            return _finite([one * 0.5 ** ((now - at) / half_life) for one, at in entries])
        return self.reduce(self.signal, entries)


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
