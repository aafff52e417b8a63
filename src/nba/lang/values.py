"""The values of the language: those that Python lacks, and equality and order over all.

| CEL | Python | | CEL | Python |
|---|---|---|---|---|
| bool | `bool` | | null | `None` |
| int | `int` (64 bits, checked) | | list | `list` or `tuple` |
| uint | `UInt` | | map | `dict` (see `map_key`) |
| double | `float` | | timestamp | `Timestamp` |
| string, bytes | `str`, `bytes` | | duration | `Duration` |
| type | `TypeValue` | | optional | `OptionalValue` |

`UInt`, `Timestamp` and `Duration` are ints, so that generated code computes with them at full
speed; which of them a value is, its class says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from nba import windows
from nba.errors import EvaluationError

__all__ = [
    "EXACT",
    "INT_MAX",
    "INT_MIN",
    "MAX_SIZE",
    "NEVER",
    "NONE",
    "UINT_MAX",
    "Duration",
    "OptionalValue",
    "Timestamp",
    "TypeValue",
    "UInt",
    "checked_duration",
    "checked_int",
    "checked_size",
    "checked_timestamp",
    "checked_uint",
    "clamped",
    "compare",
    "contains",
    "equal",
    "from_python",
    "key_value",
    "kind_of",
    "lookup_key",
    "map_key",
    "parse_duration",
    "parse_timestamp",
    "show_double",
    "to_python",
]

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
#: Every int up to it is a double.
EXACT: Final = 2**53
UINT_MAX: Final = 2**64 - 1


def clamped(number: int) -> int:
    """Return the nearest whole number that 64 bits hold."""
    number = int(number)
    if INT_MIN <= number <= INT_MAX:
        return number
    return INT_MIN if number < 0 else INT_MAX


class UInt(int):
    """An unsigned 64-bit integer."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{int(self)}u"


class Duration(int):
    """A length of time in nanoseconds, within 64 bits (about 292 years either way)."""

    __slots__ = ()

    def __str__(self) -> str:
        sign, (seconds, rest) = "-" if self < 0 else "", divmod(abs(int(self)), windows.SECOND)
        fraction = f".{rest:09}".rstrip("0") if rest else ""
        return f"{sign}{seconds}{fraction}s"

    def __repr__(self) -> str:
        return f"Duration({str(self)!r})"


class Timestamp(int):
    """An instant in nanoseconds since 1970-01-01T00:00:00Z, in the years 1 to 9999."""

    __slots__ = ()

    def __str__(self) -> str:
        whole = windows.local(int(self), windows.zone("UTC")).strftime("%m-%dT%H:%M:%S")
        year = windows.local(int(self), windows.zone("UTC")).year
        rest = int(self) % windows.SECOND
        fraction = f".{rest:09}".rstrip("0") if rest else ""
        return f"{year:04}-{whole}{fraction}Z"

    def __repr__(self) -> str:
        return f"Timestamp({str(self)!r})"


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value: what `type(x)` returns and what the name `int` means."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class OptionalValue:
    """A value that may be missing: `optional.of(x)` holds one item, `optional.none()` none."""

    items: tuple[object, ...] = ()

    def __str__(self) -> str:
        return f"optional.of({self.items[0]!r})" if self.items else "optional.none()"


TIMESTAMP_MIN: Final = windows.parse_instant("0001-01-01T00:00:00Z")
TIMESTAMP_MAX: Final = windows.parse_instant("9999-12-31T23:59:59.999999999Z")

#: The optional that holds nothing.
NONE: Final = OptionalValue()

#: Characters, bytes or items of a text or a list that an expression may make.
MAX_SIZE: Final = 100_000

#: The earliest timestamp there is: when something last happened that never did.
NEVER: Final = Timestamp(TIMESTAMP_MIN)

_KINDS: Final[dict[type, str]] = {
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null_type",
    list: "list",
    tuple: "list",
    dict: "map",
    Timestamp: "timestamp",
    Duration: "duration",
    TypeValue: "type",
    OptionalValue: "optional_type",
}
_UNORDERED: Final = frozenset({"list", "map", "null_type", "type", "optional_type", "unknown"})
_HOLDING: Final = frozenset({"list", "map", "optional_type"})
_FINDABLE: Final = frozenset({"bool", "int", "uint", "double", "string"})
_NUMBERS: Final = frozenset({"int", "uint", "double"})


