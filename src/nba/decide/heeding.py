"""Which earlier answers the rules of a plan ask about: of all others nothing depends on them.

A customer who comes often has thousands of earlier answers, and most were guidance or an offer of
which nothing came. A decision reads those that this file lets through. It may let too many through,
and never too few: random tests decide with all of them beside it.
"""

from __future__ import annotations

from collections.abc import Iterable

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
    asked, anyway = plan.asked_of[sort]
    return anyway or (bool(one.outcomes) and not asked.isdisjoint(_meant(plan.book, one.outcomes)))


def _asked(plan: Plan, one: Answered) -> tuple[frozenset[str], bool]:
    """Return after which outcomes rules ask about the answers of a sort, and whether anyway."""
    book = plan.book
    action = book.actions.get(one.action)
    anyway = one.action in plan.once or bool(action and action.takes)
    for limit in book.limits.values():
        exempt = limit.exempt is not None and one.covered(limit.exempt)
        anyway |= counts(limit, covered=one.covered(limit.covers), exempt=exempt)
    rules = [rule for rule in book.suppressions.values() if one.covered(rule.covers)]
    asked = frozenset(name for rule in rules for name in rule.after)
    if book.attribution is not None:  # silence may come of any of them
        anyway |= not asked.isdisjoint(_meant(book, [(book.attribution.otherwise, 0)]))
    return asked, anyway


def _meant(book: Book, outcomes: Iterable[tuple[str, int]]) -> set[str]:
    """Return outcomes by their names, and by what these mean."""
    names = {name for name, _ in outcomes}
    return names.union(map(book.meaning_of, names))
