"""Random patterns and random journeys, in which times are so close that edges and ties abound.

Both are written with a `random.Random`: Hypothesis hands one over that it can shrink, and a long
run takes a plain one, which is faster.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any, Final

from nba.book.model import Condition, Corridor, Expression, Moment, Pattern, Stage, Step
from nba.journey.events import Row
from nba.lang.check import Environment, check
from nba.lang.syntax import parse
from nba.lang.types import BOOL, ObjectType, Type, list_of
from nba.lang.values import Timestamp

#: Whether to search long.
LONG: Final = os.environ.get("NBA_LONG") == "1"

#: The declared events; every event has `type`, `channel`, `at` and `id` too.
EVENTS: Final = {
    "contact": {
        "topic": Type("string"),
        "resolved": BOOL,
        "transfers": Type("int"),
        "wait": Type("double"),
        "tags": list_of(Type("string")),
    },
    "booked": {"ref": Type("string"), "due": Type("timestamp")},
    "arrived": {"ref": Type("string"), "late": BOOL},
}
_EVERY: Final = {
    "type": Type("string"),
    "channel": Type("string"),
    "at": Type("timestamp"),
    "id": Type("string"),
}
CHANNELS: Final = ("app", "phone")
#: Times are instants from 0 to this, in nanoseconds; lengths are shorter.
LATEST: Final = 24


# --- checked patterns


@cache
def _checked(text: str, events: tuple[tuple[str, str], ...], kind: Type) -> Any:
    names: dict[str, Type] = {
        alias: ObjectType(alias, fields=EVENTS[event] | _EVERY) for alias, event in events
    }
    return check(parse(text), Environment(names, book=True), expect=(kind,))


def _events_of(steps: Sequence[Step]) -> tuple[tuple[str, str], ...]:
    return tuple((step.alias, step.event) for step in steps)


def step(event: str, alias: str, where: str | None = None, *, after: Sequence[Step] = ()) -> Step:
    """Return a step whose condition is checked; it may read those that it comes *after*."""
    if where is None:
        return Step(event, alias, None)
    events = (*_events_of(after), (alias, event))
    return Step(event, alias, Condition("is", _checked(where, events, BOOL), where))


def steps(*written: tuple[str, str, str | None]) -> tuple[Step, ...]:
    """Return the steps of a sequence: event, alias and condition of each."""
    found: list[Step] = []
    for event, alias, where in written:
        found.append(step(event, alias, where, after=found))
    return tuple(found)


def time(text: str, anchor: Step) -> Expression:
    """Return a checked expression of a time over the anchor."""
    return Expression(text, _checked(text, _events_of([anchor]), Type("timestamp")))


def moment(*patterns: Pattern) -> Moment:
    """Return a moment of these patterns."""
    return Moment("m", "A moment", "high", patterns)


def event(kind: str, at: int, id: str | None = None, **fields: Any) -> Row:
    """Return an event as conditions read it; its id is its time where none is given."""
    known = {name: value for name, value in fields.items() if value is not None}
    return {**known, "type": kind, "at": Timestamp(at), "id": id or f"{kind} {at:020}"}


# --- random patterns

_OWN: Final = {
    "contact": (
        "{a}.topic == 'x'",
        "'y' == {a}.topic",
        "{a}.topic in ['x', 'y']",
        "!{a}.resolved",
        "{a}.resolved",
        "{a}.resolved == false",
        "{a}.transfers == 1",
        "{a}.transfers > 0",
        "default({a}.wait, 1.0) < 2.0",
        "{a}.wait == 0.0",
        "has({a}.topic)",
        "'x' in {a}.tags",
        "{a}.topic == 'x' || {a}.resolved",
        "{a}.channel == 'app'",
    ),
    "booked": ("{a}.ref == 'x'", "{a}.due > {a}.at", "{a}.due == {a}.at", "has({a}.due)"),
    "arrived": ("{a}.ref == 'x'", "{a}.late", "!{a}.late", "{a}.ref != 'y'"),
}
_BETWEEN: Final = {
    ("contact", "contact"): (
        "{a}.topic == {b}.topic",
        "{b}.topic == {a}.topic",
        "{a}.topic != {b}.topic",
        "{a}.transfers > {b}.transfers",
        "{a}.resolved == {b}.resolved",
        "{a}.wait == {b}.wait",
        "{a}.tags == {b}.tags",
        "size({a}.tags) > size({b}.tags)",
    ),
    ("arrived", "booked"): ("{a}.ref == {b}.ref",) * 4 + ("{a}.at == {b}.due",),
    ("booked", "booked"): ("{a}.ref == {b}.ref", "{a}.due >= {b}.due"),
    ("booked", "arrived"): ("{a}.ref == {b}.ref",),
    ("arrived", "arrived"): ("{a}.ref == {b}.ref", "{a}.late != {b}.late"),
    ("contact", "booked"): ("{a}.topic == {b}.ref", "{a}.at >= {b}.due"),
    ("booked", "contact"): ("{b}.topic == {a}.ref",),
    ("arrived", "contact"): ("{b}.topic == {a}.ref", "{a}.late == {b}.resolved"),
    ("contact", "arrived"): ("{a}.topic == {b}.ref",),
}
_ANY_TWO: Final = (
    "{a}.channel == {b}.channel",
    "{a}.at == {b}.at",
    "{a}.at > {b}.at",
    "{a}.at - {b}.at <= duration('3ns')",
    "{a}.type == {b}.type",
)
_DEADLINES: Final = {
    "booked": (
        "{a}.due",
        "{a}.due",
        "{a}.due + duration('2ns')",
        "{a}.at - duration('3ns')",
        "{a}.at + duration('4ns')",
        "{a}.ref == 'x' ? {a}.due : {a}.at",
        "timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns')",
    ),
    "contact": ("{a}.at + duration('5ns')", "{a}.resolved ? {a}.at : {a}.at + duration('3ns')"),
    "arrived": ("{a}.at + duration('1ns')",),
}


def _where(random: Random, kind: str, alias: str, earlier: Sequence[Step]) -> str | None:
    parts = []
    for _ in range(random.choice((0, 1, 1, 1, 2) if earlier else (0, 0, 1))):
        if earlier and random.randrange(4):
            other = random.choice(earlier)
            choices = _BETWEEN.get((kind, other.event), ())
            text = random.choice(choices if choices and random.randrange(4) else _ANY_TWO)
            parts.append(text.format(a=alias, b=other.alias))
        else:
            parts.append(random.choice(_OWN[kind]).format(a=alias))
    if not parts:
        return None
    joined = (" || " if random.randrange(8) == 0 else " && ").join(parts)
    return f"!({joined})" if random.randrange(12) == 0 else joined


def _step(random: Random, alias: str, earlier: Sequence[Step], *, like: str | None = None) -> Step:
    kind = like if like and random.randrange(6) else random.choice(("contact", "booked", "arrived"))
    return step(kind, alias, _where(random, kind, alias, earlier), after=earlier)


def _steps(random: Random, alias: str, earlier: Sequence[Step]) -> tuple[Step, ...]:
    """Return one step, or several of which any one will do."""
    return tuple(_step(random, alias, earlier) for _ in range(random.choice((1, 1, 2, 3))))


def _length(random: Random) -> int | None:
    return random.choice((None, 0, 1, 2, 4, 6, 9, 12, 16))


def pattern(random: Random) -> Pattern:
    """Return a random pattern."""
    kind: Any = random.choice(("sequence", "sequence", "at_least", "after", "after", "after"))
    found: list[Step] = []
    like = random.choice(("contact", "contact", "contact", None))
    for place in range(random.choice((2, 2, 3, 3, 4, 5)) if kind == "sequence" else 1):
        found.append(_step(random, f"s{place}", found, like=like))
    expect = by = None
    within = _length(random)
    if kind == "after" and random.randrange(4):
        expect = _step(random, "other", found, like="arrived")
        if within is None or random.randrange(2):
            text = random.choice(_DEADLINES[found[0].event]).format(a="s0")
            within, by = None, time(text, found[0])
    return Pattern(
        kind,
        tuple(found),
        within=within,
        count=random.choice((1, 2, 2, 3)) if kind == "at_least" else 1,
        expect=expect,
        by=by,
        unless=_steps(random, "other", found) if random.randrange(4) == 0 else (),
        until=_steps(random, "other", found) if random.randrange(3) == 0 else (),
        linger=random.choice((0, 0, 1, 3)),
        lasts=_length(random) if random.randrange(3) else 4,
    )


def linked(random: Random) -> Pattern:
    """Return a random sequence of contacts that refer to one another, and are often found."""
    found = [step("contact", "s0")]
    for place in range(1, random.choice((3, 3, 4, 5))):
        alias, parts = f"s{place}", []
        for _ in range(random.choice((0, 1, 1, 2))):
            text = random.choice((*_BETWEEN["contact", "contact"], *_ANY_TWO))
            parts.append(text.format(a=alias, b=random.choice(found).alias))
        found.append(step("contact", alias, " && ".join(parts) or None, after=found))
    within, lasts = random.choice((None, 8, 12, 16)), random.choice((None, 6))
    return Pattern("sequence", tuple(found), within=within, lasts=lasts)


def corridor(random: Random) -> Corridor:
    """Return a random corridor of one to four stages."""
    entries: list[Step] = []
    stages = []
    for place in range(random.choice((1, 2, 3, 3, 4))):
        entry = _step(random, f"s{place}", entries)
        entries.append(entry)
        expect = _step(random, "other", entries) if random.randrange(2) else None
        within, by = _length(random), None
        if within is None or random.randrange(3) == 0:
            text = random.choice(_DEADLINES[entry.event]).format(a=entry.alias)
            within, by = None, random.choice((None, time(text, entry)))
        stages.append(Stage(f"stage_{place}", "", entry, expect, within, by))
    until = _steps(random, "other", entries) if random.randrange(3) == 0 else ()
    return Corridor("c", "A corridor", tuple(stages), until)


# --- random journeys


def _row(random: Random, number: int) -> Row:
    at = random.randrange(LATEST + 1)
    kind = random.choice(random.choice((("contact",), ("contact", "booked", "arrived"))))
    reference = random.choice(("x", "x", "y", None))
    fields: dict[str, dict[str, Any]] = {
        "contact": {
            "topic": reference,
            "resolved": random.choice((True, False, False, None)),
            "transfers": random.choice((0, 1, 2, None)),
            "wait": random.choice((0.0, -0.0, 3.5, None)),
            "tags": random.choice(([], ["x"], ["x", "y"], None)),
        },
        "booked": {
            "ref": reference,
            "due": random.choice((Timestamp(max(0, at + random.randrange(-2, 9))), None)),
        },
        "arrived": {"ref": reference, "late": random.choice((True, False, None))},
    }
    channel = random.choice((*CHANNELS, None))
    return event(kind, at, f"{random.randrange(100)}-{number}", channel=channel, **fields[kind])


def journey(random: Random, longest: int) -> list[Row]:
    """Return events as they arrive: in any order, some of them twice."""
    rows = [_row(random, number) for number in range(random.randrange(longest + 1))]
    again = [dict(row) for row in rows if random.randrange(6) == 0]
    random.shuffle(rows)
    return [*rows, *again]
