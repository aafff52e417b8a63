"""Connections as HTTP has them: what is sent ahead, ended, or never read harms nobody else."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from tests.server.serving import app_of, case, raw, served

from nba.server import Bounds
from nba.server.protocol import Together

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
DECIDE = b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


def connected(url: httpx.URL | str) -> socket.socket:
    """Return a connection that takes in little."""
    url = httpx.URL(url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    connection.settimeout(5)
    connection.connect((url.host, url.port))
    return connection


def is_cut(connection: socket.socket, piece: bytes) -> bool:
    """Return whether a connection is closed while much is being sent."""
    try:
        for _ in range(1000):
            connection.sendall(piece)
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


# --- what is sent ahead


def test_what_is_no_http_is_no_answer_to_another(client: httpx.Client) -> None:
    """It is answered by itself; behind a request without an answer yet, that one is the last."""
    assert raw(client.base_url, b"\x16\x03\x01\r\n\r\n").startswith(b"HTTP/1.1 400")
    found = raw(client.base_url, HEALTH + b"\x16\x03\x01\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 200")
    assert found.count(b"HTTP/1.1") == 1


def test_few_requests_wait_on_one_connection(client: httpx.Client) -> None:
    """Each takes a hundred times the memory that it is written in; those before it are answered."""
    assert raw(client.base_url, HEALTH * 80 + LAST).count(b"HTTP/1.1 200") == 81
    found = raw(client.base_url, HEALTH * 3000)
    assert 100 <= found.count(b"HTTP/1.1 200") <= 102
    assert found.count(b"HTTP/1.1") == found.count(b"HTTP/1.1 200")


# --- what follows a body


def chunked(trailer: bytes, head: bytes = DECIDE) -> bytes:
    """Return a request whose body is followed by a trailer."""
    body = json.dumps(case("c-1")).encode()
    parts = b"%x\r\n%b\r\n0\r\n%b" % (len(body), body, trailer)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + parts


@pytest.mark.parametrize(
    ("head", "trailer", "status"),
    [
        (DECIDE + JSON, b"X-Sum: 1\r\n", b"200"),
        (DECIDE + JSON, b"Host: elsewhere\r\n", b"200"),
        (DECIDE + JSON, b"Idempotency-Key: a b\r\n", b"200"),
        (DECIDE, JSON, b"415"),
    ],
)
def test_what_follows_a_body_is_no_header(
    client: httpx.Client, head: bytes, trailer: bytes, status: bytes
) -> None:
    """Whatever stands before the server has not seen it among them."""
    found = raw(client.base_url, chunked(trailer + b"\r\n", head) + LAST)
    assert found.split(b" ")[1] == status
    assert found.count(b"HTTP/1.1") == 2


@pytest.mark.parametrize("piece", [b"X-Header: value\r\n" * 1000, b"x" * 16_000])
def test_what_follows_a_body_has_a_bound(client: httpx.Client, piece: bytes) -> None:
    """A line without an end too: the connection is closed while it is still being sent."""
    with connected(client.base_url) as connection:
        connection.sendall(chunked(b"X-First: ", DECIDE + JSON))
        assert is_cut(connection, piece)


# --- how it ends


@pytest.mark.parametrize("more", [b"", b"Prefer: explain\r\n"])
def test_who_asks_no_more_is_answered(client: httpx.Client, more: bytes) -> None:
    """Also where the answer is made in a thread, and where several were asked for."""
    body = json.dumps(case("c-1")).encode()
    asked = DECIDE + JSON + more + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    with connected(client.base_url) as connection:
        connection.sendall(HEALTH + asked + asked)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answers:
            found = answers.read()
    assert found.count(b"HTTP/1.1 200") == 3
    assert found.count(b'"reason":"chosen"') == 2


def test_who_leaves_in_a_body_is_not_waited_for(client: httpx.Client) -> None:
    """There is nothing to answer."""
    with connected(client.base_url) as connection:
        connection.sendall(DECIDE + JSON + b"Content-Length: 100\r\n\r\n{")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000) == b""


# --- what is not read


def test_answers_that_nobody_reads_hold_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not count as under way, and their connections are closed."""
    monkeypatch.setattr("nba.server.protocol._SECONDS", 6)
    document = HEALTH.replace(b"/healthz", b"/openapi.json")
    app = app_of(tmp_path, bounds=Bounds(at_once=5))
    with served(app) as url, httpx.Client(base_url=url) as client, ExitStack() as open_:
        idle = [open_.enter_context(connected(url)) for _ in range(10)]
        for one in idle:
            one.sendall(document * 90)
        began = time.monotonic()
        while client.post("/v1/decisions", json=case("c-1")).status_code != 200:
            assert time.monotonic() < began + 5  # as long as they are being answered
            time.sleep(0.05)
        time.sleep(max(0, began + 10 - time.monotonic()))
        assert all(is_cut(one, HEALTH) for one in idle)


