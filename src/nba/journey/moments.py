"""The fast matcher of moments: the same instances as the literal one, in time that stays small.

Three things make it fast. Conditions become Python once per book. A condition that an event's
field equals a field of an earlier event becomes a look-up among the values of a journey, which all
its moments share. And of every window only the events inside are visited.

A sequence is matched greedily where no step refers to one between the first and itself: then the
earliest match of each step is as good as any. Else the earliest completion of the steps from the
k-th on is remembered by what it depends on: the event that it starts from, and the values of the
earlier events that these steps refer to. So the work grows with a power of the journey's length
that the book decides, never exponentially.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from nba.book.model import Moment, Pattern
from nba.journey.reference import Instance, open_at
from nba.journey.steps import Search, Slots, compiled, first_of, reads
from nba.journey.timeline import Places, Timeline
from nba.lang.values import Timestamp

__all__ = ["Instance", "Matcher", "boundaries", "open_at"]


class Matcher:
    """Finds the instances of one moment in journeys.

    *reach*, in nanoseconds, is how far back a journey is seen: an instance ends at the latest
    when its anchor is out of reach. So the instances of a journey that is longer are right too.
    """

    def __init__(self, moment: Moment, reach: int | None = None) -> None:
        self._patterns = [_pattern(pattern, reach) for pattern in moment.patterns]
        #: the types of the events that instances begin with
        self.begins = frozenset(pattern.steps[0].event for pattern in self._patterns)

    def instances(self, timeline: Timeline) -> list[Instance]:
        """Return the instances of all patterns in a journey, each pattern's by anchor."""
        return [found for pattern in self._patterns for found in pattern.instances(timeline)]

    def open_at(self, timeline: Timeline, now: int) -> tuple[Instance | None, float]:
        """Return `open_at` of the instances, and until when that is so if nothing more happens.

        They are looked for from the newest anchor on, and only until one is open.
        """
        best, until = None, math.inf
        for pattern in self._patterns:
            found, lasts = pattern.open_at(timeline, now)
            until = min(until, lasts)
            if found is not None and (best is None or found.anchor > best.anchor):
                best = found
        return best, until


def boundaries(found: Iterable[Instance]) -> list[tuple[int, int | None]]:
    """Return from when until when a moment is open, in order; None for no end.

    It opens when the first of instances that overlap or touch opens, and closes when the last ends.
    """
    spans: list[tuple[int, int | None]] = []
    for instance in sorted(found, key=lambda instance: instance.opens):
        opens, ends = instance.opens, instance.ends
        if spans:
            start, closes = spans[-1]
            if closes is None:
                break
            if opens <= closes:
                spans[-1] = (start, None if ends is None else max(ends, closes))
                continue
        spans.append((opens, ends))
    return spans


# --- patterns


