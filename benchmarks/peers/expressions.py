"""Conditions as text, for the engines whose languages are alike."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.workload import Atom, Rule

__all__ = ["CEL", "PYTHON", "RULE_ENGINE", "SIGNS", "ZEN", "Spelling"]

SIGNS: Final = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


@dataclass(frozen=True)
class Spelling:
    """How a language spells what the languages differ in."""

    both: str
    yes: str
    no: str
    not_in: str
    in_parentheses: bool = False
    """whether every test stands in parentheses"""

    def rule(self, rule: Rule) -> str:
        """Return the condition of an action."""
        form = "({})" if self.in_parentheses else "{}"
        return f" {self.both} ".join(form.format(self.atom(atom)) for atom in rule.atoms)

    def atom(self, atom: Atom) -> str:
        """Return one test."""
        field, value = atom.field, atom.value
        match atom.operator:
            case "flag":
                return f"{field} == {self.yes if value else self.no}"
            case "eq":
                return f"{field} == {json.dumps(value)}"
            case "in":
                return f"{field} in {_list(value)}"
            case "not_in":
                return self.not_in.format(field, _list(value))
            case "between":
                low, high = value
                return f"({field} >= {low!r} {self.both} {field} <= {high!r})"
            case _:
                return f"{field} {SIGNS[atom.operator]} {value!r}"


def _list(values: Iterable[Any]) -> str:
    return f"[{', '.join(map(json.dumps, values))}]"


CEL: Final = Spelling("&&", "true", "false", "!({} in {})")
PYTHON: Final = Spelling("and", "True", "False", "{} not in {}")
RULE_ENGINE: Final = Spelling("and", "true", "false", "not ({} in {})", in_parentheses=True)
ZEN: Final = Spelling("and", "true", "false", "{} not in {}")
