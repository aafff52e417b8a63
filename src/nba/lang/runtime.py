"""What generated code calls where Python has no expression for it; nothing here raises."""

from __future__ import annotations

from typing import Final

from nba.errors import EvaluationError
from nba.lang import values

__all__ = ["UNKNOWN", "items", "make_map", "present", "saturated", "selected"]


class _Unknown:
    """What generated code returns where there is no value."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


def selected(owner: object, name: str) -> object:
    """Return a field of a map, or UNKNOWN."""
    return owner.get(name, UNKNOWN) if isinstance(owner, dict) else UNKNOWN


def present(owner: object, name: str) -> object:
    """Return whether a map has a field, or UNKNOWN."""
    return name in owner if isinstance(owner, dict) else UNKNOWN


def items(source: object) -> object:
    """Return what a comprehension goes over, or UNKNOWN."""
    if isinstance(source, dict):
        return [values.key_value(key) for key in source]
    return source if isinstance(source, list | tuple) else UNKNOWN


def saturated(nanoseconds: int) -> int:
    """Return the nearest number of nanoseconds that a duration can have."""
    return max(values.INT_MIN, min(values.INT_MAX, nanoseconds))


def make_map(keys: list[object], contents: list[object]) -> object:
    """Return a map literal, or UNKNOWN where a key is no key or stands twice."""
    found: dict[object, object] = {}
    try:
        for key, value in zip(map(values.map_key, keys), contents, strict=True):
            if key in found:
                return UNKNOWN
            found[key] = value
    except EvaluationError:
        return UNKNOWN
    return found
