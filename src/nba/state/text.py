"""Rows as JSON text, and back with the same classes: for stores that keep text."""

from __future__ import annotations

import base64
import json
from typing import Any

from nba.journey.events import Row
from nba.lang.values import Duration, Timestamp, UInt

__all__ = ["row_of", "text_of"]


def text_of(row: Row) -> str:
    """Return a row as JSON.

    What JSON has no form for is an object with one key, so a map is one too.
    """
    plain = {name: _plain(value) for name, value in row.items()}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def row_of(text: str) -> Row:
    """Return the row that `text_of` wrote."""
    return {name: _value(plain) for name, plain in json.loads(text).items()}


def _plain(value: Any) -> Any:
    match value:
        case Timestamp():
            return {"time": str(int(value))}
        case Duration():
            return {"length": str(int(value))}
        case UInt():
            return {"uint": str(int(value))}
        case bytes():
            return {"bytes": base64.b64encode(value).decode("ascii")}
        case dict():
            return {"map": [[_plain(key), _plain(inner)] for key, inner in value.items()]}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value


def _value(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_value(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    ((kind, inner),) = plain.items()
    match kind:
        case "time":
            return Timestamp(int(inner))
        case "length":
            return Duration(int(inner))
        case "uint":
            return UInt(int(inner))
        case "bytes":
            return base64.b64decode(inner)
    return {_value(key): _value(item) for key, item in inner}
