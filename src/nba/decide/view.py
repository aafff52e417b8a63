"""One case as the plan reads it: slots filled from what was handed in, then what follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from nba import windows
from nba.decide.case import Case
from nba.decide.contact import Moment
from nba.decide.history import EMPTY_HISTORY, Answered, History, key_of
from nba.decide.plan import Limits, Plan, Slots
from nba.errors import CaseError, Diagnostic, did_you_mean
from nba.journey.timeline import EMPTY, Timeline
from nba.lang.python import UNKNOWN
from nba.lang.values import Timestamp

__all__ = ["View", "inputs_of", "view_of"]


@dataclass(slots=True, eq=False)
class View:
    """The slots of a case, and what the stages ask for most.

    *current* is the channel of the interaction, *inbound* the set of the treatments on it, *when*
    the time with its zones. *kept* are the treatments whose action is still the answer, with the
    answer it was, and *kept_mask* the set of them.
    """

    slots: Slots
    when: Moment
    current: str | None
    inbound: int
    point: Limits | None
    role: str | None
    diagnostics: list[Diagnostic]
    timeline: Timeline = EMPTY
    history: History = EMPTY_HISTORY
    kept: dict[int, Answered] = field(default_factory=dict)
    kept_mask: int = 0
    forsaken: bool = False  # the store failed: nothing is known of what it remembers
    nobody: bool = False  # nobody knows who it is: nothing can be counted for them

    @property
    def now(self) -> int:
        """The instant of the decision."""
        return self.when.now

    def remember(self, plan: Plan, timeline: Timeline, history: History) -> None:
        """Fill in what follows from a journey and a history."""
        self.timeline, self.history = timeline, history
        plan.journey.fill(self.slots, timeline, self.now)
        for slot, function in plan.derive:
            self.slots[slot] = function(self.slots)
        if history.answers:
            keys = {
                once.action: key_of(value)
                for once in plan.once
                if once.key is not None and (value := once.key(self.slots)) is not UNKNOWN
            }
            for action, one in history.kept(self.now, keys).items():
                for number in plan.of_action_id.get(action, ()):
                    self.kept[number] = one
                    self.kept_mask |= 1 << number

    def forsake(self, plan: Plan) -> None:
        """Let what the store remembers be unknown, and be decided without it."""
        self.forsaken = True
        for slot, function in plan.derive:
            self.slots[slot] = function(self.slots)


def inputs_of(plan: Plan, case: Case, now: datetime) -> View:
    """Read a case alone: who, what and when. What is remembered is filled in by `remember`.

    Raises CaseError for a decision point that the book does not have.
    """
    shape = plan.book.shape
    slots, diagnostics = shape.read(
        {"customer": case.customer, "interaction": case.interaction or {}}
    )
    slots.extend([None] * (plan.slot_count - len(slots)))
    try:
        instant = windows.instant(now.astimezone(UTC))
    except OverflowError:
        raise CaseError(f"`now` is out of the calendar's range: {now}") from None
    slots[shape.slots["now"]] = Timestamp(instant)
    slots[shape.slots["interaction.present"]] = case.interaction is not None
    channel = slots[shape.slots["interaction.channel"]]
    current = channel if isinstance(channel, str) else None
    door = plan.doors.get(current) if current is not None else None
    point = None
    if case.at is not None:
        point = plan.points.get(case.at)
        if point is None:
            help_ = did_you_mean(case.at, plan.points)
            raise CaseError(f"there is no decision point `{case.at}`. {help_}".strip())
    when = Moment(instant, plan.book.zone, _customer_zone(plan, slots))
    inbound = door.mask if door else 0
    return View(slots, when, current, inbound, point, case.role, diagnostics)


def view_of(
    plan: Plan,
    case: Case,
    now: datetime,
    timeline: Timeline = EMPTY,
    history: History = EMPTY_HISTORY,
) -> View:
    """Read a case, the journey of its customer, and what is remembered. Raises CaseError."""
    view = inputs_of(plan, case, now)
    view.remember(plan, timeline, history)
    return view


def _customer_zone(plan: Plan, slots: Slots) -> tzinfo:
    """Return the customer's time zone where it is known, else the book's."""
    slot = plan.book.shape.slots.get("customer.timezone")
    name = slots[slot] if slot is not None else None
    try:
        return windows.zone(name) if isinstance(name, str) else plan.book.zone
    except ValueError:
        return plan.book.zone
