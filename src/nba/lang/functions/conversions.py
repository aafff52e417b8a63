"""From one type to another."""

from __future__ import annotations

from typing import Any, Final

from nba import windows
from nba.errors import EvaluationError
from nba.lang import values
from nba.lang.functions.table import row
from nba.lang.values import Timestamp, TypeValue, UInt, checked_int, checked_uint

__all__ = ["ROWS"]


def _to_int(value: Any) -> int:
    if isinstance(value, float):
        if not -(2.0**63) < value < 2.0**63:
            raise EvaluationError("a double is out of the range of an int")
        return int(value)
    if isinstance(value, Timestamp):
        return int(value) // windows.SECOND
    return checked_int(int(value))


def _to_uint(value: float) -> UInt:
    if isinstance(value, float) and not 0 <= value < 2.0**64:
        raise EvaluationError("a double is out of the range of a uint")
    return checked_uint(int(value))


def _digits(text: str, *, signed: bool) -> int:
    digits = text[1:] if signed and text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit() and len(digits) < 40):
        raise EvaluationError(f"`{text}` is not a whole number")
    return int(text)


def _to_double(text: str) -> float:
    if "_" in text or text != text.strip():
        raise EvaluationError(f"`{text}` is not a number")
    try:
        return float(text)
    except ValueError:
        raise EvaluationError(f"`{text}` is not a number") from None


def _to_bool(text: str) -> bool:
    if text in ("1", "t", "true", "True", "TRUE"):
        return True
    if text in ("0", "f", "false", "False", "FALSE"):
        return False
    raise EvaluationError(f"`{text}` is not true or false")


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise EvaluationError("the bytes are not UTF-8 text") from None


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise EvaluationError("the text has no UTF-8 form") from None


_TYPE_NAMES: Final = {
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
}


def _type_value(value: object) -> TypeValue:
    kind = values.kind_of(value)
    return TypeValue(_TYPE_NAMES.get(kind, kind))


ROWS: Final = [
    # conversions
    row("dyn", "$A -> dyn", lambda a: a),
    row("type", "$A -> type($A)", _type_value),
    row("bool", "bool -> bool", lambda a: a),
    row("bool", "string -> bool", _to_bool),
    row("int", "int -> int", lambda a: a),
    row("int", "uint -> int", _to_int),
    row("int", "double -> int", _to_int),
    row("int", "string -> int", lambda a: checked_int(_digits(a, signed=True))),
    row("int", "timestamp -> int", _to_int),
    row("uint", "uint -> uint", lambda a: a),
    row("uint", "int -> uint", _to_uint),
    row("uint", "double -> uint", _to_uint),
    row("uint", "string -> uint", lambda a: checked_uint(_digits(a, signed=False))),
    row("double", "double -> double", lambda a: a),
    row("double", "int -> double", float, "float({0})"),
    row("double", "uint -> double", float),
    row("double", "string -> double", _to_double),
    row("string", "string -> string", lambda a: a),
    row("string", "bool -> string", lambda a: "true" if a else "false"),
    row("string", "int -> string", str),
    row("string", "uint -> string", lambda a: str(int(a))),
    row("string", "double -> string", values.show_double),
    row("string", "bytes -> string", _decoded),
    row("string", "timestamp -> string", str),
    row("string", "duration -> string", str),
    row("bytes", "bytes -> bytes", lambda a: a),
    row("bytes", "string -> bytes", _encoded),
    row("timestamp", "timestamp -> timestamp", lambda a: a),
    row("timestamp", "string -> timestamp", values.parse_timestamp),
    row("timestamp", "int -> timestamp", lambda a: values.checked_timestamp(a * windows.SECOND)),
    row("duration", "duration -> duration", lambda a: a),
    row("duration", "string -> duration", values.parse_duration),
]
