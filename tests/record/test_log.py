"""The log: bounded, counted, never in the way; whole lines whoever is killed; customers go."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.engine.contacts import BOOK, World, world
from tests.record.workload import replayed

from nba import Engine, StoreError
from nba.record import DecisionLog, JsonLinesSink, SqliteSink, Stats
from nba.record.line import Line
from nba.record.reading import Unreadable, records_in
from nba.record.record import Record
from nba.record.versions import zones_version
from nba.state.memory import MemoryStore
from nba.state.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]
NAMES = ["log.jsonl", "log.db"]


class Slow:
    """A sink that can be held up, or made to fail, and keeps what it got."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.faults = 0
        self.lines: list[Line] = []
        self.closed = False

    def write(self, lines: Sequence[Line]) -> None:
        """Keep them, when it may."""
        self.free.wait(10)
        if self.faults:
            self.faults -= 1
            raise OSError("the disk is full")
        self.lines += lines

    def forget(self, names: Collection[str]) -> int:
        """Forget nobody."""
        raise StoreError("it cannot")

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


def logging_to(log: DecisionLog) -> World:
    """Return an engine that logs."""
    found = world()
    found.engine._log = log
    return found


def text_of(folder: Path) -> bytes:
    """Return all that stands in the files of a folder."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


# --- bounded and counted


def test_a_full_queue_loses_and_counts(caplog: pytest.LogCaptureFixture):
    """The decision is as fast as ever, the loss is counted and said, what waits is written."""
    sink = Slow()
    log = DecisionLog(sink, capacity=10)
    found = logging_to(log)
    with caplog.at_level(logging.WARNING, "nba.record"):
        start = time.perf_counter()
        made = [found.decide(f"c-{n}") for n in range(25)]
        took = time.perf_counter() - start
        assert took < 5  # the sink holds for ten
        assert log.stats() == Stats(written=0, lost=15, failed=0, waiting=10)
        assert not log.flush(0.01)
        sink.free.set()
        assert log.flush()
        found.engine.close()
    assert log.stats() == Stats(written=10, lost=15, failed=0, waiting=0)
    assert [line.id for line in sink.lines] == [one.id for one in made[:10]]
    assert sink.closed
    assert [each.message for each in caplog.records] == [
        "decisions not logged: 15; failures of the sink: 0"
    ]


def test_a_sink_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture):
    """Nothing is lost as long as there is room; it is said once, not each time."""
    sink = Slow()
    sink.free.set()
    sink.faults = 3
    log = DecisionLog(sink)
    found = logging_to(log)
    with caplog.at_level(logging.WARNING, "nba.record"):
        decision = found.decide()
        assert log.flush()
    assert log.stats() == Stats(written=1, lost=0, failed=3, waiting=0)
    assert [line.id for line in sink.lines] == [decision.id]
    assert [each.message for each in caplog.records] == [
        "decisions not logged: 0; failures of the sink: 1: the disk is full"
    ]
    found.engine.close()


def test_a_sink_that_never_works_is_given_up_at_the_end(caplog: pytest.LogCaptureFixture):
    """Closing waits for so long and no longer; what was not written is lost, counted and said."""
    sink = Slow()
    sink.free.set()
    sink.faults = 10**9
    log = DecisionLog(sink)
    found = logging_to(log)
    found.decide()
    start = time.monotonic()
    log.close(timeout=0.2)
    assert time.monotonic() - start < 5
    assert log.stats()[:2] == (0, 1)
    assert caplog.messages[-1].startswith("decisions not logged: 1; failures of the sink: ")
    found.decide()
    assert log.stats().lost == 2  # it was closed
    log.close()


def test_what_waits_before_a_sink_that_hangs_is_said_to_be_lost(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    """The program ends, and with it the thread."""
    monkeypatch.setattr(threading.Thread, "join", lambda *_: None)
    sink = Slow()
    log = DecisionLog(sink)
    found = logging_to(log)
    for number in range(3):
        found.decide(f"c-{number}")
    log.close()
    assert caplog.messages == ["decisions not logged: 3; failures of the sink: 0"]
    sink.free.set()


def test_many_threads_note_each_decision_once(tmp_path: Path):
    """Or count it as lost."""
    log = DecisionLog.open(tmp_path / "log.jsonl", capacity=40)
    found = logging_to(log)
    turns = 30

    def decide(number: int) -> None:
        for turn in range(turns):
            found.decide(f"c-{number}-{turn}")

    threads = [threading.Thread(target=decide, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.engine.close()
    stats = log.stats()
    assert stats.written + stats.lost == 6 * turns
    ids = [one.id for one in records_in(tmp_path / "log.jsonl") if isinstance(one, Record)]
    assert len(ids) == len(set(ids)) == stats.written


def test_what_cannot_be_noted_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A fault of ours costs a record, and not a decision."""
    log = DecisionLog.open(tmp_path / "log.jsonl")
    found = logging_to(log)
    monkeypatch.setattr(Line, "of", lambda _: 1 / 0)
    assert found.decide().id
    assert log.flush()
    assert log.stats() == Stats(written=0, lost=1, failed=1, waiting=0)
    monkeypatch.undo()
    found.decide()
    found.engine.close()
    assert log.stats().written == 1