def test_answers_that_are_read_slowly_all_come(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In their order."""
    monkeypatch.setattr("nba.server.protocol._SECONDS", 0.5)
    document = HEALTH.replace(b"/healthz", b"/openapi.json")
    with connected(client.base_url) as connection:
        connection.sendall(document * 8 + LAST)
        parts = []
        while more := connection.recv(4096):
            parts.append(more)
            time.sleep(0.005)
    assert b"".join(parts).count(b"HTTP/1.1 200") == 9


# --- another protocol


@pytest.mark.parametrize("apart", [True, False])
def test_who_would_have_another_protocol_is_answered_in_this(
    client: httpx.Client, apart: bool
) -> None:
    """Clients in Java ask for HTTP/2 so, with a body; what follows on the connection is read."""
    body = json.dumps(case("c-1")).encode()
    head = b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAQAAP__\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    parts = [head, body, head + body + last] if apart else [head + body + head + body + last]
    found = raw(client.base_url, *parts, pause=0.1)
    assert found.count(b"HTTP/1.1 200") == 3, found
    assert found.count(b'"reason":"chosen"') == 2


def test_who_would_have_another_protocol_and_closes_is_answered(client: httpx.Client) -> None:
    """What is sent behind that is not."""
    head = LAST.replace(b"Connection: close", b"Connection: Upgrade, close\r\nUpgrade: h2c")
    assert raw(client.base_url, head + HEALTH).count(b"HTTP/1.1 200") == 1


# --- how it is sent


class Wire:
    """Takes down what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def is_closing(self) -> bool:
        """Tell whether nothing is sent any more."""
        return b"closed" in self.sent

    def write(self, data: bytes) -> None:
        """Send."""
        assert not self.is_closing()
        self.sent.append(data)

    def close(self) -> None:
        """Send no more."""
        self.sent.append(b"closed")


def test_what_is_written_in_one_turn_is_sent_together() -> None:
    """The head of an answer and its body; and nothing is lost where the connection is closed."""

    async def written() -> list[bytes]:
        wire = Wire()
        together = Together(cast(asyncio.Transport, wire), asyncio.get_running_loop())
        together.write(b"head, ")
        together.write(b"body")
        await asyncio.sleep(0)
        together.write(b"last")
        together.close()
        await asyncio.sleep(0)
        return wire.sent

    assert asyncio.run(written()) == [b"head, body", b"last", b"closed"]


def test_nothing_is_sent_to_who_is_gone() -> None:
    """The connection was lost between what was written and the end of the turn."""

    async def lost() -> tuple[list[bytes], list[Any]]:
        failures: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, about: failures.append(about))
        wire = Wire()
        together = Together(cast(asyncio.Transport, wire), loop)
        together.write(b"head, ")
        wire.close()
        await asyncio.sleep(0)
        return wire.sent, failures

    assert asyncio.run(lost()) == ([b"closed"], [])
