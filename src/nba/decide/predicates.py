"""Which tests of single fields a condition needs: what an index can be asked for it.

A predicate is a normal form (`nba.lang.normal`) that reads one field. A condition needs some
predicates, each of another field: it holds only where all of them do. It may need *clauses* too:
some predicates of different fields, of which one must hold. Where that is all that it says, they
are *exact*; else they are necessary, and the rest has to be asked.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Test
from nba.lang.values import Duration, Timestamp

__all__ = [
    "ORDERED",
    "Clause",
    "Needs",
    "constants_of",
    "edges_of",
    "holds_for",
    "is_indexable",
    "needs_of",
]

#: Types whose values have an order and the next greater value.
ORDERED: Final = frozenset({"int", "double", "timestamp", "duration"})
#: By the type of a field: the class of the constants that it can be looked up by.
_CLASSES: Final[dict[str, type]] = {
    "bool": bool,
    "string": str,
    "int": int,
    "double": float,
    "timestamp": Timestamp,
    "duration": Duration,
}
_PRESENCE: Final = ("has", "not has")


#: Predicates by the path of their field, one of which holds.
Clause = Mapping[str, Normal]


class Needs(NamedTuple):
    """Predicates by the path of their field, and clauses; whether that is all a condition says."""

    predicates: dict[str, Normal]
    clauses: tuple[Clause, ...]
    exact: bool


#: A condition that is taken apart into more clauses is asked instead.
_MOST_CLAUSES: Final = 8


def needs_of(form: Normal) -> Needs:
    """Return what a condition needs."""
    match form:
        case Constant(holds=True):
            return Needs({}, (), exact=True)
        case Test() if is_indexable(form):
            return Needs({form.path: form}, (), exact=True)
        case AllOf():
            return _all_of([needs_of(part) for part in form.parts])
        case AnyOf():
            return _any_of([needs_of(part) for part in form.parts])
    return Needs({}, (), exact=False)


def _all_of(parts: Sequence[Needs]) -> Needs:
    found: dict[str, Normal] = {}
    for part in parts:
        for path, one in part.predicates.items():
            found[path] = AllOf((found[path], one)) if path in found else one
    clauses = tuple(clause for part in parts for clause in part.clauses)
    return Needs(found, clauses, all(part.exact for part in parts))


def _any_of(parts: Sequence[Needs]) -> Needs:
    """Return what is needed where one part holds: of every choice of one need of each, one."""
    needs = [
        [{path: form} for path, form in part.predicates.items()] + list(part.clauses)
        for part in parts
    ]
    if math.prod(map(len, needs)) > _MOST_CLAUSES:
        common = [path for path in parts[0].predicates if all(path in p.predicates for p in parts)]
        return Needs(
            {path: AnyOf(tuple(part.predicates[path] for part in parts)) for path in common},
            (),
            exact=False,
        )
    predicates: dict[str, Normal] = {}
    clauses = []
    for choice in product(*needs):
        clause: dict[str, Normal] = {}
        for each in choice:
            for path, one in each.items():
                clause[path] = AnyOf((clause[path], one)) if path in clause else one
        if len(clause) > 1:
            clauses.append(clause)
            continue
        for path, one in clause.items():
            predicates[path] = AllOf((predicates[path], one)) if path in predicates else one
    return Needs(predicates, tuple(clauses), all(part.exact for part in parts))


def is_indexable(test: Test) -> bool:
    """Return whether constants are of the type of the field, so that Python finds them by value."""
    wanted = _CLASSES.get(test.type.name)
    if wanted is None:
        return False
    if test.operator in _PRESENCE:
        return True
    constants = constants_of(test)
    if wanted is bool or wanted is str:
        return test.operator in ("==", "!=", "in", "not in") and all(
            type(one) is wanted for one in constants
        )
    return all(type(one) is wanted and abs(one) < math.inf for one in constants)  # type: ignore[arg-type]


def constants_of(form: Normal) -> Iterator[object]:
    """Yield the constants that the tests of a form compare with."""
    if isinstance(form, Test):
        if form.operator in ("in", "not in"):
            yield from form.value  # type: ignore[misc]
        elif form.operator not in _PRESENCE:
            yield form.value
    elif isinstance(form, AllOf | AnyOf):
        for part in form.parts:
            yield from constants_of(part)


def edges_of(form: Normal) -> Iterator[float]:
    """Yield the values of an ordered field from which on a predicate may say something else."""
    if isinstance(form, AllOf | AnyOf):
        for part in form.parts:
            yield from edges_of(part)
    elif isinstance(form, Test):
        for constant in constants_of(form):
            value: float = constant  # type: ignore[assignment]
            if form.operator not in ("<=", ">"):
                yield value
            if form.operator not in ("<", ">="):
                yield _next(value)


def _next(value: float) -> float:
    return math.nextafter(value, math.inf) if isinstance(value, float) else int(value) + 1


def holds_for(form: Normal, value: object) -> bool:
    """Return whether a predicate holds for a value of its field; None is unknown."""
    match form:
        case AllOf():
            return all(holds_for(part, value) for part in form.parts)
        case AnyOf():
            return any(holds_for(part, value) for part in form.parts)
        case Test():
            return _test(form, value)
    raise TypeError(form)


def _test(test: Test, value: object) -> bool:
    if value is None or test.operator in _PRESENCE:
        return (value is None) is (test.operator == "not has")
    return bool(_OPERATORS[test.operator](value, test.value))


_OPERATORS: Final[dict[str, Callable[[Any, Any], object]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, constants: value in constants,
    "not in": lambda value, constants: value not in constants,
}
