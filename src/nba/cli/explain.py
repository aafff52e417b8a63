"""Says what became of every action of a book in one case, why, and what would change it."""

from __future__ import annotations

import argparse

from nba.cli.arguments import Arguments
from nba.cli.cases_file import CaseFile, CaseRead, read_cases
from nba.cli.casework import add_case_arguments, changes, decided, warn
from nba.cli.codes import OK
from nba.cli.observed import opened_engine
from nba.cli.output import CommandError, Page, results
from nba.decide.explain import ActionAccount
from nba.errors import did_you_mean

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba explain`."""
    add_case_arguments(parser, required=True, help_="the case; - reads standard input")
    parser.add_argument("--action", metavar="ID", help="only this action")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Decide a case and give the account of it."""
    engine = opened_engine(args)
    if args.action is not None and args.action not in engine.book.actions:
        message = f"the book has no action `{args.action}`"
        raise CommandError(message, did_you_mean(args.action, engine.book.actions))
    changed = changes(args, engine)
    with read_cases(args.case, engine.book) as file:
        read = changed(_of_customer(file, args.customer_id) if file.many else next(file.cases))
    decision = decided(engine, read)
    warn(decision)
    explanation = engine.explain(decision)
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
        _show(account, page)
    return OK


def _of_customer(file: CaseFile, customer: str | None) -> CaseRead:
    """Return the only case of a customer among many. Raises CommandError."""
    if customer is None:
        message = "one case is explained at a time, and the file has one on each line"
        raise CommandError(message, "choose one by `--customer-id`")
    found = [read for read in file.cases if read.case.id == customer]
    if len(found) != 1:
        places = ", ".join(read.where for read in found[:3])
        message = f"the file has no case of the customer `{customer}`"
        if found:
            message = f"the file has several cases of the customer `{customer}`: {places}"
        raise CommandError(message, "put it in a file of its own" if found else "")
    return found[0]


def _show(account: ActionAccount, page: Page) -> None:
    name = page.paint(account.action, "bold")
    colour = "green" if account.code == "chosen" else "yellow"
    where = page.paint(f"{account.where.file}:{account.where.line}", "dim")
    page.line(f"{name} on {account.treatment}: {page.paint(account.code, colour)}  {where}")
    for sentence in account.sentences:
        page.line(f"  {sentence}")
    if account.change is not None:
        page.line(page.paint(f"  {account.change}", "dim"))
