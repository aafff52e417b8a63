"""What stands on one path: it lets requests in, reads them, and answers, whatever happens.

In this order: is there too much to do, is the method one of the path, may the caller do it, is the
body within its bounds, is it of its type. Only then is anything done.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import inspect

from nba.errors import NbaError
from nba.server import logs
from nba.server.bounds import DisconnectedError, Receive, check_depth, read_body
from nba.server.decoding import decoded
from nba.server.endpoint import Call, Endpoint, Reply, encode
from nba.server.keys import Caller
from nba.server.problems import ProblemError, invalid, problem_of
from nba.server.service import Service

__all__ = ["Resource", "Scope", "Send", "Unknown"]

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Mapping[bytes, bytes]

#: What stands in every answer. Nothing of it is to be kept or shown inside another page.
SECURITY: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_PROBLEM: Final = b"application/problem+json"
_KEY: Final = re.compile(rb"[\x21-\x7e]{1,255}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}")
_EXPLAIN: Final = re.compile(rb"(?:^|,)\s*explain\s*(?:$|[,;=])", re.IGNORECASE)
_HERE: Final = frozenset({"127.0.0.1", "::1", "localhost", "testclient"})
_HOST: Final = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_LONGEST_ID: Final = 500
_NO_IDS: Final[Mapping[str, str]] = {}
_NOBODY: Final = Caller("", frozenset())
_logger = logging.getLogger("nba.server")


class _Gate:
    """An endpoint with what reads its requests."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        body = endpoint.reads or endpoint.takes
        self.body = msgspec.json.Decoder(body) if body else None
        self.content = endpoint.content.encode()
        fields = msgspec.structs.fields(endpoint.asks) if endpoint.asks else ()
        #: the parameters of the query that are whole numbers
        self.numbers = {
            one.name for one in fields if isinstance(inspect.type_info(one.type), inspect.IntType)
        }


class Resource:
    """An ASGI application for one path, with an endpoint for each of its methods."""

    def __init__(self, service: Service, endpoints: tuple[Endpoint, ...]) -> None:
        self.service = service
        self.gates = {one.method: _Gate(one) for one in endpoints}
        methods = [*self.gates, *(["HEAD"] if "GET" in self.gates else [])]
        self.allowed = ", ".join(sorted(methods))
        self.path = endpoints[0].path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        started = time.perf_counter()
        service = self.service
        method = scope["method"]
        gate = self.gates.get("GET" if method == "HEAD" else method)
        name = gate.endpoint.name if gate else "other"
        content = gate.content if gate else _PROBLEM
        service.under_way += 1
        try:
            reply = await self._answer(gate, scope, receive)
        except DisconnectedError:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told in one form
            reply, content = _refusal(self._problem(error)), _PROBLEM
        finally:
            service.under_way -= 1
        await _send(send, reply, content, method)
        seconds = time.perf_counter() - started
        service.metrics.answered(name, reply.status, seconds)
        logs.answered(name, method, reply.status, seconds, scope.get("nba.caller", ""))

    async def _answer(self, gate: _Gate | None, scope: Scope, receive: Receive) -> Reply:
        """Return what an endpoint answers. Raises whatever goes wrong."""
        if gate is None:
            detail = f"this path takes {self.allowed}"
            raise ProblemError("method-not-allowed", detail, headers={"Allow": self.allowed})
        headers = _headers(scope["headers"])
        caller = _NOBODY
        if gate.endpoint.scope is not None:
            self._refuse_too_much(scope)
            caller = _let_in(self.service, scope, headers, gate.endpoint)
            scope["nba.caller"] = caller.name
        call = await self._read(gate, caller, scope, headers, receive)
        return await gate.endpoint.run(call)

    async def _read(
        self, gate: _Gate, caller: Caller, scope: Scope, headers: Headers, receive: Receive
    ) -> Call:
        """Return a request as its endpoint reads it. Raises ProblemError and DisconnectedError."""
        endpoint, bounds = gate.endpoint, self.service.bounds
        ids = scope.get("path_params", _NO_IDS)
        for name, text in ids.items():
            if len(text) > _LONGEST_ID or "\0" in text:
                fault = {"code": "wrong-input", "detail": "this is no id", "parameter": name}
                raise ProblemError("wrong-input", f"`{name}` in the path is no id", [fault])
        key = _key(headers, caller) if endpoint.writes else None
        query = _query(gate, scope["query_string"]) if endpoint.asks else None
        body = None
        if gate.body is not None:
            kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
            if kind != b"application/json":
                detail = "a body is JSON: send the header `Content-Type: application/json`"
                raise ProblemError("unsupported-media-type", detail)
            if headers.get(b"content-encoding", b"identity").lower() != b"identity":
                detail = "a body is not compressed: leave out the header `Content-Encoding`"
                raise ProblemError("unsupported-media-type", detail)
            length, arrived = headers.get(b"content-length"), scope.get("nba.arrived", False)
            content = await read_body(receive, length, bounds, arrived=arrived)
            check_depth(content, bounds.depth)
            body = decoded(gate.body, content)
        prefer = headers.get(b"prefer") if endpoint.explains else None
        explain = prefer is not None and _EXPLAIN.search(prefer) is not None
        return Call(self.service, caller, ids, body, query, key, explain)

    def _problem(self, error: Exception) -> ProblemError:
        """Return what is said of an error."""
        if isinstance(error, TimeoutError):
            seconds = self.service.bounds.seconds
            return ProblemError("too-slow", f"there was no answer within {seconds:g} s")
        if isinstance(error, NbaError):
            self.service.failed(error)
        elif not isinstance(error, ProblemError):
            _logger.error("a request was not answered: this is a fault of nba", exc_info=error)
        return problem_of(error)

    def _refuse_too_much(self, scope: Scope) -> None:
        """Raise ProblemError where too many requests are under way."""
        # those that the server took in before count too, where it says so: they may not have begun
        if (
            max(self.service.under_way - 1, scope.get("nba.ahead", 0))
            >= self.service.bounds.at_once
        ):
            raise ProblemError("overloaded", "too many requests are under way: ask again")


