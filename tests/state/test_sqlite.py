"""The store in an SQLite file: what the contract does not say, and what it costs."""

from __future__ import annotations

import itertools
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.state.contract import ids, row
from tests.state.test_takings import claim, taking

from nba.errors import CaseError, StoreError
from nba.state import sqlite_decisions, sqlite_schema
from nba.state.known import Kept
from nba.state.reservation import Settlement, entry_id
from nba.state.sqlite import SqliteStore, check, init, migrate
from nba.state.sqlite_text import read, written
from nba.state.store import Remembered, Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the store of a test is."""
    return tmp_path / "nba.db"


def every_call(store: Store) -> list[Callable[[], object]]:
    """Return a call of each method."""
    return [
        lambda: store.append("c", [row("new", 1)]),
        lambda: store.journey("c"),
        lambda: store.version("c"),
        lambda: store.link("x", "y"),
        lambda: store.unlink("c"),
        lambda: store.customer_of("c"),
        lambda: list(store.customers()),
        lambda: store.set_deadlines("c", []),
        lambda: store.due(1),
        lambda: store.recall("c", 1),
        lambda: store.take(taking("d", (claim(),))),
        lambda: store.decision("d"),
        lambda: store.amend("d", 0, "", 1),
        lambda: store.forget("c"),
        lambda: store.forget_before(1),
    ]


# --- opened again, closed, and several of them


def test_everything_is_there_when_it_is_opened_again(file: Path) -> None:
    """Journeys, names, versions, decisions, accounts, and cursors go on where they were."""
    reserved = claim(amount=2, expires=50)
    with closing(SqliteStore(file)) as store:
        store.append("mail", [row("e", 5, topic="bill")])
        store.link("mail", "c")
        store.set_deadlines("c", [(at, "m", "opened") for at in (3, 7, 9)])
        store.take(taking("d", (reserved,), version=store.version("c")))
        _, cursor = store.due(7, None, 1)
        memory = store.recall("c", 10, [reserved.asked])
    with closing(SqliteStore(file)) as store:
        again = store.recall("mail", 10, [reserved.asked])
        assert again._replace(timeline=memory.timeline) == memory
        assert again.timeline.rows == memory.timeline.rows == (row("e", 5, topic="bill"),)
        assert [due.at for due in store.due(9, cursor)[0]] == [7]
        commit = Settlement("commit", entry_id("d", 0), reserved)
        assert store.amend("d", 0, "text", 11, [commit]) == (True,)
        assert store.recall("c", 99, [reserved.asked]).used == (2,)


def test_a_closed_store_says_so(file: Path) -> None:
    """Closing twice does no harm, and nothing is left open."""
    store = SqliteStore(file)
    store.append("c", [row("e", 5)])
    store.close()
    store.close()
    for call in every_call(store):
        with pytest.raises(StoreError, match="was closed: open it again"):
            call()
    assert sorted(path.name for path in file.parent.iterdir()) == ["nba.db"]


def test_closing_waits_for_nobody_and_disturbs_nobody(file: Path) -> None:
    """Who is at work in another thread comes to the end, and then is told."""
    store = SqliteStore(file)
    ended: list[str] = []

    def work() -> None:
        for number in itertools.count():
            try:
                store.append("c", [row(f"e{number}", number)])
            except StoreError as error:
                ended.append(str(error))
                return

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    store.close()
    for thread in threads:
        thread.join()
    assert len(ended) == 4
    assert all("was closed" in one for one in ended)
    assert not store._file._idle
    assert sorted(path.name for path in file.parent.iterdir()) == ["nba.db"]


def test_two_stores_on_one_file_see_each_other(file: Path) -> None:
    """What one has ready is not given where the other changed it; the same is given as long as not.

    A decision changes nothing about the journey, so it stays ready.
    """
    with closing(SqliteStore(file)) as one, closing(SqliteStore(file)) as other:
        one.append("c", [row("a", 1)])
        ready = one.journey("c")
        assert one.take(taking("d", (claim(),), version=one.version("c"))).granted
        assert one.recall("c", 10).timeline is ready
        other.append("x", [row("b", 2)])
        assert one.journey("c") is ready
        other.link("x", "c")
        assert ids(one, "c") == ["a", "b"]
        other.forget("c")
        other.append("c", [row("z", 1)])
        assert ids(one, "c") == ["z"]


# --- what goes wrong


def test_waiting_for_another_writer_has_an_end(file: Path) -> None:
    """Reading goes on meanwhile, and afterwards everything does."""
    with (
        closing(SqliteStore(file, timeout=0.05)) as store,
        closing(sqlite3.connect(file, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        with pytest.raises(StoreError, match=r"`.*nba.db` was not free within 0.05 s: others were"):
            store.append("c", [row("e", 1)])
        assert time.monotonic() - start < 1
        assert ids(store, "c") == []
        assert store.recall("c", 1).version == 0
        other.execute("ROLLBACK")
        assert store.append("c", [row("e", 1)])


def test_waiting_for_another_thread_has_an_end(file: Path) -> None:
    """It is told the same."""
    with closing(SqliteStore(file, timeout=0.05)) as store, store._file.writing():
        raised: list[str] = []

        def work() -> None:
            try:
                store.append("c", [row("e", 1)])
            except StoreError as error:
                raised.append(str(error))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert "was not free within 0.05 s" in raised[0]


def test_what_is_no_store_is_refused(file: Path) -> None:
    """And stays as it is."""
    file.write_text("this is a shopping list " * 1000)
    with pytest.raises(StoreError, match="is not an SQLite database: choose another file"):
        SqliteStore(file)
    assert file.read_text().startswith("this is")
    file.unlink()
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE customers (name)")
    with pytest.raises(StoreError, match="is a database of another program"):
        SqliteStore(file)
    with pytest.raises(StoreError, match=r"there is no folder `.*nowhere`"):
        SqliteStore(file.parent / "nowhere" / "nba.db")
    with pytest.raises(StoreError, match="cannot be opened: it has to be a file"):
        SqliteStore(file.parent)


def test_a_full_disk_is_said_and_changes_nothing(file: Path) -> None:
    """What was there before is still there."""
    with closing(SqliteStore(file)) as store:
        store.append("c", [row("e", 1)])
        store._file._idle[-1].execute("PRAGMA max_page_count = 1")
        with pytest.raises(StoreError, match="cannot grow: the disk is full"):
            store.append("c", [row(f"e{number}", 1, text="x" * 1000) for number in range(100)])
        assert ids(store, "c") == ["e"]
        store._file._idle[-1].execute("PRAGMA max_page_count = 1000000")
        assert store.append("c", [row("f", 1)])


def test_a_file_that_went_is_not_made_anew(file: Path) -> None:
    """What is remembered would be lost without a word."""
    with closing(SqliteStore(file)) as store:
        while store._file._idle:
            store._file._idle.pop().close()
        file.unlink()
        with pytest.raises(StoreError, match="does not exist"):
            store.journey("c")
        assert not file.exists()


def test_damage_is_found(file: Path) -> None:
    """By whoever checks the file."""
    with closing(SqliteStore(file)) as store:
        for number in range(300):
            store.append(f"c{number}", [row("e", number)])
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(size // 2)
        opened.write(b"\xff" * (size // 4))
    with pytest.raises(StoreError, match="is damaged: go back to a copy of it"):
        check(f"sqlite:///{file}")


def test_what_is_known_is_not_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many decisions there are, those that are new or were amended are read."""
    plain, read = sqlite_decisions._remembered, []

    def remembered(found: Any) -> Remembered:
        read.append(one := plain(found))
        return one

    with closing(SqliteStore(file)) as store:
        for number in range(50):
            wanted = taking(f"d{number}", (claim(at_most=99),), version=store.version("c"))
            assert store.take(wanted).granted
        assert len(store.recall("c", 20).decisions) == 50
        monkeypatch.setattr(sqlite_decisions, "_remembered", remembered)
        store.append("c", [row("e", 1)])
        store.take(taking("new", (claim(at_most=99),), version=store.version("c")))
        assert len(store.recall("c", 20).decisions) == 51
        assert [one.id for one in read] == ["new"]
        store.amend("d7", 0, "other", 12)
        read.clear()
        assert store.recall("c", 20).decisions.find("d7") == read[-1]
        assert [one.id for one in read] == ["d7"]


