"""A comparison of two books over the same customers: who gets something else. Plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from nba import money
from nba.author.doubts import Doubts
from nba.author.rule_changes import RuleChange
from nba.author.segments import Segment

__all__ = ["CHANGES", "NOTHING", "BookNamed", "Comparison", "Explained", "Side", "Tally"]

#: How a customer is called who gets no answer, where an action is expected.
NOTHING: Final = "nothing"

#: What can be different for a customer. Each is counted under the first that is.
CHANGES: Final[dict[str, str]] = {
    "action": "another action, or one instead of none",
    "channel": "the same action on another channel",
    "gesture": "another amount, or another approval for it",
    "wording": "other words",
    "due": "another time by which it is to be done",
    "others": "other answers behind the first",
}


@dataclass(frozen=True, slots=True)
class BookNamed:
    """One of the two books: what it was called, and what it says of itself."""

    name: str
    id: str
    version: str
    currency: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "name": self.name,
            "book": self.id,
            "version": self.version,
            "currency": self.currency,
        }


@dataclass(slots=True)
class Tally:
    """What some cases get by one book.

    *answered* are the cases with an answer, *contacts* the answers that go out to customers,
    *gestures* the answers that give something, together *units* in the currency's minor unit.
    """

    answered: int = 0
    contacts: int = 0
    gestures: int = 0
    units: int = 0

    def to_dict(self, currency: str) -> dict[str, Any]:
        """Return it as plain data, money as text."""
        return {
            "answered": self.answered,
            "contacts": self.contacts,
            "gestures": self.gestures,
            "gesture_total": str(money.decimal_of(self.units, currency)),
        }


@dataclass(slots=True)
class Side:
    """What all cases get by one book.

    *actions* and *channels* count the answers, *reasons* why there is none; *each* counts the
    contacts of every customer who has any.
    """

    book: BookNamed
    all: Tally = field(default_factory=Tally)
    actions: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    each: Counter[str] = field(default_factory=Counter)

    @property
    def gestures(self) -> Decimal:
        """What is given to all together, in the currency of the book."""
        return money.decimal_of(self.all.units, self.book.currency)

    @property
    def most_contacts(self) -> int:
        """How many contacts the customer has who has the most."""
        return max(self.each.values(), default=0)


@dataclass(slots=True)
class SegmentCount:
    """The cases of a segment: how many, how many of them *changed*, and what they get."""

    segment: Segment
    cases: int = 0
    changed: int = 0
    old: Tally = field(default_factory=Tally)
    new: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class Explained:
    """A customer who gets something else, and why, in sentences.

    *change* is one of `CHANGES`. *old* and *new* say what they get, with the reasons; *because*
    is what made the difference.
    """

    customer: str
    where: str
    change: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    because: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "customer": self.customer,
            "where": self.where,
            "change": self.change,
            "old": list(self.old),
            "new": list(self.new),
            "because": list(self.because),
        }


@dataclass(slots=True)
class Comparison:
    """What two books decide for the same cases.

    *transitions* counts the cases by the action that they get from each book, None for nothing;
    together they are all the *cases*. *changed* counts those that get something else, by `CHANGES`.
    *segments* are by field. *left_out* are cases that could not be decided, by the reason.
    """

    old: Side
    new: Side
    rules: tuple[RuleChange, ...]
    cases: int = 0
    customers: set[str] = field(default_factory=set)
    nameless: int = 0
    transitions: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    segments: dict[str, dict[Segment, SegmentCount]] = field(default_factory=dict)
    explained: tuple[Explained, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)
    doubts: Doubts = field(default_factory=Doubts)

    @property
    def people(self) -> int:
        """How many customers there are; whoever has no id counts as one for each case."""
        return len(self.customers) + self.nameless

    @property
    def same(self) -> bool:
        """Whether everybody gets the same from both books."""
        return not self.changed

    def moved(self) -> list[tuple[str | None, str | None, int]]:
        """Return the transitions to another action, the most frequent first."""
        found = [(old, new, n) for (old, new), n in self.transitions.items() if old != new]
        return sorted(found, key=lambda one: (-one[2], one[0] or "", one[1] or ""))

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data, money as text."""
        sides = {"old": self.old, "new": self.new}
        same_currency = self.old.book.currency == self.new.book.currency
        difference = str(self.new.gestures - self.old.gestures) if same_currency else None
        order = sorted(self.transitions.items(), key=lambda one: (-one[1], str(one[0])))
        return {
            **{name: side.book.to_dict() for name, side in sides.items()},
            "rules": [change.to_dict() for change in self.rules],
            "cases": self.cases,
            "customers": self.people,
            "changed": {
                "cases": self.changed.total(),
                "by": {name: self.changed[name] for name in CHANGES},
            },
            "transitions": [{"old": old, "new": new, "cases": n} for (old, new), n in order],
            "totals": {
                name: side.all.to_dict(side.book.currency)
                | {
                    "contacts_per_customer": side.all.contacts / self.people if self.people else 0,
                    "most_contacts_of_a_customer": side.most_contacts,
                }
                for name, side in sides.items()
            }
            | {"gesture_difference": difference},
            "actions": _counts(self.old.actions, self.new.actions),
            "channels": _counts(self.old.channels, self.new.channels),
            "reasons": _counts(self.old.reasons, self.new.reasons),
            "segments": {
                path: [self._segment(found[key]) for key in sorted(found)]
                for path, found in self.segments.items()
            },
            "explained": [one.to_dict() for one in self.explained],
            "left_out": dict(self.left_out),
            "warnings": dict(self.doubts),
        }

    def _segment(self, found: SegmentCount) -> dict[str, Any]:
        return {
            "value": found.segment.label,
            "cases": found.cases,
            "changed": found.changed,
            "old": found.old.to_dict(self.old.book.currency),
            "new": found.new.to_dict(self.new.book.currency),
        }


def _counts(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, dict[str, int]]:
    names = sorted({*old, *new}, key=lambda name: (-max(old.get(name, 0), new.get(name, 0)), name))
    return {name: {"old": old.get(name, 0), "new": new.get(name, 0)} for name in names}
