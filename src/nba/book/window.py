"""Windows of time, of signals as of limits and budgets: from documents to meaning, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nba import windows
from nba.book import documents
from nba.book.contact import DAY
from nba.book.findings import At
from nba.book.lengths import Lengths
from nba.book.spelling import length_text
from nba.lang.types import DYN, ObjectType, Type
from nba.windows import Window

__all__ = ["Windows", "window_text"]

_WEEK_STARTS: Final = {"monday": 0, "saturday": 5, "sunday": 6}
_CALENDAR_DAYS: Final = {"day": 1, "week": 7, "month": 31}
_CUSTOMERS: Final = "customer.timezone"


class Windows:
    """Builds windows, and checks whose clocks they go by; *names* are the declared fields."""

    def __init__(self, names: Mapping[str, Type], lengths: Lengths) -> None:
        self.names = names
        self.lengths = lengths
        self.findings = lengths.findings

    def window(self, document: documents.Within | None, at: At, *, doubt: bool = False) -> Window:
        """Return a window; none is without end.

        What can be read all the same, though it is not what was meant, is reported, as a *doubt*
        where nothing but a value depends on it.
        """
        if document is None:
            return Window()
        if (document.rolling is None) is (document.calendar is None) and not at.faulty:
            message = "a window is `rolling` or of the `calendar`"
            help_ = "write `{rolling: 7d}` or `{calendar: day, timezone: book}`"
            self.findings.report("wrong-value", message, help_, at.place)
        if document.timezone is not None:
            if document.calendar is None and not at.faulty:
                message = "`timezone` goes with `calendar`"
                help_ = "remove it: what is rolling knows no zone"
                self.findings.report("wrong-value", message, help_, (at / "timezone").key_place)
            self.check_zone(document.timezone, at / "timezone")
        weekly = document.calendar == "week"
        if document.week_start is not None and not weekly and not at.faulty:
            message = "`week_start` goes with `calendar: week`"
            place = (at / "week_start").key_place
            self.findings.report("wrong-value", message, "remove it", place, warning=doubt)
        length = self.lengths.length(document.rolling, at / "rolling", doubt=doubt)
        days = _CALENDAR_DAYS.get(document.calendar or "", 0)
        self.lengths.check_reach(length or days * DAY, "the window", at, doubt=doubt)
        return Window(
            None if document.calendar else length,
            document.calendar,
            (document.timezone if document.calendar else None) or "book",
            _WEEK_STARTS[(document.week_start if weekly else None) or "monday"],
        )

    def check_zone(self, name: str, at: At) -> None:
        """Report what is neither the book's zone, nor the customer's, nor the name of one."""
        if name == _CUSTOMERS:
            self._check_customers(at)
        elif name != "book":
            try:
                windows.zone(name)
            except ValueError as error:
                help_ = f"write `book`, `{_CUSTOMERS}` or an IANA name"
                self.findings.report("wrong-value", str(error), help_, at.place)

    def _check_customers(self, at: At) -> None:
        """Report the zone of a customer who is not declared to have one, or one that is no text."""
        customer = self.names.get("customer")
        fields = customer.fields if isinstance(customer, ObjectType) else {}
        kind = DYN if customer == DYN else fields.get("timezone")
        if kind is None:
            message = f"`{_CUSTOMERS}` is not declared"
            help_ = "declare it as `timezone: string` in the context, or write `book`"
            self.findings.report("undeclared-name", message, help_, at.place)
        elif kind.name not in ("string", "dyn"):
            message = f"`{_CUSTOMERS}` cannot be the name of a time zone"
            help_ = "declare it as `timezone: string` in the context, or write `book`"
            self.findings.report("wrong-type", message, help_, at.place)


def window_text(window: Window) -> dict[str, Any] | None:
    """Return a window as files write it; None for one without end."""
    if window.length is not None:
        return {"rolling": length_text(window.length)}
    if window.calendar is None:
        return None
    starts = {number: name for name, number in _WEEK_STARTS.items()}
    start = starts[window.week_start] if window.calendar == "week" else None
    return {"calendar": window.calendar, "timezone": window.zone, "week_start": start}
