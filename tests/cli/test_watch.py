"""`nba test --watch`: a real process that tests again after each change, and ends cleanly."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import TESTS, Run

from nba.cli.watch import seen

PATIENCE = 30.0  # seconds for what should take one
AGAIN = "waiting for changes in rules, Ctrl-C ends it\n"


class Watching:
    """A process whose output is read as it comes, errors among it."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "nba", "test", "rules", "--watch", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        assert self.process.stdout is not None
        self.out = self.process.stdout

    def until(self, text: str) -> str:
        """Return what is written up to the end of *text*."""
        read = ""
        end = time.monotonic() + PATIENCE
        while text not in read:
            ready, _, _ = select.select([self.out], [], [], max(0.0, end - time.monotonic()))
            found = os.read(self.out.fileno(), 65536).decode() if ready else ""
            assert found, f"waited for {text!r}, got {read!r}"
            read += found
        return read

    def end(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE)
        assert self.out.read() == b"", "nothing more is said"
        return code


@pytest.fixture
def watching(folder: Path) -> Iterator[Watching]:
    """The command, begun."""
    found = Watching()
    yield found
    if found.process.poll() is None:
        found.process.kill()
    found.process.wait()
    found.out.close()


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a signal")
def test_it_tests_after_each_change(folder: Path, watching: Watching):
    """A change, a broken file, a file that is mended, a new one; then Ctrl-C."""
    assert watching.until(AGAIN).startswith("..\n\n2 passed\n")

    book = folder / "rules" / "book.yaml"
    good = book.read_text(encoding="utf-8")
    book.write_text(good.replace("value: 10", "value: 0"), encoding="utf-8")
    told = watching.until(AGAIN)
    assert "expected action `call_back`, got none" in told
    assert "1 failed, 1 passed" in told

    book.write_text(good.replace("tier ==", "teir =="), encoding="utf-8")
    told = watching.until(AGAIN)
    assert "`customer.teir` is not declared" in told
    assert "did you mean `customer.tier`?" in told
    assert "1 error in the book" in told

    book.write_text(good, encoding="utf-8")
    assert "2 passed" in watching.until(AGAIN)

    more = folder / "rules" / "more.yaml"
    more.write_text(TESTS.replace("- name: ", "- name: again, "), encoding="utf-8")
    assert "4 passed" in watching.until(AGAIN)
    more.unlink()
    assert "2 passed" in watching.until(AGAIN)

    assert watching.end() == 0


def test_watching_is_for_people(nba: Run):
    """Nobody reads a stream of whole reports."""
    ran = nba("test", "rules", "--watch", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: `--watch` is for people, and `--json` is not\n")


def test_what_is_hidden_is_no_change(folder: Path):
    """Editors keep their own files beside what they edit."""
    before = seen("rules")
    (folder / "rules" / ".book.yaml.swp").write_text("x", encoding="utf-8")
    (folder / "rules" / ".git").mkdir()
    (folder / "rules" / ".git" / "index").write_text("x", encoding="utf-8")
    assert seen("rules") == before
    (folder / "rules" / "steps.csv").write_text("x", encoding="utf-8")
    assert len(seen("rules")) == len(before) + 1
    assert list(seen("rules/book.yaml")) == ["rules/book.yaml", "rules/steps.csv"]
    assert seen("nowhere") == {}
