"""One case as the plan reads it: slots filled from what was handed in, then what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nba import windows
from nba.decide.case import Case
from nba.decide.contact import Asked, When
from nba.decide.history import EMPTY_HISTORY, Answered, History, key_of
from nba.decide.plan import Once, Plan, PointPlan, Slots
from nba.errors import CaseError, Diagnostic, did_you_mean, with_help
from nba.journey.timeline import EMPTY, Timeline
from nba.lang.python import UNKNOWN
from nba.lang.values import Timestamp

__all__ = ["Keys", "View", "inputs_of"]


class Keys:
    """What actions are done once for in one case, worked out when it is asked for."""

    __slots__ = ("_found", "_once", "_slots")

    def __init__(self, once: Mapping[str, Once], slots: Slots) -> None:
        self._once = once
        self._slots = slots
        self._found: dict[str, str | None] = {}

    def get(self, action: str) -> str | None:
        """Return the key of an action; None where it is unknown, or the action has none."""
        once = self._once.get(action)
        if once is None or once.key is None:
            return None
        if action not in self._found:
            value = once.key(self._slots)
            self._found[action] = None if value is UNKNOWN else key_of(value)
        return self._found[action]


@dataclass(slots=True, eq=False)
class View:
    """The slots of a case, and what the stages ask for most.

    *current* is the channel of the interaction, *inbound* the set of the treatments on it, *when*
    the time with its zones. *accounts* are those of limits and budgets, by name, where it is known
    whose they are; *keys* what actions are done once for, None where that is unknown. *kept* are
    the treatments whose action is still the answer, with the answer it was, and *kept_mask* the set
    of them.
    """

    slots: Slots
    now: int
    when: When
    current: str | None
    inbound: int
    point: PointPlan | None
    role: str | None
    diagnostics: list[Diagnostic]
    accounts: dict[str, Asked]
    keys: Keys
    nobody: bool  # nobody knows who it is: nothing can be counted for them
    timeline: Timeline = EMPTY
    history: History = EMPTY_HISTORY
    kept: dict[int, Answered] = field(default_factory=dict)
    kept_mask: int = 0
    forsaken: bool = False  # the store failed: nothing is known of what it remembers

    def remember(self, plan: Plan, timeline: Timeline, history: History) -> None:
        """Fill in what follows from a journey and a history."""
        self.timeline, self.history = timeline, history
        plan.journey.fill(self.slots, timeline, self.now)
        if plan.derive is not None:
            plan.derive(self.slots)
        if history.answers:
            for action, one in history.kept(self.now, self.keys).items():
                for number in plan.names.of_action.get(action, ()):
                    self.kept[number] = one
                    self.kept_mask |= 1 << number

    def forsake(self, plan: Plan) -> None:
        """Let what the store remembers be unknown, and be decided without it."""
        self.forsaken = True
        if plan.derive is not None:
            plan.derive(self.slots)


def inputs_of(plan: Plan, case: Case, now: datetime) -> View:
    """Read a case alone: who, what and when. What is remembered is filled in by `remember`.

    Raises CaseError for a decision point that the book does not have, and for a time that is too
    early or too late for stores.
    """
    book, places = plan.book, plan.places
    slots, diagnostics = book.shape.read(
        {"customer": case.customer, "interaction": case.interaction or {}}
    )
    slots.extend([None] * (plan.slot_count - len(slots)))
    instant = windows.instant(now)
    if not windows.EARLIEST <= instant < windows.LATEST:
        raise CaseError(f"`now` lies in the years 1678 to 2261, not at {now}", ["now"])
    slots[places.now] = Timestamp(instant)
    slots[places.present] = case.interaction is not None
    channel = slots[places.channel]
    current = channel if isinstance(channel, str) else None
    door = plan.doors.get(current) if current is not None else None
    point = None
    if case.at is not None:
        point = plan.points.get(case.at)
        if point is None:
            help_ = did_you_mean(case.at, plan.points)
            raise CaseError(with_help(f"there is no decision point `{case.at}`", help_), ["at"])
    zone = slots[places.zone] if places.zone is not None else None
    when = When(instant, book.zone, windows.zone_or(zone, book.zone))
    nobody = not case.id and case.history is None
    return View(
        slots,
        instant,
        when,
        current,
        door.mask if door else 0,
        point,
        case.role,
        diagnostics,
        {} if nobody else plan.accounting.of(slots, when),
        Keys(plan.once, slots),
        nobody,
    )
