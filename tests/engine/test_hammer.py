"""Budgets and limits with many processes and threads, killed ones too: exactly what is allowed.

Not one more, and not one less while it is asked for. What the dead had reserved comes back; what
was acknowledged is there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.state.postgres_server import PostgresServer
from tests.state.servers import RedisProcess

from nba import windows
from nba.decide.contact import Asked
from nba.state.opening import open_store
from nba.state.reservation import EVER

LONG = os.environ.get("NBA_LONG") == "1"
PROCESSES = 8
THREADS = 32 if LONG else 4
KILLS = 40 if LONG else 6
CALLS, CREDIT, MAILS = (600, 300, 900) if LONG else (200, 120, 300)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
BOOK = f"""
format: 1
book: hammered
currency: EUR
channels: {{phone: {{}}, email: {{}}}}
issues: {{s: {{}}}}
groups: {{s/g: {{}}}}
budgets:
  calls: {{count: {CALLS}}}
  money: {{amount: {CREDIT}, window: {{rolling: 30d}}}}
contact_policy:
  limits:
    - id: mails
      counts: decided
      covers: {{action: mail}}
      per: book
      at_most: {MAILS}
      window: {{rolling: 30d}}
actions:
  call: {{title: Call, group: s/g, kind: offer, value: 3, channels: [phone], takes: [calls]}}
  credit:
    title: Credit
    group: s/g
    kind: goodwill_gesture
    value: 2
    channels: [phone]
    gesture: {{ladder: [{{amount: 1}}], budgets: [money]}}
  mail: {{title: Mail, group: s/g, kind: offer, value: 1, channels: [email]}}
"""


class Place:
    """Where a store is kept: its URL, and how its server is killed and started again, if it has."""

    def __init__(self, url: str, crash: Callable[[], None] | None = None) -> None:
        self.url = url
        self.crash = crash


@contextmanager
def sqlite() -> Iterator[Place]:
    """Give a file."""
    with tempfile.TemporaryDirectory() as folder:
        yield Place(f"sqlite:///{folder}/nba.db?timeout=120")


@contextmanager
def redis() -> Iterator[Place]:
    """Give a server that writes everything down before it answers."""
    with tempfile.TemporaryDirectory(prefix="nba") as folder:
        server = RedisProcess(Path(folder), appendonly="yes", appendfsync="always")

        def crash() -> None:
            server.kill()
            server.start()

        try:
            yield Place(server.url(timeout=120), crash)
        finally:
            server.kill()


@contextmanager
def postgres() -> Iterator[Place]:
    """Give a server that writes everything down before it answers."""
    server = PostgresServer(fsync="on", synchronous_commit="on")
    try:
        server.start()
        with server.schema() as schema:

            def crash() -> None:
                server.stop("immediate")
                server.start()

            yield Place(server.url(schema, timeout=120), crash)
    finally:
        server.remove()


PLACES = {"sqlite": sqlite, "redis": redis, "postgres": postgres}


class Crowd:
    """Processes that hammer one store, and what they said."""

    def __init__(self, place: Place, book: Path, now: datetime) -> None:
        self.place, self.book, self.now = place, book, now
        self.started = 0
        self.files: dict[int, Path] = {}  # by process
        self.lines: list[str] = []

    def start(self, folder: Path) -> subprocess.Popen[bytes]:
        """Start a process that writes into a file, once its input is closed."""
        self.started += 1
        name = f"p{self.started}-{self.now:%d%H}"
        command = [sys.executable, "-m", "tests.engine.hammer", self.place.url, str(self.book)]
        with (folder / name).open("wb") as output:
            job = subprocess.Popen(
                [*command, name, str(THREADS), self.now.isoformat()],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
            )
        self.files[job.pid] = folder / name
        return job

    def run(self, folder: Path, *, kills: int = 0) -> None:
        """Run all of them to the end; some are killed at work, and others take their place."""
        jobs = [self.start(folder) for _ in range(PROCESSES)]
        while any(self.said(job, b"ready") == 0 for job in jobs):
            time.sleep(0.01)
        for job in jobs:
            begin(job)
        for turn in range(kills):
            self._kill(jobs, turn, granted=(turn + 1) * (CALLS + CREDIT + MAILS) // (kills + 4))
            jobs.append(self.start(folder))
            begin(jobs[-1])
            if self.place.crash is not None and turn % 3 == 1:
                self.place.crash()
        try:
            assert [job.wait(timeout=1200) for job in jobs] == [0] * PROCESSES
        finally:
            for job in jobs:
                job.kill()
                job.wait()
        for file in sorted(folder.iterdir()):
            self.lines += file.read_text().split("\n")[:-1]

    def _kill(self, jobs: list[subprocess.Popen[bytes]], turn: int, *, granted: int) -> None:
        """Kill one in the middle of its work, as soon as so much is granted to all."""
        while sum(file.read_bytes().count(b"granted") for file in self.files.values()) < granted:
            assert any(job.poll() is None for job in jobs), "all was over before the kill"
            time.sleep(0.002)
        at_work = [job for job in jobs if job.poll() is None and self.said(job, b"granted")]
        victim = at_work[turn % len(at_work)]
        victim.send_signal(signal.SIGKILL)
        assert victim.wait() == -signal.SIGKILL, "it had ended before"
        jobs.remove(victim)

    def said(self, job: subprocess.Popen[bytes], word: bytes) -> int:
        """Return how often a process said a word."""
        return self.files[job.pid].read_bytes().count(word)

    def granted(self) -> Counter[str]:
        """Return how often each action was granted."""
        return Counter(line.split()[1] for line in self.lines if line.startswith("granted"))

    def accepted(self) -> set[str]:
        """Return the decisions whose outcome was acknowledged."""
        return {line.split()[1] for line in self.lines if line.startswith("accepted")}


def begin(job: subprocess.Popen[bytes]) -> None:
    """Let a process work."""
    assert job.stdin is not None
    job.stdin.close()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Write the book."""
    file = tmp_path / "book.yaml"
    file.write_text(BOOK)
    return file


