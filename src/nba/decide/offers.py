"""Offers: what may be answered, with what it needs of limits and budgets; and granting them.

Granting here is what a store does in one step (`nba.state.reservation`), predicted from the
history: the first offers that fit, one for each action, and as many of a sort as are shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from nba.book.model import Action, Budget, Limit
from nba.decide.contact import account_of, since_of, used_of
from nba.decide.contact_stages import capped, counted_by, owner
from nba.decide.decision import UNKNOWN_MARK, Candidate
from nba.decide.gesture import Option
from nba.decide.history import key_of
from nba.decide.plan import Plan
from nba.decide.view import View
from nba.lang.python import UNKNOWN

__all__ = ["Granting", "Need", "Offer", "needs_of", "once_key", "tallies_of"]

#: A limit that only counts.
_ANY_NUMBER: Final = 2**53 - 1


class Need(NamedTuple):
    """What an offer needs of the account of a limit or a budget; *code* is that of a refusal.

    *owner* is None for the customer. Entries count that are later than *since*; what is taken is
    given back when it *expires*.
    """

    rule: Limit | Budget
    owner: str | None
    since: int
    amount: int
    at_most: int
    expires: int | None
    code: str

    @property
    def account(self) -> str:
        """The name of the account."""
        return account_of(self.rule)


class Offer(NamedTuple):
    """An answer that may be given: a treatment, in its tier, with what it gives and needs.

    *labels* are what it counts as among the answers, and how many of each there may be.
    """

    number: int
    candidate: Candidate
    option: Option | None
    needs: tuple[Need, ...]
    labels: tuple[tuple[str, int], ...]


def tallies_of(plan: Plan, view: View, number: int) -> list[tuple[Limit, str | None]]:
    """Return the limits that count outcomes of a treatment, each with per whom it counts."""
    found = []
    for cap in plan.caps:
        if cap.limit.counts not in ("decided", "presented") and counted_by(cap, view, number):
            known, whose = owner(plan, view, cap.limit)
            if known:
                found.append((cap.limit, whose))
    return found


def once_key(plan: Plan, view: View, number: int) -> str | None:
    """Return what a treatment's action is done once for; None where it is done again."""
    action = plan.targets[number].action.id
    for once in plan.once:
        if once.action == action and once.key is not None:
            value = once.key(view.slots)
            return None if value is UNKNOWN else key_of(value)
    return None


def needs_of(plan: Plan, view: View, number: int, option: Option | None) -> tuple[Need, ...]:
    """Return what a treatment needs; nothing where it is kept, since it counted then."""
    if number in view.kept or view.forsaken:
        return ()
    action = plan.targets[number].action
    needs = [
        _place(plan, view, cap.limit, may_drop=bool(capped(cap, view) >> number & 1))
        for cap in plan.caps
        if cap.limit.counts in ("decided", "presented") and counted_by(cap, view, number)
    ]
    needs += [_part(plan, view, budget, amount) for budget, amount in _paid(plan, action, option)]
    return tuple(need for need in needs if need is not None)


def _place(plan: Plan, view: View, limit: Limit, *, may_drop: bool) -> Need | None:
    known, whose = owner(plan, view, limit)
    if not known:  # what is capped was dropped; what is only counted cannot be
        return None
    presented = limit.counts == "presented"
    return Need(
        limit,
        whose,
        since_of(limit.window, view.when),
        1,
        limit.at_most if may_drop else _ANY_NUMBER,
        view.now + limit.confirm_within if presented else None,
        f"limited:{limit.id}",
    )


def _paid(plan: Plan, action: Action, option: Option | None) -> Iterator[tuple[Budget, int]]:
    for name in action.takes:
        yield plan.book.budgets[name], 1
    if action.gesture is not None and option is not None:
        for name in action.gesture.budgets:
            yield plan.book.budgets[name], option.units


def _part(plan: Plan, view: View, budget: Budget, amount: int) -> Need:
    known, whose = owner(plan, view, budget)
    return Need(
        budget,
        whose,
        since_of(budget.window, view.when),
        amount,
        budget.amount if known else 0,
        view.now + budget.reserve_for,
        f"unaffordable:{budget.id}{'' if known else UNKNOWN_MARK}",
    )


@dataclass(slots=True)
class Granting:
    """The answers so far: offers come in their order, and each is granted or not."""

    plan: Plan
    view: View
    n: int
    granted: list[int]  # places among the offers
    taken: Counter[str]
    labels: Counter[str]

    @classmethod
    def of(cls, plan: Plan, view: View, n: int) -> Granting:
        """Return a granting of up to *n* answers in which nothing is granted yet."""
        return cls(plan, view, n, [], Counter(), Counter())

    @property
    def full(self) -> bool:
        """Whether there are as many answers as were asked for."""
        return len(self.granted) >= self.n

    def judge(self, place: int, offer: Offer) -> str:
        """Return the code of an offer; one that is `chosen` is granted."""
        code = self.crowded(offer) or self.refused(offer.needs)
        if code is None:
            self.grant(place, offer)
        return code or "chosen"

    def crowded(self, offer: Offer) -> str | None:
        """Return why other answers leave it no room; None where they do."""
        action, *others = offer.labels
        if self.full or self.labels[action[0]]:
            return "outranked"
        if any(self.labels[label] >= most for label, most in others):
            return "crowded_out"
        return None

    def refused(self, needs: Iterable[Need]) -> str | None:
        """Return the code of the first need that is not met; None where all are."""
        for need in needs:
            used = used_of(need.rule, self.plan.book, self.view.history, self.view.when)
            if used + self.taken[need.account] + need.amount > need.at_most:
                return need.code
        return None

    def grant(self, place: int, offer: Offer) -> None:
        """Let an offer be an answer."""
        self.granted.append(place)
        self.labels.update(label for label, _ in offer.labels)
        for need in offer.needs:
            self.taken[need.account] += need.amount
