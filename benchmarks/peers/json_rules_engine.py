"""json-rules-engine, in Node.js: a rule for every action.

It is installed in the folder that `NBA_NODE_PEERS` names: `npm install json-rules-engine`. Its time
is measured there, so that what it costs to talk to it does not count.
"""

from __future__ import annotations

import json
import os
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.workload import Atom, Rule

NAME = "json-rules-engine (Node.js)"
DISTRIBUTION = "json-rules-engine"
LARGEST = 10_000
_PROGRAM = Path(__file__).with_suffix(".mjs")
_OPERATORS = {
    "flag": "equal",
    "eq": "equal",
    "in": "in",
    "not_in": "notIn",
    "ge": "greaterThanInclusive",
    "gt": "greaterThan",
    "le": "lessThanInclusive",
    "lt": "lessThan",
}


def folder() -> Path:
    """Return the folder it is installed in. Raises ImportError if it is not."""
    found = Path(os.environ.get("NBA_NODE_PEERS", "."))
    if not (found / "node_modules" / "json-rules-engine").is_dir():
        raise ImportError("json-rules-engine is not in the folder that NBA_NODE_PEERS names")
    return found


def version() -> str:
    """Return the version that is installed."""
    package = folder() / "node_modules" / "json-rules-engine" / "package.json"
    return str(json.loads(package.read_text(encoding="utf-8"))["version"])


class Elsewhere:
    """An engine in a process of its own; *took* is the seconds of its latest answer."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.took = 0.0
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            ["node", _PROGRAM],  # noqa: S607 - wherever it is installed
            cwd=folder(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        weakref.finalize(self, self._process.kill)
        self._ask([_rule(rule, place) for place, rule in enumerate(rules)])

    def __call__(self, context: Mapping[str, Any]) -> Sequence[int]:
        """Return what is eligible."""
        answer = self._ask(context)
        self.took = answer["took"] / 1e6
        return sorted(answer["places"])

    def _ask(self, given: Any) -> Any:
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:  # they are pipes
            raise TypeError
        into.write(json.dumps(given).encode() + b"\n")
        into.flush()
        return json.loads(out.readline())


load = Elsewhere


def _rule(rule: Rule, place: int) -> dict[str, Any]:
    tests = [test for atom in rule.atoms for test in _tests(atom)]
    return {"conditions": {"all": tests}, "event": {"type": "eligible", "params": {"place": place}}}


def _tests(atom: Atom) -> list[dict[str, Any]]:
    if atom.operator == "between":
        bounds = zip(("ge", "le"), atom.value, strict=True)
        return [_test(atom.field, operator, bound) for operator, bound in bounds]
    return [_test(atom.field, atom.operator, atom.value)]


def _test(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"fact": field, "operator": _OPERATORS[operator], "value": value}
