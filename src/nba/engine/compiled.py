"""Compiled books by version: a book that means the same is compiled once."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Final

from cachetools import LRUCache

from nba.book.model import Book
from nba.decide.briefing import Briefer
from nba.decide.happening import Happening
from nba.decide.planner import plan_for
from nba.engine.deciding import Running
from nba.journey.reading import Moments
from nba.journey.shapes import EventShapes

__all__ = ["compiled"]

_LOCK: Final = threading.Lock()
#: The book that decides, and the one before it, which may come back. Large books weigh a lot.
_COMPILED: Final[LRUCache[tuple[str, Moments], Running]] = LRUCache(2)


def compiled(book: Book, moments: Moments) -> Running:
    """Return what decides by a book: what was compiled of the same version, with this book.

    Its tests, places and comments, which take no part in the version, are those of *book*.
    """
    key = (book.version, moments)
    with _LOCK:
        found = _COMPILED.get(key)
    if found is None:
        plan = plan_for(book, moments)
        found = Running(plan, EventShapes.of(book), Briefer(plan), Happening(plan))
        with _LOCK:
            _COMPILED[key] = found
    return found._replace(plan=replace(found.plan, book=book))
