"""common-expression-language (CEL in Rust): a program for every action, one context for all."""

from __future__ import annotations

from collections.abc import Sequence

import cel
from benchmarks.peers import Eligible
from benchmarks.peers.expressions import CEL
from benchmarks.workload import Rule

NAME = "common-expression-language, a program each"
DISTRIBUTION = "common-expression-language"
LARGEST = 10_000


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by a program each."""
    programs = [cel.compile(CEL.rule(rule)).execute for rule in rules]

    def eligible(context: object) -> list[int]:
        given = cel.Context(variables=context)
        return [place for place, execute in enumerate(programs) if execute(given)]

    return eligible
