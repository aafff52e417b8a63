"""Selectors, dates and percentages: small parts that many sections share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import get_args

from nba import windows
from nba.book import documents
from nba.book.findings import At, Findings
from nba.book.model import Band, Covers, Validity

__all__ = ["DIRECTIONS", "KINDS", "Catalogued", "band", "covers", "percent", "union", "validity"]

KINDS = get_args(documents.Kind)
DIRECTIONS = get_args(documents.Direction)


@dataclass(frozen=True, slots=True)
class Catalogued:
    """The ids that a book declares, by what a selector calls them."""

    issue: frozenset[str]
    group: frozenset[str]
    action: frozenset[str]
    channel: frozenset[str]
    tag: frozenset[str]
    kind: frozenset[str] = frozenset(KINDS)
    direction: frozenset[str] = frozenset(DIRECTIONS)


def covers(document: documents.Covers, at: At, known: Catalogued, findings: Findings) -> Covers:
    """Return a selector; a name that the book does not have is reported.

    A tag that no action carries is only doubted: a department may stop what others have yet to
    add.
    """
    given: Mapping[str, list[str] | None] = dict(document)
    for key, names in given.items():
        choices: frozenset[str] = getattr(known, key)
        for name in names or ():
            if name not in choices:
                findings.unknown(key, name, choices, at / key, warning=key == "tag")
    return Covers(**{key: tuple(sorted(names)) for key, names in given.items() if names is not None})


def percent(text: str) -> float:
    """Return the number in `20 %`."""
    return float(text.removesuffix("%").strip())


def validity(document: documents.Gated, at: At, zone: tzinfo, findings: Findings) -> Validity:
    """Return when something may be used: from the start of a day to the end of another."""
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
        return windows.midnight(windows.parse_day(text) + timedelta(days=days), zone)
    except (ValueError, OverflowError):
        message = f"`{text}` is not a date"
        help_ = "write `2026-03-01`, or a time such as `2026-03-01T18:00:00Z`"
        findings.report("wrong-value", message, help_, at.place)
        return None


def band(text: str) -> Band:
    """Return the band written as `0`, `1..2`, `3..`, `..5`, `[6..24)` or `(0..1]`.

    Without brackets both ends are included. Raises ValueError.
    """
    inner = text.strip()
    opening, closing = "[", "]"
    if inner[:1] in ("[", "("):
        opening, inner = inner[0], inner[1:]
        if inner[-1:] not in ("]", ")"):
            raise ValueError(f"`{text}` is not a band")
        closing, inner = inner[-1], inner[:-1]
    low, dots, high = (part.strip() for part in inner.partition(".."))
    if not dots:
        return Band(text, float(low), float(low))
    if not low and not high:
        raise ValueError(f"`{text}` is not a band")
    lowest, highest = (float(low) if low else None), (float(high) if high else None)
    if lowest is not None and highest is not None and highest < lowest:
        raise ValueError(f"`{text}` is not a band")
    return Band(text, lowest, highest, opening == "[", closing == "]")


def union(names: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the names of several lists, each once, in alphabetical order."""
    return tuple(sorted({name for each in names for name in each}))
