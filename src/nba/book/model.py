"""What rule files mean: a book, frozen and resolved.

Everything here compares by meaning: two books are equal when they decide alike, wherever their
rules stand in files. Places are kept for people and take no part in comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import tzinfo
from typing import Any, Final, Literal

from nba.book.contact import (
    OUTCOMES,
    Attribution,
    Budget,
    Calendar,
    Gesture,
    Limit,
    Outcome,
    Rung,
    StoreFailure,
    Suppression,
)
from nba.book.rules import NOWHERE, Band, Condition, Covers, Expression
from nba.book.table import Cell, Input, Output, Row, Table
from nba.errors import Place
from nba.lang.context import FieldSpec, Shape
from nba.lang.types import Type
from nba.windows import Window

__all__ = [
    "ALWAYS",
    "GATES",
    "UNGATED",
    "Action",
    "Attribution",
    "Band",
    "Book",
    "Briefing",
    "Budget",
    "Calendar",
    "Cell",
    "Channel",
    "Condition",
    "Corridor",
    "Covers",
    "DecisionPoint",
    "EventType",
    "Expression",
    "Gates",
    "Gesture",
    "Group",
    "Input",
    "InteractionEvent",
    "Issue",
    "Limit",
    "Mention",
    "Moment",
    "NoAction",
    "Outcome",
    "Output",
    "Pattern",
    "Point",
    "Policy",
    "Row",
    "Rung",
    "Scorecard",
    "Scoring",
    "Signal",
    "Slot",
    "Stage",
    "Step",
    "Stop",
    "StoreFailure",
    "Suppression",
    "Table",
    "TestCase",
    "Text",
    "Tier",
    "Treatment",
    "Validity",
    "Weight",
]


@dataclass(frozen=True, slots=True)
class Gates:
    """The conditions of one level: book, issue, group, action or treatment."""

    eligible: tuple[Condition, ...] = ()
    applicable: tuple[Condition, ...] = ()
    suitable: tuple[Condition, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all gates, in the order in which they are asked."""
        return (*self.eligible, *self.applicable, *self.suitable)


#: The names of the gates, in the order in which they are asked.
GATES: Final = tuple(gate.name for gate in fields(Gates))
#: What most levels are: without a condition.
UNGATED: Final = Gates()


@dataclass(frozen=True, slots=True)
class Validity:
    """When something may be used: *start* and *end* are instants, the end excluded."""

    enabled: bool = True
    start: int | None = None
    end: int | None = None
    from_text: str = field(default="", compare=False)
    until_text: str = field(default="", compare=False)


