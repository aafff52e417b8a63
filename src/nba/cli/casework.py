"""What `nba decide` and `nba explain` share: the case, and the book that decides it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from nba.cli.arguments import Arguments
from nba.cli.cases_file import CaseRead
from nba.cli.output import CommandError, as_warning, errors
from nba.decide.case import Case
from nba.decide.decision import Decision
from nba.engine import Engine
from nba.errors import CaseError, did_you_mean

__all__ = ["add_case_arguments", "changes", "decided", "warn"]


def add_case_arguments(parser: Arguments, *, required: bool, help_: str) -> None:
    """Add the book, the case, and what takes the place of parts of the case."""
    parser.add_argument("book", metavar="BOOK", help="the folder with the rule files, or one file")
    parser.add_argument("--case", metavar="FILE", required=required, help=help_)
    help_ = "what happened before: events as CSV, JSON Lines or a JSON list; - reads standard input"
    parser.add_argument("--events", metavar="FILE", help=help_)
    parser.add_argument("--customer-id", metavar="ID", help="the customer's id")
    parser.add_argument("--at", metavar="POINT", help="the decision point that asks")
    parser.add_argument("--now", metavar="TIME", help="when, such as 2026-03-02T10:00:00Z")


def changes(args: argparse.Namespace, engine: Engine) -> Callable[[CaseRead], CaseRead]:
    """Return what puts arguments in the place of parts of a case. Raises CommandError."""
    points = engine.book.decision_points
    if args.at is not None and args.at not in points:
        message = f"the book has no decision point `{args.at}`"
        raise CommandError(message, did_you_mean(args.at, points) or "it has none at all")
    given: dict[str, Any] = {}
    if args.customer_id is not None:
        given["id"] = args.customer_id
    if args.at is not None:
        given["at"] = args.at
    if args.now is not None:
        try:
            given["now"] = Case.from_dict({"now": args.now}).now
        except CaseError as error:
            raise CommandError(f"`--now`: {error}") from None
    return lambda read: read._replace(case=read.case._replace(**given))


def decided(engine: Engine, read: CaseRead, n: int | None = None) -> Decision:
    """Return the decision on a case. Raises CommandError, with the place of the case."""
    try:
        return engine.decide_case(read.case, n)
    except CaseError as error:
        raise CommandError.of(error, read.where) from None


def warn(decision: Decision) -> None:
    """Say what of a case was not read."""
    page = errors()
    page.diagnostics(as_warning(found) for found in decision.diagnostics)
    if decision.diagnostics:
        page.line()
