"""The journeys that cases bring: read once while they stay the same, and gone when asked for."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.server.serving import CUSTOMER, missed

from nba.server import handed_in
from nba.server.handed_in import HandedIn
from nba.server.problems import ProblemError


def events(*appointments: str) -> list[dict[str, Any]]:
    """Return appointments at which nobody came, as a case brings them."""
    found = [missed("", name) for name in appointments]
    return [{key: value for key, value in one.items() if key != "customer"} for one in found]


def text(*appointments: str) -> bytes:
    """Return them as JSON."""
    return json.dumps(events(*appointments)).encode()


def test_a_journey_that_comes_again_is_not_read_again() -> None:
    """It is kept from the second time on; it is known by its customer and every byte of it."""
    known = HandedIn()
    first, second, third = (known.journey("c-1", text("a-1")) for _ in range(3))
    assert first == second
    assert first is not second
    assert third is second
    assert known.journey("c-2", text("a-1")) == second
    assert known.journey("c-2", text("a-1")) is not second
    assert len(known.journey("c-1", text("a-1", "a-2")) or ()) == 2
    assert known.journey("c-1", text("a-1")) is not second, "the last one of a customer is kept"
    assert known.journey("c-1", b"null") is None


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the JSON of all customers together."""
    monkeypatch.setattr(handed_in, "_MOST", len(text("a-1")) + 900)
    known = HandedIn()
    first = [known.journey("c-1", text("a-1")) for _ in range(3)]
    assert first[1] is first[2]
    for _ in range(2):
        known.journey("c-2", text("a-1"))
    assert known.journey("c-1", text("a-1")) is not first[2]
    many = text(*(f"a-{number}" for number in range(50)))
    for _ in range(3):
        assert len(known.journey("c-1", many) or ()) == 50, "too many to be kept, and read"


def test_what_is_forgotten() -> None:
    """Everything, since nobody knows by which other names a customer was asked for."""
    known = HandedIn()
    first = [known.journey("c-1", text("a-1")) for _ in range(3)]
    known.forget()
    assert known.journey("c-1", text("a-1")) is not first[2]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (b'[{"type": 1}]', "/events/0/type"),
        (b'[{"type": "x"}, {"type": "y", "colour": "red"}]', "/events/1/colour"),
        (b"3", "/events"),
        (b'{"type": "x"}', "/events"),
        (json.dumps([{"type": "x"}] * 2001).encode(), "/events"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(wrong: bytes, pointer: str) -> None:
    """The path is that of the whole body."""
    with pytest.raises(ProblemError) as raised:
        HandedIn().journey("c-1", wrong)
    assert raised.value.errors[0]["pointer"] == pointer


def test_the_journeys_go_with_the_customer(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is forgotten is forgotten here too, and all of it when its time is over."""
    forgotten = []
    monkeypatch.setattr(HandedIn, "forget", lambda _self: forgotten.append(1))
    assert client.delete("/v1/customers/c-1").status_code == 204
    assert forgotten
    monkeypatch.setattr(handed_in, "_SECONDS", 0.0)
    known = HandedIn()
    first = [known.journey("c-1", text("a-1")) for _ in range(3)]
    assert first[1] is not first[2]
    known.forget_old()


def test_decisions_on_the_same_journey(client: httpx.Client) -> None:
    """The same answer each time, another one when another event came."""

    def asked(*appointments: str, **more: Any) -> list[str]:
        given = {
            "id": "c-1",
            "customer": CUSTOMER,
            "interaction": {"channel": "chat"},
            "role": "agent",
            "events": events(*appointments),
            "commit": False,
            "n": 2,
        }
        reply = client.post("/v1/decisions", json=given | more)
        assert reply.status_code == 200, reply.text
        return [one["action"] for one in reply.json()["ranked"]]

    first = asked("a-1")
    assert first == ["apology_credit", "call_back"]
    assert asked("a-1") == first
    assert asked() != first
    assert asked(events=None) != first
    assert client.delete("/v1/customers/c-1").status_code == 204
    assert asked("a-1") == first
    reply = client.post("/v1/decisions", content=b'{"events": [{"type": "\xff"}]}', headers=_JSON)
    assert (reply.status_code, reply.json()["code"]) == (400, "bad-json")


_JSON = {"Content-Type": "application/json"}
