"""The functions and operators of the language, as one table.

A row has a name (`.name` when it is called on a value, as in `text.startsWith('a')`), a
signature, its meaning, and where it pays a piece of Python for generated code. The meaning
raises EvaluationError where there is no result. The Python never raises: it is used where the
types are known beforehand, and only once *guard*, if there is one, has held. `{0}`, `{1}` stand
for the operands and `{t}` for a variable of its own, which the guard may set. Where a piece of
Python yields a plain int for a uint, timestamp or duration, the generator restores the class.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import re2

from nba import windows
from nba.errors import EvaluationError
from nba.lang import values
from nba.lang.types import Type, parse_type
from nba.lang.values import INT_MAX, INT_MIN, UINT_MAX, Duration, Timestamp, TypeValue, UInt

__all__ = [
    "BOOK_FUNCTIONS",
    "CEL_FUNCTIONS",
    "Functions",
    "Overload",
    "dispatch",
    "pattern",
    "search",
]


@dataclass(frozen=True, slots=True)
class Overload:
    """One row of the table."""

    name: str
    params: tuple[Type, ...]
    result: Type
    meaning: Callable[..., object]
    python: str | None = None
    guard: str | None = None


Functions = dict[str, tuple[Overload, ...]]


def dispatch(functions: Functions, name: str, args: Sequence[object]) -> object:
    """Apply the function whose parameters the classes of *args* fit.

    Raises EvaluationError when there is none, or when it has no result.
    """
    for overload in functions.get(name, ()):
        if len(overload.params) == len(args) and all(map(_fits, overload.params, args)):
            return overload.meaning(*args)
    kinds = ", ".join(map(values.kind_of, args))
    if name not in functions:
        raise EvaluationError(f"there is no function `{name.lstrip('.')}`")
    raise EvaluationError(f"`{name.lstrip('.')}` does not take ({kinds})")


def _fits(param: Type, value: object) -> bool:
    if param.name == "dyn" or param.is_param:
        return True
    if param.name != values.kind_of(value):
        return False
    return not isinstance(value, list | tuple) or all(_fits(param.args[0], v) for v in value)


# --- arithmetic

_CHECK_INT: Final = f"{INT_MIN} <= ({{t}} := {{0}} %s {{1}}) <= {INT_MAX}"
_CHECK_TIME: Final = (
    f"{values.TIMESTAMP_MIN} <= ({{t}} := {{0}} %s {{1}}) <= {values.TIMESTAMP_MAX}"
)


def _int(value: int) -> int:
    if not INT_MIN <= value <= INT_MAX:
        raise EvaluationError("an int overflows 64 bits")
    return value


def _uint(value: int) -> UInt:
    if not 0 <= value <= UINT_MAX:
        raise EvaluationError("a uint overflows 64 bits")
    return UInt(value)


def _truncating(left: int, right: int) -> int:
    """Divide two ints towards zero, as CEL does and Python does not."""
    if right == 0:
        raise EvaluationError("division by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: int, right: int) -> int:
    return left - right * _int(_truncating(left, right))


def _divide_ieee(left: float, right: float) -> float:
    """Divide two doubles as IEEE 754 says: by zero gives an infinity or NaN."""
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _divide_known(left: float, right: float) -> float:
    """Divide two doubles; by zero there is no result."""
    if right == 0:
        raise EvaluationError("division by zero")
    return left / right


def _saturated(nanoseconds: int) -> Duration:
    return Duration(max(INT_MIN, min(INT_MAX, nanoseconds)))


# --- order


def _ordered(test: Callable[[int], bool]) -> Callable[[object, object], bool]:
    def meaning(left: object, right: object) -> bool:
        order = values.compare(left, right)
        return order is not None and test(order)

    return meaning


_ORDER: Final[dict[str, Callable[[object, object], bool]]] = {
    "<": _ordered(lambda order: order < 0),
    "<=": _ordered(lambda order: order <= 0),
    ">": _ordered(lambda order: order > 0),
    ">=": _ordered(lambda order: order >= 0),
}


# --- containers


def _at(items: Sequence[object], index: float) -> object:
    if isinstance(index, float) and not index.is_integer():
        raise EvaluationError(f"{index} is not an index")
    if not 0 <= index < len(items):
        raise EvaluationError(f"there is no item {int(index)}")
    return items[int(index)]


def _lookup(mapping: dict[object, object], key: object) -> object:
    found = values.lookup_key(key)
    if found not in mapping:
        raise EvaluationError(f"there is no key {key!r}")
    return mapping[found]


def _some(items: Sequence[Any], what: str) -> Sequence[Any]:
    if not items:
        raise EvaluationError(f"an empty list has no {what}")
    return items


def _total(items: Sequence[float]) -> float:
    """Add doubles exactly, and round once."""
    try:
        return math.fsum(items)
    except (OverflowError, ValueError):  # the latter where infinities meet
        raise EvaluationError("the sum of a list is out of range") from None


def _least(items: Sequence[Any]) -> object:
    least = _some(items, "least item")[0]
    for item in items[1:]:
        least = item if _ORDER["<"](item, least) else least
    return least


def _greatest(items: Sequence[Any]) -> object:
    greatest = _some(items, "greatest item")[0]
    for item in items[1:]:
        greatest = item if _ORDER[">"](item, greatest) else greatest
    return greatest


# --- text


@lru_cache(maxsize=4096)
def pattern(text: str) -> Any:
    """Return a compiled RE2 pattern, linear in time. Raises EvaluationError."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except UnicodeEncodeError:
        raise EvaluationError("the pattern has no UTF-8 form") from None
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        reason = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise EvaluationError(f"`{text}` is not a pattern: {reason}") from None


