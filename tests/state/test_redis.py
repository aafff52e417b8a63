"""The store in Redis: what the contract does not say, and what it does when a server fails."""

from __future__ import annotations

import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import (
    ConnectionError,  # noqa: A004 - its name there
    ResponseError,
)
from tests.state.contract import ids, row
from tests.state.servers import RedisProcess, redis_store, shared_redis

from nba.decide.contact import Asked
from nba.decide.offers import Claim
from nba.errors import StoreError
from nba.lang.values import INT_MAX, INT_MIN
from nba.state import redis, redis_server
from nba.state.redis import RedisStore
from nba.state.reservation import EVER, Alternative, Granted, Settlement, Taking
from nba.state.sortable import NEVER, deadline_of, deadline_text, sortable_text, time_of, time_text
from nba.state.store import Due

BUDGET = Asked("budget", "", EVER)


@pytest.fixture
def server() -> Iterator[RedisProcess]:
    """Start a server that may be stopped, changed and killed."""
    with TemporaryDirectory(prefix="nba-redis-") as folder:
        found = RedisProcess(Path(folder), appendonly="yes", appendfsync="always")
        try:
            yield found
        finally:
            found.kill()


@pytest.fixture
def store() -> Iterator[RedisStore]:
    """Open a store on the server that all share."""
    with redis_store() as found:
        yield found


def taking(id: str, amount: int = 1, at_most: int = 2, version: int = 0, **more: Any) -> Taking:
    """Return a decision that takes some of the book's budget."""
    claim = Claim(BUDGET, amount, at_most, more.pop("expires", None))
    alternative = Alternative((claim,), "answer")
    return Taking(id, more.pop("customer", id), version, 10, 1, (alternative,), "text")


def used(store: RedisStore) -> int:
    """Return what is used of the budget."""
    return store.recall("anybody", 10, [BUDGET]).used[0]


# --- when the server fails


def test_all_is_kept_when_a_server_crashes(server: RedisProcess) -> None:
    """With a store that was open before, and with one that is opened after."""
    store = RedisStore.open(server.url(timeout=10))
    store.append("c", [row("a", 1)])
    before = store.journey("c")
    store.set_deadlines("c", [(5, "m", "opened")])
    _, cursor = store.due(4)
    assert store.take(taking("d", customer="c", version=store.version("c"))).granted
    server.kill()
    server.start()
    for again in (store, RedisStore.open(server.url())):
        assert ids(again, "c") == ["a"]
        assert [due.at for due in again.due(5, cursor)[0]] == [5]
        assert (used(again), again.recall("c", 10).decisions[0].id) == (1, "d")
    assert store.journey("c") is before
    store.close()


def test_a_call_waits_for_a_server_that_is_started_again(server: RedisProcess) -> None:
    """Not longer than the timeout, but as long."""
    store = RedisStore.open(server.url(timeout=10))
    store.append("c", [row("a", 1)])
    server.kill()
    starting = threading.Timer(0.3, server.start)
    starting.start()
    assert store.append("c", [row("b", 2)]) == [row("b", 2)]
    starting.join()
    assert ids(store, "c") == ["a", "b"]
    store.close()


def test_who_waits_too_long_is_told(server: RedisProcess) -> None:
    """A server that stands still, and one that is gone; then it goes on as before."""
    store = RedisStore.open(server.url(timeout=0.3))
    store.append("c", [row("a", 1)])
    server.signal(signal.SIGSTOP)
    start = time.monotonic()
    with pytest.raises(StoreError, match=r"does not answer within 0\.3 s"):
        store.recall("c", 10)
    assert time.monotonic() - start < 2
    server.signal(signal.SIGCONT)
    assert ids(store, "c") == ["a"]
    server.kill()
    start = time.monotonic()
    with pytest.raises(StoreError, match="cannot be reached"):
        store.recall("c", 10)
    assert time.monotonic() - start < 2
    server.start()
    assert ids(store, "c") == ["a"]
    store.close()
    store.close()