@pytest.mark.parametrize("kind", PLACES)
def test_exactly_what_is_allowed_is_granted(kind: str, book: Path, tmp_path: Path) -> None:
    """Eight processes with many threads each ask for the same budgets and the same limit."""
    folder = tmp_path / "said"
    folder.mkdir()
    with PLACES[kind]() as place:
        open_store(place.url).close()
        crowd = Crowd(place, book, NOW)
        crowd.run(folder)
    assert crowd.granted() == {"call": CALLS, "credit": CREDIT, "mail": MAILS}
    ids = [line.split()[2] for line in crowd.lines if line.startswith("granted")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind", PLACES)
def test_nothing_is_lost_or_doubled_when_processes_are_killed(
    kind: str, book: Path, tmp_path: Path
) -> None:
    """And their server too. A day later what the dead had reserved is granted to others."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    later = NOW + timedelta(hours=25)
    calls = Asked("budget/calls", "", EVER)
    with PLACES[kind]() as place:
        open_store(place.url).close()
        crowd = Crowd(place, book, NOW)
        crowd.run(first, kills=KILLS)
        granted = crowd.granted()
        assert granted["call"] <= CALLS
        assert granted["credit"] <= CREDIT
        assert granted["mail"] <= MAILS
        store = open_store(place.url)
        try:
            for decision in crowd.accepted():
                row = store.decision(decision)
                assert row is not None
                assert '"accepted"' in row.text
            at = windows.instant(NOW)
            assert store.recall("nobody", at, [calls]).used == (CALLS,)
            (committed,) = store.recall("nobody", windows.instant(later), [calls]).used
        finally:
            store.close()
        assert len(crowd.accepted()) <= committed <= CALLS
        after = Crowd(place, book, later)
        after.run(second)
        assert after.granted() == {"call": CALLS - committed, "credit": CREDIT}
