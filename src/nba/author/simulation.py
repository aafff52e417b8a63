"""A simulation: what a population gets from a book, and what that takes. Plain data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from nba import money
from nba.author.comparison import BookNamed
from nba.author.doubts import Doubts
from nba.author.equality import Equality
from nba.author.funnel import Funnel
from nba.author.served import Served

__all__ = ["Simulation", "Spent"]


@dataclass(slots=True)
class Spent:
    """What was taken of one budget.

    *allowed* says how much there is. *days* are what was taken on each day of the book's time zone,
    in the minor unit where it is *money*, and *answers* by how many answers. *refused* counts the
    cases that would have got something, and for which not enough was left, the first *since* then.
    """

    id: str
    money: bool
    allowed: str
    days: Counter[date] = field(default_factory=Counter)
    answers: int = 0
    refused: int = 0
    since: datetime | None = None

    @property
    def units(self) -> int:
        """What was taken in all."""
        return self.days.total()

    def shown(self, units: int, currency: str) -> str:
        """Return an amount of this budget: money with two decimals or so, or a count."""
        return str(money.decimal_of(units, currency)) if self.money else str(units)

    def to_dict(self, currency: str) -> dict[str, Any]:
        """Return it as plain data, money as text."""

        def plain(units: int) -> str | int:
            return self.shown(units, currency) if self.money else units

        return {
            "id": self.id,
            "allowed": self.allowed,
            "spent": plain(self.units),
            "answers": self.answers,
            "days": {day.isoformat(): plain(self.days[day]) for day in sorted(self.days)},
            "refused": self.refused,
            "refused_since": self.since.isoformat() if self.since else None,
        }


@dataclass(slots=True)
class Simulation:
    """What all cases get from one book.

    *actions*, *channels* and *directions* count the answers, the actions those that come first.
    *nothing* says why there is no answer, and *stops* which codes were the furthest then.
    *deferred* are those without an answer who are to be asked again later. *days* and *units* are
    the gestures by day. *left_out* are cases that could not be decided, by the reason, and *doubts*
    what of cases could not be read.
    """

    book: BookNamed
    served: Served
    equality: Equality | None
    funnel: Funnel = field(default_factory=Funnel)
    cases: int = 0
    customers: set[str] = field(default_factory=set)
    actions: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    directions: Counter[str] = field(default_factory=Counter)
    nothing: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    deferred: int = 0
    gestures: int = 0
    units: int = 0
    kept: int = 0
    contacts: Counter[str] = field(default_factory=Counter)
    budgets: dict[str, Spent] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    doubts: Doubts = field(default_factory=Doubts)

    @property
    def answered(self) -> int:
        """How many cases have an answer."""
        return self.cases - self.nothing.total()

    def to_dict(self) -> dict[str, Any]:
        """Return the simulation as plain data, money as text."""
        currency = self.book.currency
        return {
            "book": self.book.to_dict(),
            "cases": self.cases,
            "customers": len(self.customers),
            "answered": self.answered,
            "actions": dict(self.actions.most_common()),
            "channels": dict(self.channels.most_common()),
            "directions": dict(self.directions.most_common()),
            "contacts": {
                "all": self.contacts.total(),
                "most_of_a_customer": max(self.contacts.values(), default=0),
            },
            "nothing": dict(self.nothing.most_common()),
            "stops": dict(self.stops.most_common()),
            "deferred": self.deferred,
            "kept": self.kept,
            "gestures": {
                "answers": self.gestures,
                "total": str(money.decimal_of(self.units, currency)),
                "currency": currency,
            },
            "budgets": [one.to_dict(currency) for one in self.budgets.values()],
            "funnel": self.funnel.to_dict(),
            "served": self.served.to_dict(),
            "equality": self.equality.to_dict() if self.equality else [],
            "left_out": dict(self.left_out),
            "warnings": dict(self.doubts),
        }
