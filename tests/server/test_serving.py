"""`nba serve` as a process: it starts, several share a store, and it ends with nothing lost."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.engine.contacts import BOOK
from tests.server.serving import book_in, case

from nba import CaseError
from nba.cli import main
from nba.record.reading import records_in
from nba.record.record import Record
from nba.server.serving import Serving

ROOT = Path(__file__).parents[2]


class Running:
    """A process of `nba serve`, its address, and what it wrote."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.url = ""
        self.http = httpx.Client(timeout=30)  # making one takes long
        self._serving = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._serving.wait(30), self.lines

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"serving on (http://[\w.:]+)", line):
                self.url = found[1]
                self._serving.set()
        self._serving.set()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to end, and wait until it has; return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._reader.join(10)
        return code


@contextmanager
def serving(folder: Path, *options: str, **environment: str) -> Iterator[Running]:
    """Serve a small book on any port that is free, and wait until it answers."""
    command = [sys.executable, "-m", "nba", "serve", str(book_in(folder)), "--port", "0", *options]
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": path} | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    running = None
    try:
        running = Running(process)
        deadline = time.monotonic() + 30
        while True:
            try:
                running.http.get(f"{running.url}/healthz")
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, running.lines
                time.sleep(0.05)
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        if process.stderr is not None:
            process.stderr.close()
        if running is not None:
            running.http.close()


def test_it_ends_without_losing_anything(tmp_path: Path) -> None:
    """Told to end under load: every decision that was answered is in the log, none is cut off."""
    log, told = tmp_path / "log.jsonl", set[str]()
    refused = 0
    with serving(tmp_path, "--log", str(log), "--quiet") as running:

        def ask(number: int) -> None:
            nonlocal refused
            try:
                url = f"{running.url}/v1/decisions"
                reply = running.http.post(url, json=case(f"c-{number}"))
            except httpx.ConnectError:  # it listens no more
                refused += 1
                return
            assert reply.status_code == 200
            told.add(reply.json()["id"])

        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(ask, number) for number in range(400)]
            while len(told) < 50:
                time.sleep(0.005)
            code = running.end()
            lost = [one.exception() for one in asked if one.exception() is not None]
    assert code in (0, -signal.SIGTERM)
    # a connection may be reset before it was accepted; what was accepted was answered
    assert all(isinstance(one, httpx.ReadError | httpx.RemoteProtocolError) for one in lost)
    assert 50 <= len(told) < 400
    assert refused
    logged = {one.id for one in records_in(log) if isinstance(one, Record)}
    assert told <= logged


def test_several_workers_answer_as_one(tmp_path: Path) -> None:
    """With one store: the same key is told the same, limits hold, and counts are added up."""
    store = f"sqlite:///{tmp_path}/nba.db"
    options = ("--workers", "2", "--store", store, "--log", str(tmp_path / "log.db"))
    with serving(tmp_path, *options) as running, ThreadPoolExecutor(8) as pool:

        def ask(number: int) -> Any:
            headers = {"Idempotency-Key": f"k-{number % 20}", "Connection": "close"}
            url = f"{running.url}/v1/decisions"
            return running.http.post(url, json=case(f"c-{number % 20}"), headers=headers).json()

        found = list(pool.map(ask, range(160)))
        assert len({one["id"] for one in found}) == 20
        assert len({json.dumps(one) for one in found}) == 20
        for one in found[:20]:
            url = f"{running.url}/v1/decisions/{one['id']}"
            assert running.http.get(f"{url}/explanation").json()["decision"]["action"] == "upgrade"
        text = running.http.get(f"{running.url}/metrics").text
        counts = re.findall(r'nba_decisions_total\{action="upgrade",reason="chosen"\} (\S+)', text)
        assert sum(map(float, counts)) == 160
        book_in(tmp_path, BOOK.replace("More for less", "Even more"))
        assert running.http.post(f"{running.url}/v1/book:reload").status_code == 200
        deadline = time.monotonic() + 20
        while True:  # until every worker tells the new title
            titles = {
                running.http.post(
                    f"{running.url}/v1/decisions",
                    json=case(f"n-{n}"),
                    headers={"Connection": "close"},
                ).json()["title"]
                for n in range(20)
            }
            if titles == {"Even more"}:
                break
            assert time.monotonic() < deadline
        assert running.end() == 0


