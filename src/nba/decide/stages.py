"""The pipeline, as a visible tuple of stages. What each stage means stands in `reference`.

A stage takes the set of treatments that are still alive and notes what it removes. Whether a
fact or missing data was why is not asked here: `codes` tells it when somebody wants to know.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from nba import money
from nba.book.model import Calendar
from nba.book.ranking import FACTORS
from nba.decide.contact_stages import contact, gesture, waiting
from nba.decide.decision import UNKNOWN_MARK
from nba.decide.plan import Gate, Plan
from nba.decide.targets import bits
from nba.decide.trail import Score, Trail
from nba.decide.view import View
from nba.lang.python import UNKNOWN

__all__ = ["STAGES", "amount_given", "run", "treatment_codes"]


Stage = Callable[[Plan, View, int, Trail], int]


def availability(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 1: dates, `enabled`, kill switch, decision point."""
    out = plan.out_of_use
    for mask, start, end in plan.dates:
        if (start is not None and view.now < start) or (end is not None and end <= view.now):
            out |= mask
    for stop in plan.stops:
        out |= stop.among(view.inbound)
    if view.point is not None:
        out |= ~view.point.covers.among(view.inbound)
    trail.note("unavailable", alive & out)
    alive &= ~out
    if view.forsaken:
        allowed = plan.without_store.among(view.inbound) if plan.without_store else 0
        trail.note("unavailable:store", alive & ~allowed)
        alive &= allowed
    return alive


def eligibility(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 2: the book's conditions, policies, then issue, group, action and treatment."""
    alive = _through(plan.eligible_book, "ineligible", view, alive, trail)
    unsure: list[tuple[str, int]] = []
    for name, covers, verdict in plan.policies:
        covered = alive & covers.among(view.inbound)
        if covered and (found := verdict(view.slots)) is not False:
            if found is None:
                unsure.append((name, covered))
            else:
                trail.note(f"blocked:{name}", covered)
                alive &= ~covered
    for name, covered in unsure:  # what is surely blocked says by what
        trail.note(f"blocked:{name}{UNKNOWN_MARK}", alive & covered)
        alive &= ~covered
    return _through(plan.eligible, "ineligible", view, alive, trail)


def applicability(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 3: does it fit now?"""
    return _through(plan.applicable, "inapplicable", view, alive, trail)


def suitability(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 4: is it in the customer's interest?"""
    return _through(plan.suitable, "unsuitable", view, alive, trail)


def _through(gates: tuple[Gate, ...], code: str, view: View, alive: int, trail: Trail) -> int:
    slots, left = view.slots, alive
    for mask, holds, _ in gates:
        if left & mask and not holds(slots):
            left &= ~mask
    trail.note(code, alive & ~left, gates)
    return left


def channel(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 6: the direction that the channel has, consent to be contacted by it, its hours."""
    for name, (mask, direction, consent, hours, when_closed) in plan.doors.items():
        here = alive & mask
        if not here:
            continue
        inbound = name == view.current
        if direction != "both" and (direction == "inbound") is not inbound:
            trail.note("no_channel:direction", here)
        elif not inbound and consent is not None and (found := consent(view.slots)) is not True:
            unknown = UNKNOWN_MARK if found is None else ""
            trail.note(f"no_channel:consent{unknown}", here)
        elif not inbound and hours is not None and not _is_open(hours, view):
            if when_closed == "defer":
                opens = hours.hours.next_open(view.now, view.when.zone(hours.zone))
                trail.deferred |= dict.fromkeys(bits(here), opens)
                trail.note("deferred", here)
            else:
                trail.note("no_channel:closed", here)
        else:
            continue
        alive &= ~here
    return alive


def _is_open(calendar: Calendar, view: View) -> bool:
    return calendar.hours.is_open(view.now, view.when.zone(calendar.zone))


def scoring(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 8: propensity x context weight x value x lever, or the book's formula."""
    slots = view.slots
    boosts = [
        (covers.among(view.inbound), add)
        for covers, holds, add in plan.boosts
        if holds is None or holds(slots)
    ]
    given = plan.given
    for number in bits(alive):
        if given is not None:
            slots[given] = amount_given(plan, view, trail, number)
        propensity, value, lever, _ = plan.scoring[number]
        if not isinstance(propensity, float):
            propensity = propensity(slots)
        if not isinstance(value, float):
            value = value(slots)
        if fault := _fault(propensity, "propensity") or _fault(value, "value"):
            trail.unscored[number] = fault
            continue
        bit = 1 << number
        total = math.fsum([add for mask, add in boosts if mask & bit])
        weight = max(0.0, 1.0 + total / 100.0)
        priority = float(propensity) * weight * float(value) * lever
        if plan.formula is not None:
            slots[-len(FACTORS) :] = [float(propensity), weight, float(value), lever]
            priority = plan.formula(slots)
            if priority is UNKNOWN:
                trail.unscored[number] = "unscored:priority"
                continue
            priority = float(priority)
        if not math.isfinite(priority):
            trail.unscored[number] = "error:priority"
            continue
        trail.scores[number] = Score(priority, float(propensity), weight, float(value), lever)
    for number in view.kept.keys() & trail.unscored.keys():  # the answer, whatever it is worth now
        del trail.unscored[number]
        trail.scores[number] = Score(0.0, 0.0, 0.0, 0.0, plan.scoring[number].lever)
    for number in trail.unscored:
        alive &= ~(1 << number)
    return alive


def amount_given(plan: Plan, view: View, trail: Trail, number: int) -> float | None:
    """Return what a treatment gives: what it gave where it is kept, else the first that fits."""
    kept = view.kept.get(number)
    if kept is not None:
        units = kept.gesture
    else:
        found = trail.options.get(number)
        units = found[0].units if found else None
    return None if units is None else float(money.decimal_of(units, plan.book.currency))


def _fault(factor: object, name: str) -> str:
    if factor is UNKNOWN:
        return f"unscored:{name}"
    if not isinstance(factor, int | float) or not 0 <= factor < math.inf:
        return f"error:{name}"
    return ""


#: In this order; arbitration (`arbitrate`) follows, with wording for what it chooses.
STAGES: Final[tuple[Stage, ...]] = (
    availability,
    eligibility,
    applicability,
    suitability,
    contact,
    channel,
    waiting,
    gesture,
    scoring,
)


def run(plan: Plan, view: View) -> tuple[int, Trail]:
    """Return the candidates for arbitration, and what became of every other treatment."""
    trail = Trail()
    alive = plan.everything
    for stage in STAGES:
        if not alive:
            break
        alive = stage(plan, view, alive, trail)
    return alive, trail


def treatment_codes(plan: Plan, view: View, trail: Trail) -> dict[int, str]:
    """Return the code of every treatment that a stage dropped, by number.

    Where no condition of the stage is surely false, missing data was why.
    """
    codes = dict(trail.unscored)
    for code, removed, gates in trail.steps:
        false = removed if not gates else 0
        for gate in gates:
            if gate.mask & removed and gate.verdict(view.slots) is False:
                false |= gate.mask
        codes |= dict.fromkeys(bits(removed & false), code)
        codes |= dict.fromkeys(bits(removed & ~false), code + UNKNOWN_MARK)
    return codes
