"""The store in memory: for tests, for one process, for applications that keep events themselves."""

from __future__ import annotations

import heapq
import os
import threading
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from nba.errors import CaseError
from nba.journey.events import Row
from nba.journey.timeline import EMPTY, Timeline
from nba.lang.values import INT_MIN
from nba.state.store import Change, Due, Pass

__all__ = ["MemoryStore"]


class MemoryStore:
    """Remembers in memory what `nba.state.store.Store` says; what it knew is gone with it.

    *cached* is for how many customers at most the journey is kept ready.
    """

    def __init__(self, *, cached: int = 10_000) -> None:
        self._lock = threading.Lock()
        self._id = os.urandom(6).hex()
        self._links = _Links()
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
        self._cached = cached
        self._deadlines = _Deadlines()

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
            customer = self._links.customer_of(customer)
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
            if len(self._ready) > self._cached:
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

    def customers(self) -> Iterator[str]:
        """Yield every customer with events, identities or deadlines, as they are now."""
        with self._lock:
            names = {*self._rows, *self._links.customers(), *self._deadlines.customers()}
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

    def forget_before(self, instant: int) -> int:
        """Forget the events and deadlines before a time; return how many events."""
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
            return before - len(self._ages)

    def close(self) -> None:
        """Do nothing: there is nothing open."""

    def _changed(self, customer: str) -> None:
        self._ready.pop(customer, None)
        self._changes += 1
        if self._links.customer_of(customer) == customer and self._parts(customer):
            self._versions[customer] = self._changes
        else:
            self._versions.pop(customer, None)


class _Links:
    """Which name leads to which, as it was said; the names form trees with a customer on top."""

    def __init__(self) -> None:
        self.towards: dict[str, str] = {}
        self._leading: dict[str, set[str]] = {}

    def customer_of(self, name: str) -> str:
        while (after := self.towards.get(name)) is not None:
            name = after
        return name

    def names_of(self, customer: str) -> list[str]:
        """Return a customer and all names that lead there."""
        found = [customer]
        for name in found:
            found += self._leading.get(name, ())
        return found

    def customers(self) -> Iterable[str]:
        return self._leading.keys() - self.towards.keys()

    def link(self, identity: str, customer: str) -> bool:
        if self.towards.get(identity) == customer:
            return False
        if identity == customer:
            raise CaseError(f"`{identity}` cannot be linked to itself")
        name: str | None = customer
        while name is not None:
            if name == identity:
                raise CaseError(
                    f"`{identity}` cannot be linked to `{customer}`, which leads to `{identity}` "
                    f"already: unlink `{customer}` first"
                )
            name = self.towards.get(name)
        self.unlink(identity)
        self.towards[identity] = customer
        self._leading.setdefault(customer, set()).add(identity)
        return True

    def unlink(self, identity: str) -> None:
        before = self.towards.pop(identity, None)
        if before is not None:
            self._leading[before].remove(identity)
            if not self._leading[before]:
                del self._leading[before]


class _Deadlines:
    """The deadlines of all customers: sorted, and when each became known."""

    def __init__(self) -> None:
        #: how many became known so far
        self.count = 0
        self._known: dict[Due, int] = {}
        self._of: dict[str, set[Due]] = {}
        self._sorted = _Sorted()
        #: the latest time that was asked for
        self._asked = INT_MIN
        #: those that might have been due already when they became known, by when they did: the
        #: only ones that can be news until a time that a cursor covers
        self._late: dict[int, Due] = {}

    def customers(self) -> Iterable[str]:
        return self._of.keys()

    def replace(self, customer: str, entries: Iterable[tuple[int, str, Change]]) -> None:
        wanted = {Due(int(at), customer, moment, change) for at, moment, change in entries}
        present = self._of.get(customer, set())
        for due in present - wanted:
            self._remove(due)
        for due in wanted - present:
            self.count += 1
            self._known[due] = self.count
            self._sorted.add(due)
            if due.at <= self._asked:
                self._late[self.count] = due
        if wanted:
            self._of[customer] = wanted
        else:
            self._of.pop(customer, None)

    def _remove(self, due: Due) -> None:
        self._late.pop(self._known.pop(due), None)
        self._sorted.remove(due)

    def due(self, passing: Pass, limit: int) -> list[Due]:
        """Return what a pass has to give, at most so many, in order."""
        self._asked = max(self._asked, passing.goal.until)
        found = heapq.nsmallest(limit, self._became_known(passing))
        return found + list(islice(self._came(passing), limit - len(found)))

    def _came(self, passing: Pass) -> Iterator[Due]:
        """Yield what lies after the time that is covered."""
        goal, last = passing.goal, passing.last
        start: tuple[Any, ...] = (passing.covered.until + 1,)
        for due in self._sorted.starting(max(start, last) if last else start):
            if due.at > goal.until:
                break
            if self._known[due] <= goal.known and due != last:
                yield due

    def _became_known(self, passing: Pass) -> Iterator[Due]:
        """Yield what lies in the time that is covered, but was not known when it was covered."""
        covered, goal, last = passing.covered, passing.goal, passing.last
        for known, due in reversed(self._late.items()):
            if known <= covered.known:
                break
            if known <= goal.known and due.at <= covered.until and (last is None or due > last):
                yield due

    def forget_before(self, instant: int) -> None:
        old = []
        for due in self._sorted.starting(()):
            if due.at >= instant:
                break
            old.append(due)
        for due in old:
            self._remove(due)
            of = self._of[due.customer]
            of.remove(due)
            if not of:
                del self._of[due.customer]


class _Sorted:
    """A sorted list in pieces, so that adding and removing stay cheap however long it is."""

    LONGEST: Final = 1000

    def __init__(self) -> None:
        self._pieces: list[list[Due]] = []
        #: the last of each piece
        self._ends: list[Due] = []

    def add(self, due: Due) -> None:
        at = min(bisect_left(self._ends, due), len(self._ends) - 1)
        if at < 0:
            self._pieces, self._ends = [[due]], [due]
            return
        piece = self._pieces[at]
        insort(piece, due)
        if len(piece) > self.LONGEST:
            half = len(piece) // 2
            self._pieces[at : at + 1] = [piece[:half], piece[half:]]
            self._ends[at : at + 1] = [piece[half - 1], piece[-1]]
        else:
            self._ends[at] = piece[-1]

    def remove(self, due: Due) -> None:
        at = bisect_left(self._ends, due)
        piece = self._pieces[at]
        del piece[bisect_left(piece, due)]
        if piece:
            self._ends[at] = piece[-1]
        else:
            del self._pieces[at], self._ends[at]

    def starting(self, start: tuple[Any, ...]) -> Iterator[Due]:
        """Yield those from *start* on."""
        at = bisect_left(self._ends, start)
        for piece in islice(self._pieces, at, None):
            yield from islice(piece, bisect_left(piece, start), None)
