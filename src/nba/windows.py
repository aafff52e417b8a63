"""Calendars: zones, local time, days. The only file that knows what a day is.

Instants are integers: nanoseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal
from zoneinfo import ZoneInfo

__all__ = [
    "EARLIEST",
    "EPOCH",
    "LATEST",
    "SECOND",
    "OpeningHours",
    "Window",
    "day_of",
    "instant",
    "instants",
    "local",
    "midnight",
    "moment",
    "parse_day",
    "parse_instant",
    "parse_length",
    "parse_spans",
    "span_of_day",
    "zone",
    "zone_or",
]

SECOND = 1_000_000_000
_WHOLE_DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
#: The longest length that may be written. Who means for ever may say so.
_LONGEST = 999_999 * _WHOLE_DAY
#: What is now is not before the one, and before the other: then it is a number of 64 bits, as
#: stores keep times, and what lies the longest length after it is in the calendar in every zone.
EARLIEST: Final = (date(1678, 1, 1) - EPOCH.date()).days * _WHOLE_DAY
LATEST: Final = (date(2262, 1, 1) - EPOCH.date()).days * _WHOLE_DAY

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


def zone_or(name: object, otherwise: tzinfo) -> tzinfo:
    """Return the time zone called *name*; *otherwise* where that is unknown, or is none."""
    try:
        return zone(name) if isinstance(name, str) else otherwise
    except ValueError:
        return otherwise


def local(nanoseconds: int, where: tzinfo) -> datetime:
    """Return the local time of an instant, to the microsecond.

    Raises OverflowError outside the years 1 to 9999.
    """
    return moment(nanoseconds).astimezone(where)


def day_of(nanoseconds: int, where: tzinfo) -> date:
    """Return the day that an instant is on in the zone *where*. Raises OverflowError."""
    turn = _turn_of(nanoseconds // _WHOLE_DAY, where)
    if turn is None:
        return local(nanoseconds, where).date()
    midnight_, before, after = turn
    return before if nanoseconds < midnight_ else after


def span_of_day(nanoseconds: int, where: tzinfo) -> tuple[int, int]:
    """Return from when on an instant's day in the zone *where* lasts, and until when, at least.

    The clocks do not change in that time.
    """
    day = nanoseconds // _WHOLE_DAY
    turn = _turn_of(day, where)
    if turn is None:
        return nanoseconds, nanoseconds + 1
    begins, ends = day * _WHOLE_DAY, (day + 1) * _WHOLE_DAY
    return (begins, turn[0]) if nanoseconds < turn[0] else (turn[0], ends)


@lru_cache(maxsize=4096)  # most that is asked for is of today
def _turn_of(day: int, where: tzinfo) -> tuple[int, date, date] | None:
    """Return when one day turns into the next during a day in UTC, and both of them.

    None where the clocks change in that time, or it ends all time: then each instant is looked at.
    """
    begins, ends = day * _WHOLE_DAY, (day + 1) * _WHOLE_DAY
    try:
        first, last = local(begins, where), local(ends - 1, where)
    except OverflowError:
        return None
    if first.utcoffset() != last.utcoffset():
        return None
    before, after = first.date(), last.date()
    return (ends if before == after else midnight(after, where)), before, after


def instant(when: datetime) -> int:
    """Return the instant of an aware datetime.

    Raises ValueError for a naive one: nobody knows which instant that is.
    """
    try:
        return (when - EPOCH) // _MICROSECOND * 1000
    except TypeError:
        raise ValueError("a time needs a zone") from None


def instants(whens: Iterable[datetime]) -> list[int]:
    """Return the instants of aware datetimes. Raises TypeError for anything else.

    It is faster than `instant` of each.
    """
    found = []
    for when in whens:
        since = when - EPOCH
        found.append((since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 1000)
    return found


def moment(nanoseconds: int) -> datetime:
    """Return an instant as a datetime in UTC, to the microsecond. Raises OverflowError."""
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


@lru_cache(maxsize=4096)  # the same few days are asked for again and again
def midnight(day: date, where: tzinfo) -> int:
    """Return the instant at which *day* begins in the zone *where*.

    Where the clocks skip midnight, or the whole day, that is when they do so.
    """
    return _shown(datetime(day.year, day.month, day.day, tzinfo=where))


def _shown(clock: datetime) -> int:
    """Return the first instant at which the clocks of a zone show a time of a day, or a later one.

    Of a time that they show twice that is the first; one that they skip has passed when they do.
    """
    before, after = clock.utcoffset(), clock.replace(fold=1).utcoffset()
    first = instant(clock)
    if before is None or after is None or before >= after:
        return first
    # Skipped: the clocks change after what the later offset makes of it, and not after `first`.
    low, high = instant(clock.replace(fold=1)) // SECOND, first // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        changed = local(middle * SECOND, clock.tzinfo or UTC).utcoffset() == after
        low, high = (low, middle) if changed else (middle, high)
    return high * SECOND


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


_LENGTH = re.compile(r"(\d{1,6}) ?(s|min|h|d|w)")
_LENGTH_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_length(text: str) -> int:
    """Return the nanoseconds of a length written as `90s`, `30min`, `36h`, `7d` or `2w`.

    A day is 24 hours, and nothing is longer than 999999 days. Raises ValueError.
    """
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not a length of time such as 36h or 7d")
    found = int(match[1]) * _LENGTH_UNITS[match[2]] * SECOND
    if found > _LONGEST:
        raise ValueError(f"`{text}` is longer than 999999d")
    return found


@dataclass(frozen=True, slots=True)
class Window:
    """What is recent: a rolling *length* in nanoseconds, or the calendar unit that now is in.

    Without either it reaches back without end. *zone* is whose calendar it is: `book`,
    `customer.timezone`, or the name of a zone; *week_start* counts from Monday, which is 0.
    """

    length: int | None = None
    calendar: Literal["day", "week", "month"] | None = None
    zone: str = "book"
    week_start: int = 0

    def ends(self, now: int, where: tzinfo) -> int | None:
        """Return when the calendar window that *now* is in ends; None for other windows."""
        if self.calendar is None:
            return None
        day = _first_day(day_of(now, where), self.calendar, self.week_start)
        if self.calendar == "month":
            return midnight((day + timedelta(31)).replace(day=1), where)
        return midnight(day + timedelta(7 if self.calendar == "week" else 1), where)

    def after(self, now: int, where: tzinfo) -> int | None:
        """Return the instant after which something is recent at *now*; None for no bound.

        A rolling window holds what is later than `now - length`, up to now. A calendar window
        holds what is not before the start of the day, week or month that *now* is in, as the
        clocks of *where* have it.
        """
        if self.length is not None:
            return now - self.length
        if self.calendar is None:
            return None
        return _began(day_of(now, where), self.calendar, self.week_start, where) - 1


@lru_cache(maxsize=4096)  # the same few days are asked for again and again
def _began(day: date, calendar: str, week_start: int, where: tzinfo) -> int:
    """Return the instant at which the day, week or month of a day begins."""
    return midnight(_first_day(day, calendar, week_start), where)


def _first_day(day: date, calendar: str, week_start: int) -> date:
    """Return the first day of the day, week or month that a day is in."""
    if calendar == "week":
        return day - timedelta(days=(day.weekday() - week_start) % 7)
    return day.replace(day=1) if calendar == "month" else day


_MINUTES = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_LONGEST_CLOSED = 400  # days that are looked through for an opening
_MOST_DAYS = 1000  # that are remembered of one calendar
_MOST_ZONES = 1000

#: From when until when, in minutes since local midnight, or as instants.
Span = tuple[int, int]


def parse_spans(text: str) -> tuple[Span, ...]:
    """Return the hours written as `08:00-12:00, 13:00-17:00`, in their order. Raises ValueError."""
    spans = []
    for part in map(str.strip, text.split(",")):
        match = _MINUTES.fullmatch(part)
        hours = [int(number) for number in match.groups()] if match else [0] * 4
        start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if not match or max(hours[1], hours[3]) > 59 or max(start, end) > 24 * 60:
            raise ValueError(f"`{part}` is not a time of day such as 08:00-20:00")
        if start >= end:
            raise ValueError(f"`{part}` does not end after it begins")
        spans.append((start, end))
    spans.sort()
    if any(end > start for (_, end), (start, _) in pairwise(spans)):
        raise ValueError(f"the hours in `{text}` overlap")
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When something is open: spans for each day of the *week* from Monday, but not on *closed*.

    A span lasts from when the clocks first show its start, or a later time, to when they first
    show its end, or a later time.
    """

    week: tuple[tuple[Span, ...], ...]
    closed: frozenset[date] = frozenset()
    #: The spans of days that were asked for, and of the days after them, by day and zone.
    _near: dict[tuple[date, tzinfo], tuple[Span, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    #: By zone: from when until when it was open, or was not, when that was last asked for.
    _lately: dict[tzinfo, tuple[int, int, bool]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def is_open(self, now: int, where: tzinfo) -> bool:
        """Return whether it is open at *now*, as the clocks of *where* have it."""
        found = self._lately.get(where)
        if found is None or not found[0] <= now < found[1]:
            if len(self._lately) >= _MOST_ZONES:
                self._lately.clear()
            found = self._lately[where] = self._stretch(now, where)
        return found[2]

    def _stretch(self, now: int, where: tzinfo) -> tuple[int, int, bool]:
        """Return whether it is open, and from when until when of a day that is so, at least."""
        today = day_of(now, where)
        near = self._near.get((today, where))
        if near is None:
            if len(self._near) >= _MOST_DAYS:
                self._near.clear()
            # of tomorrow too: clocks may go back over midnight
            near = self._near[today, where] = tuple(self._from(today, where, days=2))
        edges = [*span_of_day(now, where), *(edge for span in near for edge in span)]
        begins = max(edge for edge in edges if edge <= now)
        ends = min(edge for edge in edges if now < edge)
        return begins, ends, any(start <= now < end for start, end in near)

    def next_open(self, now: int, where: tzinfo) -> int | None:
        """Return *now* if it is open, else when it opens next; None for not within 400 days."""
        spans = self._from(day_of(now, where), where)
        return next((max(start, now) for start, end in spans if end > now), None)

    def after(self, now: int, length: int, where: tzinfo) -> int | None:
        """Return when it has been open for *length* since *now*; None for not within 400 days."""
        left = length
        for start, end in self._from(day_of(now, where), where):
            if end > now:
                begin = max(start, now)
                if end - begin >= left:
                    return begin + left
                left -= end - begin
        return None

    def _from(self, today: date, where: tzinfo, days: int = _LONGEST_CLOSED) -> Iterator[Span]:
        """Yield the spans of so many days, from *today* on, as instants."""
        for day in range(days):
            try:
                yield from self._spans(today + timedelta(day), where)
            except OverflowError:
                return

    def _spans(self, day: date, where: tzinfo) -> Iterator[Span]:
        if day not in self.closed:
            for start, end in self.week[day.weekday()]:
                opens, closes = _clock(day, start, where), _clock(day, end, where)
                if opens < closes:  # the clocks may skip all of it
                    yield opens, closes


def _clock(day: date, minutes: int, where: tzinfo) -> int:
    """Return the first instant at which the clocks of *where* show a time of a day, or later."""
    if minutes == 24 * 60:
        return midnight(day + timedelta(1), where)
    return _shown(datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=where))
