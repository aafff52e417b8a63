"""Which overload of a function is meant; and where there is none, what to write instead."""

from __future__ import annotations

import re
from typing import Final

from nba.errors import EvaluationError, did_you_mean
from nba.lang import tree
from nba.lang.environment import Environment
from nba.lang.findings import Findings, a, readable
from nba.lang.functions import SPACES, Overload
from nba.lang.habits import spoken
from nba.lang.macros import MACROS
from nba.lang.text import write
from nba.lang.tree import Node
from nba.lang.types import DURATION, DYN, NUMBERS, TIMESTAMP, Type
from nba.lang.unify import Substitution
from nba.lang.values import parse_timestamp

__all__ = ["ORDERING", "Overloads"]

ORDERING: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
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
    "abs": "math.abs(x)",
    "lower": "x.lowerAscii()",
    "lowercase": "x.lowerAscii()",
    "toLowerCase": "x.lowerAscii()",
    "upper": "x.upperAscii()",
    "uppercase": "x.upperAscii()",
    "toUpperCase": "x.upperAscii()",
    "strip": "x.trim()",
    "substr": "x.substring(0, 3)",
    "slice": "x.substring(0, 3)",
    "concat": "x + y",
    "find": "x.indexOf('a')",
    "isEmpty": "size(x) == 0",
    "math.max": "math.greatest(x, y)",
    "math.min": "math.least(x, y)",
    "math.sum": "sum(list)",
    "math.pow": "x * x",
    "isnull": "!has(x)",
    "isNull": "!has(x)",
    "age": "since(t)",
    "seconds": "duration('90s')",
    "weeks": "days(7)",
    "months": "days(30)",
}
_FORMS: Final = frozenset({*MACROS, "has", "default", "cel.bind"})


