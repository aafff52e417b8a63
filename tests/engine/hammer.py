"""A process that asks for decisions until nothing is granted any more.

Its arguments are the store's URL, the book, its name, how many threads, and the time. It says when
it is `ready`, and begins when its input ends. It writes a line for each answer that was granted
(`granted ACTION ID`), and one for each outcome that was acknowledged (`accepted ID`), as soon as it
is so.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import datetime

from nba import Engine, StoreError

#: So many customers in a row of whom nobody got anything: nothing is left.
ENOUGH = 6


def work(engine: Engine, name: str, now: datetime, write: threading.Lock) -> None:
    """Ask for one customer after the other; accept every second call."""
    empty = number = 0
    while empty < ENOUGH:
        number += 1
        customer = f"{name}-{number}"
        try:
            decision = engine.decide(customer, now=now)
        except StoreError:  # it is asked again, as an application would
            continue
        if decision.diagnostics:
            continue
        if decision.action is None:
            empty += 1
            continue
        empty = 0
        say(write, f"granted {decision.action} {decision.id}")
        if decision.action == "call" and number % 2:
            try:
                if not engine.record(decision.id, "accepted", at=now).unfunded:
                    say(write, f"accepted {decision.id}")
            except StoreError:
                continue


def say(write: threading.Lock, line: str) -> None:
    """Write a line at once, whole."""
    with write:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def opened(book: str, url: str) -> Engine:
    """Open the engine, as soon as its server has started."""
    for _ in range(300):
        try:
            return Engine.open(book, store=url)
        except StoreError:
            time.sleep(0.1)
    return Engine.open(book, store=url)


def main() -> None:
    """Work with as many threads as are wanted."""
    url, book, name, threads, now = sys.argv[1:]
    engine = opened(book, url)
    write = threading.Lock()
    say(write, "ready")
    sys.stdin.read()
    jobs = [
        threading.Thread(
            target=work, args=(engine, f"{name}-{place}", datetime.fromisoformat(now), write)
        )
        for place in range(int(threads))
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    engine.close()
    say(write, "done")


if __name__ == "__main__":
    main()
