"""cel-expr-python (Google's CEL in C++): lists with the conditions, as long as it takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.peers import Eligible
from benchmarks.peers.expressions import CEL
from benchmarks.workload import Rule
from cel_expr_python import cel

NAME = "cel-expr-python, lists of conditions"
DISTRIBUTION = "cel-expr-python"
LARGEST = 10_000
LONGEST: Final = 90_000  # code points; it takes 100,000
_TYPES: Final = {"cat": cel.Type.STRING, "num": cel.Type.DOUBLE, "bool": cel.Type.BOOL}


def load(rules: Sequence[Rule]) -> Eligible:
    """Return what is eligible by a few expressions."""
    fields = sorted({atom.field for rule in rules for atom in rule.atoms})
    env = cel.NewEnv(variables={field: _TYPES[field.partition("_")[0]] for field in fields})
    programs = [env.compile(text) for text in _lists(rules)]

    def eligible(context: object) -> list[int]:
        activation = env.Activation(context)
        holds = [one for program in programs for one in program.eval(activation).plain_value()]
        return [place for place, one in enumerate(holds) if one]

    return eligible


def _lists(rules: Sequence[Rule]) -> Iterator[str]:
    part, length = list[str](), 0
    for text in map(CEL.rule, rules):
        if length + len(text) + 2 > LONGEST:
            yield f"[{', '.join(part)}]"
            part, length = [], 0
        part.append(text)
        length += len(text) + 2
    yield f"[{', '.join(part)}]"
