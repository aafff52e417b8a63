"""Values of the language as text: as an expression that means the same, and as JSON."""

from __future__ import annotations

import base64
import math
from typing import Final

from nba.lang.values import Duration, Timestamp, TypeValue, UInt, show_double

__all__ = ["as_expression", "as_json"]

_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def as_expression(value: object) -> str:
    """Return an expression whose value is *value*.

    >>> as_expression(["gold", 2.0, {"a": None}])
    "['gold', 2.0, {'a': null}]"
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Timestamp():
            return f"timestamp('{value}')"
        case Duration():
            return f"duration('{value}')"
        case float():
            return repr(value) if math.isfinite(value) else f"double('{show_double(value)}')"
        case str():
            return f"'{''.join(map(_character, value))}'"
        case bytes():
            return f"b'{''.join(map(_byte, value))}'"
        case dict():
            pairs = (f"{as_expression(k)}: {as_expression(v)}" for k, v in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list() | tuple():
            return f"[{', '.join(map(as_expression, value))}]"
    return repr(value) if isinstance(value, int) else str(value)


def as_json(value: object) -> object:
    """Return *value* as JSON has it, in the mapping that CEL shares with Protocol Buffers.

    Bytes are base64; timestamps are RFC 3339 and durations seconds such as `1.5s`; numbers that
    are not finite are text; so are the keys of maps.

    >>> as_json({1: b"nba"})
    {'1': 'bmJh'}
    """
    match value:
        case None | bool() | str():
            return value
        case Timestamp() | Duration() | TypeValue():
            return str(value)
        case UInt():
            return int(value)
        case float():
            return value if math.isfinite(value) else show_double(value)
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case dict():
            return {_key(k): as_json(v) for k, v in value.items()}
        case list() | tuple():
            return [as_json(item) for item in value]
    return value


def _key(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(int(value))  # type: ignore[call-overload]


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _byte(byte: int) -> str:
    character = chr(byte)
    plain = character.isprintable() and byte < 0x7F and character not in _ESCAPES
    return character if plain else f"\\x{byte:02x}"