def search(text: str, compiled: Any) -> bool:
    """Return whether a compiled pattern occurs in *text*. Raises EvaluationError."""
    try:
        return compiled.search(text) is not None
    except UnicodeEncodeError:
        raise EvaluationError("the text has no UTF-8 form") from None


def _matches(text: str, expression: str) -> bool:
    return search(text, pattern(expression))


# --- conversions


def _to_int(value: Any) -> int:
    if isinstance(value, float):
        if not -(2.0**63) < value < 2.0**63:
            raise EvaluationError("a double is out of the range of an int")
        return int(value)
    if isinstance(value, Timestamp):
        return int(value) // windows.SECOND
    return _int(int(value))


def _to_uint(value: float) -> UInt:
    if isinstance(value, float) and not 0 <= value < 2.0**64:
        raise EvaluationError("a double is out of the range of a uint")
    return _uint(int(value))


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


# --- time


def _units(unit: int) -> Callable[[float], Duration]:
    def meaning(count: float) -> Duration:
        if not abs(count) < 1e12:  # NaN too
            raise EvaluationError("a duration is out of range")
        return values.checked_duration(round(count * unit))

    return meaning


def _calendar(part: str) -> Callable[..., int]:
    """Return the meaning of a getter such as `getHours`, in UTC or in the zone it is given."""

    def meaning(when: Timestamp, zone: str = "UTC") -> int:
        try:
            day = windows.local(int(when), windows.zone(zone))
        except (ValueError, OverflowError) as error:
            raise EvaluationError(str(error)) from None
        return _PARTS[part](day)

    return meaning


_PARTS: Final[dict[str, Callable[[Any], int]]] = {
    "getFullYear": lambda day: day.year,
    "getMonth": lambda day: day.month - 1,
    "getDate": lambda day: day.day,
    "getDayOfMonth": lambda day: day.day - 1,
    "getDayOfWeek": lambda day: day.isoweekday() % 7,
    "getDayOfYear": lambda day: day.timetuple().tm_yday - 1,
    "getHours": lambda day: day.hour,
    "getMinutes": lambda day: day.minute,
    "getSeconds": lambda day: day.second,
    "getMilliseconds": lambda day: day.microsecond // 1000,
}


def _whole(unit: int) -> Callable[[Duration], int]:
    return lambda length: int(length) // unit if length >= 0 else -(-int(length) // unit)


def _milliseconds(length: Duration) -> int:
    return _remainder(_whole(1_000_000)(length), 1000)


# --- the table


_COMMA = re.compile(r",\s*(?![^()]*\))")  # between parameters, not inside `map(K, V)`


def _row(
    name: str,
    signature: str,
    meaning: Callable[..., object],
    python: str | None = None,
    guard: str | None = None,
) -> Overload:
    params, result = signature.split(" -> ")
    types = tuple(parse_type(param) for param in _COMMA.split(params))
    return Overload(name, types, parse_type(result), meaning, python, guard)


def _comparisons() -> list[Overload]:
    rows = []
    numbers = ("int", "uint", "double")
    for name, meaning in _ORDER.items():
        rows += [
            _row(name, f"{kind}, {kind} -> bool", meaning, f"{{0}} {name} {{1}}")
            for kind in ("bool", *numbers, "string", "bytes", "timestamp", "duration")
        ]
        for left in numbers:
            rows += [
                _row(name, f"{left}, {right} -> bool", meaning)
                for right in numbers
                if left != right
            ]
    return rows


