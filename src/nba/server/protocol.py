"""HTTP as uvicorn speaks it, with bounds for headers: how large they are, and how slow."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

from httptools import HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["BoundedProtocol", "Together"]

_HEADERS: Final = 64 * 2**10  # bytes, together with the path
_SECONDS: Final = 10.0


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose headers are too large or slow, or whose body nobody reads.

    Whoever asks to go on with another protocol is answered in this one. Each request is told how
    many are ahead of it, so that it can be refused early; and whether its body is there, so that
    nobody sets a clock for it.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for headers."""
        super().connection_made(Together(transport, self.loop))  # type: ignore[arg-type]
        self._received = 0
        self._in_body = False
        self._deadline: asyncio.TimerHandle | None = self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, if it is not too much."""
        if not self._in_body:
            self._received += len(data)
        self._parts = [data]
        while self._parts and not self.transport.is_closing():
            self._part = self._parts.pop()
            super().data_received(self._part)
        if self._in_body or not self._received or self.transport.is_closing():
            return
        if self._received > _HEADERS:
            self.transport.close()
        elif self._deadline is None:  # headers have begun, and are not there
            self._deadline = self._wait()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        scope: Any = self.scope
        scope["nba.ahead"] = len(self.tasks)

    def on_headers_complete(self) -> None:
        """Go on to the body, which the application reads within bounds of its own."""
        if max(self._received, len(self._part)) > _HEADERS and self._size() > _HEADERS:
            self.transport.close()
            raise ValueError("the headers are too large")  # so that the parser goes no further
        self._arrived()
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Go on to the next request."""
        scope: Any = self.scope
        scope["nba.arrived"] = True
        self._in_body = False
        self._arrived()
        self._received = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the rest of a body that was not wanted."""
        super().on_response_complete()
        if self._in_body and self._deadline is None:
            self._deadline = self._wait()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; but close where that would pass for the answer to another."""
        cycle: Any = self.cycle  # None before the first request
        if self.transport.is_closing() or (cycle is not None and not cycle.response_complete):
            self.transport.close()
        else:
            super().send_400_response(msg)

    def _should_upgrade(self) -> bool:
        return self.parser.get_method() != b"CONNECT"

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: it is answered, and whoever asks could fill the log."""

    def handle_websocket_upgrade(self) -> None:
        """Read a request once more, without its wish for a websocket or HTTP/2.

        The parser takes that for granted, and so has left the body.
        """
        error: Any = sys.exception()
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        lines += [b"%b: %b" % one for one in self.headers if one[0] != b"upgrade"]
        self.parser = HttpRequestParser(self)
        self._parts = [self._part[error.args[0] :], b"\r\n".join([*lines, b"", b""])]

    def _size(self) -> int:
        """Return how many bytes the path and the headers have."""
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _wait(self) -> asyncio.TimerHandle:
        return self.loop.call_later(_SECONDS, self._too_slow)

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _arrived(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Together:
    """A transport that sends what is written in one turn of the *loop* together.

    The head of an answer and its body are written one after the other, and each call of the system
    takes longer than making either.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send *data* soon."""
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(data)

    def close(self) -> None:
        """Send what waits, and close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._waiting:
            data, self._waiting = b"".join(self._waiting), []
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