class Overloads:
    """Finds the overload of each call of one expression."""

    def __init__(self, environment: Environment, types: Substitution, findings: Findings) -> None:
        self.functions = environment.functions
        self.calls = environment.calls
        self.types = types
        self.findings = findings

    def find(self, node: tree.Call) -> None:
        """Give a call, whose arguments are checked, its type and where it is sure its overload."""
        if node.function not in self.functions:
            self._no_function(node)
            return
        given = [self.types.resolve(arg.type, params=True) for arg in node.args]
        call = node.function, tuple(given)
        if known := self.calls.get(call):
            node.type, node.overload = known
            return
        fitting: list[tuple[Overload, Type]] = []  # and what each results in
        for overload in self.functions[node.function]:
            if len(overload.params) != len(given):
                continue
            *params, result = self.types.instance((*overload.params, overload.result))
            if self.types.assign_all(given, tuple(params)):
                found = [self.types.resolve(param) for param in params]
                certain = all(map(_surely, map(self.types.resolve, given), found))
                fitting.append((overload, result if certain else _without_params(result)))
        if not fitting:
            self._no_overload(node, given)
            return
        fitting = [one for one in fitting if one[0].params == call[1]] or fitting
        results = {self.types.resolve(result, params=True) for _, result in fitting}
        node.type = fitting[0][1] if len(results) == 1 else DYN
        if len(fitting) == 1 and all(map(_surely, given, fitting[0][0].params)):
            node.overload = fitting[0][0]
        # What a parameter stands for, and the values of an enum, differ from call to call.
        if not any(map(_varies, (node.type, *given, *(one.result for one, _ in fitting)))):
            self.calls[call] = node.type, node.overload

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
        elif space := next((s for s in sorted(SPACES) if f"{s}.{name}" in self.functions), ""):
            help_ = f"write `{space}.{name}(x)`"
        elif name in MACROS:
            help_ = f"write `{MACROS[name].written}`"
        elif name in _ELSEWHERE:
            help_ = f"write `{_ELSEWHERE[name]}`"
        else:
            known = {f.removeprefix(".") for f in self.functions}
            known = {f for f in known if f[0].isalpha()} | _FORMS
            same = next((f for f in sorted(known) if f.lower() == name.lower()), "")
            help_ = f"did you mean `{same}`?" if same else did_you_mean(name, known)
        self.findings.mismatch(node, "unknown-function", f"there is no function `{name}`", help_)

    def _no_overload(self, node: tree.Call, given: list[Type]) -> None:
        name = {"negate": "-"}.get(node.function, node.function).removeprefix(".")
        if node.function in ("[]", "[?]", "in"):
            message, help_ = _about_container(node, given)
            self.findings.mismatch(node, "wrong-type", message, help_)
            return
        if node.function == ".contains" and len(given) == 2 and given[0].name == "list":
            message = "`contains` looks in text, this is a list"
            items, item = map(write, node.args)
            self.findings.mismatch(node, "wrong-type", message, f"write `{item} in {items}`")
            return
        if len(given) == 2 and node.function in ORDERING | {"-", "+"}:
            if self._beside_date(node, given) or self._beside_time(node, given):
                return
            message = f"{a(given[0])} cannot be compared with {a(given[1])}"
            if node.function not in ORDERING:
                message = f"`{name}` does not take {a(given[0])} and {a(given[1])}"
            self.findings.mismatch(node, "wrong-type", message, _beside(node, given))
            return
        if node.function in ("since", "within") and len(given) > 1:
            given.pop()  # `now`, which nobody wrote
        if name in ("or", "orValue", "value", "hasValue") and given and not _optional(given[0]):
            self._not_optional(node, name, given)
            return
        rows = [row.params for row in self.functions[node.function]]
        if node.function in ("since", "within"):
            rows = [params[:-1] for params in rows]
        forms = sorted({", ".join(map(readable, params)) for params in rows})
        help_ = f"it takes ({') or ('.join(forms)})" if len(forms) <= 4 else ""
        kinds = ", ".join(map(readable, given))
        self.findings.mismatch(node, "wrong-type", f"`{name}` does not take ({kinds})", help_)

    def _not_optional(self, node: tree.Call, name: str, given: list[Type]) -> None:
        """Explain what is asked of a value that is no optional."""
        message = f"`{name}` is asked of an optional, this is {a(given[0])}"
        first = node.args[0]
        path = first.path if isinstance(first, tree.Field) else "x"
        fallback = write(node.args[1]) if len(node.args) > 1 else "…"
        help_ = f"write `default({path}, {fallback})`"
        if name in ("hasValue", "value"):
            help_ = f"write `has({path})`" if name == "hasValue" else f"write `{path}`"
        self.findings.mismatch(node, "wrong-type", message, help_)

    def _beside_date(self, node: tree.Call, given: list[Type]) -> bool:
        """Explain `2026-12-31` beside a time; return whether that was it."""
        for arg, other in zip(node.args, given[::-1], strict=True):
            if other == TIMESTAMP and (day := _day(arg)):
                message = f"`{day}` is a subtraction, not a date"
                help_ = f"write `timestamp('{day}T00:00:00Z')`"
                self.findings.mismatch(arg, "wrong-type", message, help_)
                return True
        return False

    def _beside_time(self, node: tree.Call, given: list[Type]) -> bool:
        """Explain text beside a time or a duration; return whether that was it."""
        for text, kind in ((0, 1), (1, 0)):
            other, literal = given[kind], node.args[text]
            if given[text].name != "string" or other not in (TIMESTAMP, DURATION):
                continue
            written = literal.value if isinstance(literal, tree.Literal) else None
            if isinstance(written, str) and (length := spoken(written)):
                message = f"`'{written}'` is text, not a duration"
                length = f"now - {length}" if other == TIMESTAMP else length
                self.findings.mismatch(literal, "spelling", message, f"write `{length}`")
            elif isinstance(written, str):
                message = f"`'{written}'` is text, not {a(other)}"
                example = _as_timestamp(written) if other == TIMESTAMP else "days(3)"
                self.findings.mismatch(literal, "wrong-type", message, f"write `{example}`")
            else:
                message = f"a string cannot be compared with {a(other)}"
                help_ = f"read it as one: `{readable(other)}(…)`"
                self.findings.mismatch(node, "wrong-type", message, help_)
            return True
        return False


