"""Decides what to do for a customer: what, on which channel, what to say, and why.

The case is a JSON object with `id`, `customer`, `interaction`, `now`, `role` and `at`, all of
which may be left out. A file with one object on each line (JSON Lines), or with one case in each
row (CSV), is decided line by line; the answers are then JSON, one to a line.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime

from nba import windows
from nba.cli.arguments import Arguments, count
from nba.cli.cases_file import CaseFile, CaseRead, read_cases
from nba.cli.casework import add_case_arguments, changes, decided, warn
from nba.cli.codes import OK
from nba.cli.observed import opened_engine
from nba.cli.output import CommandError, Page, results
from nba.cli.progress import Progress
from nba.decide.account import Relationship
from nba.decide.case import Case
from nba.decide.decision import Candidate, Decision
from nba.decide.wording import shown
from nba.engine import Engine
from nba.lang.values import Timestamp

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba decide`."""
    help_ = "the case, or many as JSON Lines or CSV; - reads standard input"
    add_case_arguments(parser, required=False, help_=help_)
    parser.add_argument("-n", "--n", metavar="N", type=count, help="up to so many answers")
    parser.add_argument("--json", action="store_true", help="write JSON, one line to a decision")
    parser.add_argument("--why", action="store_true", help="say why also for cases on lines")


def run(args: argparse.Namespace) -> int:
    """Decide a case, or each of many."""
    engine = opened_engine(args)
    changed = changes(args, engine)
    nothing_known = CaseFile(many=False, cases=iter([CaseRead(Case(""))]))
    with (
        read_cases(args.case, engine.book)
        if args.case is not None
        else nullcontext(nothing_known) as file
    ):
        if file.many:
            _decide_all(engine, map(changed, file.cases), args)
        else:
            _decide_one(engine, changed(next(file.cases)), args)
    return OK


def _decide_one(engine: Engine, read: CaseRead, args: argparse.Namespace) -> None:
    decision = decided(engine, read, args.n)
    warn(decision)
    if args.json:
        results().json(decision.to_dict(why=True), indent=None)
    else:
        _show(engine, decision, results())


def _decide_all(engine: Engine, cases: Iterator[CaseRead], args: argparse.Namespace) -> None:
    if args.customer_id is not None:
        message = "`--customer-id` is for one case, and the file has one on each line"
        raise CommandError(message, "put the ids in the file")
    page = results()
    progress = Progress("decisions")
    try:
        for read in cases:
            decision = decided(engine, read, args.n)
            page.json(decision.to_dict(why=args.why), indent=None)
            progress.step(read.share)
    finally:
        progress.clear()


def _show(engine: Engine, decision: Decision, page: Page) -> None:
    """Write a decision for people: what to do, say and know, why, and what comes next."""
    headline, *why = decision.why()
    page.line(page.paint(headline, "bold"))
    best, *others = decision.ranked or (None,)
    if best is not None:
        _do_and_say(engine, best, page)
    elif decision.defer_until is not None:
        page.line(f"  ask   again on {_time(engine, decision.defer_until)}")
    for number, line in enumerate(decision.briefing):
        page.line(f"  {'' if number else 'brief':5} {line}")
    if decision.relationship is not None:
        page.line(f"  score {_relationship(engine, decision.relationship)}")
    for number, reason in enumerate(why):
        page.line(f"  {'' if number else 'why':4}  {reason}")
    for place, other in enumerate(others, 2):
        page.line()
        channel = engine.book.channels[other.channel].title or other.channel
        page.line(page.paint(f"{place}. {other.title}: {channel}, {other.direction}.", "bold"))
        _do_and_say(engine, other, page)
        tier = f", in the tier `{other.tier}`" if len(engine.book.tiers) > 1 else ""
        page.line(f"  why   Its priority is {other.priority:g}{tier}.")


def _relationship(engine: Engine, found: Relationship) -> str:
    """Say what the relationship is, and where its points came from."""
    declared = engine.book.relationship
    title = (declared.title if declared else "") or "the relationship"
    parts = [f"{part.points:+g} as {part.why}" for part in found.parts]
    if parts:
        parts.insert(0, f"{found.start:g} to start with")
    total = found.start + sum(part.points for part in found.parts)
    if total != found.score:
        parts.append(f"and never {'below' if total < found.score else 'above'} {found.score:g}")
    score = f"{title[:1].upper()}{title[1:]} is {found.score:g} of 100"
    return f"{score}: {', '.join(parts)}" if parts else score


def _do_and_say(engine: Engine, candidate: Candidate, page: Page) -> None:
    page.line(f"  do    {page.paint(candidate.action, 'cyan')} on {candidate.channel}")
    if candidate.suggests:
        page.line(f"  use   {candidate.suggests}")
    if (gift := candidate.gesture) is not None:
        approval = f", approval {gift.approval}" if gift.approval else ""
        page.line(f"  give  {gift.amount} {gift.currency}{approval}")
    if candidate.due is not None:
        page.line(f"  by    {_time(engine, windows.moment(candidate.due))}")
    if candidate.kept_from is not None:
        page.line(f"  kept  from {candidate.kept_from}")
    if candidate.say:
        page.line("  say   " + candidate.say.rstrip().replace("\n", "\n        "))


def _time(engine: Engine, when: datetime) -> str:
    """Return a time as the clocks of the book have it."""
    instant, zone = Timestamp(windows.instant(when)), engine.book.zone
    day, hour = (shown(instant, form, engine.book.currency, zone) for form in ("date", "time"))
    return f"{day}, {hour}"
