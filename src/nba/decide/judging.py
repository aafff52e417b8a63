"""What conditions, selectors and directions mean for one case, literally."""

from __future__ import annotations

from collections.abc import Mapping

from nba import windows
from nba.book.model import Action, Book, Condition, Covers, Gates, Treatment, Validity
from nba.decide.contact import When
from nba.lang import reference
from nba.lang.functions import BOOK_FUNCTIONS

__all__ = ["Judging"]


class Judging:
    """Asks a book about what is known of one case: *fields* by path, at *now*, an instant."""

    def __init__(self, book: Book, fields: Mapping[str, object], now: int) -> None:
        self.book = book
        self.fields = dict(fields)
        self.now = now
        customer = windows.zone_or(self.fields.get("customer.timezone"), book.zone)
        self.when = When(now, book.zone, customer)
        self.current = self.fields.get("interaction.channel")

    def judge(self, condition: Condition) -> bool | None:
        """Return whether a condition holds: True, False, or None for unknown."""
        return reference.judge(condition.tree, self.fields, BOOK_FUNCTIONS)

    def selects(self, condition: Condition | None) -> bool:
        """Return whether a condition selects; none does always, unknown never."""
        return condition is None or self.judge(condition) is True

    def direction(self, treatment: Treatment) -> str:
        """Return whether a treatment is on the channel that the customer is on."""
        return "inbound" if treatment.channel == self.current else "outbound"

    def covered(self, covers: Covers, action: Action, treatment: Treatment) -> bool:
        """Return whether a selector covers a treatment: it fits every key that is given."""
        own = {
            "issue": (action.issue,),
            "group": (action.group,),
            "action": (action.id,),
            "channel": (treatment.channel,),
            "tag": action.tags,
            "kind": (action.kind,),
            "direction": (self.direction(treatment),),
        }
        return covers.fits(own)

    def levels(self, action: Action, treatment: Treatment) -> list[Gates]:
        """Return the conditions of every level that a treatment is subject to, broad first."""
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        return [self.book.gates, issue.gates, group.gates, action.gates, treatment.gates]

    def valid(self, validity: Validity) -> bool:
        """Return whether something is enabled and in its time."""
        started = validity.start is None or validity.start <= self.now
        ended = validity.end is not None and validity.end <= self.now
        return validity.enabled and started and not ended
