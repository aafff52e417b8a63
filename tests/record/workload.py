"""Random work for an engine that logs: what a store can do to a decision is done to some."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from nba import Case, CaseError, Decision, Engine, Event
from nba.decide.contact import Asked
from nba.errors import StoreError
from nba.record.reading import records_in
from nba.record.record import Record
from nba.record.replay import Replayed, Replayer
from nba.state.memory import MemoryStore
from nba.state.reservation import Granted, Taking
from nba.state.store import Memory

__all__ = ["HardStore", "replayed", "work"]

NAMES = ("c-1", "c-2", "c-3", "ann@example.com", "cookie-7")


class HardStore(MemoryStore):
    """A store where others are faster at times, so that less is granted, and which fails at times.

    It does so by chance, and only when it is asked for a decision.
    """

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random
        self.faster = self.failures = 0

    def recall(self, customer: str, at: int, asked: Sequence[Asked] = ()) -> Memory:
        """Fail, or do it."""
        if asked and self.random.random() < 0.05:
            self.failures += 1
            raise StoreError("it is tired")
        return super().recall(customer, at, asked)

    def take(self, taking: Taking) -> Granted:
        """Let somebody else take the same first, or not."""
        if self.random.random() < 0.3:
            self.faster += 1
            ghost = f"ghost-{self.faster}"
            super().take(
                taking._replace(id=ghost, customer=ghost, version=self.version(ghost), n=1)
            )
        return super().take(taking)


def work(
    engine: Engine,
    cases: Sequence[Case],
    random: Random,
    events: Sequence[Event],
    outcomes: Sequence[str],
    *,
    names: Sequence[str] = NAMES,
) -> list[Decision]:
    """Decide the cases one after the other, and do what applications do in between.

    Return the decisions that are to be logged.
    """
    made: list[Decision] = []
    given: list[Decision] = []
    for case in cases:
        name = random.choice(names)
        now = case.now
        assert now is not None
        for event in random.sample(list(events), min(len(events), random.randrange(3))):
            engine.observe(event._replace(customer=random.choice(names), at=_near(now, random)))
        if random.random() < 0.1:
            _link(engine, random, names)
        found = case._replace(id=name, role=random.choice((None, "agent", "lead")))
        commit = random.random() < 0.85
        observe = (
            random.random() < 0.3
            and engine.book.interaction_event is not None
            and found.interaction is not None
            and found.events is None
        )
        decision = engine.decide_case(
            found, random.choice((None, None, 1, 3)), commit=commit, observe=observe
        )
        if commit:
            made.append(decision)
            given += [decision] if decision.action else []
        if given and random.random() < 0.5:
            one = random.choice(given)
            try:
                engine.record(one.id, random.choice(outcomes), at=max(one.now, now))
            except CaseError:  # made with what the case brought, so that no store remembers it
                given.remove(one)
    return made


def _near(now: datetime, random: Random) -> datetime:
    return now - timedelta(hours=random.choice((0, 1, 5, 24, 47, 200, 500)))


def _link(engine: Engine, random: Random, names: Sequence[str]) -> None:
    identity = random.choice(names[3:])
    if random.random() < 0.3:
        engine.unlink(identity)
    else:
        engine.link(identity, random.choice(names[:3]))


def replayed(log: Path, engine: Engine, **more: Any) -> list[Replayed]:
    """Return what becomes of each record of a log, which has to be readable."""
    replayer = Replayer(engine.book, **more)
    found = []
    for record in records_in(log):
        assert isinstance(record, Record), record
        found.append(replayer.replay(record))
    return found
