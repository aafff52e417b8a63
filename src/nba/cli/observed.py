"""What happened before: the events of a file, observed before anything is decided."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from nba.book.model import Book
from nba.cli.events_file import read_events
from nba.cli.output import CommandError, as_warning, counted, errors
from nba.cli.progress import Progress
from nba.engine import Engine
from nba.errors import Diagnostic
from nba.journey.events import Event, Row
from nba.journey.shapes import EventShapes
from nba.state.memory import MemoryStore
from nba.windows import EPOCH

__all__ = ["events_in", "journeys_in", "opened_engine"]

_MANY: Final = 20  # faults in events that are shown


def opened_engine(args: argparse.Namespace) -> Engine:
    """Open the book, with the journeys in the file that `--events` names, if it does.

    The journeys are kept whole, however old: a case may be of another time than the present.
    """
    store = MemoryStore()
    engine = Engine.open(args.book, store=store)
    if args.events is not None:
        if args.events == args.case == "-":
            message = "standard input can be read once, and both `--case` and `--events` are `-`"
            raise CommandError(message, "put one of them in a file")
        for customer, rows in journeys_in(args.events, engine.book).items():
            store.append(customer, rows)
    return engine


def journeys_in(name: str, book: Book) -> dict[str, list[Row]]:
    """Return the events of a file by customer, and say what of them cannot be read."""
    journeys: dict[str, list[Row]] = {}
    for event, row in _read(name, book):
        journeys.setdefault(event.customer, []).append(row)
    return journeys


def events_in(name: str, book: Book) -> dict[str, tuple[Event, ...]]:
    """Return the events of a file by customer as they are; what cannot be read is said too."""
    found: dict[str, list[Event]] = {}
    for event, _ in _read(name, book):
        found.setdefault(event.customer, []).append(event)
    return {customer: tuple(events) for customer, events in found.items()}


def _read(name: str, book: Book) -> Iterator[tuple[Event, Row]]:
    """Yield the events of a file, each with its row."""
    shapes = EventShapes.of(book)
    known: dict[tuple[str, str], tuple[Row, str]] = {}  # with the place, by customer and id
    faults = _Faults()
    progress = Progress("events")
    try:
        with read_events(name, book) as events:
            for event, where in events:
                (row,), problems = shapes.rows([event], EPOCH)  # every event of a file says when
                first, place = known.setdefault((event.customer, row["id"]), (row, where))
                if first != row:
                    problems = [*problems, _other(row["id"], place)]
                faults.add(where, problems)
                progress.step()
                yield event, row
    finally:
        progress.clear()
        faults.end()


def _other(id_: str, first: str) -> Diagnostic:
    message = f"the event `{id_[:60]}` is not the one with this id at {first}, which counts"
    return Diagnostic("wrong-input", message, "give each event an id of its own")


class _Faults:
    """Says what is wrong with the fields of events: the first of them, and how many more."""

    def __init__(self) -> None:
        self.page = errors()
        self.count = 0

    def add(self, where: str, problems: list[Diagnostic]) -> None:
        """Show what is wrong with the event at a place."""
        for problem in problems:
            self.count += 1
            if self.count <= _MANY:
                self.page.line(f"{where}: {as_warning(problem).render()}")

    def end(self) -> None:
        """Say how many were not shown."""
        if self.count > _MANY:
            self.page.line(f"and {counted(self.count - _MANY, 'more fault')} in events")
        if self.count:
            self.page.line()
