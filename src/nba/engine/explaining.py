"""The account of a decision that stands in the log: it is made again from its record."""

from __future__ import annotations

from nba import windows
from nba.decide.decision import Decision
from nba.decide.explain import Explanation
from nba.engine.account import EngineAccount
from nba.engine.deciding import Running
from nba.record.record import Record
from nba.record.replay import Replayer

__all__ = ["explained"]


def explained(running: Running, record: Record) -> tuple[Decision, Explanation]:
    """Return what was decided, and why, by the book that decides now. Raises CaseError."""
    book = running.plan.book
    case, found = Replayer(book, plan=running.plan).decided(record)
    until = found.defer_until
    account = EngineAccount(found, case, running.briefer)
    decision = Decision(
        record.id,
        record.customer,
        book.version,
        windows.moment(found.view.now),
        found.ranked,
        found.reason,
        book.no_action.title,
        found.n,
        case.at,
        case.role,
        tuple(found.view.diagnostics),
        None if until is None else windows.moment(until),
        account,
    )
    return decision, account.explanation()
