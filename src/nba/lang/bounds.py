"""Between which numbers an expression lies, by the bounds of the fields that it reads.

The bounds are honest: whatever the fields are within their own bounds, the expression lies within
its bounds wherever it has a value that is a number. They are often wider than they need to be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from nba.lang import tree
from nba.lang.context import FieldSpec
from nba.lang.tree import Node
from nba.lang.values import EXACT

__all__ = ["ANYTHING", "Bounds", "bounds"]

#: The least and the greatest value, both included.
Bounds = tuple[float, float]

ANYTHING: Final[Bounds] = (-math.inf, math.inf)
_NOT_NEGATIVE: Final[Bounds] = (0.0, math.inf)
_SIZES: Final = frozenset({"size", ".size", "count"})

#: Gives what is declared of a field.
Declared = Callable[[str], FieldSpec | None]


def bounds(node: Node, declared: Declared) -> Bounds:
    """Return the bounds of a checked expression; those of what is no number mean nothing."""
    match node:
        case tree.Literal():
            value = node.value
            if isinstance(value, int) and not isinstance(value, bool):
                return _whole(float(value), float(value))
            return (value, value) if isinstance(value, float) else ANYTHING
        case tree.Field():
            spec = declared(node.path)
            if spec is None:
                return ANYTHING
            low, high = spec.minimum, spec.maximum
            return (-math.inf if low is None else low, math.inf if high is None else high)
        case tree.Choice():
            return _either(bounds(node.then, declared), bounds(node.otherwise, declared))
        case tree.Default():
            return _either(bounds(node.operand, declared), bounds(node.fallback, declared))
        case tree.Call(function="negate"):
            low, high = bounds(node.args[0], declared)
            return -high, -low
        case tree.Call(function="double", args=[only]):
            return bounds(only, declared) if only.type.name in ("int", "double") else ANYTHING
        case tree.Call(function="min" | "max", args=[tree.ListOf(items=items)]) if items:
            pick = min if node.function == "min" else max
            lows, highs = zip(*(bounds(item, declared) for item in items), strict=True)
            return pick(lows), pick(highs)
        case tree.Call() if node.function in _SIZES:
            return _NOT_NEGATIVE
        case tree.Call(args=[left, right]) if node.function in _COMBINED:
            if node.type.name not in ("int", "double"):
                return ANYTHING
            low, high = _COMBINED[node.function](bounds(left, declared), bounds(right, declared))
            if math.isnan(low) or math.isnan(high):
                return ANYTHING
            return _whole(low, high) if node.type.name == "int" else (low, high)
    return ANYTHING


def _either(one: Bounds, other: Bounds) -> Bounds:
    return min(one[0], other[0]), max(one[1], other[1])


def _sum(one: Bounds, other: Bounds) -> Bounds:
    return one[0] + other[0], one[1] + other[1]


def _difference(one: Bounds, other: Bounds) -> Bounds:
    return one[0] - other[1], one[1] - other[0]


def _product(one: Bounds, other: Bounds) -> Bounds:
    ends = [_times(a, b) for a in one for b in other]
    return min(ends), max(ends)


def _times(one: float, other: float) -> float:
    """Multiply ends: nothing of something without end is nothing."""
    return 0.0 if 0.0 in (one, other) else one * other


def _quotient(one: Bounds, other: Bounds) -> Bounds:
    if other[0] <= 0.0 <= other[1]:
        return ANYTHING
    ends = [a / b if math.isfinite(a) or math.isfinite(b) else math.nan for a in one for b in other]
    return ANYTHING if any(map(math.isnan, ends)) else (min(ends), max(ends))


def _whole(low: float, high: float) -> Bounds:
    """Return bounds of an int, wide enough for what a double rounds and a division drops."""
    low = math.floor(low) if abs(low) < EXACT else -math.inf
    return low, math.ceil(high) if abs(high) < EXACT else math.inf


_COMBINED: Final[dict[str, Callable[[Bounds, Bounds], Bounds]]] = {
    "+": _sum,
    "-": _difference,
    "*": _product,
    "/": _quotient,
}
