"""Profiles: what another system knows of a customer, asked for in time, or done without."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from typing import Any, Final, NamedTuple, Protocol

from cachetools import LRUCache, TTLCache

from nba.decide.case import Case
from nba.errors import Diagnostic, ProfileError, python_type

__all__ = ["ProfileProvider", "Profiles"]

#: How old a profile may be, in seconds, that stands in for one that cannot be had.
STALE: Final = 3600.0


class ProfileProvider(Protocol):
    """A system that knows customers: a CRM, a feature store, a table."""

    def profile(self, customer: str) -> Mapping[str, Any] | None:
        """Return the customer's fields, as the book declares them; None for nobody known.

        It is called in other threads, several at once. What it raises is held for its failure.
        """


class _Known(NamedTuple):
    at: float
    fields: Mapping[str, Any]


class Profiles:
    """Asks a provider, waits for *timeout* seconds at most, and keeps what it says for *ttl*.

    At most *at_once* calls are under way: while so many hang, it counts as failed at once. An
    answer that comes late is kept for the next decision. Of *cached* customers at most something
    is kept, in this process alone.
    """

    def __init__(
        self,
        provider: ProfileProvider,
        *,
        ttl: float = 60.0,
        timeout: float = 0.2,
        at_once: int = 8,
        cached: int = 10_000,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._timeout = timeout
        self._timer = timer
        self._places = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._fresh: TTLCache[str, Mapping[str, Any]] = TTLCache(cached, ttl, timer)
        self._last: LRUCache[str, _Known] = LRUCache(cached)
        self._under_way: dict[str, Future[Mapping[str, Any]]] = {}

    def complete(self, case: Case, *, refuse: bool) -> tuple[Case, tuple[Diagnostic, ...]]:
        """Return a case with the fields of the profile that it does not give itself.

        Where the provider fails, what it said within the last hour stands in; else the case stays
        as it is, with a diagnostic, or where it is to *refuse*, ProfileError is raised.
        """
        if not case.id:
            return case, ()
        problems: tuple[Diagnostic, ...] = ()
        try:
            fields = self._profile(case.id)
        except ProfileError as error:
            with self._lock:
                known = self._last.get(case.id)
            if known is None or self._timer() - known.at > STALE:
                if refuse:
                    raise
                return case, (_fault(f"{error}"),)
            age = self._timer() - known.at
            fields = known.fields
            problems = (_fault(f"{error}, so it is that of {age:.0f} s ago"),)
        return case._replace(customer=_merged(fields, case.customer or {})), problems

    def forget(self, customer: str) -> None:
        """Forget what was said of a customer."""
        with self._lock:
            self._fresh.pop(customer, None)
            self._last.pop(customer, None)
            self._under_way.pop(customer, None)

    def _profile(self, customer: str) -> Mapping[str, Any]:
        with self._lock:
            found = self._fresh.get(customer)
            if found is not None:
                return found
            coming = self._under_way.get(customer) or self._ask(customer)
        try:
            return coming.result(self._timeout)
        except TookTooLong:
            message = f"there was no profile within {self._timeout:g} s"
            raise ProfileError(message) from None

    def _ask(self, customer: str) -> Future[Mapping[str, Any]]:
        """Begin to ask, where there is a place."""
        if not self._places.acquire(blocking=False):
            raise ProfileError("all calls of the profile provider hang")
        coming: Future[Mapping[str, Any]] = Future()
        # a daemon, so that a provider that hangs keeps no process from ending
        thread = threading.Thread(target=self._call, args=(customer, coming), daemon=True)
        self._under_way[customer] = coming
        try:
            thread.start()
        except RuntimeError:  # the system has no thread to give: the next one tries again
            del self._under_way[customer]
            self._places.release()
            raise ProfileError("there is no thread to ask the profile provider in") from None
        return coming

    def _call(self, customer: str, coming: Future[Mapping[str, Any]]) -> None:
        try:
            fields = _checked(self._provider.profile(customer))
        except BaseException as error:  # noqa: BLE001 - whatever it raises, it failed
            failed = error if isinstance(error, ProfileError) else _failed(error)
            self._arrived(customer, coming, None)
            coming.set_exception(failed)
        else:
            self._arrived(customer, coming, fields)
            coming.set_result(fields)

    def _arrived(
        self, customer: str, coming: Future[Mapping[str, Any]], found: Mapping[str, Any] | None
    ) -> None:
        with self._lock:
            if self._under_way.get(customer) is coming:  # else it was forgotten meanwhile
                del self._under_way[customer]
                if found is not None:
                    self._fresh[customer] = found
                    self._last[customer] = _Known(self._timer(), found)
        self._places.release()


def _checked(fields: object) -> Mapping[str, Any]:
    """Return a profile that is one, and nothing of one that is not there."""
    if not isinstance(fields, Mapping | None):
        raise ProfileError(f"the profile provider gave {python_type(fields)}, not an object")
    return dict(fields or {})


def _failed(error: BaseException) -> ProfileError:
    """Return what is said of a failure; its own words may hold a password."""
    failed = ProfileError(f"the profile provider failed: {type(error).__name__}")
    failed.__cause__ = error
    return failed


def _merged(profile: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is *given*, and of the profile what is not; objects field by field."""
    found = dict(profile)
    for name, value in given.items():
        known = profile.get(name)
        if isinstance(value, Mapping) and isinstance(known, Mapping):
            found[name] = _merged(known, value)
        elif value is not None or name not in profile:
            found[name] = value
    return found


def _fault(message: str) -> Diagnostic:
    return Diagnostic("profile-failure", message, "", None, "warning")
