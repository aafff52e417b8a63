"""Which overload of a function is meant; and where there is none, what to write instead."""

from __future__ import annotations

import re
from typing import Final

from nba.errors import did_you_mean
from nba.lang import tree
from nba.lang.findings import Findings, a, readable
from nba.lang.functions import Functions, Overload
from nba.lang.types import DURATION, DYN, NUMBERS, TIMESTAMP, Type
from nba.lang.unify import Substitution

__all__ = ["ORDERING", "Overloads"]

ORDERING: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
_SPOKEN_DURATION: Final = re.compile(
    r"(\d+) ?(day|hour|minute|week|month|second|d|h|min|w|s)s?", re.IGNORECASE
)
#: What people say for a length of time, and what it is here.
_SPOKEN: Final = {
    "d": ("days", 1),
    "day": ("days", 1),
    "w": ("days", 7),
    "week": ("days", 7),
    "month": ("days", 30),
    "h": ("hours", 1),
    "hour": ("hours", 1),
    "min": ("minutes", 1),
    "minute": ("minutes", 1),
}
#: Functions of other languages, and what to write here.
_ELSEWHERE: Final = {
    "len": "size(x)",
    "length": "size(x)",
    "str": "string(x)",
    "toString": "string(x)",
    "float": "double(x)",
    "number": "double(x)",
    "date": "timestamp('2026-03-01T00:00:00Z')",
    "today": "now",
    "any": "list.exists(x, …)",
    "coalesce": "default(x, y)",
    "ifnull": "default(x, y)",
    "orValue": "default(x, y)",
    "isnull": "!has(x)",
    "isNull": "!has(x)",
    "age": "since(t)",
    "seconds": "duration('90s')",
    "weeks": "days(7)",
    "months": "days(30)",
}
_MACROS: Final = frozenset({"has", "default", "exists", "all", "exists_one", "map", "filter"})


class Overloads:
    """Finds the overload of each call of one expression."""

    def __init__(self, functions: Functions, types: Substitution, findings: Findings) -> None:
        self.functions = functions
        self.types = types
        self.findings = findings

    def find(self, node: tree.Call) -> None:
        """Give a call, whose arguments are checked, its type and where it is sure its overload."""
        if node.function not in self.functions:
            self._no_function(node)
            return
        given = [self.types.resolve(arg.type, params=True) for arg in node.args]
        fitting: list[tuple[Overload, Type]] = []
        for overload in self.functions[node.function]:
            if len(overload.params) != len(given):
                continue
            *params, result = self.types.instance((*overload.params, overload.result))
            if self.types.assign_all(given, tuple(params)):
                fitting.append((overload, result))
        if not fitting:
            self._no_overload(node, given)
            return
        results = {self.types.resolve(result, params=True) for _, result in fitting}
        node.type = fitting[0][1] if len(results) == 1 else DYN
        if DYN in given:  # it says nothing about a parameter, so nothing else may either
            node.type = self.types.resolve(node.type)
        if len(fitting) == 1 and all(map(_surely, given, fitting[0][0].params)):
            node.overload = fitting[0][0]

    # --- what was meant

    def _no_function(self, node: tree.Call) -> None:
        name = node.function.removeprefix(".")
        if name == "not":
            message = "`not` is not a function here"
            self.findings.report(node, "spelling", message, "write `!(…)`")
            return
        if f".{name}" in self.functions:
            help_ = f"write `x.{name}(…)`"
        elif name in self.functions:
            help_ = f"write `{name}(x)`"
        elif name in _ELSEWHERE:
            help_ = f"write `{_ELSEWHERE[name]}`"
        else:
            known = {f.removeprefix(".") for f in self.functions}
            help_ = did_you_mean(name, {f for f in known if f[0].isalpha()} | _MACROS)
        self.findings.mismatch(node, "unknown-function", f"there is no function `{name}`", help_)

    def _no_overload(self, node: tree.Call, given: list[Type]) -> None:
        name = {"[]": "index", "negate": "-"}.get(node.function, node.function).removeprefix(".")
        if len(given) == 2 and node.function in ORDERING | {"-", "+"}:
            if self._beside_time(node, given):
                return
            message = f"{a(given[0])} cannot be compared with {a(given[1])}"
            if node.function not in ORDERING:
                message = f"`{name}` does not take {a(given[0])} and {a(given[1])}"
            self.findings.mismatch(node, "wrong-type", message, _beside(node, given))
            return
        if node.function in ("since", "within") and len(given) > 1:
            given.pop()  # `now`, which nobody wrote
        rows = [row.params for row in self.functions[node.function]]
        if node.function in ("since", "within"):
            rows = [params[:-1] for params in rows]
        forms = sorted({", ".join(map(readable, params)) for params in rows})
        help_ = f"it takes ({') or ('.join(forms)})" if len(forms) <= 4 else ""
        kinds = ", ".join(map(readable, given))
        self.findings.mismatch(node, "wrong-type", f"`{name}` does not take ({kinds})", help_)

    def _beside_time(self, node: tree.Call, given: list[Type]) -> bool:
        """Explain text beside a time or a duration; return whether that was it."""
        for text, kind in ((0, 1), (1, 0)):
            other, literal = given[kind], node.args[text]
            if given[text].name != "string" or other not in (TIMESTAMP, DURATION):
                continue
            written = literal.value if isinstance(literal, tree.Literal) else None
            if isinstance(written, str) and (spoken := _SPOKEN_DURATION.fullmatch(written)):
                message = f"`'{written}'` is text, not a duration"
                self.findings.mismatch(literal, "spelling", message, _in_days(*spoken.groups()))
                return True
            example = "timestamp('2026-03-01T00:00:00Z')" if other == TIMESTAMP else "days(3)"
            if isinstance(written, str):
                message = f"`'{written}'` is text, not {a(other)}"
                self.findings.mismatch(literal, "wrong-type", message, f"write `{example}`")
            else:
                message = f"a string cannot be compared with {a(other)}"
                help_ = f"read it as one: `{readable(other)}(…)`"
                self.findings.mismatch(node, "wrong-type", message, help_)
            return True
        return False


def _in_days(count: str, unit: str) -> str:
    unit = unit.lower()
    if unit not in _SPOKEN:
        return f"write `duration('{count}s')`"
    function, times = _SPOKEN[unit]
    return f"write `{function}({int(count) * times})`"


def _surely(given: Type, wanted: Type) -> bool:
    """Return whether values of the type *given* always have the class that *wanted* names."""
    if wanted.is_param or wanted == DYN:
        return True
    return given.name == wanted.name and all(map(_surely, given.args, wanted.args))


def _beside(node: tree.Call, given: list[Type]) -> str:
    """Return advice for two types that do not go together."""
    kinds = {kind.name for kind in given}
    first = node.args[0]
    if isinstance(first, tree.Call) and first.function in ORDERING:
        return "comparisons do not chain: write `a < b && b < c`"
    if "null_type" in kinds:
        fields = [arg.path for arg in node.args if isinstance(arg, tree.Field)]
        return f"ask whether it is there: `has({fields[0] if fields else '…'})`"
    if "string" in kinds and kinds & {number.name for number in NUMBERS}:
        return "numbers are written without quotes; `double('1.5')` reads a number from text"
    if "string" in kinds and "bool" in kinds:
        return "write `true` or `false` without quotes"
    if "duration" in kinds and kinds & {"int", "double"}:
        return "say of what: `days(3)`, `hours(2)` or `minutes(5)`"
    if kinds == {"timestamp", "duration"}:
        return "`since(t)` is how long ago a time is"
    return ""