def kind_of(value: object) -> str:
    """Return the name of the type of *value*, such as `int` or `list`."""
    return _KINDS.get(type(value), "unknown")


# --- equality and order


def equal(left: Any, right: Any, done: set[tuple[int, int]] | None = None) -> bool:
    """Return whether two values are equal: numbers across types, lists and maps by content.

    *done* are the pairs that are known to be equal: a list may hold another many times over.
    """
    a, b = kind_of(left), kind_of(right)
    if a in _NUMBERS and b in _NUMBERS:
        return _compare_numbers(left, right) == 0
    if a != b:
        return False
    if a not in _HOLDING:
        return bool(left == right)
    done = set() if done is None else done
    pair = id(left), id(right)
    if pair not in done:
        if not _equal_inside(a, left, right, done):
            return False
        done.add(pair)
    return True


def _equal_inside(kind: str, left: Any, right: Any, done: set[tuple[int, int]]) -> bool:
    if kind == "optional_type":
        left, right = left.items, right.items
    if len(left) != len(right):
        return False
    if kind == "map":
        return all(key in right and equal(value, right[key], done) for key, value in left.items())
    return all(equal(one, other, done) for one, other in zip(left, right, strict=True))


def compare(left: object, right: object) -> int | None:
    """Return -1, 0 or 1 as *left* is below, equal to or above *right*; None beside a NaN.

    Raises EvaluationError when the two have no order.
    """
    a, b = kind_of(left), kind_of(right)
    if a in _NUMBERS and b in _NUMBERS:
        return _compare_numbers(left, right)
    if a != b or a in _UNORDERED:
        raise EvaluationError(f"a {a} and a {b} have no order")
    return _order(left, right)


def _order(left: Any, right: Any) -> int:
    return -1 if left < right else 1 if left > right else 0


def _compare_numbers(left: Any, right: Any) -> int | None:
    if isinstance(left, float) or isinstance(right, float):
        one, other = float(left), float(right)  # an int beside a double is rounded to one
        return None if one != one or other != other else _order(one, other)  # noqa: PLR0124
    return _order(left, right)


def contains(container: Any, value: object) -> bool:
    """Return whether a list has an element equal to *value*, or a map has it as a key."""
    if isinstance(container, dict):
        return kind_of(value) in _FINDABLE and lookup_key(value) in container
    return any(equal(value, item) for item in container)


# --- maps: `true` and `1` are different keys, which a dict would confuse


@dataclass(frozen=True, slots=True)
class _BoolKey:
    value: bool


_BOOL_KEYS: Final = {False: _BoolKey(value=False), True: _BoolKey(value=True)}


def map_key(value: object) -> object:
    """Return what stands for *value* as a key of a dict.

    Raises EvaluationError for a value that cannot be a key.
    """
    if kind_of(value) == "double":
        raise EvaluationError("a double cannot be the key of a map")
    return lookup_key(value)


def lookup_key(value: object) -> object:
    """Return what to look *value* up as; unlike a key it may be a double.

    Raises EvaluationError for a value that no key can equal.
    """
    if isinstance(value, bool):
        return _BOOL_KEYS[value]
    if kind_of(value) not in _FINDABLE:
        raise EvaluationError(f"a {kind_of(value)} cannot be the key of a map")
    return value


def key_value(key: object) -> object:
    """Return the value that the dict key *key* stands for."""
    return key.value if isinstance(key, _BoolKey) else key


# --- text


_DURATION = re.compile(r"([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+")
_DURATION_PART = re.compile(r"(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)")
_UNITS: Final = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 1_000_000,
    "s": windows.SECOND,
    "m": 60 * windows.SECOND,
    "h": 3600 * windows.SECOND,
}


