"""The literal reading of corridors: this file is what a customer's way through the stages means.

It is short, slow and obvious: it walks through the events of a journey one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nba.book.model import Corridor, Stage
from nba.journey.events import Row
from nba.journey.reference import Evidence, deadline, matches

__all__ = ["Passage", "Visit", "passage_at", "passages"]


@dataclass(slots=True)
class Visit:
    """One stage of a passage; times are instants in nanoseconds, None for never.

    *stage* is its place in the corridor, *deadline* by when the expectation is to be met, *met*
    when it was, and *left* when a later stage was entered.
    """

    stage: int
    entered: int
    deadline: int | None
    met: int | None = None
    left: int | None = None

    def late(self, now: int) -> bool:
        """Return whether what is expected is overdue: a match at the deadline is in time."""
        overdue = self.deadline is not None and self.deadline <= now
        return overdue and (self.met is None or self.met > now)


@dataclass(slots=True)
class Passage:
    """One way through a corridor: *anchor* is the place of its first event in the journey.

    *ends* is when it was ended early.
    """

    anchor: int
    visits: list[Visit] = field(default_factory=list)
    ends: int | None = None

    def visit_at(self, now: int) -> Visit | None:
        """Return the stage that the passage is in, or None before it began and after its end."""
        if self.ends is not None and self.ends <= now:
            return None
        return next((visit for visit in reversed(self.visits) if visit.entered <= now), None)


def passages(corridor: Corridor, rows: Sequence[Row]) -> list[Passage]:
    """Return the passages in a journey, by anchor: one for each event that enters the first stage.

    *rows* are its events in the order of (`at`, `id`), each id once.
    """
    first = corridor.stages[0].enter
    anchors = [place for place, row in enumerate(rows) if matches(first, row, {})]
    return [_passage(corridor, rows, anchor) for anchor in anchors]


def passage_at(found: Iterable[Passage], now: int) -> Visit | None:
    """Return the stage that a customer is in: that of the newest passage; None for none."""
    stages = [visit for passage in found if (visit := passage.visit_at(now))]
    return stages[-1] if stages else None


def _passage(corridor: Corridor, rows: Sequence[Row], anchor: int) -> Passage:
    passage = Passage(anchor)
    evidence: Evidence = {}
    waiting: list[tuple[Visit, Stage, Evidence]] = []

    def enter(place: int, row: Row) -> None:
        stage = corridor.stages[place]
        evidence[stage.enter.alias] = row
        at = int(row["at"])
        visit = Visit(place, at, deadline(stage.within, stage.by, at, evidence))
        passage.visits.append(visit)
        waiting.append((visit, stage, dict(evidence)))

    enter(0, rows[anchor])
    for row in rows[anchor + 1 :]:
        at = int(row["at"])
        for visit, stage, known in waiting:
            if visit.met is None and stage.expect and matches(stage.expect, row, known):
                visit.met = at
        if any(matches(step, row, evidence) for step in corridor.until):
            passage.ends = at
            break
        current = passage.visits[-1]
        for place in range(current.stage + 1, len(corridor.stages)):
            if matches(corridor.stages[place].enter, row, evidence):
                current.left = at
                if corridor.stages[current.stage].expect is None:
                    current.met = at
                enter(place, row)
                break
    return passage
