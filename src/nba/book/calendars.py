"""Calendars: from what files write of opening hours to what they mean."""

from __future__ import annotations

from datetime import date
from typing import Final

from nba import windows
from nba.book import documents
from nba.book.contact import WEEKDAYS, Calendar
from nba.book.findings import At, Findings, short
from nba.windows import OpeningHours, Span

__all__ = ["calendar"]

_DAYS_HELP: Final = "write `mon`, `mon-fri` or `every_day`"
_HOURS_HELP: Final = "write `08:00-20:00`, with `24:00` for the end of the day"
_NIGHT_HELP: Final = "write the hours after midnight with the day that they are on"


def calendar(name: str, document: documents.Calendar, at: At, findings: Findings) -> Calendar:
    """Return opening hours; what is wrong with them is reported. The zone is checked elsewhere."""
    week: list[tuple[Span, ...]] = [()] * 7
    given: set[int] = set()
    for days, text in document.open.items():
        here = at / "open" / days
        numbers = _numbers(days, here, findings)
        spans = _spans(text, here, findings)
        if twice := sorted(given.intersection(numbers)):
            message = f"the hours of `{WEEKDAYS[twice[0]]}` are given twice"
            findings.report("duplicate-id", message, "give each day once", here.key_place)
        given.update(numbers)
        for number in numbers:
            week[number] = spans
    if not document.open and not (at / "open").faulty:
        message = f"the calendar `{name}` is never open"
        help_ = "write hours, such as `open: {mon-fri: 08:00-20:00}`"
        findings.report("wrong-value", message, help_, (at / "open").place)
    closed: set[date] = set()
    for place, day in enumerate(document.closed):
        try:
            closed.add(windows.parse_day(day))
        except ValueError:
            message = f"`{short(day)}` is not a date"
            help_ = "write one such as `2026-12-25`"
            findings.report("wrong-value", message, help_, (at / "closed" / place).place)
    return Calendar(
        name, document.timezone, OpeningHours(tuple(week), frozenset(closed)), at.key_place
    )


def _numbers(text: str, at: At, findings: Findings) -> range:
    """Return the numbers of the days in `mon`, `mon-fri` or `every_day`."""
    if text == "every_day":
        return range(7)
    first, dash, last = text.partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        message = f"`{short(text)}` is no day"
        findings.report("wrong-value", message, _DAYS_HELP, at.key_place)
        return range(0)
    start, stop = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    if stop < start:
        message = f"`{text}` goes over the end of the week"
        until = f"mon-{last}" if stop else "mon"
        help_ = f"write `{first}{'-sun' if start < 6 else ''}` and `{until}`"
        findings.report("wrong-value", message, help_, at.key_place)
        return range(0)
    return range(start, stop + 1)


def _spans(text: str, at: At, findings: Findings) -> tuple[Span, ...]:
    try:
        return windows.parse_spans(text)
    except ValueError as error:
        help_ = _NIGHT_HELP if "does not end" in str(error) else _HOURS_HELP
        findings.report("wrong-value", _in_short(str(error)), help_, at.place)
        return ()


def _in_short(message: str) -> str:
    """Return a message of which the quoted text is not too long to be read."""
    before, quote, rest = message.partition("`")
    text, _, after = rest.rpartition("`")
    return f"{before}`{short(text)}`{after}" if quote else message
