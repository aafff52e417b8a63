"""The accounts of limits and budgets in SQLite. What is done with them stands in `reservation`.

Each account keeps the sum of its entries, and a time before which none of them can be gone. So
what is used is read from one row, and entries are looked at only when some of them are gone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from nba.decide.contact import Asked
from nba.decide.offers import Claim
from nba.lang.values import clamped
from nba.state.reservation import EVER, Settlement
from nba.state.sqlite_text import written

__all__ = ["Accounts", "forget_before", "forget_owner"]

#: An account's key: the owner, whether that is the name of a customer, and what it counts.
Key = tuple[str, int, str]

_FIND: Final = (
    "SELECT a.owner, a.customers, a.account, a.id, a.used, a.oldest, a.aging, a.expiring"
    " FROM (VALUES {}) k CROSS JOIN accounts a"
    " ON a.owner = k.column1 AND a.customers = k.column2 AND a.account = k.column3"
)
#: What does not count on the account ?1: what is as old as ?2, and what has expired at ?3.
_GONE: Final = (
    "SELECT amount, entry FROM entries INDEXED BY entries_age"
    " WHERE account = ?1 AND aging IN (0, 1) AND at <= ?2"
    " UNION ALL SELECT amount, entry FROM entries INDEXED BY entries_expiry"
    " WHERE account = ?1 AND expires <= ?3 AND at > ?2"
)
_BOUNDS: Final = (
    "SELECT (SELECT min(at) FROM entries WHERE account = ?1 AND aging = 0),"
    " (SELECT min(at) FROM entries WHERE account = ?1 AND aging = 1),"
    " (SELECT min(expires) FROM entries WHERE account = ?1 AND expires IS NOT NULL)"
)
_WRITE: Final = (
    "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " used = excluded.used, oldest = excluded.oldest,"
    " aging = excluded.aging, expiring = excluded.expiring"
)
_ENTER: Final = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)"
_REMOVE: Final = "DELETE FROM entries WHERE entry = ? AND account = ?"
_AT_ONCE: Final = 300  # keys in one statement


@dataclass(slots=True)
class _Account:
    key: Key
    id: int
    used: int
    oldest: int | None
    aging: int | None
    expiring: int | None
    changed: bool = False

    def whole(self, since: int, at: int) -> bool:
        """Whether all entries count."""
        return (self.oldest is None or self.oldest > since) and (
            self.expiring is None or self.expiring > at
        )


class Accounts:
    """The accounts of a customer's *names* and of others, within one step, at a time."""

    def __init__(self, run: sqlite3.Connection, names: Sequence[str], at: int) -> None:
        self._run = run
        self._names = [written(name) for name in names]
        self._at = clamped(at)
        #: those that were read; None for those that are not there
        self._accounts: dict[Key, _Account | None] = {}
        self._entries: list[tuple[str, int, int, int, int, int | None]] = []
        #: the accounts of entries that are there, by their id
        self._holders: dict[str, set[int]] = {}
        #: the highest number of an account, once it was read
        self._last: int | None = None

    def read(self, asked: Iterable[Asked]) -> None:
        """Read accounts, all at once."""
        wanted = {
            key: None for one in asked for key in self._keys(one) if key not in self._accounts
        }
        keys = list(wanted)
        self._accounts.update(wanted)
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            statement = _FIND.format(",".join(["(?,?,?)"] * len(some)))
            for row in self._run.execute(statement, [part for key in some for part in key]):
                self._accounts[row[:3]] = _Account(row[:3], *row[3:])

    def read_entries(self, decision: str) -> None:
        """Read which entries of a decision are there."""
        first, last = written(f"{decision}:"), written(f"{decision};")
        found = self._run.execute(
            "SELECT entry, account FROM entries WHERE entry > ? AND entry < ?", (first, last)
        )
        for entry, account in found:
            self._holders.setdefault(entry, set()).add(account)

    def used(self, asked: Asked) -> int:
        """Return what counts, and change nothing."""
        used = 0
        for account in self._of(asked):
            used += account.used
            if not account.whole(asked.since, self._at):
                gone = (account.id, clamped(asked.since), self._at)
                used -= sum(amount for amount, _ in self._run.execute(_GONE, gone))
        return used

    def refused(self, claims: Iterable[Claim], entry: str) -> int | None:
        """Return the place of the first claim that does not fit; None where all do.

        Entries that do not count any more are taken off.
        """
        for place, (asked, amount, at_most, _) in enumerate(claims):
            used = 0
            for account in self._of(asked):
                if not account.whole(asked.since, self._at):
                    self._sweep(account, asked.since)
                used += account.used
            if used + amount > at_most and self._holder(asked, entry) is None:
                return place
        return None

    def enter(self, claim: Claim, entry: str) -> None:
        """Enter a claim under the first of the names, unless the entry is there already."""
        asked = claim.asked
        if self._holder(asked, entry) is not None:
            return
        key = self._keys(asked)[0]
        account = self._accounts.get(key) or self._new(key)
        if not account.whole(asked.since, self._at):
            self._sweep(account, asked.since)
        at, aging = self._at, asked.since != EVER
        account.used += claim.amount
        account.oldest = _least(account.oldest, at)
        if aging:
            account.aging = _least(account.aging, at)
        expires = None if claim.expires is None else clamped(claim.expires)
        if expires is not None:
            account.expiring = _least(account.expiring, expires)
        account.changed = True
        id_ = written(entry)
        self._holders.setdefault(id_, set()).add(account.id)
        self._entries.append((id_, account.id, int(aging), at, claim.amount, expires))

    def settle(self, one: Settlement) -> bool:
        """Commit, release or enter; return whether it was done."""
        act, entry, claim = one
        for account in self._of(claim.asked):
            if not account.whole(EVER, self._at):
                self._sweep(account, EVER)
        self._read_entry(written(entry))
        holder = self._holder(claim.asked, entry)
        if act == "release":
            if holder is not None:
                self._release(holder, written(entry))
        elif holder is not None:
            self._flush()
            which = (written(entry), holder.id)
            self._run.execute(
                "UPDATE entries SET expires = NULL WHERE entry = ? AND account = ?", which
            )
            self._bound(holder)
        elif act == "commit" and self.refused([claim], entry) is not None:
            return False
        else:
            self.enter(claim._replace(expires=None), entry)
        return True

    def write(self) -> None:
        """Write what was changed."""
        self._flush()
        changed = [
            (one.id, *one.key, one.used, one.oldest, one.aging, one.expiring)
            for one in self._accounts.values()
            if one is not None and one.changed
        ]
        if changed:
            self._run.executemany(_WRITE, changed)

    def _keys(self, asked: Asked) -> list[Key]:
        account, owner, _ = asked
        account = written(account)
        if owner is None:
            return [(name, 1, account) for name in self._names]
        return [(written(owner), 0, account)]

    def _of(self, asked: Asked) -> list[_Account]:
        found = []
        for key in self._keys(asked):
            if key not in self._accounts:
                self.read([asked])
            account = self._accounts[key]
            if account is not None:
                found.append(account)
        return found

    def _holder(self, asked: Asked, entry: str) -> _Account | None:
        holders = self._holders.get(written(entry)) if self._holders else None
        if not holders:
            return None
        return next((found for found in self._of(asked) if found.id in holders), None)

    def _new(self, key: Key) -> _Account:
        """Return a new account, with a number that none has."""
        if self._last is None:
            (self._last,) = self._run.execute(
                "SELECT coalesce(max(id), 0) FROM accounts"
            ).fetchone()
        self._last += 1
        account = _Account(key, self._last, 0, None, None, None)
        self._accounts[key] = account
        return account

    def _read_entry(self, entry: str) -> None:
        if entry not in self._holders:
            which = "SELECT account FROM entries WHERE entry = ?"
            self._holders[entry] = {account for (account,) in self._run.execute(which, (entry,))}

    def _flush(self) -> None:
        if self._entries:
            self._run.executemany(_ENTER, self._entries)
            self._entries = []

    def _sweep(self, account: _Account, since: int) -> None:
        """Take off what is too old and what has expired."""
        self._flush()
        gone = self._run.execute(_GONE, (account.id, clamped(since), self._at)).fetchall()
        self._run.executemany(_REMOVE, [(entry, account.id) for _, entry in gone])
        for amount, entry in gone:
            account.used -= amount
            self._holders.get(entry, set()).discard(account.id)
        self._bound(account)

    def _release(self, account: _Account, entry: str) -> None:
        self._flush()
        which = (entry, account.id)
        (amount,) = self._run.execute(f"{_REMOVE} RETURNING amount", which).fetchone()
        account.used -= amount
        self._holders[entry].discard(account.id)
        self._bound(account)

    def _bound(self, account: _Account) -> None:
        """Find out anew before which times no entry is gone."""
        lasting, aging, expiring = self._run.execute(_BOUNDS, (account.id,)).fetchone()
        oldest = aging if lasting is None else _least(aging, lasting)
        account.oldest, account.aging, account.expiring = oldest, aging, expiring
        account.changed = True


