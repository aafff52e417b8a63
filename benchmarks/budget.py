"""What each step of a full decision costs, on the realistic book: a latency budget.

The steps are those of `nba.engine.deciding`, timed one after the other for the same customers; the
last line is `engine.decide` itself. Each customer has 50 events and decides once.
`python -m benchmarks.budget`
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.realistic import NOW, Person, people, realistic

from nba import Engine
from nba.book.build import build
from nba.decide.answer import answer
from nba.decide.case import Case
from nba.decide.stages import Passage
from nba.decide.view import inputs_of
from nba.engine.compiled import compiled
from nba.engine.deciding import Running
from nba.engine.remembered import history_in
from nba.engine.taking import SPARE, taking_of
from nba.state.memory import MemoryStore

Step = tuple[str, float]


class Watch:
    """Takes the time of one step after the other."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def take(self, name: str, step: Callable[[], Any]) -> Any:
        """Do a step and note how long it took."""
        begun = time.perf_counter()
        found = step()
        self.steps.append((name, time.perf_counter() - begun))
        return found


def steps(running: Running, store: MemoryStore, person: Person, name: str) -> list[Step]:
    """Decide for a person, step by step."""
    watch, plan = Watch(), running.plan
    case = Case(person.id, person.customer, person.interaction)
    view = watch.take("read the case", lambda: inputs_of(plan, case, NOW))
    asked = view.accounts
    memory = watch.take(
        "recall from the store", lambda: store.recall(case.id, view.now, tuple(asked.values()))
    )
    history = watch.take(
        "read the history", lambda: history_in(plan, memory, asked, view.now, taking=True)
    )
    timeline = running.happening.before(memory.timeline, case.id, view)
    watch.take("signals, moments, scores", lambda: view.remember(plan, timeline, history))
    watch.take("go through the stages", lambda: Passage(plan, view))
    _, before = watch.steps[-1]
    found = watch.take("score, rank, offer", lambda: answer(plan, view, None, SPARE))
    last, seconds = watch.steps.pop()
    watch.steps.append((last, max(0.0, seconds - before)))  # it goes through the stages again
    if found.granted:
        wanted = watch.take(
            "write down", lambda: taking_of(plan, found, name, case.id, memory.version)
        )
        watch.take("take in the store", lambda: store.take(wanted.taking))
    return watch.steps


def budget(actions: int, count: int) -> Iterator[Step]:
    """Yield the p50 of every step over customers, and that of the whole."""
    book = build(realistic(actions))
    store, clock = MemoryStore(), lambda: NOW
    engine = Engine(book, store=store, clock=clock)
    running = compiled(book.book, "native")
    crowd = people(count)
    for person in crowd:
        engine.observe(*person.events)
    for person in crowd:  # so that all is compiled, and journeys are read
        engine.decide(
            person.id,
            customer=person.customer,
            interaction=person.interaction,
            now=NOW,
            commit=False,
        )
    found: dict[str, list[float]] = {}
    whole: list[float] = []
    for number, person in enumerate(crowd):
        if number % 2:  # those who were decided for step by step have taken something
            begun = time.perf_counter()
            engine.decide(
                person.id, customer=person.customer, interaction=person.interaction, now=NOW
            )
            whole.append(time.perf_counter() - begun)
        else:
            for name, seconds in steps(running, store, person, f"d{number}"):
                found.setdefault(name, []).append(seconds)
    for name, times in found.items():
        yield name, sorted(times)[len(times) // 2]
    yield "engine.decide, the whole", sorted(whole)[len(whole) // 2]


def main() -> None:
    """Print the budget."""
    parser = argparse.ArgumentParser(description="What each step of a decision costs.")
    parser.add_argument("--actions", type=int, default=1000, help="actions beside those shipped")
    parser.add_argument("--people", type=int, default=200, help="how many customers are decided")
    given, _ = parser.parse_known_args()
    rows = list(budget(given.actions, given.people))
    whole = rows[-1][1]
    for name, seconds in rows:
        print(f"{name:32}{seconds * 1e6:9.1f} µs {seconds / whole:7.0%}")


if __name__ == "__main__":
    main()
