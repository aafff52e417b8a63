"""Reading a journey into slots: signals, moments, stages; and what is due from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any, Literal, NamedTuple, get_args

from nba.book.corridors import NO_STAGE
from nba.book.model import Book
from nba.errors import NbaError
from nba.journey.corridors import CorridorReader
from nba.journey.durable import DurableMatcher
from nba.journey.moments import Matcher, boundaries
from nba.journey.reference import Instance
from nba.journey.signals import SignalFunction
from nba.journey.timeline import Timeline
from nba.lang.values import INT_MIN, Duration, Timestamp

__all__ = ["JourneyReader", "Moments"]

Slots = list[Any]
#: What finds moments.
Moments = Literal["native", "durable"]


class _Moment(NamedTuple):
    id: str
    slot: int
    matcher: Matcher | DurableMatcher
    evidence: tuple[tuple[str, slice, tuple[str, ...]], ...]  # alias, and its slots and fields


class _Corridor(NamedTuple):
    reader: CorridorReader
    names: tuple[str, ...]  # of the stages, and last of none
    stage: int
    entered: int
    time: int
    late: int


class _Settled(NamedTuple):
    """The values of slots, which are the same from a time on until another."""

    since: int
    until: float
    values: list[object]


class JourneyReader:
    """Fills the slots that conditions read of a journey, for one book.

    *slots* gives the place of every field, and under `event` one that signals may use. *moments*
    is what finds them.
    """

    def __init__(self, book: Book, slots: Mapping[str, int], moments: Moments = "native") -> None:
        if moments not in get_args(Moments):
            raise NbaError(f"`moments` is `native` or `durable`, not `{moments}`")
        matcher = DurableMatcher if moments == "durable" else Matcher
        self.reach = book.reach
        self._mark = object()
        signals = [
            (slots[f"signal.{name}"], SignalFunction(signal, slots, book.zone, book.reach))
            for name, signal in book.signals.items()
        ]
        self._settled = [each for each in signals if each[1].settled]
        self._signals = [each for each in signals if not each[1].settled]
        self._open = slots.get("moments")
        #: the slots of signals, moments and evidence, which stand together
        self._own = _span(slots, ("signal.", "moment.", "moments", "evidence."))
        self._moments = [
            _Moment(
                name,
                slots[f"moment.{name}"],
                matcher(moment, book.reach),
                tuple(_evidence(name, slots, self._own.start)),
            )
            for name, moment in book.moments.items()
        ]
        #: what is in them where a journey has none of the events that they look for
        self._quiet: list[object] = [None] * (self._own.stop - self._own.start)
        for slot, signal in self._settled:
            self._quiet[slot - self._own.start] = signal.nothing
        for moment in self._moments:
            self._quiet[moment.slot - self._own.start] = False
        self._counting = _Looking(signal.signal.events for _, signal in self._settled)
        self._beginning = _Looking(moment.matcher.begins for moment in self._moments)
        self._corridors = [
            _Corridor(
                CorridorReader(corridor, book.reach),
                (*(stage.id for stage in corridor.stages), NO_STAGE),
                *(
                    slots[f"corridor.{name}.{part}"]
                    for part in ("stage", "entered", "time", "late")
                ),
            )
            for name, corridor in book.corridors.items()
        ]

    def seen(self, timeline: Timeline, now: int) -> Timeline:
        """Return the part of a journey that is seen at *now*: within reach, and not later."""
        after = INT_MIN if self.reach is None else now - self.reach
        return timeline.within(after, now)

    def fill(self, slots: Slots, timeline: Timeline, now: int) -> None:
        """Fill the slots of signals, corridors, moments and evidence from a whole journey.

        What depends on the journey alone is kept with it, for as long as it is right.
        """
        timeline.read_by(self._mark)
        settled: _Settled | None = timeline.found.get(self._mark)
        if settled is None or not settled.since <= now < settled.until:
            settled = timeline.found[self._mark] = self._settle(timeline, now)
        slots[self._own] = settled.values
        for slot, function in self._signals:
            slots[slot] = function(slots, timeline)
        for corridor in self._corridors:
            begun = corridor.reader.begins in timeline.kinds
            visit = corridor.reader.visit_at(timeline, now) if begun else None
            slots[corridor.stage] = corridor.names[visit.stage if visit else -1]
            slots[corridor.late] = visit is not None and visit.late(now)
            if visit is not None:
                slots[corridor.entered] = Timestamp(visit.entered)
                slots[corridor.time] = Duration(now - visit.entered)

    def _settle(self, timeline: Timeline, now: int) -> _Settled:
        """Return what depends on the journey alone: signals, moments, evidence."""
        until, first = timeline.next(now), self._own.start
        values = self._quiet.copy()
        for place in self._counting.in_(timeline):
            slot, signal = self._settled[place]
            values[slot - first], lasts = signal.at(timeline, now)
            until = min(until, lasts)
        now_open = []
        for place in self._beginning.in_(timeline):
            moment = self._moments[place]
            instance, lasts = moment.matcher.open_at(timeline, now)
            until = min(until, lasts)
            if instance is not None:
                now_open.append(moment.id)
                values[moment.slot - first] = True
                for alias, own, fields in moment.evidence:
                    if (row := instance.evidence.get(alias)) is not None:
                        values[own] = map(row.get, fields)
        if self._open is not None:
            values[self._open - first] = now_open
        return _Settled(now, until, values)

    def open(self, timeline: Timeline, now: int) -> Iterator[tuple[str, Instance]]:
        """Yield the moments that are open at *now*, each with the instance of its newest anchor."""
        timeline.read_by(self._mark)
        for place in self._beginning.in_(timeline):
            moment = self._moments[place]
            instance, _ = moment.matcher.open_at(timeline, now)
            if instance is not None:
                yield moment.id, instance

    def deadlines(
        self, timeline: Timeline
    ) -> Iterator[tuple[int, str, Literal["opened", "closed"]]]:
        """Yield when moments open and close if nothing more happens: time, moment, change."""
        for place in self._beginning.in_(timeline):
            moment = self._moments[place]
            for opens, closes in boundaries(moment.matcher.instances(timeline)):
                yield opens, moment.id, "opened"
                if closes is not None:
                    yield closes, moment.id, "closed"


def _span(slots: Mapping[str, int], prefixes: tuple[str, ...]) -> slice:
    """Return the slots of the fields that begin so, which stand together."""
    own = [slot for path, slot in slots.items() if path.startswith(prefixes)]
    return slice(own[0], own[-1] + 1) if own else slice(0, 0)


class _Looking:
    """Those that look for events, by their places; *types* are what each looks for."""

    def __init__(self, types: Iterable[Iterable[str]]) -> None:
        self._by_event: dict[str, list[int]] = {}
        for place, own in enumerate(types):
            for kind in own:
                self._by_event.setdefault(kind, []).append(place)

    def in_(self, timeline: Timeline) -> Sequence[int]:
        """Return the places of those that look for an event which a journey has, in order."""
        found = [own for kind in timeline.kinds if (own := self._by_event.get(kind))]
        return found[0] if len(found) == 1 else sorted({*chain.from_iterable(found)})


def _evidence(
    moment: str, slots: Mapping[str, int], first: int
) -> Iterator[tuple[str, slice, tuple[str, ...]]]:
    """Yield the steps of a moment whose event is evidence: name, slots and fields.

    The slots of a step stand together; they are counted from the *first* that a journey fills.
    """
    prefix = f"evidence.{moment}."
    own = [path.removeprefix(prefix) for path in slots if path.startswith(prefix)]
    for alias, paths in groupby(own, key=lambda path: path.partition(".")[0]):
        fields = tuple(path.partition(".")[2] for path in paths)
        start = slots[f"{prefix}{alias}.{fields[0]}"] - first
        yield alias, slice(start, start + len(fields)), fields