def forget_owner(run: sqlite3.Connection, name: str) -> None:
    """Forget what is counted for a customer's name."""
    which = "FROM accounts WHERE owner = ? AND customers = 1"
    for (id_,) in run.execute(f"SELECT id {which}", (written(name),)).fetchall():
        run.execute("DELETE FROM entries WHERE account = ?", (id_,))
    run.execute(f"DELETE {which}", (written(name),))


def forget_before(run: sqlite3.Connection, instant: int, most: int) -> int:
    """Forget the entries before a time that were claimed for a window with a beginning.

    That is done for at most so many accounts at once; return for how many.
    """
    which = "SELECT id FROM accounts WHERE aging < ? LIMIT ?"
    found = run.execute(which, (instant, most)).fetchall()
    for (id_,) in found:
        amounts = run.execute(
            "DELETE FROM entries WHERE account = ? AND aging = 1 AND at < ? RETURNING amount",
            (id_, instant),
        ).fetchall()
        lasting, aging, expiring = run.execute(_BOUNDS, (id_,)).fetchone()
        if lasting is None and aging is None:
            run.execute("DELETE FROM accounts WHERE id = ?", (id_,))
            continue
        oldest = aging if lasting is None else _least(aging, lasting)
        less = sum(amount for (amount,) in amounts)
        run.execute(
            "UPDATE accounts SET used = used - ?, oldest = ?, aging = ?, expiring = ? WHERE id = ?",
            (less, oldest, aging, expiring, id_),
        )
    return len(found)


def _least(one: int | None, other: int) -> int:
    return other if one is None or other < one else one