class _Pattern(ABC):
    """What all kinds of patterns have: an anchor, and how an instance ends."""

    def __init__(self, pattern: Pattern, reach: int | None) -> None:
        self.pattern = pattern
        self.reach = reach
        self.scope: dict[str, int] = {}
        self.steps: list[Search] = []
        for slot, step in enumerate(pattern.steps):
            self.steps.append(Search(step, slot, self.scope))
            self.scope[step.alias] = slot
        slot = len(self.steps)  # of the event that is judged beside the evidence
        self.expect = Search(pattern.expect, slot, self.scope) if pattern.expect else None
        self.unless = [Search(step, slot, self.scope) for step in pattern.unless]
        self.until = [Search(step, slot, self.scope) for step in pattern.until]
        self.longest = self._longest()

    def _longest(self) -> float:
        """Return how long after its anchor an instance ends at the latest."""
        pattern, reach = self.pattern, math.inf if self.reach is None else self.reach
        opens = None if pattern.by else pattern.within
        if pattern.kind == "after" and pattern.expect is None:
            opens = 0
        if opens is None or pattern.lasts is None:
            return reach
        return min(reach, opens + pattern.lasts + pattern.linger)

    def instances(self, timeline: Timeline) -> list[Instance]:
        """Return the instances in a journey, by anchor."""
        return [*self._newest(timeline, 0)][::-1]

    def open_at(self, timeline: Timeline, now: int) -> tuple[Instance | None, float]:
        """Return the open instance with the newest anchor, and until when that is so."""
        until = math.inf
        start = bisect_right(timeline.times, now - self.longest)  # those before have ended
        for found in self._newest(timeline, start):
            if now < found.opens:
                until = min(until, found.opens)
            elif found.ends is None or now < found.ends:
                return found, until if found.ends is None else min(until, found.ends)
        return None, until

    def _newest(self, timeline: Timeline, start: int) -> Iterator[Instance]:
        """Yield the instances with anchors from the place *start* on, the newest anchor first."""
        if self.steps[0].event in timeline.kinds:  # seldom, in most journeys
            slots: Slots = [{}] * (len(self.steps) + 2)
            if anchors := self.steps[0].all(timeline, slots, start):
                yield from filter(None, self.opened(timeline, slots, anchors[::-1]))

    @abstractmethod
    def opened(
        self, timeline: Timeline, slots: Slots, anchors: Places
    ) -> Iterator[Instance | None]:
        """Yield the instances with these anchors, newest first, and None where there is none."""

    def stop(self, timeline: Timeline, anchor: int) -> int:
        """Return the place from which on events are later than the window of an anchor."""
        if self.pattern.within is None:
            return len(timeline.times)
        return bisect_right(timeline.times, timeline.times[anchor] + self.pattern.within, anchor)

    def instance(
        self,
        timeline: Timeline,
        slots: Slots,
        anchor: int,
        opens: int,
        after: int,
        *,
        met: int | None = None,
    ) -> Instance | None:
        """Return the instance that opens, or None where it is prevented or ends at once.

        The events from the place *after* on are later than it opened; *met* is the place of a
        late match of what was expected. The slots of the steps hold the evidence.
        """
        pattern, times = self.pattern, timeline.times
        if first_of(self.unless, timeline, slots, anchor + 1, after) is not None:
            return None
        ends = None if pattern.lasts is None else opens + pattern.lasts
        if self.until:
            stop = len(times) if ends is None else bisect_left(times, ends)
            released = first_of(self.until, timeline, slots, after, stop)
            if released is not None:
                ends = times[released] + pattern.linger
        if met is not None and (ends is None or times[met] < ends):
            ends = times[met]
        if self.reach is not None and (ends is None or times[anchor] + self.reach < ends):
            ends = times[anchor] + self.reach
        if ends is not None and ends <= opens:
            return None
        evidence = dict(zip(self.scope, slots, strict=False))
        return Instance(anchor, opens, ends, evidence)


class _AtLeast(_Pattern):
    """`at_least: n` of one event."""

    def opened(
        self, timeline: Timeline, slots: Slots, anchors: Places
    ) -> Iterator[Instance | None]:
        for last, anchor in zip(anchors, anchors[self.pattern.count - 1 :], strict=False):
            if last < self.stop(timeline, anchor):
                slots[0] = timeline.row(last)
                yield self.instance(timeline, slots, anchor, timeline.times[last], last + 1)


class _After(_Pattern):
    """`after`, alone or with `expect`."""

    def __init__(self, pattern: Pattern, reach: int | None) -> None:
        super().__init__(pattern, reach)
        self.by = compiled(pattern.by.tree, self.scope, "value") if pattern.by else None

    def opened(
        self, timeline: Timeline, slots: Slots, anchors: Places
    ) -> Iterator[Instance | None]:
        times = timeline.times
        for anchor in anchors:
            slots[0] = timeline.row(anchor)
            if self.expect is None:
                yield self.instance(timeline, slots, anchor, times[anchor], anchor + 1)
                continue
            deadline = self._deadline(slots, times[anchor])
            if deadline is None:
                continue
            opens = max(deadline, times[anchor])
            lasts = self.pattern.lasts
            lingers = opens + (lasts or 0) + self.pattern.linger  # a late match ends that as well
            stop = len(times) if lasts is None else bisect_right(times, lingers)
            met = self.expect.first(timeline, slots, anchor + 1, stop)
            if met is None or times[met] > deadline:
                after = bisect_right(times, deadline, anchor + 1)
                yield self.instance(timeline, slots, anchor, opens, after, met=met)

    def _deadline(self, slots: Slots, at: int) -> int | None:
        if self.by is None:
            return None if self.pattern.within is None else at + self.pattern.within
        deadline = self.by(slots)
        return int(deadline) if isinstance(deadline, Timestamp) else None


class _Sequence(_Pattern):
    """A sequence in which no step refers to one between the first and itself."""

    def opened(
        self, timeline: Timeline, slots: Slots, anchors: Places
    ) -> Iterator[Instance | None]:
        for anchor in anchors:
            stop = self.stop(timeline, anchor)
            if stop - anchor < len(self.steps):
                continue
            slots[0] = timeline.row(anchor)
            last = self._last(timeline, slots, anchor, stop)
            if last is not None:
                yield self.instance(timeline, slots, anchor, timeline.times[last], last + 1)

    def _last(self, timeline: Timeline, slots: Slots, anchor: int, stop: int) -> int | None:
        """Return the place of the last event of the earliest completion, the rest in the slots."""
        place = anchor
        for step in self.steps[1:]:
            found = step.first(timeline, slots, place + 1, stop)
            if found is None:
                return None
            place = found
            slots[step.slot] = timeline.row(place)
        return place


