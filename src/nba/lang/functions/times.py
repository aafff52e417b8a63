"""Timestamps, durations and calendars."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nba import windows
from nba.errors import EvaluationError
from nba.lang import values
from nba.lang.functions.operators import CHECK_INT, remainder
from nba.lang.functions.table import Overload, row
from nba.lang.values import INT_MAX, INT_MIN, Duration, Timestamp

__all__ = ["ROWS"]

_CHECK_TIME: Final = (
    f"{values.TIMESTAMP_MIN} <= ({{t}} := {{0}} %s {{1}}) <= {values.TIMESTAMP_MAX}"
)


def _saturated(nanoseconds: int) -> Duration:
    return Duration(max(INT_MIN, min(INT_MAX, nanoseconds)))


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
    return remainder(_whole(1_000_000)(length), 1000)


def _getters() -> list[Overload]:
    rows = []
    for name in _PARTS:
        meaning = _calendar(name)
        rows += [
            row(f".{name}", "timestamp -> int", meaning),
            row(f".{name}", "timestamp, string -> int", meaning),
        ]
    return rows


ROWS: Final = [
    # time
    row(
        "+",
        "timestamp, duration -> timestamp",
        lambda a, b: values.checked_timestamp(int(a) + int(b)),
        "{t}",
        _CHECK_TIME % "+",
    ),
    row(
        "+",
        "duration, timestamp -> timestamp",
        lambda a, b: values.checked_timestamp(int(a) + int(b)),
        "{t}",
        _CHECK_TIME % "+",
    ),
    row(
        "-",
        "timestamp, duration -> timestamp",
        lambda a, b: values.checked_timestamp(int(a) - int(b)),
        "{t}",
        _CHECK_TIME % "-",
    ),
    row(
        "-",
        "timestamp, timestamp -> duration",
        lambda a, b: values.checked_duration(int(a) - int(b)),
        "{t}",
        CHECK_INT % "-",
    ),
    row(
        "+",
        "duration, duration -> duration",
        lambda a, b: values.checked_duration(int(a) + int(b)),
        "{t}",
        CHECK_INT % "+",
    ),
    row(
        "-",
        "duration, duration -> duration",
        lambda a, b: values.checked_duration(int(a) - int(b)),
        "{t}",
        CHECK_INT % "-",
    ),
    row("days", "int -> duration", _units(86_400 * windows.SECOND)),
    row("days", "double -> duration", _units(86_400 * windows.SECOND)),
    row("hours", "int -> duration", _units(3600 * windows.SECOND)),
    row("hours", "double -> duration", _units(3600 * windows.SECOND)),
    row("minutes", "int -> duration", _units(60 * windows.SECOND)),
    row("minutes", "double -> duration", _units(60 * windows.SECOND)),
    # the checker adds `now` as the last argument of these two
    row(
        "since",
        "timestamp, timestamp -> duration",
        lambda then, now: _saturated(int(now) - int(then)),
        f"({{t}} if {INT_MIN} <= ({{t}} := {{1}} - {{0}}) <= {INT_MAX} else saturated({{t}}))",
    ),
    row(
        "within",
        "timestamp, duration, timestamp -> bool",
        lambda then, length, now: 0 <= int(now) - int(then) < int(length),
        "0 <= {2} - {0} < {1}",
    ),
    *_getters(),
    row(".getHours", "duration -> int", _whole(3600 * windows.SECOND)),
    row(".getMinutes", "duration -> int", _whole(60 * windows.SECOND)),
    row(".getSeconds", "duration -> int", _whole(windows.SECOND)),
    row(".getMilliseconds", "duration -> int", _milliseconds),
]
