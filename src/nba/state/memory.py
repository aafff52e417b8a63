"""The store in memory: for tests, for one process, for applications that keep events themselves."""

from __future__ import annotations

import heapq
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final

from nba.decide.contact import Asked
from nba.errors import CaseError
from nba.journey.events import Row
from nba.journey.timeline import EMPTY, Timeline
from nba.state.accounts import Accounts
from nba.state.deadlines import Deadlines
from nba.state.links import Links
from nba.state.past import Past
from nba.state.reservation import Granted, Settlement, Taking, entry_id
from nba.state.store import Change, Due, Memory, Pass, Remembered

__all__ = ["MemoryStore"]

_NO_PAST: Final = Past()


class MemoryStore:
    """Remembers in memory what `nba.state.store.Store` says; what it knew is gone with it.

    *ready* is for how many customers at most the journey is kept as it is read.
    """

    def __init__(self, *, ready: int = 10_000) -> None:
        self._lock = threading.Lock()
        self._id = os.urandom(6).hex()
        self._links = Links()
        #: by name and id: each row, and how many were recorded before it
        self._rows: dict[str, dict[str, tuple[int, Row]]] = {}
        self._recorded = 0
        #: a heap of all rows by age: at, name, id
        self._ages: list[tuple[int, str, str]] = []
        self._changes = 0
        #: by customer, where the journey is not empty
        self._versions: dict[str, int] = {}
        #: by customer, the least recently used first
        self._ready: OrderedDict[str, Timeline] = OrderedDict()
        self._most_ready = ready
        self._deadlines = Deadlines()
        self._accounts = Accounts()
        self._decisions: dict[str, Remembered] = {}
        #: by the name that they were recorded under
        self._decided: dict[str, Past] = {}
        #: a heap of all decisions by age: at, id
        self._decision_ages: list[tuple[int, str]] = []

    def append(self, recorded_as: str, rows: Sequence[Row]) -> list[Row]:
        """Record rows under a name; return those that were new to the journey."""
        aged = [((int(row["at"]), recorded_as, str(row["id"])), dict(row)) for row in rows]
        with self._lock:
            customer = self._links.customer_of(recorded_as)
            journey = self._parts(customer)
            own = self._rows.get(recorded_as, {})
            new = []
            for (age, row), given in zip(aged, rows, strict=True):
                key = age[-1]
                if key in own:
                    continue
                if not any(key in part for part in journey):
                    new.append(given)
                if not own:  # a name takes up room only with a row
                    self._rows[recorded_as] = own
                self._recorded += 1
                own[key] = (self._recorded, row)
                heapq.heappush(self._ages, age)
            if new:
                self._changed(customer)
            return new

    def journey(self, customer: str) -> Timeline:
        """Return the whole journey of the customer that a name leads to."""
        with self._lock:
            return self._timeline(self._links.customer_of(customer))

    def _timeline(self, customer: str) -> Timeline:
        found = self._ready.get(customer)
        if found is not None:
            self._ready.move_to_end(customer)
            return found
        parts = [part.values() for part in self._parts(customer)]
        if not parts:
            return EMPTY
        # of two rows with the same id a timeline takes the first
        found = Timeline(row for _, row in heapq.merge(*parts, key=itemgetter(0)))
        self._ready[customer] = found
        if len(self._ready) > self._most_ready:
            self._ready.popitem(last=False)
        return found

    def _parts(self, customer: str) -> list[dict[str, tuple[int, Row]]]:
        names = self._links.names_of(customer)
        return [part for name in names if (part := self._rows.get(name))]

    def version(self, customer: str) -> int:
        """Return the version of the journey, for `set_deadlines`."""
        with self._lock:
            return self._versions.get(self._links.customer_of(customer), 0)

    def link(self, identity: str, customer: str) -> tuple[str, ...]:
        """Make one name lead to another; return the customers whose journeys this changed."""
        with self._lock:
            before = self._links.customer_of(identity)
            if not self._links.link(identity, customer):
                return ()
            after = self._links.customer_of(identity)
            if after == before:  # by another way
                return ()
            self._deadlines.replace(identity, ())
            self._changed(before)
            self._changed(after)
            return (after,) if before == identity else (after, before)

    def unlink(self, identity: str) -> tuple[str, ...]:
        """Make a name a customer again; return the customers whose journeys this changed."""
        with self._lock:
            before = self._links.customer_of(identity)
            if before == identity:
                return ()
            self._links.unlink(identity)
            self._changed(before)
            self._changed(identity)
            return (identity, before)

    def customer_of(self, identity: str) -> str:
        """Return the customer that a name leads to."""
        with self._lock:
            return self._links.customer_of(identity)

    def known_as(self, customer: str) -> tuple[str, ...]:
        """Return the customer that a name leads to, and all names that lead there."""
        with self._lock:
            return tuple(self._links.names_of(self._links.customer_of(customer)))

    def customers(self) -> Iterator[str]:
        """Yield every customer with events, identities, decisions or deadlines, as they are now."""
        with self._lock:
            links, deadlines = self._links.customers(), self._deadlines.customers()
            names = {*self._rows, *self._decided, *links, *deadlines}
            return iter({self._links.customer_of(name) for name in names})

    def set_deadlines(
        self,
        customer: str,
        entries: Sequence[tuple[int, str, Change]],
        version: int | None = None,
    ) -> bool:
        """Replace a customer's deadlines; return whether that was done."""
        with self._lock:
            if self._links.customer_of(customer) != customer:
                return False
            if version is not None and version != self._versions.get(customer, 0):
                return False
            self._deadlines.replace(customer, entries)
            return True

    def due(self, now: int, cursor: str | None = None, limit: int = 1000) -> tuple[list[Due], str]:
        """Return what is due at *now* and not covered by *cursor*, and the cursor after it."""
        if limit < 1:
            raise CaseError(f"`limit` is how many are wanted at once, at least 1, not {limit}")
        with self._lock:
            passing = Pass.begin(cursor, self._id, int(now), self._deadlines.count)
            found = self._deadlines.due(passing, limit + 1)  # one more, to see if that is all
        page = found[:limit]
        return page, passing.cursor(page[-1] if len(found) > limit else None)

    # --- decisions and what they took

    def recall(self, customer: str, at: int, asked: Sequence[Asked] = ()) -> Memory:
        """Return all that is remembered about a customer, and what is used of accounts."""
        with self._lock:
            customer = self._links.customer_of(customer)
            names = self._links.names_of(customer)
            decided = self._decided.get(customer, _NO_PAST)
            if len(names) > 1:
                decided = Past(one for name in names for one in self._decided.get(name, ()))
            return Memory(
                customer,
                self._versions.get(customer, 0),
                self._timeline(customer),
                decided,
                self._accounts.all_used(asked, names, at),
            )

    def take(self, taking: Taking) -> Granted:
        """Grant the first alternatives that fit, and remember the decision if one does."""
        with self._lock:
            before = self._decisions.get(taking.id)
            if before is not None:
                return Granted(before.granted)
            customer = self._links.customer_of(taking.customer)
            if taking.version != self._versions.get(customer, 0):
                return Granted(stale=True)
            granted, refused = self._granted(taking, self._links.names_of(customer))
            if granted:
                answers = tuple([taking.alternatives[place].answer for place in granted])
                self._remember(
                    Remembered(taking.id, customer, taking.at, taking.text, tuple(granted), answers)
                )
            return Granted(tuple(granted), tuple(refused))

    def _granted(
        self, taking: Taking, names: Sequence[str]
    ) -> tuple[list[int], list[tuple[int, int]]]:
        granted: list[int] = []
        refused: list[tuple[int, int]] = []
        counts: dict[str, int] = {}
        for place, alternative in enumerate(taking.alternatives):
            if counts and any(counts.get(label, 0) >= most for label, most in alternative.labels):
                continue
            entry = entry_id(taking.id, place)
            claim = self._accounts.refused(alternative.claims, names, entry, taking.at)
            if claim is not None:
                refused.append((place, claim))
                continue
            for each in alternative.claims:
                self._accounts.enter(each, names, entry, taking.at)
            granted.append(place)
            if len(granted) == taking.n:
                break
            for label, _ in alternative.labels:
                counts[label] = counts.get(label, 0) + 1
        return granted, refused

    def _remember(self, decision: Remembered) -> None:
        name = decision.recorded_as
        self._decisions[decision.id] = decision
        self._decided[name] = (self._decided.get(name) or Past()).adding(decision)
        heapq.heappush(self._decision_ages, (decision.at, decision.id))
        self._changes += 1
        self._versions[decision.recorded_as] = self._changes

    def decision(self, id: str) -> Remembered | None:
        """Return what is remembered of a decision, by its id."""
        with self._lock:
            return self._decisions.get(id)

    def amend(
        self, id: str, revision: int, text: str, at: int, settlements: Sequence[Settlement] = ()
    ) -> tuple[bool, ...] | None:
        """Replace the text of a decision, and settle entries that have its id."""
        with self._lock:
            before = self._decisions.get(id)
            if before is None or before.revision != revision:
                return None
            customer = self._links.customer_of(before.recorded_as)
            names = self._links.names_of(customer)
            done = tuple(self._accounts.settle(one, names, at) for one in settlements)
            after = self._decisions[id] = before._replace(text=text, revision=revision + 1)
            name = before.recorded_as
            self._decided[name] = self._decided[name].changing(after)
            self._changed(customer, journey=False)
            return done

    # --- forgetting

    def forget(self, customer: str) -> None:
        """Forget a customer: all names, events, deadlines, decisions, and accounts."""
        with self._lock:
            names = self._links.names_of(self._links.customer_of(customer))
            for name in names:
                self._links.unlink(name)
                self._deadlines.replace(name, ())
                self._accounts.forget_owner(name)
                self._rows.pop(name, None)
                for decision in self._decided.pop(name, ()):
                    del self._decisions[decision.id]
            for name in names:
                self._changed(name)
            gone = frozenset(names)
            self._ages = [age for age in self._ages if age[1] not in gone]
            self._decision_ages = [a for a in self._decision_ages if a[1] in self._decisions]
            heapq.heapify(self._ages)
            heapq.heapify(self._decision_ages)

    def forget_before(self, instant: int) -> int:
        """Forget what is before a time; return how many events."""
        with self._lock:
            before = len(self._ages)
            touched = set()
            while self._ages and self._ages[0][0] < instant:
                _, name, key = heapq.heappop(self._ages)
                del self._rows[name][key]
                if not self._rows[name]:
                    del self._rows[name]
                touched.add(name)
            for customer in {self._links.customer_of(name) for name in touched}:
                self._changed(customer)
            self._deadlines.forget_before(instant)
            names = set()
            while self._decision_ages and self._decision_ages[0][0] < instant:
                _, id_ = heapq.heappop(self._decision_ages)
                names.add(self._decisions.pop(id_).recorded_as)
            for name in names:
                left = [one for one in self._decided.pop(name) if one.at >= instant]
                if left:
                    self._decided[name] = Past(left)
                self._changed(self._links.customer_of(name), journey=False)
            self._accounts.forget_before(instant)
            return before - len(self._ages)

    def close(self) -> None:
        """Do nothing: there is nothing open."""

    def _changed(self, customer: str, *, journey: bool = True) -> None:
        """Give a customer another version, and none to whom nothing is known of."""
        if journey:
            self._ready.pop(customer, None)
        self._changes += 1
        names = self._links.names_of(customer)
        known = any(name in self._rows or name in self._decided for name in names)
        if known and self._links.customer_of(customer) == customer:
            self._versions[customer] = self._changes
        else:
            self._versions.pop(customer, None)
