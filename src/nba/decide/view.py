"""One case as the plan reads it: slots filled from what was handed in, then what follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from nba import windows
from nba.decide.case import Case
from nba.decide.plan import Limits, Plan, Slots
from nba.errors import CaseError, Diagnostic, did_you_mean
from nba.journey.timeline import EMPTY, Timeline
from nba.lang.values import Timestamp

__all__ = ["View", "view_of"]


@dataclass(slots=True, eq=False)
class View:
    """The slots of a case, and what the stages ask for most.

    *now* is an instant, *current* the channel of the interaction, *inbound* the set of the
    treatments on it.
    """

    slots: Slots
    timeline: Timeline
    now: int
    current: str | None
    inbound: int
    point: Limits | None
    diagnostics: list[Diagnostic]


def view_of(plan: Plan, case: Case, now: datetime, timeline: Timeline = EMPTY) -> View:
    """Read a case and the journey of its customer.

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
    plan.journey.fill(slots, timeline, instant)
    for slot, function in plan.derive:
        slots[slot] = function(slots)
    channel = slots[shape.slots["interaction.channel"]]
    current = channel if isinstance(channel, str) else None
    door = plan.doors.get(current) if current is not None else None
    point = None
    if case.at is not None:
        point = plan.points.get(case.at)
        if point is None:
            help_ = did_you_mean(case.at, plan.points)
            raise CaseError(f"there is no decision point `{case.at}`. {help_}".strip())
    return View(slots, timeline, instant, current, door.mask if door else 0, point, diagnostics)
