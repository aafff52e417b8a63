"""Comparison, equality, membership and arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from nba.errors import EvaluationError
from nba.lang import values
from nba.lang.functions.table import Overload, row
from nba.lang.values import INT_MAX, INT_MIN, UInt, checked_int, checked_uint

__all__ = ["CHECK_INT", "DIVIDING_KNOWN", "ORDER", "ROWS", "remainder"]

# --- arithmetic

#: Guards an operation on two ints, whose result `{t}` has to fit 64 bits.
CHECK_INT: Final = f"{INT_MIN} <= ({{t}} := {{0}} %s {{1}}) <= {INT_MAX}"


def _truncating(left: int, right: int) -> int:
    """Divide two ints towards zero, as CEL does and Python does not."""
    if right == 0:
        raise EvaluationError("division by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def remainder(left: int, right: int) -> int:
    """Return what a division towards zero leaves. Raises EvaluationError."""
    return left - right * checked_int(_truncating(left, right))


def _divide_ieee(left: float, right: float) -> float:
    """Divide two doubles as IEEE 754 says: by zero gives an infinity or NaN."""
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _divide_known(left: float, right: float) -> float:
    """Divide two doubles; by zero there is no result."""
    if right == 0:
        raise EvaluationError("division by zero")
    return left / right


_CHECK_SIZE: Final = f"len({{0}}) + len({{1}}) <= {values.MAX_SIZE}"


def _joined(left: Any, right: Any) -> object:
    values.checked_size(len(left) + len(right))
    return left + right


# --- order


def _ordered(test: Callable[[int], bool]) -> Callable[[object, object], bool]:
    def meaning(left: object, right: object) -> bool:
        order = values.compare(left, right)
        return order is not None and test(order)

    return meaning


ORDER: Final[dict[str, Callable[[object, object], bool]]] = {
    "<": _ordered(lambda order: order < 0),
    "<=": _ordered(lambda order: order <= 0),
    ">": _ordered(lambda order: order > 0),
    ">=": _ordered(lambda order: order >= 0),
}


# --- the rows


def _comparisons() -> list[Overload]:
    rows = []
    numbers = ("int", "uint", "double")
    for name, meaning in ORDER.items():
        rows += [
            row(name, f"{kind}, {kind} -> bool", meaning, f"{{0}} {name} {{1}}")
            for kind in ("bool", *numbers, "string", "bytes", "timestamp", "duration")
        ]
        for left in numbers:
            rows += [
                row(name, f"{left}, {right} -> bool", meaning) for right in numbers if left != right
            ]
    return rows


ROWS: Final = [
    *_comparisons(),
    row("==", "$A, $A -> bool", values.equal),
    row("!=", "$A, $A -> bool", lambda a, b: not values.equal(a, b)),
    row("in", "$A, list($A) -> bool", lambda v, items: values.contains(items, v)),
    row("in", "$A, map($A, $B) -> bool", lambda v, items: values.contains(items, v)),
    # arithmetic
    row("+", "int, int -> int", lambda a, b: checked_int(a + b), "{t}", CHECK_INT % "+"),
    row("-", "int, int -> int", lambda a, b: checked_int(a - b), "{t}", CHECK_INT % "-"),
    row("*", "int, int -> int", lambda a, b: checked_int(a * b), "{t}", CHECK_INT % "*"),
    row("/", "int, int -> int", lambda a, b: checked_int(_truncating(a, b))),
    row("%", "int, int -> int", remainder),
    row("negate", "int -> int", lambda a: checked_int(-a)),
    row("+", "uint, uint -> uint", lambda a, b: checked_uint(int(a) + int(b))),
    row("-", "uint, uint -> uint", lambda a, b: checked_uint(int(a) - int(b))),
    row("*", "uint, uint -> uint", lambda a, b: checked_uint(int(a) * int(b))),
    row("/", "uint, uint -> uint", lambda a, b: checked_uint(_truncating(int(a), int(b)))),
    row(
        "%", "uint, uint -> uint", lambda a, b: UInt(int(a) - int(b) * _truncating(int(a), int(b)))
    ),
    row("+", "double, double -> double", lambda a, b: a + b, "{0} + {1}"),
    row("-", "double, double -> double", lambda a, b: a - b, "{0} - {1}"),
    row("*", "double, double -> double", lambda a, b: a * b, "{0} * {1}"),
    row("/", "double, double -> double", _divide_ieee),
    row("negate", "double -> double", lambda a: -a, "-{0}"),
    row("+", "string, string -> string", _joined, "{0} + {1}", _CHECK_SIZE),
    row("+", "bytes, bytes -> bytes", _joined, "{0} + {1}", _CHECK_SIZE),
    row("+", "list($A), list($A) -> list($A)", lambda a, b: _joined([*a], [*b])),
]

#: In rule books, dividing a double by zero has no result.
DIVIDING_KNOWN: Final = row(
    "/", "double, double -> double", _divide_known, "{0} / {1}", "{1} != 0.0"
)
