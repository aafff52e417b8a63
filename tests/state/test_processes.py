"""One SQLite file and several processes: none loses or doubles anything, killed or not."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.state.contract import ids, row
from tests.state.test_takings import claim, taking

from nba.state.sqlite import SqliteStore

PROCESSES, TURNS, ALLOWED = 4, 40, 100


def work(file: str, number: int) -> tuple[int, int]:
    """Open the file, append and take; return how many events were new, and how many granted."""
    new = granted = 0
    with closing(SqliteStore(file, timeout=30)) as store:
        for turn in range(TURNS):
            new += len(store.append(f"name {number}", [row(f"shared {turn}", turn)]))
            store.append("c", [row(f"own {number} {turn}", turn)])
            store.link(f"name {number}", "c")
            customer = f"c{number}"
            one = taking(
                f"d {number} {turn}",
                (claim("pool", at_most=ALLOWED),),
                customer=customer,
                version=store.version(customer),
            )
            granted += len(store.take(one).granted)
    return new, granted


def test_several_processes_use_one_file(tmp_path: Path) -> None:
    """They make it, write and read at the same time; what is allowed is granted to the last."""
    file = tmp_path / "nba.db"
    jobs = [(str(file), number) for number in range(PROCESSES)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        found = pool.starmap(work, jobs, chunksize=1)
    assert sum(granted for _, granted in found) == ALLOWED
    with closing(SqliteStore(file)) as store:
        assert store.recall("c", 10, [claim("pool").asked]).used == (ALLOWED,)
        known = [store.recall(f"c{number}", 10).decisions for number in range(PROCESSES)]
        assert [len(decisions) for decisions in known] == [granted for _, granted in found]
        journey = ids(store, "c")
        assert len(journey) == len(set(journey)) == TURNS * (PROCESSES + 1)


KILLED = """
import sys
from tests.state.contract import row
from tests.state.test_takings import claim, taking
from nba.state.sqlite import SqliteStore

store = SqliteStore(sys.argv[1])
for number in range(100_000):
    store.append("c", [row(f"e{number}", number)])
    one = taking(f"d{number}", (claim(at_most=10**9),), version=store.version("c"))
    assert store.take(one).granted
    print(number, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_what_was_acknowledged_outlives_the_process(tmp_path: Path) -> None:
    """It is killed in the middle, several times over; each began where the one before ended."""
    for turn in range(3):
        file = tmp_path / f"{turn}.db"
        root = Path(__file__).parents[2]
        command = [sys.executable, "-c", KILLED, str(file)]
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            for line in process.stdout:
                if int(line) == 50 + 37 * turn:
                    process.send_signal(signal.SIGKILL)
                    break
            said = [int(number) for number in process.stdout.read().split()]
            last = max([50 + 37 * turn, *said])
        with closing(SqliteStore(file)) as store:
            memory = store.recall("c", 10, [claim().asked])
            journey = ids(store, "c")
        assert journey[: last + 1] == [f"e{number}" for number in range(last + 1)]
        # of what was not acknowledged, at most the one that it was at
        assert len(memory.decisions) in (last + 1, last + 2)
        assert memory.used == (len(memory.decisions),)
