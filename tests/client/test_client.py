"""The client: the verbs of the engine over a real server, the same answers, and safe retries."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("httpx", reason="the client needs nba[client]")
pytest.importorskip("uvicorn", reason="its tests need a server: nba[server]")

import httpx
from tests.engine.contacts import BOOK, Clock
from tests.server.serving import (
    CUSTOMER,
    OFFER,
    app_of,
    book_in,
    case,
    served,
)

from nba import (
    BookError,
    Case,
    CaseError,
    Decision,
    Engine,
    Event,
    NbaError,
    UnknownDecisionError,
)
from nba.client import AsyncClient, Client, ServerError
from nba.client.errors import error_of
from nba.server import Bounds, Keys
from nba.server.keys import new_key


class Waiting:
    """The client for asyncio, with verbs that wait: so one test is for both."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self.client = AsyncClient(*args, **more)
        self.loop = asyncio.new_event_loop()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        verb = getattr(self.client, name)
        return lambda *args, **more: self.loop.run_until_complete(verb(*args, **more))

    def close(self) -> None:
        """Close the client and its loop."""
        self.loop.run_until_complete(self.client.aclose())
        self.loop.close()


@pytest.fixture(params=["sync", "async"])
def connected(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Make a client of each kind."""
    made: list[Any] = []

    def connect(*args: Any, **more: Any) -> Any:
        made.append((Client if request.param == "sync" else Waiting)(*args, **more))
        return made[-1]

    yield connect
    for one in made:
        one.close()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server with a decision log."""
    with served(app_of(tmp_path, log=tmp_path / "log.db")) as address:
        yield address


def booked(customer: str) -> Event:
    """Return the event of an appointment at which nobody came."""
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    data = {"appointment": "a-1", "slot_to": "2026-03-02T09:00:00Z"}
    return Event("appointment_booked", customer, at=at, data=data)


def test_every_verb_does_what_the_engines_does(
    url: str, tmp_path: Path, connected: Callable[..., Any]
) -> None:
    """The same calls, side by side, give the same results of the same types."""
    client = connected(url)
    engine = Engine.open(book_in(tmp_path), clock=Clock())
    ids = []
    for one in (client, engine):
        assert one.observe(booked("c-1")) == []
        asked: dict[str, Any] = {"interaction": {"channel": "chat"}, "role": "agent", "n": 2}
        made = one.decide("c-1", customer=CUSTOMER, **asked)
        assert [each.action for each in made.ranked] == ["apology_credit", "call_back"]
        recorded = one.record(made.id, "presented", action="call_back")
        assert (recorded.outcome, recorded.counted, recorded.unfunded) == ("presented", True, ())
        assert one.approve(made.id, "Ann", "team_lead").outcome == "approved"
        found, cursor = one.due()
        assert [(due.customer, due.moment, due.change) for due in found] == [
            ("c-1", "technician_missed", "opened")
        ]
        assert one.due(cursor=cursor)[0] == []
        ids.append((made, one.standing(made.id)))
    (told, theirs), (said, ours) = ids
    assert [one.to_dict() for one in told.ranked[1:]] == [one.to_dict() for one in said.ranked[1:]]
    assert theirs.answers[1] == ours.answers[1]
    assert theirs.answers[0].approved_by == "Ann (team_lead)"
    gestures = [one.answers[0].gesture for one in (theirs, ours)]
    assert [one and one.to_dict()["amount"] for one in gestures] == ["20.00", "20.00"]


def test_what_only_a_server_has(url: str, connected: Callable[..., Any]) -> None:
    """Explanations of the log, journeys, and the book."""
    client = connected(url)
    made = client.decide("c-1", **OFFER, explain=True)
    assert made.codes()["upgrade"] == "chosen"
    assert made.why()
    found = client.explain(made.id)
    assert found["decision"] == made
    assert {one["action"] for one in found["actions"]} >= {"upgrade", "call_back"}
    client.observe(booked("c-1"))
    assert len(client.journey("c-1")["events"]) == 1
    client.forget("c-1")
    assert client.journey("c-1")["events"] == []
    assert client.book()["book"] == "care"
    checked = client.check({"book.yaml": BOOK.replace("customer.wants_more\n", "customer.x\n")})
    (diagnostic,) = checked["diagnostics"]
    assert (checked["ok"], diagnostic.code) == (False, "undeclared-name")
    assert diagnostic.where is not None
    assert str(diagnostic.where).startswith("book.yaml:")
    assert client.reload() is False


def test_many_cases(url: str, connected: Callable[..., Any]) -> None:
    """A decision for each, or the error why there is none."""
    found = connected(url).decide_many([case("c-1"), case("c-2") | {"at": "x"}, Case("c-3")])
    assert [type(one) for one in found] == [Decision, CaseError, Decision]
    assert found[1].path == ("cases", 1, "at")


def test_errors_are_the_librarys(url: str, tmp_path: Path, connected: Callable[..., Any]) -> None:
    """So that whoever catches an engine's errors catches these."""
    client = connected(url)
    with pytest.raises(CaseError, match=r"no decision point `x`") as caught:
        client.decide("c-1", at="x")
    assert caught.value.path == ("at",)
    with pytest.raises(UnknownDecisionError):
        client.record("d-0", "accepted")
    with pytest.raises(UnknownDecisionError):
        client.standing("d-0")
    client.decide("c-1", **OFFER, key="k")
    with pytest.raises(CaseError, match="another question") as caught:
        client.decide("c-1", key="k")
    assert caught.value.path == ("key",)
    with pytest.raises(CaseError) as caught:
        client.due(limit=0)
    assert caught.value.path == ("limit",)
    book_in(tmp_path, BOOK.replace("customer.wants_more\n", "customer.wants_mor\n"))
    with pytest.raises(BookError, match=r"did you mean `customer\.wants_more`"):
        client.reload()


def test_what_json_does_not_have(url: str, connected: Callable[..., Any]) -> None:
    """A time is sent as one, in whatever is handed in; what cannot be sent is an error of nba."""
    client = connected(url)
    data = {"appointment": "a-1", "slot_to": datetime(2026, 3, 2, 9, tzinfo=UTC)}
    booked = Event("appointment_booked", "c-1", at=datetime(2026, 3, 1, 9, tzinfo=UTC), data=data)
    assert client.observe(booked) == []
    assert client.decide("c-1", customer=CUSTOMER, explain=True).moments == ["technician_missed"]
    given = {"events": [booked], "customer": CUSTOMER, "explain": True}
    assert client.decide("c-2", **given).moments == ["technician_missed"]
    (found,) = client.decide("c-1", customer={"tier": datetime.now(UTC)}).diagnostics
    assert "customer.tier" in found.message
    for wrong in (float("nan"), float("inf"), {(1, 2): 3}, "half of a pair: \ud800"):
        with pytest.raises(CaseError, match="this cannot be JSON"):
            client.decide("c-1", customer={"monthly_bill": wrong})


@pytest.mark.parametrize("key", ["", "two words", "a\nb", "é", "k" * 256])
def test_a_key_is_visible(url: str, connected: Callable[..., Any], key: str) -> None:
    """What is none is told at once, and not asked again as if the server were away."""
    with pytest.raises(CaseError, match="visible characters") as caught:
        connected(url).decide("c-1", key=key)
    assert caught.value.path == ("key",)
    with pytest.raises(CaseError, match="visible characters") as caught:
        connected(url, f"nba_secret{key or ' '}\n")
    assert "secret" not in str(caught.value)


def test_a_key_is_sent(tmp_path: Path, connected: Callable[..., Any]) -> None:
    """And without one, or with the wrong scope, the refusal is an error of its own."""
    key, line = new_key("shop", ["decide"])
    with served(app_of(tmp_path, keys=Keys.read(line, "the key"))) as address:
        assert connected(address, key).decide("c-1", **OFFER).action == "upgrade"
        for client, verb, code in (
            (connected(address), "book", "unauthenticated"),
            (connected(address, key), "book", "forbidden"),
        ):
            with pytest.raises(ServerError) as caught:
                getattr(client, verb)()
            assert (caught.value.code, caught.value.status in (401, 403)) == (code, True)


class Losing(httpx.HTTPTransport):
    """A way to the server on which the first answers to each request get lost, once it was done."""

    lost = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Let the server do it, and lose the answer of the first two times."""
        reply = super().handle_request(request)
        self.lost += 1
        if self.lost % 3:
            reply.close()
            raise httpx.ReadError("the connection was cut", request=request)
        return reply


class AsyncLosing(httpx.AsyncHTTPTransport):
    """The same for asyncio."""

    lost = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Let the server do it, and lose the answer of the first two times."""
        reply = await super().handle_async_request(request)
        self.lost += 1
        if self.lost % 3:
            await reply.aclose()
            raise httpx.ReadError("the connection was cut", request=request)
        return reply


def test_what_is_sent_again_is_done_once(
    url: str, connected: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of three answers get lost; nothing is decided, recorded or observed twice."""
    monkeypatch.setattr("nba.client.sending._FIRST_WAIT", 0.001)
    client = connected(url)
    is_sync = isinstance(client, Client)
    losing = connected(url, transport=Losing() if is_sync else AsyncLosing())
    arrived = Event("technician_arrived", "c-1", data={"appointment": "a-1"})
    losing.observe(arrived, arrived)  # two of them, without ids: they differ by their places
    made = losing.decide("c-1", **OFFER)
    losing.record(made.id, "clicked")
    known = client.journey("c-1")
    assert len(known["events"]) == 2
    assert [one["id"] for one in known["decisions"]] == [made.id]
    assert [one.outcome for one in client.standing(made.id).answers[0].outcomes] == ["clicked"]
    few = connected(url, transport=Losing() if is_sync else AsyncLosing(), attempts=2)
    with pytest.raises(ServerError, match="the connection was cut") as caught:
        few.decide("c-2", **OFFER)
    assert (caught.value.code, caught.value.status) == ("unreachable", 0)


def test_it_comes_back_when_it_is_told_to(tmp_path: Path, connected: Callable[..., Any]) -> None:
    """An overloaded server says when; after so many attempts it is an error."""
    waited: list[float] = []
    with served(app_of(tmp_path, bounds=Bounds(at_once=0))) as address:
        client = connected(address, attempts=3)
        inner: Any = client if isinstance(client, Client) else client.client
        module = inspect.getmodule(type(inner))
        assert module is not None

        async def sleep(seconds: float) -> None:
            waited.append(seconds)

        with pytest.MonkeyPatch.context() as patch:
            # in the client's module alone: the server sleeps in this process too
            if isinstance(client, Client):
                patch.setattr(module, "time", SimpleNamespace(sleep=waited.append))
            else:
                patch.setattr(module, "asyncio", SimpleNamespace(sleep=sleep))
            with pytest.raises(ServerError) as caught:
                client.decide("c-1")
    assert (caught.value.code, caught.value.status) == ("overloaded", 503)
    assert len(waited) == 2
    assert all(0.5 <= seconds <= 1.5 for seconds in waited)


def test_a_server_that_is_not_there(connected: Callable[..., Any]) -> None:
    """It says that it cannot be reached."""
    with pytest.raises(ServerError, match="the server cannot be reached"):
        connected("http://127.0.0.1:9", attempts=1).book()


def test_what_something_else_answered() -> None:
    """A proxy's page is no problem document, and is told as what it is."""
    transport = httpx.MockTransport(lambda _: httpx.Response(502, text="<h1>Bad Gateway</h1>"))
    with (
        Client("http://nba", transport=transport, attempts=1) as client,
        pytest.raises(ServerError, match="the answer was 502 Bad Gateway") as caught,
    ):
        client.book()
    assert caught.value.status == 502
    answers = [
        httpx.Response(400, json={"code": 7, "errors": "what another service says"}),
        httpx.Response(422, json={"code": "wrong-input", "errors": ["x"]}),
        httpx.Response(200, stream=httpx.ByteStream(b"x"), headers={"Content-Encoding": "gzip"}),
        httpx.Response(200, json=[]),
    ]
    for answer in answers:
        transport = httpx.MockTransport(lambda _, answer=answer: answer)
        with (
            Client("http://nba", transport=transport, attempts=1) as client,
            pytest.raises(ServerError) as caught,
        ):
            client.decide("c-1")
        assert caught.value.code == "unreachable"
    newer = {"code": "newer-code", "detail": "something else", "status": 418}
    assert isinstance(error_of(newer), ServerError)
    assert isinstance(error_of({"code": "wrong-input", "detail": "x", "errors": []}), NbaError)


@pytest.mark.parametrize(
    "content",
    [
        '{"code": "wrong-input", "errors": ["x"]}',
        '{"code": "wrong-input", "errors": null}',
        '{"code": "wrong-input", "errors": [{"pointer": 5}]}',
        '{"code": "book-errors", "errors": [{}]}',
        '{"code": "E-17", "status": "bad"}',
    ],
)
def test_a_problem_that_is_anothers(content: str) -> None:
    """Other services have problem documents too."""
    kind = {"Content-Type": "application/problem+json"}
    transport = httpx.MockTransport(lambda _: httpx.Response(422, text=content, headers=kind))
    with (
        Client("http://nba", transport=transport, attempts=1) as client,
        pytest.raises(ServerError, match="the answer is not one of nba") as caught,
    ):
        client.decide("c-1")
    assert (caught.value.code, caught.value.status) == ("unreachable", 422)


@pytest.mark.parametrize("content", ["<h1>Log in</h1>", "[1]", "{}", "null", ""])
def test_what_something_else_answered_with_success(content: str) -> None:
    """A page to log in, say: all errors are those of nba, whatever is asked."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=content))
    asked: list[Callable[[Client], object]] = [
        lambda client: client.record("d-1", "accepted"),
        lambda client: client.due(),
        lambda client: client.check({"book.yaml": ""}),
        lambda client: client.reload(),
    ]
    with Client("http://nba", transport=transport, attempts=1) as client:
        for ask in asked:
            with pytest.raises(ServerError, match="the answer is not one of nba") as caught:
                ask(client)
            assert (caught.value.code, caught.value.status) == ("unreachable", 200)
        with pytest.raises(NbaError):
            client.decide("c-1")


def test_both_clients_have_the_same_verbs() -> None:
    """With the same arguments and results; one of them is awaited."""
    for name, verb in inspect.getmembers(Client, inspect.isfunction):
        if not name.startswith("_") and name != "close":
            other = getattr(AsyncClient, name)
            assert inspect.iscoroutinefunction(other)
            assert inspect.signature(verb) == inspect.signature(other)
            assert verb.__doc__ == other.__doc__