# --- versions of the tables


@pytest.fixture
def older(file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a file of an older version, with an event in it."""
    with closing(SqliteStore(file)) as store:
        store.append("c", [row("e", 1)])
    last = sqlite_schema.VERSION
    monkeypatch.setattr(sqlite_schema, "VERSION", last + 2)
    steps = {
        last: ["CREATE TABLE more (a INTEGER) STRICT", "INSERT INTO more VALUES (7)"],
        last + 1: ["UPDATE more SET a = a * 6"],
    }
    monkeypatch.setattr(sqlite_schema, "MIGRATIONS", steps)
    return file


def test_an_older_file_is_refused_until_it_is_migrated(older: Path) -> None:
    """One step after the other, and what was remembered is there."""
    url = f"sqlite:///{older}"
    for opens in (lambda: SqliteStore(older), lambda: init(url)):
        with pytest.raises(StoreError, match=r"from an older nba.*run `nba store migrate URL`"):
            opens()
    found = check(url)
    newest = sqlite_schema.VERSION
    assert (found.version, found.wanted, found.ok) == (newest - 2, newest, False)
    assert migrate(url) == (newest - 2, newest)
    assert migrate(url) == (newest, newest)
    assert check(url).ok
    with closing(SqliteStore(older)) as store, closing(sqlite3.connect(older)) as other:
        assert ids(store, "c") == ["e"]
        assert other.execute("SELECT a FROM more").fetchall() == [(42,)]


def test_a_file_of_the_first_version_is_migrated(file: Path) -> None:
    """Decisions from before are read, changed and added to."""
    with closing(SqliteStore(file)) as store:
        for name in "ab":
            version = store.version("c")
            store.take(taking(name, (claim(at_most=9),), customer="c", version=version))
    with closing(sqlite3.connect(file)) as other:
        for statement in (
            "DROP INDEX decisions_changed",
            "CREATE INDEX decisions_recorded_as ON decisions (recorded_as)",
            "ALTER TABLE decisions DROP COLUMN changed",
            "ALTER TABLE customers DROP COLUMN added",
            "PRAGMA user_version = 1",
        ):
            other.execute(statement)
    with pytest.raises(StoreError, match=r"from an older nba.*run `nba store migrate URL`"):
        SqliteStore(file)
    assert migrate(f"sqlite:///{file}") == (1, 2)
    with closing(SqliteStore(file)) as store:
        assert [one.id for one in store.recall("c", 20).decisions] == ["a", "b"]
        version = store.version("c")
        store.take(taking("d", (claim(at_most=9),), customer="c", version=version))
        store.amend("a", 0, "other", 12)
        found = [(one.id, one.text) for one in store.recall("c", 20).decisions]
        assert found == [("a", "other"), ("b", "text"), ("d", "text")]


def test_a_migration_that_fails_changes_nothing(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first steps are undone."""
    before = sqlite_schema.VERSION - 2
    steps = {before: ["CREATE TABLE more (a)"], before + 1: ["CREATE TABLE events (a)"]}
    monkeypatch.setattr(sqlite_schema, "MIGRATIONS", steps)
    with pytest.raises(StoreError, match="table events already exists"):
        migrate(f"sqlite:///{older}")
    assert check(f"sqlite:///{older}").version == before
    with closing(sqlite3.connect(older)) as other, pytest.raises(sqlite3.OperationalError):
        other.execute("SELECT * FROM more")


def test_a_newer_file_is_always_refused(file: Path) -> None:
    """Nobody knows what it means."""
    SqliteStore(file).close()
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA user_version = 9")
    url = f"sqlite:///{file}"
    for opens in (lambda: SqliteStore(file), lambda: init(url), lambda: migrate(url)):
        with pytest.raises(StoreError, match="from a newer nba: its tables have version 9"):
            opens()
    assert not check(url).ok


def test_an_old_sqlite_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some systems have one that lacks what the tables need."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(StoreError, match=r"the store needs 3.37 or later"):
        SqliteStore(file)


# --- text


@given(st.lists(st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF)), min_size=2))
def test_every_text_comes_back_and_sorts_as_before(texts: list[str]) -> None:
    """Also those that UTF-8 cannot write."""
    for text in texts:
        assert read(written(text)) == text
        written(text).encode()
    for one, other in itertools.pairwise(texts):
        assert (one < other) == (written(one) < written(other))


