"""Which earlier answers the rules of a plan ask about: of all others nothing depends on them.

A customer who comes often has thousands of earlier answers, and most were guidance or an offer of
which nothing came. A decision reads those that this file lets through. It may let too many through,
and never too few: random tests decide with all of them beside it.
"""

from __future__ import annotations

from nba.book.model import Book
from nba.decide.contact import counts
from nba.decide.history import Answered
from nba.decide.plan import Plan

__all__ = ["heeds"]


def heeds(plan: Plan, one: Answered) -> bool:
    """Return whether a rule asks about an answer, as it was written down, now or at any time."""
    if one.keep_until is not None or one.action in plan.once or one.gesture is not None:
        return True
    book = plan.book
    action = book.actions.get(one.action)
    if action is not None and action.takes:
        return True
    for limit in book.limits.values():
        exempt = limit.exempt is not None and one.covered(limit.exempt)
        if counts(limit, covered=one.covered(limit.covers), exempt=exempt):
            return True
    came = _came(book, one)
    return any(
        not came.isdisjoint(rule.after) and one.covered(rule.covers)
        for rule in book.suppressions.values()
    )


def _came(book: Book, one: Answered) -> set[str]:
    """Return what came of an answer, by name and by what that means; and silence, which may."""
    names = {name for name, _ in one.outcomes}
    if book.attribution is not None:
        names.add(book.attribution.otherwise)
    meant = {found.means for name in names if (found := book.outcomes.get(name)) and found.means}
    return names | meant
