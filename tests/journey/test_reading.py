"""Reading a journey: what was worked out at one time is right at any other, later or earlier."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decide.journeys import EVENTS, MOMENTS, SIGNALS, journeys
from tests.decide.strategies import NOW, built, viewed
from tests.journey.strategies import LATEST, LONG, journey, moment, pattern

from nba import Event
from nba.decide.case import Case
from nba.decide.plan import Plan
from nba.decide.planner import plan_for
from nba.journey.moments import Matcher, open_at
from nba.journey.shapes import EventShapes
from nba.journey.timeline import Timeline
from nba.lang.context import Shape

BOOK = {
    "format": 1,
    "book": "read",
    "reach": "20d",
    "context": {"customer": {"timezone": "string"}, "interaction": {"intent": "string"}},
    "events": EVENTS,
    "signals": SIGNALS,
    "moments": MOMENTS,
    "channels": {"app": {}, "chat": {}},
    "issues": {"i": {}},
    "groups": {"i/g": {}},
    "actions": {"a": {"title": "A", "group": "i/g", "kind": "guidance", "channels": ["app"]}},
}
PLAN = plan_for(built(BOOK).book)


def rows_of(plan: Plan, events: tuple[Event, ...]) -> list[dict[str, Any]]:
    """Return events as conditions read them."""
    shapes = {name: Shape(kind.fields) for name, kind in plan.book.events.items()}
    read = EventShapes(shapes, frozenset(plan.book.channels))
    return read.rows(events, NOW)[0]


@settings(max_examples=2_000 if LONG else 50)
@given(
    journeys(NOW),
    st.lists(st.integers(-900, 900), min_size=2, max_size=6),
    st.sampled_from(["Europe/Dublin", "Asia/Tokyo", "nowhere"]),
)
def test_a_journey_is_read_again(
    events: tuple[Event, ...], hours: list[int], timezone: str
) -> None:
    """One timeline at several times, beside a new one each time."""
    rows = rows_of(PLAN, events)
    kept = Timeline(rows)
    for hour in hours:
        now = NOW + timedelta(hours=hour)
        case = Case("c-1", {"timezone": timezone}, {"intent": "billing"}, now)
        again = viewed(PLAN, case, now, kept).slots
        new = viewed(PLAN, case, now, Timeline(rows)).slots
        event = len(PLAN.book.shape.paths)  # where signals put what they look at
        assert again[:event] == new[:event]


@given(st.randoms(use_true_random=False), st.sampled_from([None, 9]))
def test_the_newest_that_is_open_is_found_alone(random: Random, reach: int | None) -> None:
    """It is the one that is open of all instances, and for as long as it says."""
    matcher = Matcher(moment(pattern(random), pattern(random)), reach)
    timeline = Timeline(journey(random, 13))
    now = random.randrange(2 * LATEST)
    found = matcher.instances(timeline)
    is_open, until = matcher.open_at(timeline, now)
    assert is_open == open_at(found, now)
    for later in range(now, int(min(until, 3 * LATEST))):
        assert open_at(found, later) == is_open, "so it is until then"
