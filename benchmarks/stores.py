"""What a store costs: `take` in SQLite beside a hand-written transaction with the same effect.

A taking has three limits of the customer and two budgets of the book, and one alternative that is
granted. By hand that is: begin, read five counters, check them, update them, enter what was taken
(so that windows and reservations end), remember the decision, count up the customer's version,
commit. Both write as many trees, with the same settings, for the same customers in turns.

A second figure is how `take` fares where a hundred times as much is entered on the budgets, and
where entries leave their window with each taking. What counts are the ratios.
`python -m benchmarks.stores`; what Redis costs is in `benchmarks.stores_redis`.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final

from nba.decide.contact import Asked
from nba.decide.offers import Claim
from nba.state.reservation import EVER, Alternative, Taking
from nba.state.sqlite import SqliteStore

SECOND: Final = 10**9
DAY: Final = 86_400 * SECOND
START: Final = 1_790_000_000 * SECOND
CUSTOMERS: Final = 10_000
MANY: Final = 2**53 - 1
TEXT: Final = '{"book": "5f0c2a", "tags": ["service", "billing"], "channel": "phone"}'
ANSWER: Final = '{"action": "call_back", "channel": "phone", "amount": 1000, "currency": "EUR"}'

BY_HAND: Final = """
CREATE TABLE counters (key TEXT PRIMARY KEY, used INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE entries (
    id TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, amount INTEGER NOT NULL,
    expires INTEGER, PRIMARY KEY (id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_at ON entries (key, at);
CREATE INDEX entries_expires ON entries (key, expires) WHERE expires IS NOT NULL;
CREATE TABLE decisions (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL, at INTEGER NOT NULL, answer TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_customer ON decisions (customer);
CREATE INDEX decisions_at ON decisions (at);
CREATE TABLE customers (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""


def claims(at: int, days: int = 30) -> tuple[Claim, ...]:
    """Return three limits of the customer and two budgets of the book."""
    confirmed = at + DAY
    limits = [("daily", DAY), ("weekly", 7 * DAY), ("monthly", days * DAY)]
    return (
        *(Claim(Asked(f"limit {name}", None, at - length), 1, MANY, confirmed)
          for name, length in limits),
        Claim(Asked("budget goodwill", "", EVER), 1000, MANY, confirmed),
        Claim(Asked("budget credit", "", at - days * DAY), 500, MANY, confirmed),
    )  # fmt: skip


def taking(store: SqliteStore, id_: str, customer: str, at: int) -> Taking:
    """Return a decision that is granted."""
    alternatives = (Alternative(claims(at), ANSWER, (("service", 1),)),)
    return Taking(id_, customer, store.version(customer), at, 1, alternatives, TEXT)


class ByHand:
    """The transaction as somebody writes it who needs this one, and no other."""

    def __init__(self, path: Path) -> None:
        self.run = sqlite3.connect(path, isolation_level=None)
        self.run.execute("PRAGMA journal_mode = wal")
        self.run.execute("PRAGMA synchronous = normal")
        self.run.executescript(BY_HAND)

    def take(self, one: Taking) -> bool:
        """Take five places, and remember the decision."""
        run, customer, at = self.run, one.customer, one.at
        wanted = {
            f"{claim.asked.account} {customer if claim.asked.owner is None else ''}": claim
            for claim in one.alternatives[0].claims
        }
        run.execute("BEGIN IMMEDIATE")
        which = "SELECT key, used FROM counters WHERE key IN (?, ?, ?, ?, ?)"
        used = dict(run.execute(which, list(wanted)))
        if any(used.get(key, 0) + claim.amount > claim.at_most for key, claim in wanted.items()):
            run.execute("ROLLBACK")
            return False
        run.executemany(
            "INSERT INTO counters VALUES (?, ?) ON CONFLICT DO UPDATE SET used = excluded.used",
            [(key, used.get(key, 0) + claim.amount) for key, claim in wanted.items()],
        )
        run.executemany(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?)",
            [(one.id, key, at, claim.amount, claim.expires) for key, claim in wanted.items()],
        )
        decision = (one.id, customer, at, one.alternatives[0].answer, one.text)
        run.execute("INSERT INTO decisions VALUES (?, ?, ?, ?, ?)", decision)
        run.execute(
            "INSERT INTO customers VALUES (?, 1) ON CONFLICT DO UPDATE SET version = version + 1",
            (customer,),
        )
        run.execute("COMMIT")
        return True


def timed(work: Callable[[Taking], object], takings: Sequence[Taking]) -> float:
    """Return how many seconds one taking took, as the median."""
    taken = []
    for one in takings:
        start = time.perf_counter()
        work(one)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


class Stream:
    """Takings for customers at random, a second apart."""

    def __init__(self, store: SqliteStore, customers: int = CUSTOMERS) -> None:
        self.store = store
        self.chance = Random(1)
        self.customers = customers
        self.number = 0

    def next(self, count: int) -> list[Taking]:
        """Return so many, each for another customer."""
        found = []
        for customer in self.chance.sample(range(self.customers), count):
            self.number += 1
            at = START + self.number * SECOND
            found.append(
                taking(self.store, f"d-{self.chance.getrandbits(96):024x}", f"c-{customer}", at)
            )
        return found


def beside_hand(folder: Path, rounds: int) -> None:
    """Compare with the transaction by hand, in turns."""
    with closing(SqliteStore(folder / "store.db")) as store:
        stream, hand = Stream(store), ByHand(folder / "hand.db")
        ratios, best = [], (1.0, 1.0)
        for number in range(rounds + 2):
            takings = stream.next(1000)
            parts = timed(store.take, takings), timed(hand.take, takings)
            if number >= 2:  # the first fill the caches
                ratios.append(parts[0] / parts[1])
                best = min(best[0], parts[0]), min(best[1], parts[1])
        hand.run.close()
    print("SQLite: take, 3 limits and 2 budgets, one alternative granted")
    print(f"  the store    {best[0] * 1e6:7.1f} µs")
    print(f"  by hand      {best[1] * 1e6:7.1f} µs")
    low, high = min(ratios), max(ratios)
    print(f"  ratio        {statistics.median(ratios):7.2f}    ({low:.2f} to {high:.2f})")
    print("  wanted: at most 2.00")


def as_it_grows(folder: Path, rounds: int) -> None:
    """Compare a store with few entries on the budgets with one that has many."""
    few, many = 300, 30_000
    with (
        closing(SqliteStore(folder / "few.db")) as small,
        closing(SqliteStore(folder / "many.db")) as large,
    ):
        streams = Stream(small), Stream(large)
        for stream, count in zip(streams, (few, many), strict=True):
            for start in range(0, count, 300):
                for one in stream.next(min(300, count - start)):
                    stream.store.take(one)
        ratios = []
        for _ in range(rounds):
            parts = [timed(stream.store.take, stream.next(300)) for stream in streams]
            ratios.append(parts[1] / parts[0])
        print(f"SQLite: take with {many} entries on each budget, beside {few}")
        print(f"  ratio        {statistics.median(ratios):7.2f}")


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stores")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each measurement")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        beside_hand(Path(folder), rounds)
        as_it_grows(Path(folder), rounds)


if __name__ == "__main__":
    main()
