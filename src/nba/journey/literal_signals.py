"""What a signal means: computed from the whole journey, event by event, with the reference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from nba import windows
from nba.book.model import Signal
from nba.errors import EvaluationError
from nba.journey.events import Row
from nba.lang import reference
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.normal import reads
from nba.lang.types import TIMESTAMP
from nba.lang.values import NEVER, compare, equal

__all__ = ["inputs_of", "paths_of", "signal_value"]


def inputs_of(signal: Signal) -> frozenset[str]:
    """Return the customer and interaction fields that a signal reads: all must be known."""
    found = {path for path in paths_of(signal) if not path.startswith("event.")}
    if signal.window.calendar and signal.window.zone == "customer.timezone":
        found.add("customer.timezone")
    return frozenset(found - {"now"})


def paths_of(signal: Signal) -> set[str]:
    """Return the fields that a signal reads, those of events too."""
    parts = (signal.expression, signal.where, signal.by)
    return {path for part in parts if part for path in reads(part.tree)}


def signal_value(
    signal: Signal, rows: Sequence[Row], fields: Mapping[str, object], zone: tzinfo
) -> object:
    """Return the value of a signal, or None for unknown.

    *rows* is the journey that is seen, in order; *fields* are the known fields, `now` among
    them; *zone* is the book's.
    """
    if not inputs_of(signal) <= fields.keys():
        return None
    now: Any = fields["now"]
    name = signal.window.zone
    name = str(fields["customer.timezone"]) if name == "customer.timezone" else name
    try:
        after = signal.window.after(now, zone if name == "book" else windows.zone(name))
    except ValueError:
        return None
    found: list[tuple[Row, Any, Any]] = []
    for row in rows:
        if row["type"] not in signal.events or (after is not None and row["at"] <= after):
            continue
        known = {**fields, **{f"event.{key}": value for key, value in row.items()}}
        if signal.where and reference.judge(signal.where.tree, known, BOOK_FUNCTIONS) is not True:
            continue
        try:
            value = _evaluate(signal.expression, known)
            found.append((row, value, _evaluate(signal.by, known)))
        except EvaluationError:
            continue  # something of this event is missing
    if signal.by is None:
        return _reduced(signal, [(row, value) for row, value, _ in found], now)
    keys = dict.fromkeys(key for _, _, key in found)
    groups = {
        key: _reduced(signal, [(row, value) for row, value, own in found if own == key], now)
        for key in keys
    }
    return {key: value for key, value in groups.items() if value is not None}


def _evaluate(expression: Any, fields: Mapping[str, object]) -> Any:
    return reference.evaluate(expression.tree, fields, BOOK_FUNCTIONS) if expression else None


def _reduced(signal: Signal, found: list[tuple[Row, Any]], now: int) -> object:
    taken = [value for _, value in found]
    if signal.half_life is not None:
        ages = [now - row["at"] for row, _ in found]
        summands = [1.0 if signal.kind == "count" else float(value) for value in taken]
        halves = [s * 0.5 ** (a / signal.half_life) for s, a in zip(summands, ages, strict=True)]
        return _total(halves)
    match signal.kind:
        case "count":
            return len(taken)
        case "exists":
            return len(taken) > 0
        case "rate":
            return len(taken) * (signal.per or 0) / (signal.window.length or 1)
        case "sum":
            return _total([float(value) for value in taken])
        case "avg":
            total = _total([float(value) for value in taken])
            return total / len(taken) if taken and total is not None else None
        case "distinct":
            return len([v for n, v in enumerate(taken) if not any(equal(v, w) for w in taken[:n])])
        case "min" | "max":
            return _extreme(taken, -1 if signal.kind == "min" else 1)
    if taken:
        return taken[0] if signal.kind == "first" else taken[-1]
    return NEVER if signal.type == TIMESTAMP else None


def _extreme(taken: list[Any], order: int) -> object:
    if not taken:
        return None
    best = taken[0]
    for value in taken[1:]:
        best = value if compare(value, best) == order else best
    return best


def _total(numbers: list[float]) -> float | None:
    try:
        total = math.fsum(numbers)
    except (OverflowError, ValueError):
        return None
    return total if math.isfinite(total) else None
