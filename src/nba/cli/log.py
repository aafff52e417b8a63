"""Forgets a customer in a decision log, or says what is in it.

`nba log forget LOG CUSTOMER` takes out every record of a customer, by the name that the decision
was made for and by the one that the store knew. Programs may write to the log meanwhile. `nba log
stats LOG` counts the records.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from nba import windows
from nba.cli.arguments import Arguments
from nba.cli.codes import OK
from nba.cli.output import CommandError, counted, errors, results
from nba.errors import StoreError, did_you_mean
from nba.record.reading import Unreadable, records_in
from nba.record.sinks import sink_at

__all__ = ["arguments", "run"]

_ACTS = ("forget", "stats")


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba log`."""
    parser.add_argument("what", metavar="forget|stats", help="what to do")
    parser.add_argument("log", metavar="LOG", help="the decision log: a .jsonl or .db file")
    parser.add_argument("customer", metavar="CUSTOMER", nargs="?", help="whom to forget")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Do it, and say what was done."""
    if args.what not in _ACTS:
        raise CommandError(f"`{args.what}` cannot be done to a log", did_you_mean(args.what, _ACTS))
    forgets = args.what == "forget"
    if forgets and not args.customer:
        raise CommandError("CUSTOMER is missing", "name the customer after the log")
    if not forgets and args.customer:
        raise CommandError(f"`{args.customer}` is one argument too many")
    if not Path(args.log).is_file():
        raise CommandError("there is no such file", where=args.log)
    try:
        return _forget(args) if forgets else _stats(args)
    except StoreError as error:
        raise CommandError(str(error)) from None


def _forget(args: argparse.Namespace) -> int:
    sink = sink_at(args.log)
    try:
        count = sink.forget([args.customer])
    finally:
        sink.close()
    if args.json:
        results().json({"forgotten": count})
    else:
        results().line(f"{counted(count, 'record')} of `{args.customer}` forgotten")
    return OK


def _stats(args: argparse.Namespace) -> int:
    books, reasons = Counter[str](), Counter[str]()
    customers = set[str]()
    times: list[tuple[int, str]] = []  # the first and the last instant, each as it is written
    unread = 0
    for one in records_in(args.log):
        if isinstance(one, Unreadable):
            unread += 1
            errors().line(f"{one.where}: {one.reason}, and is left out")
            continue
        try:
            when = windows.parse_instant(one.at)
        except (TypeError, ValueError):
            unread += 1
            errors().line(f"{args.log}: the record `{one.id}` has no time, and is left out")
            continue
        books[one.versions.get("book", "unknown")] += 1
        reasons[one.reason] += 1
        customers.add(one.known_as)
        times = [min([*times, (when, one.at)]), max([*times, (when, one.at)])]
    found: dict[str, Any] = {
        "records": books.total(),
        "unreadable": unread,
        "customers": len(customers),
        "first": times[0][1] if times else None,
        "last": times[-1][1] if times else None,
        "books": dict(books),
        "reasons": dict(reasons.most_common()),
    }
    page = results()
    if args.json:
        page.json(found)
        return OK
    page.line(f"{counted(found['records'], 'record')} of {counted(len(customers), 'customer')}")
    if times:
        page.line(f"from {times[0][1]} to {times[1][1]}")
    for name, number in books.most_common():
        page.line(f"book {name}: {number}")
    for name, number in reasons.most_common():
        page.line(f"{name}: {number}")
    return OK
