"""Stages 7 and 8: what the gesture of a treatment gives, and what the treatment is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from nba import money
from nba.book.ranking import FACTORS
from nba.decide.factors import MARGIN
from nba.decide.gesture import Refused, options
from nba.decide.plan import Ladder, Plan
from nba.decide.targets import bits, mask_of
from nba.decide.trail import Trail
from nba.decide.view import View
from nba.lang.python import UNKNOWN

__all__ = ["Scorer"]


#: So many weights are gone through for each treatment: more are known by those that hold.
_FEW: Final = 8


class Scorer:
    """Computes the priority of one treatment after the other, for one case.

    What it finds stands in the trail: the score and what a gesture may give, or why there is none.
    """

    __slots__ = ("_held", "_inbound", "_outbound", "_weights", "boosts", "plan", "trail", "view")

    def __init__(self, plan: Plan, view: View, trail: Trail) -> None:
        self.plan = plan
        self.view = view
        self.trail = trail
        #: the weights that hold, and of those what they cover, and their percentages
        held = plan.boosts(view.slots) if plan.boosts else []
        self.boosts = [(covers.among(view.inbound), add) for covers, add, _ in held]
        self._held = held
        self._weights: dict[int, float] | None = None  # by the places of those that hold

    def lots(self, members: int, most: int) -> list[tuple[int, float]] | None:
        """Return these treatments by context weight; None where there are more weights than *most*.

        A formula has weights in its bounds: there is one lot, whose weight is 1.
        """
        if self.plan.factors.formula is not None or not self.boosts:
            return [(members, 1.0)]
        lots: list[tuple[int, tuple[float, ...]]] = [(members, ())]
        for mask, add in self.boosts:
            if not members & mask:
                continue
            split = []
            for lot, adds in lots:
                if inside := lot & mask:
                    split.append((inside, (*adds, add)))
                if outside := lot ^ inside:
                    split.append((outside, adds))
            lots = split
            if len(lots) > most:
                return None
        return [(lot, _together(adds)) for lot, adds in lots]

    def growth(self, members: int) -> float:
        """Return what the context weight of these treatments is at most."""
        some = [(add, here) for mask, add in self.boosts if add > 0 and (here := mask & members)]
        adds = sorted((add for add, _ in some), reverse=True)
        most = _most_at_once([here for _, here in some])
        return (1.0 + math.fsum(adds[:most]) / 100.0) * MARGIN

    def score(self, number: int) -> float | None:
        """Return the priority of a treatment; None where it drops."""
        plan, slots = self.plan, self.view.slots
        if plan.given is not None and not self._give(number):
            return None
        propensity: Any
        value: Any
        priority: float
        factors = plan.factors
        propensity, value, lever, _ = factors.ready[number] or factors.of(number)
        if propensity.__class__ is not float:
            propensity = propensity(slots)
        if value.__class__ is not float:
            value = value(slots)
        if (
            value.__class__ is not float
            or propensity.__class__ is not float
            or not (0.0 <= value < math.inf and 0.0 <= propensity < math.inf)
        ):
            if fault := _fault(propensity, "propensity") or _fault(value, "value"):
                return self._drop(number, fault)
            propensity, value = float(propensity), float(value)
        weight = self.weight(number) if self.boosts else 1.0
        priority = propensity * weight * value * lever
        if factors.formula is not None:
            slots[-len(FACTORS) :] = [propensity, weight, value, lever]
            worked_out = factors.formula(slots)
            if worked_out is UNKNOWN:
                return self._drop(number, "unscored:priority")
            priority = float(worked_out)
        if not -math.inf < priority < math.inf:
            return self._drop(number, "error:priority")
        self.trail.scores[number] = (priority, propensity, weight, value, lever)
        return priority

    def _drop(self, number: int, code: str) -> float | None:
        """Note why a treatment has no score; what is kept is the answer, whatever it is worth."""
        if number not in self.view.kept:
            self.trail.unscored[number] = code
            return None
        self.trail.scores[number] = (0.0, 0.0, 0.0, 0.0, self.plan.factors.of(number).lever)
        return 0.0

    def weight(self, number: int) -> float:
        """Return the context weight of a treatment: treatments with the same weights have one."""
        if len(self.boosts) <= _FEW:
            return _together([add for mask, add in self.boosts if mask >> number & 1])
        plan, known = self.plan, self._weights
        if known is None:
            known = self._weights = {}
            self._inbound = self._outbound = 0
            for covers, _, place in self._held:
                if covers.direction != "outbound":
                    self._inbound |= 1 << place
                if covers.direction != "inbound":
                    self._outbound |= 1 << place
        covering = plan.weighing.get(number)
        if covering is None:
            some = [weight.place for weight in plan.weights if weight.covers.mask >> number & 1]
            covering = plan.weighing[number] = mask_of(some)
        held = covering & (self._inbound if self.view.inbound >> number & 1 else self._outbound)
        found = known.get(held)
        if found is None:
            found = known[held] = _together([plan.weights[place].add for place in bits(held)])
        return found

    # --- gestures

    def _give(self, number: int) -> bool:
        """Fill in what a treatment gives, as expressions read it; False where it drops.

        What is kept gives what it gave, any other the first of what fits.
        """
        plan, view = self.plan, self.view
        kept = view.kept.get(number)
        units = None
        if kept is not None:
            units = kept.gesture
        elif plan.targets[number].action.gesture is not None:
            try:
                found = self._options(self._ladder(number))
            except Refused as refused:
                self.trail.unscored[number] = str(refused)
                return False
            self.trail.options[number] = found
            units = found[0].units
        currency = plan.book.currency
        given = None if units is None else float(money.decimal_of(units, currency))
        view.slots[plan.given] = given  # type: ignore[index]
        return True

    def _options(self, ladder: Ladder) -> Any:
        slots = self.view.slots
        amounts = (amount(slots) for holds, amount in ladder.rungs if holds is None or holds(slots))
        return options(
            (None if amount is UNKNOWN else amount for amount in amounts),
            None if ladder.at_most is None else ladder.at_most(slots),
            ladder.gesture,
            self.view.role,
            self.plan.book.currency,
        )

    def _ladder(self, number: int) -> Ladder:
        plan = self.plan
        gesture = plan.targets[number].action.gesture
        found = plan.ladders.get(number)
        if found is None and gesture is not None:
            functions, most = plan.functions, gesture.at_most
            rungs = [(functions.when(r.when), functions.value(r.amount)) for r in gesture.ladder]
            at_most = functions.value(most) if most else None
            found = plan.ladders[number] = Ladder(tuple(rungs), at_most, gesture)
        if found is None:
            raise KeyError(number)
        return found


def _most_at_once(sets: Sequence[int]) -> int:
    """Return of how many of these sets a treatment is at most: all are counted at once, in bits."""
    counts: list[int] = []
    for one in sets:
        carry = one
        for place, bit in enumerate(counts):
            counts[place], carry = bit ^ carry, bit & carry
        if carry:
            counts.append(carry)
    most, among = 0, -1
    for place in reversed(range(len(counts))):
        if here := among & counts[place]:
            most, among = most | 1 << place, here
    return most


def _together(adds: Sequence[float]) -> float:
    """Return the context weight that percentages make."""
    return max(0.0, 1.0 + math.fsum(adds) / 100.0) if adds else 1.0


def _fault(factor: object, name: str) -> str:
    if factor is UNKNOWN:
        return f"unscored:{name}"
    if not isinstance(factor, int | float) or not 0 <= factor < math.inf:
        return f"error:{name}"
    return ""
