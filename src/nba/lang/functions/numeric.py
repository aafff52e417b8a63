"""The library `math`: extremes, rounding, bits, and what is no number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from nba.errors import EvaluationError
from nba.lang import values
from nba.lang.functions.operators import ORDER
from nba.lang.functions.table import Overload, row
from nba.lang.values import INT_MIN, UINT_MAX, UInt, checked_int

__all__ = ["ROOT_KNOWN", "ROWS"]

_NUMBERS: Final = ("int", "uint", "double")


# --- extremes


def _extreme(sign: str) -> Callable[..., object]:
    """Return the meaning of `math.greatest` or `math.least`: of equals, the first."""
    better = ORDER[sign]

    def meaning(*numbers: Any) -> object:
        if not numbers:
            raise EvaluationError("an empty list has no greatest and no least item")
        if not all(values.kind_of(number) in _NUMBERS for number in numbers):
            raise EvaluationError("only numbers have a greatest and a least")
        found = numbers[0]
        for number in numbers[1:]:
            found = number if better(number, found) else found
        return found

    return meaning


def _extremes() -> list[Overload]:
    rows = []
    for name, sign in (("math.greatest", ">"), ("math.least", "<")):
        meaning = _extreme(sign)
        of_list = _of_list(meaning)
        rows += [row(name, f"{kind} -> {kind}", meaning) for kind in _NUMBERS]
        rows += [
            row(name, f"{one}, {other} -> {one if one == other else 'dyn'}", meaning)
            for one in _NUMBERS
            for other in _NUMBERS
        ]
        # that of any list comes last: its items may be of different types
        rows += [row(name, f"list({kind}) -> {kind}", of_list) for kind in (*_NUMBERS, "dyn")]
    return rows


def _of_list(meaning: Callable[..., object]) -> Callable[[Sequence[object]], object]:
    return lambda numbers: meaning(*numbers)


# --- rounding: the sign of a zero is kept, and what is not finite stays as it is


def _rounding(whole: Callable[[float], int]) -> Callable[[float], float]:
    return lambda x: math.copysign(float(whole(x)), x) if math.isfinite(x) else x


def _nearest(number: float) -> int:
    """Return the nearest whole number; of two, the one further from zero."""
    whole = math.trunc(number)
    away = 1 if number > 0 else -1
    return whole + away if abs(number - whole) >= 0.5 else whole


def _sign(number: float) -> float:
    if math.isnan(number):
        return number
    return float((number > 0) - (number < 0))


def _root(number: float) -> float:
    return math.sqrt(number) if number >= 0 else math.nan


def _root_known(number: float) -> float:
    if number < 0:
        raise EvaluationError("a negative number has no square root")
    return _root(number)


# --- bits


def _signed(bits: int) -> int:
    """Return the int that 64 bits are in two's complement."""
    bits &= UINT_MAX
    return bits + 2 * INT_MIN if bits > UINT_MAX >> 1 else bits


def _offset(bits: int) -> int:
    if bits < 0:
        raise EvaluationError(f"{bits} is not a number of bits to shift by")
    return min(bits, 64)


ROWS: Final = [
    *_extremes(),
    row("math.ceil", "double -> double", _rounding(math.ceil)),
    row("math.floor", "double -> double", _rounding(math.floor)),
    row("math.round", "double -> double", _rounding(_nearest)),
    row("math.trunc", "double -> double", _rounding(math.trunc)),
    row("math.abs", "int -> int", lambda a: checked_int(abs(a))),
    row("math.abs", "uint -> uint", lambda a: a),
    row("math.abs", "double -> double", abs, "abs({0})"),
    row("math.sign", "int -> int", lambda a: (a > 0) - (a < 0)),
    row("math.sign", "uint -> uint", lambda a: UInt(a > 0)),
    row("math.sign", "double -> double", _sign),
    *(row("math.sqrt", f"{kind} -> double", _root) for kind in _NUMBERS),
    row("math.isNaN", "double -> bool", math.isnan),
    row("math.isInf", "double -> bool", math.isinf),
    row("math.isFinite", "double -> bool", math.isfinite),
    row("math.bitAnd", "int, int -> int", lambda a, b: a & b, "{0} & {1}"),
    row("math.bitAnd", "uint, uint -> uint", lambda a, b: UInt(int(a) & int(b))),
    row("math.bitOr", "int, int -> int", lambda a, b: a | b, "{0} | {1}"),
    row("math.bitOr", "uint, uint -> uint", lambda a, b: UInt(int(a) | int(b))),
    row("math.bitXor", "int, int -> int", lambda a, b: a ^ b, "{0} ^ {1}"),
    row("math.bitXor", "uint, uint -> uint", lambda a, b: UInt(int(a) ^ int(b))),
    row("math.bitNot", "int -> int", lambda a: ~a, "~{0}"),
    row("math.bitNot", "uint -> uint", lambda a: UInt(UINT_MAX - int(a))),
    row("math.bitShiftLeft", "int, int -> int", lambda a, by: _signed(a << _offset(by))),
    row(
        "math.bitShiftLeft",
        "uint, int -> uint",
        lambda a, by: UInt((int(a) << _offset(by)) & UINT_MAX),
    ),
    # bits are shifted out to the right as if the int had no sign
    row(
        "math.bitShiftRight",
        "int, int -> int",
        lambda a, by: _signed((a & UINT_MAX) >> _offset(by)),
    ),
    row("math.bitShiftRight", "uint, int -> uint", lambda a, by: UInt(int(a) >> _offset(by))),
]

#: In rule books, a negative number has no square root.
ROOT_KNOWN: Final = tuple(
    row("math.sqrt", f"{kind} -> double", _root_known) for kind in ("int", "double")
)
