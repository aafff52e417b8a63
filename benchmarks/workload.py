"""A neutral workload: actions with conditions over 60 fields, and the customers they meet.

It knows no engine. An action has 3 to 5 atoms that must all hold, and a score: a base and three
numeric fields with weights. The best is the eligible action with the highest score; of equals,
the one that stands first. A seed gives the same workload for ever, and fewer actions are the first
of more.

Twenty fields are categorical (5 to 50 values, few of them frequent), 25 are numbers and 15 are
booleans. All are present. How many actions are eligible follows from the density: about 2 of 100
where it is sparse, about 30 where it is dense.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Literal, NamedTuple

__all__ = [
    "DENSITIES",
    "Atom",
    "Field",
    "Rule",
    "Workload",
    "best_of",
    "eligible",
    "holds",
    "workload",
]

Operator = Literal["eq", "in", "not_in", "ge", "gt", "le", "lt", "between", "flag"]
Context = Mapping[str, Any]

#: The share of customers that the atoms of an action aim to let through, by the name of a density.
#: Fields have few values, so that somewhat more or less come through: 2 % and 30 % of the actions.
DENSITIES: Final = {"sparse": 0.019, "dense": 0.35}


class Atom(NamedTuple):
    """One test of one field; *value* is a value, a tuple of values, two bounds, or a boolean."""

    field: str
    operator: Operator
    value: Any


class Rule(NamedTuple):
    """An action: what must hold, and its score: *base* plus each term's field by its weight."""

    id: str
    atoms: tuple[Atom, ...]
    base: float
    terms: tuple[tuple[str, float], ...]


class Field(NamedTuple):
    """A field: *values* with the shares of customers that have them; numbers have a *scale*."""

    name: str
    kind: Literal["categorical", "number", "boolean"]
    values: tuple[Any, ...] = ()
    shares: tuple[float, ...] = ()
    scale: float = 0.0


@dataclass(frozen=True)
class Workload:
    """Actions, and the customers that they are decided for."""

    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    contexts: tuple[Context, ...]


def workload(actions: int, density: str, *, contexts: int = 200, seed: int = 7) -> Workload:
    """Return the workload of a number of actions, by the name of its density."""
    fields = tuple(_fields(Random(f"{seed} fields")))
    rules = itertools.islice(_rules(Random(f"{seed} {density}"), fields, density), actions)
    people = Random(f"{seed} contexts")
    return Workload(fields, tuple(rules), tuple(_context(people, fields) for _ in range(contexts)))


# --- what it means, for whoever verifies an engine


def holds(atom: Atom, context: Context) -> bool:
    """Return whether an atom holds."""
    value = context[atom.field]
    match atom.operator:
        case "eq" | "flag":
            return bool(value == atom.value)
        case "in":
            return value in atom.value
        case "not_in":
            return value not in atom.value
        case "ge":
            return bool(value >= atom.value)
        case "gt":
            return bool(value > atom.value)
        case "le":
            return bool(value <= atom.value)
        case "lt":
            return bool(value < atom.value)
        case "between":
            low, high = atom.value
            return bool(low <= value <= high)


def eligible(rules: Sequence[Rule], context: Context) -> list[int]:
    """Return the places of the actions whose atoms all hold."""
    return [
        place
        for place, rule in enumerate(rules)
        if all(holds(atom, context) for atom in rule.atoms)
    ]


def best_of(rules: Sequence[Rule], context: Context) -> str | None:
    """Return the id of the best eligible action."""
    best, highest = None, float("-inf")
    for place in eligible(rules, context):
        rule = rules[place]
        score = rule.base + sum(weight * context[field] for field, weight in rule.terms)
        if score > highest:
            best, highest = rule.id, score
    return best


# --- how it is made


def _fields(random: Random) -> Iterator[Field]:
    for place in range(20):
        size = random.choice((5, 8, 12, 20, 35, 50))
        weights = [1 / (rank + 1) for rank in range(size)]  # after Zipf
        total = sum(weights)
        values = tuple(f"c{place}_{number}" for number in range(size))
        yield Field(
            f"cat_{place}", "categorical", values, tuple(weight / total for weight in weights)
        )
    for place in range(25):
        yield Field(f"num_{place}", "number", scale=random.choice((1.0, 10.0, 100.0, 5000.0)))
    for place in range(15):
        share = random.uniform(0.2, 0.8)
        yield Field(f"bool_{place}", "boolean", (True, False), (share, 1 - share))


def _context(random: Random, fields: Sequence[Field]) -> Context:
    return {
        field.name: round(random.random() * field.scale, 4)
        if field.kind == "number"
        else random.choices(field.values, field.shares)[0]
        for field in fields
    }


def _rules(random: Random, fields: Sequence[Field], density: str) -> Iterator[Rule]:
    numbers = [field for field in fields if field.kind == "number"]
    for place in itertools.count():
        size = random.choice((3, 4, 4, 5))
        share = DENSITIES[density] ** (1 / size)  # of customers, that each atom lets through
        chosen = random.sample(fields, size)
        atoms = tuple(_atom(random, field, share) for field in chosen)
        terms = tuple(
            (field.name, round(random.uniform(0.1, 2.0) / field.scale, 6))
            for field in random.sample(numbers, 3)
        )
        yield Rule(f"a{place:05}", atoms, round(random.uniform(1.0, 20.0), 3), terms)


def _atom(random: Random, field: Field, share: float) -> Atom:
    share = min(0.97, max(0.03, random.gauss(share, 0.08)))
    if field.kind == "boolean":
        return Atom(
            field.name, "flag", field.shares[0] >= 0.5 if share > 0.5 else field.shares[0] < 0.5
        )
    if field.kind == "number":
        return _bounds(random, field, share)
    order = list(range(len(field.values)))
    random.shuffle(order)
    sums = list(itertools.accumulate(field.shares[place] for place in order))
    nearest = min(range(len(order)), key=lambda place: abs(sums[place] - share))
    few = order[: nearest + 1]
    values = tuple(field.values[place] for place in sorted(few))
    others = tuple(value for value in field.values if value not in values)
    if len(values) == 1:
        return Atom(field.name, "eq", values[0])
    if others and len(others) < len(values):
        return Atom(field.name, "not_in", others)
    return Atom(field.name, "in", values)


def _bounds(random: Random, field: Field, share: float) -> Atom:
    def at(part: float) -> float:
        return round(part * field.scale, 3)

    operators: tuple[Operator, ...] = "ge", "gt", "le", "lt", "between"
    operator = random.choice(operators)
    if operator == "between":
        low = random.uniform(0, 1 - share)
        return Atom(field.name, "between", (at(low), at(low + share)))
    if operator in ("ge", "gt"):
        return Atom(field.name, operator, at(1 - share))
    return Atom(field.name, operator, at(share))
