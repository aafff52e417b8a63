"""business-rules (Venmo): a rule for every action, over variables of a customer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.peers import Eligible
from benchmarks.workload import Atom, Rule
from business_rules.engine import check_conditions_recursively
from business_rules.variables import (
    BaseVariables,
    boolean_rule_variable,
    numeric_rule_variable,
    string_rule_variable,
)

NAME = "business-rules"
DISTRIBUTION = "business-rules"
LARGEST = 10_000
_SORTS = {
    "cat": string_rule_variable,
    "num": numeric_rule_variable,
    "bool": boolean_rule_variable,
}


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by a rule each."""
    fields = sorted({atom.field for rule in rules for atom in rule.atoms})
    sorts = {field: _SORTS[field.partition("_")[0]] for field in fields}
    variables = type(
        "Customer",
        (BaseVariables,),
        {field: sort()(_reader(field)) for field, sort in sorts.items()},
    )
    conditions = [{"all": [_test(atom) for atom in rule.atoms]} for rule in rules]

    def eligible(context: Mapping[str, Any]) -> list[int]:
        customer = variables()
        customer.context = context
        return [
            place
            for place, one in enumerate(conditions)
            if check_conditions_recursively(one, customer)
        ]

    return eligible


def _reader(field: str) -> Callable[[Any], Any]:
    def read(self: Any) -> Any:
        return self.context[field]

    read.__name__ = field
    return read


def _test(atom: Atom) -> dict[str, Any]:
    field, value = atom.field, atom.value
    match atom.operator:
        case "flag":
            return {"name": field, "operator": "is_true" if value else "is_false", "value": ""}
        case "eq":
            return {"name": field, "operator": "equal_to", "value": value}
        case "in" | "not_in":  # it has neither; a pattern is faster than any of several equals
            names = "|".join(map(re.escape, value))
            pattern = f"^(?:{names})$" if atom.operator == "in" else f"^(?!(?:{names})$)"
            return {"name": field, "operator": "matches_regex", "value": pattern}
        case "between":
            low, high = value
            least = {"name": field, "operator": "greater_than_or_equal_to", "value": low}
            most = {"name": field, "operator": "less_than_or_equal_to", "value": high}
            return {"all": [least, most]}
        case _:
            operators = {
                "ge": "greater_than_or_equal_to",
                "gt": "greater_than",
                "le": "less_than_or_equal_to",
                "lt": "less_than",
            }
            return {"name": field, "operator": operators[atom.operator], "value": value}
