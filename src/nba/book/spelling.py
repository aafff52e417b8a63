"""Parts of rules as files write them, in one canonical form each."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from nba import windows
from nba.book.rules import Condition, Covers, Expression

__all__ = [
    "condition_text",
    "covers_text",
    "expression_text",
    "length_text",
    "percent_text",
]

_UNITS: Final = {"w": 604_800, "d": 86_400, "h": 3600, "min": 60, "s": 1}


def condition_text(condition: Condition | None) -> Any:
    """Return a condition as files write it."""
    if condition is None:
        return None
    if condition.kind == "is":
        return condition.text
    items = [condition_text(item) for item in condition.items]
    return {condition.kind: items[0] if condition.kind == "not" else items}


def expression_text(expression: Expression | None) -> str | None:
    """Return the canonical spelling of an expression."""
    return expression.text if expression else None


def percent_text(number: float) -> str:
    """Return a percentage as files write it."""
    return f"{f'{number:.6f}'.rstrip('0').rstrip('.')} %"


def covers_text(selector: Covers) -> dict[str, list[str]]:
    """Return a selector as files write it."""
    given = {part.name: getattr(selector, part.name) for part in fields(selector)}
    return {key: list(names) for key, names in given.items() if names is not None}


def length_text(nanoseconds: int | None) -> str | None:
    """Write a length in the largest unit that it is a multiple of."""
    if nanoseconds is None:
        return None
    seconds = nanoseconds // windows.SECOND
    unit, size = next(item for item in _UNITS.items() if seconds % item[1] == 0)
    return f"{seconds // size}{unit}"
