"""Bounds: how large, how deep and how slow a body may be, and how much is done at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from nba.server.problems import ProblemError

__all__ = ["Bounds", "DisconnectedError", "check_depth", "read_body"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one process takes on.

    A body has at most *body* bytes, is nested at most *depth* levels deep, and has to be there
    within *body_seconds*. An answer takes at most *seconds*. At most *at_once* requests are under
    way; one more is refused at once.
    """

    body: int = 2 * 2**20
    depth: int = 32
    body_seconds: float = 10.0
    seconds: float = 30.0
    at_once: int = 256


class DisconnectedError(Exception):
    """Whoever asked went away before the body was there."""


async def read_body(
    receive: Receive, length: bytes | None, bounds: Bounds, *, arrived: bool = False
) -> bytes:
    """Return the body of a request. Raises ProblemError and DisconnectedError.

    *length* is the one that was announced; *arrived* says that nothing is to be waited for.
    """
    if length is not None and len(length) < 20 and length.isdigit() and int(length) > bounds.body:
        raise _too_large(bounds)
    if arrived:
        return await _joined(receive, bounds)
    try:
        async with asyncio.timeout(bounds.body_seconds):
            return await _joined(receive, bounds)
    except TimeoutError:
        detail = f"the body was not there within {bounds.body_seconds:g} s"
        raise ProblemError("slow-body", detail, headers={"Connection": "close"}) from None


async def _joined(receive: Receive, bounds: Bounds) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        part = message.get("body", b"")
        size += len(part)
        if size > bounds.body:
            raise _too_large(bounds)
        if not message.get("more_body", False):
            return b"".join([*parts, part]) if parts else part
        parts.append(part)


def _too_large(bounds: Bounds) -> ProblemError:
    detail = f"a body has at most {bounds.body} bytes"
    return ProblemError("too-large", detail, headers={"Connection": "close"})


_OTHERS: Final = bytes(set(range(256)) - set(b"[]{}"))
_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SHORT: Final = 4096  # bytes that are gone through in no time
_OPENING: Final = {ord("]"): ord("["), ord("}"): ord("{")}


def check_depth(body: bytes, depth: int) -> None:
    """Refuse JSON that is nested too deeply, before anything is made of it. Raises ProblemError.

    What is no JSON may pass: whoever parses it says so.
    """
    # brackets in text mean nothing, and are seldom: mostly it is decided with them
    if _too_deep(body, depth, crooked=True) and _too_deep(
        _TEXT.sub(b"", body), depth, crooked=False
    ):
        raise ProblemError("too-deep", f"a body is nested at most {depth} levels deep")


def _too_deep(body: bytes, depth: int, *, crooked: bool) -> bool:
    """Return whether brackets are nested more deeply; *crooked* where they do not match."""
    left = body.translate(None, _OTHERS)
    while left and depth:  # take the innermost level away, as long as that goes quickly
        before = len(left)
        left = left.replace(b"[]", b"").replace(b"{}", b"")
        depth -= len(left) < before
        if len(left) == before or 2 * len(left) > before > _SHORT:
            break
    opened: list[int] = []
    for sign in left:
        if sign not in _OPENING:
            opened.append(sign)
            if len(opened) > depth:
                return True
        elif not opened or opened.pop() != _OPENING[sign]:
            return crooked
    return crooked and bool(opened)
