"""Rows of the table of functions, and which row a function means for given values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nba.errors import EvaluationError
from nba.lang import values
from nba.lang.types import Type, parse_type
from nba.lang.values import OptionalValue

__all__ = ["Functions", "Overload", "dispatch", "row"]

_COMMA = re.compile(r",\s*(?![^()]*\))")  # between parameters, not inside `map(K, V)`


@dataclass(frozen=True, slots=True)
class Overload:
    """One row of the table."""

    name: str
    params: tuple[Type, ...]
    result: Type
    meaning: Callable[..., object]
    python: str | None = None
    guard: str | None = None


Functions = dict[str, tuple[Overload, ...]]


def dispatch(functions: Functions, name: str, args: Sequence[object]) -> object:
    """Apply the function whose parameters the classes of *args* fit.

    Raises EvaluationError when there is none, or when it has no result.
    """
    for overload in functions.get(name, ()):
        if len(overload.params) == len(args) and all(map(_fits, overload.params, args)):
            return overload.meaning(*args)
    kinds = ", ".join(map(values.kind_of, args))
    if name not in functions:
        raise EvaluationError(f"there is no function `{name.lstrip('.')}`")
    raise EvaluationError(f"`{name.lstrip('.')}` does not take ({kinds})")


def _fits(param: Type, value: object) -> bool:
    if param.name == "dyn" or param.is_param:
        return True
    if param.name != values.kind_of(value):
        return False
    if isinstance(value, OptionalValue):
        value = value.items
    return not isinstance(value, list | tuple) or all(_fits(param.args[0], v) for v in value)


def row(
    name: str,
    signature: str,
    meaning: Callable[..., object],
    python: str | None = None,
    guard: str | None = None,
) -> Overload:
    """Return the row of a *signature* such as `string, int -> string`."""
    params, result = signature.split("-> ")
    types = tuple(parse_type(param) for param in _COMMA.split(params.strip()) if param)
    return Overload(name, types, parse_type(result), meaning, python, guard)
