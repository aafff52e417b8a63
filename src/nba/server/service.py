"""What the endpoints share: the engine, what becomes of reloads, and what is counted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from nba.decide.decision import Decision
from nba.engine import Engine
from nba.errors import BookError, CaseError, Diagnostic, StoreError, UnknownDecisionError, errors_in
from nba.server.bounds import Bounds
from nba.server.handed_in import HandedIn
from nba.server.keys import Keys
from nba.server.metrics import Metrics

__all__ = ["Reloading", "Service"]

R = TypeVar("R")
_logger = logging.getLogger("nba.server")


class Reloading:
    """The last time that the book was read again, and what was wrong with it."""

    def __init__(self, at: datetime, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.at = at
        self.diagnostics = diagnostics
        self.errors = len(errors_in(diagnostics))
        self.ok = not self.errors

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "at": self.at.isoformat(),
            "ok": self.ok,
            "errors": self.errors,
            "diagnostics": [one.to_dict() for one in self.diagnostics],
        }


class Service:
    """An engine that is served, within *bounds*, to those who have one of the *keys*.

    Without keys it is served to this machine alone. *tell* lets the other processes that serve the
    same book know that it is to be read again.
    """

    def __init__(
        self,
        engine: Engine,
        keys: Keys | None,
        bounds: Bounds,
        tell: Callable[[], None] = lambda: None,
    ) -> None:
        self.engine = engine
        self.keys = keys
        self.bounds = bounds
        self.tell = tell
        self.metrics = Metrics(engine)
        self.handed_in = HandedIn()
        self.reloading: Reloading | None = None
        self.checking = asyncio.Lock()
        self.last_check: asyncio.Task[dict[str, Any]] | None = None
        self.under_way = 0
        self.draining = False
        self.store_failed = False
        self.keys_failed = False

    async def call(self, work: Callable[[], R], *, quick: bool = False) -> R:
        """Return what a function returns. Raises TimeoutError where that takes too long.

        It runs in a thread of the engine; but here and now where it is *quick* and waits for
        nobody, because handing it over takes longer than doing it.
        """
        if quick and self.engine.immediate:
            return work()
        return await self.within(self.engine.threads.run(work))

    async def within(self, waiting: Awaitable[R]) -> R:
        """Return what is waited for. Raises TimeoutError where that takes too long."""
        async with asyncio.timeout(self.bounds.seconds):
            return await waiting

    def decided(self, decision: Decision) -> None:
        """Count a decision."""
        self.metrics.decided(decision.action, decision.reason)
        failed = [one.message for one in decision.diagnostics if one.code == "store-failure"]
        if failed:
            self.metrics.store_failed()
            _logger.warning("%s", failed[0])
        self.store_failed = bool(failed)

    def failed(self, error: Exception) -> None:
        """Count an error that is not the fault of who asked."""
        if isinstance(error, StoreError):
            self.metrics.store_failed()
            self.store_failed = True
            _logger.warning("the store failed: %s", error)

    async def look_at_the_store(self) -> None:
        """Find out whether a store that failed is back, though nobody asks it for anything."""
        if not self.store_failed:
            return
        try:
            await self.engine.astanding("-")
        except UnknownDecisionError:  # it answers, and there is no such decision
            self.store_failed = False
        except StoreError:
            return

    async def reload(self) -> bool:
        """Read the keys and the book again; return whether its version is another now.

        What cannot be read stays as it is. Raises CaseError for keys, and BookError.
        """
        wrong = self.read_keys()
        changed = await self._reload_book()
        if wrong is not None:
            raise wrong
        return changed

    def read_keys(self) -> CaseError | None:
        """Read the keys again; return what is wrong with their file."""
        if self.keys is None:
            return None
        try:
            self.keys.refresh()
        except CaseError as error:
            _logger.warning("%s: the old keys stay", error)
            self.keys_failed = True
            return error
        self.keys_failed = False
        return None

    async def _reload_book(self) -> bool:
        try:
            changed = await self.engine.areload()
        except BookError as error:
            self.reloading = Reloading(datetime.now(UTC), error.diagnostics)
            self.metrics.reloaded("failed")
            _logger.warning(
                "the book has %d errors, and the old one decides", self.reloading.errors
            )
            raise
        self.reloading = Reloading(datetime.now(UTC), self.engine.warnings)
        self.metrics.reloaded("changed" if changed else "same")
        if changed:
            _logger.info("version %s of the book decides", self.engine.version)
        return changed
