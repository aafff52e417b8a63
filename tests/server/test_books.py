"""The book over HTTP: which one decides, checking others, and reading it again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.engine.contacts import BOOK, Clock
from tests.server.serving import app_of, book_in, case, served

from nba.server import Bounds, create_app

BROKEN = BOOK.replace("customer.wants_more\n", "customer.wants_mor\n")


@contextmanager
def watching(folder: Path, **more: Any) -> Iterator[httpx.Client]:
    """Serve a book, with a look at its files."""
    with (
        served(app_of(folder, watch=True, **more)) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        time.sleep(0.5)  # until the watch has begun
        yield client


def until(client: httpx.Client, path: str, wanted: str, seconds: float = 20) -> str:
    """Wait until something is told at a path."""
    deadline = time.monotonic() + seconds
    while wanted not in (found := client.get(path).text):
        assert time.monotonic() < deadline, f"no {wanted!r} in {found}"
        time.sleep(0.05)
    return found


def test_the_book_that_decides(client: httpx.Client) -> None:
    """Its names are there for whoever fills in forms."""
    found = client.get("/v1/book").json()
    assert (found["book"], found["currency"], found["reload"]) == ("care", "EUR", None)
    assert found["actions"] == ["apology_credit", "ask_to_stay", "call_back", "upgrade"]
    assert "visited_shop" in found["outcomes"]


def test_files_are_checked_and_not_loaded(client: httpx.Client) -> None:
    """Every finding has its place; the book that decides stays."""
    version = client.get("/v1/book").json()["version"]
    good = client.post("/v1/book:check", json={"files": {"a/book.yaml": BOOK}}).json()
    assert (good["ok"], good["version"], good["errors"]) == (True, version, 0)
    bad = client.post("/v1/book:check", json={"files": {"a/book.yaml": BROKEN}}).json()
    (found,) = bad["diagnostics"]
    assert (bad["ok"], found["code"]) == (False, "undeclared-name")
    assert found["where"]["file"] == "a/book.yaml"
    assert client.get("/v1/book").json()["version"] == version


def test_the_book_is_read_again_when_it_is_asked_for(client: httpx.Client, tmp_path: Path) -> None:
    """A broken one is refused with every finding, and the old one goes on deciding."""
    assert client.post("/v1/book:reload").json()["changed"] is False
    book_in(tmp_path, BOOK.replace("More for less", "Even more"))
    assert client.post("/v1/book:reload").json()["changed"] is True
    book_in(tmp_path, BROKEN)
    reply = client.post("/v1/book:reload")
    assert (reply.status_code, reply.json()["code"]) == (422, "book-errors")
    (fault,) = reply.json()["errors"]
    assert (fault["code"], fault["where"]["line"] > 1) == ("undeclared-name", True)
    assert client.post("/v1/decisions", json=case("c-1")).json()["title"] == "Even more"
    assert client.get("/readyz").json()["reload"] == "failed"
    assert client.get("/v1/book").json()["reload"]["errors"] == 1
    assert "nba_book_reload_failed 1.0" in client.get("/metrics").text


def test_a_change_of_files_is_seen(tmp_path: Path) -> None:
    """A good book decides from then on; a broken one only shows."""
    with watching(tmp_path) as client:
        book_in(tmp_path, BOOK.replace("More for less", "Even more"))
        until(client, "/metrics", 'nba_book_reloads_total{result="changed"} 1.0')
        assert client.post("/v1/decisions", json=case("c-1")).json()["title"] == "Even more"
        book_in(tmp_path, BROKEN)
        until(client, "/readyz", '"reload":"failed"')
        assert client.post("/v1/decisions", json=case("c-2")).json()["title"] == "Even more"
        book_in(tmp_path)
        until(client, "/readyz", '"reload":"ok"')
        assert client.post("/v1/decisions", json=case("c-3")).json()["title"] == "More for less"


def test_another_folder_is_seen(tmp_path: Path) -> None:
    """One that takes the place of the book, again and again; also where there was none between."""
    book = book_in(tmp_path)
    other = tmp_path / "other"
    with watching(tmp_path) as client:
        for number, gone in enumerate((0, 0, 2.5), 1):
            other.mkdir()
            text = BOOK.replace("More for less", f"Title {number}")
            (other / "book.yaml").write_text(text, encoding="utf-8")
            book.rename(tmp_path / f"old-{number}")
            time.sleep(gone)
            other.rename(book)
            until(client, "/metrics", f'nba_book_reloads_total{{result="changed"}} {number}.0')
            made = client.post("/v1/decisions", json=case(f"c-{number}")).json()
            assert made["title"] == f"Title {number}"


def test_one_file_that_is_replaced_is_seen(tmp_path: Path) -> None:
    """Most editors write another file, and give it the name."""
    file, other = book_in(tmp_path) / "book.yaml", tmp_path / "other"
    app = create_app(file, clock=Clock())
    with served(app) as url, httpx.Client(base_url=url, timeout=60) as client:
        time.sleep(0.5)
        for number in (1, 2, 3):
            text = BOOK.replace("More for less", f"Title {number}")
            other.write_text(text, encoding="utf-8")
            other.replace(file)
            until(client, "/metrics", f'nba_book_reloads_total{{result="changed"}} {number}.0')


def test_one_that_is_asked_tells_the_others(tmp_path: Path) -> None:
    """Several processes read the book again when one of them is asked to."""
    signal = tmp_path / "signal"
    signal.touch()
    with (
        served(app_of(tmp_path, signal=signal)) as one,
        served(app_of(tmp_path, signal=signal)) as url,
        httpx.Client(base_url=url) as other,
    ):
        time.sleep(0.5)
        book_in(tmp_path, BOOK.replace("More for less", "Even more"))
        assert httpx.post(f"{one}/v1/book:reload").json()["changed"] is True
        until(other, "/metrics", 'nba_book_reloads_total{result="changed"} 1.0')


def test_sheets_are_checked_with_the_book(client: httpx.Client) -> None:
    """A decision table in CSV is one of the posted files."""
    inputs, outputs = "{Tier: customer.tier}", "{Action: action}"
    table = f"tables:\n  t: {{file: t.csv, inputs: {inputs}, outputs: {outputs}}}\n"
    files = {"book.yaml": BOOK + table, "t.csv": "Tier,Action\ngold,call_bak\n-,call_back\n"}
    found = client.post("/v1/book:check", json={"files": files}).json()
    assert found["files"] == 2
    wrong = [one for one in found["diagnostics"] if "call_bak" in one["message"]]
    assert [one["where"]["file"] for one in wrong] == ["t.csv"]


@pytest.mark.parametrize(
    "name",
    [
        *("../book.yaml", "/etc/book.yaml", "a/../book.yaml", ".hidden.yaml", "book.txt"),
        *("a//b.yaml", "C:\\book.yaml", "", "a" * 300 + ".yaml", "book.yaml\0", "~/book.yaml"),
        "book.yaml\n",
    ],
)
def test_a_name_is_one_inside_a_book(client: httpx.Client, name: str) -> None:
    """Names never lead anywhere: what is no name of a rule file is refused, and never opened."""
    reply = client.post("/v1/book:check", json={"files": {name: "format: 1"}})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"].startswith("/files")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n" + "d: [*c, *c]\n", "yaml-alias"),
        ("a: " + "[" * 5000 + "]" * 5000, "too-deep"),
        ("a: " + "{a: " * 5000, "too-deep"),
        ("a: !!python/object/apply:os.system ['true']", "yaml-tag"),
        ("a: 1\n---\nb: 2", "yaml-documents"),
        ("a: [" + "x, " * 500_001 + "]", "too-large"),
        ("a: " + "9" * 100_000, "unknown-key"),
        ("\0", "yaml-syntax"),
    ],
)
def test_bombs_in_rule_files_are_findings(client: httpx.Client, text: str, code: str) -> None:
    """Whatever is posted, the answer is a list of findings, and soon."""
    began = time.monotonic()
    reply = client.post("/v1/book:check", json={"files": {"book.yaml": text}})
    assert reply.status_code == 200, reply.text[:500]
    assert code in {one["code"] for one in reply.json()["diagnostics"]}
    assert time.monotonic() - began < 20
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_check_that_nobody_waits_for_keeps_others_out(tmp_path: Path) -> None:
    """So those that take too long never pile up."""
    large = {"files": {"book.yaml": "a: [" + "x, " * 400_000 + "]"}}
    with served(app_of(tmp_path, bounds=Bounds(seconds=0.05))) as url, httpx.Client() as client:
        codes = [client.post(f"{url}/v1/book:check", json=large).json()["code"] for _ in range(2)]
        assert codes == ["too-slow", "overloaded"]
        small = {"files": {"book.yaml": "format: 1"}}
        deadline = time.monotonic() + 60
        while client.post(f"{url}/v1/book:check", json=small).json().get("code") == "overloaded":
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_one_book_is_checked_at_a_time(client: httpx.Client) -> None:
    """Checking takes long; a second one meanwhile is sent away, and decisions go on."""
    from concurrent.futures import ThreadPoolExecutor

    large = {"files": {"book.yaml": "a: [" + "x, " * 400_000 + "]"}}
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(client.post, "/v1/book:check", json=large) for _ in range(4)]
        assert client.post("/v1/decisions", json=case("c-1")).status_code == 200
        replies = [one.result() for one in asked]
    assert {one.status_code for one in replies} == {200, 503}
    assert {one.headers.get("retry-after") for one in replies if one.status_code == 503} == {"1"}