class _LinkedSequence(_Pattern):
    """A sequence in which a step refers to one between the first and itself."""

    def __init__(self, pattern: Pattern, reach: int | None) -> None:
        super().__init__(pattern, reach)
        #: for each step, the fields of earlier events that it and the later ones read, by slot
        self.kept: list[dict[int, list[str]]] = []
        for k in range(len(self.steps)):
            read = sorted({pair for step in self.steps[k:] for pair in step.reads})
            kept: dict[int, list[str]] = {}
            for alias, name in read:
                if self.scope.get(alias, k) < k:
                    kept.setdefault(self.scope[alias], []).append(name)
            self.kept.append(kept)

    def opened(
        self, timeline: Timeline, slots: Slots, anchors: Places
    ) -> Iterator[Instance | None]:
        completions = _Completions(self.steps, self.kept, timeline, slots)
        for anchor in anchors:
            stop = self.stop(timeline, anchor)
            if stop - anchor < len(self.steps):
                continue
            last = completions.last(anchor, stop)
            if last is not None:
                yield self.instance(timeline, slots, anchor, timeline.times[last], last + 1)


class _Completions:
    """The earliest completions of a sequence in one journey, for anchors from the newest on.

    That order is what makes a memory of them right: the places before which a completion must
    end come down too, so what was not found once will not be found later.
    """

    def __init__(
        self,
        steps: list[Search],
        kept: list[dict[int, list[str]]],
        timeline: Timeline,
        slots: Slots,
    ) -> None:
        self.steps = steps
        self.kept = kept
        self.timeline = timeline
        self.slots = slots
        self.places = [0] * len(steps)
        #: by step and what it and later steps read of earlier events: for each place, where the
        #: earliest completion from there on ends, and where its event of this step is
        self._tables: dict[tuple[Any, ...], dict[int, tuple[int, int] | None]] = {}
        self._said: dict[tuple[int, int, int], str] = {}

    def last(self, anchor: int, stop: int) -> int | None:
        """Return the place of the last event of the earliest completion, the rest in the slots."""
        self._choose(0, anchor)
        for k in range(1, len(self.steps)):
            found = self._earliest(k, self.places[k - 1] + 1, stop)
            if found is None or found[0] >= stop:
                return None
            self._choose(k, found[1])
        return self.places[-1]

    def _choose(self, k: int, place: int) -> None:
        self.places[k] = place
        self.slots[k] = self.timeline.row(place)

    def _earliest(self, k: int, start: int, stop: int) -> tuple[int, int] | None:
        """Return the earliest completion of the steps from the k-th on, from *start* on."""
        step = self.steps[k]
        table = self._tables.setdefault((k, *(self._values(k, slot) for slot in self.kept[k])), {})
        candidates = step.candidates(self.timeline, self.slots)
        found, pending = None, []
        for i in range(bisect_left(candidates, start), len(candidates)):
            place = candidates[i]
            if place >= stop:
                break
            if place in table:
                found = table[place]
                break
            pending.append(place)
        for place in reversed(pending):
            self._choose(k, place)
            if step.holds is None or step.holds(self.slots):
                if k == len(self.steps) - 1:
                    found = (place, place)
                else:
                    rest = self._earliest(k + 1, place + 1, stop)
                    if rest and (found is None or rest[0] <= found[0]):
                        found = (rest[0], place)
            table[place] = found
        return found

    def _values(self, k: int, slot: int) -> str:
        """Return what the steps from the k-th on read of the event in a slot."""
        key = (k, slot, self.places[slot])
        values = self._said.get(key)
        if values is None:
            row = self.slots[slot]
            values = self._said[key] = repr([row.get(name) for name in self.kept[k][slot]])
        return values


def _pattern(pattern: Pattern, reach: int | None) -> _Pattern:
    if pattern.kind == "at_least":
        return _AtLeast(pattern, reach)
    if pattern.kind == "after":
        return _After(pattern, reach)
    between = {step.alias for step in pattern.steps[1:]}
    linked = any(
        alias in between - {step.alias} for step in pattern.steps for alias, _ in reads(step.where)
    )
    return (_LinkedSequence if linked else _Sequence)(pattern, reach)
