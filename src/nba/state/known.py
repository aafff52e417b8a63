"""What a process knows of customers already, so that a store reads only what it does not."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final, NamedTuple

from cachetools import LRUCache

from nba.journey.events import Row
from nba.journey.timeline import EMPTY, Timeline
from nba.state.store import Remembered

__all__ = ["NOTHING", "Kept", "Known"]


class Known(NamedTuple):
    """What was read last: the journey of one version, and the decisions of another."""

    journey: int | str
    timeline: Timeline
    version: int
    decisions: tuple[Remembered, ...]


#: Nothing has the version 0.
NOTHING: Final = Known(0, EMPTY, 0, ())


class Kept:
    """What is known by at most *most* names, those that were used last.

    A version is never that of two journeys, so a name that leads to somebody else by now does no
    harm: what it led to has another version.
    """

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._kept: LRUCache[str, Known] = LRUCache(most)

    def get(self, name: str) -> Known:
        """Return what is known by a name."""
        with self._lock:
            return self._kept.get(name, NOTHING)

    def timeline(
        self, journey: int | str, before: Known, customer: str, rows: Iterable[Row]
    ) -> Timeline:
        """Return the journey of a version; the rows are read only where it is not known.

        It may be known from *before*, or by the *customer*, whom several names lead to.
        """
        for known in (before, self.get(customer)):
            if known.journey == journey:
                return known.timeline
        made = Timeline(rows)
        return made if made.rows else EMPTY

    def keep(self, known: Known, *names: str) -> Known:
        """Keep what was read by each of the names; return it with the timeline to be used.

        Of one journey that is the same one for all names and threads, since what was worked out
        from it hangs on it.
        """
        with self._lock:
            for other in map(self._kept.get, names):
                if other is not None and other.journey == known.journey:
                    known = known._replace(timeline=other.timeline)
            for name in names:
                if known.version or known.journey:
                    self._kept[name] = known
                else:
                    self._kept.pop(name, None)
            return known

    def drop(self, names: Iterable[str]) -> None:
        """Know nothing any more by these names."""
        with self._lock:
            for name in names:
                self._kept.pop(name, None)

    def clear(self) -> None:
        """Know nothing any more: a server that took over may count versions from an older one."""
        with self._lock:
            self._kept.clear()
