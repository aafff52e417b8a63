"""The log of the server: one line of JSON for each thing, and nothing private in any of them.

Paths are not written, since they hold ids of customers; nor are bodies, queries or keys.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.json import Encoder

__all__ = ["JsonLines", "answered", "begin"]

_requests = logging.getLogger("nba.server.requests")
_encode: Final = Encoder(enc_hook=str).encode


class JsonLines(logging.Formatter):
    """Writes a record as an object: time, level, what happened, and the fields that it has."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON on one line."""
        found: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        found |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            # its message may quote what was handed in; where it happened does not
            found["error"] = type(error).__name__
            found["at"] = [
                f"{frame.filename}:{frame.lineno}"
                for frame in traceback.extract_tb(error.__traceback__)[-6:]
            ]
        return _encode(found).decode()


def answered(endpoint: str, method: str, status: int, seconds: float, caller: str) -> None:
    """Write that a request was answered, where that is wanted."""
    if _requests.isEnabledFor(logging.INFO):
        fields: dict[str, Any] = {
            "endpoint": endpoint,
            "method": method,
            "status": status,
            "ms": round(seconds * 1000, 3),
        }
        if caller:
            fields["caller"] = caller
        _requests.info("answered", extra={"fields": fields})


def begin(*, requests: bool) -> None:
    """Write the logs of this process to standard error; each of the *requests* only if wanted."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    _requests.setLevel(logging.INFO if requests else logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
