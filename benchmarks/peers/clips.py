"""clipspy (CLIPS, a Rete engine): a rule for every action over one fact for the customer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.peers import Eligible
from benchmarks.peers.expressions import SIGNS
from benchmarks.workload import Atom, Rule
from clips import Environment, Symbol

NAME = "clipspy"
DISTRIBUTION = "clipspy"
LARGEST = 10_000


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by a rule each, which says so to a function of ours."""
    fields = sorted({atom.field for rule in rules for atom in rule.atoms})
    environment = Environment()
    found: list[int] = []
    environment.define_function(found.append, name="found")
    slots = " ".join(f"(slot {field})" for field in fields)
    environment.build(f"(deftemplate customer {slots})")
    for place, rule in enumerate(rules):
        tests = " ".join(map(_slot, rule.atoms))
        environment.build(f"(defrule r{place} (customer {tests}) => (found {place}))")
    template = environment.find_template("customer")
    symbols = Symbol("TRUE"), Symbol("FALSE")

    def eligible(context: Mapping[str, Any]) -> list[int]:
        found.clear()
        given = {
            field: symbols[0] if value is True else symbols[1] if value is False else value
            for field in fields
            for value in (context[field],)
        }
        fact = template.assert_fact(**given)
        environment.run()
        fact.retract()
        return sorted(found)

    return eligible


def _slot(atom: Atom) -> str:
    field, value = atom.field, atom.value
    match atom.operator:
        case "flag":
            test = "TRUE" if value else "FALSE"
        case "eq":
            test = json.dumps(value)
        case "in":
            test = "|".join(map(json.dumps, value))
        case "not_in":
            test = "&".join(f"~{json.dumps(one)}" for one in value)
        case "between":
            test = f"?x{field}&:(<= {value[0]!r} ?x{field} {value[1]!r})"
        case _:
            test = f"?x{field}&:({SIGNS[atom.operator]} ?x{field} {value!r})"
    return f"({field} {test})"