def parse_duration(text: str) -> Duration:
    """Return the duration written as `36h`, `1h30m` or `-1.5s`. Raises EvaluationError."""
    if text == "0":
        return Duration(0)
    if len(text) > 100 or not _DURATION.fullmatch(text):
        raise EvaluationError(f"`{text}` is not a duration such as 36h or 90s")
    total = 0
    for whole, fraction, unit in _DURATION_PART.findall(text):
        total += int(whole or "0") * _UNITS[unit]
        if fraction:
            total += int(fraction) * _UNITS[unit] // 10 ** len(fraction)
    return checked_duration(-total if text.startswith("-") else total)


def parse_timestamp(text: str) -> Timestamp:
    """Return the timestamp written as RFC 3339. Raises EvaluationError."""
    try:
        return checked_timestamp(windows.parse_instant(text))
    except (ValueError, OverflowError):
        raise EvaluationError(f"`{text}` is not a time such as 2026-03-01T10:00:00Z") from None


def checked_int(value: int) -> int:
    """Return an int, or raise EvaluationError when it does not fit 64 bits."""
    if not INT_MIN <= value <= INT_MAX:
        raise EvaluationError("an int overflows 64 bits")
    return value


def checked_uint(value: int) -> UInt:
    """Return a uint, or raise EvaluationError when it does not fit 64 bits."""
    if not 0 <= value <= UINT_MAX:
        raise EvaluationError("a uint overflows 64 bits")
    return UInt(value)


def checked_size(size: int) -> None:
    """Raise EvaluationError when a text or a list of that size may not be made."""
    if size > MAX_SIZE:
        raise EvaluationError(f"a text or a list is longer than {MAX_SIZE:,}")


def checked_duration(nanoseconds: int) -> Duration:
    """Return a duration, or raise EvaluationError when it is out of range."""
    if not INT_MIN <= nanoseconds <= INT_MAX:
        raise EvaluationError("a duration is out of range")
    return Duration(nanoseconds)


def checked_timestamp(nanoseconds: int) -> Timestamp:
    """Return a timestamp, or raise EvaluationError when it is out of range."""
    if not TIMESTAMP_MIN <= nanoseconds <= TIMESTAMP_MAX:
        raise EvaluationError("a timestamp is out of range")
    return Timestamp(nanoseconds)


def show_double(value: float) -> str:
    """Return a double as text: the shortest that reads back the same, `3` rather than `3.0`."""
    if value != value:  # noqa: PLR0124
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value).removesuffix(".0")


# --- from and to Python


def from_python(value: Any) -> object:
    """Return *value* as a value of the language.

    Datetimes become timestamps, timedeltas durations, dates text. Raises EvaluationError for
    what the language cannot hold.
    """
    kind: type = type(value)
    if kind in (bool, float, str, bytes, type(None), UInt, Timestamp, Duration, TypeValue):
        return value
    if kind is int:
        if not INT_MIN <= value <= INT_MAX:
            raise EvaluationError("an int does not fit 64 bits")
        return value
    if isinstance(value, str):
        return str.__str__(value)  # of a subclass, such as an enum's member
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, int):
        return from_python(int(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, datetime):
        try:
            return Timestamp(windows.instant(value))
        except ValueError as error:
            raise EvaluationError(str(error)) from None
    if isinstance(value, timedelta):
        whole = (value.days * 86_400 + value.seconds) * windows.SECOND
        return checked_duration(whole + value.microseconds * 1000)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, OptionalValue):
        return OptionalValue(tuple(map(from_python, value.items)))
    if isinstance(value, Mapping):
        return {map_key(from_python(k)): from_python(v) for k, v in value.items()}
    if isinstance(value, Sequence):
        return [from_python(item) for item in value]
    raise EvaluationError(f"a Python {kind.__name__} is not a value of the language")


def to_python(value: object) -> object:
    """Return *value* with the keys of its maps as plain values again.

    Raises EvaluationError for a map with both `1` and `true` as keys, which Python cannot hold.
    """
    if isinstance(value, dict):
        found = {key_value(k): to_python(v) for k, v in value.items()}
        if len(found) < len(value):
            raise EvaluationError("a map with both `1` and `true` as keys has no Python form")
        return found
    if isinstance(value, list | tuple):
        return [to_python(item) for item in value]
    if isinstance(value, OptionalValue):
        return OptionalValue(tuple(map(to_python, value.items)))
    return value
