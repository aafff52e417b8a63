"""Treatments tier by tier, best first: scored one after the other, and only until that is sure.

Treatments are numbered by the bound of their priority, the highest first. What has the highest
priority so far goes next as soon as no bound of the others reaches it. Where weights hold, the
treatments that have the same weights are gone through together, each lot by its own bounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush, heapreplace
from itertools import starmap
from operator import itemgetter
from typing import Any, Final

from nba.decide.factors import MARGIN
from nba.decide.scoring import Scorer
from nba.decide.stages import Passage
from nba.decide.targets import bits

__all__ = ["Contenders"]

#: A set is looked through in parts of so many bits: arithmetic on all of a large one takes longer.
_PART: Final = 1024
_ONES: Final = (1 << _PART) - 1
#: No number so large becomes infinite by a propensity, a weight and a lever (see `factors`).
_MOST: Final = 1e100
#: More lots than this cost more than they save; then weights only raise the bounds.
_MOST_LOTS: Final = 16
#: Where a sixteenth of what was scored is equal, the rest is looked through for more.
_MOSTLY: Final = 4


class Lot:
    """A set of treatments that have the same context weight, to be gone through in order.

    Their bounds go up by the weight, and by the *surge* of the numbers that they are worth.
    """

    __slots__ = ("base", "part", "rest", "surge", "weight")

    def __init__(self, members: int, weight: float, surge: float = 1.0) -> None:
        self.rest = members  # what lies behind the part that is looked through
        self.part = 0  # what is left of that
        self.base = -_PART  # the number of its first bit
        self.weight = weight
        self.surge = surge

    def split(self, surges: Sequence[tuple[int, float]]) -> Iterator[Lot]:
        """Yield the lot in parts, before it was begun: by the first surge of each, and the rest."""
        rest = self.rest
        for mask, surge in surges:
            if inside := rest & mask:
                yield Lot(inside, self.weight, surge)
                rest ^= inside
        if rest:
            yield Lot(rest, self.weight)

    def next_part(self) -> int:
        """Go on to the next part that has something in it; return 0 after the last."""
        while (rest := self.rest) > _ONES:
            self.rest, self.base = rest >> _PART, self.base + _PART
            if part := rest & _ONES:
                return part
        self.rest, self.base = 0, self.base + _PART
        return rest

    def pop(self) -> int:
        """Take out the first number; -1 where none is left."""
        part = self.part or self.next_part()
        if not part:
            return -1
        lowest = part & -part
        self.part = part ^ lowest
        return self.base + lowest.bit_length() - 1


class Contenders:
    """Gives what is kept, then by priority, current and preferred channel, cost and name.

    After each `pop` *tier* says of which tier it is; *left* is what is in no tier so far. What
    cannot exceed the priority of doing nothing is left out, unless it is *thorough*.
    """

    # until there is more to say; what is made for each decision is made as late as may be
    tier = ""
    _scorer: Scorer | None = None
    _lot: Lot | None = None  # where there is one
    _lots: list[tuple[float, int, Lot]] | None = None  # where there are several: a heap
    _exact = True  # whether they have the weights, and not only what these are at most
    _equal: list[int] | None = None  # what goes next, the last first
    _behind: Mapping[str, int] | None = None  # by channel: how far it puts equals back

    def __init__(self, passage: Passage, *, thorough: bool = False) -> None:
        self.passage = passage
        self.plan = passage.plan
        self.view = passage.view
        self.trail = passage.trail
        self.left = passage.all() if thorough else passage.alive
        self._among = 0  # what the tier covers
        self._tiers = iter(self.plan.tiers)
        self._least = -math.inf if thorough else self.plan.floor
        self._found: list[tuple[float, int]] = []  # what was scored and not taken: a heap
        self._weights: dict[int, float] = {}  # of what was scored among several lots
        self._surges = self._above() if self.plan.factors.surges else ()
        #: whether treatments go by their bounds alone
        self._in_order = not (self.plan.boosts or self._surges or self.view.kept_mask)

    @property
    def scorer(self) -> Scorer:
        """What scores treatments of which more has to be known than constants and a value."""
        if self._scorer is None:
            self._scorer = Scorer(self.plan, self.view, self.trail)
        return self._scorer

    def pop(self) -> int | None:
        """Take out the number of what goes next; None where nothing is left."""
        while not (equal := self._equal):
            if self._lot is not None:
                self._score_lot(self._lot)
            elif self._lots:
                self._score_lots(self._lots)
            if self._found:
                number = self._best()
                if number is not None:
                    return number
            elif not self._next_tier():
                return None
        return equal.pop()

    # --- tiers

    def _next_tier(self) -> bool:
        """Begin with the next active tier that has something in it."""
        view, passage = self.view, self.passage
        for name, covers, holds in self._tiers:
            if holds is None or holds(view.slots):
                self._among = among = covers.among(view.inbound)
                members = self.left & among
                if not (passage.complete or (members and self._in_order)):
                    self.left |= passage.go_on()
                    members = self.left & among
                if members:
                    self.tier = name
                    self.left ^= members
                    if self._in_order:
                        self._lot = Lot(members, 1.0)
                    else:
                        self._begin(members)
                    return True
        return False

    def _further(self, lot: Lot, best: float) -> int:
        """Go on with what was not judged yet, if it may be worth as much; return its first part."""
        passage = self.passage
        if passage.complete:
            return 0
        first = self.plan.first
        most = self.plan.factors.bounds[first]
        if most < best or most <= self._least:
            return 0
        more = passage.go_on()
        self.left |= more & ~self._among
        lot.rest, lot.base = (more & self._among) >> first, first - _PART
        return lot.next_part()

    def _begin(self, members: int) -> None:
        kept = members & self.view.kept_mask
        if kept:
            members ^= kept
            some = [number for number in bits(kept) if self.scorer.score(number) is not None]
            self._equal = sorted(some, key=self._among_kept, reverse=True)
        self._lot = self._lots = None
        weights = self.scorer.lots(members, _MOST_LOTS) if self.plan.boosts else [(members, 1.0)]
        if weights is None:
            self._exact = False
            weights = [(members, self.scorer.growth(members))]
        lots = list(starmap(Lot, weights))
        if self._surges and (surges := [each for each in self._surges if each[0] & members]):
            lots = [part for lot in lots for part in lot.split(surges)]
        if len(lots) == 1 and lots[0].weight == lots[0].surge == 1.0:
            self._lot = lots[0]
            return
        self._lots, bounds = [], self.plan.factors.bounds
        for lot in lots:
            if (number := lot.pop()) >= 0:
                most = _times(bounds[number], lot.weight * lot.surge)
                heappush(self._lots, (-most, number, lot))

    def _above(self) -> list[tuple[int, float]]:
        """Return whose bounds go up, and how many times, because of a number above its scale."""
        found, slots = [], self.view.slots
        for slot, scale, mask in self.plan.factors.surges:
            value = slots[slot]
            if value is not None and value > scale:
                found.append((mask, value / scale * MARGIN))
        if len(found) > 1:  # what goes up because of several goes up by the most
            found.sort(key=itemgetter(1), reverse=True)
        return found

    # --- priorities

    def _score_lot(self, lot: Lot) -> None:
        """Score what may go next, where there are no weights."""
        found, least, plan, slots = self._found, self._least, self.plan, self.view.slots
        bounds, plain, factors = plan.factors.bounds, plan.plain, plan.factors
        part, best = lot.part, -found[0][0] if found else -math.inf
        while part or (part := lot.next_part() if lot.rest else self._further(lot, best)):
            lowest = part & -part
            number = lot.base + lowest.bit_length() - 1
            most = bounds[number]
            if most < best:
                break
            if most <= least:
                lot.rest = part = 0
                break
            part ^= lowest
            priority = None
            if plain is not None:  # what most are: a value, times constants
                worth, propensity, lever = plain[number] or factors.plain_of(number)
                value = worth(slots)
                if value.__class__ is float and 0.0 <= value < _MOST:
                    priority = propensity * value * lever
            if priority is None and (priority := self.scorer.score(number)) is None:
                continue
            heappush(found, (-priority, number))
            if priority > best:  # noqa: PLR1730 - faster than a call
                best = priority
        lot.part = part

    def _score_lots(self, lots: list[tuple[float, int, Lot]]) -> None:
        """Score what may go next, where each lot has a weight of its own."""
        found, least, plan, slots = self._found, self._least, self.plan, self.view.slots
        bounds, factors = plan.factors.bounds, plan.factors
        plain, exact = plan.plain, self._exact
        weights, best = self._weights, -found[0][0] if found else -math.inf
        while lots:
            less, number, lot = lots[0]
            if -less < best:
                break
            if -less <= least:
                lots.clear()
                break
            others = -min(lots[1:3])[0] if len(lots) > 1 else -math.inf
            weight = lot.weight
            growth = weight * lot.surge
            while number >= 0:
                priority = None
                if not exact:
                    weight = self.scorer.weight(number)
                if plain is not None:
                    worth, propensity, lever = plain[number] or factors.plain_of(number)
                    value = worth(slots)
                    if value.__class__ is float and 0.0 <= value < _MOST:
                        priority = propensity * weight * value * lever
                if priority is None:
                    priority = self.scorer.score(number)
                if priority is not None:
                    heappush(found, (-priority, number))
                    weights[number] = weight
                    if priority > best:  # noqa: PLR1730 - faster than a call
                        best = priority
                number = lot.pop()
                most = _times(bounds[number], growth)
                if most < others or most < best or most <= least:
                    break
            if number < 0:
                heappop(lots)
            else:
                heapreplace(lots, (-most, number, lot))

    def _best(self) -> int | None:
        """Take out the best of what was scored; None where it does not go before doing nothing."""
        found = self._found
        less, number = heappop(found)
        if -less <= self._least:  # nor does anything else in the tier
            found.clear()
            self._lots = self._lot = None
            return None
        if found and found[0][0] == less:
            equal = [number]
            while found and found[0][0] == less:
                if len(equal) > len(found) >> _MOSTLY:  # perhaps all the others, too
                    equal += [number for other, number in found if other == less]
                    found[:] = [each for each in found if each[0] != less]
                    heapify(found)
                    break
                equal.append(heappop(found)[1])
            self._equal = sorted(equal, key=self._ties, reverse=True)
            number = self._equal.pop()
        return number

    def note(self, number: int) -> None:
        """Note the score of what goes next, also where it was only a value, times constants."""
        if number not in self.trail.scores:
            worth, propensity, lever = self.plan.factors.plain_of(number)
            value, weight = worth(self.view.slots), self._weights.get(number, 1.0)
            priority = propensity * weight * value * lever
            self.trail.scores[number] = (priority, propensity, weight, value, lever)

    def _ties(self, number: int) -> int:
        """Return the place among equals: by current and preferred channel, then as in the plan."""
        plan, behind = self.plan, self._behind
        if behind is None:
            behind = self._behind = self._channels()
        return behind[plan.targets[number].channel.id] + plan.cheapest[number]

    def _channels(self) -> Mapping[str, int]:
        """Return how far each channel puts equals back: the current one not, nor what is liked."""
        plan, slot = self.plan, self.plan.places.preferred
        preferred = None if slot is None else self.view.slots[slot]
        key = tuple(one if one in plan.doors else None for one in (self.view.current, preferred))
        if key not in plan.behind:
            count = len(plan.targets)
            plan.behind[key] = {
                channel: (2 * (channel != key[0]) + (channel != key[1])) * count
                for channel in plan.doors
            }
        return plan.behind[key]

    def _among_kept(self, number: int) -> tuple[Any, ...]:
        channel, kept = self.plan.targets[number].channel.id, self.view.kept[number].channel
        priority = -self.trail.scores[number][0]
        return (channel != self.view.current, channel != kept, priority, self._ties(number))


def _times(bound: float, weight: float) -> float:
    """Return a bound with a weight; no bound at all, without any weight, is nothing."""
    return bound * weight if bound and weight else 0.0
