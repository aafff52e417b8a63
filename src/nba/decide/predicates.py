"""Which tests of single fields a condition needs: what an index can be asked for it.

A predicate is a normal form (`nba.lang.normal`) that reads one field. A condition needs some
predicates, each of another field: it holds only where all of them do. It may need *clauses* too:
some predicates of different fields, of which one must hold. Where that is all that it says, they
are *exact*; else they are necessary, and the rest has to be asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import reduce
from itertools import product
from operator import and_
from typing import Any, Final, NamedTuple

from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Test
from nba.lang.values import Duration, Timestamp

__all__ = [
    "ORDERED",
    "Clause",
    "Exceptions",
    "Needs",
    "Turns",
    "constants_of",
    "exceptions_of",
    "holds_unknown",
    "is_indexable",
    "needs_of",
    "turns_of",
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
    clauses = tuple(clause for part in parts for clause in part.clauses)
    return Needs(
        _by_path(AllOf, [part.predicates for part in parts]),
        clauses,
        all(part.exact for part in parts),
    )


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
    clauses = [_by_path(AnyOf, choice) for choice in product(*needs)]
    return Needs(
        _by_path(AllOf, [clause for clause in clauses if len(clause) == 1]),
        tuple(clause for clause in clauses if len(clause) > 1),
        all(part.exact for part in parts),
    )


def _by_path(kind: type[AllOf | AnyOf], some: Sequence[Clause]) -> dict[str, Normal]:
    """Return by path what all, or any, of some predicates of the same field say."""
    own: dict[str, list[Normal]] = {}
    for predicates in some:
        for path, form in predicates.items():
            own.setdefault(path, []).append(form)
    return {path: one[0] if len(one) == 1 else kind(tuple(one)) for path, one in own.items()}


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


def holds_unknown(form: Normal) -> bool:
    """Return whether a predicate holds where its field is unknown."""
    match form:
        case AllOf():
            return all(map(holds_unknown, form.parts))
        case AnyOf():
            return any(map(holds_unknown, form.parts))
        case Test():
            return form.operator == "not has"
    raise TypeError(form)


# --- for which values a predicate holds, in time linear in its constants


class Exceptions(NamedTuple):
    """Whether a predicate *usually* holds, and the *values* for which it is the other way round."""

    usually: bool
    values: AbstractSet[object]


def exceptions_of(form: Normal) -> Exceptions:
    """Return for which values a predicate of a category or a flag holds."""
    match form:
        case AllOf():
            return _all_but([exceptions_of(part) for part in form.parts])
        case AnyOf():
            usually, values = _all_but([_reverse(exceptions_of(part)) for part in form.parts])
            return Exceptions(not usually, values)
        case Test():
            positive = form.operator in ("==", "in", "not has")
            return Exceptions(not positive, frozenset(constants_of(form)))
    raise TypeError(form)


def _reverse(one: Exceptions) -> Exceptions:
    return Exceptions(not one.usually, one.values)


def _all_but(parts: Sequence[Exceptions]) -> Exceptions:
    """Return where all parts hold."""
    refused = set().union(*(values for usually, values in parts if usually))
    named = sorted((values for usually, values in parts if not usually), key=len)
    if not named:
        return Exceptions(usually=True, values=refused)
    return Exceptions(usually=False, values=reduce(and_, named) - refused)


class Turns(NamedTuple):
    """Whether a predicate holds *at first*, and the *edges* from which on it is the other way."""

    at_first: bool
    edges: Sequence[float]


def turns_of(form: Normal) -> Turns:
    """Return from which values on a predicate of an ordered field says something else."""
    match form:
        case AllOf():
            return _joined([turns_of(part) for part in form.parts], len(form.parts))
        case AnyOf():
            return _joined([turns_of(part) for part in form.parts], 1)
        case Test(operator="has" | "not has"):
            return Turns(form.operator == "has", ())
        case Test():
            at_first = form.operator in ("<", "<=", "!=", "not in")
            stretches = [_turns(form.operator, value) for value in set(constants_of(form))]
            if len(stretches) == 1:
                return Turns(at_first, stretches[0])
            return Turns(at_first, _joined([Turns(False, each) for each in stretches], 1).edges)
    raise TypeError(form)


def _turns(operator: str, constant: Any) -> tuple[float, ...]:
    if operator in ("<", ">="):
        return (constant,)
    if operator in ("<=", ">"):
        return (_next(constant),)
    return constant, _next(constant)


def _joined(parts: Sequence[Turns], enough: int) -> Turns:
    """Return where *enough* parts hold."""
    steps: dict[float, int] = {}
    for at_first, edges in parts:
        step = -1 if at_first else 1
        for edge in edges:
            steps[edge] = steps.get(edge, 0) + step
            step = -step
    holding = sum(at_first for at_first, _ in parts)
    at_first = holds = holding >= enough
    found = []
    for edge in sorted(steps):
        holding += steps[edge]
        if (holding >= enough) is not holds:
            holds = not holds
            found.append(edge)
    return Turns(at_first, found)


def _next(value: float) -> float:
    return math.nextafter(value, math.inf) if isinstance(value, float) else int(value) + 1
