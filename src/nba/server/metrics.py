"""What is counted for Prometheus. With several processes, `nba serve` adds them up."""

from __future__ import annotations

import os
import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from nba.engine import Engine

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_RELOADS: Final = ("changed", "same", "failed")


class Metrics:
    """The counts of one process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        registry = self._registry = CollectorRegistry()
        self._decisions = Counter(
            "nba_decisions",
            "Decisions by action (empty: none) and reason code",
            ["action", "reason"],
            registry=registry,
        )
        self._requests = Counter(
            "nba_requests",
            "Answers by endpoint and status",
            ["endpoint", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "nba_request_seconds",
            "Seconds from the headers of a request to the end of its answer",
            ["endpoint"],
            registry=registry,
            buckets=_SECONDS,
        )
        self._under_way = Gauge(
            "nba_requests_under_way",
            "Requests that are under way",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._reloads = Counter(
            "nba_book_reloads", "Reloads of the book by result", ["result"], registry=registry
        )
        self._reload_failed = Gauge(
            "nba_book_reload_failed",
            "1 while the files have errors and an older book decides",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._loaded = Gauge(
            "nba_book_loaded_timestamp_seconds",
            "When the book that decides was read",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self._log = {
            name: Gauge(f"nba_log_{name}", text, registry=registry, multiprocess_mode="sum")
            for name, text in (
                ("written", "Decisions that were written to the log"),
                ("lost", "Decisions that the log lost"),
                ("failed", "Failures of the log's sink"),
            )
        }
        self._log["waiting"] = Gauge(
            "nba_log_waiting",
            "Decisions that wait to be written to the log",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._store_errors = Counter(
            "nba_store_errors", "Calls in which the store failed", registry=registry
        )
        self._by_decision: dict[tuple[str, str], Counter] = {}
        self._by_answer: dict[tuple[str, int], Counter] = {}
        self._by_endpoint: dict[str, Histogram] = {}
        for result in _RELOADS:
            self._reloads.labels(result)
        self._loaded.set(time.time())

    def decided(self, action: str | None, reason: str) -> None:
        """Count a decision."""
        known = self._by_decision.get((action or "", reason))
        if known is None:
            known = self._decisions.labels(action or "", reason)
            self._by_decision[action or "", reason] = known
        known.inc()

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """Count an answer, and how long it took."""
        count = self._by_answer.get((endpoint, status))
        if count is None:
            count = self._by_answer[endpoint, status] = self._requests.labels(endpoint, str(status))
        count.inc()
        length = self._by_endpoint.get(endpoint)
        if length is None:
            length = self._by_endpoint[endpoint] = self._seconds.labels(endpoint)
        length.observe(seconds)

    def reloaded(self, result: str) -> None:
        """Count a reload that `changed` the version, left it the `same`, or `failed`."""
        self._reloads.labels(result).inc()
        self._reload_failed.set(result == "failed")
        if result != "failed":
            self._loaded.set(time.time())

    def store_failed(self) -> None:
        """Count a failure of the store."""
        self._store_errors.inc()

    def refresh(self, under_way: int) -> None:
        """Take over what others count."""
        self._under_way.set(under_way)
        if self._engine.log is not None:
            for name, value in self._engine.log.stats()._asdict().items():
                self._log[name].set(value)

    def text(self) -> bytes:
        """Return all counts, of all processes that serve together."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
