"""zen-engine: one compiled expression, a list with the condition of every action."""

from __future__ import annotations

from collections.abc import Sequence

import zen
from benchmarks.peers import Eligible
from benchmarks.peers.expressions import ZEN
from benchmarks.workload import Rule

NAME = "zen-engine, one expression"
DISTRIBUTION = "zen-engine"
LARGEST = 10_000


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by one expression."""
    evaluate = zen.compile_expression(f"[{', '.join(map(ZEN.rule, rules))}]").evaluate
    return lambda context: [place for place, holds in enumerate(evaluate(context)) if holds]
