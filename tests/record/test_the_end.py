"""Logs and the end of the program: what waits is written, and no log is kept for that alone."""

import gc
import subprocess
import sys
import weakref
from pathlib import Path

from nba.record.log import DecisionLog

PROGRAM = """
import atexit, sys
from nba.record.log import DecisionLog

class Sink:
    def __init__(self, name): self.name = name
    def close(self): print(self.name, flush=True)

atexit.register(print, "hooks of the program come first", flush=True)
closed, left = DecisionLog(Sink("closed")), DecisionLog(Sink("left open"))
closed.close()
"""


def test_a_log_that_nobody_uses_is_not_kept(tmp_path: Path):
    """An application may open and drop as many as it likes."""
    log = DecisionLog.open(tmp_path / "log.db")
    seen = weakref.ref(log)
    del log
    gc.collect()
    assert seen() is None


def test_what_is_open_is_closed_at_the_end_and_once():
    """Also where several are."""
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.splitlines() == ["closed", "hooks of the program come first", "left open"]
    assert found.stderr == ""
