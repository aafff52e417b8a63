"""The fast reading of corridors: the same passages as the literal one, by look-ups."""

from __future__ import annotations

from typing import Final

from nba.book.model import Corridor
from nba.journey.passages import Passage, Visit
from nba.journey.steps import Search, Slots, compiled, first_of
from nba.journey.timeline import Places, Timeline
from nba.lang.values import Timestamp

__all__ = ["CorridorReader"]

_NOTHING: Final[dict[str, object]] = {}


class CorridorReader:
    """Finds the passages of one corridor in journeys.

    *reach*, in nanoseconds, is how far back a journey is seen: a passage ends when its first event
    is out of reach.
    """

    def __init__(self, corridor: Corridor, reach: int | None = None) -> None:
        self.reach = reach
        self._mark = object()
        self.stages = corridor.stages
        #: the type of the event that a passage begins with
        self.begins = corridor.stages[0].enter.event
        scope: dict[str, int] = {}
        self._enter: list[Search] = []
        self._expect: list[Search | None] = []
        self._by = []
        extra = len(corridor.stages)  # the slot of what is judged beside the stages
        for slot, stage in enumerate(corridor.stages):
            self._enter.append(Search(stage.enter, slot, dict(scope)))
            scope[stage.enter.alias] = slot
            self._expect.append(Search(stage.expect, extra, dict(scope)) if stage.expect else None)
            self._by.append(compiled(stage.by.tree, dict(scope), "value") if stage.by else None)
        self._until = [Search(step, extra, scope) for step in corridor.until]

    def passages(self, timeline: Timeline) -> list[Passage]:
        """Return the passages in a journey, by anchor."""
        return [self._passage(timeline, anchor) for anchor in self._anchors(timeline)]

    def visit_at(self, timeline: Timeline, now: int) -> Visit | None:
        """Return the stage that a customer is in: `passage_at` of all passages.

        They are read from the newest on, and none that is older than the one that is asked for.
        What was read of a journey is kept with it.
        """
        known: dict[int, Passage | None] | None = timeline.found.get(self._mark)
        if known is None:
            known = timeline.found[self._mark] = dict.fromkeys(reversed(self._anchors(timeline)))
        for anchor, read in known.items():
            if timeline.times[anchor] > now:
                continue
            if self.reach is not None and timeline.times[anchor] + self.reach <= now:
                return None
            passage = known[anchor] = read or self._passage(timeline, anchor)
            if (visit := passage.visit_at(now)) is not None:
                return visit
        return None

    def _anchors(self, timeline: Timeline) -> Places:
        slots: Slots = [{}] * (len(self.stages) + 2)
        return self._enter[0].all(timeline, slots)

    def _passage(self, timeline: Timeline, anchor: int) -> Passage:
        slots: Slots = [_NOTHING] * (len(self.stages) + 2)
        passage = Passage(anchor)
        met: list[int | None] = []  # the place of what met the expectation of each visit
        place, stage = anchor, 0
        ended: int | None = None
        while True:
            slots[stage] = timeline.row(place)
            visit = self._visit(timeline, slots, place, stage)
            passage.visits.append(visit)
            expect = self._expect[stage]
            met.append(
                expect.first(timeline, slots, place + 1, len(timeline.times)) if expect else None
            )
            following = self._next(timeline, slots, place, stage)
            stop = following[0] + 1 if following else len(timeline.times)
            ended = first_of(self._until, timeline, slots, place + 1, stop)
            if ended is not None or following is None:
                break
            visit.left = timeline.times[following[0]]
            if expect is None:
                visit.met = visit.left
            place, stage = following
        for visit, at in zip(passage.visits, met, strict=True):
            if at is not None and (ended is None or at <= ended):
                visit.met = timeline.times[at]
        passage.ends = None if ended is None else timeline.times[ended]
        if self.reach is not None:
            out = timeline.times[anchor] + self.reach
            passage.ends = out if passage.ends is None else min(out, passage.ends)
        return passage

    def _visit(self, timeline: Timeline, slots: Slots, place: int, stage: int) -> Visit:
        entered, by, within = timeline.times[place], self._by[stage], self.stages[stage].within
        if by is None:
            return Visit(stage, entered, None if within is None else entered + within)
        found = by(slots)
        return Visit(stage, entered, int(found) if isinstance(found, Timestamp) else None)

    def _next(
        self, timeline: Timeline, slots: Slots, place: int, stage: int
    ) -> tuple[int, int] | None:
        """Return the place of the event that enters a later stage first, and that stage."""
        found: tuple[int, int] | None = None
        for later in range(stage + 1, len(self.stages)):
            stop = found[0] if found else len(timeline.times)
            at = self._enter[later].first(timeline, slots, place + 1, stop)
            slots[later] = _NOTHING  # what was judged there
            if at is not None:
                found = (at, later)
        return found
