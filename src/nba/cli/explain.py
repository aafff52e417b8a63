"""Says what became of every action of a book in one case, why, and what would change it."""

from __future__ import annotations

import argparse

from nba.cli.accounts import check_action, explained, show_account
from nba.cli.arguments import Arguments
from nba.cli.casework import add_case_arguments
from nba.cli.codes import OK
from nba.cli.observed import opened_engine
from nba.cli.output import results

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba explain`."""
    add_case_arguments(parser, required=True, help_="the case; - reads standard input")
    parser.add_argument("--action", metavar="ID", help="only this action")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Decide a case and give the account of it."""
    engine = opened_engine(args)
    check_action(args.action, engine.book)
    decision, explanation = explained(engine, args)
    accounts = [each for each in explanation.accounts if args.action in (None, each.action)]
    page = results()
    if args.json:
        found = {"summary": list(explanation.summary)}
        actions = {"actions": [account.to_dict() for account in accounts]}
        page.json({"decision": decision.to_dict()} | found | actions)
        return OK
    if args.action is None:
        headline, *rest = explanation.summary
        page.line(page.paint(headline, "bold"))
        for sentence in rest:
            page.line(sentence)
        page.line()
    for number, account in enumerate(accounts):
        if number:
            page.line()
        show_account(account, page)
    return OK
