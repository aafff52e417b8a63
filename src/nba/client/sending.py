"""Sending a request until it is answered: what is tried again, how often, and after how long.

Every request may be sent again: those that write carry an idempotency key, or count once anyway.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx

from nba.client.errors import ServerError, error_of
from nba.client.requests import Request
from nba.errors import CaseError

__all__ = ["Again", "Attempts"]

T = TypeVar("T")

#: Answers after which the same request may be answered otherwise.
_PASSING: Final = frozenset({408, 429, 502, 503, 504})
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Again:
    """It is to be sent again, after so many *seconds*."""

    seconds: float


class Attempts:
    """Counts how often a request was sent, up to *most*."""

    def __init__(self, most: int) -> None:
        self.left = most
        self.wait = _FIRST_WAIT

    def failed(self, error: httpx.RequestError) -> Again:
        """Return when to send it again, after there was no answer. Raises ServerError."""
        again = self._again(None)
        if again is None:
            reason = str(error) or type(error).__name__
            message = f"the server cannot be reached: {reason.lower()}"
            raise ServerError(message, "unreachable", 0) from error
        return again

    def answered(self, request: Request[T], reply: httpx.Response) -> T | Again:
        """Return what an answer says, or when to send it again. Raises NbaError."""
        if reply.status_code in _PASSING:
            again = self._again(reply.headers.get("retry-after"))
            if again is not None:
                return again
        try:
            if reply.is_success:
                return request.read(reply.json() if reply.content else None)
            refused = error_of(_problem(reply))
        except (CaseError, ValueError, LookupError, TypeError, AttributeError) as error:
            # something before the server answered, such as with a page to log in
            message = "the answer is not one of nba: is the address that of its server?"
            raise ServerError(message, "unreachable", reply.status_code) from error
        raise refused

    def _again(self, after: str | None) -> Again | None:
        self.left -= 1
        if self.left <= 0:
            return None
        wait = float(after) if after is not None and after.isdecimal() else self.wait
        self.wait *= 2
        # not all who were sent away are to come back at the same moment
        return Again(min(wait, _LONGEST_WAIT) * (0.5 + random.random()))  # noqa: S311


def _problem(reply: httpx.Response) -> Mapping[str, Any]:
    """Return the problem document, or what stands for one that something before the server sent."""
    kind = reply.headers.get("content-type", "").partition(";")[0]
    try:
        found = reply.json() if kind == "application/problem+json" else None
    except ValueError:
        found = None
    if isinstance(found, dict) and "code" in found:
        return found
    detail = f"the answer was {reply.status_code} {reply.reason_phrase}".strip()
    return {"code": "unreachable", "status": reply.status_code, "detail": detail}
