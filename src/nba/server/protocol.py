"""HTTP as uvicorn speaks it, with bounds for headers: how large they are, and how slow."""

from __future__ import annotations

import asyncio
import sys
from math import inf
from typing import Any, Final

from httptools import HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["BoundedProtocol", "Together"]

_HEADERS: Final = 64 * 2**10  # bytes, together with the path; so for what follows a body
_SECONDS: Final = 10.0
_WAITING: Final = 100  # requests on one connection that wait for the answers before theirs


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose headers are too large or slow, or whose body nobody reads.

    So it does where nobody reads the answers, and takes up nothing more before they are read.
    Whoever asks to go on with another protocol is answered in this one. Each request is told how
    many are ahead of it, so that it can be refused early; and whether its body is there, so that
    nobody sets a clock for it.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for headers."""
        self._together = Together(transport, self.loop)
        super().connection_made(self._together)  # type: ignore[arg-type]
        transport.set_write_buffer_limits(0)  # so that whatever is not read is told of
        self._received = 0  # bytes, since there was a request or a part of a body
        self._in_body = False
        self._ended = False
        self._held: tuple[Any, Any] | None = None
        self._deadline: asyncio.TimerHandle | None = self._wait()
        self._unread: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._arrived()
        self._was_read()
        self.pipeline.clear()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer what was asked, where nothing more will be."""
        self._together.flush()
        return self._end()

    def data_received(self, data: bytes) -> None:
        """Take what came, if it is not too much."""
        if self._ended:
            return
        self._received += len(data)
        self._parts = [data]
        while self._parts and not self.transport.is_closing():
            self._part = self._parts.pop()
            super().data_received(self._part)
        if not self._received or self.transport.is_closing():
            return
        if self._received > _HEADERS:
            self.transport.close()
        elif self._deadline is None and not self._in_body:  # headers have begun, and are not there
            self._deadline = self._wait()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        scope: Any = self.scope
        scope["nba.ahead"] = len(self.tasks)

    def on_headers_complete(self) -> None:
        """Go on to the body, which the application reads within bounds of its own."""
        if len(self.pipeline) >= _WAITING:
            raise ValueError("too many requests wait")
        if max(self._received, len(self._part)) > _HEADERS and self._size() > _HEADERS:
            self.transport.close()
            raise ValueError("the headers are too large")  # so that the parser goes no further
        self._arrived()
        self._in_body = True
        super().on_headers_complete()
        self.headers = []  # what follows a body is no header of the request

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._received = 0
        super().on_body(body)

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
        """Answer what is no HTTP, but not where that would pass for the answer to another."""
        cycle: Any = self.cycle  # None before the first request
        if self.transport.is_closing() or (cycle is not None and not cycle.response_complete):
            if not self._end():
                self.transport.close()
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        """Wait for the answers to be read."""
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        """Take up the request that waited for it."""
        super().resume_writing()
        self._was_read()
        if self._held is not None and not self.transport.is_closing():
            held, self._held = self._held, None
            super()._start_asgi_task(*held)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._together.flush()
        if self.flow.write_paused:
            self._held = cycle, app
        else:
            super()._start_asgi_task(cycle, app)

    def _end(self) -> bool:
        """Take no more, and close after the last answer; return whether there will be one."""
        cycle: Any = self.cycle
        if self.transport.is_closing() or cycle is None or cycle.response_complete:
            return False
        if cycle.more_body:  # which will not come
            return False
        cycle.keep_alive = False
        self._ended = True
        self._arrived()
        return True

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
        lines += [b"%b: %b" % one for one in self.scope["headers"] if one[0] != b"upgrade"]
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as the first one
        self._parts = [self._part[error.args[0] :], b"\r\n".join([*lines, b"", b""])]

    def _size(self) -> int:
        """Return how many bytes the path and the headers have."""
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _wait(self) -> asyncio.TimerHandle:
        return self.loop.call_later(_SECONDS, self._too_slow)

    def _wait_for_reader(self, before: float = inf) -> None:
        """Close if nothing of what is left was read in a while."""
        left = self._together.get_write_buffer_size()
        if left < before:
            self._unread = self.loop.call_later(_SECONDS, self._wait_for_reader, left)
        else:
            self._together.abort()

    def _was_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

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
        self.is_closing = transport.is_closing  # it is asked for often

    def write(self, data: bytes) -> None:
        """Send *data* soon."""
        if not self._waiting:
            self._loop.call_soon(self.flush)
        self._waiting.append(data)

    def close(self) -> None:
        """Send what waits, and close."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Send what waits, if anybody is there."""
        waiting, self._waiting = self._waiting, []
        if waiting and not self._transport.is_closing():
            self._transport.write(b"".join(waiting))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
