"""Makes the decisions of a log again, by the book that made them, and says which are the same.

What was recorded is decided on again, with what the store granted then. A decision that another
version of the book made is not compared, unless `--any-version` asks for that: then it shows what
a change of rules would have changed. The exit code is 1 where a decision is different.
"""

from __future__ import annotations

import argparse
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from nba.book.build import load
from nba.cli.arguments import Arguments, count
from nba.cli.codes import FAILED, OK
from nba.cli.output import CommandError, Page, counted, errors, results
from nba.cli.progress import Progress
from nba.errors import CaseError, StoreError
from nba.record.reading import Unreadable, records_in
from nba.record.record import Record
from nba.record.replay import VERDICTS, Replayed, Replayer

__all__ = ["arguments", "run"]

_MANY = 20  # decisions of one verdict that are shown


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba replay`."""
    parser.add_argument("log", metavar="LOG", help="the decision log: a .jsonl or .db file")
    parser.add_argument("book", metavar="BOOK", help="the folder with the rule files, or one file")
    parser.add_argument("--limit", metavar="N", type=count, help="only the last N decisions")
    help_ = "compare also what other versions of the book decided"
    parser.add_argument("--any-version", action="store_true", help=help_)
    parser.add_argument("--json", action="store_true", help="write JSON, one line to a decision")


def run(args: argparse.Namespace) -> int:
    """Make the decisions again, and compare them."""
    replayer = Replayer(load(args.book).book, any_version=args.any_version)
    found: Iterable[Record | Unreadable] = records_in(args.log)
    if args.limit is not None:
        found = deque(found, maxlen=args.limit)
    page, told, unread = results(), Counter[str](), list[Unreadable]()
    progress = Progress("decisions")
    try:
        for one in _replayed(replayer, found, unread):
            told[one.verdict] += 1
            if args.json:
                page.json(one.to_dict(), indent=None)
            elif one.verdict != "same" and told[one.verdict] <= _MANY:
                _show(one, page)
            progress.step()
    except StoreError as error:
        raise CommandError(str(error)) from None
    finally:
        progress.clear()
    for place in unread[:_MANY]:
        errors().line(f"{place.where}: {place.reason}, and is left out")
    if not args.json:
        each = ", ".join(f"{told[verdict]} {verdict}" for verdict in VERDICTS if told[verdict])
        page.line(f"{counted(told.total(), 'decision')}{f': {each}' if each else ''}")
    return FAILED if told["different"] else OK


def _replayed(
    replayer: Replayer, found: Iterable[Record | Unreadable], unread: list[Unreadable]
) -> Iterator[Replayed]:
    for record in found:
        if isinstance(record, Unreadable):
            unread.append(record)
            continue
        try:
            yield replayer.replay(record)
        except CaseError as error:
            unread.append(Unreadable(record.id, str(error)))


def _show(one: Replayed, page: Page) -> None:
    record = one.record
    colour = "red" if one.verdict == "different" else "yellow"
    verdict = page.paint(one.verdict, colour)
    page.line(f"{page.paint(record.id, 'bold')} of {record.customer or 'nobody'}: {verdict}")
    for sentence in one.because:
        page.line(f"  {sentence}")
