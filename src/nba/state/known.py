"""What a process knows of customers already, so that a store reads only what it does not."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NamedTuple

from cachetools import LRUCache

from nba.journey.events import Row
from nba.journey.timeline import EMPTY, Timeline
from nba.state.past import Past

__all__ = ["CACHED", "NOTHING", "Kept", "Known", "weight"]

#: How many MiB each process keeps ready, where nothing else is said.
CACHED: Final = 8
#: Bytes that were measured of a journey, an event and a decision, with what is worked out of them.
_JOURNEY, _EVENT, _DECISION = 6144, 1536, 512


class Known(NamedTuple):
    """What was read last: the journey of one version, and the decisions of another.

    *size* is about how many bytes the timeline takes, as soon as that was measured.
    """

    journey: int | str
    timeline: Timeline
    version: int
    decisions: Past
    size: int = 0


#: Nothing has the version 0.
NOTHING: Final = Known(0, EMPTY, 0, Past())


def weight(known: Known) -> int:
    """Return about how many bytes it takes to keep something known."""
    size = known.size or _size(known.timeline)
    return size + _DECISION * len(known.decisions) + known.decisions.said


def _size(timeline: Timeline) -> int:
    said = sum(_length(value) for row in timeline.rows for value in row.values())
    return _JOURNEY + _EVENT * len(timeline.rows) + said


def _length(value: object) -> int:
    """Return how much text is in a value."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, dict):
        return sum(_length(one) for entry in value.items() for one in entry)
    return sum(map(_length, value)) if isinstance(value, list | tuple) else 0


class Kept:
    """What is known by the names that were used last, as far as it goes into *most* bytes.

    A version is never that of two journeys, so a name that leads to somebody else by now does no
    harm: what it led to has another version.
    """

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._kept: LRUCache[str, Known] = LRUCache(most, weight)
        #: how many times `clear` was called
        self.cleared = 0

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
            kept = [(name, self._kept.get(name)) for name in dict.fromkeys(names)]
            for _, other in kept:
                if other is not None and other.journey == known.journey:
                    known = known._replace(timeline=other.timeline, size=other.size)
            if not known.size:
                known = known._replace(size=_size(known.timeline))
            for name, other in kept:
                if not (known.version or known.journey):
                    self._kept.pop(name, None)
                elif (
                    other is None
                    or other.journey != known.journey
                    or other.version != known.version
                ):
                    with suppress(ValueError):  # it is larger than all that may be kept
                        self._kept[name] = known
            return known

    def drop(self, names: Iterable[str]) -> None:
        """Know nothing any more by these names."""
        with self._lock:
            for name in names:
                self._kept.pop(name, None)

    def clear(self) -> None:
        """Know nothing any more: a server that took over may count versions from an older one."""
        with self._lock:
            self.cleared += 1
            self._kept.clear()
