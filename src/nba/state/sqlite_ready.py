"""Journeys that are kept ready: read once, and given out as long as nothing changed."""

from __future__ import annotations

import threading

from cachetools import LRUCache

from nba.journey.timeline import Timeline

__all__ = ["Ready"]


class Ready:
    """The journeys of at most *most* customers, those that were used last, each with its version.

    What was worked out from a journey hangs on it, so the same one is given as long as it is good.
    """

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._kept: LRUCache[str, tuple[int, Timeline]] = LRUCache(most)

    def get(self, customer: str, version: int) -> Timeline | None:
        """Return the journey of that version, if it is here."""
        with self._lock:
            found = self._kept.get(customer)
        return found[1] if found is not None and found[0] == version else None

    def keep(self, customer: str, version: int, journey: Timeline) -> Timeline:
        """Keep a journey; return it, or the same one if another thread was first."""
        with self._lock:
            found = self._kept.get(customer)
            if found is not None and found[0] == version:
                return found[1]
            self._kept[customer] = (version, journey)
            return journey

    def drop(self, customer: str) -> None:
        """Keep a customer's journey no longer."""
        with self._lock:
            self._kept.pop(customer, None)
