"""A population: many cases or recorded decisions, taken one after the other, on one core or more.

Whatever the number of processes, what is found comes in the order of the cases, and is the same.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Any, Final, NamedTuple, TypeVar

from nba.decide.case import Case
from nba.errors import CaseError
from nba.record.record import Record

__all__ = ["Item", "LeftOut", "through"]

#: What is decided on: a case, or what a decision was made on before.
Item = Case | Record

Found = TypeVar("Found")

#: Cases that a process is given at once, and for how many of its turns they are read ahead.
_BATCH: Final = 100
_AHEAD: Final = 2


class LeftOut(NamedTuple):
    """A case that cannot be decided, and why."""

    reason: str


def through(
    items: Iterable[Item], open_: Callable[[], Callable[[Item], Found]], *, workers: int = 1
) -> Iterator[tuple[Item, Found | LeftOut]]:
    """Yield each item with what is found for it, in their order.

    *open_* returns what finds it, and is called once in each of as many processes as there are
    *workers*; so that they can, it and what is found have to be picklable. With one worker no
    process is started. Only a few items are in memory at once. What finds something may raise
    CaseError: then the item is left out.
    """
    if workers < 2:
        find = open_()
        for item in items:
            yield item, _found(find, item)
        return
    pending: deque[tuple[list[Item], Future[list[Any]]]] = deque()
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (open_,)) as pool:
        try:
            for batch in _batched(items):
                with _uninterrupted():  # a process that is starting could only die of it noisily
                    pending.append((batch, pool.submit(_find, batch)))
                if len(pending) == workers * _AHEAD:
                    yield from _done(pending.popleft())
            while pending:
                yield from _done(pending.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _done(
    submitted: tuple[list[Item], Future[list[Any]]],
) -> Iterator[tuple[Item, Any]]:
    batch, done = submitted
    return zip(batch, done.result(), strict=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let processes that are started meanwhile not hear Ctrl-C: who started them ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _batched(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _found(find: Callable[[Item], Found], item: Item) -> Found | LeftOut:
    try:
        return find(item)
    except CaseError as error:
        return LeftOut(str(error))


# --- in the processes


_opened: list[Callable[[], Callable[[Item], Any]]] = []
_finding: list[Callable[[Item], Any]] = []


def _begin(open_: Callable[[], Callable[[Item], Any]]) -> None:
    """Remember what there is to open: opened with the first batch, it can say what is wrong."""
    _opened.append(open_)


def _find(batch: list[Item]) -> list[Any]:
    if not _finding:
        _finding.append(_opened[-1]())
    return [_found(_finding[0], item) for item in batch]
