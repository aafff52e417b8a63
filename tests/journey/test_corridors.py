"""Corridors: the fast reading is the literal one; stages are skipped, left, late and ended."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from tests.journey.strategies import LATEST, LONG, corridor, event, journey, step, time

from nba.book.model import Corridor, Stage
from nba.journey.corridors import CorridorReader
from nba.journey.events import Row
from nba.journey.passages import Passage, Visit, passage_at, passages
from nba.journey.timeline import Timeline
from nba.lang.values import Timestamp

CORRIDORS = 4_000 if LONG else 150
JOURNEYS = 10
REACH = 9


def known_at(found: list[Passage], now: int) -> Any:
    """Return what conditions read at *now*."""
    visit = passage_at(found, now)
    return visit and (visit.stage, visit.entered, visit.late(now))


def test_fast_equals_literal(record_property: Any) -> None:
    """On random corridors and journeys; also what was known at a time, and within a reach."""
    seen: Counter[str] = Counter()
    for seed in range(CORRIDORS):
        random = Random(seed)
        one = corridor(random)
        fast, near = CorridorReader(one), CorridorReader(one, REACH)
        for _ in range(JOURNEYS):
            timeline = Timeline(journey(random, random.choice((5, 9, 13))))
            found = fast.passages(timeline)
            assert found == passages(one, timeline.rows)
            now = random.randrange(LATEST + 9)
            past = [row for row in timeline.rows if row["at"] <= now]
            assert known_at(found, now) == known_at(passages(one, past), now)
            assert fast.visit_at(timeline, now) == passage_at(found, now)
            seen_rows = [row for row in past if row["at"] > now - REACH]
            within = near.passages(timeline)
            assert known_at(within, now) == known_at(passages(one, seen_rows), now)
            for time_ in (now, now + 3, now - 3):  # what is kept is right at another time
                assert near.visit_at(timeline, time_) == passage_at(within, time_)
            visits = [visit for passage in found for visit in passage.visits]
            seen["journeys"] += 1
            seen["passages"] += len(found)
            seen["ended"] += any(passage.ends is not None for passage in found)
            seen["went on"] += any(visit.left is not None for visit in visits)
            seen["met"] += any(visit.met is not None for visit in visits)
            seen["late"] += any(visit.late(now) for visit in visits)
    for what, count in seen.items():
        record_property(what, count)
    least = seen["journeys"] // 25
    assert min(seen[what] for what in ("ended", "went on", "met", "late")) > least, seen


BOOKED = step("booked", "plan")
CAME = step("arrived", "came", "came.ref == plan.ref", after=[BOOKED])
SPOKE = step("contact", "spoke", after=[BOOKED, CAME])
HELP = Corridor(
    "help",
    "Help at home",
    (
        Stage("booked", "", BOOKED, by=time("plan.due", BOOKED)),
        Stage("came", "", CAME, expect=SPOKE, within=3),
        Stage("spoke", "", SPOKE),
    ),
    until=(
        step("contact", "end", "end.topic == 'cancel'"),
        step("booked", "next", "next.ref == 'elsewhere'"),
    ),
)


def read(*rows: Row) -> list[Passage]:
    """Return the passages through HELP, once both readings agree."""
    found = CorridorReader(HELP).passages(Timeline(rows))
    assert found == passages(HELP, Timeline(rows).rows)
    return found


def booked(at: int, due: int, ref: str = "a") -> Row:
    """Return an event that enters the first stage."""
    return event("booked", at, ref=ref, due=Timestamp(due))


def test_the_way_through() -> None:
    """Each stage knows when it was entered, what was expected by when, and when that was met."""
    (passage,) = read(booked(1, 5), event("arrived", 5, ref="a"), event("contact", 9))
    assert passage.visits == [
        Visit(0, 1, deadline=5, met=5, left=5),
        Visit(1, 5, deadline=8, met=9, left=9),
        Visit(2, 9, deadline=None),
    ]
    assert passage.ends is None


@pytest.mark.parametrize(("now", "late"), [(4, False), (5, True), (6, True), (7, False)])
def test_late_from_the_deadline_until_it_is_met(now: int, *, late: bool) -> None:
    """As with moments: at the deadline it is late, and a late match ends that."""
    (passage,) = read(booked(1, 5), event("arrived", 7, ref="a"))
    assert passage.visits[0].late(now) is late


def test_a_match_at_the_deadline_is_in_time() -> None:
    """What happens at the deadline meets the expectation."""
    (passage,) = read(booked(1, 5), event("arrived", 5, ref="a"))
    assert not passage.visits[0].late(5)


def test_stages_may_be_skipped_and_nobody_goes_back() -> None:
    """A call before the technician came enters the last stage; his visit is no way back."""
    (passage,) = read(booked(1, 5), event("contact", 3), event("arrived", 4, ref="a"))
    assert [visit.stage for visit in passage.visits] == [0, 2]


def test_until_ends_it_and_what_follows_does_not_count() -> None:
    """A cancellation ends the passage: it enters no stage, and nothing is met after it."""
    end = event("contact", 3, topic="cancel")
    (passage,) = read(booked(1, 5), end, event("arrived", 4, ref="a"))
    assert passage.ends == 3
    assert passage.visits == [Visit(0, 1, deadline=5)]
    assert passage.visit_at(2) is not None
    assert passage.visit_at(3) is None


def test_one_of_several_steps_ends_it() -> None:
    """The earliest that matches one of them."""
    end, other = event("contact", 4, topic="cancel"), event("booked", 3, ref="elsewhere")
    assert [passage.ends for passage in read(booked(1, 5), end)] == [4]
    assert read(booked(1, 5), end, other)[0].ends == 3


def test_the_newest_passage_counts() -> None:
    """Two orders are two passages; a customer is where the newer one is."""
    found = read(booked(1, 5), booked(2, 9, "b"), event("arrived", 4, ref="a"))
    assert [[visit.stage for visit in passage.visits] for passage in found] == [[0, 1], [0]]
    assert known_at(found, 5) == (0, 2, False)
    assert known_at(found, 1) == (0, 1, False)
    assert known_at(found, 0) is None
