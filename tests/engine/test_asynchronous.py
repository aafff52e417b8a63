"""The verbs for asyncio: the same answers, and an event loop that goes on while a store is slow."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.engine.contacts import BOOK, Clock, World, world

from nba import Decision, Engine, Event
from nba.book.build import build
from nba.book.source import parse
from nba.engine.asynchronous import Threads
from nba.state.memory import MemoryStore
from nba.state.reservation import Granted, Taking
from nba.state.store import Memory


class SlowStore(MemoryStore):
    """A store in memory whose round trips can be held up, and which counts takes."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.began = threading.Semaphore(0)
        self.takes: list[str] = []

    def recall(self, *args: Any, **more: Any) -> Memory:
        """Recall, once it may."""
        self.began.release()
        assert self.goes_on.wait(60)
        return super().recall(*args, **more)

    def take(self, taking: Taking) -> Granted:
        """Take, and note it."""
        granted = super().take(taking)
        if granted.granted:
            self.takes.append(taking.id)
        return granted

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold all round trips up for a while."""
        self.goes_on.clear()
        try:
            yield
        finally:
            self.goes_on.set()


def slow_world(threads: int) -> tuple[World, SlowStore]:
    """Open an engine with so many threads, and its store."""
    store, clock = SlowStore(), Clock()
    built = build([parse(BOOK, "book.yaml")])
    return World(Engine(built, clock=clock, store=store, threads=threads), clock, store), store


CUSTOMER = {"tier": "gold", "monthly_bill": 60, "consent": {"phone": True}, "household": "h-1"}


def test_every_verb_can_be_awaited() -> None:
    """They say and do the same."""
    found = world()
    found.missed("a-1")

    async def story() -> Decision:
        engine = found.engine
        await engine.aobserve(Event("technician_arrived", "mail-1", data={"appointment": "a-0"}))
        await engine.alink("mail-1", "c-1")
        await engine.aunlink("mail-1")
        decision = await engine.adecide("c-1", customer=CUSTOMER, role="agent", n=2)
        await engine.aapprove(decision.id, "Ann", "team_lead")
        assert (await engine.arecord(decision.id, "accepted")).counted
        assert (await engine.aexplain(decision)).account("apology_credit").code == "chosen"
        assert len((await engine.aexport("c-1"))["decisions"]) == 1
        assert (await engine.adue())[0]
        await engine.aforget("mail-1")
        return decision

    decision = asyncio.run(story())
    assert decision.action == "apology_credit"
    found.engine.close()


def test_the_verbs_say_what_they_are() -> None:
    """Names, docstrings and parameters are those of the verbs that block."""
    for name in ("decide", "record", "approve", "observe"):
        awaited = getattr(Engine, f"a{name}")
        assert inspect.iscoroutinefunction(awaited)
        assert awaited.__name__ == f"a{name}"
        assert inspect.signature(awaited) == inspect.signature(getattr(Engine, name))
        assert f"`{name}`" in awaited.__doc__


def test_the_loop_goes_on_while_the_store_is_slow() -> None:
    """More decisions wait than there are threads, and the loop ticks all the while."""
    found, store = slow_world(threads=2)
    for number in range(20):
        found.missed(f"a-{number}", f"c-{number}")

    async def story() -> list[Decision]:
        with store.held():
            waiting = [
                asyncio.create_task(found.engine.adecide(f"c-{number}", customer=CUSTOMER))
                for number in range(20)
            ]
            longest, loop = 0.0, asyncio.get_running_loop()
            for _ in range(100):
                began = loop.time()
                await asyncio.sleep(0.001)
                longest = max(longest, loop.time() - began)
            assert longest < 5
            assert not any(task.done() for task in waiting)
        return await asyncio.gather(*waiting)

    decisions = asyncio.run(story())
    assert len({one.id for one in decisions}) == 20
    assert sorted(store.takes) == sorted(one.id for one in decisions if one.action)
    assert found.used("budget/pool") <= 10_000
    found.engine.close()


def test_a_cancelled_wait_loses_and_doubles_nothing() -> None:
    """What had not begun is not done; what had begun is done once, and asked again it is kept."""
    found, store = slow_world(threads=1)
    found.missed("a-1")
    found.missed("a-1", "c-2")

    async def story() -> tuple[Decision, Decision]:
        with store.held():
            begun = asyncio.create_task(found.engine.adecide("c-1", customer=CUSTOMER))
            await asyncio.to_thread(store.began.acquire)
            queued = asyncio.create_task(found.engine.adecide("c-2", customer=CUSTOMER))
            await asyncio.sleep(0.01)
            for task in (begun, queued):
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
        first = await found.engine.adecide("c-1", customer=CUSTOMER)
        return first, await found.engine.adecide("c-2", customer=CUSTOMER)

    first, second = asyncio.run(story())
    assert len(store.takes) == 3  # the one that had begun, and the two that were asked again
    assert first.kept_from == store.takes[0]
    assert second.kept_from is None
    assert found.used("budget/pool") == 4000
    found.engine.close()


def test_a_wait_may_have_an_end() -> None:
    """A timeout of asyncio's is one more way to cancel."""
    found, store = slow_world(threads=1)

    async def story() -> None:
        with store.held(), pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await found.engine.adecide("c-1", customer=CUSTOMER)

    asyncio.run(story())
    found.engine.close()


def test_no_more_threads_than_agreed() -> None:
    """Those that wait for one wait in the order in which they came."""
    threads = Threads(3)
    running, most = 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.005)
        with lock:
            running -= 1

    async def story() -> None:
        await asyncio.gather(*(threads.run(work) for _ in range(30)))

    asyncio.run(story())
    threads.close()
    threads.close()
    assert most == 3
