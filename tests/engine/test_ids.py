"""Ids of decisions: each once, whatever thread or process makes it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from nba.engine.ids import new_id


def test_no_id_is_given_twice():
    """By one thread or by many."""
    with ThreadPoolExecutor(4) as pool:
        found = [
            one
            for many in pool.map(lambda _: [new_id() for _ in range(600)], range(8))
            for one in many
        ]
    assert len(set(found)) == len(found) == 4800
    assert all(one.startswith("d-") and len(one) == 26 for one in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_gives_others():
    """What its parent had ready stays with the parent."""
    new_id()
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, new_id().encode())
        os._exit(0)
    os.wait()
    theirs = os.read(reading, 100).decode()
    os.close(reading)
    os.close(writing)
    assert theirs not in {new_id() for _ in range(300)}
