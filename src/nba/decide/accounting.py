"""The accounts that a book's limits and budgets count on: whose they are in a case, and since when.

What depends on no case, and what depends on the day only, is not worked out at every decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Final, NamedTuple

from nba import windows
from nba.book.model import Budget, Limit
from nba.decide.contact import Asked, When, owner_of, since_of
from nba.decide.functions import Slots
from nba.lang.values import INT_MAX, INT_MIN

__all__ = ["Accounting"]

#: Of how many zones of customers the accounts of a day are kept.
_MOST_ZONES: Final = 1000


class _Day(NamedTuple):
    """The accounts from when until when they are the same, but for those that go by more."""

    begins: int
    ends: int
    accounts: dict[str, Asked]


class Accounting:
    """The accounts of *rules*, for one case after the other.

    *fields* are the slots of the fields that say per whom, by `per`; None for what no field says.
    """

    def __init__(self, rules: Iterable[Limit | Budget], fields: Mapping[str, int | None]) -> None:
        self._rules = tuple(rules)
        #: those whose window goes with the time, with its length
        self._rolling: list[tuple[str, int]] = []
        #: those per what a field says, with its slot; None where the book has no such field
        self._owned: list[tuple[str, str, int | None]] = []
        self._zones: set[str] = set()
        for rule in self._rules:
            if rule.window.length is not None:
                self._rolling.append((rule.account, rule.window.length))
            elif rule.window.calendar is not None:
                self._zones.add(rule.window.zone)
            if rule.per not in ("customer", "book"):
                self._owned.append((rule.account, rule.per, fields.get(rule.per)))
        #: by the zone of the customer
        self._days: dict[tzinfo, _Day] = {}

    def of(self, slots: Slots, when: When) -> dict[str, Asked]:
        """Return the accounts in a case, by name; not those of which it is unknown whose they are.

        They are in the order of the rules.
        """
        now = when.now
        day = self._days.get(when.customer)
        if day is None or not day.begins <= now < day.ends:
            day = self._day(when)
        found = day.accounts.copy()
        for account, length in self._rolling:
            found[account] = Asked(account, found[account].owner, now - length)
        for account, per, slot in self._owned:
            known, owner = owner_of(per, None if slot is None else slots[slot])
            if known:
                found[account] = Asked(account, owner, found[account].since)
            else:
                del found[account]
        return found

    def _day(self, when: When) -> _Day:
        spans = [windows.span_of_day(when.now, when.zone(name)) for name in self._zones]
        begins = max((begins for begins, _ in spans), default=INT_MIN)
        ends = min((ends for _, ends in spans), default=INT_MAX)
        accounts = {}
        for rule in self._rules:
            _, owner = owner_of(rule.per, None)
            accounts[rule.account] = Asked(rule.account, owner, since_of(rule.window, when))
        if len(self._days) >= _MOST_ZONES:
            self._days.clear()
        found = self._days[when.customer] = _Day(begins, ends, accounts)
        return found
