"""datalogic-py: one JsonLogic rule, a list with the condition of every action, in a session."""

from __future__ import annotations

from collections.abc import Sequence

import datalogic_py
from benchmarks.peers import Eligible
from benchmarks.peers.logic import condition
from benchmarks.workload import Rule

NAME = "datalogic-py, one rule"
DISTRIBUTION = "datalogic-py"
LARGEST = 10_000


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by one rule."""
    engine = datalogic_py.Engine()
    rule, session = engine.compile([condition(rule) for rule in rules]), engine.session()
    evaluate = session.evaluate
    return lambda context: [place for place, holds in enumerate(evaluate(rule, context)) if holds]
