"""How likely a condition holds, and what it takes to ask: the order of code, never an answer.

Nothing is known of customers when a book is loaded. So the values of a category are taken to be
equally frequent, numbers to be spread evenly over their declared range, and tests to have nothing
to do with each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Test
from nba.lang.types import EnumType

__all__ = ["Likelihood", "Range"]

_EVEN: Final = 0.5
_RARE: Final = 0.1
#: What a test takes in nanoseconds (CPython 3.11; only the ratios matter).
_COST: Final = 7.0
_COSTS: Final = {"in": 10.0, "not in": 12.0}
_CALL: Final = 100.0


class Range(NamedTuple):
    """Two tests of one number, from below and from above, that are asked in one go."""

    low: Test
    high: Test


class Likelihood:
    """Judges conditions; *ranges* are the least and the greatest of some numbers, by path."""

    def __init__(self, ranges: Mapping[str, tuple[float, float]]) -> None:
        self._ranges = ranges

    def share(self, form: Normal | Range) -> float:
        """Return how likely a condition is taken to hold, from 0 to 1."""
        match form:
            case Constant():
                return float(form.holds)
            case Range():
                low, high = self.share(form.low), self.share(form.high)
                return max(0.0, low + high - 1) if form.low.path in self._ranges else low * high
            case AllOf():
                return math.prod(map(self.share, form.parts))
            case AnyOf():
                return 1.0 - math.prod(1.0 - self.share(part) for part in form.parts)
            case Test():
                return self._share_of(form)
        return _EVEN

    def _share_of(self, test: Test) -> float:
        operator, value = test.operator, test.value
        if operator in ("has", "not has"):
            return 1.0 - _RARE if operator == "has" else _RARE
        if operator in ("==", "!=", "in", "not in"):
            many = len(value) if isinstance(value, tuple) else 1
            one = _RARE
            if isinstance(test.type, EnumType):
                one = 1.0 / max(1, len(test.type.values))
            elif test.type.name == "bool":
                one = _EVEN
            share = min(1.0, many * one)
            return share if operator in ("==", "in") else 1.0 - share
        if test.path not in self._ranges:
            return _EVEN
        least, most = self._ranges[test.path]
        below = min(1.0, max(0.0, (float(value) - least) / (most - least)))  # type: ignore[arg-type]
        return below if operator in ("<", "<=") else 1.0 - below

    def cost(self, form: Normal | Range) -> float:
        """Return what it takes to ask, in nanoseconds."""
        match form:
            case Constant():
                return 0.0
            case Range():
                return 2 * _COST
            case AllOf() | AnyOf():
                return sum(map(self.cost, form.parts))
            case Test():
                return _COSTS.get(form.operator, _COST)
        return _CALL
