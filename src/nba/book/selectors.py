"""Selectors, dates and percentages: small parts that many sections share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from math import ceil, floor, inf
from typing import get_args

from nba import windows
from nba.book import documents, forms
from nba.book.findings import At, Findings, short
from nba.book.model import ALWAYS, Band, Covers, Validity
from nba.errors import did_you_mean

__all__ = [
    "DIRECTIONS",
    "KINDS",
    "Anything",
    "Catalogued",
    "band",
    "between",
    "covers",
    "in_order",
    "overlap",
    "percent",
    "union",
    "validity",
]

KINDS = get_args(forms.Kind)
DIRECTIONS = get_args(forms.Direction)


class Anything(frozenset[str]):
    """The ids of a section that could not be read: nobody can say that one is not among them."""

    def __contains__(self, name: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Catalogued:
    """The ids that a book declares, by what a selector calls them; and what only tests name."""

    issue: frozenset[str]
    group: frozenset[str]
    action: frozenset[str]
    channel: frozenset[str]
    tag: frozenset[str]
    point: frozenset[str]
    tier: frozenset[str]
    moment: frozenset[str]
    calendar: frozenset[str]
    table: frozenset[str]
    kind: frozenset[str] = frozenset(KINDS)
    direction: frozenset[str] = frozenset(DIRECTIONS)


def covers(document: documents.Covers, at: At, known: Catalogued, findings: Findings) -> Covers:
    """Return a selector; a name that the book does not have is reported.

    A tag that no action carries is only doubted: a department may stop what others have yet to
    add.
    """
    given = {key: names for key, names in document if names is not None}
    for key, names in given.items():
        choices: frozenset[str] = getattr(known, key)
        for name in names:
            if name not in choices:
                here = (at / key).named(name)
                if key == "tag":
                    message = f"nothing has the tag `{short(name)}`"
                    help_ = did_you_mean(name, choices)
                    findings.report("unknown-id", message, help_, here.place, warning=True)
                else:
                    findings.unknown(key, name, choices, here)
        if not names and not (at / key).faulty:
            message = f"the list of `{key}` is empty, so nothing is covered"
            findings.report("wrong-value", message, "name at least one", (at / key).place)
    return Covers(**{key: union([names]) for key, names in given.items()})


def percent(text: str) -> float:
    """Return the number in `20 %`."""
    return float(text.removesuffix("%").strip())


def validity(document: documents.Gated, at: At, zone: tzinfo, findings: Findings) -> Validity:
    """Return when something may be used: from the start of a day to the end of another."""
    if document.valid_from is None and document.valid_until is None:
        return ALWAYS if document.enabled else Validity(enabled=False)
    start = _instant(document.valid_from, at / "valid_from", zone, findings, days=0)
    end = _instant(document.valid_until, at / "valid_until", zone, findings, days=1)
    if start is not None and end is not None and end <= start:
        message = "`valid_until` lies before `valid_from`"
        findings.report("wrong-value", message, "exchange them", (at / "valid_until").place)
    return Validity(
        document.enabled, start, end, document.valid_from or "", document.valid_until or ""
    )


def _instant(
    text: str | None, at: At, zone: tzinfo, findings: Findings, *, days: int
) -> int | None:
    if text is None:
        return None
    try:
        if len(text) > 10:
            return windows.parse_instant(text)
        day = windows.parse_day(text)
        if days and day == date.max:  # how people write that there is no end
            return None
        return windows.midnight(day + timedelta(days=days), zone)
    except (ValueError, OverflowError):
        message = f"`{short(text)}` is not a date"
        help_ = "write `2026-03-01`, or a time such as `2026-03-01T18:00:00Z`"
        findings.report("wrong-value", message, help_, at.place)
        return None


_NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:e[+-]?[0-9]{1,2})?"
_BAND = re.compile(rf"([\[(]?)\s*({_NUMBER})?\s*(?:(\.\.)\s*({_NUMBER})?)?\s*([\])]?)")


def band(text: str) -> Band:
    """Return the band written as `0`, `1..2`, `3..`, `..5`, `[6..24)` or `(0..1]`.

    Without brackets both ends are included. Its own text is the shortest that means the same.
    Raises ValueError.
    """
    match = _BAND.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"`{text}` is not a band")
    opening, low, dots, high, closing = match.groups()
    lowest, highest = (None if end is None else float(end) + 0.0 for end in (low, high))
    if not dots:
        highest = lowest
    whole = (opening == "") == (closing == "")
    bounded = lowest is not None or highest is not None
    low_included, high_included = opening != "(", closing != ")"
    nothing = lowest is not None and highest is not None and highest < lowest
    nothing = nothing or (lowest == highest and not (low_included and high_included))
    if not whole or not bounded or nothing or (opening and not dots):
        raise ValueError(f"`{text}` is not a band")
    ends = [_shortest(lowest), _shortest(highest)]
    inner = ends[0] if lowest == highest else "..".join(ends)
    if not (low_included and high_included):
        inner = f"{opening}{'..'.join(ends)}{closing}"
    return Band(inner, lowest, highest, low_included, high_included)


def _shortest(number: float | None) -> str:
    return "" if number is None else repr(number).removesuffix(".0")


def overlap(one: Band, other: Band) -> bool:
    """Return whether a number can be in both bands."""
    low, high = sorted((one, other), key=_lower)
    if low.high is None or high.low is None:
        return True
    touching = low.high == high.low and low.high_included and high.low_included
    return low.high > high.low or touching


def between(low: Band, high: Band, *, whole: bool) -> str:
    """Return the numbers above one band and below another; nothing if there are none.

    Of *whole* numbers only those count.
    """
    if low.high is None or high.low is None or overlap(low, high):
        return ""
    start, end = low.high, high.low
    if whole:
        first = floor(start) + 1 if low.high_included else ceil(start)
        last = ceil(end) - 1 if high.low_included else floor(end)
        if first > last:
            return ""
        return f"`{first}`" if first == last else f"`{first}..{last}`"
    if start == end:
        return "" if low.high_included or high.low_included else f"`{_shortest(start)}`"
    opening, closing = "(" if low.high_included else "[", ")" if high.low_included else "]"
    return f"`{opening}{_shortest(start)}..{_shortest(end)}{closing}`"


def _lower(found: Band) -> tuple[float, bool]:
    return (-inf if found.low is None else found.low), not found.low_included


def in_order(bands: Iterable[tuple[Band, float]]) -> tuple[tuple[Band, float], ...]:
    """Return bands with their points from the lowest to the highest."""
    return tuple(sorted(bands, key=lambda found: _lower(found[0])))


def union(names: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the names of several lists, each once, in alphabetical order."""
    return tuple(sorted({name for each in names for name in each}))
