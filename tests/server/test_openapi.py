"""The OpenAPI document is valid and true: a stranger who reads it is never surprised."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.server.serving import CUSTOMER, app_of, case, missed, served

from nba.server import Keys, messages
from nba.server.app import ENDPOINTS
from nba.server.keys import SCOPES, new_key
from nba.server.openapi import document
from nba.server.problems import PROBLEMS


@pytest.mark.parametrize("keyed", [False, True])
def test_it_is_a_valid_document(keyed: bool) -> None:
    """By the published schema of OpenAPI 3.1, with every example."""
    openapi_spec_validator = pytest.importorskip("openapi_spec_validator")
    told = json.loads(msgspec.json.encode(document(ENDPOINTS, keyed=keyed)))
    assert told["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(told)
    assert ("securitySchemes" in told["components"]) == keyed


def test_it_is_served_as_it_is(client: httpx.Client) -> None:
    """For who reads it by a program, and every endpoint is in it."""
    told = client.get("/openapi.json").json()
    listed = {
        (path, method.upper()) for path, methods in told["paths"].items() for method in methods
    }
    assert listed == {(one.path, one.method) for one in ENDPOINTS}


def test_its_examples_are_taken(client: httpx.Client) -> None:
    """What it shows can be sent, as far as the book has such names."""
    for one in ENDPOINTS:
        for example in one.examples.values():
            msgspec.json.decode(msgspec.json.encode(example), type=one.takes)


def test_answers_are_what_the_types_say(client: httpx.Client) -> None:
    """Read back strictly: no key is missing, none is told of nowhere."""
    client.post("/v1/events", json=missed("c-1"))
    given = {"id": "c-1", "customer": CUSTOMER, "interaction": {"channel": "chat"}, "role": "agent"}
    explain = {"Prefer": "explain", "Idempotency-Key": "k-1"}
    made = client.post("/v1/decisions", json=given, headers=explain)
    url = f"/v1/decisions/{made.json()['id']}"
    batch = {"cases": [case("c-2"), {"at": "x"}]}
    outcome = {"decision": made.json()["id"], "outcome": "presented"}
    for kind, reply in (
        (messages.Decision, made),
        (messages.Decision, client.post("/v1/decisions", json={"id": "nobody"})),
        (messages.BatchAnswer, client.post("/v1/decisions:batch", json=batch)),
        (messages.Recorded, client.post("/v1/outcomes", json=outcome)),
        (messages.Standing, client.get(url)),
        (messages.Explained, client.get(f"{url}/explanation")),
        (messages.Recorded, client.post(f"{url}/approval", json={"by": "A", "role": "team_lead"})),
        (messages.Observed, client.post("/v1/events", json=missed("c-1") | {"data": {"slot": 1}})),
        (messages.Journey, client.get("/v1/customers/c-1/journey")),
        (messages.DueAnswer, client.get("/v1/due")),
        (messages.Reloaded, client.post("/v1/book:reload")),
        (messages.BookAnswer, client.get("/v1/book")),
        (messages.BookChecked, client.post("/v1/book:check", json={"files": {"a.yaml": "a: 1"}})),
        (messages.Health, client.get("/healthz")),
        (messages.Ready, client.get("/readyz")),
    ):
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-type"] == "application/json"
        msgspec.json.decode(reply.content, type=kind)
    for reply in (client.get("/v1/decisions/x"), client.post("/v1/events", json=[])):
        assert reply.headers["content-type"] == "application/problem+json"
        problem = msgspec.json.decode(reply.content, type=messages.Problem)
        assert PROBLEMS[problem.code] == (reply.status_code, problem.title)


def test_every_problem_is_told_of() -> None:
    """On the page that the type of a problem leads to, and in the guide."""
    root = Path(__file__).parents[2]
    guide = (root / "docs" / "server.md").read_text(encoding="utf-8")
    from nba.server.page import PAGE

    for code, (status, _) in PROBLEMS.items():
        assert f'id="{code}"' in PAGE.decode()
        assert f"| `{code}` | {status} |" in guide


#: The premises of two checks that do not fit. What fits the document may still be refused with 422,
#: since it cannot name the channels, actions, event types and outcomes of every book; with no other
#: status. And what is posted to `/v1/decisions` may be a preview, or find no answer: it makes no
#: decision that can be looked up then. `test_where_a_decision_is_found` says which can be.
SETTINGS = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "404", "422"]

[[operations]]
include-operation-id = ["decision", "approve", "explanation"]
checks.ensure_resource_availability.enabled = false
"""


@pytest.mark.parametrize("keyed", [False, True])
def test_a_stranger_finds_no_surprise(tmp_path: Path, keyed: bool) -> None:
    """Schemathesis makes requests of the document: no 5xx, no answer that it does not tell of.

    All checks are made, within what `SETTINGS` says.
    """
    if importlib.util.find_spec("schemathesis") is None:
        pytest.skip("needs schemathesis")
    key, line = new_key("all", SCOPES)
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run"]
    if keyed:
        command += ["--header", f"Authorization: Bearer {key}"]
    examples = "200" if os.environ.get("NBA_LONG") == "1" else "5"
    keys = Keys.read(line, "the key") if keyed else None
    with served(app_of(tmp_path, keys=keys, log=tmp_path / "log.db")) as url:
        done = subprocess.run(
            [
                *command,
                *("--max-examples", examples, "--no-color", "--no-shrink"),
                f"{url}/openapi.json",
            ],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=3000,
            check=False,
        )
    told = "\n".join(one[:300] for one in done.stdout.splitlines()[-120:])
    assert done.returncode == 0, told
    assert f"Tested: {len(ENDPOINTS)}" in done.stdout, told
