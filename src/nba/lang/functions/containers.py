"""Indexing, sizes, and what is computed of a list."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from nba.errors import EvaluationError
from nba.lang import values
from nba.lang.functions.operators import ORDER
from nba.lang.functions.table import row
from nba.lang.values import checked_int

__all__ = ["ROWS", "whole_index"]


def whole_index(index: float) -> int:
    """Return an index as an int. Raises EvaluationError when it is none."""
    if isinstance(index, float) and not index.is_integer():
        raise EvaluationError(f"{index} is not an index")
    return int(index)


def _at(items: Sequence[object], index: float) -> object:
    place = whole_index(index)
    if not 0 <= place < len(items):
        raise EvaluationError(f"there is no item {place}")
    return items[place]


def _lookup(mapping: dict[object, object], key: object) -> object:
    found = values.lookup_key(key)
    if found not in mapping:
        raise EvaluationError(f"there is no key {key!r}")
    return mapping[found]


def _some(items: Sequence[Any], what: str) -> Sequence[Any]:
    if not items:
        raise EvaluationError(f"an empty list has no {what}")
    return items


def _total(items: Sequence[float]) -> float:
    """Add doubles exactly, and round once."""
    try:
        return math.fsum(items)
    except (OverflowError, ValueError):  # the latter where infinities meet
        raise EvaluationError("the sum of a list is out of range") from None


def _least(items: Sequence[Any]) -> object:
    least = _some(items, "least item")[0]
    for item in items[1:]:
        least = item if ORDER["<"](item, least) else least
    return least


def _greatest(items: Sequence[Any]) -> object:
    greatest = _some(items, "greatest item")[0]
    for item in items[1:]:
        greatest = item if ORDER[">"](item, greatest) else greatest
    return greatest


ROWS: Final = [
    row("[]", "list($A), int -> $A", _at, "{0}[{1}]", "0 <= {1} < len({0})"),
    row("[]", "list($A), uint -> $A", _at),
    row("[]", "list($A), double -> $A", _at),
    row("[]", "map($A, $B), $A -> $B", _lookup),
    # sizes and lists
    *(
        row(name, f"{kind} -> int", len, "len({0})")
        for name in ("size", ".size")
        for kind in ("string", "bytes", "list($A)", "map($A, $B)")
    ),
    row("count", "list($A) -> int", len, "len({0})"),
    row("sum", "list(int) -> int", lambda items: checked_int(sum(items))),
    row("sum", "list(double) -> double", _total),
    row("avg", "list(int) -> double", lambda items: sum(_some(items, "average")) / len(items)),
    row(
        "avg",
        "list(double) -> double",
        lambda items: _total(_some(items, "average")) / len(items),
    ),
    *(
        row(name, f"list({kind}) -> {kind}", meaning)
        for name, meaning in (("min", _least), ("max", _greatest))
        for kind in ("int", "double", "string", "timestamp", "duration")
    ),
    row(
        "sets.intersects",
        "list($A), list($A) -> bool",
        lambda a, b: any(values.contains(b, item) for item in a),
    ),
]
