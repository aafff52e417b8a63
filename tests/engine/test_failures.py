"""A store that fails: waited for in bounds, decided as the book says, and never counted wrongly."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tests.engine.contacts import BOOK, world
from tests.state.servers import RedisProcess

from nba import Decision, StoreError
from nba.state.memory import MemoryStore
from nba.state.opening import open_store
from nba.state.reservation import Granted, Taking
from nba.state.store import Memory

OFFER = {"wants_more": True}
ALLOWED = "on_store_failure: {without_limits_for: {tag: [service, marketing]}}\n"


class Failing(MemoryStore):
    """A store in memory that can be told to fail before a step, or after it was done."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: dict[str, bool] = {}  # by step: whether it is done all the same

    @contextmanager
    def failing(self, step: str, *, done: bool = False) -> Iterator[None]:
        """Let a step fail for a while."""
        self.fails[step] = done
        try:
            yield
        finally:
            del self.fails[step]

    def _fail(self, step: str, *, after: bool) -> None:
        if self.fails.get(step) is after:
            raise StoreError("the answer did not come within 2 s")

    def recall(self, *args: Any, **more: Any) -> Memory:
        """Recall, or fail."""
        self._fail("recall", after=False)
        return super().recall(*args, **more)

    def take(self, taking: Taking) -> Granted:
        """Take, or fail, before or after."""
        self._fail("take", after=False)
        granted = super().take(taking)
        self._fail("take", after=True)
        return granted

    def amend(self, *args: Any, **more: Any) -> tuple[bool, ...] | None:
        """Amend, or fail, before or after."""
        self._fail("amend", after=False)
        done = super().amend(*args, **more)
        self._fail("amend", after=True)
        return done

    def append(self, *args: Any, **more: Any) -> Any:
        """Append, or fail."""
        self._fail("append", after=False)
        return super().append(*args, **more)


def assert_nothing(decision: Decision) -> None:
    """Nothing is done, and it is said why."""
    assert decision.action is None
    assert set(decision.codes().values()) == {"unavailable:store"}
    assert decision.reason == "unavailable"
    (found,) = decision.diagnostics
    assert (found.code, found.severity) == ("store-failure", "warning")


@pytest.mark.parametrize("step", ["recall", "take"])
def test_without_the_store_nothing_is_done(step: str) -> None:
    """By default: no limit, no budget and no promise can be kept without it."""
    store = Failing()
    found = world(store=store)
    found.missed("a-1")
    with store.failing(step):
        decision = found.decide()
        assert_nothing(decision)
        told = found.engine.explain(decision).account("apology_credit").sentences
        assert "the store failed" in told[0]
    assert found.used("budget/pool") == 0
    assert found.decide().action == "apology_credit"


@pytest.mark.parametrize("step", ["recall", "take"])
def test_what_the_book_allows_goes_on_without_limits(step: str) -> None:
    """But nothing that gives or takes, whatever is allowed."""
    store = Failing()
    found = world(BOOK + ALLOWED, store)
    found.missed("a-1")
    with store.failing(step):
        decision = found.decide(customer=OFFER)
        assert decision.action == "upgrade"
        codes = decision.codes()
        assert codes["apology_credit"] == codes["call_back"] == "unavailable:store"
        assert codes["ask_to_stay"] == "unavailable:store"
        assert [one.code for one in decision.diagnostics] == ["store-failure"]
        found.engine.explain(decision)
    assert found.engine.export("c-1")["decisions"] == []
    assert found.used("limit/weekly", None) == 0


def test_a_take_whose_answer_was_lost_counts_once() -> None:
    """It was done; it stays reserved, is the answer when asked again, and else goes back."""
    store = Failing()
    found = world(BOOK + ALLOWED, store)
    found.missed("a-1")
    with store.failing("take", done=True):
        lost = found.decide(customer=OFFER)
        assert lost.action == "upgrade"
    assert found.used("budget/pool") == 2000
    with pytest.raises(Exception, match="is remembered"):
        found.engine.record(lost.id, "accepted")  # another answer, and not the one that was lost
    again = found.decide()
    assert (again.action, again.kept_from is None) == ("apology_credit", False)
    assert found.used("budget/pool") == 2000
    found.clock.pass_by(days=1)
    assert found.used("budget/pool") == 0


@pytest.mark.parametrize("done", [False, True])
def test_an_outcome_is_recorded_again_until_it_is_known(done: bool) -> None:
    """Who is not told that it was recorded says it again; it counts once."""
    store = Failing()
    found = world(store=store)
    found.missed("a-1")
    given = found.decide()
    with store.failing("amend", done=done), pytest.raises(StoreError):
        found.engine.record(given.id, "accepted")
    assert found.engine.record(given.id, "accepted").counted is not done
    found.clock.pass_by(days=2)
    assert found.used("budget/own", None) == 2000