def test_what_the_server_was_told_to_forget_is_told_again(store: RedisStore) -> None:
    """Its scripts, that is: as after a restart without them."""
    store.append("c", [row("a", 1)])
    with shared_redis().client() as client:
        client.script_flush()
    assert store.append("c", [row("b", 1)])
    assert ids(store, "c") == ["a", "b"]


def test_an_empty_server_is_an_empty_store(server: RedisProcess) -> None:
    """What was kept ready of a journey is not taken for another one with the same version."""
    store = RedisStore.open(server.url())
    store.append("c", [row("a", 1)])
    assert ids(store, "c") == ["a"]
    store.set_deadlines("c", [(5, "m", "opened")])
    _, cursor = store.due(4)
    with server.client() as client:
        client.flushall()
    assert ids(store, "c") == []
    store.append("c", [row("b", 1)])
    assert ids(store, "c") == ["b"]
    store.set_deadlines("c", [(3, "m", "opened"), (6, "m", "opened")])
    assert [due.at for due in store.due(7, cursor)[0]] == [6]
    store.close()


@pytest.mark.parametrize("script", ["append", "link", "unlink", "amend", "take", "set_deadlines"])
def test_what_was_done_when_a_connection_was_lost_is_told(
    store: RedisStore, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer did not come; asked again, the server says what it did, and does it once."""
    store.append("c", [row("a", 1)])
    version = store.version("c")
    store.link("mail", "other")
    store.take(taking("kept"))
    steps: dict[str, Callable[[], object]] = {
        "append": lambda: store.append("c", [row("a", 1), row("b", 2)]),
        "link": lambda: store.link("c", "customer"),
        "unlink": lambda: store.unlink("mail"),
        "amend": lambda: store.amend(
            "kept", 0, "more", 11, [Settlement("release", "kept:0", Claim(BUDGET, 1, 2))]
        ),
        "take": lambda: store.take(taking("d", customer="c", version=version)),
        "set_deadlines": lambda: store.set_deadlines("c", [(1, "m", "opened")], version),
    }
    answers = {
        "append": [row("b", 2)],
        "link": ("customer",),
        "unlink": ("mail", "other"),
        "amend": (True,),
        "take": Granted((0,)),
        "set_deadlines": True,
    }
    call = redis_server.RedisServer._call
    lost: list[Any] = []

    def losing(self: redis_server.RedisServer, *command: Any) -> Any:
        answer = call(self, *command)
        if not lost and command[0].startswith("EVAL"):
            lost.append(command)
            raise ConnectionError("lost")
        return answer

    monkeypatch.setattr(redis_server.RedisServer, "_call", losing)
    assert steps[script]() == answers[script]
    assert lost
    monkeypatch.undo()
    if script == "amend":
        assert store.amend("kept", 0, "late", 12) is None
        assert used(store) == 0
    if script == "take":
        assert used(store) == 2


def test_a_server_that_is_busy_short_of_memory_or_a_copy(server: RedisProcess) -> None:
    """Each is said in words of ours; nothing is done by halves, and then it goes on."""
    store = RedisStore.open(server.url(timeout=0.5))
    store.append("c", [row("a", 1)])
    with server.client() as client:
        client.config_set("maxmemory", 1)
        with pytest.raises(StoreError, match="no memory left"):
            store.take(taking("d"))
        assert ids(store, "c") == ["a"]
        client.config_set("maxmemory", 0)
        client.replicaof("127.0.0.1", "1")
        with pytest.raises(StoreError, match="only reads"):
            store.take(taking("d"))
        assert any("only reads" in note for note in redis.check(server.url()).notes)
        client.replicaof("NO", "ONE")
        client.config_set("lua-time-limit", 20)
        endless = threading.Thread(target=_endless, args=(server,))
        endless.start()
        time.sleep(0.2)
        with pytest.raises(StoreError, match=r"busy|does not answer"):
            store.take(taking("d"))
        client.script_kill()
        endless.join()
    assert (used(store), store.decision("d")) == (0, None)
    assert store.take(taking("d")).granted
    store.close()


def test_a_store_follows_the_server_that_took_over() -> None:
    """The one from before stays there, and says no: its connections are good for nothing now."""
    with TemporaryDirectory(prefix="nba-redis-") as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        old, new, leads = Path(folder, "old"), Path(folder, "new"), Path(folder, "leads")
        old.mkdir()
        new.mkdir()
        first = RedisProcess(old, port=str(port), bind="127.0.0.1", repl_diskless_sync_delay="0")
        second = RedisProcess(new)
        leads.symlink_to(first.socket)
        store = RedisStore.open(f"unix://{leads}?timeout=5")
        try:
            with first.client() as before, second.client() as after:
                after.replicaof("127.0.0.1", str(port))
                store.append("c", [row("a", 1)])
                assert before.wait(1, 10_000) == 1
                assert after.exists("nba:r:c")
                after.replicaof("NO", "ONE")
                before.replicaof("127.0.0.1", "1")
                leads.unlink()
                leads.symlink_to(second.socket)
                assert store.take(taking("d")).granted == (0,)
                assert store.append("c", [row("b", 2)])
                assert after.hexists("nba:made", "d")
                assert ids(store, "c") == ["a", "b"]
        finally:
            store.close()
            first.kill()
            second.kill()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("READONLY You can't write against a read only replica.", "only reads"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "no memory left"),
        ("MISCONF Redis is configured to save RDB snapshots, but", "cannot write to its disk"),
    ],
)
def test_what_redis_6_says_of_a_script_is_understood(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    """It gives the error of a command in the text of its own."""

    def refused(*_: object) -> None:
        text = "Error running script (call to f_1): @user_script:57: @user_script: 57: -"
        raise ResponseError(text + said)

    monkeypatch.setattr(store._server, "timeout", 0.1)
    monkeypatch.setattr(store._server, "_call", refused)
    with pytest.raises(StoreError, match=told):
        store.take(taking("d"))


def test_lost_connections_do_not_count(server: RedisProcess) -> None:
    """Only those that there are now: a store that lost more than that goes on."""
    store = RedisStore.open(server.url(timeout=5, max_connections=3))
    with server.client() as client:
        for number in range(10):
            assert store.append("c", [row(str(number), number)])
            client.client_kill_filter(_type="normal", skipme=True)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: store.take(taking(f"d{n}", 1, 100)).granted, range(80)))
    assert found == [(0,)] * 80
    assert len(store._server._idle) <= 3
    store.close()


def _endless(server: RedisProcess) -> None:
    with server.client() as client, pytest.raises(Exception, match=r"[Kk]illed"):
        client.eval("while true do end", 0)


def test_nobody_listens() -> None:
    """Then opening says so, without what is secret in the URL."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        url = f"redis://:secret@127.0.0.1:{port}/0?timeout=0.2"
        for ask in (RedisStore.open, redis.init, redis.migrate, redis.check):
            with pytest.raises(
                StoreError, match=f"`redis://127.0.0.1:{port}/0` cannot be"
            ) as error:
                ask(url)
            assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    ["redis://x?timeout=0", "redis://x?timeout=soon", "mysql://x", "redis://x?unheard=of"],
)
def test_a_url_that_means_nothing_is_refused(url: str) -> None:
    """Before anybody is asked."""
    with pytest.raises(StoreError, match=r"`timeout` is a number|is not the URL"):
        RedisStore.open(url)


