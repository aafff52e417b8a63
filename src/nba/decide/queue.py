"""The treatments of a tier, best first: scored one after the other, and only until that is sure.

Treatments are numbered by the bound of their priority, the highest first. What has the highest
priority so far is next as soon as no bound of the others reaches it.
"""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import Any, Final

from nba.decide.scoring import Scorer
from nba.decide.targets import bits

__all__ = ["Queue"]

#: A set is looked through in parts of so many bits: arithmetic on all of a large one takes longer.
_PART: Final = 1024
_ONES: Final = (1 << _PART) - 1
#: No number so large becomes infinite by a propensity and a lever, which are far smaller.
_MOST: Final = 1e200


class Queue:
    """Gives what is kept, then by priority, current and preferred channel, cost and name.

    What cannot exceed the priority of doing nothing is left out, unless it is *thorough*.
    """

    __slots__ = ("_base", "_equal", "_found", "_growth", "_least", "_part", "_rest", "_scorer")

    def __init__(self, scorer: Scorer, members: int, *, thorough: bool = False) -> None:
        self._scorer = scorer
        self._rest = members  # what lies behind the part that is looked through
        self._part = 0  # what is left of that
        self._base = -_PART  # the number of its first bit
        self._found: list[tuple[float, int]] = []
        self._least = -math.inf if thorough else scorer.plan.floor
        self._growth = 1.0
        self._equal: list[int] | None = None  # what goes next, the last first
        if scorer.view.kept_mask & members:
            self._keep(members & scorer.view.kept_mask)
        if scorer.boosts:
            self._growth = scorer.growth(self._rest)

    def _keep(self, kept: int) -> None:
        self._rest ^= kept
        some = [number for number in bits(kept) if self._scorer.score(number) is not None]
        self._equal = sorted(some, key=self._among_kept, reverse=True)

    def pop(self) -> int | None:
        """Take out the number of what goes next; None where nothing is left."""
        if self._equal:
            return self._equal.pop()
        found, growth, least = self._found, self._growth, self._least
        scorer = self._scorer
        factors, plain, slots = scorer.plan.factors, scorer.plain, scorer.view.slots
        bounds = factors.bounds
        part, best = self._part, -found[0][0] if found else -math.inf
        while part or (part := self._next_part()):
            lowest = part & -part
            number = self._base + lowest.bit_length() - 1
            most = bounds[number] * growth
            if most < best:
                break
            if most <= least:
                self._rest = part = 0
                break
            part ^= lowest
            priority = None
            if plain is not None:  # what most are: a number, times constants
                worth, propensity, lever = plain[number] or factors.plain_of(number)
                value = worth(slots)
                if value.__class__ is float and 0.0 <= value < _MOST:
                    priority = propensity * value * lever
            if priority is None and (priority := scorer.score(number)) is None:
                continue
            heappush(found, (-priority, number))
            best = max(best, priority)
        self._part = part
        if not found:
            return None
        priority, number = heappop(found)
        if found and found[0][0] == priority:
            equal = [number]
            while found and found[0][0] == priority:
                equal.append(heappop(found)[1])
            equal.sort(key=self._ties, reverse=True)
            number = equal.pop()
            self._equal = equal
        return number

    def _next_part(self) -> int:
        """Go on to the next part of the set that has something in it; return 0 after the last."""
        rest = self._rest
        while rest:
            part, rest = rest & _ONES, rest >> _PART
            self._base += _PART
            if part:
                self._rest = rest
                return part
        self._rest = 0
        return 0

    def _ties(self, number: int) -> tuple[Any, ...]:
        plan, view = self._scorer.plan, self._scorer.view
        channel = plan.targets[number].channel
        slot = plan.book.shape.slots.get("customer.preferred_channel")
        preferred = view.slots[slot] if slot is not None else None
        return (
            channel.id != view.current,
            channel.id != preferred,
            channel.cost,
            plan.alphabetical[number],
        )

    def _among_kept(self, number: int) -> tuple[Any, ...]:
        plan, view = self._scorer.plan, self._scorer.view
        channel, kept = plan.targets[number].channel.id, view.kept[number].channel
        priority = -self._scorer.trail.scores[number][0]
        return (channel != view.current, channel != kept, priority, *self._ties(number))
