"""What `nba diff` and `nba simulate` decide on: the cases of a file, or a decision log."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from nba.author.population import Item
from nba.book.model import Book
from nba.cli.arguments import Arguments
from nba.cli.cases_file import CaseRead, read_cases
from nba.cli.casework import changes
from nba.cli.observed import events_in
from nba.cli.output import CommandError, counted, errors
from nba.cli.progress import Progress
from nba.engine import Engine
from nba.errors import StoreError
from nba.journey.events import Event
from nba.lang.context import FieldSpec
from nba.record.reading import Unreadable, records_in

__all__ = ["add_population_arguments", "declared_by_either", "population", "warn", "workers"]

_WARNINGS: Final = 10  # of cases, that are shown
_MANY: Final = 20  # records that cannot be read and are named


def add_population_arguments(parser: Arguments) -> None:
    """Add the file of the cases, and what takes the place of parts of them."""
    help_ = "the cases, as JSON Lines or CSV; - reads standard input"
    parser.add_argument("--cases", metavar="FILE", help=help_)
    help_ = "what happened before: events as CSV, JSON Lines or a JSON list"
    parser.add_argument("--events", metavar="FILE", help=help_)
    parser.add_argument("--at", metavar="POINT", help="the decision point that asks")
    parser.add_argument("--now", metavar="TIME", help="when, such as 2026-03-02T10:00:00Z")
    parser.set_defaults(customer_id=None)


def declared_by_either(old: Book, new: Book) -> Book:
    """Return a book by which files can be read that hold what only one of two books declares."""
    events = {**old.events, **new.events}
    for name in old.events.keys() & new.events.keys():
        fields = _of_either(old.events[name].fields, new.events[name].fields)
        events[name] = replace(new.events[name], fields=fields)
    return replace(
        new,
        fields=_of_either(old.fields, new.fields),
        events=events,
        channels={**old.channels, **new.channels},
    )


def _of_either(old: tuple[FieldSpec, ...], new: tuple[FieldSpec, ...]) -> tuple[FieldSpec, ...]:
    known = {spec.path for spec in new}
    return (*new, *(spec for spec in old if spec.path not in known))


@contextmanager
def population(args: argparse.Namespace, book: Book, *engines: Engine) -> Iterator[Iterator[Item]]:
    """Open the cases, or the log that `args.log` names, to be gone through with progress.

    What files hold is read by what the *book* declares. Raises CommandError, at once or when what
    cannot be read is asked for.
    """
    log = getattr(args, "log", None)
    if (args.cases is None) is (log is None):
        if log is None:
            raise CommandError("there is nothing to decide", "name the cases: --cases FILE")
        raise CommandError("`--cases` and `--log` are both given", "choose one of them")
    progress = Progress("cases", meanwhile=False)
    try:
        if log is not None:
            if unfit := next((o for o in ("events", "at", "now") if getattr(args, o)), None):
                message = f"`--{unfit}` is for cases, and a log says that itself"
                raise CommandError(message, "leave it out")
            yield _records(log, progress)
            return
        if args.events == args.cases == "-":
            message = "standard input can be read once, and both `--cases` and `--events` are `-`"
            raise CommandError(message, "put one of them in a file")
        events = events_in(args.events, book) if args.events is not None else {}
        for engine in engines:
            changed = changes(args, engine)
        with read_cases(args.cases, book) as file:
            yield _cases(map(changed, file.cases), events, progress)
    finally:
        progress.clear()


def _cases(
    read: Iterator[CaseRead], events: dict[str, tuple[Event, ...]], progress: Progress
) -> Iterator[Item]:
    now = datetime.now(UTC)
    for one in read:
        case = one.case
        own = events.get(case.id, ()) if case.events is None else case.events
        yield case._replace(events=own, now=case.now or now)
        progress.step(one.share)


def _records(log: str, progress: Progress) -> Iterator[Item]:
    read = unread = 0
    try:
        for one in records_in(log):
            if isinstance(one, Unreadable):
                unread += 1
                if unread <= _MANY:
                    errors().line(f"{one.where}: {one.reason}, and is left out")
                continue
            read += 1
            yield one
            progress.step()
    except StoreError as error:
        raise CommandError(str(error)) from None
    if unread and not read:
        help_ = "a decision log is what an engine opened with `log=` has written"
        raise CommandError("there is no decision in it", help_, where=log)
    if unread > _MANY:
        errors().line(f"and {counted(unread - _MANY, 'more record')} left out")


def warn(doubts: Counter[str]) -> None:
    """Say what of the cases could not be read, each once, with how often."""
    for text, number in doubts.most_common(_WARNINGS):
        often = "once" if number == 1 else f"{number:,} times"
        errors().line(f"warning: {text} ({often})")
    if len(doubts) > _WARNINGS:
        errors().line(f"and {len(doubts) - _WARNINGS} more warnings of other values")


def workers(given: int | None) -> int:
    """Return how many processes decide: as many as were asked for, or as there are cores."""
    return given if given is not None else max(1, min(os.cpu_count() or 1, 8))
