"""The decision log: a bounded queue before a sink, and one thread that writes.

A decision pays for a place in the queue and no more. Where the sink is slow or fails, the queue
fills; what finds it full is lost, and counted.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from typing import Final, NamedTuple

from nba.decide.plan import Plan
from nba.errors import StoreError
from nba.record.line import Line
from nba.record.noting import Made, Notes
from nba.record.reading import record_in
from nba.record.record import Record
from nba.record.sinks import Sink, sink_at

__all__ = ["DecisionLog", "Stats"]

#: Records that are written together at most: few, so that those who decide need not wait for long
#: until Python is free again; and many where many wait, because each write has to wait for those.
_FEW, _MANY = 16, 1024
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0  # seconds before a sink that failed is tried again
_PATIENCE: Final = 60.0  # seconds between two warnings
_VERSIONS: Final = 2  # of books whose notes are kept ready: the one that decides, and one before
_logger = logging.getLogger("nba.record")


class Stats(NamedTuple):
    """What became of decisions: *written*, *lost*, or *waiting*; and how often the sink *failed*.

    Lost are those that found the queue full, or the log closed, or could not be written at all.
    """

    written: int
    lost: int
    failed: int
    waiting: int


class _Forgetting:
    """A wish to forget, which waits its turn; *done* once it is, with the count or the error."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names
        self.done = threading.Event()
        self.count = 0
        self.error: Exception | None = None


