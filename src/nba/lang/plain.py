"""Values of declared fields as plain data: as JSON can have them, in objects inside objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nba.lang.values import Duration, Timestamp

__all__ = ["plain_value", "put"]


def plain_value(value: Any) -> Any:
    """Return a value of a declared field as the field can be read from JSON."""
    if isinstance(value, Timestamp | Duration):
        return str(value)
    if isinstance(value, dict):
        return {key: plain_value(inner) for key, inner in value.items()}
    return [plain_value(inner) for inner in value] if isinstance(value, list) else value


def put(data: dict[str, Any], path: Sequence[str], value: object) -> None:
    """Put a value at a path of objects; those that are not there are made.

    >>> data = {"id": "c-1"}
    >>> put(data, ["customer", "tier"], "gold")
    >>> data
    {'id': 'c-1', 'customer': {'tier': 'gold'}}
    """
    *owners, name = path
    for owner in owners:
        data = data.setdefault(owner, {})
    data[name] = value
