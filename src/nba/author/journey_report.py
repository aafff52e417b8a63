"""How customers fare in a corridor: per stage, how many met what was expected, and how soon."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nba import windows
from nba.book.model import Book, Corridor
from nba.journey.corridors import CorridorReader
from nba.journey.passages import Passage, Visit
from nba.journey.timeline import Timeline
from nba.lang.values import INT_MIN

__all__ = ["CorridorReport", "StageReport", "journey_report"]


@dataclass(slots=True)
class StageReport:
    """One stage over all passages.

    Of those that *entered* it, what is expected happened *in_time* or *late*, was *missed* (it is
    overdue and has not happened), is *open* (there is time left), or was *ended* before. Stages
    of which nothing is expected have *entered* alone. *waited* is how long it took where it
    happened, in nanoseconds, shortest first.
    """

    id: str
    title: str
    entered: int = 0
    in_time: int = 0
    late: int = 0
    missed: int = 0
    open: int = 0
    ended: int = 0
    waited: list[int] = field(default_factory=list)

    def quantile(self, share: float) -> int | None:
        """Return the time within which this share of those it happened to had it; None for none.

        It is the least of the times that at least so many did not exceed (nearest rank).
        """
        if not self.waited:
            return None
        rank = max(1, -(-len(self.waited) * round(share * 1000) // 1000))
        return self.waited[rank - 1]

    def to_dict(self) -> dict[str, Any]:
        """Return the stage as plain data; times in seconds."""
        counts = ("entered", "in_time", "late", "missed", "open", "ended")
        found: dict[str, Any] = {"id": self.id, "title": self.title}
        found |= {name: getattr(self, name) for name in counts}
        for name, share in (("median_seconds", 0.5), ("p90_seconds", 0.9)):
            took = self.quantile(share)
            found[name] = None if took is None else took / windows.SECOND
        return found


@dataclass(frozen=True, slots=True)
class CorridorReport:
    """One corridor: how many *customers* were in it, in how many *passages*, and its stages."""

    id: str
    title: str
    customers: int
    passages: int
    stages: tuple[StageReport, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the corridor as plain data."""
        return {
            "id": self.id,
            "title": self.title,
            "customers": self.customers,
            "passages": self.passages,
            "stages": [stage.to_dict() for stage in self.stages],
        }


def journey_report(book: Book, journeys: Iterable[Timeline], now: int) -> list[CorridorReport]:
    """Return how the customers with these *journeys* fare in each corridor of a book.

    *now* is an instant: what is later is not seen. The book's reach is not asked: a report looks
    at all it is given.
    """
    seen = [timeline.within(INT_MIN, now) for timeline in journeys]
    return [_report(corridor, seen, now) for corridor in book.corridors.values()]


def _report(corridor: Corridor, seen: Sequence[Timeline], now: int) -> CorridorReport:
    reader = CorridorReader(corridor)
    stages = tuple(StageReport(stage.id, stage.title) for stage in corridor.stages)
    found = [reader.passages(timeline) for timeline in seen]
    for passage in (passage for passages in found for passage in passages):
        for visit in passage.visits:
            _count(stages[visit.stage], corridor, passage, visit, now)
    for stage in stages:
        stage.waited.sort()
    customers = sum(1 for passages in found if passages)
    return CorridorReport(corridor.id, corridor.title, customers, sum(map(len, found)), stages)


def _count(
    stage: StageReport, corridor: Corridor, passage: Passage, visit: Visit, now: int
) -> None:
    stage.entered += 1
    declared = corridor.stages[visit.stage]
    last = visit.stage == len(corridor.stages) - 1
    if declared.expect is None and last:  # nothing can be expected
        return
    if visit.met is not None:
        stage.waited.append(visit.met - visit.entered)
        if visit.deadline is None or visit.met <= visit.deadline:
            stage.in_time += 1
        else:
            stage.late += 1
        return
    stopped = now if passage.ends is None else passage.ends
    if visit.late(stopped):
        stage.missed += 1
    elif passage.ends is None:
        stage.open += 1
    else:
        stage.ended += 1
