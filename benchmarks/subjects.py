"""What is compared on the neutral workload: ours, Python by hand, and the engines of others.

Each is prepared from the same actions, and asked about the same customers. Engines of others
answer with the actions that are eligible; ours and those by hand also score them, and answer with
the best. So others do less.
"""

from __future__ import annotations

import importlib
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Any, Final

from benchmarks.actions import match_and_score
from benchmarks.as_book import as_book
from benchmarks.by_hand import best_by_hand
from benchmarks.workload import Workload, best_of, eligible

from nba.book.build import build
from nba.book.source import parse
from nba.decide.case import Case
from nba.decide.history import EMPTY_HISTORY
from nba.decide.planner import plan_for
from nba.decide.view import inputs_of
from nba.engine import Engine
from nba.journey.timeline import EMPTY

__all__ = ["BY_HAND", "PEERS", "Context", "Prepared", "Subject", "subjects", "verify"]

Context = Mapping[str, Any]
NOW: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
BY_HAND: Final = "Python by hand"
#: The modules of `benchmarks.peers`.
PEERS: Final = (
    "zen_expression",
    "zen_table",
    "datalogic",
    "clips",
    "cel_cpp",
    "cel_rust",
    "cedar",
    "json_logic",
    "rule_engine",
    "business_rules",
    "durable",
    "json_rules_engine",
)


@dataclass(frozen=True)
class Prepared:
    """One who is asked: *prepare* a context apart from time, then *ask*, which is measured.

    Who measures itself, elsewhere, tells its seconds by *took*. *best* says whether it answers
    with the id of the best action, or with the places of all that are eligible.
    """

    ask: Callable[[Any], Any]
    prepare: Callable[[Context], Any] = lambda context: context
    took: Callable[[], float] | None = None
    best: bool = False

    def prepared(self, work: Workload) -> Callable[[], list[Any]]:
        """Return what prepares all customers of a workload."""
        return lambda: [self.prepare(context) for context in work.contexts]

    def time(self, given: Any) -> float:
        """Return the seconds of one answer about what was prepared."""
        before = time.perf_counter()
        self.ask(given)
        seconds = time.perf_counter() - before
        return self.took() if self.took else seconds


@dataclass(frozen=True)
class Subject:
    """One who can be asked about up to *largest* actions, with the version that is installed."""

    name: str
    version: str
    largest: int
    load: Callable[[Workload], Prepared]


def subjects(wanted: Sequence[str] = PEERS) -> list[Subject]:
    """Return all who are installed: ours, by hand, and of others those *wanted*."""
    found = [
        Subject("nba, match and score", _version("nba"), 10_000, _matched),
        Subject("nba, whole decision", _version("nba"), 10_000, _decided),
        Subject(BY_HAND, "", 10_000, lambda work: _by_hand(work, in_locals=False)),
        Subject(f"{BY_HAND}, fields in locals", "", 10_000, lambda w: _by_hand(w, in_locals=True)),
    ]
    for name in wanted:
        try:
            peer = importlib.import_module(f"benchmarks.peers.{name}")
            version = peer.version() if hasattr(peer, "version") else _version(peer.DISTRIBUTION)
        except ImportError as error:
            print(f"{name} is left out: {error}")
            continue
        found.append(Subject(peer.NAME, version, peer.LARGEST, _loader(peer)))
    return found


def verify(prepared: Prepared, work: Workload, contexts: Sequence[Context]) -> bool:
    """Return whether it answers as the workload means, for these contexts."""
    for context in contexts:
        found = prepared.ask(prepared.prepare(context))
        right = best_of(work.rules, context) if prepared.best else eligible(work.rules, context)
        if (found if prepared.best else list(found)) != right:
            return False
    return True


# --- who is asked


def _matched(work: Workload) -> Prepared:
    """Ask the plan alone, of a customer that was read: conditions, scores and order."""
    plan = plan_for(build([parse(as_book(work), "workload.yaml")]).book)

    def prepare(context: Context) -> Any:
        view = inputs_of(plan, Case("c", customer=context), NOW)
        view.remember(plan, EMPTY, EMPTY_HISTORY)
        return view

    def ask(view: Any) -> str | None:
        number = match_and_score(plan, view)
        return None if number is None else plan.targets[number].action.id

    return Prepared(ask, prepare, best=True)


def _decided(work: Workload) -> Prepared:
    """Ask the engine as an application does, with a store in memory."""
    decide = Engine(build([parse(as_book(work), "workload.yaml")])).decide
    numbers = itertools.count()

    def ask(context: Context) -> str | None:  # each time it is somebody else who is remembered
        return decide(f"c{next(numbers)}", customer=context, now=NOW).action

    return Prepared(ask, best=True)


def _by_hand(work: Workload, *, in_locals: bool) -> Prepared:
    return Prepared(best_by_hand(work.rules, in_locals=in_locals), best=True)


def _loader(peer: Any) -> Callable[[Workload], Prepared]:
    def load(work: Workload) -> Prepared:
        ask = peer.load(work.rules)
        took = (lambda: float(ask.took)) if hasattr(ask, "took") else None
        return Prepared(ask, took=took)

    return load


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
