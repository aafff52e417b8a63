"""What operators see: is it ready, what does it count, and a store that fails and comes back."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.server.serving import app_of, case, missed, served
from tests.state.servers import RedisProcess


def counted(client: httpx.Client) -> dict[str, float]:
    """Return what the metrics say, without the histograms."""
    text = client.get("/metrics").text
    lines = re.findall(r"^(nba_\w+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in lines if "bucket" not in name}


def test_what_is_counted(client: httpx.Client) -> None:
    """Decisions by action and reason, answers by endpoint and status, the log, the book."""
    for number in range(3):
        client.post("/v1/decisions", json=case(f"c-{number}"))
    client.post("/v1/decisions:batch", json={"cases": [case("c-9"), {"id": "c-8"}]})
    client.post("/v1/decisions", json={"at": "nowhere"})
    client.get("/nothing")
    found = counted(client)
    assert found['nba_decisions_total{action="upgrade",reason="chosen"}'] == 4
    assert found['nba_decisions_total{action="",reason="inapplicable"}'] == 1
    assert found['nba_requests_total{endpoint="decide",status="200"}'] == 3
    assert found['nba_requests_total{endpoint="decide",status="422"}'] == 1
    assert found['nba_requests_total{endpoint="other",status="404"}'] == 1
    assert found['nba_request_seconds_count{endpoint="decide"}'] == 4
    assert found["nba_requests_under_way"] == 1  # the one that asks
    assert found["nba_log_lost"] == 0
    assert found["nba_store_errors_total"] == 0
    assert abs(found["nba_book_loaded_timestamp_seconds"] - time.time()) < 600
    kind = client.get("/metrics").headers["content-type"]
    assert kind == "text/plain; version=0.0.4; charset=utf-8"


def test_whether_it_is_ready(client: httpx.Client, tmp_path: Path) -> None:
    """It says what it decides by, and what is not as it should be."""
    version = client.get("/v1/book").json()["version"]
    wanted = {"ready": True, "version": version, "reload": "none", "store": "ok"}
    wanted |= {"keys": "none", "log": "ok"}
    assert client.get("/readyz").json() == wanted
    assert client.get("/healthz").json() == {"status": "ok"}
    with served(app_of(tmp_path)) as url:
        assert httpx.get(f"{url}/readyz").json()["log"] == "none"


@pytest.fixture
def redis() -> Iterator[RedisProcess]:
    """A Redis of its own, which keeps what it has through a crash."""
    folder = Path(tempfile.mkdtemp(prefix="nba-redis-"))  # sockets have short paths
    server = RedisProcess(folder, appendonly="yes", appendfsync="always")
    yield server
    server.kill()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_store_that_fails_and_comes_back(
    tmp_path: Path, redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """Decisions go on as the book allows, what writes says to come back, and nothing is lost."""
    app = app_of(tmp_path, store=redis.url(timeout=1))
    with served(app) as url, httpx.Client(base_url=url, timeout=60) as client:
        made = client.post("/v1/decisions", json=case("c-1")).json()
        redis.kill()
        alone = client.post("/v1/decisions", json=case("c-1")).json()
        (told,) = alone["diagnostics"]
        assert (told["code"], told["message"]) == ("store-failure", "the store failed")
        assert str(redis.socket) in caplog.text  # where it is, only the log says
        assert alone["action"] is None
        outcome = {"decision": made["id"], "outcome": "accepted"}
        for method, path, body in (
            ("POST", "/v1/outcomes", outcome),
            ("POST", "/v1/events", missed("c-1")),
            ("GET", "/v1/customers/c-1/journey", None),
            ("DELETE", "/v1/customers/c-2", None),
        ):
            reply = client.request(method, path, json=body)
            assert (reply.status_code, reply.json()["code"]) == (503, "store-failure")
            assert int(reply.headers["retry-after"]) > 0
            assert str(redis.socket) not in reply.text
        assert client.get("/readyz").json()["store"] == "failing"
        assert client.get("/readyz").status_code == 200
        assert counted(client)["nba_store_errors_total"] >= 5
        redis.start()
        deadline = time.monotonic() + 30
        while client.get("/readyz").json()["store"] != "ok":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert client.post("/v1/outcomes", json=outcome).json()["counted"] is True
        (answer,) = client.get(f"/v1/decisions/{made['id']}").json()["answers"]
        assert [one["outcome"] for one in answer["outcomes"]] == ["accepted"]
