"""The store in Redis tells who knows a customer's decisions only of those that changed since."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tests.state.contract import row
from tests.state.servers import RedisProcess, redis_store, shared_redis
from tests.state.test_takings import claim, taking

from nba.errors import StoreError
from nba.state import redis
from nba.state.known import Kept
from nba.state.redis import RedisStore


@pytest.fixture
def store() -> Iterator[RedisStore]:
    """Open a store on the server that all share."""
    with redis_store() as found:
        yield found


def decide(store: RedisStore, id: str, customer: str = "c", at: int = 10) -> None:
    """Make a decision."""
    version = store.version(customer)
    wanted = taking(id, (claim(at_most=9999),), customer=customer, version=version, at=at)
    assert store.take(wanted).granted


def several(store: RedisStore) -> None:
    """Make two decisions, and amend one of them."""
    decide(store, "f")
    store.amend("f", 0, "at once", 12)
    decide(store, "g")


def texts(store: RedisStore, customer: str = "c") -> dict[str, str]:
    """Return what is remembered of the decisions."""
    return {one.id: one.text for one in store.recall(customer, 20).decisions}


def customers_noted(store: RedisStore) -> set[str]:
    """Return of whom changes are noted."""
    prefix = f"{store._server.prefix}c:"
    with shared_redis().client() as client:
        return {key.decode().removeprefix(prefix) for key in client.scan_iter(f"{prefix}*")}


@pytest.fixture
def sent(store: RedisStore, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give how many decisions were sent, each time."""
    found: list[int] = []
    run = store._run

    def seen(script: str, **arguments: Any) -> Any:
        answer = run(script, **arguments)
        if script == "recall":
            found.append(len(answer[4]))
        return answer

    monkeypatch.setattr(store, "_run", seen)
    return found


def test_only_what_changed_is_sent(store: RedisStore, sent: list[int]) -> None:
    """Once, however often it changed; all of it where decisions came in another way."""
    for number in range(50):
        decide(store, f"d{number}")
    decide(store, "other", "mail")
    steps: list[Callable[[], object]] = [
        lambda: None,
        lambda: decide(store, "e"),
        lambda: [store.amend("d1", revision, "more", 12) for revision in range(3)],
        lambda: store.append("c", [row("a", 11)]),
        lambda: several(store),
        lambda: store.link("mail", "c"),
        lambda: store.amend("other", 0, "by another name", 12),
        lambda: store.unlink("mail"),
        lambda: store.forget_before(10),
    ]
    assert len(texts(store)) == 50
    for step in steps:
        step()
        texts(store)
    assert sent == [50, 0, 1, 1, 0, 2, 54, 1, 53, 0]
    found = texts(store)
    assert len(found) == 53
    assert {found[key] for key in ("d1", "e", "f")} == {"more", "text", "at once"}


def test_each_name_goes_on_from_what_is_known_by_it(store: RedisStore) -> None:
    """Reading a journey by another one takes nothing of it away."""
    decide(store, "d")
    store.append("c", [row("a", 1)])
    store.link("mail", "c")
    known = store.recall("c", 20).decisions
    store.append("mail", [row("b", 2)])
    assert store.journey("mail") is store.journey("c")
    assert store.recall("c", 20).decisions is known
    decide(store, "e", "mail")
    assert texts(store) == texts(store, "mail") == {"d": "text", "e": "text"}


def test_a_time_that_comes_again_is_another_number(store: RedisStore, sent: list[int]) -> None:
    """As where the server's clock was put back: then all is read."""
    decide(store, "d")
    texts(store)
    decide(store, "e")
    with shared_redis().client() as client:
        key = store._server.key("c:c")
        [first] = client.zrange(key, 0, 0)
        client.zincrby(key, 1, first)
    texts(store)
    assert sent == [1, 2]


