"""Conditions as JsonLogic, which several engines read."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.expressions import SIGNS
from benchmarks.workload import Atom, Rule

__all__ = ["condition"]


def condition(rule: Rule) -> dict[str, Any]:
    """Return the condition of an action as JsonLogic."""
    return {"and": [_test(atom) for atom in rule.atoms]}


def _test(atom: Atom) -> dict[str, Any]:
    field, value = {"var": atom.field}, atom.value
    match atom.operator:
        case "flag" | "eq":
            return {"===": [field, value]}
        case "in":
            return {"in": [field, list(value)]}
        case "not_in":
            return {"!": [{"in": [field, list(value)]}]}
        case "between":
            return {"<=": [value[0], field, value[1]]}
        case _:
            return {SIGNS[atom.operator]: [field, value]}
