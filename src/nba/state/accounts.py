"""The accounts of limits and budgets, in memory. What is done with them stands in `reservation`."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from nba.decide.contact import Asked
from nba.decide.offers import Claim
from nba.lang.values import INT_MAX
from nba.state.reservation import EVER, Settlement

__all__ = ["Accounts"]

#: An account's key: what it counts, whether its owner is the name of a customer, and the owner.
Key = tuple[str, bool, str]


@dataclass(slots=True)
class _Entry:
    at: int
    amount: int
    expires: int | None


class Accounts:
    """All accounts. *names* below are those of the customer whose accounts are asked for."""

    def __init__(self) -> None:
        #: those of customers, by name and by what they count
        self._own: dict[str, dict[str, _Account]] = {}
        #: those of others, by what they count and the owner
        self._others: dict[tuple[str, str], _Account] = {}
        #: a heap of the entries that are forgotten when they are old: at, key, id
        self._ages: list[tuple[int, Key, str]] = []

    def used(self, asked: Asked, names: Sequence[str], at: int) -> int:
        """Return what counts at a time, and change nothing."""
        used = 0
        for found in self._of(asked, names):
            used += found.used_at(asked.since, at)
        return used

    def all_used(self, asked: Iterable[Asked], names: Sequence[str], at: int) -> tuple[int, ...]:
        """Return what counts at a time on each of several accounts."""
        if len(names) > 1:
            return tuple([self.used(one, names, at) for one in asked])
        own, others, found = self._own.get(names[0], _NONE), self._others, []
        for account, owner, since in asked:
            one = own.get(account) if owner is None else others.get((account, owner))
            found.append(0 if one is None else one.used_at(since, at))
        return tuple(found)

    def refused(
        self, claims: Iterable[Claim], names: Sequence[str], entry: str, at: int
    ) -> int | None:
        """Return the place of the first claim that does not fit; None where all do."""
        for place, claim in enumerate(claims):
            used, entered = claim.amount, False
            for found in self._of(claim.asked, names):
                used += found.used_at(claim.asked.since, at)
                entered = entered or entry in found.entries
            if used > claim.at_most and not entered:
                return place
        return None

    def enter(self, claim: Claim, names: Sequence[str], entry: str, at: int) -> None:
        """Enter a claim under the first of the names, unless the entry is there already."""
        if self._holder(claim.asked, names, entry) is not None:
            return
        (name, owner, since), amount, _, expires = claim
        key = (name, owner is None, names[0] if owner is None else owner)
        account = self._account(key)
        if account is None:
            account = self._opened(key)
        account.sweep(since, at)
        account.add(entry, _Entry(at, amount, expires))
        if since != EVER:
            heapq.heappush(self._ages, (at, key, entry))

    def settle(self, one: Settlement, names: Sequence[str], at: int) -> bool:
        """Commit, release or enter; return whether it was done."""
        act, entry, claim = one
        for found in self._of(claim.asked, names):
            found.sweep(EVER, at)
        holder = self._holder(claim.asked, names, entry)
        if act == "release":
            if holder is not None:
                holder.remove(entry)
        elif holder is not None:
            holder.commit(entry)
        elif act == "commit" and self.refused([claim], names, entry, at) is not None:
            return False
        else:
            self.enter(claim._replace(expires=None), names, entry, at)
        return True

    def forget_owner(self, name: str) -> None:
        """Forget what is counted for a customer's name."""
        self._own.pop(name, None)

    def forget_before(self, instant: int) -> None:
        """Forget the entries before a time that were claimed for a window with a beginning."""
        while self._ages and self._ages[0][0] < instant:
            at, key, id_ = heapq.heappop(self._ages)
            account = self._account(key)
            entry = account.entries.get(id_) if account else None
            if account and entry and entry.at == at:
                account.remove(id_)
                if not account.entries:
                    self._drop(key)

    def _account(self, key: Key) -> _Account | None:
        name, own, owner = key
        return self._own.get(owner, _NONE).get(name) if own else self._others.get((name, owner))

    def _opened(self, key: Key) -> _Account:
        name, own, owner = key
        found = _Account()
        if own:
            self._own.setdefault(owner, {})[name] = found
        else:
            self._others[name, owner] = found
        return found

    def _drop(self, key: Key) -> None:
        name, own, owner = key
        if not own:
            del self._others[name, owner]
            return
        accounts = self._own[owner]
        del accounts[name]
        if not accounts:
            del self._own[owner]

    def _of(self, asked: Asked, names: Sequence[str]) -> list[_Account]:
        account, owner, _ = asked
        if owner is not None:
            found = self._others.get((account, owner))
            return [] if found is None else [found]
        own = [self._own.get(name, _NONE).get(account) for name in names]
        return [found for found in own if found is not None]

    def _holder(self, asked: Asked, names: Sequence[str], entry: str) -> _Account | None:
        for found in self._of(asked, names):
            if entry in found.entries:
                return found
        return None


class _Account:
    """One account: its entries by id, and in the order of their times and of their expiry."""

    def __init__(self) -> None:
        self.entries: dict[str, _Entry] = {}
        self.used = 0
        self._by_time: list[tuple[int, str]] = []
        self._by_expiry: list[tuple[int, str]] = []
        #: the first of their times, and of when they expire: nothing is gone before
        self._oldest = self._expires = INT_MAX

    def used_at(self, since: int, at: int) -> int:
        """Return what counts: without what is too old, and without what has expired."""
        if since < self._oldest and at < self._expires:
            return self.used
        return self.used - sum(self.entries[entry].amount for entry in self._gone(since, at))

    def sweep(self, since: int, at: int) -> None:
        """Take off what is too old and what has expired."""
        for entry in self._gone(since, at):
            self.remove(entry)

    def _gone(self, since: int, at: int) -> Collection[str]:
        """Return the entries that are too old, and those that have expired."""
        if since < self._oldest and at < self._expires:
            return ()
        old = self._by_time[: bisect_right(self._by_time, (since, _LAST))]
        expired = self._by_expiry[: bisect_right(self._by_expiry, (at, _LAST))]
        return {entry for _, entry in (*old, *expired)}

    def add(self, id_: str, entry: _Entry) -> None:
        """Add an entry."""
        self.entries[id_] = entry
        self.used += entry.amount
        insort(self._by_time, (entry.at, id_))
        if entry.expires is not None:
            insort(self._by_expiry, (entry.expires, id_))
        self._look()

    def remove(self, id_: str) -> None:
        """Take off an entry."""
        self.commit(id_)
        entry = self.entries.pop(id_)
        self.used -= entry.amount
        del self._by_time[bisect_left(self._by_time, (entry.at, id_))]
        self._look()

    def commit(self, id_: str) -> None:
        """Let an entry last."""
        entry = self.entries[id_]
        if entry.expires is not None:
            del self._by_expiry[bisect_left(self._by_expiry, (entry.expires, id_))]
            entry.expires = None
            self._look()

    def _look(self) -> None:
        by_time, by_expiry = self._by_time, self._by_expiry
        self._oldest = by_time[0][0] if by_time else INT_MAX
        self._expires = by_expiry[0][0] if by_expiry else INT_MAX


_LAST: Final = chr(0x10FFFF)
_NONE: Final[dict[str, _Account]] = {}
