"""The store in PostgreSQL where it differs: several processes, a server that goes, its schema."""

from __future__ import annotations

import itertools
import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from tests.state.contract import ids, row
from tests.state.postgres_server import PostgresServer, shared_postgres

from nba.decide.contact import Asked
from nba.decide.offers import Claim
from nba.errors import StoreError
from nba.state import postgres_schema
from nba.state.postgres import PostgresStore, check, init, migrate
from nba.state.postgres_text import json_of, read, written
from nba.state.reservation import EVER, Alternative, Settlement, Taking, entry_id

VERSION = len(postgres_schema._STEPS)
BUDGET, WEEKLY = Asked("budget", "", EVER), Asked("weekly", None, 0)


@pytest.fixture
def server() -> PostgresServer:
    """Give the server that tests share."""
    return shared_postgres()


@pytest.fixture
def url(server: PostgresServer) -> Iterator[str]:
    """Give an empty store."""
    with server.schema() as schema:
        yield server.url(schema)


@pytest.fixture
def own() -> Iterator[PostgresServer]:
    """Give a server that a test may stop."""
    found = PostgresServer()
    try:
        found.start()
        init(found.url())
        yield found
    finally:
        found.remove()


def takes(store: PostgresStore, id: str, customer: str, *claims: Claim) -> bool:
    """Take until it is not stale; return whether it was granted."""
    while True:
        version = store.recall(customer, 10).version
        alternative = Alternative(claims, "answer")
        found = store.take(Taking(id, customer, version, 10, 1, (alternative,), "text"))
        if not found.stale:
            return found.granted == (0,)


# --- several processes


def _work(url: str, number: int, answers: Any) -> None:
    """Take and settle as fast as possible; report what was granted and is still held."""
    kept = clicks = 0
    with closing(PostgresStore.open(url)) as store:
        for turn in range(40):
            key = f"{number}-{turn}"
            customer = "hot" if turn % 4 == 0 else f"c{turn % 8}"
            claims = [Claim(WEEKLY, 1, 6), Claim(BUDGET, 3, 100)]
            houses = [Claim(Asked("house", name, EVER), 1, 1000) for name in "ab"]
            ordered = houses if (turn + number) % 2 else houses[::-1]
            if not takes(store, key, customer, *claims, *ordered):
                continue
            clicks += 1
            if turn % 5 == 0:
                release = [
                    Settlement("release", entry_id(key, 0), each) for each in (*claims, *ordered)
                ]
                assert store.amend(key, 0, "gone", 11, release) == (True,) * 4
            else:
                kept += 1
    answers.put((kept, clicks))