#: When most things may be used.
ALWAYS: Final = Validity()


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach a customer, or to be reached; *cost* of one contact in the currency.

    *open* is the calendar that contacts by it keep to.
    """

    id: str
    title: str
    direction: Literal["inbound", "outbound", "both"]
    cost: float
    consent: Condition | None
    open: str | None
    when_closed: Literal["defer", "drop"]
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Policy:
    """A stop: what it covers is blocked unless *block_when* is surely false."""

    id: str
    title: str
    covers: Covers
    block_when: Condition
    enabled: bool = True
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Issue:
    """A concern of the business; *lever* in percent."""

    id: str
    title: str
    lever: float
    tags: tuple[str, ...]
    gates: Gates
    validity: Validity
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Group(Issue):
    """A group of actions; its id is `issue/group`."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a text that is filled in: an expression, and how it is written."""

    expression: Expression
    format: Literal["", "money", "date", "time", "number"]


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a wording, in parts; *when* says when it fits."""

    when: Condition | None
    parts: tuple[str | Slot, ...]
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Treatment:
    """An action on one channel, with all that it has of its own or from its action."""

    channel: str
    gates: Gates = UNGATED
    validity: Validity = ALWAYS
    value: Expression | None = None
    propensity: Expression | None = None
    suggests: str | None = None
    say: tuple[Text, ...] | None = None
    defer_if: Condition | None = None
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done; *lever* in percent; *tags* include those of issue and group.

    It is done once for each value of *once_per*, takes one of each budget in *takes*, is to be
    done within *do_within* and stays the answer for *keep_for*, both in nanoseconds.
    """

    id: str
    title: str
    issue: str
    group: str
    kind: str
    lever: float
    tags: tuple[str, ...]
    gates: Gates
    validity: Validity
    treatments: tuple[Treatment, ...]
    once_per: Expression | None = None
    takes: tuple[str, ...] = ()
    do_within: int | None = None
    keep_for: int | None = None
    gesture: Gesture | None = None
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Weight:
    """A percentage on what it covers, while its condition holds."""

    when: Condition | None
    covers: Covers
    add: float
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Scoring:
    """How priority is computed; without a formula it is the product of the four factors."""

    priority: Expression | None = None
    weights: tuple[Weight, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """One line of a scorecard: a condition and its points, or a number and points by band."""

    when: Condition | None
    add: float
    band: Expression | None
    bands: tuple[tuple[Band, float], ...]
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A number with a breakdown, between *minimum* and *maximum*."""

    id: str
    title: str
    start: float
    points: tuple[Point, ...]
    minimum: float | None
    maximum: float | None
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Tier:
    """What it covers goes before what later tiers cover, while it is active."""

    name: str
    when: Condition | None
    covers: Covers
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class NoAction:
    """Doing nothing, and the priority that a candidate must exceed."""

    title: str = "Leave them in peace"
    priority: float = 0.0


@dataclass(frozen=True, slots=True)
class DecisionPoint:
    """A place that asks; *at_most_per* counts answers per issue, group, channel or kind."""

    id: str
    title: str
    channel: str | None
    covers: Covers
    show: int
    at_most_per: Mapping[str, int]
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Stop:
    """A kill switch on what it covers."""

    covers: Covers
    title: str
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class TestCase:
    """A case and what is expected of it, as its author wrote them."""

    name: str
    case: Mapping[str, Any]
    expect: Mapping[str, Any]
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class EventType:
    """Something that can happen; the paths of its fields are their names."""

    id: str
    fields: tuple[FieldSpec, ...]
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class InteractionEvent:
    """The event that an interaction is when it is recorded; *data* gives its fields by path."""

    event: str
    data: Mapping[str, Expression]
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Signal:
    """A value computed from the events of some types, over a window.

    *expression* is what is summed, counted by, or taken; *where* chooses events; *by* is the
    string that they are told apart by. *half_life* and *per* are in nanoseconds.
    """

    id: str
    title: str
    kind: Literal[
        "count", "sum", "avg", "min", "max", "distinct", "first", "last", "exists", "rate"
    ]
    events: tuple[str, ...]
    expression: Expression | None
    where: Condition | None
    by: Expression | None
    window: Window
    half_life: int | None
    per: int | None
    type: Type
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Step:
    """An event that a pattern looks for; its fields are read as *alias*.field."""

    event: str
    alias: str
    where: Condition | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """How an instance of a moment comes about and ends; lengths are in nanoseconds.

    `sequence`: *steps* in order, the last at most *within* after the first. `at_least`: *count*
    events of the one step. `after`: the one step, and where there is *expect*, that nothing
    matches it by the deadline (*within* after the step, or the time that *by* gives). What matches
    one of *unless* prevents it, and of *until* ends it.
    """

    kind: Literal["sequence", "at_least", "after"]
    steps: tuple[Step, ...]
    within: int | None = None
    count: int = 1
    expect: Step | None = None
    by: Expression | None = None
    unless: tuple[Step, ...] = ()
    until: tuple[Step, ...] = ()
    linger: int = 0
    lasts: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A make-or-break moment: it is open while an instance of one of its patterns is.

    *briefing* says whether briefings tell of it.
    """

    id: str
    title: str
    severity: Literal["low", "medium", "high"]
    patterns: tuple[Pattern, ...]
    briefing: bool = True
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a corridor: what enters it, and what is then expected, by when.

    Without *expect* it is expected that a later stage is entered. *within* is in nanoseconds from
    the entry; *by* is an expression over the events that entered this and earlier stages. With
    neither there is no hurry.
    """

    id: str
    title: str
    enter: Step
    expect: Step | None = None
    within: int | None = None
    by: Expression | None = None


@dataclass(frozen=True, slots=True)
class Corridor:
    """The stages that customers go through, in order; one of *until* ends a passage early."""

    id: str
    title: str
    stages: tuple[Stage, ...]
    until: tuple[Step, ...] = ()
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Mention:
    """How a briefing tells of the events of a type, of which *at_most* so many.

    It tells of those for which *where* holds, up to *within* nanoseconds ago, and not after a
    later event that matches one of *until*. *text* is what it says: the first that fits and that
    can be filled in.
    """

    event: str
    where: Condition | None
    until: tuple[Step, ...]
    within: int | None
    at_most: int
    text: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Briefing:
    """What an employee should know, in at most *lines*; *words* are how people say when."""

    lines: int
    moments: tuple[Text, ...]
    unresolved: tuple[Mention, ...]
    promises: tuple[Mention, ...]
    contacts: tuple[Mention, ...]
    tried: tuple[Text, ...]
    facts: tuple[Text, ...]
    words: Mapping[str, Text]
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Book:
    """A rule book. *version* is the hash of all that changes what it decides or says.

    *derived* are conditions, scorecards and tables in an order in which each needs only earlier
    ones.
    *reach* is in nanoseconds. *files* are those that it was read from, each with a digest.
    """

    id: str
    title: str
    timezone: str
    currency: str
    household: str | None
    fields: tuple[FieldSpec, ...]
    reach: int | None
    events: Mapping[str, EventType]
    interaction_event: InteractionEvent | None
    outcome_event: str | None
    signals: Mapping[str, Signal]
    moments: Mapping[str, Moment]
    corridors: Mapping[str, Corridor]
    relationship: Scorecard | None
    briefing: Briefing | None
    calendars: Mapping[str, Calendar]
    channels: Mapping[str, Channel]
    limits: Mapping[str, Limit]
    suppressions: Mapping[str, Suppression]
    budgets: Mapping[str, Budget]
    outcomes: Mapping[str, Outcome]
    attribution: Attribution | None
    on_store_failure: StoreFailure
    on_profile_failure: str
    conditions: Mapping[str, Condition]
    scorecards: Mapping[str, Scorecard]
    tables: Mapping[str, Table]
    derived: tuple[str, ...]
    gates: Gates
    policies: Mapping[str, Policy]
    issues: Mapping[str, Issue]
    groups: Mapping[str, Group]
    actions: Mapping[str, Action]
    scoring: Scoring
    tiers: tuple[Tier, ...]
    no_action: NoAction
    decision_points: Mapping[str, DecisionPoint]
    kill_switch: tuple[Stop, ...]
    tests: tuple[TestCase, ...] = field(compare=False)
    shape: Shape = field(compare=False, repr=False)
    zone: tzinfo = field(compare=False, repr=False)
    version: str = field(compare=False)
    files: Mapping[str, bytes] = field(compare=False, repr=False, default_factory=dict)

    @property
    def known_outcomes(self) -> tuple[str, ...]:
        """What can come of an answer: the outcomes of every book, and its own."""
        return (*OUTCOMES, *self.outcomes)

    def meaning_of(self, outcome: str) -> str:
        """Return what an outcome counts as: what one of the book's own means, else itself."""
        own = self.outcomes.get(outcome)
        return (own.means or outcome) if own else outcome