# --- files


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_is_opened_with_a_log(tmp_path: Path, name: str):
    """By its path; closing the engine writes what waits; opening it again goes on."""
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    ids = []
    for _ in range(2):
        with Engine.open(tmp_path / "book.yaml", log=tmp_path / name) as engine:
            assert engine.log is not None
            ids += [engine.decide("c-1").id, engine.decide("").id]
    assert [one.id for one in records_in(tmp_path / name) if isinstance(one, Record)] == ids
    assert [one.verdict for one in replayed(tmp_path / name, engine)] == ["same"] * 4
    with Engine.open(tmp_path / "book.yaml") as engine:
        assert engine.log is None


def test_what_was_opened_is_closed_where_the_rest_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """No file stays open behind an engine that never was; a store of one's own stays as it is."""
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    closed: list[str] = []
    close = SqliteStore.close

    def closing_file(store: SqliteStore) -> None:
        closed.append("file")
        close(store)

    monkeypatch.setattr(SqliteStore, "close", closing_file)
    monkeypatch.setattr(MemoryStore, "close", lambda _: closed.append("own"))
    with pytest.raises(StoreError, match="its name ends in"):
        Engine.open(tmp_path / "book.yaml", store=f"sqlite:///{tmp_path}/nba.db", log="log.txt")
    assert closed == ["file"]
    with pytest.raises(StoreError, match="its name ends in"):
        Engine.open(tmp_path / "book.yaml", store=MemoryStore(), log="log.txt")
    assert closed == ["file"]


def test_a_log_that_cannot_be_is_refused_at_once(tmp_path: Path):
    """Before anything is decided, in words."""
    with pytest.raises(StoreError, match=r"its name ends in `\.jsonl` or `\.db`"):
        DecisionLog.open(tmp_path / "log.txt")
    for name in NAMES:
        with pytest.raises(StoreError, match="cannot be"):
            DecisionLog.open(tmp_path / "no" / name)
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        DecisionLog.open(tmp_path / "folder.jsonl")
    (tmp_path / "text.db").write_text("this is text, and long enough to be seen as such" * 3)
    with pytest.raises(StoreError, match="not a database"):
        DecisionLog.open(tmp_path / "text.db")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE a (b)")
    with pytest.raises(StoreError, match="is another database"):
        DecisionLog.open(tmp_path / "other.db")


def line(name: str, customer: str = "c", known_as: str = "c", size: int = 0) -> Line:
    """Return a line as a sink gets it."""
    data = {"format": 1, "id": name, "customer": customer, "known_as": known_as, "pad": "x" * size}
    return Line(name, customer, known_as, json.dumps(data))


def ids_in(path: Path) -> list[str]:
    """Return the ids of the lines of a file, each of which is whole."""
    return [json.loads(text)["id"] for text in path.read_text("utf-8").splitlines() if text]


def test_a_line_that_was_cut_costs_itself_alone(tmp_path: Path):
    """The next one begins anew, and readers say which it was."""
    path = tmp_path / "log.jsonl"
    log = DecisionLog.open(path)
    found = logging_to(log)
    found.decide()
    assert log.flush()
    with path.open("ab") as file:
        file.write(b'{"format": 1, "id": "d-cut')
    *_, last = records_in(path)
    assert last == Unreadable(f"{path}:2", "it was cut")
    found.decide()
    found.engine.close()
    first, cut, second = records_in(path)
    assert isinstance(first, Record)
    assert cut == Unreadable(f"{path}:2", "this is not JSON")
    assert isinstance(second, Record)


