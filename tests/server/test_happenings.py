"""Events and outcomes over HTTP: taken once, and refused with the place of what is wrong."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.server.serving import case, missed


def events_of(client: httpx.Client, id_: str) -> list[dict[str, Any]]:
    """Return what the store knows to have happened."""
    found: list[dict[str, Any]] = client.get(f"/v1/customers/{id_}/journey").json()["events"]
    return found


def test_one_event_and_many(client: httpx.Client) -> None:
    """Both are taken, and an event counts once by its id."""
    one = client.post("/v1/events", json=missed("c-1"))
    assert one.json() == {"observed": 1, "diagnostics": []}
    many = client.post("/v1/events", json=[missed("c-1"), missed("c-1", "a-2"), missed("c-2")])
    assert many.json()["observed"] == 3
    assert [one["id"] for one in events_of(client, "c-1")] == ["c-1-a-1", "c-1-a-2"]


def test_what_of_an_event_is_not_read_is_said(client: httpx.Client) -> None:
    """A field that does not fit is left out, and the event is taken."""
    event = missed("c-1") | {"data": {"appointment": 7}}
    found = client.post("/v1/events", json=event).json()
    assert (found["observed"], found["diagnostics"][0]["code"]) == (1, "wrong-input")


@pytest.mark.parametrize("key", [None, "k-1"])
def test_an_event_without_an_id_or_a_time_is_sent_again(
    client: httpx.Client, key: str | None
) -> None:
    """Under a key it counts once, though the clock went on; without one it cannot be known."""
    event = {"type": "technician_arrived", "customer": "c-1", "data": {"appointment": "a-1"}}
    headers = {} if key is None else {"Idempotency-Key": key}
    for _ in range(2):
        client.post("/v1/events", json=event, headers=headers)
    ids = {one["id"] for one in events_of(client, "c-1")}
    assert len(ids) == 1  # the clock of this server stands
    assert next(iter(ids)).startswith("k-") == (key is not None)


def test_another_event_under_a_key_is_not_lost(client: httpx.Client) -> None:
    """A key that is used again by mistake makes one of what is the same, and of nothing else."""
    event = {"type": "technician_arrived", "customer": "c-1", "data": {"appointment": "a-1"}}
    for one in (event, event, event | {"data": {"appointment": "a-2"}}):
        client.post("/v1/events", json=one, headers={"Idempotency-Key": "k-1"})
    assert [one["appointment"] for one in events_of(client, "c-1")] == ["a-1", "a-2"]


@pytest.mark.parametrize(
    ("event", "pointer", "said"),
    [
        ({"type": "technician_arived", "customer": "c-1"}, "/type", "technician_arrived"),
        ({"type": "technician_arrived", "customer": "c-1", "channel": "fax"}, "/channel", "fax"),
        ({"type": "technician_arrived"}, "", "customer"),
        ({"type": "technician_arrived", "customer": ""}, "/customer", "length"),
        ({"type": "technician_arrived", "customer": "c", "at": "2026-03-01"}, "/at", "time"),
        ({"type": "technician_arrived", "customer": "c", "at": "2026-03-01T10:00:00"}, "/at", ""),
        ({"type": "technician_arrived", "customer": "c", "dta": {}}, "/dta", "`data`"),
    ],
)
def test_a_wrong_event_is_refused_with_its_place(
    client: httpx.Client, event: dict[str, Any], pointer: str, said: str
) -> None:
    """The pointer leads to the value, in one event and in a list; nothing of the list is taken."""
    one = client.post("/v1/events", json=event)
    assert one.status_code == 422
    (fault,) = one.json()["errors"]
    assert fault["pointer"] == pointer
    assert said in fault["detail"] + fault.get("help", "")
    many = client.post("/v1/events", json=[missed("c-1"), event])
    assert many.json()["errors"][0]["pointer"] == f"/1{pointer}"
    assert events_of(client, "c-1") == []


def test_an_outcome_counts_once(client: httpx.Client) -> None:
    """Whoever does not know whether it arrived says it again, whatever the idempotency key."""
    made = client.post("/v1/decisions", json=case("c-1")).json()
    outcome = {"decision": made["id"], "outcome": "accepted"}
    counted = [
        client.post("/v1/outcomes", json=outcome, headers={"Idempotency-Key": key}).json()[
            "counted"
        ]
        for key in ("k-1", "k-1", "k-2")
    ]
    assert counted == [True, False, False]
    again = client.post("/v1/outcomes", json=outcome | {"key": "another"}).json()
    assert again["counted"] is True


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"outcome": "acepted"}, 422, "/outcome"),
        ({"action": "call_back"}, 422, "/action"),
        ({"decision": "d-0"}, 404, None),
        ({"at": "soon"}, 422, "/at"),
    ],
)
def test_a_wrong_outcome_is_refused(
    client: httpx.Client, change: dict[str, str], status: int, pointer: str | None
) -> None:
    """It says where, and an unknown decision is not found."""
    made = client.post("/v1/decisions", json=case("c-1")).json()
    outcome = {"decision": made["id"], "outcome": "accepted"} | change
    reply = client.post("/v1/outcomes", json=outcome)
    assert reply.status_code == status
    assert [one["pointer"] for one in reply.json().get("errors", [])] == [pointer] * (status == 422)
