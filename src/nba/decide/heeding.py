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
    if one.keep_until is not None or one.gesture is not None:
        return True
    # what selectors tell answers by
    sort = (one.action, one.channel, one.issue, one.group, one.kind, one.direction, one.tags)
    if sort not in plan.asked_of:
        plan.asked_of[sort] = _asked(plan, one)
    asked = plan.asked_of[sort]
    if not asked:
        return asked is None
    return not asked.isdisjoint(_came(plan.book, one))


def _asked(plan: Plan, one: Answered) -> frozenset[str] | None:
    """Return the outcomes after which rules ask about answers of a sort; None for whatever came."""
    book = plan.book
    action = book.actions.get(one.action)
    if one.action in plan.once or (action is not None and action.takes):
        return None
    for limit in book.limits.values():
        exempt = limit.exempt is not None and one.covered(limit.exempt)
        if counts(limit, covered=one.covered(limit.covers), exempt=exempt):
            return None
    rules = [rule for rule in book.suppressions.values() if one.covered(rule.covers)]
    return frozenset(name for rule in rules for name in rule.after)


def _came(book: Book, one: Answered) -> set[str]:
    """Return what came of an answer, by name and by what that means; and silence, which may."""
    names = {name for name, _ in one.outcomes}
    if book.attribution is not None:
        names.add(book.attribution.otherwise)
    meant = {found.means for name in names if (found := book.outcomes.get(name)) and found.means}
    return names | meant