# --- what is refused and noted


def test_a_cluster_is_refused() -> None:
    """One script cannot reach a customer and a budget on two of its servers."""
    with TemporaryDirectory(prefix="nba-redis-") as folder:
        port = 60_000
        while port > 55_000:  # it takes another one, ten thousand above
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
        options = {"port": str(port), "bind": "127.0.0.1", "cluster_enabled": "yes"}
        server = RedisProcess(Path(folder), **options)
        try:
            for ask in (RedisStore.open, redis.check, redis.migrate):
                with pytest.raises(StoreError, match="part of a cluster"):
                    ask(server.url())
        finally:
            server.kill()


def test_an_old_server_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As its scripts lack something."""
    info = b"# Server\r\nredis_version:5.0.14\r\n"
    monkeypatch.setattr(redis_server.RedisServer, "_call", lambda *_: info)
    with pytest.raises(StoreError, match=r"version 5\.0\.14: 6 or later"):
        RedisStore.open("redis://somewhere")


def test_versions_of_what_is_kept() -> None:
    """A newer one is refused, and so is an older one until it is migrated."""
    server = shared_redis()
    url, key = server.url("versions:"), "versions:schema"
    with server.client() as client:
        client.delete(key)
        assert (redis.check(url).version, redis.check(url).wanted) == (None, 2)
        assert redis.migrate(url) == (0, 2)
        assert redis.migrate(url) == (2, 2)
        redis.init(url)
        assert redis.check(url).ok
        client.set(key, "3")
        assert not redis.check(url).ok
        for ask in (RedisStore.open, redis.init, redis.migrate):
            with pytest.raises(StoreError, match="has version 3, and this nba knows 2"):
                ask(url)
        client.set(key, "1")
        with pytest.raises(StoreError, match="has version 1, and 2 is wanted: migrate"):
            RedisStore.open(url)
        client.set(key, "something else")
        with pytest.raises(StoreError, match="is no store of nba"):
            RedisStore.open(url)
        client.delete(key)


def test_operators_are_told_what_may_be_lost(server: RedisProcess) -> None:
    """Nothing is said of a server that is set up as it should be."""
    assert redis.check(server.url()).notes == ()
    with server.client() as client:
        client.config_set("appendfsync", "everysec")
        client.config_set("maxmemory-policy", "allkeys-lru")
        notes = redis.check(server.url()).notes
        assert ["appendfsync always" in note for note in notes] == [True, False]
        assert "noeviction" in notes[1]
        client.config_set("appendonly", "no")
        assert "appendonly yes" in redis.check(server.url()).notes[0]


# --- many at the same time


def _takes(url: str, first: int, count: int) -> int:
    store = RedisStore.open(url)
    numbers = range(first, first + count)
    granted = [store.take(taking(f"d{number}", at_most=100)).granted for number in numbers]
    store.close()
    return sum(map(len, granted))


def test_many_processes_share_one_budget(server: RedisProcess) -> None:
    """All of it is granted, and nothing more."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, mp_context=spawning) as pool:
        work = [pool.submit(_takes, server.url(timeout=20), 60 * each, 60) for each in range(3)]
        assert sum(one.result() for one in work) == 100
    store = RedisStore.open(server.url())
    assert used(store) == 100
    store.close()