def test_a_decision_is_made_though_its_interaction_cannot_be_recorded() -> None:
    """What was granted is told; that the journey misses an event is said."""
    book = BOOK + "interaction_event: {event: technician_arrived}\n"
    store = Failing()
    found = world(book, store)
    found.missed("a-1")
    with store.failing("append"):
        decision = found.decide(channel="chat", observe=True)
    assert decision.action == "apology_credit"
    assert [one.code for one in decision.diagnostics] == ["store-failure"]
    assert found.engine.record(decision.id, "accepted").counted


def test_what_is_handed_in_needs_no_store() -> None:
    """An application that keeps its own data decides as ever."""
    store = Failing()
    found = world(store=store)
    with store.failing("recall"), store.failing("take"):
        decision = found.decide(customer=OFFER, events=[], history=[])
        assert (decision.action, decision.diagnostics) == ("upgrade", ())


# --- real stores

LOCKS = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_file_that_another_process_has_locked(tmp_path: Path) -> None:
    """It is waited for as long as the URL says; once it is free, everything counts."""
    file = tmp_path / "nba.db"
    with closing(open_store(f"sqlite:///{file}?timeout=0.2")) as store:
        found = world(store=store)
        found.missed("a-1")
        program = [sys.executable, "-c", LOCKS, str(file)]
        other = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "locked\n"
            began = time.monotonic()
            assert_nothing(found.decide())
            assert time.monotonic() - began < 10
            with pytest.raises(StoreError, match="was not free within"):
                found.missed("a-2")
        finally:
            other.kill()
            other.communicate()
        given = found.decide()
        assert given.action == "apology_credit"
        found.engine.record(given.id, "accepted")
        assert (found.used("budget/pool"), found.used("budget/own", None)) == (2000, 2000)


@pytest.fixture
def server() -> Iterator[RedisProcess]:
    """Start a server that keeps everything in a file, and may be stopped and killed."""
    with TemporaryDirectory(prefix="nba-redis-") as folder:  # sockets have short paths
        found = RedisProcess(Path(folder), appendonly="yes", appendfsync="always")
        try:
            yield found
        finally:
            found.kill()


def test_a_server_that_is_killed_and_started_again(server: RedisProcess) -> None:
    """Meanwhile nothing is done, and soon; after it, what was granted before is still counted."""
    with closing(open_store(server.url(timeout=1))) as store:
        found = world(store=store)
        found.missed("a-1")
        first = found.decide(channel="chat")
        server.kill()
        began = time.monotonic()
        assert_nothing(found.decide(channel="email"))
        with pytest.raises(StoreError):
            found.engine.record(first.id, "accepted")
        assert time.monotonic() - began < 20
        server.start()
        assert found.decide(channel="email").kept_from == first.id
        assert found.engine.record(first.id, "accepted").counted
        assert (found.used("budget/pool"), found.used("budget/own", None)) == (2000, 2000)


def test_a_server_that_hangs(server: RedisProcess) -> None:
    """It is waited for in bounds, the event loop goes on, and nothing is counted twice."""
    with closing(open_store(server.url(timeout=0.5))) as store:
        found = world(store=store)
        for number in range(4):
            found.missed(f"a-{number}", f"c-{number}")

        async def story() -> list[Decision]:
            waiting = [
                asyncio.create_task(
                    found.engine.adecide(
                        f"c-{number}", customer={"monthly_bill": 60}, interaction=CHAT
                    )
                )
                for number in range(4)
            ]
            ticks, loop = 0, asyncio.get_running_loop()
            began = loop.time()
            while not all(task.done() for task in waiting):
                await asyncio.sleep(0.01)
                ticks += 1
            assert ticks > (loop.time() - began) * 10  # ten times a second at least
            return await asyncio.gather(*waiting)

        server.signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            for decision in asyncio.run(story()):
                assert_nothing(decision)
            assert time.monotonic() - began < 20
        finally:
            server.signal(signal.SIGCONT)
        decisions = [found.decide(f"c-{number}", "chat") for number in range(4)]
        assert {one.action for one in decisions} == {"apology_credit"}
        amounts = [one.gesture.amount for one in decisions if one.gesture]
        assert found.used("budget/pool") == 100 * sum(amounts)
        found.engine.close()


CHAT = {"channel": "chat"}
