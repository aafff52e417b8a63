"""The deadlines of all customers, in memory: sorted, and when each became known."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from nba.lang.values import INT_MIN
from nba.state.store import Change, Due, Pass

__all__ = ["Deadlines"]


class Deadlines:
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
        """Return who has deadlines."""
        return self._of.keys()

    def replace(self, customer: str, entries: Iterable[tuple[int, str, Change]]) -> None:
        """Replace a customer's deadlines; those that stay are known since before."""
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
        """Forget the deadlines before a time."""
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
