"""Which values of one field pass tests: what a change, and a proof that there is none, look for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

from nba.lang.context import FieldSpec
from nba.lang.normal import Test
from nba.lang.types import EnumType
from nba.lang.values import (
    INT_MAX,
    INT_MIN,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Duration,
    Timestamp,
)

__all__ = ["MISSING", "choices", "fitting", "holds"]

#: What stands for a field that is not known.
MISSING: Final = object()
_DAY: Final = 86_400 * 10**9
_STEPS: Final = (0, _DAY, -_DAY, 1, -1)


def holds(test: Test, value: object) -> bool:
    """Return whether a field with this value, or `MISSING`, passes a test."""
    if test.operator in ("has", "not has"):
        return (value is MISSING) is (test.operator == "not has")
    if value is MISSING:
        return False
    given: Any = value
    wanted: Any = test.value
    match test.operator:
        case "==":
            return bool(given == wanted)
        case "!=":
            return bool(given != wanted)
        case "in":
            return given in wanted
        case "not in":
            return given not in wanted
        case "<":
            return bool(given < wanted)
        case "<=":
            return bool(given <= wanted)
        case ">":
            return bool(given > wanted)
    return bool(given >= wanted)


def fitting(tests: Sequence[Test], spec: FieldSpec) -> list[Any]:
    """Return known values that pass all *tests*: some, if there is any at all."""
    return [value for value in choices(tests, spec) if all(holds(test, value) for test in tests)]


def choices(tests: Iterable[Test], spec: FieldSpec) -> list[Any]:
    """Return values that the field may have, one of which passes *tests* if any does at all."""
    return [value for value in _choices(tests, spec) if _allowed(value, spec)]


def _allowed(value: Any, spec: FieldSpec) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return True
    low = -math.inf if spec.minimum is None else spec.minimum
    high = math.inf if spec.maximum is None else spec.maximum
    return low <= value <= high


def _choices(tests: Iterable[Test], spec: FieldSpec) -> list[Any]:
    constants: list[Any] = []
    for test in tests:
        if test.operator in ("in", "not in"):
            constants += test.value  # type: ignore[arg-type]
        elif test.operator not in ("has", "not has"):
            constants.append(test.value)
    kind = spec.type
    if kind.name == "bool":
        return [True, False]
    if isinstance(kind, EnumType):
        return list(kind.values)
    if kind.name == "string":
        # the least string above another is that string and a NUL; so one of these fits if any does
        above = [c + end for c in constants for end in ("a", *("\0" * n for n in range(1, 4)))]
        others = [f"something else{' again' * times}" for times in range(len(constants) + 1)]
        return [*constants, *others, "", *above]
    ends = [end for end in (spec.minimum, spec.maximum) if end is not None]
    ends = [end for end in ends if math.isfinite(end)]
    match kind.name:
        case "int":
            whole = [int(number) for number in [*constants, *ends]] or [0]
            found = {number + step for number in whole for step in range(-2, 3)}
            return sorted(number for number in found if INT_MIN <= number <= INT_MAX)
        case "double":
            return _doubles([c for c in map(float, [*constants, *ends]) if math.isfinite(c)])
        case "timestamp":
            steps = {int(c) + step for c in constants or (0,) for step in _STEPS}
            return [Timestamp(n) for n in sorted(steps) if TIMESTAMP_MIN <= n <= TIMESTAMP_MAX]
        case "duration":
            steps = {int(c) + step for c in constants or (0,) for step in _STEPS}
            return [Duration(n) for n in sorted(steps) if INT_MIN <= n <= INT_MAX]
        case "list":
            return [[]]
    return [{}]


def _doubles(constants: list[float]) -> list[float]:
    """Return every constant, what lies next to it, round numbers, and one between any two."""
    found = {0.0, 1.0}
    ordered = sorted(constants)
    for constant in ordered:
        found |= {
            constant,
            constant + 1,
            constant - 1,
            round(constant) + 1.0,
            round(constant) - 1.0,
        }
        found |= {math.nextafter(constant, math.inf), math.nextafter(constant, -math.inf)}
    found |= {(low + high) / 2 for low, high in pairwise(ordered)}
    return sorted(value for value in found if math.isfinite(value))
