"""Random histories of a store against a model so simple that it is right by reading it."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.state.contract import STORES, row

from nba.errors import CaseError
from nba.journey.events import Row
from nba.state.store import Due

NAMES = st.sampled_from("abcde")
TIMES = st.integers(0, 12)
ROWS = st.builds(
    lambda number, at, topic: row(f"e{number}", at, topic=topic),
    st.integers(0, 9),
    TIMES,
    st.sampled_from(["bill", "line"]),
)
ENTRIES = st.lists(
    st.tuples(TIMES, st.sampled_from(["m", "n"]), st.sampled_from(["opened", "closed"])), max_size=5
)


@dataclass
class Reader:
    """Who asks what is due: what was reported already, and the rest of a pass that was cut."""

    cursor: str | None = None
    time: int = -1
    covered: set[int] = field(default_factory=set)
    rest: list[tuple[Due, int]] | None = None


class Machine(RuleBasedStateMachine):
    """One store and the model: a list of rows, a map of links, a map of deadlines."""

    kind = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.store = self.stack.enter_context(STORES[self.kind](Path(folder)))
        self.rows: list[tuple[str, Row]] = []
        self.links: dict[str, str] = {}
        #: each deadline that there is, and a number for each time that it became known
        self.deadlines: dict[Due, int] = {}
        self.numbers = 0
        self.readers = [Reader(), Reader()]

    def teardown(self) -> None:
        """Close the store."""
        self.stack.close()

    def chain(self, name: str) -> list[str]:
        """Return a name and those that it leads to."""
        return [name, *self.chain(self.links[name])] if name in self.links else [name]

    def customer_of(self, name: str) -> str:
        """Return the end of the chain."""
        return self.chain(name)[-1]

    def journey(self, name: str) -> list[Row]:
        """Return the rows of a journey: of those with one id the first."""
        found: dict[str, Row] = {}
        for recorded_as, one in self.rows:
            if self.customer_of(recorded_as) == self.customer_of(name):
                found.setdefault(one["id"], one)
        return sorted(found.values(), key=lambda one: (one["at"], one["id"]))

    def replace(self, customer: str, entries: list) -> None:
        """Replace deadlines: those that stay keep their number."""
        wanted = {Due(at, customer, moment, change) for at, moment, change in entries}
        for due in list(self.deadlines):
            if due.customer == customer and due not in wanted:
                del self.deadlines[due]
        for due in wanted - self.deadlines.keys():
            self.numbers += 1
            self.deadlines[due] = self.numbers

    @rule(name=NAMES, rows=st.lists(ROWS, max_size=4))
    def append(self, name: str, rows: list[Row]) -> None:
        """Record rows."""
        new = []
        for one in rows:
            if one["id"] not in {other["id"] for other in self.journey(name)}:
                new.append(one)
            if not any(as_ == name and other["id"] == one["id"] for as_, other in self.rows):
                self.rows.append((name, one))
        assert self.store.append(name, rows) == new

    @rule(identity=NAMES, customer=NAMES)
    def link(self, identity: str, customer: str) -> None:
        """Link two names, or be refused."""
        before = self.customer_of(identity)
        if identity in self.chain(customer):
            with pytest.raises(CaseError, match=f"`{identity}`"):
                self.store.link(identity, customer)
            return
        self.links[identity] = customer
        changed = self.store.link(identity, customer)
        after = self.customer_of(identity)
        if before == after:
            assert changed == ()
        else:
            assert changed == ((after,) if before == identity else (after, before))
            self.replace(identity, [])

    @rule(identity=NAMES)
    def unlink(self, identity: str) -> None:
        """Undo a link, if there is one."""
        before = self.customer_of(identity)
        self.links.pop(identity, None)
        expected = () if before == identity else (identity, before)
        assert self.store.unlink(identity) == expected

    @rule(customer=NAMES, entries=ENTRIES)
    def set_deadlines(self, customer: str, entries: list[Any]) -> None:
        """Set deadlines, as whoever has just seen the journey."""
        done = self.store.set_deadlines(customer, entries, self.store.version(customer))
        assert done == (customer not in self.links)
        if done:
            self.replace(customer, entries)

    @rule(which=st.integers(0, 1), now=TIMES, limit=st.sampled_from([1, 2, 3, 1000]))
    def due(self, which: int, now: int, limit: int) -> None:
        """Ask for a page, twice."""
        reader = self.readers[which]
        if reader.rest is None:
            reader.time = max(reader.time, now)
            reader.rest = sorted(
                (due, number)
                for due, number in self.deadlines.items()
                if due.at <= reader.time and number not in reader.covered
            )
        left = [(due, n) for due, n in reader.rest if self.deadlines.get(due) == n]
        expected, reader.rest = left[:limit], left[limit:] or None
        reader.covered |= {number for _, number in expected}
        found = self.store.due(now, reader.cursor, limit)
        assert found[0] == [due for due, _ in expected]
        assert self.store.due(now, reader.cursor, limit) == found
        reader.cursor = json.loads(json.dumps(found[1]))

    @rule(instant=st.integers(0, 6))
    def forget_before(self, instant: int) -> None:
        """Forget what is old."""
        kept = [(name, one) for name, one in self.rows if one["at"] >= instant]
        assert self.store.forget_before(instant) == len(self.rows) - len(kept)
        self.rows = kept
        self.deadlines = {due: n for due, n in self.deadlines.items() if due.at >= instant}

    @invariant()
    def same(self) -> None:
        """Hold everything that can be read against the model."""
        for name in "abcde":
            assert self.store.customer_of(name) == self.customer_of(name)
            assert list(self.store.journey(name).rows) == self.journey(name)
            assert (self.store.version(name) == 0) <= (not self.journey(name))
        names = {name for name, _ in self.rows} | {due.customer for due in self.deadlines}
        customers = {self.customer_of(name) for name in names | set(self.links)}
        assert sorted(self.store.customers()) == sorted(customers)


@pytest.mark.parametrize("kind", STORES)
def test_a_store_does_what_the_model_does(kind: str) -> None:
    """Whatever is appended, linked, set, asked and forgotten, in whatever order."""
    machine = type("Machine", (Machine,), {"kind": kind})
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=40))
