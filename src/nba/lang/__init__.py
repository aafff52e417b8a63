"""The condition language: the Common Expression Language, checked, explained, and compiled.

`evaluate` and `check` are for dynamic use, where names need not be declared. Rule books use the
parts below directly: `syntax` (text to tree), `check` (names and types), `reference` (what an
expression means), `python` (the fast path), `normal` and `words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from nba.errors import Diagnostic, EvaluationError, ExpressionError
from nba.lang import reference
from nba.lang.check import Environment
from nba.lang.check import check as check_tree
from nba.lang.functions import CEL_FUNCTIONS
from nba.lang.python import UNKNOWN, Program
from nba.lang.syntax import locate_in, parse
from nba.lang.types import DYN, Type, parse_type
from nba.lang.values import (
    Duration,
    OptionalValue,
    Timestamp,
    TypeValue,
    UInt,
    from_python,
    key_value,
    kind_of,
    to_python,
)

__all__ = [
    "Duration",
    "OptionalValue",
    "Timestamp",
    "Type",
    "TypeValue",
    "UInt",
    "check",
    "evaluate",
]

Types = Mapping[str, str | Type]


def check(expression: str, types: Types | None = None, container: str = "") -> Type:
    """Return the type of *expression*, given the *types* of its names.

    A name that has no type is dynamic. *container* is the namespace in which names are looked
    up first. Raises ExpressionError.

    >>> str(check("size(names) > 2", {"names": "list(string)"}))
    'bool'
    """
    environment = Environment(_declared(types), container)
    return check_tree(parse(expression), environment, locate_in(expression)).type


def evaluate(
    expression: str,
    bindings: Mapping[str, Any] | None = None,
    *,
    types: Types | None = None,
    check: bool = True,
    container: str = "",
    path: Literal["compiled", "reference"] = "compiled",
) -> Any:
    """Return the value of *expression* with *bindings* as the values of its names.

    *types* declares names; others are dynamic. Without *check*, types are not enforced before
    evaluation. *path* chooses between the generated code and the reference, which agree.

    Raises ExpressionError when the text is wrong, EvaluationError when there is no value.

    >>> evaluate("visits > 2 && tier in ['gold', 'platinum']", {"visits": 3, "tier": "gold"})
    True
    """
    declared = _declared(types)
    fields = _bound(bindings or {}, declared)
    names = {name: declared.get(name, DYN) for name in [*fields, *declared]}
    environment = Environment(names, container, strict=check)
    tree = check_tree(parse(expression), environment, locate_in(expression))
    if path == "reference":
        return to_python(reference.evaluate(tree, fields, CEL_FUNCTIONS))
    program = Program(lambda name: f"c.get({name!r}, UNKNOWN)", CEL_FUNCTIONS, "UNKNOWN")
    name = program.value(tree)
    value = program.build()[name](fields)
    if value is not UNKNOWN:
        return to_python(value)
    reference.evaluate(tree, fields, CEL_FUNCTIONS)  # raises, and knows why
    raise AssertionError(f"the two evaluators disagree about {expression!r}")


def _declared(types: Types | None) -> dict[str, Type]:
    found = {}
    for name, kind in (types or {}).items():
        try:
            found[name] = parse_type(kind) if isinstance(kind, str) else kind
        except ValueError as error:
            help_ = "write `int`, `list(string)` or `map(string, double)`"
            raise ExpressionError([Diagnostic("wrong-type", str(error), help_)]) from None
    return found


def _bound(bindings: Mapping[str, Any], declared: Mapping[str, Type]) -> dict[str, object]:
    """Return the bindings as values of the language.

    Of a declared name an int may be given for a uint or double. A value of another type than
    declared is left out, so that whatever needs it has no value.
    """
    fields = {}
    for name, given in bindings.items():
        try:
            value = from_python(given)
        except EvaluationError as error:
            raise EvaluationError(f"{error} - at `{name}`") from None
        kind = declared.get(name, DYN)
        if kind.name == "uint" and type(value) is int and value >= 0:
            value = UInt(value)
        elif kind.name == "double" and type(value) is int:
            value = float(value)
        if _has_type(value, kind):
            fields[name] = value
    return fields


def _has_type(value: object, kind: Type) -> bool:
    if kind == DYN or (kind.name == "wrapper" and value is None):
        return True
    if kind.name == "wrapper":
        return _has_type(value, kind.args[0])
    if kind_of(value) != kind.name:
        return False
    if isinstance(value, list):
        return all(_has_type(item, kind.args[0]) for item in value)
    if isinstance(value, OptionalValue):
        return all(_has_type(item, kind.args[0]) for item in value.items)
    if isinstance(value, dict):
        keys, contents = kind.args
        return all(_has_type(k, keys) for k in map(key_value, value)) and all(
            _has_type(v, contents) for v in value.values()
        )
    return True
