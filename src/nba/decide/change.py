"""What would change it: the fewest field changes that would let an action through.

The conditions that a treatment requires are brought to normal form and multiplied out. Each way
through is a list of tests; per field a value is looked for that passes all of its tests, and is
kept as it is where it does already. What is found is verified by the reference. There are three
answers: found; none, which is proved; not decided, naming the condition that is too hard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final, Literal

from nba.lang import reference
from nba.lang.context import FieldSpec
from nba.lang.fitting import MISSING, fitting, holds
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Opaque, Test
from nba.lang.words import name_in_words, value_in_words

__all__ = ["Change", "smallest_change"]

MAX_CHANGES: Final = 3
MAX_WAYS: Final = 256


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
        elif not holds(part, fields.get(part.path, MISSING)):
            if part.path == "now":
                return None
            opaque.append(f"`{part.path}`")
    changes: dict[str, object] = {}
    for path, wanted in tests.items():
        if all(holds(test, fields.get(path, MISSING)) for test in wanted):
            continue
        value = _value_for(wanted, fields.get(path, MISSING), specs[path])
        if value is MISSING:
            return None
        changes[path] = value
    hard += opaque
    return None if opaque else changes


def _value_for(tests: list[Test], old: object, spec: FieldSpec) -> object:
    """Return a value that passes all tests, near to the old one; `MISSING` where there is none."""
    if any(test.operator == "not has" for test in tests):
        alone = all(test.operator == "not has" for test in tests)
        return None if alone and spec.default is None else MISSING
    found = fitting(tests, spec)
    if not found:
        return MISSING
    if isinstance(old, int | float) and not isinstance(old, bool):
        return min(found, key=lambda value: (_roughness(value), abs(value - old)))
    return min(found, key=_roughness) if isinstance(found[0], float) else found[0]


def _roughness(value: Any) -> int:
    """Return 0 for a number that people would write, 1 for one next to a bound."""
    return int(isinstance(value, float) and not (value * 100).is_integer())