def test_two_threads_that_meet_a_store_get_what_is_due(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One learns which store it is while the other's first question is on its way."""
    store.set_deadlines("c", [(1, "m", "opened")])
    run = store._run

    def meanwhile(script: str, **arguments: Any) -> Any:
        answer = run(script, **arguments)
        store._id = answer[0].decode()
        return answer

    monkeypatch.setattr(store, "_run", meanwhile)
    assert [due.at for due in store.due(5)[0]] == [1]


def test_two_stores_on_one_server(store: RedisStore) -> None:
    """Each has a prefix."""
    store.append("c", [row("a", 1)])
    with redis_store() as other:
        assert ids(other, "c") == []
        assert list(other.customers()) == []
        assert other.take(taking("d")).granted
        assert used(store) == 0


# --- how it is kept


def test_taking_and_recalling_are_one_round_trip(server: RedisProcess) -> None:
    """And the rows of a journey come once, as long as there are no others."""
    store = RedisStore.open(server.url())
    store.append("c", [row(str(number), number, text="x" * 1000) for number in range(50)])
    memory = store.recall("mail", 10)
    store.link("mail", "c")
    memory = store.recall("mail", 10)
    store.take(taking("first", customer="c", version=memory.version))
    with server.client() as client:
        client.config_resetstat()
        sent = client.info()["total_net_output_bytes"]
        for number in range(3):
            found = store.recall("mail", 10, [BUDGET])
            assert found.timeline is memory.timeline
            assert store.journey("c") is memory.timeline
            store.take(taking(f"d{number}", customer="c", version=found.version, at_most=9))
        stats = client.info("commandstats")
        assert stats["cmdstat_evalsha"]["calls"] == 9
        assert client.info()["total_net_output_bytes"] - sent < 20_000
    store.close()


def test_rows_of_a_name_that_is_a_customer_again_are_sent_once(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its own journey is known then, not that of whom it led to."""
    store.append("c", [row("a", 1)])
    store.append("mail", [row("b", 2)])
    store.link("mail", "c")
    assert (ids(store, "mail"), ids(store, "c")) == (["a", "b"], ["a", "b"])
    store.unlink("mail")
    answers: list[Any] = []
    run = store._run

    def seen(script: str, **arguments: Any) -> Any:
        answers.append(run(script, **arguments))
        return answers[-1]

    monkeypatch.setattr(store, "_run", seen)
    for _ in range(3):
        assert [each["id"] for each in store.recall("mail", 5).timeline.rows] == ["b"]
    assert [rows is not None for _, _, _, rows, *_ in answers] == [True, False, False]


def test_nothing_is_left_of_who_is_forgotten(store: RedisStore) -> None:
    """No key, and nowhere in what all share; a name may be anything."""
    name, other = "a\0b\1c\ud800:9", "ö:1"
    for recorded_as in (name, other):
        store.append(recorded_as, [row("e", 5), row("f", 6)])
    store.link(name, other)
    store.set_deadlines(other, [(5, "\1m\0", "opened"), (6, "m", "closed")], store.version(other))
    assert [due.moment for due in store.due(5)[0]] == ["\1m\0"]
    claims = (
        Claim(Asked("weekly:3", None, 1), 1, 2, 30),
        Claim(Asked("ever", None, EVER), 1, 2),
    )
    wanted = Taking("d", name, store.version(name), 10, 1, (Alternative(claims, "a"),), "t")
    assert store.take(wanted).granted
    store.forget(name)
    prefix = store._server.prefix
    with shared_redis().client() as client:
        left = {key.decode().removeprefix(prefix) for key in client.scan_iter(f"{prefix}*")}
        told = {key for key in left if key.startswith("done:")}
    assert left - told == {"schema", "id", "changes", "recorded", "known", "asked"}


def test_what_expired_or_is_old_is_taken_off(store: RedisStore) -> None:
    """So that an account stays as small as what counts on it; nothing is left in the end."""
    for number in range(40):
        at = 10 * number
        claim = Claim(Asked("weekly", "", at - 35), 1, 9, at + 25 if number % 2 else None)
        version = store.version("c")
        made = Taking(f"d{number}", "c", version, at, 1, (Alternative((claim,), ""),), "")
        assert store.take(made).granted
        counts = [
            10 * other
            for other in range(number + 1)
            if 10 * other > at - 35 and (other % 2 == 0 or 10 * other + 25 > at)
        ]
        assert store.recall("c", at, [claim.asked]).used == (len(counts),)
    prefix = store._server.prefix
    with shared_redis().client() as client:
        assert client.hlen(f"{prefix}a:o") == 1 + len(counts)
        assert client.zcard(f"{prefix}old") == len(counts)
        store.forget_before(10**6)
        assert client.exists(f"{prefix}a:o", f"{prefix}b:o", f"{prefix}old", f"{prefix}made") == 0


def test_a_customer_changes_once_when_much_is_forgotten(store: RedisStore) -> None:
    """By whatever names events and decisions were recorded: one step takes so much less time."""
    store.link("mail", "c")
    for number in range(20):
        version = store.version("c")
        assert store.take(taking(f"d{number}", 1, 99, version, customer="mail")).granted
        store.append("mail" if number % 2 else "c", [row(f"e{number}", number)])
    with shared_redis().client() as client:
        key = f"{store._server.prefix}changes"
        before = int(client.get(key))
        assert store.forget_before(100) == 20
        assert int(client.get(key)) - before == 2  # for the events, and for the decisions
    assert (tuple(store.recall("c", 100).decisions), ids(store, "c")) == ((), [])


def test_very_many_expire_at_once(store: RedisStore) -> None:
    """More than Redis takes words at once."""
    for number in range(2100):
        store.take(taking(f"d{number}", at_most=10**6, expires=20 + number % 2))
    every = [store.recall("c", at, [BUDGET]).used[0] for at in (19, 20, 21)]
    assert every == [2100, 1050, 0]
    late = taking("late", at_most=1)._replace(at=21)
    assert store.take(late).granted
    with shared_redis().client() as client:
        assert client.hlen(f"{store._server.prefix}a:o") == 2


def test_amounts_are_exact(store: RedisStore) -> None:
    """Also where a sum is more than a script can count with."""
    most = 2**53 - 1
    assert store.take(taking("d", most, most)).granted
    assert store.take(taking("e", 1, most)).refused == ((0, 0),)
    enter = [Settlement("enter", f"x{number}", Claim(BUDGET, most, 0)) for number in range(4)]
    assert store.amend("d", 0, "", 11, enter) == (True,) * 4
    assert used(store) == 5 * most
    release = [one._replace(act="release") for one in enter[:2]]
    assert store.amend("d", 1, "", 11, release) == (True,) * 2
    assert used(store) == 3 * most
    few = Settlement("enter", "few", Claim(BUDGET, 5, 0))
    release = [one._replace(act="release") for one in (*enter[2:], few)]
    assert store.amend("d", 2, "", 11, [few, *release]) == (True,) * 4
    assert used(store) == most


def test_a_time_before_all_and_after_all(store: RedisStore) -> None:
    """The ends of what 64 bits hold."""
    store.append("c", [row("first", INT_MIN), row("last", INT_MAX)])
    store.set_deadlines("c", [(INT_MIN, "m", "opened"), (INT_MAX, "m", "closed")])
    assert [due.at for due in store.due(INT_MAX)[0]] == [INT_MIN, INT_MAX]
    assert store.forget_before(INT_MAX) == 1
    assert ids(store, "c") == ["last"]


DUES = st.builds(
    Due,
    st.sampled_from([INT_MIN, -1, 0, 1, INT_MAX]) | st.integers(INT_MIN, INT_MAX),
    st.text(st.sampled_from("\0\1\2ab☃\ud800\uffff🙂")),
    st.text(st.sampled_from("\0\1\2ab☃\ud800\uffff🙂")),
    st.sampled_from(["opened", "closed"]),
)


@given(DUES, DUES)
def test_texts_sort_as_what_they_are_of(one: Due, other: Due) -> None:
    """Byte by byte, as servers compare; and nothing is lost."""

    def written(due: Due) -> bytes:
        return deadline_text(due).encode("utf-8", "surrogatepass")

    assert deadline_of(deadline_text(one)) == one
    assert (written(one) < written(other)) == (one < other)
    assert (time_text(one.at) < time_text(other.at)) == (one.at < other.at)
    assert time_of(time_text(one.at)) == one.at
    assert time_text(INT_MAX) < NEVER
    assert "\0" not in sortable_text(one.customer)
