"""What `nba explain` and `nba why` share: the account of a decision, and how it is written."""

from __future__ import annotations

import argparse

from nba.book.model import Book
from nba.cli.cases_file import CaseFile, CaseRead, read_cases
from nba.cli.casework import changes, decided, warn
from nba.cli.output import CommandError, Page
from nba.decide.decision import Decision
from nba.decide.explain import ActionAccount, Explanation
from nba.engine import Engine
from nba.errors import did_you_mean

__all__ = ["check_action", "explained", "show_account"]


def check_action(name: str | None, book: Book) -> None:
    """Raise CommandError for an action that the book does not have."""
    if name is not None and name not in book.actions:
        message = f"the book has no action `{name}`"
        raise CommandError(message, did_you_mean(name, book.actions))


def explained(engine: Engine, args: argparse.Namespace) -> tuple[Decision, Explanation]:
    """Decide the case that the arguments name, and give the account of it."""
    changed = changes(args, engine)
    with read_cases(args.case, engine.book) as file:
        read = changed(_of_customer(file, args.customer_id) if file.many else next(file.cases))
    decision = decided(engine, read)
    warn(decision)
    return decision, engine.explain(decision)


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


def show_account(account: ActionAccount, page: Page) -> None:
    """Write what became of an action, why, and what would change it."""
    name = page.paint(account.action, "bold")
    colour = "green" if account.code == "chosen" else "yellow"
    where = page.paint(f"{account.where.file}:{account.where.line}", "dim")
    page.line(f"{name} on {account.treatment}: {page.paint(account.code, colour)}  {where}")
    for sentence in account.sentences:
        page.line(f"  {sentence}")
    if account.change is not None:
        page.line(page.paint(f"  {account.change}", "dim"))
