"""The optional values: what may be missing without being unknown."""

from __future__ import annotations

from typing import Any, Final

from nba.errors import EvaluationError
from nba.lang import values
from nba.lang.functions.containers import whole_index
from nba.lang.functions.table import row
from nba.lang.values import NONE, OptionalValue

__all__ = ["ROWS"]


def _held(optional: object) -> OptionalValue:
    """Return *optional*, which by its type may be null as well."""
    if not isinstance(optional, OptionalValue):
        raise EvaluationError(f"a {values.kind_of(optional)} is not an optional")
    return optional


def _value(optional: object) -> object:
    if not _held(optional).items:
        raise EvaluationError("the optional holds no value")
    return _held(optional).items[0]


def _or_value(optional: object, fallback: object) -> object:
    return _held(optional).items[0] if _held(optional).items else fallback


def _or(optional: object, other: object) -> object:
    return optional if _held(optional).items else _held(other)


def _of_non_zero(value: Any) -> OptionalValue:
    """Return an optional of what is not null, empty, false or zero."""
    kind = values.kind_of(value)
    if kind == "timestamp":  # the zero of a time is its epoch
        return OptionalValue((value,)) if int(value) else NONE
    nothing = value.items == () if isinstance(value, OptionalValue) else not value
    return NONE if nothing and kind != "type" else OptionalValue((value,))


def _item(container: Any, index: float) -> OptionalValue:
    """Return the item of a list, or of the list that an optional holds, if there is one."""
    items = container.items if isinstance(container, OptionalValue) else (container,)
    if not items:
        return NONE
    if not isinstance(items[0], list | tuple):
        raise EvaluationError(f"a {values.kind_of(items[0])} has no items")
    place = whole_index(index)
    return OptionalValue((items[0][place],)) if 0 <= place < len(items[0]) else NONE


def _entry(container: Any, key: object) -> OptionalValue:
    """Return what a map, or the map that an optional holds, has at a key, if anything."""
    items = container.items if isinstance(container, OptionalValue) else (container,)
    if not items:
        return NONE
    if not isinstance(items[0], dict):
        raise EvaluationError(f"a {values.kind_of(items[0])} has no items")
    if not values.contains(items[0], key):  # as what cannot be a key never is
        return NONE
    return OptionalValue((items[0][values.lookup_key(key)],))


ROWS: Final = [
    row("optional.none", "-> optional_type($A)", lambda: NONE),
    row("optional.of", "$A -> optional_type($A)", lambda a: OptionalValue((a,))),
    row("optional.ofNonZeroValue", "$A -> optional_type($A)", _of_non_zero),
    row(".hasValue", "optional_type($A) -> bool", lambda a: bool(_held(a).items)),
    row(".value", "optional_type($A) -> $A", _value),
    row(".orValue", "optional_type($A), $A -> $A", _or_value),
    row(".or", "optional_type($A), optional_type($A) -> optional_type($A)", _or),
    row("[?]", "list($A), int -> optional_type($A)", _item),
    row("[?]", "list($A), uint -> optional_type($A)", _item),
    row("[?]", "list($A), double -> optional_type($A)", _item),
    row("[?]", "map($A, $B), $A -> optional_type($B)", _entry),
    *(
        row(name, signature, meaning)
        for name in ("[?]", "[]")  # an item of an optional may be missing either way
        for signature, meaning in (
            ("optional_type(list($A)), int -> optional_type($A)", _item),
            ("optional_type(list($A)), uint -> optional_type($A)", _item),
            ("optional_type(list($A)), double -> optional_type($A)", _item),
            ("optional_type(map($A, $B)), $A -> optional_type($B)", _entry),
        )
    ),
]
