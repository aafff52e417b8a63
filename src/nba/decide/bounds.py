"""What a number can be at most: bounds of expressions from the declared bounds of fields.

Python's arithmetic rounds to the nearest double, and rounding keeps order: computed in the order of
the expression itself, a bound is never below what the expression gives.

A number without a declared maximum has a *scale* instead: the bound of an expression holds up to
it. Beyond it the bound holds in proportion, where the expression grows no faster than that number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from nba.lang import tree
from nba.lang.context import FieldSpec

__all__ = ["ANYTHING", "Between", "Bounds"]

#: The least and the greatest that a number can be.
Between = tuple[float, float]
ANYTHING: Final[Between] = (-math.inf, math.inf)
_NUMBERS: Final = ("double", "int")


class Bounds:
    """Bounds of numbers; *fields* declare some, *more* are known by path besides.

    *scales* are those of numbers without a declared maximum, as far as they have one.
    """

    def __init__(
        self,
        fields: Mapping[str, FieldSpec],
        more: Mapping[str, Between],
        scales: Mapping[str, float] = {},
    ) -> None:
        self.known = dict(more)
        self.scales = scales
        for path, spec in fields.items():
            low, high = spec.minimum, spec.maximum
            least = -math.inf if low is None else low
            most = scales.get(path, math.inf) if high is None else high
            default = spec.default
            if isinstance(default, int | float) and not isinstance(default, bool):
                least, most = min(least, default), max(most, default)
            self.known[path] = (least, most)

    def of(self, node: tree.Node) -> Between:
        """Return the least and the greatest that an expression can give where it is known."""
        match node:
            case tree.Literal():
                value = node.value
                if isinstance(value, int | float) and not isinstance(value, bool):
                    return (float(value), float(value))
            case tree.Field():
                return self.known.get(node.path, ANYTHING)
            case tree.Choice():
                return _either(self.of(node.then), self.of(node.otherwise))
            case tree.Default():
                return _either(self.of(node.operand), self.of(node.fallback))
            case tree.Call() if node.type.name == "double":
                arithmetic = _ARITHMETIC.get((node.function, len(node.args)))
                if arithmetic and all(arg.type.name == "double" for arg in node.args):
                    return _usable(arithmetic(*map(self.of, node.args)))
                if node.function == "double" and node.args[0].type.name in _NUMBERS:
                    return self.of(node.args[0])
        return ANYTHING

    def degree(self, node: tree.Node) -> float:
        """Return how fast an expression grows with the numbers that have a scale.

        1 is in proportion at most, and 0 is not at all.
        """
        match node:
            case tree.Field():
                return 1.0 if node.path in self.scales else 0.0
            case tree.Choice():
                return max(self.degree(node.then), self.degree(node.otherwise))
            case tree.Default():
                return max(self.degree(node.operand), self.degree(node.fallback))
            case tree.Call() if node.function == "double" and len(node.args) == 1:
                return self.degree(node.args[0])
            case tree.Call(args=[one, other]) if node.function in _GROWING:
                degrees = self.degree(one), self.degree(other)
                if max(degrees) and min(self.of(one)[0], self.of(other)[0]) >= 0:
                    return _GROWING[node.function](*degrees)
        return math.inf if any(map(self.degree, tree.children(node))) else 0.0


def _either(one: Between, other: Between) -> Between:
    return min(one[0], other[0]), max(one[1], other[1])


def _usable(between: Between) -> Between:
    low, high = between
    return (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)


def _plus(one: Between, other: Between) -> Between:
    return one[0] + other[0], one[1] + other[1]


def _minus(one: Between, other: Between) -> Between:
    return one[0] - other[1], one[1] - other[0]


def _times(one: Between, other: Between) -> Between:
    if math.inf in (*map(abs, one), *map(abs, other)):
        return (0.0, math.inf) if one[0] >= 0 and other[0] >= 0 else ANYTHING
    corners = [a * b for a in one for b in other]
    return min(corners), max(corners)


def _by(one: Between, other: Between) -> Between:
    if other[0] <= 0 <= other[1] or math.inf in map(abs, one):
        return ANYTHING
    corners = [a / b for a in one for b in other]
    return min(corners), max(corners)


def _negative(one: Between) -> Between:
    return -one[1], -one[0]


#: How what is not negative grows.
_GROWING: Final[dict[str, Callable[[float, float], float]]] = {
    "+": max,
    "*": lambda one, other: one + other,
    "/": lambda one, other: math.inf if other else one,
}
_ARITHMETIC: Final[dict[tuple[str, int], Callable[..., Between]]] = {
    ("+", 2): _plus,
    ("-", 2): _minus,
    ("*", 2): _times,
    ("/", 2): _by,
    ("negate", 1): _negative,
}
