"""Decisions over HTTP: the same answers as in the library, safe to ask for again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from tests.engine.contacts import Clock
from tests.server.serving import CUSTOMER, app_of, book_in, case, missed, served

from nba import Decision, Engine
from nba.decide.case import Case
from nba.server import Keys


def decided(client: httpx.Client, given: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Decide a case, and return the decision as it was written."""
    reply = client.post("/v1/decisions", json=given, headers=headers)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_it_decides_as_the_library_does(client: httpx.Client, tmp_path: Path) -> None:
    """What goes over the wire is the case and the decision of the library, unchanged."""
    engine = Engine.open(book_in(tmp_path), clock=Clock())
    found = Decision.from_dict(decided(client, case("c-1")))
    assert found == engine.decide_case(Case.from_dict(case("c-1")))
    assert (found.action, found.channel) == ("upgrade", "chat")


def test_what_a_case_may_bring(client: httpx.Client) -> None:
    """Events, history, role, decision time and the number of answers reach the engine."""
    event = {key: value for key, value in missed("").items() if key != "customer"}
    given = {
        "id": "c-1",
        "customer": CUSTOMER,
        "interaction": {"channel": "chat"},
        "now": "2026-03-02T11:00:00+01:00",
        "role": "agent",
        "events": [event],
        "history": [],
        "n": 2,
    }
    found = decided(client, given)
    assert [one["action"] for one in found["ranked"]] == ["apology_credit", "call_back"]
    assert found["now"] == "2026-03-02T10:00:00+00:00"
    assert found["ranked"][0]["gesture"]["approval"] == "pending"


@pytest.mark.parametrize("given", [case("c-1", commit=False), {"id": "c-2"}])
def test_what_gave_nothing_is_not_remembered(client: httpx.Client, given: dict[str, Any]) -> None:
    """Nothing was taken in a preview, nor where there was no answer: it says that this is why."""
    found = client.get(f"/v1/decisions/{decided(client, given)['id']}").json()
    assert found["code"] == "unknown-decision"
    assert "it was a preview or gave no answer" in found["detail"]


def test_where_a_decision_is_found(tmp_path: Path) -> None:
    """The store has those with answers, and the log all but previews, which it says."""
    with served(app_of(tmp_path, log=tmp_path / "log.db")) as url, httpx.Client(base_url=url) as to:
        found = {}
        for name, given in {
            "an answer": case("c-1"),
            "no answer": {"id": "c-2"},
            "a preview": case("c-3", commit=False),
        }.items():
            at = f"/v1/decisions/{decided(to, given)['id']}"
            why = to.get(f"{at}/explanation")
            found[name] = (to.get(at).status_code, why.status_code)
    assert found == {"an answer": (200, 200), "no answer": (404, 200), "a preview": (404, 404)}
    assert "previews are not written to it" in why.json()["detail"]


def test_reasons_are_told_where_they_are_preferred(client: httpx.Client) -> None:
    """`Prefer: explain` adds sentences, codes and the briefing, and says that it did."""
    plain = client.post("/v1/decisions", json=case("c-1"))
    assert "why" not in plain.json()
    assert "preference-applied" not in plain.headers
    reply = client.post("/v1/decisions", json=case("c-2"), headers={"Prefer": "wait=5, explain"})
    assert reply.headers["preference-applied"] == "explain"
    found = reply.json()
    assert found["codes"]["upgrade"] == "chosen"
    assert found["why"]
    assert found["moments"] == []


@pytest.mark.parametrize(
    ("lines", "explained"),
    [
        (["explain", "respond-async"], True),
        (["respond-async", "explain"], True),
        (["Explain;x=1"], True),
        (["wait=5 , explain ; x"], True),
        (["wait=5; explain"], False),  # there it is a parameter of another preference
        (["explained"], False),
        (['x="explain"'], False),
    ],
)
def test_how_a_preference_is_written(
    client: httpx.Client, lines: list[str], explained: bool
) -> None:
    """As RFC 7240 has it: a list, maybe in several lines, each with parameters."""
    headers = [("Prefer", one) for one in lines]
    reply = client.post("/v1/decisions", json=case("c-1"), headers=headers)
    assert ("why" in reply.json()) is explained


@pytest.mark.parametrize(
    ("wrong", "pointer", "said"),
    [
        ({"used": {"weakly": 1}}, "/used/weakly", "there is no budget or limit `weakly`"),
        ({"used": {"pool": "much"}}, "/used/pool", "what is used of `pool`"),
        ({"now": "0001-01-01T00:00:00+14:00"}, "/now", "`now` is a time such as"),
        ({"at": "nowhere"}, "/at", "there is no decision point `nowhere`"),
    ],
)
def test_where_a_case_is_wrong(
    client: httpx.Client, wrong: dict[str, Any], pointer: str, said: str
) -> None:
    """The pointer leads to it, alone and among others; the sentence ends without a period."""
    alone = client.post("/v1/decisions", json=case("c-1", **wrong)).json()
    assert alone["errors"][0]["pointer"] == pointer
    assert alone["detail"].startswith(said)
    assert not alone["detail"].endswith(".")
    many = client.post("/v1/decisions:batch", json={"cases": [case("c-1", **wrong)]}).json()
    assert many["results"][0]["problem"]["errors"][0]["pointer"] == f"/cases/0{pointer}"