def test_odd_names_are_names(file: Path) -> None:
    """Of customers, events, moments, accounts and decisions."""
    odd = ["", "\x00", "a\x00b", "\ud800", "\ud7ff", "\udfff\ud7ff\ue000", "';--", "ä🙂"]
    with closing(SqliteStore(file)) as store:
        for name in odd:
            store.append(name, [row(name, 1, text=name)])
            store.set_deadlines(name, [(1, name, "opened")])
            mine = claim(name, owner=name)
            assert store.take(
                taking(name, (mine,), customer=name, version=store.version(name))
            ).granted
            memory = store.recall(name, 1, [mine.asked])
            assert (memory.used, memory.decisions[0].id) == ((1,), name)
            assert memory.timeline.rows == (row(name, 1, text=name),)
        while store._file._idle:
            store._file._idle.pop().close()
    with closing(SqliteStore(file)) as store:
        assert set(store.customers()) == set(odd)
        assert [due.customer for due in store.due(1)[0]] == sorted(odd)
        assert all(store.journey(name).rows == (row(name, 1, text=name),) for name in odd)
        with pytest.raises(CaseError):
            store.link("\ud800", "\ud800")


# --- what it costs


class Counted:
    """Counts the steps that SQLite takes: a measure that does not depend on the machine."""

    def __init__(self, store: SqliteStore) -> None:
        self.steps = 0
        self.store = store

    def of(self, call: Callable[[], object]) -> int:
        """Return how many steps a call takes, on a journey that is not ready."""
        (connection,) = self.store._file._idle
        connection.set_progress_handler(self._step, 1)
        self.steps = 0
        try:
            call()
        finally:
            connection.set_progress_handler(None, 0)
        return self.steps

    def _step(self) -> None:
        self.steps += 1


