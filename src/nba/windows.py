"""Calendars: zones, local time, days. The only file that knows what a day is.

Instants are integers: nanoseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = [
    "EPOCH",
    "SECOND",
    "instant",
    "local",
    "midnight",
    "parse_day",
    "parse_instant",
    "zone",
]

SECOND = 1_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_OFFSET = re.compile(r"([+-]?)(\d{2}):(\d{2})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})"
)


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """Return the time zone called *name*: an IANA name, `UTC`, or an offset such as `+02:00`.

    Raises ValueError when there is no such zone.
    """
    if name in ("UTC", "Z", ""):
        return UTC
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset.groups()
        delta = timedelta(hours=int(hours), minutes=int(minutes))
        if delta >= timedelta(hours=24) or int(minutes) > 59:
            raise ValueError(f"`{name}` is not a time zone offset")
        return timezone(-delta if sign == "-" else delta)
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise ValueError(f"`{name}` is not a time zone") from error


def local(nanoseconds: int, where: tzinfo) -> datetime:
    """Return the local time of an instant, to the microsecond.

    Raises OverflowError outside the years 1 to 9999.
    """
    return (EPOCH + timedelta(microseconds=nanoseconds // 1000)).astimezone(where)


def instant(moment: datetime) -> int:
    """Return the instant of an aware datetime.

    Raises ValueError for a naive one: nobody knows which instant that is.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("a time needs a zone")
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds * 1000


def midnight(day: date, where: tzinfo) -> int:
    """Return the instant at which *day* begins in the zone *where*."""
    return instant(datetime(day.year, day.month, day.day, tzinfo=where))


def parse_day(text: str) -> date:
    """Return the date written as `2026-03-01`. Raises ValueError."""
    if not _DAY.fullmatch(text):
        raise ValueError(f"`{text}` is not a date such as 2026-03-01")
    return date.fromisoformat(text)


def parse_instant(text: str) -> int:
    """Return the instant written as RFC 3339, to the nanosecond. Raises ValueError."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not a time such as 2026-03-01T10:00:00Z")
    day, clock, fraction, offset = match.groups()
    offset = "+00:00" if offset in "Zz" else offset
    whole = datetime.fromisoformat(f"{day}T{clock}{offset}")
    return instant(whole) + int((fraction or "").ljust(9, "0"))