def test_a_process_that_ends_is_replaced(tmp_path: Path) -> None:
    """While the files are broken the others go on; what it counted of itself is forgotten."""
    store = f"sqlite:///{tmp_path}/nba.db"
    with serving(tmp_path, "--workers", "2", "--store", store, "--quiet") as running:

        def until(text: str, of: int) -> None:
            deadline = time.monotonic() + 30
            while "".join(running.lines).count(text) < of:
                assert time.monotonic() < deadline, running.lines
                time.sleep(0.05)

        def metric() -> str:
            return running.http.get(f"{running.url}/metrics").text

        until("Application startup complete", 2)
        book_in(tmp_path, "actions: [")
        until("the old one decides", 2)
        assert "nba_book_reload_failed 1.0" in metric()
        found = re.findall(r"Started server process \[(\d+)\]", "".join(running.lines))
        os.kill(int(found[0]), signal.SIGKILL)
        until("a process cannot begin, and is tried again: the book has errors", 1)
        assert running.http.post(f"{running.url}/v1/decisions", json=case("c-1")).is_success
        book_in(tmp_path)
        until("Application startup complete", 3)
        deadline = time.monotonic() + 20
        while "nba_book_reload_failed 0.0" not in metric():
            assert time.monotonic() < deadline, metric()
            time.sleep(0.1)
        assert running.end() == 0
    assert all(json.loads(line) for line in running.lines)  # no trace of an error between


def test_no_process_outlives_the_first(tmp_path: Path) -> None:
    """Where that is killed the others end, in their order, and the port is free."""
    store = f"sqlite:///{tmp_path}/nba.db"
    with serving(tmp_path, "--workers", "2", "--store", store, "--quiet") as running:
        assert running.http.post(f"{running.url}/v1/decisions", json=case("c-1")).is_success
        running.end(signal.SIGKILL)
        deadline = time.monotonic() + 20
        while "".join(running.lines).count("Finished server process") < 2:
            assert time.monotonic() < deadline, running.lines
            time.sleep(0.05)
        with pytest.raises(httpx.TransportError):
            running.http.get(f"{running.url}/healthz")


def test_its_log_says_nothing_private(tmp_path: Path) -> None:
    """Lines of JSON, with no id, field, key or path in them, whatever was asked."""
    with serving(tmp_path) as running:
        for path in ("/v1/customers/secret-1/journey", "/secret-2", "/v1/due?cursor=secret-3"):
            running.http.get(running.url + path)
        given = case("secret-4") | {"role": "secret-5", "at": "secret-6"}
        key = {"Idempotency-Key": "secret-7", "Authorization": "Bearer secret-8"}
        running.http.post(f"{running.url}/v1/decisions", json=given, headers=key)
        running.http.post(f"{running.url}/v1/decisions", content=b"secret-9", headers=key)
        running.end()
    assert "secret" not in "".join(running.lines)
    lines = [json.loads(line) for line in running.lines]
    answered = [one for one in lines if one["message"] == "answered"]
    assert {(one["endpoint"], one["status"]) for one in answered} >= {
        ("journey", 200),
        ("due", 422),
        ("decide", 422),
        ("decide", 415),
        ("other", 404),
    }
    assert all({"time", "level", "logger", "ms", "method"} <= one.keys() for one in answered)


def test_what_cannot_be_served_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything listens, with what to do."""
    book = str(book_in(tmp_path, BOOK.replace("customer.wants_more\n", "customer.wants_mor\n")))
    assert main(["serve", book, "--port", "1"]) in (1, 2)
    assert main(["serve", book, "--host", "0.0.0.0"]) == 2  # noqa: S104 - it is refused
    assert "without API keys only this machine is served" in capsys.readouterr().err
    assert main(["serve", book, "--workers", "2"]) == 2
    assert "several workers need a store that they share" in capsys.readouterr().err
    for option, value in (("--port", "65536"), ("--port", "-1"), ("--max-body", "0")):
        assert main(["serve", book, option, value]) == 2
        assert f"`{option}`" in capsys.readouterr().err
    several = ["serve", str(ROOT / "rules"), "--workers", "2", "--store"]
    assert main([*several, "sqlit:///nba.db"]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert main([*several, f"sqlite:///{tmp_path}/nba.db", "--log", str(tmp_path / "none/a.db")])
    assert "the decision log" in capsys.readouterr().err
    assert main(["serve", book, "--keys", str(tmp_path / "none")]) == 2
    assert "no such file" in capsys.readouterr().err
    done = subprocess.run(
        [sys.executable, "-m", "nba", "serve", book, "--port", "0"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "did you mean `customer.wants_more`?" in done.stderr


def test_keys_come_from_a_file_or_the_environment(tmp_path: Path) -> None:
    """The file goes before, and no key at all is None."""
    line = f"shop decide sha256:{'0' * 64}"
    file = tmp_path / "keys.txt"
    file.write_text(line + "\n")
    assert Serving(book="b").known_keys({}) is None
    assert Serving(book="b").known_keys({"NBA_API_KEYS": line}) is not None
    assert Serving(book="b", keys=str(file)).known_keys({"NBA_API_KEYS": "wrong"}) is not None
    with pytest.raises(CaseError, match="`NBA_API_KEYS`, line 1"):
        Serving(book="b").known_keys({"NBA_API_KEYS": "wrong"})