def steps(folder: Path, customers: int) -> dict[str, int]:
    """Return what each call costs with so many customers, events, decisions and entries."""
    folder.mkdir()
    with closing(SqliteStore(folder / "nba.db")) as store:
        store._kept = Kept(0)
        budget = claim("pool", at_most=10**9, amount=1, since=0)
        for number in range(customers):
            name, at = f"c{number:05}", 1000 + number
            store.append(f"cookie {name}", [row(f"e{number}", at)])
            store.link(f"cookie {name}", name)
            mine = claim("weekly", owner=None, since=at - 100, at_most=9)
            one = taking(f"d{number}", (mine, budget), customer=name, version=store.version(name))
            assert store.take(one._replace(at=at)).granted
            # each has one that came and one that never does
            store.set_deadlines(name, [(at, "m", "opened"), (10**9, "m", "closed")])
        end = 1000 + customers
        _, cursor = store.due(end, None, 10**6)
        store.set_deadlines("c00007", [(end + 1, "m", "opened")])
        counted = Counted(store)
        last = f"c{customers - 1:05}"
        expiring = claim("pool", at_most=10**9, since=0, expires=end + 5)
        weekly = claim("weekly", owner=None, at_most=9)
        fresh = taking("n", (weekly, expiring), customer="c00050")
        fresh = fresh._replace(at=end, version=store.version("c00050"))
        calls: dict[str, Callable[[], Any]] = {
            "append": lambda: store.append("c00003", [row("new", end)]),
            "journey": lambda: store.journey("c00009"),
            "recall": lambda: store.recall("c00050", end, [budget.asked, weekly.asked]),
            "take": lambda: store.take(fresh),
            "recall when one has expired": lambda: store.recall("c00050", end + 6, [budget.asked]),
            "take when one has expired": lambda: store.take(
                fresh._replace(id="n2", at=end + 6, version=store.version("c00050"))
            ),
            "settle": lambda: store.amend(
                "n2", 0, "", end + 7, [Settlement("commit", entry_id("n2", 0), expiring)]
            ),
            "link": lambda: store.link("new name", "c00011"),
            "due": lambda: store.due(end + 1, cursor),
            "due, next": lambda: store.due(end, store.due(end, None, 1)[1], 1),
            "forget nothing": lambda: store.forget_before(900),
            "forget what is old": lambda: store.forget_before(1002),
            "forget": lambda: store.forget(last),
        }  # fmt: skip
        return {name: counted.of(call) for name, call in calls.items()}


def test_no_call_costs_more_with_the_total(tmp_path: Path) -> None:
    """Every statement finds what it needs by an index, however much there is."""
    few, many = steps(tmp_path / "few", 100), steps(tmp_path / "many", 2000)
    for name, count in few.items():
        assert many[name] < 1.5 * count + 50, (name, few, many)


FORKED = """
import os, sys
from nba.errors import StoreError
from nba.state.sqlite import SqliteStore

def row(id):
    return {"type": "x", "at": 1, "id": id}

def forked(work):
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    return child

def use():
    for number in range(50):
        store.append("c", [row(f"{os.getpid()} {number}")])
    assert store.journey("c").ids >= {"before", f"{os.getpid()} 49"}

def refused():
    try:
        store.append("c", [row("never")])
    except StoreError as error:
        assert "open the store after the fork" in str(error)
    else:
        raise AssertionError

store = SqliteStore(sys.argv[1], timeout=30)
store.append("c", [row("before")])
children = [forked(use) for _ in range(3)]
use()
with store._file.reading():
    children.append(forked(refused))
for child in children:
    assert os.waitpid(child, 0)[1] == 0
assert len(store.journey("c")) == 1 + 4 * 50
store.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_process_that_was_forked_opens_its_own(file: Path) -> None:
    """No connection is carried over; where that cannot be avoided, the store says what to do."""
    command = [sys.executable, "-c", FORKED, str(file)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (0, "")
