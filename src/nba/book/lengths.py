"""Lengths of time: how files write them, and for how long a book remembers."""

from __future__ import annotations

from nba import windows
from nba.book.findings import At, Findings

__all__ = ["Lengths"]


class Lengths:
    """Reads the lengths of a book; its *reach*, in nanoseconds, is how far back it remembers."""

    def __init__(self, reach: str | None, at: At, findings: Findings) -> None:
        self.findings = findings
        self.written, self.at = reach, at
        self.reach = self.plain(reach, at)

    def length(
        self, text: str | None, at: At, *, remembered: str = "", doubt: bool = False
    ) -> int | None:
        """Return a length in nanoseconds, or None where there is none or it is wrong.

        None at all is reported and, where something is to be *remembered* for so long, which says
        what the length is called, also one beyond the reach. What is only a *doubt* still counts.
        """
        found = self.plain(text, at)
        if found == 0:
            help_ = "write a length such as `24h`, or remove the key"
            message = f"`{text}` is no time at all"
            self.findings.report("wrong-value", message, help_, at.place, warning=doubt)
            return 0 if doubt else None
        if remembered:
            self.check_reach(found, remembered, at, doubt=doubt)
        return found

    def plain(self, text: str | None, at: At) -> int | None:
        """Return a length that may be of any size, zero included."""
        if text is None:
            return None
        try:
            return windows.parse_length(text)
        except ValueError as error:
            help_ = "write `7d`, `36h`, `30min` or `2w`"
            self.findings.report("wrong-value", str(error), help_, at.place)
            return None

    def check_reach(self, length: int | None, what: str, at: At, *, doubt: bool = False) -> None:
        """Report a time for which the book does not remember what happened."""
        if length is not None and self.reach is not None and length > self.reach:
            verb = "are" if what.endswith("together") else "is"
            message = f"{what} {verb} longer than the book's `reach`, {self.written}"
            help_ = f"shorten it, or write a longer `reach` at {self.at.key_place}"
            self.findings.report("wrong-value", message, help_, at.place, warning=doubt)
