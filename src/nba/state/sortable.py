"""Times and deadlines as texts that sort as they do, for stores that keep texts in order."""

from __future__ import annotations

from typing import Final, cast

from nba.lang.values import INT_MIN, clamped
from nba.state.store import Change, Due

__all__ = ["NEVER", "deadline_of", "deadline_text", "sortable_text", "time_of", "time_text"]

#: Later than every time.
NEVER: Final = "9" * 20


def time_text(instant: int) -> str:
    """Return nanoseconds as twenty digits; what 64 bits do not hold is the nearest that they do."""
    return f"{clamped(instant) - INT_MIN:020d}"


def time_of(digits: str | bytes) -> int:
    """Return the time that `time_text` wrote."""
    return int(digits) + INT_MIN


def sortable_text(text: str) -> str:
    r"""Return a text without `\0`, so that with one behind it, it sorts before what it begins."""
    return text.replace("\1", "\1\2").replace("\0", "\1\1")


def deadline_text(due: Due) -> str:
    """Return a deadline as a text that sorts as it does."""
    customer, moment = sortable_text(due.customer), sortable_text(due.moment)
    return f"{time_text(due.at)}{customer}\0{moment}\0{due.change}"


def deadline_of(text: str) -> Due:
    r"""Return the deadline that `deadline_text` wrote; more may follow after a `\0`."""
    customer, moment, change = text[20:].split("\0")[:3]
    return Due(time_of(text[:20]), _text(customer), _text(moment), cast("Change", change))


def _text(sortable: str) -> str:
    return sortable.replace("\1\1", "\0").replace("\1\2", "\1")