def _getters() -> list[Overload]:
    rows = []
    for name in _PARTS:
        meaning = _calendar(name)
        rows += [
            _row(f".{name}", "timestamp -> int", meaning),
            _row(f".{name}", "timestamp, string -> int", meaning),
        ]
    return rows


_ROWS: Final = [
    *_comparisons(),
    _row("==", "$A, $A -> bool", values.equal),
    _row("!=", "$A, $A -> bool", lambda a, b: not values.equal(a, b)),
    _row("in", "$A, list($A) -> bool", lambda v, items: values.contains(items, v)),
    _row("in", "$A, map($A, $B) -> bool", lambda v, items: values.contains(items, v)),
    _row("[]", "list($A), int -> $A", _at, "{0}[{1}]", "0 <= {1} < len({0})"),
    _row("[]", "list($A), uint -> $A", _at),
    _row("[]", "list($A), double -> $A", _at),
    _row("[]", "map($A, $B), $A -> $B", _lookup),
    # arithmetic
    _row("+", "int, int -> int", lambda a, b: _int(a + b), "{t}", _CHECK_INT % "+"),
    _row("-", "int, int -> int", lambda a, b: _int(a - b), "{t}", _CHECK_INT % "-"),
    _row("*", "int, int -> int", lambda a, b: _int(a * b), "{t}", _CHECK_INT % "*"),
    _row("/", "int, int -> int", lambda a, b: _int(_truncating(a, b))),
    _row("%", "int, int -> int", _remainder),
    _row("negate", "int -> int", lambda a: _int(-a)),
    _row("+", "uint, uint -> uint", lambda a, b: _uint(int(a) + int(b))),
    _row("-", "uint, uint -> uint", lambda a, b: _uint(int(a) - int(b))),
    _row("*", "uint, uint -> uint", lambda a, b: _uint(int(a) * int(b))),
    _row("/", "uint, uint -> uint", lambda a, b: _uint(_truncating(int(a), int(b)))),
    _row(
        "%", "uint, uint -> uint", lambda a, b: UInt(int(a) - int(b) * _truncating(int(a), int(b)))
    ),
    _row("+", "double, double -> double", lambda a, b: a + b, "{0} + {1}"),
    _row("-", "double, double -> double", lambda a, b: a - b, "{0} - {1}"),
    _row("*", "double, double -> double", lambda a, b: a * b, "{0} * {1}"),
    _row("/", "double, double -> double", _divide_ieee),
    _row("negate", "double -> double", lambda a: -a, "-{0}"),
    _row("+", "string, string -> string", lambda a, b: a + b, "{0} + {1}"),
    _row("+", "bytes, bytes -> bytes", lambda a, b: a + b, "{0} + {1}"),
    _row("+", "list($A), list($A) -> list($A)", lambda a, b: [*a, *b]),
    # time
    _row(
        "+",
        "timestamp, duration -> timestamp",
        lambda a, b: values.checked_timestamp(int(a) + int(b)),
        "{t}",
        _CHECK_TIME % "+",
    ),
    _row(
        "+",
        "duration, timestamp -> timestamp",
        lambda a, b: values.checked_timestamp(int(a) + int(b)),
        "{t}",
        _CHECK_TIME % "+",
    ),
    _row(
        "-",
        "timestamp, duration -> timestamp",
        lambda a, b: values.checked_timestamp(int(a) - int(b)),
        "{t}",
        _CHECK_TIME % "-",
    ),
    _row(
        "-",
        "timestamp, timestamp -> duration",
        lambda a, b: values.checked_duration(int(a) - int(b)),
        "{t}",
        _CHECK_INT % "-",
    ),
    _row(
        "+",
        "duration, duration -> duration",
        lambda a, b: values.checked_duration(int(a) + int(b)),
        "{t}",
        _CHECK_INT % "+",
    ),
    _row(
        "-",
        "duration, duration -> duration",
        lambda a, b: values.checked_duration(int(a) - int(b)),
        "{t}",
        _CHECK_INT % "-",
    ),
    _row("days", "int -> duration", _units(86_400 * windows.SECOND)),
    _row("days", "double -> duration", _units(86_400 * windows.SECOND)),
    _row("hours", "int -> duration", _units(3600 * windows.SECOND)),
    _row("hours", "double -> duration", _units(3600 * windows.SECOND)),
    _row("minutes", "int -> duration", _units(60 * windows.SECOND)),
    _row("minutes", "double -> duration", _units(60 * windows.SECOND)),
    # the checker adds `now` as the last argument of these two
    _row(
        "since",
        "timestamp, timestamp -> duration",
        lambda then, now: _saturated(int(now) - int(then)),
        f"({{t}} if {INT_MIN} <= ({{t}} := {{1}} - {{0}}) <= {INT_MAX} else saturated({{t}}))",
    ),
    _row(
        "within",
        "timestamp, duration, timestamp -> bool",
        lambda then, length, now: 0 <= int(now) - int(then) < int(length),
        "0 <= {2} - {0} < {1}",
    ),
    *_getters(),
    _row(".getHours", "duration -> int", _whole(3600 * windows.SECOND)),
    _row(".getMinutes", "duration -> int", _whole(60 * windows.SECOND)),
    _row(".getSeconds", "duration -> int", _whole(windows.SECOND)),
    _row(".getMilliseconds", "duration -> int", _milliseconds),
    # text
    _row(".startsWith", "string, string -> bool", str.startswith, "{0}.startswith({1})"),
    _row(".endsWith", "string, string -> bool", str.endswith, "{0}.endswith({1})"),
    _row(".contains", "string, string -> bool", lambda a, b: b in a, "{1} in {0}"),
    _row(".matches", "string, string -> bool", _matches),
    _row("matches", "string, string -> bool", _matches),
    # sizes and lists
    *(
        _row(name, f"{kind} -> int", len, "len({0})")
        for name in ("size", ".size")
        for kind in ("string", "bytes", "list($A)", "map($A, $B)")
    ),
    _row("count", "list($A) -> int", len, "len({0})"),
    _row("sum", "list(int) -> int", lambda items: _int(sum(items))),
    _row("sum", "list(double) -> double", _total),
    _row("avg", "list(int) -> double", lambda items: sum(_some(items, "average")) / len(items)),
    _row(
        "avg",
        "list(double) -> double",
        lambda items: _total(_some(items, "average")) / len(items),
    ),
    *(
        _row(name, f"list({kind}) -> {kind}", meaning)
        for name, meaning in (("min", _least), ("max", _greatest))
        for kind in ("int", "double", "string", "timestamp", "duration")
    ),
    _row(
        "sets.intersects",
        "list($A), list($A) -> bool",
        lambda a, b: any(values.contains(b, item) for item in a),
    ),
    # conversions
    _row("dyn", "$A -> dyn", lambda a: a),
    _row("type", "$A -> type($A)", _type_value),
    _row("bool", "bool -> bool", lambda a: a),
    _row("bool", "string -> bool", _to_bool),
    _row("int", "int -> int", lambda a: a),
    _row("int", "uint -> int", _to_int),
    _row("int", "double -> int", _to_int),
    _row("int", "string -> int", lambda a: _int(_digits(a, signed=True))),
    _row("int", "timestamp -> int", _to_int),
    _row("uint", "uint -> uint", lambda a: a),
    _row("uint", "int -> uint", _to_uint),
    _row("uint", "double -> uint", _to_uint),
    _row("uint", "string -> uint", lambda a: _uint(_digits(a, signed=False))),
    _row("double", "double -> double", lambda a: a),
    _row("double", "int -> double", float, "float({0})"),
    _row("double", "uint -> double", float),
    _row("double", "string -> double", _to_double),
    _row("string", "string -> string", lambda a: a),
    _row("string", "bool -> string", lambda a: "true" if a else "false"),
    _row("string", "int -> string", str),
    _row("string", "uint -> string", lambda a: str(int(a))),
    _row("string", "double -> string", values.show_double),
    _row("string", "bytes -> string", _decoded),
    _row("string", "timestamp -> string", str),
    _row("string", "duration -> string", str),
    _row("bytes", "bytes -> bytes", lambda a: a),
    _row("bytes", "string -> bytes", _encoded),
    _row("timestamp", "timestamp -> timestamp", lambda a: a),
    _row("timestamp", "string -> timestamp", values.parse_timestamp),
    _row("timestamp", "int -> timestamp", lambda a: values.checked_timestamp(a * windows.SECOND)),
    _row("duration", "duration -> duration", lambda a: a),
    _row("duration", "string -> duration", values.parse_duration),
]


def _by_name(rows: list[Overload]) -> Functions:
    table: dict[str, list[Overload]] = {}
    for row in rows:
        table.setdefault(row.name, []).append(row)
    return {name: tuple(found) for name, found in table.items()}


#: The language as its specification has it.
CEL_FUNCTIONS: Final = _by_name(_ROWS)

#: The language of rule books: dividing a double by zero has no result.
BOOK_FUNCTIONS: Final = CEL_FUNCTIONS | {
    "/": (
        *(row for row in CEL_FUNCTIONS["/"] if row.result.name != "double"),
        _row("/", "double, double -> double", _divide_known, "{0} / {1}", "{1} != 0.0"),
    )
}
