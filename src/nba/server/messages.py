"""What goes over the wire: every body and query, typed. The OpenAPI document is made from this.

Answers are written from the library's own plain data (`Decision.to_dict` and its like). A test
reads each of them back strictly by the types of this file, so the two cannot come apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import starmap
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec.structs import astuple

from nba.decide.case import Case as PlainCase
from nba.journey.events import Event as PlainEvent
from nba.journey.events import time_of

__all__ = [
    "Approval",
    "Batch",
    "BatchAnswer",
    "BookAnswer",
    "BookCheck",
    "BookChecked",
    "Case",
    "CaseAlone",
    "CaseEvents",
    "Decision",
    "DueAnswer",
    "DueQuery",
    "EventOrEvents",
    "Explained",
    "Health",
    "Journey",
    "LoggedDecision",
    "Observed",
    "ObservedEvent",
    "Outcome",
    "Problem",
    "RawCase",
    "Ready",
    "Recorded",
    "Reloaded",
    "Standing",
    "events_of",
]

#: More events, answers or cases in one body are refused.
MOST_EVENTS = 2000
MOST_CASES = 200

Text = Annotated[str, Meta(max_length=1000)]
Name = Annotated[str, Meta(min_length=1, max_length=500)]
#: The id of a customer, as it may stand in a path.
Customer = Annotated[str, Meta(max_length=500, pattern=r"^[^\u0000]*$")]
Time = Annotated[datetime, Meta(tz=True)]
Object = dict[str, Any]


class Strict(Struct, forbid_unknown_fields=True, kw_only=True):
    """An object without keys that mean nothing."""


# --- what is handed in


class CaseEvent(Strict):
    """Something that happened to the customer, who need not be named again.

    Its type, on which channel, when, and what about it.
    """

    type: Name  # and so on, in the order of the library's own event
    customer: Customer = ""
    channel: Name | None = None
    at: Time | None = None
    data: Object = {}
    id: Name | None = None

    def plain(self, id_: str | None = None) -> PlainEvent:
        """Return the event as the library has it; *id_* is for one that has none."""
        event = PlainEvent(*astuple(self))
        return event if event.id or id_ is None else event._replace(id=id_)


class ObservedEvent(CaseEvent):
    """Something that happened: its type, to whom, on which channel, when, and what about it."""

    customer: Annotated[Customer, Meta(min_length=1)]


#: One event, or a list of them.
EventOrEvents = (
    ObservedEvent | Annotated[list[ObservedEvent], Meta(min_length=1, max_length=MOST_EVENTS)]
)


def events_of(events: Iterable[CaseEvent]) -> tuple[PlainEvent, ...]:
    """Return events as the library has them."""
    return tuple(starmap(PlainEvent, map(astuple, events)))


CaseEvents = Annotated[list[CaseEvent], Meta(max_length=MOST_EVENTS)]


class CaseAlone(Strict):
    """A case but for its events, and what is wanted of it."""

    id: Customer = ""
    customer: Object = {}
    interaction: Object | None = None
    now: Time | None = None
    role: Text | None = None
    at: Text | None = None
    history: Annotated[list[Object], Meta(max_length=MOST_EVENTS)] | None = None
    used: Object | None = None
    n: Annotated[int, Meta(ge=1, le=100)] | None = None
    observe: bool = False
    commit: bool = True

    def bringing(self, events: tuple[PlainEvent, ...] | None) -> PlainCase:
        """Return the case as the library has it, with these events."""
        return PlainCase(
            self.id,
            self.customer,
            self.interaction,
            time_of(self.now, "now"),
            self.role,
            self.at,
            events,
            None if self.history is None else tuple(self.history),
            self.used,
        )


class Case(CaseAlone):
    """A case, and what is wanted: `n` answers, the interaction recorded too, or only a preview.

    What is left out comes from the store, the profiles and the clock.
    """

    events: CaseEvents | None = None

    def plain(self) -> PlainCase:
        """Return the case as the library has it."""
        events = self.events
        return self.bringing(None if events is None else events_of(events))


class RawCase(CaseAlone):
    """A case whose events are yet to be read, since they may be known: see `handed_in`."""

    events: Raw = Raw(b"null")


class Batch(Strict):
    """Cases that are decided one after the other."""

    cases: Annotated[list[Case], Meta(min_length=1, max_length=MOST_CASES)]


class Outcome(Strict):
    """What came of a decision. The same outcome counts once, unless it has another `key`."""

    decision: Name
    outcome: Name
    action: Name | None = None
    at: Time | None = None
    key: Text | None = None


class Approval(Strict):
    """Who agrees to the gesture of a decision, in which role; or does not."""

    by: Name
    role: Name
    action: Name | None = None
    agreed: bool = True
    at: Time | None = None


class BookCheck(Strict):
    """Rule files by their name in the book, such as `service/recovery.yaml`."""

    files: Annotated[dict[str, str], Meta(min_length=1, max_length=2000)]


class DueQuery(Strict):
    """From where on, until when, and how many at the most."""

    cursor: Text | UnsetType = UNSET
    now: Time | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000


# --- what is answered


class Where(Strict):
    """A place in a rule file, from line 1 and column 1."""

    file: str
    line: int
    column: int


class Diagnostic(Strict):
    """A finding about a file or a case, by a code that never changes its meaning."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    help: str
    where: Where | None


class Gesture(Strict):
    """What a gesture gives. `approval` is pending until somebody with authority agrees."""

    amount: str
    currency: str
    approval: str | None
    reservation: str | None


