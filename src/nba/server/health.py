"""The endpoints of operators: whether it lives, whether it is ready, what it counts."""

from __future__ import annotations

from typing import Final

from nba.server import messages
from nba.server.endpoint import Call, Endpoint, Reply, encode
from nba.server.metrics import CONTENT_TYPE

__all__ = ["ENDPOINTS"]


async def live(call: Call) -> Reply:
    """Say that the process answers."""
    return Reply(b'{"status":"ok"}')


async def ready(call: Call) -> Reply:
    """Say whether requests are taken, and what is not as it should be.

    A store that fails does not make a process unready: it decides what the book allows then.
    """
    service = call.service
    log, reloading = service.engine.log, service.reloading
    body = {
        "ready": not service.draining,
        "version": service.engine.version,
        "reload": "none" if reloading is None else "ok" if reloading.ok else "failed",
        "store": "failing" if service.store_failed else "ok",
        "keys": "none" if service.keys is None else "failed" if service.keys_failed else "ok",
        "log": "none" if log is None else "losing" if log.stats().lost else "ok",
    }
    return Reply(encode(body), 503 if service.draining else 200)


async def metrics(call: Call) -> Reply:
    """Return what is counted, for Prometheus."""
    service = call.service
    service.metrics.refresh(service.under_way)
    return Reply(service.metrics.text())


ENDPOINTS: Final = (
    Endpoint(
        name="live",
        method="GET",
        path="/healthz",
        scope=None,
        summary="Whether the process answers",
        run=live,
        gives=messages.Health,
    ),
    Endpoint(
        name="ready",
        method="GET",
        path="/readyz",
        scope=None,
        summary="Whether requests are taken, and what is not as it should be",
        about="The status is 503 while the server ends.",
        run=ready,
        gives=messages.Ready,
    ),
    Endpoint(
        name="metrics",
        method="GET",
        path="/metrics",
        scope="any",
        summary="What is counted, for Prometheus",
        about="Any key will do.",
        run=metrics,
        content=CONTENT_TYPE,
    ),
)
