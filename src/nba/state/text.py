"""Rows as JSON text, and back with the same classes: for stores that keep text."""

from __future__ import annotations

import base64
import json
from typing import Any

from nba.journey.events import Row
from nba.lang.values import Duration, Timestamp, UInt

__all__ = ["plain_of", "row_of", "text_of", "value_of"]


def text_of(row: Row) -> str:
    """Return a row as JSON.

    What JSON has no form for is an object with one key, so a map is one too.
    """
    plain = {name: plain_of(value) for name, value in row.items()}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def row_of(text: str) -> Row:
    """Return the row that `text_of` wrote."""
    return {name: value_of(plain) for name, plain in json.loads(text).items()}


def plain_of(value: Any) -> Any:
    """Return a value of a row as JSON has it."""
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
            return {"map": [[plain_of(key), plain_of(inner)] for key, inner in value.items()]}
        case list() | tuple():
            return [plain_of(item) for item in value]
    return value


def value_of(plain: Any) -> Any:
    """Return the value that `plain_of` wrote."""
    if isinstance(plain, list):
        return [value_of(item) for item in plain]
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
    return {value_of(key): value_of(item) for key, item in inner}