class Candidate(Strict):
    """An answer: an action on a channel, its priority with its factors, and what to say."""

    action: str
    channel: str
    title: str
    kind: str
    issue: str
    group: str
    direction: str
    tier: str
    priority: float
    propensity: float
    context_weight: float
    value: float
    lever: float
    say: str | None
    suggests: str | None
    gesture: Gesture | None
    due: datetime | None
    kept_from: str | None


class Points(Strict):
    """Points of the relationship, and why."""

    points: float
    why: str


class Relationship(Strict):
    """The cumulative whole, from 0 to 100, with its parts."""

    score: float
    start: float
    parts: list[Points]


class Decision(Strict):
    """The next best action, or none: then `reason` says what came nearest.

    `why`, `briefing`, `moments`, `relationship` and `codes` are there where `Prefer: explain` was.
    """

    id: str
    customer: str
    version: str
    now: datetime
    action: str | None
    channel: str | None
    title: str
    say: str | None
    reason: str
    no_action: str
    n: int
    at: str | None
    role: str | None
    ranked: list[Candidate]
    defer_until: datetime | None
    diagnostics: list[Diagnostic]
    why: list[str] | UnsetType = UNSET
    briefing: list[str] | UnsetType = UNSET
    moments: list[str] | UnsetType = UNSET
    relationship: Relationship | UnsetType | None = UNSET
    codes: dict[str, str] | UnsetType = UNSET


class Fault(Strict):
    """One thing that is wrong, and where: in the body (`pointer`), the query or a rule file."""

    code: str
    detail: str
    help: str | UnsetType = UNSET
    pointer: str | UnsetType = UNSET
    parameter: str | UnsetType = UNSET
    header: str | UnsetType = UNSET
    where: Where | UnsetType = UNSET


class Problem(Strict):
    """A problem document (RFC 9457) with a code, and the path to each offending value."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[Fault] | UnsetType = UNSET


class BatchItem(Strict):
    """What became of one case: a decision or a problem."""

    decision: Decision | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class BatchAnswer(Strict):
    """An item for each case, in their order."""

    results: list[BatchItem]


class Came(Strict):
    """An outcome that came of an answer."""

    outcome: str
    at: datetime
    key: str | None


class AnswerStanding(Strict):
    """One answer of a decision, and what came of it."""

    action: str
    channel: str | None
    kind: str | None
    direction: str | None
    gesture: Gesture | None
    outcomes: list[Came]
    approved_by: str | None
    unfunded: list[str]
    kept_until: datetime | None
    kept_from: str | None


class Standing(Strict):
    """How a decision stands, as the store remembers it."""

    id: str
    customer: str
    at: datetime
    answers: list[AnswerStanding]


class Change(Strict):
    """What would let an action through: found, none (proved), or not decided."""

    status: Literal["found", "none", "undecided"]
    changes: Object
    channel: str | None
    note: str


class ActionAccount(Strict):
    """What became of one action, why, and where the rule stands."""

    action: str
    title: str
    channel: str
    channels: dict[str, str]
    code: str
    priority: float | None
    why: list[str]
    where: str
    change: Change | None


class Explained(Strict):
    """A decision of the log, a summary, and the account of every action."""

    decision: Decision
    summary: list[str]
    actions: list[ActionAccount]


class Observed(Strict):
    """How many events were taken, and what of their fields was not read."""

    observed: int
    diagnostics: list[Diagnostic]


class Recorded(Strict):
    """What became of an outcome or an approval: see `Engine.record`."""

    decision: str
    action: str
    outcome: str
    counted: bool
    late: bool
    unfunded: list[str]


class LoggedDecision(Strict):
    """A decision as the store has it: its answers as rows, its outcomes and approvals."""

    id: str
    recorded_as: str
    at: datetime
    answers: list[Object]
    outcomes: list[Any]
    approvals: Object
    by: Object
    unfunded: Object | UnsetType = UNSET
    told: Object | UnsetType = UNSET


class Journey(Strict):
    """All that the store knows of a customer, under all names."""

    customer: str
    identities: list[str]
    events: list[Object]
    decisions: list[LoggedDecision]


class Due(Strict):
    """A moment of a customer that opened or closed."""

    at: datetime
    customer: str
    moment: str
    change: Literal["opened", "closed"]


class DueAnswer(Strict):
    """What is due, and the cursor to go on from: ask until nothing is due."""

    due: list[Due]
    cursor: str


class Reload(Strict):
    """The last time that the book was read again: whether it is the one that decides now."""

    at: datetime
    ok: bool
    errors: int
    diagnostics: list[Diagnostic]


class BookAnswer(Strict):
    """The book that decides now."""

    book: str
    title: str
    version: str
    currency: str
    timezone: str
    actions: list[str]
    channels: list[str]
    decision_points: list[str]
    event_types: list[str]
    moments: list[str]
    outcomes: list[str]
    warnings: list[Diagnostic]
    reload: Reload | None


class BookChecked(Strict):
    """Whether the posted files are a book that would load, and every finding."""

    ok: bool
    book: str | None
    version: str | None
    files: int
    actions: int
    tests: int
    errors: int
    warnings: int
    diagnostics: list[Diagnostic]


class Reloaded(Strict):
    """Whether the version is another now, and which."""

    changed: bool
    version: str


class Health(Strict):
    """The process answers."""

    status: Literal["ok"]


class Ready(Strict):
    """Whether requests are taken, and what is not as it should be."""

    ready: bool
    version: str
    reload: Literal["none", "ok", "failed"]
    store: Literal["ok", "failing"]
    keys: Literal["none", "ok", "failed"]
    log: Literal["none", "ok", "losing"]
