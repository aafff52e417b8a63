"""cedarpy: a policy for every action, with the reasons of the answer read as what is eligible.

Cedar has no fractions: numbers are counted in ten-thousandths.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import cedarpy
from benchmarks.peers import Eligible
from benchmarks.peers.expressions import SIGNS
from benchmarks.workload import Atom, Rule

NAME = "cedarpy"
DISTRIBUTION = "cedarpy"
LARGEST = 10_000
_PARTS: Final = 10_000


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by a policy each."""
    policies = cedarpy.PolicySet.from_str(
        "\n".join(
            f'@id("{place}") permit(principal, action, resource) when {{ '
            + " && ".join(map(_test, rule.atoms))
            + " };"
            for place, rule in enumerate(rules)
        )
    )
    entities = cedarpy.Entities.from_json_str("[]")
    request: dict[str, Any] = {
        "principal": 'User::"customer"',
        "action": 'Action::"decide"',
        "resource": 'Thing::"company"',
    }

    def eligible(context: Mapping[str, Any]) -> list[int]:
        given = {name: _number(value) for name, value in context.items()}
        answer = cedarpy.is_authorized(request | {"context": given}, policies, entities)
        return sorted(int(reason.removeprefix("policy")) for reason in answer.diagnostics.reasons)

    return eligible


def _number(value: Any) -> Any:
    return round(value * _PARTS) if isinstance(value, float) else value


def _test(atom: Atom) -> str:
    field, value = f"context.{atom.field}", atom.value
    match atom.operator:
        case "flag":
            return f"{field} == {'true' if value else 'false'}"
        case "eq":
            return f"{field} == {json.dumps(value)}"
        case "in":
            return f"[{', '.join(map(json.dumps, value))}].contains({field})"
        case "not_in":
            return f"!([{', '.join(map(json.dumps, value))}].contains({field}))"
        case "between":
            return f"{field} >= {_number(value[0])} && {field} <= {_number(value[1])}"
        case _:
            return f"{field} {SIGNS[atom.operator]} {_number(value)}"
