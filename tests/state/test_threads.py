"""The contract, third part: several threads at the same time."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.state.contract import drained, ids, row

from nba.errors import CaseError
from nba.state.store import Due, Store

THREADS = 8


@pytest.fixture(autouse=True)
def _switching_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(work: Callable[[int], None], threads: int = THREADS) -> None:
    """Let threads begin the same work at the same time; what one raises is raised."""
    barrier = threading.Barrier(threads)

    def begin(number: int) -> None:
        barrier.wait()
        work(number)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(begin, range(threads)):
            pass


def test_appending_and_linking_lose_and_double_nothing(store: Store) -> None:
    """Each event is new to exactly one of those who bring it, and in the end it is there once."""
    names = [f"n{number}" for number in range(6)]
    for name in names:
        store.link(name, "c")
    new: list[str] = []

    def work(number: int) -> None:
        chance = random.Random(number)
        order = list(range(150))
        chance.shuffle(order)
        for event in order:
            name = chance.choice(names)
            found = store.append(name, [row(f"e{event}", event % 17)])
            new.extend(one["id"] for one in found)
            journey = ids(store, name)
            assert len(journey) == len(set(journey))
            assert f"e{event}" in journey

    together(work)
    expected = sorted((event % 17, f"e{event}") for event in range(150))
    assert [(one["at"], one["id"]) for one in store.journey("c").rows] == expected
    assert sorted(new) == sorted(key for _, key in expected)


def test_names_that_are_linked_meanwhile_keep_their_events(store: Store) -> None:
    """Linking to and fro, in circles too: every event stays under the name that it came by."""
    names = [f"n{number}" for number in range(6)]

    def work(number: int) -> None:
        chance = random.Random(number)
        for event in range(100):
            one, other = chance.sample(names, 2)
            key = f"{one}-{number}-{event}"
            assert len(store.append(one, [row(key, event)])) == 1
            try:
                store.link(one, other)
            except CaseError:
                store.unlink(other)
            journey = ids(store, chance.choice(names))
            assert len(journey) == len(set(journey))

    together(work)
    for name in names:
        store.unlink(name)
    found = [key for name in names for key in ids(store, name)]
    assert len(set(found)) == len(found) == THREADS * 100
    assert all(key.startswith(f"{name}-") for name in names for key in ids(store, name))


def test_the_last_word_on_deadlines_has_the_whole_journey(store: Store) -> None:
    """Everybody sets the deadlines from the journey that they saw, with its version."""

    def work(number: int) -> None:
        for event in range(40):
            store.append("c", [row(f"{number}-{event}", 1)])
            done = False
            while not done:
                version = store.version("c")
                count = len(store.journey("c"))
                done = store.set_deadlines("c", [(count, "m", "opened")], version)

    together(work)
    assert store.due(10**6)[0] == [Due(THREADS * 40, "c", "m", "opened")]


def test_who_reads_meanwhile_gets_every_deadline_once(store: Store) -> None:
    """Readers with small pages, while others set deadlines before and after their time."""
    readers = 2
    found: list[list[Due]] = [[] for _ in range(readers)]
    cursors: list[str | None] = [None] * readers

    def work(number: int) -> None:
        chance = random.Random(number)
        if number < readers:
            for now in range(0, 1000, 4):
                due, cursors[number] = store.due(now, cursors[number], 3)
                found[number] += due
        else:
            entries: list = []
            for event in range(100):
                entries.append((chance.randrange(1000), f"m{event}", "opened"))
                store.set_deadlines(f"c{number}", entries)

    together(work)
    everything = drained(store, 1000)[0]
    assert len(everything) == (THREADS - readers) * 100
    for some, cursor in zip(found, cursors, strict=True):
        assert sorted(some + drained(store, 1000, cursor, 7)[0]) == everything
