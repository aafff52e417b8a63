"""What would change it: the fewest field changes that would let an action through.

The conditions that a treatment requires are brought to normal form and multiplied out. Each way
through is a list of tests; per field a value is looked for that passes all of its tests, and is
kept as it is where it does already. What is found is verified by the reference. There are three
answers: found; none, which is proved; not decided, naming the condition that is too hard.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any, Final, Literal

from nba.lang import reference
from nba.lang.context import FieldSpec
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Opaque, Test
from nba.lang.types import EnumType
from nba.lang.values import (
    INT_MAX,
    INT_MIN,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Duration,
    Timestamp,
)
from nba.lang.words import name_in_words, value_in_words

__all__ = ["Change", "smallest_change"]

MAX_CHANGES: Final = 3
MAX_WAYS: Final = 256
_DAY: Final = 86_400 * 10**9
_STEPS: Final = (0, _DAY, -_DAY, 1, -1)
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Change:
    """Whether a change of fields would let an action through, and which.

    *changes* maps field paths to new values; None means that the field becomes absent. *channel*
    is that of the treatment which gets through, where it is another one than was asked about.
    *note* says it in words: the changes, why there are none, or what was not decided.
    """

    status: Literal["found", "none", "undecided"]
    changes: Mapping[str, object] = field(default_factory=dict)
    note: str = ""
    channel: str | None = None

    def __str__(self) -> str:
        return self.note


def smallest_change(
    required: Normal,
    fields: Mapping[str, object],
    specs: Mapping[str, FieldSpec],
    passes: Callable[[Mapping[str, object]], bool],
    titles: Mapping[str, str],
) -> Change:
    """Return the smallest change of up to three fields under which *required* holds.

    *fields* are the known values by path, *specs* the fields that may change; *passes* verifies
    a change by the reference; *titles* name fields.
    """
    ways = list(_ways(required))
    if len(ways) > MAX_WAYS:
        return Change("undecided", note="not decided: its conditions combine in too many ways")
    hard: list[str] = []
    too_many = False
    found: list[dict[str, object]] = []
    for way in ways:
        changes = _solve(way, fields, specs, hard)
        if changes is None:
            continue
        if len(changes) > MAX_CHANGES:
            too_many = True
        else:
            found.append(changes)
    for changes in sorted(found, key=lambda each: (len(each), sorted(each))):
        if passes(changes):
            steps = [
                f"{name_in_words(p, titles)} were {value_in_words(v)}" for p, v in changes.items()
            ]
            return Change("found", changes, f"it would pass if {' and '.join(steps)}")
        hard.append("what it is worth, or a condition that reads several fields")
    if hard:
        return Change("undecided", note=f"not decided: {hard[0]}")
    if too_many:
        return Change("none", note=f"no change of up to {MAX_CHANGES} fields lets it through")
    return Change("none", note="no change of fields lets it through")


def _ways(form: Normal) -> Iterator[tuple[Test | Opaque | Constant, ...]]:
    """Yield the ways in which a form can hold, each a list of tests; at most one over the limit."""
    match form:
        case AnyOf():
            count = 0
            for part in form.parts:
                for way in _ways(part):
                    yield way
                    count += 1
                    if count > MAX_WAYS:
                        return
        case AllOf():
            sides = [list(_ways(part)) for part in form.parts]
            for count, combination in enumerate(product(*sides)):
                if count > MAX_WAYS:
                    return
                yield tuple(test for way in combination for test in way)
        case _:
            yield (form,)


def _solve(
    way: Iterable[Test | Opaque | Constant],
    fields: Mapping[str, object],
    specs: Mapping[str, FieldSpec],
    hard: list[str],
) -> dict[str, object] | None:
    """Return the changes that one way needs; None where it cannot be, or is too *hard* to tell."""
    tests: dict[str, list[Test]] = {}
    opaque: list[str] = []
    for part in way:
        if isinstance(part, Constant):
            if not part.holds:
                return None
        elif isinstance(part, Opaque):
            verdict = reference.judge(part.node, fields, BOOK_FUNCTIONS)
            if verdict is not part.positive:
                opaque.append(f"`{part.text}`")
        elif part.path in specs:
            tests.setdefault(part.path, []).append(part)
        elif not _holds(part, fields.get(part.path, _MISSING)):
            if part.path == "now":
                return None
            opaque.append(f"`{part.path}`")
    changes: dict[str, object] = {}
    for path, wanted in tests.items():
        if all(_holds(test, fields.get(path, _MISSING)) for test in wanted):
            continue
        value = _value_for(wanted, fields.get(path, _MISSING), specs[path])
        if value is _MISSING:
            return None
        changes[path] = value
    hard += opaque
    return None if opaque else changes


def _holds(test: Test, value: object) -> bool:
    """Return whether a field with this value passes a test."""
    if test.operator in ("has", "not has"):
        return (value is _MISSING) is (test.operator == "not has")
    if value is _MISSING:
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


def _value_for(tests: list[Test], old: object, spec: FieldSpec) -> object:
    """Return a value that passes all tests, near to the old one; `_MISSING` where there is none."""
    if any(test.operator == "not has" for test in tests):
        alone = all(test.operator == "not has" for test in tests)
        return None if alone and spec.default is None else _MISSING
    fitting = [
        value
        for value in _choices(tests, spec)
        if _allowed(value, spec) and all(_holds(test, value) for test in tests)
    ]
    if not fitting:
        return _MISSING
    if isinstance(old, int | float) and not isinstance(old, bool):
        return min(fitting, key=lambda value: (_roughness(value), abs(value - old)))
    return min(fitting, key=_roughness) if isinstance(fitting[0], float) else fitting[0]


def _roughness(value: Any) -> int:
    """Return 0 for a number that people would write, 1 for one next to a bound."""
    return int(isinstance(value, float) and not (value * 100).is_integer())


def _allowed(value: Any, spec: FieldSpec) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return True
    low = -math.inf if spec.minimum is None else spec.minimum
    high = math.inf if spec.maximum is None else spec.maximum
    return low <= value <= high


def _choices(tests: list[Test], spec: FieldSpec) -> list[Any]:
    """Return values among which one passes the tests if any value at all does."""
    constants: list[Any] = []
    for test in tests:
        if test.operator in ("in", "not in"):
            constants += test.value  # type: ignore[arg-type]
        elif test.operator != "has":
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