def test_reasons_are_not_told_again(client: httpx.Client) -> None:
    """They are not kept with what was told; so they are left out, not told as none."""
    headers = {"Prefer": "explain", "Idempotency-Key": "k-1"}
    first = client.post("/v1/decisions", json=case("c-1"), headers=headers)
    again = client.post("/v1/decisions", json=case("c-1"), headers=headers)
    added = {"why", "codes", "briefing", "moments", "relationship"}
    assert again.json() == {k: v for k, v in first.json().items() if k not in added}
    assert (first.headers["preference-applied"], "preference-applied" in again.headers) == (
        "explain",
        False,
    )


def test_under_a_key_the_same_is_told_again(client: httpx.Client) -> None:
    """A request that is sent again is answered as it was first, and counts once."""
    first = decided(client, case("c-1"), **{"Idempotency-Key": "k-1"})
    assert decided(client, case("c-1"), **{"Idempotency-Key": "k-1"}) == first
    other = decided(client, case("c-1"), **{"Idempotency-Key": "k-2"})
    assert other["id"] != first["id"]
    stored = client.get("/v1/customers/c-1/journey").json()["decisions"]
    assert sorted(one["id"] for one in stored) == sorted([first["id"], other["id"]])


def test_a_key_is_for_one_question(client: httpx.Client) -> None:
    """Something else under the same key is refused; another customer has keys of their own."""
    first = decided(client, case("c-1"), **{"Idempotency-Key": "k-1"})
    reply = client.post("/v1/decisions", json=case("c-1", n=2), headers={"Idempotency-Key": "k-1"})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["header"] == "Idempotency-Key"
    assert decided(client, case("c-2"), **{"Idempotency-Key": "k-1"})["id"] != first["id"]


@pytest.mark.parametrize("key", ["", "k" * 256, "a b", "kä"])
def test_a_key_is_visible_text(client: httpx.Client, key: str) -> None:
    """What can be no key is refused, and quoted nowhere."""
    headers = {b"Idempotency-Key": key.encode()}
    reply = client.post("/v1/decisions", json=case("c-1"), headers=headers)
    assert (reply.status_code, reply.json()["errors"][0]["header"]) == (422, "Idempotency-Key")


def test_at_the_same_moment_under_one_key(tmp_path: Path) -> None:
    """Two servers with one store, and many who ask at once: one decision, told to all alike."""
    store = f"sqlite:///{tmp_path}/nba.db"
    with (
        served(app_of(tmp_path, store=store)) as one,
        served(app_of(tmp_path, store=store)) as other,
        ThreadPoolExecutor(8) as pool,
    ):
        for number in range(5):
            given = case(f"c-{number}")

            def ask(url: str, given: dict[str, Any] = given, number: int = number) -> str:
                headers = {"Idempotency-Key": f"k-{number}"}
                return httpx.post(f"{url}/v1/decisions", json=given, headers=headers).text

            told = set(pool.map(ask, [one, other] * 4))
            assert len(told) == 1
            stored = httpx.get(f"{other}/v1/customers/c-{number}/journey").json()
            assert len(stored["decisions"]) == 1


def test_many_cases_at_once(client: httpx.Client) -> None:
    """Each has its answer in its place; one that cannot be decided stops no other."""
    cases = [case("c-1"), case("c-2", at="nowhere"), case("c-3")]
    reply = client.post("/v1/decisions:batch", json={"cases": cases})
    one, two, three = reply.json()["results"]
    assert (one["decision"]["customer"], three["decision"]["customer"]) == ("c-1", "c-3")
    assert two["problem"]["errors"][0]["pointer"] == "/cases/1/at"
    headers = {"Idempotency-Key": "b-1", "Prefer": "explain"}
    first = client.post("/v1/decisions:batch", json={"cases": cases}, headers=headers).json()
    again = client.post("/v1/decisions:batch", json={"cases": cases}, headers=headers).json()
    ids = [
        [item.get("decision", {}).get("id") for item in all_["results"]] for all_ in (first, again)
    ]
    assert ids[0] == ids[1]
    assert first["results"][0]["decision"]["codes"]["upgrade"] == "chosen"


