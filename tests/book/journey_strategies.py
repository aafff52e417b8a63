"""The journey of random rule books: event types, signals, moments, the relationship."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from nba.lang.types import EnumType, list_of

__all__ = ["EVENTS", "NOW", "JourneyWriter", "event"]

NOW: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)
#: Event types and their fields; every event has `type`, `channel`, `at` and `id` too.
EVENTS: Final[dict[str, dict[str, Any]]] = {
    "contact": {
        "topic": "string",
        "resolved": "bool",
        "transfers": {"type": "int", "default": 0},
        "amount": "number",
    },
    "booked": {"ref": "string", "due": "timestamp"},
    "arrived": {"ref": "string"},
    "closed": {},
}
#: Signals, by the kind of their values.
SIGNALS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("int", {"count": "contact"}),
    ("int", {"count": ["booked", "contact"], "title": "contacts and bookings"}),
    ("double", {"count": "contact", "half_life": "7d"}),
    ("bool", {"exists": "booked", "where": "event.due > now"}),
    ("double", {"sum": "event.amount * 2", "of": "contact"}),
    ("double", {"avg": "event.amount", "of": "contact", "where": "event.transfers > 0"}),
    ("int", {"max": "event.transfers", "of": ["contact"]}),
    ("int", {"distinct": "event.channel", "of": "contact"}),
    ("timestamp", {"last": "event.at", "of": ["contact", "arrived"]}),
    ("string", {"first": "event.topic", "of": "contact", "where": "!event.resolved"}),
    ("map(string, int)", {"count": "contact", "by": "event.topic"}),
)
WINDOWS: Final[tuple[Any, ...]] = (
    "7d",
    "36h",
    "90min",
    {"calendar": "day", "timezone": "customer.timezone"},
    {"calendar": "week", "week_start": "sunday"},
)
_BOOKED: Final = {"event": "booked", "as": "booked"}
_SAME_REF: Final = {"event": "arrived", "as": "arrived", "where": "arrived.ref == booked.ref"}
_FIRST: Final = {"event": "contact", "as": "first", "where": {"not": "first.resolved"}}
#: Patterns of moments, each with what its first event is called.
PATTERNS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        "first",
        {
            "sequence": [
                _FIRST,
                {"event": "contact", "as": "again", "where": "again.topic == first.topic"},
            ],
            "within": "7d",
            "lasts": "72h",
        },
    ),
    ("contact", {"at_least": 3, "event": "contact", "as": "contact", "within": "2d"}),
    ("booked", {"after": _BOOKED, "expect": _SAME_REF, "by": "booked.due + minutes(30)"}),
    ("booked", {"after": _BOOKED, "expect": _SAME_REF, "within": "3h", "unless": _SAME_REF}),
    ("first", {"after": _FIRST, "until": {"event": "closed", "as": "end"}, "linger": "1d"}),
    ("booked", {"after": _BOOKED, "until": [_SAME_REF, {"event": "closed", "as": "end"}]}),
)


def event(random: Random, channels: Iterable[str]) -> dict[str, Any]:
    """Return an event, the fields of which are often absent or wrong."""
    kind = random.choice(sorted(EVENTS))
    values: dict[str, Sequence[Any]] = {
        "topic": ("billing", "cancel", "fault", None, 5),
        "resolved": (True, False, None, "no"),
        "transfers": (0, 1, 3, None, 1.5),
        "amount": (0.5, 2, -1, None, "much"),
        "ref": ("a", "b", None),
        "due": (NOW, NOW + timedelta(hours=2), "2026-03-01T10:00:00Z", None),
    }
    return {
        "type": kind,
        "channel": random.choice((*channels, None)),
        "at": NOW - timedelta(minutes=random.choice((0, 5, 60, 2000, 9000, -60))),
        "data": {name: random.choice(values[name]) for name in EVENTS[kind]},
    }


class JourneyWriter:
    """Writes a journey for a *book* that is being written, and declares its names there."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.random: Random = book.random

    def journey(self) -> dict[str, Any]:
        """Write events, and some signals and moments over them."""
        found: dict[str, Any] = {"events": EVENTS, "reach": "400d", "signals": {}, "moments": {}}
        if self.book.maybe():
            found["interaction_event"] = self.interaction_event()
            found["outcome_event"] = "closed"
        for n, (kind, signal) in enumerate(self.random.sample(SIGNALS, len(self.book.some(4)))):
            window = {} if "half_life" in signal else self.book.keys({"within": self._window}, 2)
            found["signals"][f"signal_{n}"] = signal | window
            self.book.declare(f"signal.signal_{n}", kind)
        for n in self.book.some(2):
            first, found["moments"][f"moment_{n}"] = self.moment()
            self.book.declare(f"moment.moment_{n}", "bool")
            self.book.declare(f"evidence.moment_{n}.{first}.at", "timestamp")
        if ids := tuple(found["moments"]):
            self.book.declare("moments", "list(string)")
            self.book.names["moments"] = list_of(EnumType("string", values=ids))
        if self.book.maybe():
            points = [self.book.line() for _ in self.book.some(2)]
            found["relationship"] = {"start": self.random.choice((70, 0.5)), "points": points}
            self.book.declare("relationship", "double")
        return found

    def interaction_event(self) -> dict[str, Any]:
        """Write which event an interaction is."""
        fields = {
            "topic": lambda: "interaction.intent",
            "resolved": lambda: "interaction.transfers > 2",
            "transfers": lambda: "interaction.transfers",
            "amount": lambda: self.random.choice((2, "interaction.sentiment")),
        }
        return {"event": "contact", "data": self.book.keys(fields, 2)}

    def _window(self) -> Any:
        return self.random.choice(WINDOWS)

    def moment(self) -> tuple[str, dict[str, Any]]:
        """Write a moment; return what its first event is called, too."""
        first, pattern = self.random.choice(PATTERNS)
        more = {
            "title": lambda: "a moment",
            "severity": lambda: self.random.choice(("low", "high")),
            "briefing": lambda: self.random.choice((True, False)),
        }
        if self.book.maybe(4):
            patterns = [pattern, *(other for name, other in PATTERNS if name == first)][:2]
            return first, {"any": patterns, **self.book.keys(more)}
        return first, {**pattern, **self.book.keys(more)}
