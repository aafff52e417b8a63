"""The plan: what runs. It is built once per book (`planner`) and shared between threads.

The stages (`stages`) narrow a set of treatments, each by an index over its conditions; what each
stage removed is kept as a set, so that the code of every treatment can be told afterwards.
Treatments are numbered so that those that may have the highest priority come first (`factors`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nba.book.model import (
    Book,
    Calendar,
    Condition,
    Gesture,
    Limit,
    Suppression,
)
from nba.decide.accounting import Accounting
from nba.decide.factors import Factors, Plain
from nba.decide.functions import Function, Functions, Slots
from nba.decide.index import Narrow, Narrowing, Parts
from nba.decide.targets import Names, Selector, Target
from nba.decide.wordings import Wordings
from nba.journey.reading import JourneyReader

__all__ = [
    "Always",
    "Boost",
    "Cap",
    "Door",
    "Function",
    "Functions",
    "Gating",
    "Key",
    "Ladder",
    "Once",
    "Pause",
    "Places",
    "Plan",
    "PointPlan",
    "PolicyGate",
    "Slots",
    "TierPlan",
    "Ways",
]


class Places(NamedTuple):
    """The slots of what is read of every case; None where a book has no such field."""

    now: int
    present: int
    channel: int
    zone: int | None
    preferred: int | None


class Gating(NamedTuple):
    """The conditions of a stage: *narrow* keeps of a set of treatments those that meet their own.

    *conditions* gives those of one treatment. *parts* are narrow in two steps.
    """

    narrow: Narrow
    conditions: Callable[[int], Sequence[Condition]]
    parts: Parts | None


class PolicyGate(NamedTuple):
    """A stop: what it covers passes only when *verdict* is False."""

    id: str
    covers: Selector
    verdict: Function


class Door(NamedTuple):
    """A channel: its treatments, the directions it has, the verdict on consent, and its hours."""

    mask: int
    direction: str
    consent: Function | None
    hours: Calendar | None
    when_closed: str


class Ways(NamedTuple):
    """What there is to ask of channels while the interaction is on one of them.

    *misdirected* are treatments whose channel has not the direction that it would be used in.
    *hours* are the doors of the others that are outbound, by their calendar.
    """

    misdirected: int
    hours: tuple[tuple[Calendar, tuple[Door, ...]], ...]


class Once(NamedTuple):
    """The treatments of an action that is done once for each value of a key."""

    numbers: tuple[int, ...]
    key: Function | None  # none where it is only not done again within a time
    not_again_within: int | None


class Key(NamedTuple):
    """What some treatments are done once for."""

    mask: int
    value: Function


class Ladder(NamedTuple):
    """The rungs of an action's gesture, and what it may not exceed."""

    rungs: tuple[tuple[Function | None, Function], ...]
    at_most: Function | None
    gesture: Gesture


class Cap(NamedTuple):
    """A limit, what it covers, and what is exempt."""

    limit: Limit
    covers: Selector
    exempt: Selector | None


class Pause(NamedTuple):
    """A suppression and what it covers."""

    rule: Suppression
    covers: Selector


class Boost(NamedTuple):
    """A weight: a percentage on what it covers. *place* is its own among the weights."""

    covers: Selector
    add: float
    place: int


class TierPlan(NamedTuple):
    """A tier: what it covers while it is active."""

    name: str
    covers: Selector
    holds: Function | None


class PointPlan(NamedTuple):
    """A decision point: what it may show, on which channel, how much, and how much of a sort."""

    covers: Selector
    show: int
    at_most_per: tuple[tuple[str, int], ...]


class Always(NamedTuple):
    """What is remembered of every answer by a treatment: *heading* is JSON without the braces.

    *keep_for* and *lapses_after* are lengths of time. *tallied* are the limits that count outcomes
    of it.
    """

    heading: str
    tags: tuple[str, ...]
    keep_for: int | None
    lapses_after: int
    tallied: tuple[Limit, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """A rule book, ready to decide. Treatments are numbered; sets of them are ints (`targets`)."""

    book: Book
    targets: Sequence[Target]
    names: Names
    cheapest: Sequence[int]  # by treatment: its place by cost, then by action and channel
    slot_count: int
    places: Places
    functions: Functions
    journey: JourneyReader
    derive: Callable[[Slots], None] | None  # fills the slots of conditions, scorecards, tables
    first: int  # how many come first, those that may have the highest priority
    ahead: int  # those of them that are in use: they are judged at once
    rest: int  # the others in use, which are judged when it may matter
    unused: int
    dates: Callable[[int], int] | None  # what is in its dates at an instant
    stops: tuple[Selector, ...]
    dated: bool  # whether there are dates or stops
    points: dict[str, PointPlan]
    fitting: Narrowing | None  # what the three stages with conditions ask, and policies, together
    eligible_book: Gating | None
    policies: tuple[PolicyGate, ...]
    directed: Callable[[Slots], list[Selector]] | None  # what those of one direction stop
    eligible: Gating | None
    applicable: Gating | None
    suitable: Gating | None
    without_store: Selector | None  # what may be done when the store fails
    siblings: int  # the treatments of actions that have several
    accounting: Accounting
    once: Mapping[str, Once]  # by action
    keys: tuple[Key, ...]
    pauses: tuple[Pause, ...]
    caps: tuple[Cap, ...]
    waits: Gating | None  # conditions that are met where nothing has to wait
    given: int | None  # the slot of what a gesture gives
    doors: dict[str, Door]
    refusing: Callable[[Slots], list[str]] | None  # the channels without consent
    ways: Mapping[str | None, Ways]  # by the channel of the interaction, where some are guarded
    weights: Sequence[Boost]
    boosts: Callable[[Slots], list[Boost]] | None  # those that hold
    factors: Factors
    plain: list[Plain | None] | None  # those of factors, where there is no formula
    wordings: Wordings
    tiers: tuple[TierPlan, ...]
    floor: float
    #: By what selectors tell earlier answers by: after which outcomes, or if anyway, rules ask
    #: about them (`heeding`).
    asked_of: dict[tuple[object, ...], tuple[frozenset[str], bool]] = field(default_factory=dict)
    #: What others keep of their own for this plan goes by it: it holds nothing, and so no book.
    mark: object = field(default_factory=object)
    #: After the conditions: what has something to do.
    stages: tuple[Callable[[Plan, Any, int, Any], int], ...] = ()
    #: By the channel of the interaction: what each limit drops when it is full.
    reaches: dict[str | None, tuple[int, ...]] = field(default_factory=dict)
    #: By treatment, and whether it is inbound: the limits that count it, and if they drop it.
    counting: dict[tuple[int, bool], tuple[tuple[Limit, bool], ...]] = field(default_factory=dict)
    #: By treatment and direction.
    always: dict[tuple[int, str], Always] = field(default_factory=dict)
    #: By the channel of the interaction and the preferred one: how far each puts equals back.
    behind: dict[tuple[str | None, ...], Mapping[str, int]] = field(default_factory=dict)
    #: By treatment, once asked for: the weights that cover it, as bits by their place.
    weighing: dict[int, int] = field(default_factory=dict)
    ladders: dict[int, Ladder] = field(default_factory=dict)  # by treatment, once asked for
