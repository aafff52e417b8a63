"""panzi-json-logic: a JsonLogic rule for every action."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers import Eligible
from benchmarks.peers.logic import condition
from benchmarks.workload import Rule
from json_logic import jsonLogic

NAME = "panzi-json-logic"
DISTRIBUTION = "panzi-json-logic"
LARGEST = 10_000


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by a rule each."""
    conditions = [condition(rule) for rule in rules]
    return lambda context: [
        place for place, one in enumerate(conditions) if jsonLogic(one, context)
    ]