def test_a_write_that_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """So that bringing it again doubles nothing."""
    path = tmp_path / "log.jsonl"
    with closing(JsonLinesSink(path)) as sink:
        sink.write([line("a")])
        real, calls = os.write, []

        def write(file: int, data: bytes) -> int:
            calls.append(data)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            return real(file, data[:20])

        monkeypatch.setattr(os, "write", write)
        with pytest.raises(StoreError, match="no space left on device"):
            sink.write([line("b"), line("c")])
        monkeypatch.undo()
        sink.write([line("b"), line("c")])
    assert ids_in(path) == ["a", "b", "c"]


def test_a_log_that_was_moved_away_begins_anew(tmp_path: Path):
    """As programs that rotate logs do it, and as `forget` does."""
    path = tmp_path / "log.jsonl"
    with closing(JsonLinesSink(path)) as sink:
        sink.write([line("a")])
        path.rename(tmp_path / "log.1.jsonl")
        sink.write([line("b")])
    assert (ids_in(tmp_path / "log.1.jsonl"), ids_in(path)) == (["a"], ["b"])


def test_sqlite_keeps_a_record_once(tmp_path: Path):
    """A step that was done, and is brought again, changes nothing."""
    path = tmp_path / "log.db"
    with closing(SqliteSink(path)) as sink:
        sink.write([line("a")])
        sink.write([line("a"), line("b \ud800")])
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT count(*) FROM decision_log").fetchone() == (2,)


# --- several processes, and one that is killed

WORK = """
import sys
from nba import Engine
with Engine.open(sys.argv[1], log=sys.argv[2]) as engine:
    for n in range(int(sys.argv[3])):
        engine.decide(f"c-{sys.argv[4]}", customer={"consent": {"phone": True}, "leaving": True})
        if n == 20:
            print("on the way", flush=True)
"""