def test_many_processes_are_granted_exactly_what_is_allowed(url: str) -> None:
    """One budget, limits per customer, and two accounts claimed in either order: no deadlock."""
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.SimpleQueue()
    workers = [spawn.Process(target=_work, args=(url, number, answers)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    kept = sum(answers.get()[0] for _ in workers)
    with closing(PostgresStore.open(url)) as store:
        names = ["hot", *(f"c{number}" for number in range(8))]
        memories = [store.recall(name, 12, [WEEKLY, BUDGET]) for name in names]
        assert memories[0].used[1] == 3 * kept
        assert 93 < 3 * kept <= 100
        assert sum(memory.used[0] for memory in memories) == kept
        assert max(memory.used[0] for memory in memories) <= 6
        found = store.recall("hot", 12, [Asked("house", name, EVER) for name in "ab"])
        assert found.used == (kept, kept)


def test_one_limit_is_exact_in_many_threads(url: str) -> None:
    """Everybody decides for one customer, who may be granted ten."""
    granted: list[str] = []
    with closing(PostgresStore.open(url)) as store:

        def work(number: int) -> None:
            granted.extend(
                key
                for key in (f"{number}-{turn}" for turn in range(6))
                if takes(store, key, "c", Claim(WEEKLY, 1, 10))
            )

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        memory = store.recall("c", 10, [WEEKLY])
    assert memory.used == (10,)
    assert sorted(granted) == sorted(made.id for made in memory.decisions)
    assert len(granted) == 10


def test_what_each_knows_stays_what_is_there(url: str) -> None:
    """However their decisions, amendments and links fall between what the others read."""

    def known(store: PostgresStore) -> list[Any]:
        found = [store.recall(name, 10) for name in ("c", "mail")]
        return [(memory.customer, memory.version, tuple(memory.decisions)) for memory in found]

    def work(number: int) -> list[Any]:
        with closing(PostgresStore.open(url)) as store:
            for turn in range(30):
                key = f"{number}-{turn}"
                assert takes(store, key, "mail" if turn % 2 else "c", Claim(BUDGET, 1, 10**6))
                if turn % 3 == 0:
                    assert store.amend(key, 0, "other", 11) == ()
                if number == 0 and turn % 5 == 0 and not store.unlink("mail"):
                    store.link("mail", "c")
            done.wait(60)
            return known(store)

    done = threading.Barrier(4)
    with ThreadPoolExecutor(4) as threads:
        found = [*threads.map(work, range(4))]
    with closing(PostgresStore.open(url)) as fresh:
        assert found == [known(fresh)] * 4


def test_two_processes_see_each_other(url: str) -> None:
    """What one keeps ready is read anew once the other changed it."""
    with closing(PostgresStore.open(url)) as one, closing(PostgresStore.open(url)) as other:
        one.append("c", [row("a", 1)])
        first = other.recall("c", 10)
        assert other.recall("c", 10).timeline is first.timeline
        assert takes(one, "d", "c", Claim(WEEKLY, 1, 10))
        second = other.recall("c", 10)
        assert second.timeline is first.timeline
        assert [made.id for made in second.decisions] == ["d"]
        one.append("c", [row("b", 2)])
        assert ids(other, "c") == ["a", "b"]
        one.link("mail", "c")
        assert other.recall("mail", 10).timeline is other.recall("c", 10).timeline
        one.forget("c")
        assert (ids(other, "c"), other.recall("c", 10).version) == ([], 0)


def test_a_deadline_from_a_slow_writer_is_not_lost(server: PostgresServer, url: str) -> None:
    """It waits with its transaction open while somebody asks for a later time."""
    schema = url.rpartition("=")[2]
    with (
        closing(PostgresStore.open(url)) as store,
        closing(PostgresStore.open(url)) as other,
        server.client() as slow,
    ):
        with slow.transaction():
            slow.execute(
                sql.SQL("select {}('c', null, '{{5}}', '{{m}}', '{{opened}}')").format(
                    sql.Identifier(schema, "set_deadlines")
                )
            )
            found: list[Any] = []
            reader = threading.Thread(target=lambda: found.append(store.due(9)))
            reader.start()
            time.sleep(0.2)
        reader.join()
        assert [due.at for due in found[0][0]] == [5]
        other.set_deadlines("late", [(3, "m", "opened")])
        assert [due.at for due in store.due(9, found[0][1])[0]] == [3]


def test_much_is_forgotten_in_parts(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much it is, no step takes long; rows of one time go together."""
    monkeypatch.setattr("nba.state.postgres._PART", 10)
    with closing(PostgresStore.open(url)) as store:
        for name in "abc":
            store.append(name, [row(f"{name}{at}", at // 7) for at in range(100)])
        store.set_deadlines("a", [(at, "m", "opened") for at in range(40)])
        assert store.forget_before(10) == 3 * 70
        assert [len(store.journey(name)) for name in "abc"] == [30, 30, 30]
        assert [due.at for due in store.due(99)[0]] == list(range(10, 40))


# --- what was done already


def test_an_amendment_that_is_sent_twice_is_told_again(url: str, monkeypatch) -> None:
    """The answer of the first was lost with the connection; it is no conflict."""
    with closing(PostgresStore.open(url)) as store:
        assert takes(store, "d", "c", Claim(BUDGET, 1, 10))
        calls, lost = store._calls, []

        def twice(function: str, *values: Any, **more: Any) -> Any:
            if function == "amend":
                lost.append(calls(function, *values, **more))
            return calls(function, *values, **more)

        monkeypatch.setattr(store, "_calls", twice)
        release = Settlement("release", entry_id("d", 0), Claim(BUDGET, 1, 10))
        assert store.amend("d", 0, "x", 11, [release]) == (True,)
        assert lost == [([True],)]
        assert store.amend("d", 0, "y", 11) is None
        monkeypatch.undo()
        found = store.decision("d")
        assert found
        assert (found.text, found.revision) == ("x", 1)


# --- a server that goes, and comes back


def test_a_restart_of_the_server_is_no_problem(own: PostgresServer) -> None:
    """Connections that were open are lost; the next call makes new ones, of every kind."""
    with closing(PostgresStore.open(own.url())) as store:
        assert takes(store, "d", "c", Claim(BUDGET, 1, 10))
        for stop in ("fast", "immediate"):
            own.stop(stop)
            own.start()
            assert store.append("c", [row(stop, 1)]) == [row(stop, 1)]
            assert store.recall("c", 10, [BUDGET]).used == (1,)
        assert ids(store, "c") == ["fast", "immediate"]


def test_a_restart_while_many_take_loses_and_doubles_nothing(own: PostgresServer) -> None:
    """What was told as granted is there after a crash; what is there was told or failed."""
    told: list[str] = []
    failed: list[str] = []
    stopping = threading.Event()
    with closing(PostgresStore.open(own.url())) as store:

        def work(number: int) -> None:
            for turn in itertools.count():
                if stopping.is_set():
                    return
                key = f"{number}-{turn}"
                try:
                    takes(store, key, f"c{number}", Claim(BUDGET, 1, 10**6))
                    told.append(key)
                except StoreError:
                    failed.append(key)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        own.stop("immediate")
        own.start()
        time.sleep(0.5)
        stopping.set()
        for thread in threads:
            thread.join()
        made = {one.id for number in range(4) for one in store.recall(f"c{number}", 10).decisions}
        assert set(told) <= made <= {*told, *failed}
        assert store.recall("c", 10, [BUDGET]).used == (len(made),)


def test_what_a_server_lost_is_not_known_any_more(server: PostgresServer, url: str) -> None:
    """One that took over had not got the last decision, and gives its version to another one."""
    schema = url.rpartition("=")[2]
    with closing(PostgresStore.open(url)) as knows, server.client() as client:
        client.execute(f"set search_path = {schema}".encode())
        assert takes(knows, "d", "c", Claim(WEEKLY, 1, 10))
        version = knows.recall("c", 10).version
        assert takes(knows, "lost", "c", Claim(WEEKLY, 1, 10))
        assert len(knows.recall("c", 10).decisions) == 2
        client.execute("delete from entries where entry = %s", [entry_id("lost", 0)])
        client.execute("delete from decisions where id = 'lost'")
        client.execute("update names set version = %s", [version])
        client.execute("select setval('changes', %s)", [version])
        client.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where application_name = 'nba' and pid <> pg_backend_pid()"
        )
        with closing(PostgresStore.open(url)) as other:
            for name in "ef":
                assert takes(other, name, "c", Claim(WEEKLY, 1, 10))
        assert [one.id for one in knows.recall("c", 10).decisions] == ["d", "e", "f"]


def test_a_server_that_is_not_there_is_said_soon(own: PostgresServer) -> None:
    """In our words, and not after minutes."""
    url = own.url(timeout=1)
    with closing(PostgresStore.open(url)) as store:
        own.stop()
        for _ in range(2):
            start = time.monotonic()
            with pytest.raises(StoreError, match="no connection to the store at postgresql://"):
                store.recall("c", 10)
            assert time.monotonic() - start < 5
        with pytest.raises(StoreError, match="cannot be reached"):
            PostgresStore.open(url)
        with pytest.raises(StoreError, match="cannot be reached"):
            check(url)
        own.start()
        assert store.recall("c", 10).version == 0


def test_a_server_that_hangs_is_not_waited_for(own: PostgresServer) -> None:
    """It is there, takes what it is sent and never says anything."""
    with closing(PostgresStore.open(own.url(timeout=0.5))) as store:
        store.recall("c", 10)
        own.signal(signal.SIGSTOP)
        try:
            start = time.monotonic()
            with pytest.raises(StoreError, match=r"gave no answer in 0.5 s"):
                store.recall("c", 10)
            assert time.monotonic() - start < 4
        finally:
            own.signal(signal.SIGCONT)
        for _ in range(10):
            try:
                store.recall("c", 10)
                break
            except StoreError:
                time.sleep(0.2)
        assert store.append("c", [row("a", 1)])


def test_who_waits_for_a_lock_is_told_in_time(server: PostgresServer, url: str) -> None:
    """Another transaction holds the customer and does not end."""
    schema = url.rpartition("=")[2]
    with closing(PostgresStore.open(f"{url}&timeout=0.5")) as store, server.client() as other:
        with other.transaction():
            other.execute(sql.SQL("select {}('c')").format(sql.Identifier(schema, "lock_customer")))
            with pytest.raises(StoreError, match="gave no answer"):
                store.append("c", [row("a", 1)])
            assert store.append("d", [row("a", 1)])
        assert store.append("c", [row("a", 1)])


def test_a_server_that_is_read_only_says_so(server: PostgresServer, url: str) -> None:
    """As a primary that became a standby; reading goes on."""
    with closing(PostgresStore.open(url)) as store:
        store.append("c", [row("a", 1)])
    only_reads = f"{url}&options=-c%20default_transaction_read_only%3Don"
    with closing(PostgresStore.open(only_reads)) as store:
        assert ids(store, "c") == ["a"]
        assert len(store.recall("c", 10).timeline) == 1
        with pytest.raises(StoreError, match="is read-only"):
            store.append("c", [row("b", 1)])
        assert ids(store, "c") == ["a"]


# --- its place


def test_there_has_to_be_a_store(server: PostgresServer) -> None:
    """It does not come by itself, and who opens it is told how it does."""
    url = server.url("none_yet")
    assert check(url)[:3] == ("postgresql", None, VERSION)
    for use in (PostgresStore.open, migrate):
        with pytest.raises(StoreError, match="`nba store init URL`"):
            use(url)
    init(url)
    init(url)
    assert check(url).ok
    assert migrate(url) == (VERSION, VERSION)
    with closing(PostgresStore.open(url)) as store:
        assert list(store.customers()) == []
        with server.client() as other:
            other.execute("drop schema none_yet cascade")
        with pytest.raises(StoreError, match="there is no store"):
            store.recall("c", 10)


def test_a_newer_store_is_refused_and_an_older_one_is_brought_up(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is changed without being asked for."""
    url = server.url("grown")
    init(url)
    with closing(PostgresStore.open(url)) as store:
        store.append("c", [row("a", 1)])
    with monkeypatch.context() as patched:
        patched.setattr(postgres_schema, "_STEPS", (*postgres_schema._STEPS, "more.sql"))
        script = postgres_schema._script

        def scripts(name: str, address: Any) -> bytes:
            if name == "more.sql":
                return b"alter table grown.events add column more text"
            return script(name, address)

        patched.setattr(postgres_schema, "_script", scripts)
        assert check(url).version == VERSION
        assert not check(url).ok
        for use in (PostgresStore.open, init):
            with pytest.raises(StoreError, match=rf"version {VERSION}, .*`nba store migrate URL`"):
                use(url)
        assert migrate(url) == (VERSION, VERSION + 1)
        assert check(url).ok
        with closing(PostgresStore.open(url)) as store:
            assert ids(store, "c") == ["a"]
    every: list[Any] = [PostgresStore.open, init, migrate]
    for use in every:
        with pytest.raises(
            StoreError, match=f"version {VERSION + 1}, and this nba works with {VERSION}"
        ):
            use(url)
    with server.client() as other:
        other.execute("drop schema grown cascade")


#: What the tables, indexes and functions of a store are.
COLUMNS = """
select table_name, column_name, data_type, column_default, is_nullable::text
from information_schema.columns where table_schema = 'first'
union all select tablename, indexname, indexdef, '', '' from pg_indexes where schemaname = 'first'
union all select proname, pg_get_function_arguments(oid), pg_get_function_result(oid), '', ''
from pg_proc where pronamespace = 'first'::regnamespace
order by 1, 2
"""
#: What the first version had in place of what it has now; its functions only by their form.
FIRST = """
drop index {0}.decisions_changed;
create index decisions_recorded_as on {0}.decisions (recorded_as, at, id);
alter table {0}.decisions drop column changed;
alter table {0}.names drop column added;
delete from {0}.schema_version where version = 2;
drop function {0}.changed;
create function {0}.changed(given text, in_journey boolean) returns void
language sql as '';
drop function {0}.recall;
create function {0}.recall(
    given text, now_ numeric, have_version bigint, have_journey bigint,
    accounts text[], owners text[], sinces numeric[],
    out customer_ text, out version_ bigint, out journey_ bigint,
    out contents_ text[], out decisions_ json, out used_ numeric[]
)
language sql as 'select given, 0, 0, null::text[], null::json, null::numeric[]';
"""


def test_a_store_of_the_first_version_is_migrated(server: PostgresServer) -> None:
    """Decisions from before are read, changed and added to."""
    url = server.url("first")
    init(url)
    with closing(PostgresStore.open(url)) as store:
        for name in "ab":
            assert takes(store, name, "c", Claim(BUDGET, 1, 10))
    with server.client() as other:
        columns = other.execute(COLUMNS).fetchall()
        other.execute(FIRST.format("first").encode())
        assert other.execute(COLUMNS).fetchall() != columns
    with pytest.raises(StoreError, match=r"version 1, .*`nba store migrate URL`"):
        PostgresStore.open(url)
    assert migrate(url) == (1, 2)
    with (
        closing(PostgresStore.open(url)) as store,
        closing(PostgresStore.open(url)) as knows,
        server.client() as client,
    ):
        assert [one.id for one in knows.recall("c", 20).decisions] == ["a", "b"]
        assert takes(store, "d", "c", Claim(BUDGET, 1, 10))
        assert store.amend("a", 0, "other", 12) == ()
        for each in (knows, store):
            found = [(one.id, one.text) for one in each.recall("c", 20).decisions]
            assert found == [("a", "other"), ("b", "text"), ("d", "text")]
        assert client.execute(COLUMNS).fetchall() == columns
        client.execute("drop schema first cascade")


def test_who_decides_needs_no_right_to_make_tables(server: PostgresServer) -> None:
    """The operator makes the store, and grants the use of it."""
    url = server.url("granted")
    init(url)
    with server.client() as other:
        other.execute("drop role if exists decider")
        other.execute("create role decider login")
        decider = url.replace("//nba@", "//decider@")
        with pytest.raises(StoreError, match="lacks a right"):
            PostgresStore.open(decider)
        other.execute("grant usage on schema granted to decider")
        for kind in ("tables", "sequences"):
            other.execute(f"grant all on all {kind} in schema granted to decider".encode())
        with closing(PostgresStore.open(decider)) as store:
            assert takes(store, "d", "c", Claim(BUDGET, 1, 10))
        other.execute("drop schema granted cascade; drop role decider")


def test_several_stores_in_one_database_do_not_meet(server: PostgresServer) -> None:
    """Each in its schema."""
    with (
        server.schema() as one,
        server.schema() as two,
        closing(PostgresStore.open(server.url(one))) as first,
        closing(PostgresStore.open(server.url(two))) as second,
    ):
        first.append("c", [row("a", 1)])
        assert ids(second, "c") == []


def test_a_socket_serves_as_well(server: PostgresServer, url: str) -> None:
    """As libpq writes it; and what was closed says so."""
    schema = url.rpartition("=")[2]
    there = f"postgresql:///postgres?host={server.folder}&port={server.port}&user=nba"
    with closing(PostgresStore.open(f"{there}&schema={schema}")) as store:
        assert store.append("c", [row("a", 1)])
        store.close()
        with pytest.raises(StoreError, match="was closed"):
            store.journey("c")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("schema=a-b", "`a-b` is no name for a schema"),
        ("timeout=soon", "`timeout` and `pool`"),
        ("timeout=0", "`timeout` of a store"),
        ("pool=0", "`pool` at least 1"),
        ("unheard_of=1", "unheard_of"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused(options: str, said: str) -> None:
    """And the message says what to write; a password is never shown."""
    with pytest.raises(StoreError, match=said) as error:
        PostgresStore.open(f"postgresql://me:secret@127.0.0.1:1/x?{options}")
    assert "secret" not in str(error.value)


def test_every_text_comes_back_and_keeps_its_place() -> None:
    """Also what PostgreSQL does not take."""
    texts = ["", "\0", "\1", "\2", "\0\1", "\1\0", "a\0b", "\ud7fe", "\ud7ff", "\ud800", "\udfff"]
    texts += ["\ue000", "☃", "🙂", "\ud7ff\ud800\0", "\ud800a"]
    for one, other in itertools.product(texts, texts):
        assert read(written(one)) == one
        assert (written(one) < written(other)) == (one < other)
    assert "\0" not in written("".join(texts))
    written("".join(texts)).encode()
    assert json_of([["a\0", 1]]) == '[["a\\u0001\\u0001", 1]]'
