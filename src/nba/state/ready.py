"""Journeys that are kept ready where they are asked for, though a server keeps their rows."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from cachetools import LRUCache

from nba.journey.events import Row
from nba.journey.timeline import EMPTY, Timeline

__all__ = ["Ready"]


class Ready:
    """The journeys that were used last, by customer and the version of the rows.

    While a journey is the same, it is the same object: it keeps what was worked out of it.
    """

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._journeys: LRUCache[str, tuple[str, Timeline]] = LRUCache(most)
        #: whom other names led to when they were asked for
        self._customers: LRUCache[str, str] = LRUCache(most)

    def find(self, name: str) -> tuple[str, Timeline] | None:
        """Return the journey that a name led to, if it is ready, after its version."""
        with self._lock:
            return self._journeys.get(self._customers.get(name, name))

    def keep(self, name: str, customer: str, version: str, rows: Iterable[Row]) -> Timeline:
        """Return the journey of a version, with these rows where it is not ready yet."""
        made = Timeline(rows)
        made = made if made.rows else EMPTY
        with self._lock:
            if name != customer:
                self._customers[name] = customer
            found = self._journeys.get(customer)
            if found is not None and found[0] == version:  # another thread was faster
                return found[1]
            if version:  # else nothing is known of the customer
                self._journeys[customer] = (version, made)
        return made