def worker(folder: Path, name: str, count: int, who: str) -> subprocess.Popen[str]:
    """Start a process that decides and logs."""
    (folder / "book.yaml").write_text(BOOK, encoding="utf-8")
    argv = [sys.executable, "-c", WORK, str(folder / "book.yaml"), str(folder / name), str(count)]
    return subprocess.Popen([*argv, who], stdout=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.mark.parametrize("name", NAMES)
def test_a_process_that_is_killed_leaves_a_readable_log(tmp_path: Path, name: str):
    """Of what was on the way something may be missing, the last line may be cut, no more."""
    with worker(tmp_path, name, 1_000_000, "x") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "on the way\n"
        while sum(file.stat().st_size for file in tmp_path.iterdir()) < 200_000:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    found = list(records_in(tmp_path / name))
    cut = [place for place, one in enumerate(found) if isinstance(one, Unreadable)]
    assert cut in ([], [len(found) - 1])
    with worker(tmp_path, name, 1, "y") as process:
        assert process.wait() == 0
    again = [one for one in records_in(tmp_path / name) if isinstance(one, Record)]
    assert len(again) == len(found) - len(cut) + 1
    assert len(again) > 20


@pytest.mark.parametrize("name", NAMES)
def test_several_processes_write_one_log(tmp_path: Path, name: str):
    """While a customer is forgotten in it, again and again: no line is lost, none is mixed."""
    with (
        worker(tmp_path, name, 300, "a") as first,
        worker(tmp_path, name, 300, "b") as second,
        closing((JsonLinesSink if name == NAMES[0] else SqliteSink)(tmp_path / name)) as sink,
    ):
        while first.poll() is None or second.poll() is None:
            sink.write([line("mine", "nobody", "nobody")])
            assert sink.forget(["nobody"]) == 1
            time.sleep(0.005)
        assert (first.returncode, second.returncode) == (0, 0)
    found = list(records_in(tmp_path / name))
    assert not [one for one in found if isinstance(one, Unreadable)]
    customers = [one.customer for one in found if isinstance(one, Record)]
    assert sorted(customers) == ["c-a"] * 300 + ["c-b"] * 300


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_a_process_that_was_forked_goes_on(tmp_path: Path, name: str):
    """Its parent writes what waited there, and each writes its own, once."""
    log = DecisionLog.open(tmp_path / name)
    found = logging_to(log)
    found.decide("before")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            found.decide("child")
            log.close()
            code = 0 if log.stats() == Stats(1, 0, 0, 0) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    found.decide("parent")
    found.engine.close()
    customers = [one.customer for one in records_in(tmp_path / name) if isinstance(one, Record)]
    assert sorted(customers) == ["before", "child", "parent"]


# --- forgetting


@pytest.mark.parametrize("name", NAMES)
def test_a_customer_is_forgotten_in_the_log(tmp_path: Path, name: str):
    """Under every name, what waits included; nothing of it stays in the file."""
    folder = tmp_path / "log"
    folder.mkdir()
    log = DecisionLog.open(folder / name)
    found = logging_to(log)
    consent: dict[str, Any] = {"customer": {"leaving": True, "household": "h-secret"}}
    found.decide("cookie-7", **consent)
    found.engine.link("cookie-7", "c-1")
    found.decide("c-1", **consent)
    found.decide("cookie-7", **consent)
    found.decide("c-2")
    found.engine.forget("c-1")
    assert [one.customer for one in records_in(folder / name) if isinstance(one, Record)] == ["c-2"]
    found.decide("c-3")
    found.engine.close()
    assert b"h-secret" not in text_of(folder)
    assert b"cookie-7" not in text_of(folder)
    left = [one.customer for one in records_in(folder / name) if isinstance(one, Record)]
    assert left == ["c-2", "c-3"]
    with pytest.raises(StoreError, match="was closed"):
        log.forget(["c-2"])


def test_a_line_that_nobody_can_read_is_forgotten_too(tmp_path: Path):
    """It may be anybody's."""
    path = tmp_path / "log.jsonl"
    with closing(JsonLinesSink(path)) as sink:
        sink.write([line("a", "c-1", "c-1"), line("b", "mail", "c-1"), line("c", "c-2", "c-2")])
        with path.open("ab") as file:
            file.write(b'{"customer": "c-1')
        path.chmod(0o640)
        assert sink.forget(["c-1"]) == 2
        assert ids_in(path) == ["c"]
        assert path.stat().st_mode & 0o777 == 0o640
        before = path.stat().st_ino
        assert sink.forget(["c-9"]) == 0
        assert path.stat().st_ino == before
        sink.write([line("d")])
    assert ids_in(path) == ["c", "d"]
    assert [file.name for file in tmp_path.iterdir()] == ["log.jsonl"]


def test_a_sink_that_cannot_forget_says_so():
    """And the store still has the customer, so that one can ask again."""
    log = DecisionLog(Slow())
    found = logging_to(log)
    found.missed("a-1")
    with pytest.raises(StoreError, match="did not forget: it cannot"):
        found.engine.forget("c-1")
    assert len(found.store.journey("c-1")) == 1
    found.engine.close()


def test_the_version_of_the_zones_is_known():
    """Or said to be unknown."""
    assert zones_version() == "unknown" or zones_version()[:2] == "20"


# --- many at once


def test_deciding_for_many_waits_for_the_log_and_loses_nothing(tmp_path: Path):
    """However small the queue is."""
    log = DecisionLog.open(tmp_path / "log.jsonl", capacity=4)
    found = logging_to(log)
    for _ in found.engine.decide_many({"id": f"c-{n}"} for n in range(200)):
        pass
    found.engine.close()
    assert log.stats() == Stats(written=200, lost=0, failed=0, waiting=0)


@pytest.mark.parametrize("faults", [0, 10**9])
def test_deciding_for_many_does_not_wait_for_a_sink_in_trouble(faults: int):
    """One that fails is not waited for, and one that hangs only once."""
    sink = Slow()
    sink.faults = faults
    if faults:
        sink.free.set()
    log = DecisionLog(sink, capacity=4)
    found = logging_to(log)
    list(found.engine.decide_many([{"id": "c"}]))
    while faults and not log.stats().failed:
        time.sleep(0.001)
    for n in range(3):
        found.decide(f"c-{n}")
    start = time.monotonic()
    log.make_room(patience=0.1)
    for _ in found.engine.decide_many({"id": f"c-{n}"} for n in range(50)):
        pass
    assert time.monotonic() - start < 4
    assert log.stats().lost == 50
    sink.free.set()
    log.close(timeout=0.2)
