"""A decision log in SQLite: what it waits for, and what it does not."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from nba.errors import StoreError
from nba.record.sqlite import SqliteSink


def test_a_fault_of_the_disk_is_told_at_once(tmp_path: Path):
    """Waiting does not mend it."""
    path = tmp_path / "log.db"
    Path(f"{path}-wal").mkdir()  # where SQLite wants to write ahead
    begun = time.monotonic()
    with pytest.raises(StoreError, match="cannot be used"):
        SqliteSink(path, timeout=10)
    assert time.monotonic() - begun < 2


def test_a_place_without_a_log_to_write_ahead_is_refused():
    """There, readers and writers would disturb each other."""
    with pytest.raises(StoreError, match="cannot keep a write-ahead log"):
        SqliteSink(":memory:")


def test_others_who_write_are_waited_for(tmp_path: Path):
    """Also before the file is kept so that nobody disturbs anybody."""
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("CREATE TABLE decision_log (place, id, customer, known_as, record)")
        other.execute("BEGIN EXCLUSIVE")
        threading.Timer(0.2, lambda: other.execute("COMMIT")).start()
        with closing(SqliteSink(path, timeout=10)):
            assert not other.in_transaction
