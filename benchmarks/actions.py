"""What a decision costs by the number of actions, beside straight-line Python written by hand.

By hand means one function with an `if` for each action (`by_hand`): it reads a plain dict, as an
application has it, complete and well-typed, and returns the best action. *In locals* is the same
with every field read into a variable first. Match and score is what the plan does on a view that
was read: all conditions, and priorities until it is sure which is the highest. It returns the same
action; both are compared on every context before anything is timed.

A full decision is `engine.decide`: it reads the case, asks the store in memory, judges contact
policy, takes, writes down, and can tell the code of every action. The realistic book has 1,000
actions beside those that ship with the project, and customers with 50 events.

All are timed in turns within one run (match and score by `benchmarks.timing`); what counts is the
ratio. `python -m benchmarks.actions`
"""

from __future__ import annotations

import argparse
import gc
import math
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import yaml
from benchmarks.as_book import as_book
from benchmarks.by_hand import best_by_hand
from benchmarks.realistic import NOW, people, realistic
from benchmarks.timing import Timed, in_turns
from benchmarks.workload import Workload, workload

from nba import Engine
from nba.book.build import Built, build
from nba.book.source import parse
from nba.decide.case import Case
from nba.decide.contenders import Contenders
from nba.decide.history import EMPTY_HISTORY
from nba.decide.plan import Plan
from nba.decide.planner import plan_for
from nba.decide.stages import Passage
from nba.decide.view import View, inputs_of
from nba.journey.timeline import EMPTY

SIZES = (10, 100, 1000, 10_000)
#: Of match and score to by hand: at most, by size and density.
TARGETS = {
    (10, "sparse"): 4.0,
    (10, "dense"): 4.0,
    (100, "sparse"): 1.2,
    (100, "dense"): 1.2,
    (1000, "sparse"): 1 / 6,
    (1000, "dense"): 1 / 6,
    (10_000, "sparse"): 1 / 30,
    (10_000, "dense"): 1 / 25,
}


class Row(NamedTuple):
    """A line of the table: what was measured, the ratio, and what it must not exceed."""

    name: str
    ratio: float
    at_most: float
    times: str

    def line(self) -> str:
        """Return it as text."""
        verdict = "ok" if self.ratio <= self.at_most else "MISSED"
        faster = f" = 1/{1 / self.ratio:.1f}" if 0 < self.ratio < 1 else ""
        ratio = f"{self.ratio:.3g}{faster}"
        return f"{self.name:52}{ratio:>18}  at most {self.at_most:<7.3g}{verdict:7} {self.times}"


def match_and_score(plan: Plan, view: View) -> int | None:
    """Return the number of the treatment that goes first."""
    passage = Passage(plan, view)
    return Contenders(passage).pop() if passage.alive or not passage.complete else None


def p50s(
    ways: Sequence[tuple[Callable[[Any], object], Sequence[Any]]], rounds: int = 3
) -> list[float]:
    """Return the p50 over contexts of each way, in seconds: the least of some rounds, in turns."""
    least = [[math.inf] * len(given) for _, given in ways]
    for _ in range(rounds):
        for (way, given), own in zip(ways, least, strict=True):
            for place in range(len(given)):
                begun = time.perf_counter()
                way(given[place])
                own[place] = min(own[place], time.perf_counter() - begun)
    return [p50(own) for own in least]


