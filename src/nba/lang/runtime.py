"""What generated code calls where Python has no expression for it; nothing here raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nba.errors import EvaluationError
from nba.lang import tree, values
from nba.lang.functions import Functions, dispatch, pattern, search
from nba.lang.values import NONE, Duration, OptionalValue, Timestamp, UInt

__all__ = [
    "NAMES",
    "UNKNOWN",
    "absorbing",
    "held",
    "items",
    "make_map",
    "merged",
    "pairs",
    "present",
    "saturated",
    "selected",
    "selected_if_there",
]


def absorbing(functions: Functions, node: tree.Call) -> Callable[..., object]:
    """Return what computes a function; where that has no value, it gives UNKNOWN."""
    name, last = node.function, node.args[-1]
    meaning = node.overload.meaning if node.overload else None
    if meaning and name in (".matches", "matches") and isinstance(last, tree.Literal):
        try:
            compiled = pattern(str(last.value))
        except EvaluationError:
            return lambda _text, _pattern: UNKNOWN
        meaning = lambda text, _pattern: search(text, compiled)  # noqa: E731

    def absorb(*args: object) -> object:
        try:
            return meaning(*args) if meaning else dispatch(functions, name, args)
        except EvaluationError:
            return UNKNOWN

    return absorb


class _Unknown:
    """What generated code returns where there is no value."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


def selected(owner: object, name: str) -> object:
    """Return a field of a map, one of an optional as an optional, or UNKNOWN."""
    if isinstance(owner, OptionalValue):
        return selected_if_there(owner, name)
    return owner.get(name, UNKNOWN) if isinstance(owner, dict) else UNKNOWN


def selected_if_there(owner: object, name: str) -> object:
    """Return a field of a map, or of the map that an optional holds, as an optional; or UNKNOWN."""
    while isinstance(owner, OptionalValue):
        if not owner.items:
            return NONE
        owner = owner.items[0]
    if not isinstance(owner, dict):
        return UNKNOWN
    return OptionalValue((owner[name],)) if name in owner else NONE


def present(owner: object, name: str) -> object:
    """Return whether a map, or the map that an optional holds, has a field, or UNKNOWN."""
    found = selected_if_there(owner, name)
    return bool(found.items) if isinstance(found, OptionalValue) else UNKNOWN


def items(source: object) -> object:
    """Return what a comprehension goes over, or UNKNOWN."""
    if isinstance(source, dict):
        return [values.key_value(key) for key in source]
    return source if isinstance(source, list | tuple) else UNKNOWN


def pairs(source: object) -> object:
    """Return what a comprehension with two variables goes over, or UNKNOWN."""
    if isinstance(source, dict):
        return [(values.key_value(key), value) for key, value in source.items()]
    return list(enumerate(source)) if isinstance(source, list | tuple) else UNKNOWN


def held(optional: object) -> object:
    """Return what an optional holds, as a sequence of at most one item, or UNKNOWN."""
    return optional.items if isinstance(optional, OptionalValue) else UNKNOWN


def merged(found: dict[object, object], entry: object) -> bool:
    """Add the entries of a map; return whether it was one, and had no key that was there."""
    if not isinstance(entry, dict) or not found.keys().isdisjoint(entry):
        return False
    found |= entry
    return True


def saturated(nanoseconds: int) -> int:
    """Return the nearest number of nanoseconds that a duration can have."""
    return max(values.INT_MIN, min(values.INT_MAX, nanoseconds))


def make_map(
    keys: list[object], contents: list[object], optional: frozenset[int] = frozenset()
) -> object:
    """Return a map literal, or UNKNOWN where a key is no key or stands twice.

    Of the contents at the places *optional* is taken what they hold, if anything.
    """
    found: dict[object, object] = {}
    try:
        for place, key in enumerate(map(values.map_key, keys)):
            if key in found:
                return UNKNOWN
            given: Any = [contents[place]] if place not in optional else held(contents[place])
            if given is UNKNOWN:
                return UNKNOWN
            for value in given:
                found[key] = value
    except EvaluationError:
        return UNKNOWN
    return found


#: What generated code calls all of this.
NAMES: Final[dict[str, Any]] = {
    "UNKNOWN": UNKNOWN,
    "Timestamp": Timestamp,
    "Duration": Duration,
    "UInt": UInt,
    "equal": values.equal,
    "contains": values.contains,
    "saturated": saturated,
    "selected": selected,
    "present": present,
    "selected_if_there": selected_if_there,
    "items": items,
    "pairs": pairs,
    "held": held,
    "merged": merged,
    "make_map": make_map,
    "map_key": values.map_key,
    "OptionalValue": OptionalValue,
    "NONE": NONE,
}
