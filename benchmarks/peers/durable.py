"""durable-rules: a rule for every action over one fact for the customer, with what survives it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import durable.lang as language
from benchmarks.peers import Eligible
from benchmarks.workload import Atom, Rule
from durable.engine import MessageNotHandledException

NAME = "durable-rules"
DISTRIBUTION = "durable_rules"
LARGEST = 100  # of 200 it does not come back

_numbers = itertools.count()


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by a rule each, which says so to a list of ours."""
    name, found = f"actions{next(_numbers)}", list[int]()
    with language.ruleset(name):
        for place, rule in enumerate(rules):
            language.rule("all", True, _condition(rule))(_finder(found, place))

    def eligible(context: Mapping[str, Any]) -> list[int]:
        found.clear()
        try:
            language.assert_fact(name, dict(context))
        except MessageNotHandledException:
            return []
        language.retract_fact(name, dict(context))
        return sorted(found)

    return eligible


def _finder(found: list[int], place: int) -> Any:
    def find(_: Any) -> None:
        found.append(place)

    return find


def _condition(rule: Rule) -> Any:
    tests = map(_test, rule.atoms)
    whole = next(tests)
    for test in tests:
        whole = whole & test
    return whole


def _test(atom: Atom) -> Any:
    field, value = getattr(language.m, atom.field), atom.value
    match atom.operator:
        case "flag" | "eq":
            return field == value
        case "in":
            return _any(field == one for one in value)
        case "not_in":
            return _all(field != one for one in value)
        case "between":
            return (field >= value[0]) & (field <= value[1])
        case "ge":
            return field >= value
        case "gt":
            return field > value
        case "le":
            return field <= value
        case "lt":
            return field < value


def _any(tests: Any) -> Any:
    whole = next(tests)
    for test in tests:
        whole = whole | test
    return whole


def _all(tests: Any) -> Any:
    whole = next(tests)
    for test in tests:
        whole = whole & test
    return whole
