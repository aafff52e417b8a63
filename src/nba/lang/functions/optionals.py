"""The optional values: what may be missing without being unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nba.errors import EvaluationError
from nba.lang import values
from nba.lang.functions.containers import at, lookup
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


def _if_there(find: Callable[[Any, Any], object]) -> Callable[[Any, Any], OptionalValue]:
    """Return the meaning of `x[?key]`: nothing where there is no such item."""

    def meaning(container: Any, key: Any) -> OptionalValue:
        if isinstance(container, OptionalValue):
            return meaning(container.items[0], key) if container.items else NONE
        if not isinstance(container, dict | list | tuple):
            raise EvaluationError(f"a {values.kind_of(container)} has no items")
        try:
            return OptionalValue((find(container, key),))
        except EvaluationError:
            return NONE

    return meaning


_ITEM: Final = _if_there(at)
_ENTRY: Final = _if_there(lookup)

ROWS: Final = [
    row("optional.none", "-> optional_type($A)", lambda: NONE),
    row("optional.of", "$A -> optional_type($A)", lambda a: OptionalValue((a,))),
    row("optional.ofNonZeroValue", "$A -> optional_type($A)", _of_non_zero),
    row(".hasValue", "optional_type($A) -> bool", lambda a: bool(_held(a).items)),
    row(".value", "optional_type($A) -> $A", _value),
    row(".orValue", "optional_type($A), $A -> $A", _or_value),
    row(".or", "optional_type($A), optional_type($A) -> optional_type($A)", _or),
    row("[?]", "list($A), int -> optional_type($A)", _ITEM),
    row("[?]", "list($A), uint -> optional_type($A)", _ITEM),
    row("[?]", "list($A), double -> optional_type($A)", _ITEM),
    row("[?]", "map($A, $B), $A -> optional_type($B)", _ENTRY),
    *(
        row(name, signature, meaning)
        for name in ("[?]", "[]")  # an item of an optional may be missing either way
        for signature, meaning in (
            ("optional_type(list($A)), int -> optional_type($A)", _ITEM),
            ("optional_type(list($A)), uint -> optional_type($A)", _ITEM),
            ("optional_type(list($A)), double -> optional_type($A)", _ITEM),
            ("optional_type(map($A, $B)), $A -> optional_type($B)", _ENTRY),
        )
    ),
]
