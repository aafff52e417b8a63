"""rule-engine: a rule for every action."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers import Eligible
from benchmarks.peers.expressions import RULE_ENGINE
from benchmarks.workload import Rule
from rule_engine import Rule as Condition

NAME = "rule-engine"
DISTRIBUTION = "rule-engine"
LARGEST = 10_000


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by a rule each."""
    matches = [Condition(RULE_ENGINE.rule(rule)).matches for rule in rules]
    return lambda context: [place for place, one in enumerate(matches) if one(context)]
