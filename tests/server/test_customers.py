"""Customers over HTTP: their journey, forgetting them, and what is due."""

from __future__ import annotations

import httpx
import pytest
from tests.server.serving import case, missed

from nba.client import Client


def test_a_customer_is_forgotten(client: httpx.Client) -> None:
    """In the store and in the log; doing it again does no harm."""
    client.post("/v1/events", json=missed("c-1"))
    made = client.post("/v1/decisions", json=case("c-1")).json()
    known = client.get("/v1/customers/c-1/journey").json()
    assert (len(known["events"]), len(known["decisions"])) == (1, 1)
    for _ in range(2):
        reply = client.delete("/v1/customers/c-1")
        assert (reply.status_code, reply.content) == (204, b"")
    gone = client.get("/v1/customers/c-1/journey").json()
    assert gone == {"customer": "c-1", "identities": [], "events": [], "decisions": []}
    assert client.get(f"/v1/decisions/{made['id']}/explanation").status_code == 404


@pytest.mark.parametrize(
    "name", ["ann+shop@example.com?x=#1 ü%2f", "shop/42", "a/journey", "/", "..", "../book"]
)
def test_any_name_is_found(client: httpx.Client, name: str) -> None:
    """A name with signs of its own is one id, also one that steps of a path are made of."""
    event = missed(name)
    assert client.post("/v1/events", json=event).status_code == 200
    path = httpx.URL("/").copy_with(raw_path=b"/v1/customers/" + _quoted(name) + b"/journey")
    assert len(client.get(path.raw_path.decode()).json()["events"]) == 1
    path = httpx.URL("/").copy_with(raw_path=b"/v1/customers/" + _quoted(name))
    assert client.delete(path).status_code == 204
    with Client(str(client.base_url)) as other:
        assert other.journey(name)["events"] == []


def _quoted(name: str) -> bytes:
    return "".join(f"%{byte:02x}" for byte in name.encode()).encode()


def test_what_is_due(client: httpx.Client) -> None:
    """Page by page, each moment once."""
    client.post("/v1/events", json=[missed(f"c-{number}") for number in range(5)])
    found, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/due", params=query).json()
        cursor = page["cursor"]
        if not page["due"]:
            break
        found += page["due"]
    assert [one["customer"] for one in found] == [f"c-{number}" for number in range(5)]
    assert {one["change"] for one in found} == {"opened"}
    later = client.get("/v1/due", params={"cursor": cursor, "now": "2026-03-09T00:00:00Z"}).json()
    assert {one["change"] for one in later["due"]} == {"closed"}


def test_a_wrong_question_about_what_is_due(client: httpx.Client) -> None:
    """It says which parameter is wrong."""
    for query, name in (("limit=0", "limit"), ("limit=x", "limit"), ("now=soon", "now")):
        reply = client.get(f"/v1/due?{query}")
        assert reply.status_code == 422
        assert reply.json()["errors"][0]["parameter"] == name
    assert client.get("/v1/due?curser=x").json()["errors"][0]["help"] == "did you mean `cursor`?"
    reply = client.get("/v1/due?cursor=wrong")
    assert (reply.status_code, "is not a cursor" in reply.json()["detail"]) == (422, True)