def test_so_many_changes_are_noted(store: RedisStore, sent: list[int]) -> None:
    """Who knows only what was before them reads all; who knows the first of them does not."""
    early, late = store._kept, Kept(10**6)
    decide(store, "d")
    texts(store)
    store._kept = late
    decide(store, "e")
    texts(store)
    decide(store, "f")
    for revision in range(998):
        store.amend("d", revision, "more", 12)
    sent.clear()
    for store._kept in (late, early):
        assert texts(store) == {"d": "more", "e": "text", "f": "text"}
    assert sent == [2, 3]
    with shared_redis().client() as client:
        assert client.zcard(f"{store._server.prefix}c:c") == 1000


def test_changes_are_noted_of_customers_with_decisions(store: RedisStore) -> None:
    """Of nobody else, and of nobody when the decisions are gone."""
    store.append("a", [row("e", 11)])
    store.append("b", [row("f", 11)])
    store.link("a", "b")
    assert customers_noted(store) == set()
    decide(store, "d", "c")
    store.link("c", "b")
    assert customers_noted(store) == {"b"}
    store.unlink("c")
    assert customers_noted(store) == {"c"}
    decide(store, "late", "b", at=12)
    store.forget_before(11)
    assert customers_noted(store) == {"b"}
    store.forget("a")
    assert customers_noted(store) == set()


@pytest.mark.parametrize(
    ("lost", "then", "wanted"),
    [
        (
            lambda store: decide(store, "e"),
            lambda store: decide(store, "f"),
            {"d": "text", "f": "text"},
        ),
        (
            lambda store: store.amend("d", 0, "lost", 11),
            lambda store: store.amend("d", 0, "then", 11),
            {"d": "then"},
        ),
        (
            lambda store: decide(store, "e"),
            lambda store: store.amend("d", 0, "then", 11),
            {"d": "then"},
        ),
        (
            lambda store: store.link("mail", "c"),
            several,
            {"d": "text", "f": "at once", "g": "text"},
        ),
        (lambda store: decide(store, "e"), lambda _: None, {"d": "text"}),
    ],
    ids=["decision", "amendment", "decision then amendment", "link", "nothing then"],
)
def test_what_a_server_lost_is_not_known(
    lost: Callable[[RedisStore], object],
    then: Callable[[RedisStore], object],
    wanted: dict[str, str],
) -> None:
    """It came back as it was a second before, and counts the same numbers again."""
    with TemporaryDirectory(prefix="nba-redis-") as place:
        folder, older = Path(place, "is"), Path(place, "was")
        folder.mkdir()
        server = RedisProcess(folder, appendonly="yes", appendfsync="always")
        store = RedisStore.open(server.url(timeout=10))
        try:
            decide(store, "x", "mail")
            decide(store, "d")
            texts(store)
            server.kill()
            shutil.copytree(folder, older, ignore=shutil.ignore_patterns("s"))
            server.start()
            lost(store)
            with server.client() as client:
                before = int(client.get("nba:changes"))
            assert texts(store) != wanted
            server.kill()
            shutil.rmtree(folder)
            older.rename(folder)
            server.start()
            then(store)
            with server.client() as client:
                counts_again = int(client.get("nba:changes")) >= before
            assert counts_again or wanted == {"d": "text"}
            assert texts(store) == wanted
        finally:
            store.close()
            server.kill()


def test_a_store_of_the_first_version_is_migrated(store: RedisStore) -> None:
    """Decisions from before are read, changed and added to."""
    decide(store, "a")
    decide(store, "b")
    server, url = store._server, shared_redis().url(store._server.prefix)
    with shared_redis().client() as client:
        client.delete(server.key("c:c"))
        client.hdel(server.key("n:c"), "d")
        client.set(server.key("schema"), "1")
    with pytest.raises(StoreError, match="has version 1, and 2 is wanted: migrate"):
        RedisStore.open(url)
    assert redis.migrate(url) == (1, 2)
    assert redis.check(url).ok
    again = RedisStore.open(url)
    for _ in range(2):
        assert texts(again) == {"a": "text", "b": "text"}
    again.amend("a", 0, "other", 12)
    assert texts(again) == {"a": "other", "b": "text"}
    decide(again, "d")
    assert texts(again) == {"a": "other", "b": "text", "d": "text"}
    found = again.recall("c", 20).decisions
    assert again.recall("c", 20).decisions is found
    again.close()