class DecisionLog:
    """Notes decisions in a *sink*, of which up to *capacity* wait to be written.

    Private fields are left out unless *keep_private*. What was not written is written when the
    program ends, as far as the sink lets it.
    """

    def __init__(self, sink: Sink, *, capacity: int = 10_000, keep_private: bool = False) -> None:
        self.sink = sink
        self.capacity = capacity
        self.keep_private = keep_private
        self._notes: dict[str, Notes] = {}  # by the version of the book
        self._closed = False
        self._begin()
        _logs.add(self)

    def _begin(self) -> None:
        """Begin with nothing: at first, and in a process that was forked."""
        self._lock = threading.Lock()
        self._queue: deque[Made | _Forgetting] = deque()
        self._wake = threading.Event()
        self._ending = threading.Event()  # nobody waits for the sink any more
        self._thread: threading.Thread | None = None
        self._accepted = self._turned_away = 0  # changed by those who put
        self._written = self._dropped = self._failed = 0  # changed by the thread
        self._troubled = False  # the sink failed when it was asked last
        self._stuck_until = 0.0
        self._said = (0, 0)
        self._said_at = -_PATIENCE

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, capacity: int = 10_000, keep_private: bool = False
    ) -> DecisionLog:
        """Return a log in a file: JSON Lines (`.jsonl`) or SQLite (`.db`). Raises StoreError."""
        return cls(sink_at(os.fspath(path)), capacity=capacity, keep_private=keep_private)

    def put(self, made: Made) -> None:
        """Note a decision. It does not wait, and it does not raise."""
        with self._lock:
            if self._closed or self._accepted - self._written - self._dropped >= self.capacity:
                self._turned_away += 1
                return
            self._accepted += 1
            self._queue.append(made)
            if self._thread is None:
                self._start()
        if not self._wake.is_set():
            self._wake.set()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="nba-decision-log", daemon=True)
        with suppress(RuntimeError):  # the system has no thread to give: the next one tries again
            thread.start()
            self._thread = thread

    def stats(self) -> Stats:
        """Return what became of the decisions so far."""
        with self._lock:
            done = self._written + self._dropped
            lost = self._turned_away + self._dropped
            return Stats(self._written, lost, self._failed, self._accepted - done)

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until what was noted is written; return whether it was within so many seconds."""
        until = time.monotonic() + timeout
        goal = self._accepted
        while self._written + self._dropped < goal:
            if time.monotonic() > until:
                return False
            time.sleep(0.001)
        return True

    def record(self, id_: str, timeout: float = 1.0) -> Record | None:
        """Return the record of one decision, once what waits is written; None if there is none.

        Raises StoreError where it cannot be read, also because the sink is not one of a file.
        """
        path = getattr(self.sink, "path", None)
        if path is None:
            raise StoreError("the decision log is not in a file, so nothing can be read of it")
        self.flush(timeout)
        return record_in(path, id_)

    def make_room(self, patience: float = 5.0) -> None:
        """Wait while more than half of the capacity waits: for those who decide for many at once.

        Who decides without a pause leaves the thread little time to write. It does not wait for a
        sink that fails, nor again soon for one that was too slow for its *patience*, in seconds.
        """
        waiting = self._accepted - self._written - self._dropped
        if waiting <= self.capacity // 2 or self._troubled or self._closed:
            return
        if time.monotonic() > self._stuck_until and not self.flush(patience):
            self._stuck_until = time.monotonic() + _PATIENCE

    def forget(self, names: Collection[str], timeout: float = 60.0) -> int:
        """Forget the records of customers, also of those that wait; return how many were written.

        Raises StoreError where that fails, or takes more than so many seconds.
        """
        wish = _Forgetting(frozenset(names))
        with self._lock:
            if self._closed:
                raise StoreError("the decision log was closed")
            self._queue.append(wish)
            if self._thread is None:
                self._start()
        self._wake.set()
        if not wish.done.wait(timeout):
            raise StoreError(f"the decision log did not forget within {timeout:g} s")
        if wish.error is not None:
            raise StoreError(f"the decision log did not forget: {wish.error}") from wish.error
        return wish.count

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits, for at most so many seconds, and close the sink."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is None:
            self.sink.close()
            return
        self._wake.set()
        thread.join(timeout)
        self._ending.set()
        thread.join(1.0)
        self._warn(last=True)

    # --- the thread

    def _run(self) -> None:
        while not (self._closed and not self._queue):
            self._wake.wait()
            self._wake.clear()
            while self._queue:
                self._step()
            self._warn()
        with suppress(Exception):
            self.sink.close()

    def _step(self) -> None:
        """Write some of what waits, or forget."""
        first = self._queue[0]
        if isinstance(first, _Forgetting):
            self._queue.popleft()
            self._forget(first)
            return
        lines: list[Line] = []
        waiting = len(self._queue)
        for _ in range(min(waiting, _FEW if waiting < 10 * _FEW else _MANY)):
            if isinstance(made := self._queue[0], _Forgetting):
                break
            self._queue.popleft()
            try:
                lines.append(Line.of(self._notes_of(made.answer.plan).record(made)))
            except Exception:
                self._dropped += 1
                self._failed += 1
                _logger.exception("a decision cannot be noted: this is a fault of nba")
        if lines:
            self._write(lines)

    def _write(self, lines: list[Line]) -> None:
        """Write records, as often as it takes."""
        wait = _FIRST_WAIT
        while True:
            try:
                self.sink.write(lines)
            except Exception as error:  # noqa: BLE001 - a sink is anybody's
                self._failed += 1
                self._troubled = True
                self._warn(error)
                if self._ending.wait(wait):
                    self._dropped += len(lines)
                    return
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                self._written += len(lines)
                self._troubled = False
                return

    def _forget(self, wish: _Forgetting) -> None:
        try:
            wish.count = self.sink.forget(wish.names)
        except Exception as error:  # noqa: BLE001 - as above
            wish.error = error
        wish.done.set()

    def _notes_of(self, plan: Plan) -> Notes:
        version = plan.book.version
        notes = self._notes.get(version)
        if notes is None:
            if len(self._notes) >= _VERSIONS:
                self._notes.pop(next(iter(self._notes)))
            notes = self._notes[version] = Notes(plan, keep_private=self.keep_private)
        return notes

    def _warn(self, error: Exception | None = None, *, last: bool = False) -> None:
        """Say what was lost and what failed since it was said last, not more than once a minute.

        The *last* time, what still waits is lost too, and only that something was lost matters.
        """
        _, lost, failed, waiting = self.stats()
        now = (lost + waiting, failed) if last else (lost, failed)
        soon = time.monotonic() < self._said_at + _PATIENCE
        if now[0] == self._said[0] if last else now == self._said or soon:
            return
        self._said, self._said_at = now, time.monotonic()
        why = f": {error}" if error else ""
        _logger.warning("decisions not logged: %d; failures of the sink: %d%s", *now, why)


#: All logs that are in use: what waits is written when the program ends; and where a process
#: forks, the thread stays behind, and what waited is written there.
_logs: weakref.WeakSet[DecisionLog] = weakref.WeakSet()


def _at_the_end() -> None:
    for log in list(_logs):
        if not log._closed:  # noqa: SLF001 - it is this file's own
            log.close()


atexit.register(_at_the_end)


def _after_fork() -> None:
    for log in list(_logs):
        log._begin()  # noqa: SLF001 - it is this file's own


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
