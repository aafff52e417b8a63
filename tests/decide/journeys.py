"""Random journeys: event types, signals and moments for random books; and their events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from nba.journey.events import Event

EVENTS: Final[dict[str, Any]] = {
    "contact": {"topic": "string", "resolved": "bool", "wait": {"type": "number", "default": 1}},
    "booked": {"ref": "string", "due": "timestamp"},
    "done": {"ref": "string"},
}
SIGNALS: Final[dict[str, Any]] = {
    "all": {"count": ["contact", "booked"], "within": "7d"},
    "same": {"count": "contact", "where": "event.topic == interaction.intent", "within": "30d"},
    "any": {"exists": "done"},
    "rate": {"rate": "contact", "within": "7d", "per": "1d"},
    "effort": {"sum": "event.wait * 2", "of": "contact", "half_life": "14d"},
    "waited": {"sum": "event.wait", "of": "contact", "within": "30d"},
    "average": {"avg": "event.wait", "of": "contact"},
    "longest": {"max": "event.wait", "of": "contact", "within": "2d"},
    "shortest": {"min": "event.wait", "of": "contact"},
    "topics": {"distinct": "event.topic", "of": "contact", "within": "90d"},
    "last": {"last": "event.at", "of": ["contact", "done"]},
    "first_topic": {"first": "event.topic", "of": "contact"},
    "by_topic": {"count": "contact", "by": "event.topic"},
    "today": {"count": "contact", "within": {"calendar": "day", "timezone": "customer.timezone"}},
    "week": {"count": "contact", "within": {"calendar": "week", "week_start": "sunday"}},
    "month": {"sum": "event.wait", "of": "contact", "within": {"calendar": "month"}},
}
MOMENTS: Final[dict[str, Any]] = {
    "repeat": {
        "severity": "high",
        "sequence": [
            {"event": "contact", "as": "first", "where": "first.resolved == false"},
            {"event": "contact", "as": "again", "where": "again.topic == first.topic"},
        ],
        "within": "7d",
        "lasts": "72h",
    },
    "often": {"at_least": 3, "event": "contact", "as": "one", "within": "10d", "lasts": "5d"},
    "missed": {
        "after": {"event": "booked", "as": "plan"},
        "expect": {"event": "done", "as": "visit", "where": "visit.ref == plan.ref"},
        "by": "plan.due + minutes(30)",
        "lasts": "30d",
    },
    "waiting": {
        "after": {"event": "booked", "as": "plan"},
        "until": {"event": "done", "as": "visit", "where": "visit.ref == plan.ref"},
        "linger": "2d",
        "lasts": "60d",
    },
}
CORRIDORS: Final[dict[str, Any]] = {
    "help": {
        "stages": [
            {
                "id": "asked",
                "enter": {"event": "contact", "as": "asked", "where": "asked.resolved == false"},
                "within": "2d",
            },
            {
                "id": "promised",
                "enter": {"event": "booked", "as": "plan"},
                "expect": {"event": "done", "as": "visit", "where": "visit.ref == plan.ref"},
                "by": "plan.due",
            },
            {
                "id": "served",
                "enter": {"event": "done", "as": "visit", "where": "visit.ref == plan.ref"},
            },
        ],
        "until": {"event": "contact", "as": "end", "where": "end.topic == 'none'"},
    },
}
#: What conditions may ask of a journey.
ATOMS: Final = (
    "signal.all >= 2",
    "signal.same > 0",
    "signal.any",
    "signal.rate > 0.2",
    "signal.effort > 3",
    "signal.average < 2",
    "signal.first_topic == 'billing'",
    "signal.by_topic['billing'] > 1",
    "signal.today + signal.week > 1",
    "signal.month > signal.waited",
    "since(signal.last) > days(2)",
    "moment.repeat",
    "!moment.often",
    "moment.missed || moment.waiting",
    "size(moments) > 1",
    "evidence.repeat.again.topic == 'billing'",
    "evidence.waiting.plan.due > now",
    "relationship > 50",
    "corridor.help.stage == 'asked'",
    "corridor.help.stage in ['promised', 'none']",
    "corridor.help.late",
    "corridor.help.time > days(1) || since(corridor.help.entered) < hours(30)",
)
RELATIONSHIP: Final = {
    "start": 70,
    "points": [
        {"when": "moment.repeat", "add": -30},
        {"band": "signal.all", "points": {"0": 5, "1..2": 0, "3..": -15}},
    ],
}


def journeys(now: datetime) -> st.SearchStrategy[tuple[Event, ...]]:
    """Return journeys around *now*: late and early events, ties, the same id twice, gaps."""
    hours = st.sampled_from([-1, 0, 1, 5, 24, 25, 47, 48, 72, 167, 168, 169, 240, 400, 800])
    refs = st.sampled_from(["r1", "r2"])
    topics = st.sampled_from(["billing", "cancel", "none"])
    due = hours.map(lambda ago: (now - timedelta(hours=ago)).isoformat())
    data = {
        "contact": st.fixed_dictionaries(
            {},
            optional={
                "topic": topics,
                "resolved": st.booleans(),
                "wait": st.sampled_from([0, 1.5, 4, "?"]),
            },
        ),
        "booked": st.fixed_dictionaries({}, optional={"ref": refs, "due": due}),
        "done": st.fixed_dictionaries({}, optional={"ref": refs}),
    }

    def event(kind: str) -> st.SearchStrategy[Event]:
        return st.builds(
            Event,
            st.just(kind),
            st.just("c-1"),
            st.none() | st.sampled_from(["app", "chat"]),
            hours.map(lambda ago: now - timedelta(hours=ago)),
            data[kind],
            st.none() | st.sampled_from(["e1", "e2", "e3"]),
        )

    kinds = st.sampled_from(["contact", "contact", "contact", "booked", "done"])
    return st.lists(kinds.flatmap(event), max_size=12).map(tuple)
