"""The journeys that cases bring: one that comes again is not read again.

An application that keeps the events of its customers sends them with every case, and from one case
to the next they are mostly the same.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final, NamedTuple

import msgspec
from cachetools import TTLCache

from nba.journey.events import Event, Journey
from nba.server.decoding import decoded
from nba.server.messages import CaseEvents, events_of

__all__ = ["HandedIn"]

#: The JSON of the journeys that are kept, in bytes; read, most take some six times as much, and
#: what is made of empty lists some twenty times.
_MOST: Final = 4 * 2**20
_SECONDS: Final = 300.0
_MARK: Final = 400  # what one takes that came only once
_NONE: Final = b"null"


class _Known(NamedTuple):
    """A journey; only the hash of its text, as long as it came only once."""

    hashed: int
    text: bytes = b""
    journey: Journey | None = None


class HandedIn:
    """Reads the events of cases, and keeps the last journey of each customer that came again.

    It is kept for five minutes, which is about a conversation.
    """

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(CaseEvents)
        self._known: TTLCache[str, _Known] = TTLCache(
            _MOST, _SECONDS, getsizeof=lambda one: _MARK + len(one.text)
        )

    def journey(self, customer: str, events: bytes) -> tuple[Event, ...] | None:
        """Return the journey that is written as JSON; None for none. Raises ProblemError."""
        if events == _NONE:
            return None
        try:
            known = self._known[customer]
        except KeyError:
            known = None
        if known is not None and known.journey is not None and known.text == events:
            return known.journey
        read = events_of(decoded(self._decoder, events, ("events",)))
        hashed = hash(events)
        if known is not None and known.hashed == hashed:
            read = Journey(read)
            with suppress(ValueError):  # it is larger than all that may be kept
                self._known[customer] = _Known(hashed, events, read)
        else:
            self._known[customer] = _Known(hashed)
        return read

    def forget_old(self) -> None:
        """Forget those whose time is over."""
        self._known.expire()

    def forget(self) -> None:
        """Forget all of them."""
        self._known.clear()
