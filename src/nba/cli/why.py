"""Says why an action is, or is not, the answer in one case, and what would change it.

Without `--action` it says why the answer is what it is.
"""

from __future__ import annotations

import argparse

from nba.cli.accounts import check_action, explained, show_account
from nba.cli.arguments import Arguments
from nba.cli.casework import add_case_arguments
from nba.cli.codes import OK
from nba.cli.observed import opened_engine
from nba.cli.output import Page, results
from nba.decide.explain import ActionAccount

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba why`."""
    add_case_arguments(parser, required=True, help_="the case; - reads standard input")
    help_ = "why this action is, or is not, the answer; without it, why the answer is what it is"
    parser.add_argument("--action", metavar="ID", help=help_)
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Decide a case, and say why."""
    engine = opened_engine(args)
    check_action(args.action, engine.book)
    decision, explanation = explained(engine, args)
    account = None if args.action is None else explanation.account(args.action)
    page = results()
    if args.json:
        found = {"decision": decision.to_dict(), "summary": list(explanation.summary)}
        page.json(found | {"action": account.to_dict() if account else None})
        return OK
    headline, *rest = explanation.summary
    page.line(page.paint(headline, "bold"))
    if account is None:
        for sentence in rest:
            page.line(f"  {sentence}")
        return OK
    show_account(account, page)
    _show_others(account, page)
    return OK


def _show_others(account: ActionAccount, page: Page) -> None:
    """Say what became of the action on its other channels."""
    for channel, code in account.channels.items():
        if channel != account.treatment:
            page.line(f"  on {channel}: {code}")
