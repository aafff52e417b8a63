"""An attack list: what is too large, deep, slow or crooked is refused, and nothing hangs."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.serving import app_of, case, missed, raw, served

from nba.server import Bounds
from nba.server.bounds import check_depth
from nba.server.problems import ProblemError

JSON = {"Content-Type": "application/json"}


@contextmanager
def bounded(folder: Path, **bounds: Any) -> Iterator[httpx.Client]:
    """Serve with other bounds."""
    app = app_of(folder, bounds=Bounds(**bounds))
    with served(app) as url, httpx.Client(base_url=url) as client:
        yield client


# --- how large


def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """By what it says about itself, and by what it is; up to the bound it is read."""
    with bounded(tmp_path, body=10_000) as client:
        for content in (b" " * 10_001, iter([b" " * 6000, b" " * 6000])):
            reply = client.post("/v1/decisions", content=content, headers=JSON)
            assert (reply.status_code, reply.json()["code"]) == (413, "too-large")
        text = json.dumps(case("c-1")).encode()
        reply = client.post("/v1/decisions", content=text.ljust(10_000), headers=JSON)
        assert reply.status_code == 200


def test_a_body_that_lies_about_its_length(client: httpx.Client) -> None:
    """A length that is none does no harm."""
    for length in (b"-1", b"1e9", b"9" * 100, b"0x10"):
        head = b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length
        head += b"\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}"
        found = raw(client.base_url, head, patience=2)
        assert not found.startswith(b"HTTP/1.1 2")
        assert not found.startswith(b"HTTP/1.1 5")
    assert client.get("/healthz").status_code == 200


def test_too_many_parts_are_refused(client: httpx.Client) -> None:
    """Lists have their bounds too."""
    for path, body, where in (
        ("/v1/events", [], ""),
        ("/v1/decisions:batch", {"cases": []}, "/cases"),
        ("/v1/decisions:batch", {"cases": [{}] * 201}, "/cases"),
        ("/v1/decisions", {"n": 101}, "/n"),
        ("/v1/decisions", {"id": "x" * 501}, "/id"),
    ):
        reply = client.post(path, json=body)
        assert reply.status_code == 422, reply.text
        assert reply.json()["errors"][0]["pointer"] == where


def test_a_body_that_is_compressed_is_refused(client: httpx.Client) -> None:
    """It is said what to do, rather than that it is no JSON."""
    text = json.dumps(case("c-1")).encode()
    zipped = gzip.compress(text)
    reply = client.post(
        "/v1/decisions", content=zipped, headers=JSON | {"Content-Encoding": "gzip"}
    )
    assert (reply.status_code, reply.json()["code"]) == (415, "unsupported-media-type")
    assert "`Content-Encoding`" in reply.json()["detail"]
    plain = {"Content-Encoding": "identity"}
    assert client.post("/v1/decisions", content=text, headers=JSON | plain).status_code == 200


# --- how deep


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"customer":' * 1000 + b"1" + b"}" * 1000,
        b'{"customer":{"a":' + b"[" * 40 + b"]" * 40 + b"}}",
        b'{"customer":{"a":"[[[","b":' + b"[" * 40 + b"]" * 40 + b"}}",
        b'[{"a":[[[]]]},' + b"[" * 33 + b"]" * 33 + b"]",
    ],
)
def test_a_body_that_is_too_deep_is_refused(client: httpx.Client, body: bytes) -> None:
    """Before anything is made of it."""
    reply = client.post("/v1/decisions", content=body, headers=JSON)
    assert reply.status_code == 400
    assert reply.json()["code"] in ("too-deep", "bad-json")


def test_depth_is_counted_outside_of_text() -> None:
    """Up to the bound and no further; brackets in text mean nothing."""
    check_depth(b"[" * 32 + b"]" * 32, 32)
    check_depth(json.dumps({"a": "[" * 100 + '\\"{' * 50, "b": [{}]}).encode(), 32)
    check_depth(b'"unfinished [[[[', 32)
    with pytest.raises(ProblemError):
        check_depth(b"[" * 33 + b"]" * 33, 32)
    with pytest.raises(ProblemError):
        check_depth(b'{"a": "]", "b": ' + b"[" * 33 + b"]" * 33 + b"}", 32)


@pytest.mark.parametrize(
    "body",
    [
        *(b"[" * 100_000, b"[]" * 50_000, b"]" * 100_000, b"[}" * 50_000),
        *(b'"' + b"[" * 100_000 + b'"', b'"\\' * 50_000),
        *(b"[" * 50_000 + b"]" * 50_000, (b"[" * 34 + b"]" * 34) * 1_500),
        (b"[" * 32 + b"]" * 32) * 1_600,
    ],
    ids=range(9),
)
def test_counting_is_one_walk(body: bytes) -> None:
    """Whatever is sent, it is gone through a few times at most: so many lines are run."""
    lines = 0

    def count(_frame: object, event: str, _: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        with suppress(ProblemError):
            check_depth(body, 32)
    finally:
        sys.settrace(before)
    assert lines < 10 * len(body) + 1000


# --- how slow


def test_a_body_that_is_too_slow_is_refused(tmp_path: Path) -> None:
    """Whoever sends a byte at a time is sent away, and others are served meanwhile."""
    head = b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    head += b"Content-Type: application/json\r\n\r\n"
    with bounded(tmp_path, body_seconds=0.3) as client:
        found = raw(client.base_url, head, b"{", pause=0.1)
        assert found.startswith(b"HTTP/1.1 408")
        assert b"connection: close" in found.lower()
        assert b'"code":"slow-body"' in found


def test_headers_that_are_too_slow_or_too_large_are_cut(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is closed, without an answer that would take time."""
    monkeypatch.setattr("nba.server.protocol._SECONDS", 0.3)
    began = time.monotonic()
    assert raw(client.base_url, b"GET /healthz HTTP/1.1\r\nHost: loc", pause=0.1) == b""
    assert raw(client.base_url, b"") == b""
    assert time.monotonic() - began < 5
    monkeypatch.setattr("nba.server.protocol._SECONDS", 10)
    many = b"GET /healthz HTTP/1.1\r\n" + b"X-Header: value\r\n" * 10_000
    assert raw(client.base_url, many, patience=5) == b""
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("before", [b"", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_headers_that_come_at_once_have_the_same_bound(client: httpx.Client, before: bytes) -> None:
    """Also behind another request."""
    head = before + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Header: "
    found = raw(client.base_url, head + b"x" * 60_000 + b"\r\n\r\n", patience=5)
    assert found.count(b"HTTP/1.1 200") == bool(before) + 1
    assert raw(client.base_url, head + b"x" * 70_000 + b"\r\n\r\n", patience=5) == b""


def test_a_body_that_nobody_reads_is_not_waited_for(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the answer came first, the rest has to be there in time, however it drips."""
    monkeypatch.setattr("nba.server.protocol._SECONDS", 0.3)
    head = b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), 5) as one:
        one.sendall(head)
        assert one.recv(65536).startswith(b"HTTP/1.1 415")
        dripped = 0
        with suppress(OSError):
            while dripped < 60:
                one.sendall(b" ")
                dripped += 1
                time.sleep(0.05)
    assert 2 < dripped < 60


def test_a_request_that_takes_too_long_is_answered(tmp_path: Path) -> None:
    """With 503, and when to ask again."""

    class Slow:
        def profile(self, customer: str) -> dict[str, Any]:
            time.sleep(1)
            return {}

    app = app_of(tmp_path, bounds=Bounds(seconds=0.05), profiles=Slow())
    with served(app) as url:
        reply = httpx.post(f"{url}/v1/decisions", json=case("c-1"))
    assert (reply.status_code, reply.json()["code"]) == (503, "too-slow")
    assert int(reply.headers["retry-after"]) > 0


# --- how much at once


def test_too_much_at_once_is_refused_early(tmp_path: Path) -> None:
    """What was accepted is finished, what is too much gets 503 at once, and health is told."""
    from concurrent.futures import ThreadPoolExecutor

    class Slow:
        def profile(self, customer: str) -> dict[str, Any]:
            time.sleep(0.15)
            return {}

    app = app_of(tmp_path, bounds=Bounds(at_once=4), profiles=Slow(), threads=2)
    with served(app) as url, ThreadPoolExecutor(16) as pool:

        def ask(number: int) -> tuple[int, float, str | None]:
            began = time.monotonic()
            reply = httpx.post(f"{url}/v1/decisions", json=case(f"c-{number}"))
            if reply.status_code == 200:
                assert reply.json()["action"] == "upgrade"
            return reply.status_code, time.monotonic() - began, reply.headers.get("retry-after")

        asked = [pool.submit(ask, number) for number in range(16)]
        time.sleep(0.05)
        assert httpx.get(f"{url}/healthz").status_code == 200
        found = [one.result() for one in asked]
    statuses = [status for status, _, _ in found]
    # at least as many as are taken on at once; more where some came after others were answered
    assert 4 <= statuses.count(200) < 16
    assert statuses.count(200) + statuses.count(503) == 16
    assert {after for status, _, after in found if status == 503} == {"1"}


# --- what is crooked


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"nul", b"{'a': 1}", b'{"id": "\xff"}', b'{"id": "\\ud800"}', b"\0", b"NaN"),
        *(b'{"customer": {"x": NaN}}', b'{"id": "a",}', b"{}{}", b'\xef\xbb\xbf{"id": "a"}'),
    ],
)
def test_what_is_no_json_is_refused(client: httpx.Client, content: bytes) -> None:
    """With 400, as a problem document."""
    reply = client.post("/v1/decisions", content=content, headers=JSON)
    assert (reply.status_code, reply.json()["code"]) == (400, "bad-json")
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "json"])
def test_a_body_of_another_type_is_refused(client: httpx.Client, kind: str | None) -> None:
    """So no form of a web page can send one."""
    headers = {} if kind is None else {"Content-Type": kind}
    reply = client.post("/v1/decisions", content=b"{}", headers=headers)
    assert reply.status_code == 415
    good = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert client.post("/v1/decisions", content=b"{}", headers=good).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {"now": "9999-12-31T23:59:59Z"},
        {"now": "0001-01-01T00:00:00+14:00"},
        {"now": "1600-01-01T00:00:00Z"},
        {"customer": {"monthly_bill": 10**400}},
        {"customer": {"monthly_bill": -1e308}},
        {"customer": {"household": "\u0000\ud7ff\U0010ffff"}},
        {"id": "\u0000"},
        {"events": [{"type": "technician_arrived", "at": "0001-01-01T00:00:00Z"}]},
        {"events": [{"type": "technician_arrived", "at": "9999-12-31T23:59:59-14:00"}]},
        {"history": [{"action": "upgrade", "at": "9999-12-31T00:00:00Z"}]},
        {"history": [{"action": [], "at": {}}]},
        {"history": [{"action": "upgrade", "at": "2026-01-01T00:00:00Z", "gesture": 1e400}]},
        {"interaction": {"channel": ["chat"]}},
    ],
)
def test_values_at_the_edge_are_answered(client: httpx.Client, given: dict[str, Any]) -> None:
    """With a decision or a problem that says where; never with a fault of the server."""
    try:
        text = json.dumps(case("c-1") | given)
    except ValueError:
        pytest.skip("this cannot be written")
    reply = client.post("/v1/decisions", content=text, headers=JSON)
    assert reply.status_code in (200, 400, 422), reply.text
    if reply.status_code == 422:
        assert reply.json()["errors"]


def test_no_header_can_be_put_in(client: httpx.Client) -> None:
    """What is sent comes back in no header, and lines in it are refused."""
    for evil in (b"k\r\nX-Evil: 1", b"k\nX-Evil: 1"):
        head = b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += b"Content-Type: application/json\r\nContent-Length: 2\r\n"
        found = raw(client.base_url, head + b"Idempotency-Key: " + evil + b"\r\n\r\n{}", patience=5)
        assert b"x-evil" not in found.lower().partition(b"\r\n\r\n")[0]
    paths = ("/v1/decisions/%0d%0aX-Evil:%201", "/v1/customers/%0d%0aX-Evil:%201/journey")
    for path in paths:
        assert "x-evil" not in client.get(path).headers


@pytest.mark.parametrize(
    "path",
    [
        "/v1/decisions/../../etc/passwd",
        "/v1/decisions/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/v1//book",
        "/v1%2Fbook",
        "/v1%2fcustomers/a/journey",
        "/v1/book/",
        "//v1/book",
        "/V1/book",
        "/v1/book%00",
        "/v1/customers//journey",
        "/v1/customers/a/b/journey",
        "/docs/../v1/book",
        "/.env",
        "/v1/book;x=1",
        "/v1/decisions:batch/x",
    ],
)
def test_paths_lead_nowhere_else(client: httpx.Client, path: str) -> None:
    """A path is compared as it is; what is none of ours is not found."""
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    found = raw(client.base_url, head)
    assert found.split(b" ")[1] in (b"404", b"405"), found
    assert b"application/problem+json" in found


@pytest.mark.parametrize("id_", ["x" * 501, "a%00b"])
def test_an_id_that_is_none(client: httpx.Client, id_: str) -> None:
    """It is refused with the parameter that is wrong."""
    reply = client.get(f"/v1/decisions/{id_}")
    assert (reply.status_code, reply.json()["errors"][0]["parameter"]) == (422, "id")


@pytest.mark.parametrize("id_", ["x" * 501, "a\0b"])
def test_an_id_that_could_stand_in_no_path(client: httpx.Client, id_: str) -> None:
    """Nothing is kept of whom nobody could look up or forget."""
    for path, body, pointer in (
        ("/v1/decisions", {"id": id_}, "/id"),
        ("/v1/events", missed(id_), "/customer"),
    ):
        reply = client.post(path, json=body)
        assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_another_method_is_refused(client: httpx.Client, method: str) -> None:
    """With what is allowed; HEAD is GET without the body."""
    head = f"{method} /v1/book HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    found = raw(client.base_url, head)
    assert b" 405 " in found.partition(b"\r\n")[0] or b" 400 " in found.partition(b"\r\n")[0]
    reply = client.head("/v1/book")
    assert (reply.status_code, reply.content) == (200, b"")
    assert int(reply.headers["content-length"]) > 100


def test_security_headers_are_everywhere(client: httpx.Client) -> None:
    """Nothing is kept, guessed, framed, or told about what serves it."""
    for path in ("/v1/book", "/docs", "/openapi.json", "/nothing", "/metrics"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers
        assert not any(name.startswith("access-control") for name in headers)


def test_what_is_said_twice_is_said_once_more(client: httpx.Client) -> None:
    """Several lines of a header are one list; what may be said only once is refused then."""
    body = json.dumps(case("c-1")).encode()

    def status(*lines: bytes) -> bytes:
        all_ = [*lines, b"Connection: close", b"Content-Length: %d" % len(body)]
        head = b"POST /v1/decisions HTTP/1.1\r\n" + b"".join(one + b"\r\n" for one in all_)
        return raw(client.base_url, head + b"\r\n" + body).split(b" ")[1]

    host, kind = b"Host: localhost", b"Content-Type: application/json"
    assert status(host, kind) == b"200"
    for lines, expected in (
        ((b"Host: elsewhere", host, kind), b"403"),
        ((host, b"Content-Type: text/plain", kind), b"415"),
        ((host, kind, b"Idempotency-Key: k-1", b"Idempotency-Key: k-2"), b"422"),
    ):
        assert status(*lines) == status(*reversed(lines)) == expected


def test_no_websocket_is_opened_elsewhere(tmp_path: Path) -> None:
    """Nor where another server hands one on: it is closed before it opens."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/v1/book", "headers": []}
    asyncio.run(app_of(tmp_path)(scope, receive, send))
    assert sent == ["websocket.close"]


def test_no_websocket_is_opened(client: httpx.Client) -> None:
    """There is none."""
    head = b"GET /v1/book HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
    head += b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n"
    found = raw(client.base_url, head, patience=2)
    assert b" 101 " not in found.partition(b"\r\n")[0]
