"""Straight-line Python for a workload, as somebody writes it who has only this to do.

One function with an `if` for every action, its tests in the order in which they stand, and behind
it the score. It is what an engine is measured by: a team that outgrows spreadsheets writes this.
`in_locals` reads the fields once into local names, as a patient person would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.workload import Atom, Rule

__all__ = ["Best", "best_by_hand"]

#: The id of the best eligible action for a customer's fields.
Best = Callable[[Mapping[str, Any]], str | None]


def best_by_hand(rules: Sequence[Rule], *, in_locals: bool = False) -> Best:
    """Return the function that somebody would write for these actions."""
    source = "\n".join(_lines(rules, in_locals=in_locals))
    names: dict[str, Any] = {}
    exec(compile(source, "by hand", "exec"), names)  # noqa: S102 - it is written here
    best: Best = names["best"]
    return best


def _lines(rules: Sequence[Rule], *, in_locals: bool) -> Iterator[str]:
    yield "def best(c):"
    if in_locals:
        used = {atom.field for rule in rules for atom in rule.atoms}
        for field in sorted(used | {field for rule in rules for field, _ in rule.terms}):
            yield f"    {field} = c[{field!r}]"
    yield "    best, highest = None, float('-inf')"
    read = "{}" if in_locals else "c['{}']"
    for rule in rules:
        yield f"    if {' and '.join(_test(atom, read) for atom in rule.atoms)}:"
        terms = "".join(f" + {weight!r} * {read.format(field)}" for field, weight in rule.terms)
        yield f"        score = {rule.base!r}{terms}"
        yield "        if score > highest:"
        yield f"            best, highest = {rule.id!r}, score"
    yield "    return best"


def _test(atom: Atom, read: str) -> str:
    field, value = read.format(atom.field), atom.value
    match atom.operator:
        case "flag":
            return field if value else f"not {field}"
        case "eq":
            return f"{field} == {value!r}"
        case "in":
            return f"{field} in {set(value)!r}"
        case "not_in":
            return f"{field} not in {set(value)!r}"
        case "between":
            return f"{value[0]!r} <= {field} <= {value[1]!r}"
        case _:
            signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
            return f"{field} {signs[atom.operator]} {value!r}"
