"""zen-engine: a decision table with a row for every action, of which all that hit are collected."""

from __future__ import annotations

import json
from collections.abc import Sequence

import zen
from benchmarks.peers import Eligible
from benchmarks.peers.expressions import SIGNS
from benchmarks.workload import Atom, Rule

NAME = "zen-engine, decision table"
DISTRIBUTION = "zen-engine"
LARGEST = 10_000


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by a decision table."""
    fields = sorted({atom.field for rule in rules for atom in rule.atoms})
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": field, "name": field, "field": field} for field in fields],
        "outputs": [{"id": "place", "name": "place", "field": "place"}],
        "rules": [
            {"_id": rule.id, "place": str(place)} | {atom.field: _cell(atom) for atom in rule.atoms}
            for place, rule in enumerate(rules)
        ],
    }
    graph = {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in"},
            {"id": "table", "type": "decisionTableNode", "name": "table", "content": table},
            {"id": "out", "type": "outputNode", "name": "out"},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }
    content = zen.ZenDecisionContent(json.dumps(graph))
    evaluate = zen.ZenEngine({"loader": lambda _: content}).evaluate
    return lambda context: [row["place"] for row in evaluate("actions", context)["result"]]


def _cell(atom: Atom) -> str:
    value = atom.value
    match atom.operator:
        case "flag":
            return "true" if value else "false"
        case "eq":
            return json.dumps(value)
        case "in":
            return ", ".join(map(json.dumps, value))
        case "not_in":
            return f"$ not in [{', '.join(map(json.dumps, value))}]"
        case "between":
            return f"[{value[0]!r}..{value[1]!r}]"
        case _:
            return f"{SIGNS[atom.operator]} {value!r}"