class Unknown:
    """An ASGI application for every path where there is nothing."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say that there is nothing."""
        if scope["type"] != "http":  # a websocket is closed before it opens
            await send({"type": "websocket.close", "code": 1000})
            return
        started, method = time.perf_counter(), scope["method"]
        reply = _refusal(ProblemError("not-found", "there is nothing under this path"))
        await _send(send, reply, _PROBLEM, method)
        seconds = time.perf_counter() - started
        self.service.metrics.answered("other", reply.status, seconds)
        logs.answered("other", method, reply.status, seconds, "")


def _headers(lines: Sequence[tuple[bytes, bytes]]) -> Headers:
    """Return the headers by name. Several lines of one are one list, as RFC 9110 reads them.

    So what may be said once only is refused where it is said twice, and nobody before the server
    can have gone by the other one.
    """
    headers = dict(lines)
    if len(headers) < len(lines):
        for name in headers:
            headers[name] = b", ".join(value for one, value in lines if one == name)
    return headers


def _let_in(service: Service, scope: Scope, headers: Headers, endpoint: Endpoint) -> Caller:
    """Return who asks. Raises ProblemError where that may not be done."""
    if service.keys is None:
        client = scope.get("client")
        if client is not None and client[0] not in _HERE:
            raise ProblemError("forbidden", "without API keys only this machine is served")
        # a page of another site must not reach it through somebody's browser
        host, origin = headers.get(b"host", b"localhost"), headers.get(b"origin")
        if not _is_here(host) or (origin is not None and origin != b"http://" + host):
            raise ProblemError("forbidden", "without API keys only `localhost` is served")
        return _NOBODY
    caller = service.keys.caller(headers.get(b"authorization"))
    if caller is None:
        detail = "an `Authorization: Bearer` header with a known key is needed"
        challenge = {"WWW-Authenticate": "Bearer"}
        raise ProblemError("unauthenticated", detail, headers=challenge)
    if endpoint.scope != "any" and endpoint.scope not in caller.scopes:
        raise ProblemError("forbidden", f"the key lacks the scope `{endpoint.scope}`")
    return caller


@lru_cache(maxsize=64)  # mostly it is the same
def _is_here(host: bytes) -> bool:
    """Return whether a `Host` is this machine."""
    return _HOST.fullmatch(host) is not None


def _query(gate: _Gate, text: bytes) -> Any:
    """Return what the query asks for."""
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise ProblemError("wrong-input", "the query cannot be read") from None
    asked: dict[str, Any] = dict(pairs)
    if len(asked) < len(pairs):
        raise ProblemError("wrong-input", "a parameter is given twice")
    for name in gate.numbers & asked.keys():
        if _NUMBER.fullmatch(asked[name]):
            asked[name] = int(asked[name])
    try:
        return msgspec.convert(asked, gate.endpoint.asks)
    except msgspec.ValidationError as error:
        raise invalid(error, gate.endpoint.asks.__struct_fields__, parameters=True) from None


def _key(headers: Headers, caller: Caller) -> str | None:
    """Return the idempotency key, as the caller's own."""
    given = headers.get(b"idempotency-key")
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        detail = "an idempotency key has 1 to 255 visible characters"
        fault = {"code": "wrong-input", "detail": detail, "header": "Idempotency-Key"}
        raise ProblemError("wrong-input", detail, [fault])
    return f"{caller.name}/{given.decode('ascii')}"


def _refusal(error: ProblemError) -> Reply:
    headers = tuple((name.lower().encode(), text.encode()) for name, text in error.headers.items())
    return Reply(encode(error.to_dict()), error.status, headers)


async def _send(send: Send, reply: Reply, content: bytes, method: str) -> None:
    headers = [*SECURITY]
    if reply.headers:
        own = {name for name, _ in reply.headers}
        headers = [*(one for one in SECURITY if one[0] not in own), *reply.headers]
    if reply.status != 204:
        headers.append((b"content-type", content))
        headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    body = b"" if method == "HEAD" else reply.body
    await send({"type": "http.response.body", "body": body})