def test_no_key_leads_to_what_another_asked(tmp_path: Path) -> None:
    """Whatever callers are called, and write into their keys: one case alone, and among many."""
    named = ["0", "shop", "0.shop"]
    lines = [f"{name} decide sha256:{sha256(name.encode()).hexdigest()}" for name in named]
    told = []
    with served(app_of(tmp_path, keys=Keys.read("\n".join(lines), "the keys"))) as url:
        for name in named:
            for key in ("k", "0/k", "k/0", "shop/k", "0/shop/k", "shop/k/0", "k0"):
                headers = {"Authorization": f"Bearer {name}", "Idempotency-Key": key}
                for path, body in (("", case("c-1")), (":batch", {"cases": [case("c-1")]})):
                    reply = httpx.post(f"{url}/v1/decisions{path}", json=body, headers=headers)
                    found = reply.json()
                    told.append(found["id"] if not path else found["results"][0]["decision"]["id"])
    assert len(set(told)) == len(told) == 42


def test_how_a_decision_stands(client: httpx.Client) -> None:
    """Outcomes and approvals are told with the answer that they came of, also of a kept one."""
    client.post("/v1/events", json=missed("c-1"))
    given = {"id": "c-1", "customer": CUSTOMER, "interaction": {"channel": "chat"}, "role": "agent"}
    first = decided(client, given)
    url = f"/v1/decisions/{first['id']}"
    (answer,) = client.get(url).json()["answers"]
    assert answer["gesture"]["approval"] == "pending"
    approval = {"by": "Ann", "role": "team_lead"}
    done = client.post(f"{url}/approval", json=approval)
    assert done.json() == {
        "decision": first["id"],
        "action": "apology_credit",
        "outcome": "approved",
        "counted": True,
        "late": False,
        "unfunded": [],
    }
    assert client.post(f"{url}/approval", json=approval).json()["counted"] is False
    client.post("/v1/outcomes", json={"decision": first["id"], "outcome": "presented"})
    kept = decided(client, given | {"interaction": {"channel": "email"}})
    (answer,) = client.get(f"/v1/decisions/{kept['id']}").json()["answers"]
    assert answer["kept_from"] == first["id"]
    assert answer["gesture"]["approval"] == "approved"
    assert answer["approved_by"] == "Ann (team_lead)"
    assert [one["outcome"] for one in answer["outcomes"]] == ["presented"]


@pytest.mark.parametrize("id_", ["shop%2F42", "x%2fexplanation", "%2F", "x%2Fapproval"])
def test_an_id_is_one_step(client: httpx.Client, id_: str) -> None:
    """Whatever signs it has, it is looked up as a whole."""
    asked = unquote(id_)
    for reply in (
        client.get(f"/v1/decisions/{id_}"),
        client.get(f"/v1/decisions/{id_}/explanation"),
        client.post(f"/v1/decisions/{id_}/approval", json={"by": "Bob", "role": "agent"}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "unknown-decision")
        assert f"`{asked}`" in reply.json()["detail"]


def test_who_may_not_approve(client: httpx.Client) -> None:
    """The library's refusals come with the place of what was wrong."""
    client.post("/v1/events", json=missed("c-1"))
    given = {"id": "c-1", "customer": CUSTOMER, "interaction": {"channel": "chat"}, "role": "agent"}
    url = f"/v1/decisions/{decided(client, given)['id']}/approval"
    reply = client.post(url, json={"by": "Bob", "role": "agent"})
    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/role")
    unknown = client.post("/v1/decisions/d-0/approval", json={"by": "Bob", "role": "agent"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-decision")


def test_why_a_logged_decision_was_made(client: httpx.Client) -> None:
    """It is made again from the log, for every action; also where there was no answer."""
    for given in (case("c-1"), {"id": "c-2"}):
        made = decided(client, given)
        reply = client.get(f"/v1/decisions/{made['id']}/explanation")
        assert reply.status_code == 200, reply.text
        found = reply.json()
        assert found["decision"] == made
        assert {one["action"] for one in found["actions"]} == {
            "apology_credit",
            "ask_to_stay",
            "call_back",
            "upgrade",
        }
        codes = {one["action"]: one["code"] for one in found["actions"]}
        assert (codes["upgrade"] == "chosen") == (given["id"] == "c-1")
    assert client.get("/v1/decisions/d-0/explanation").json()["code"] == "unknown-decision"


def test_without_a_log_nothing_is_explained_later(tmp_path: Path) -> None:
    """It says what is missing."""
    with served(app_of(tmp_path)) as url:
        made = httpx.post(f"{url}/v1/decisions", json=case("c-1")).json()
        reply = httpx.get(f"{url}/v1/decisions/{made['id']}/explanation")
    assert (reply.status_code, reply.json()["code"]) == (409, "not-explainable")
    assert "no decision log" in reply.json()["detail"]
