"""Suppression, limits and budgets, judged from the history: what each rule means stands here.

Everything fails closed: a limit whose owner is unknown is full.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import NamedTuple

from nba import windows
from nba.book.model import Action, Book, Budget, Limit, Suppression
from nba.decide.history import Answered, History
from nba.lang.values import INT_MAX, INT_MIN
from nba.windows import Window

__all__ = [
    "Asked",
    "When",
    "counts",
    "free_again",
    "owner_of",
    "since_of",
    "suppressed_until",
    "suppressing",
    "used_of",
]


class When(NamedTuple):
    """When it is: *now*, an instant, and the zones of the book and of the customer."""

    now: int
    book: tzinfo
    customer: tzinfo

    def zone(self, name: str) -> tzinfo:
        """Return a zone by what rules call it."""
        if name == "book":
            return self.book
        return self.customer if name == "customer.timezone" else windows.zone(name)


class Asked(NamedTuple):
    """An account, and from when on its entries count: those later than *since*.

    *owner* is a household or the like, `""` for the whole book, and None for the customer: then
    the accounts of all the customer's names are one.
    """

    account: str
    owner: str | None
    since: int


def since_of(window: Window, when: When) -> int:
    """Return the instant after which entries count."""
    where = when.book if window.calendar is None else when.zone(window.zone)  # then it is no matter
    after = window.after(when.now, where)
    return INT_MIN if after is None else after


def owner_of(per: str, value: object) -> tuple[bool, str | None]:
    """Return whether it is known per whom a rule counts, and who that is: None is the customer.

    *value* is that of the field that says so, where one does.
    """
    if per == "customer":
        return True, None
    if per == "book":
        return True, ""
    return value is not None, None if value is None else str(value)


# --- suppression


def suppressed_until(
    rule: Suppression, action: Action, channel: str, history: History, now: int
) -> int | None:
    """Return until when a rule suppresses what it covers; None where it does not now.

    It does while, of the outcomes that it counts, the last *at_least* lie *within* its time, and
    less than its length ago.
    """
    found = suppressing(rule, action, channel, history)
    times = sorted(at for _, came in found for at in came)
    ends = [
        last + rule.length
        for first, last in zip(times, times[rule.at_least - 1 :], strict=False)
        if rule.within is None or last - first < rule.within
    ]
    return max((end for end in ends if now < end), default=None)


def suppressing(
    rule: Suppression, action: Action, channel: str, history: History
) -> Iterator[tuple[Answered, list[int]]]:
    """Yield the answers whose outcomes a rule counts, with the times of these."""
    for one in history.answers:
        if one.covered(rule.covers) and _same(rule, one, action, channel):
            yield one, one.times_of(rule.after)


def _same(rule: Suppression, one: Answered, action: Action, channel: str) -> bool:
    match rule.same:
        case "treatment":
            return one.action == action.id and one.channel == channel
        case "action":
            return one.action == action.id
        case "group":
            return one.group == action.group
        case "issue":
            return one.issue == action.issue
        case "channel":
            return one.channel == channel
    return True


# --- what is used up


def used_of(rule: Limit | Budget, book: Book, history: History, when: When) -> int:
    """Return what counts on the account of a limit or a budget."""
    if history.used is not None and rule.account in history.used:
        return history.used[rule.account]
    since = since_of(rule.window, when)
    if isinstance(rule, Limit):
        return sum(len(_places(rule, one, since, when.now)) for one in history.answers)
    return sum(_spent(rule, book, one, since, when.now) for one in history.answers)


def counts(limit: Limit, *, covered: bool, exempt: bool) -> bool:
    """Return whether a limit counts what it covers, and what of that is exempt."""
    return covered and (not exempt or limit.count_exempt)


def _places(limit: Limit, one: Answered, since: int, now: int) -> list[int]:
    """Return the times of the places that an answer takes of a limit."""
    one = one.said  # a store counts what is recorded
    exempt = limit.exempt is not None and one.covered(limit.exempt)
    if not counts(limit, covered=one.covered(limit.covers), exempt=exempt):
        return []
    if limit.counts not in ("decided", "presented"):
        return [at for at in one.times_of((limit.counts,)) if since < at]
    confirmed = any(name != "no_response" for name, _ in one.outcomes)
    pending = now < one.at + limit.confirm_within and one.approval != "refused"
    takes = since < one.at and (limit.counts == "decided" or confirmed or pending)
    return [one.at] if takes else []


def _spent(budget: Budget, book: Book, one: Answered, since: int, now: int) -> int:
    action, one = book.actions.get(one.action), one.said
    if action is None or one.at <= since:
        return 0
    gesture = action.gesture
    amount = one.gesture or 0 if gesture and budget.id in gesture.budgets else 0
    amount += budget.id in action.takes
    reserved = one.stands(now) and now < one.at + budget.reserve_for
    return amount if one.accepted or reserved else 0


def free_again(limit: Limit, history: History, when: When) -> int | None:
    """Return when a limit that is full has a place again; None where that is not known.

    Of a calendar window it is the next. Of a rolling one it is told by the times of the places, as
    far as they are the customer's own.
    """
    ends = limit.window.ends(when.now, when.zone(limit.window.zone))
    if ends is not None:
        return ends
    if limit.window.length is None or limit.per != "customer":
        return None
    since = since_of(limit.window, when)
    frees = sorted(
        min(at + limit.window.length, _lapses(limit, one))
        for one in history.answers
        for at in _places(limit, one, since, when.now)
    )
    place = len(frees) - limit.at_most
    return frees[place] if 0 <= place < len(frees) else None


def _lapses(limit: Limit, one: Answered) -> int:
    """Return when a place is given back that nobody confirmed; the end of time for others."""
    confirmed = any(name != "no_response" for name, _ in one.said.outcomes)
    waits = limit.counts == "presented" and not confirmed
    return one.at + limit.confirm_within if waits else INT_MAX
