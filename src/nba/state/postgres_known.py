"""What a process knows of customers already, so that a server sends only what it does not."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

from nba.journey.timeline import EMPTY, Timeline
from nba.state.store import Remembered

__all__ = ["NOTHING", "Kept", "Known"]


class Known(NamedTuple):
    """What was read last: the journey of one version, and the decisions of another."""

    journey: int
    timeline: Timeline
    version: int
    decisions: tuple[Remembered, ...]


#: Nothing has the version 0.
NOTHING = Known(0, EMPTY, 0, ())


class Kept:
    """What is known by at most *most* names, those that were used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Known] = OrderedDict()

    def get(self, name: str) -> Known:
        """Return what is known by a name."""
        with self._lock:
            found = self._kept.get(name)
            if found is None:
                return NOTHING
            self._kept.move_to_end(name)
            return found

    def clear(self) -> None:
        """Know nothing any more: a server that took over may count versions from an older one."""
        with self._lock:
            self._kept.clear()

    def keep(self, name: str, customer: str, known: Known) -> Known:
        """Keep what was read of a customer by a name; return it with the timeline to be used.

        Of one journey that is the same one for all names and threads, since what was worked out
        from it hangs on it. A version is never that of two journeys.
        """
        with self._lock:
            for other in (self._kept.get(name), self._kept.get(customer)):
                if other is not None and other.journey == known.journey:
                    known = known._replace(timeline=other.timeline)
            for each in {name, customer}:
                if known.version or known.journey:
                    self._kept[each] = known
                    self._kept.move_to_end(each)
                else:
                    self._kept.pop(each, None)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return known