def p50(times: Iterable[float]) -> float:
    """Return the median."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2]


def timed(way: Callable[[Any], object], given: Sequence[Any]) -> Timed:
    """Return what asks about all that is given."""

    def seconds(one: Any) -> float:
        begun = time.perf_counter()
        way(one)
        return time.perf_counter() - begun

    return Timed(lambda: given, seconds)


def viewed(plan: Plan, context: dict[str, Any]) -> View:
    """Read a context as the plan reads it."""
    view = inputs_of(plan, Case("c", context, None), NOW)
    view.remember(plan, EMPTY, EMPTY_HISTORY)
    return view


def verified(work: Workload, plan: Plan, views: Iterable[View]) -> None:
    """Hold the plan to what the function by hand finds."""
    by_hand = best_by_hand(work.rules)
    for context, view in zip(work.contexts, views, strict=True):
        number = match_and_score(plan, view)
        found = None if number is None else plan.targets[number].action.id
        if found != by_hand(context):
            raise SystemExit(f"the plan finds {found}, by hand it is {by_hand(context)}")


def matching(rounds: int) -> Iterable[Row]:
    """Yield match and score by size and density, and the growth of a full decision."""
    for density in ("sparse", "dense"):
        full: dict[int, float] = {}
        for size in SIZES:
            work = workload(size, density)
            built = build([parse(as_book(work), "book.yaml")])
            plan = plan_for(built.book)
            views = [viewed(plan, dict(context)) for context in work.contexts]
            verified(work, plan, views)
            engine = Engine(built, clock=lambda: NOW)
            customers = [f"c{number}" for number in range(len(views))]
            contexts = dict(zip(customers, work.contexts, strict=True))

            def decide(
                customer: str, engine: Engine = engine, contexts: dict[str, Any] = contexts
            ) -> object:
                return engine.decide(customer, customer=contexts[customer], now=NOW)

            def match(view: View, plan: Plan = plan) -> object:
                return match_and_score(plan, view)

            best = in_turns(
                {
                    "hand": timed(best_by_hand(work.rules), work.contexts),
                    "local": timed(best_by_hand(work.rules, in_locals=True), work.contexts),
                    "ours": timed(match, views),
                },
                rounds,
            )
            hand, local, ours = (p50(best[name].values()) for name in ("hand", "local", "ours"))
            (full[size],) = p50s([(decide, customers)], rounds)
            times = f"{ours * 1e6:.1f} of {hand * 1e6:.1f} µs, in locals {local * 1e6:.1f}"
            name = f"match and score, {size:,} actions, {density}"
            yield Row(name, ours / hand, TARGETS[size, density], times)
        exponent = math.log10(full[10_000] / full[1000])
        times = ", ".join(f"{size:,}: {seconds * 1e6:.0f} µs" for size, seconds in full.items())
        most = 0.5 if density == "sparse" else 0.75
        yield Row(f"growth of a decision, {density}: exponent", exponent, most, times)


def deciding(rounds: int) -> Iterable[Row]:
    """Yield a full decision on the realistic book, to match and score by hand."""
    engine = Engine(build(realistic(1000)), clock=lambda: NOW)
    crowd = people(60)
    for person in crowd:
        engine.observe(*person.events)
    for density in ("sparse", "dense"):
        work = workload(1000, density, contexts=len(crowd))

        def decide(person: Any) -> object:
            return engine.decide(
                person.id, customer=person.customer, interaction=person.interaction, now=NOW
            )

        hand, ours = p50s([(best_by_hand(work.rules), work.contexts), (decide, crowd)], rounds)
        times = f"{ours * 1e6:.0f} of {hand * 1e6:.0f} µs"
        yield Row(f"engine.decide, realistic, to 1,000 {density} by hand", ours / hand, 2.0, times)


def building(size: int = 10_000) -> Iterable[Row]:
    """Yield what building a book takes: time, to that of PyYAML's C loader, and memory."""
    text = as_book(workload(size, "sparse", contexts=1))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loads, builds = math.inf, math.inf
    for _ in range(3):
        gc.collect()
        begun = time.perf_counter()
        yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader
        loads = min(loads, time.perf_counter() - begun)
        gc.collect()
        begun = time.perf_counter()
        plan_for(built(text).book)
        builds = min(builds, time.perf_counter() - begun)
    times = f"{builds:.2f} of {loads:.2f} s"
    yield Row(f"building {size:,} actions, to the YAML loader", builds / loads, 6.0, times)
    gc.collect()
    tracemalloc.start()
    plan = plan_for(built(text).book)
    gc.collect()
    kilobytes = tracemalloc.get_traced_memory()[0] / size / 1000
    tracemalloc.stop()
    yield Row("memory of book and plan, kB for an action", kilobytes, 12.0, f"{len(plan.targets)}")


def built(text: str) -> Built:
    """Build a book from its text."""
    return build([parse(text, "book.yaml")])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed")
    parser.add_argument(
        "--only", choices=("matching", "deciding", "building"), help="a part of the table"
    )
    given, _ = parser.parse_known_args()
    parts: dict[str, Callable[[], Iterable[Row]]] = {
        "matching": lambda: matching(given.rounds),
        "deciding": lambda: deciding(given.rounds),
        "building": building,
    }
    for name, rows in parts.items():
        if given.only in (None, name):
            for row in rows():
                print(row.line(), flush=True)


if __name__ == "__main__":
    main()
