"""Reports how customers fare in each corridor: per stage, how many had what was expected, how soon.

`nba report journey BOOK --events FILE` goes through all events of the file. Of those who entered a
stage it counts for how many the expected thing happened in time or late, for how many it is
overdue (missed), still open, or was ended before; and how long it took half of those it happened
to, and nine in ten.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Final

from nba import windows
from nba.author.journey_report import CorridorReport, StageReport, journey_report
from nba.book.build import load
from nba.cli.arguments import Arguments
from nba.cli.codes import OK
from nba.cli.observed import journeys_in
from nba.cli.output import CommandError, Page, counted, results
from nba.decide.case import Case
from nba.errors import CaseError, did_you_mean
from nba.journey.timeline import Timeline

__all__ = ["arguments", "run"]

_COLUMNS: Final = (
    "entered",
    "in time",
    "late",
    "missed",
    "open",
    "ended",
    "half took",
    "90 % took",
)
_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba report`."""
    parser.add_argument("what", choices=["journey"], metavar="journey", help="what to report on")
    parser.add_argument("book", metavar="BOOK", help="the folder with the rule files, or one file")
    help_ = "what happened: events as CSV, JSON Lines or a JSON list; - reads standard input"
    parser.add_argument("--events", metavar="FILE", required=True, help=help_)
    parser.add_argument("--corridor", metavar="ID", help="only this corridor")
    parser.add_argument("--now", metavar="TIME", help="as of when, by default now")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Read the events and report."""
    book = load(args.book).book
    if not book.corridors:
        raise CommandError("the book has no corridor", "declare one under `corridors`")
    if args.corridor is not None and args.corridor not in book.corridors:
        message = f"the book has no corridor `{args.corridor}`"
        raise CommandError(message, did_you_mean(args.corridor, book.corridors))
    try:
        now = Case.from_dict({"now": args.now}).now or datetime.now(UTC)
    except CaseError as error:
        raise CommandError(f"`--now`: {error}") from None
    journeys = [Timeline(rows) for rows in journeys_in(args.events, book).values()]
    found = journey_report(book, journeys, windows.instant(now))
    found = [report for report in found if args.corridor in (None, report.id)]
    page = results()
    if args.json:
        page.json({"now": now.isoformat(), "corridors": [report.to_dict() for report in found]})
        return OK
    for number, report in enumerate(found):
        if number:
            page.line()
        _show(report, page)
    return OK


def _show(report: CorridorReport, page: Page) -> None:
    page.line(page.paint(report.title or report.id, "bold"))
    passages = counted(report.passages, "passage")
    page.line(f"{counted(report.customers, 'customer')}, {passages}")
    rows = [("stage", *_COLUMNS), *(_row(stage) for stage in report.stages)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    page.line()
    for row in rows:
        first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        page.line("  ".join([first.strip().ljust(widths[0]), *rest]).rstrip())


def _row(stage: StageReport) -> tuple[str, ...]:
    counts = (stage.entered, stage.in_time, stage.late, stage.missed, stage.open, stage.ended)
    expected = sum(counts[1:]) > 0
    shown = [str(count) if expected or not place else "-" for place, count in enumerate(counts)]
    return (stage.title or stage.id, *shown, *(_length(stage.quantile(q)) for q in (0.5, 0.9)))


def _length(nanoseconds: int | None) -> str:
    """Write a length of time by its two largest units: `2 d 3 h`."""
    if nanoseconds is None:
        return "-"
    left = nanoseconds // windows.SECOND
    parts: list[str] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(filter(None, parts[:2])) or "0 s"
