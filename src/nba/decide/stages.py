"""The pipeline, as a visible tuple of stages. What each stage means stands in `reference`.

A stage takes the set of treatments that are still alive and notes what it removes. A decision looks
up the conditions of all stages at once. Which stage removed what, and whether a fact or missing
data was why, is worked out when somebody wants to know. What a gesture gives and what a treatment
is worth (stages 7 and 8) is computed for one treatment after the other, and only as long as it may
matter (`scoring`, `arbitrate`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nba.decide.contact_stages import contact, waiting
from nba.decide.decision import UNKNOWN_MARK
from nba.decide.plan import Gating, Plan
from nba.decide.targets import bits
from nba.decide.trail import Step, Trail
from nba.decide.view import View

__all__ = ["STAGES", "Passage", "stages_of", "treatment_codes"]


Stage = Callable[[Plan, View, int, Trail], int]


def availability(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 1: dates, `enabled`, kill switch, decision point."""
    found = alive if plan.dates is None else alive & plan.dates(view.now)
    if plan.stops:
        for stop in plan.stops:
            found &= ~stop.among(view.inbound)
    if view.point is not None:
        found &= view.point.covers.among(view.inbound)
    if found != alive:
        trail.note("unavailable", alive ^ found)
    if view.forsaken:
        allowed = plan.without_store.among(view.inbound) if plan.without_store else 0
        trail.note("unavailable:store", found & ~allowed)
        found &= allowed
    return found


def eligibility(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 2: the book's conditions, policies, then issue, group, action and treatment."""
    if plan.eligible_book is not None:
        alive = _through(plan.eligible_book, "ineligible", view, alive, trail)
    if plan.policies:
        alive = _past_policies(plan, view, alive, trail)
    if plan.eligible is not None:
        alive = _through(plan.eligible, "ineligible", view, alive, trail)
    return alive


def _past_policies(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    unsure: list[tuple[str, int]] = []
    slots = view.slots
    for name, covers, verdict in plan.policies:
        found = verdict(slots)
        if found is not False and (covered := alive & covers.among(view.inbound)):
            if found is None:
                unsure.append((name, covered))
            else:
                trail.note(f"blocked:{name}", covered)
                alive &= ~covered
    for name, covered in unsure:  # what is surely blocked says by what
        trail.note(f"blocked:{name}{UNKNOWN_MARK}", alive & covered)
        alive &= ~covered
    return alive


def applicability(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 3: does it fit now?"""
    if plan.applicable is None:
        return alive
    return _through(plan.applicable, "inapplicable", view, alive, trail)


def suitability(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 4: is it in the customer's interest?"""
    if plan.suitable is None:
        return alive
    return _through(plan.suitable, "unsuitable", view, alive, trail)


def _through(gating: Gating, code: str, view: View, alive: int, trail: Trail) -> int:
    left = gating.narrow(view.slots, alive)
    if left != alive:
        trail.steps.append((code, alive ^ left, gating))
    return left


def channel(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 6: the direction that the channel has, consent to be contacted by it, its hours."""
    if not plan.ways:
        return alive
    # a book may let interactions come on channels that are none of its own
    misdirected, hours = plan.ways.get(view.current) or plan.ways[None]
    if here := alive & misdirected:
        trail.note("no_channel:direction", here)
        alive ^= here
    for name in plan.refusing(view.slots) if plan.refusing else ():
        door = plan.doors[name]
        if name != view.current and (here := alive & door.mask):
            unknown = door.consent is not None and door.consent(view.slots) is None
            trail.note("no_channel:consent" + (UNKNOWN_MARK if unknown else ""), here)
            alive ^= here
    for calendar, doors in hours:
        zone = view.when.zone(calendar.zone)
        for door in doors if not calendar.hours.is_open(view.now, zone) else ():
            if here := alive & door.mask:
                alive ^= here
                if door.when_closed != "defer":
                    trail.note("no_channel:closed", here)
                    continue
                trail.note("deferred", here)
                if (opens := calendar.hours.next_open(view.now, zone)) is not None:
                    trail.deferred.append((here, opens))
    return alive


#: In this order; scoring and arbitration follow for what is left, and wording for the best of it.
STAGES: Final[tuple[Stage, ...]] = (
    availability,
    eligibility,
    applicability,
    suitability,
    contact,
    channel,
    waiting,
)


def stages_of(plan: Plan) -> tuple[Stage, ...]:
    """Return the stages after the conditions that have something to do in a plan."""
    idle: dict[Stage, bool] = {
        contact: not (plan.once or plan.pauses or plan.caps),
        channel: not plan.ways,
        waiting: plan.waits is None,
    }
    return tuple(stage for stage, nothing in idle.items() if not nothing)


class Passage:
    """The way of treatments through the stages: *alive* came through, *fitting* met conditions.

    *trail* tells of what happened after the conditions. What may be worth most goes first; the rest
    goes when it may matter, where a plan has a rest.
    """

    __slots__ = ("_steps", "alive", "complete", "fitting", "plan", "trail", "view")

    def __init__(self, plan: Plan, view: View) -> None:
        self.plan = plan
        self.view = view
        self.trail = Trail()
        self.fitting = 0
        self.complete = not plan.rest
        self._steps: list[Step] | None = None
        self.alive = self._through(plan.ahead)

    def go_on(self) -> int:
        """Let the rest go; return what came through of it."""
        if self.complete:
            return 0
        self.complete = True
        more = self._through(self.plan.rest)
        self.alive |= more
        return more

    def all(self) -> int:
        """Return all that comes through."""
        self.go_on()
        return self.alive

    def steps(self) -> list[Step]:
        """Return what every stage removed of all treatments, one stage after the other."""
        if self._steps is None:
            plan, trail = self.plan, Trail()
            trail.note("unavailable", plan.unused)
            alive = plan.ahead | plan.rest
            for stage in STAGES:
                alive = stage(plan, self.view, alive, trail)
            self._steps = trail.steps
        return self._steps

    def _through(self, alive: int) -> int:
        plan, view, trail = self.plan, self.view, self.trail
        if plan.dated or view.point is not None or view.forsaken:
            alive = availability(plan, view, alive, trail)
        if alive and plan.fitting is not None:
            alive = plan.fitting.narrow(view.slots, alive)
        if alive and plan.directed is not None:
            for covers in plan.directed(view.slots):
                alive &= ~covers.among(view.inbound)
        self.fitting |= alive
        for stage in plan.stages:
            if not alive:
                break
            alive = stage(plan, view, alive, trail)
        return alive


def treatment_codes(passage: Passage) -> dict[int, str]:
    """Return the code of every treatment that a stage dropped, by number.

    Where no condition of the stage is surely false, missing data was why.
    """
    plan, view = passage.plan, passage.view
    codes = dict(passage.trail.unscored)
    for code, removed, gating in passage.steps():
        if gating is None:
            codes |= dict.fromkeys(bits(removed), code)
            continue
        for number in bits(removed):
            false = any(
                plan.functions.verdict(condition)(view.slots) is False
                for condition in gating.conditions(number)
            )
            codes[number] = code if false else code + UNKNOWN_MARK
    return codes