def _optional(kind: Type) -> bool:
    return kind.name == "optional_type" or kind == DYN or kind.is_param


def _day(node: Node) -> str:
    """Return the date that `2026-12-31` was meant to be; nothing for another expression."""
    parts: list[object] = []
    while isinstance(node, tree.Call) and node.function == "-" and len(node.args) == 2:
        node, last = node.args
        parts.append(last.value if isinstance(last, tree.Literal) else None)
    parts.append(node.value if isinstance(node, tree.Literal) else None)
    if len(parts) != 3 or not all(type(part) is int for part in parts):
        return ""
    day, month, year = (int(str(part)) for part in parts)
    likely = 1900 <= year <= 2200 and 1 <= month <= 12 and 1 <= day <= 31
    return f"{year}-{month:02}-{day:02}" if likely else ""


def _as_timestamp(text: str) -> str:
    """Return the timestamp that *text* may have meant, or an example of one."""
    for attempt in (text, f"{text}T00:00:00Z", f"{text}Z"):
        try:
            parse_timestamp(attempt)
        except EvaluationError:
            continue
        return f"timestamp('{attempt}')"
    return "timestamp('2026-03-01T00:00:00Z')"


def _about_container(node: tree.Call, given: list[Type]) -> tuple[str, str]:
    """Explain what `x[y]` and `x in y` do not take."""
    if node.function == "in":
        item, container = given
        if container.name not in ("list", "map"):
            help_ = "write `text.contains('a')`" if container.name == "string" else ""
            return f"`in` looks in a list or a map, this is {a(container)}", help_
        return f"{a(item)} is never in {a(container)}", _beside(node, [item, container.args[0]])
    owner, index = given
    if owner.name == "list":
        return f"the items of a list are found by an int, not {a(index)}", ""
    if owner.name == "map":
        return f"the keys of {a(owner)} are no {readable(index)}s", ""
    return f"{a(owner)} has no items", ""


def _surely(given: Type, wanted: Type) -> bool:
    """Return whether values of the type *given* always have the class that *wanted* names."""
    if wanted.is_param or wanted == DYN:
        return True
    return given.name == wanted.name and all(map(_surely, given.args, wanted.args))


def _varies(kind: Type) -> bool:
    """Return whether a type has parameters."""
    return kind.is_param or any(map(_varies, kind.args))


def _without_params(kind: Type) -> Type:
    """Return a result type whose parameters could be anything, since an argument could be."""
    if kind.is_param:
        return DYN
    return Type(kind.name, tuple(map(_without_params, kind.args))) if kind.args else kind


def _beside(node: tree.Call, given: list[Type]) -> str:
    """Return advice for two types that do not go together."""
    kinds = {kind.name for kind in given}
    first = node.args[0]
    if isinstance(first, tree.Call) and first.function in ORDERING:
        return "comparisons do not chain: write `a < b && b < c`"
    if "optional_type" in kinds:
        optional = next(arg for arg, kind in zip(node.args, given, strict=True) if _optional(kind))
        return f"say what it is where it is missing: `{write(optional)}.orValue(…)`"
    if "null_type" in kinds:
        fields = [arg.path for arg in node.args if isinstance(arg, tree.Field)]
        return f"ask whether it is there: `has({fields[0] if fields else '…'})`"
    if "string" in kinds and kinds & {number.name for number in NUMBERS}:
        texts = [arg.value for arg in node.args if isinstance(arg, tree.Literal)]
        if texts and isinstance(texts[0], str) and re.fullmatch(r"-?\d+(\.\d+)?", texts[0]):
            return f"write `{texts[0]}` without quotes"
        return "numbers are written without quotes; `double('1.5')` reads a number from text"
    if "string" in kinds and "bool" in kinds:
        return "write `true` or `false` without quotes"
    lengths = {"duration"} if node.function in ORDERING else {"duration", "timestamp"}
    if kinds & lengths and kinds & {"int", "double"}:
        return "say of what: `days(3)`, `hours(2)` or `minutes(5)`"
    if kinds == {"timestamp", "duration"}:
        return "`since(t)` is how long ago a time is"
    return ""
