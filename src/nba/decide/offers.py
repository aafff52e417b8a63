"""Offers: what may be answered, with what it needs of limits and budgets; and granting them.

Granting here is what a store does in one step (`nba.state.reservation`), predicted from the
history: the first offers that fit, one for each action, and as many of a sort as are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nba.book.model import Action, Budget, Limit
from nba.decide.contact import used_of
from nba.decide.contact_stages import counting
from nba.decide.decision import UNKNOWN_MARK, Candidate
from nba.decide.gesture import Option
from nba.decide.plan import Plan
from nba.decide.view import View

__all__ = ["Granting", "Need", "Offer", "needs_of", "tallies_of"]

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


class Offer(NamedTuple):
    """An answer that may be given: a treatment, in its tier, with what it gives and needs.

    *labels* are what it counts as among the answers, and how many of each there may be.
    """

    number: int
    candidate: Candidate
    option: Option | None
    needs: tuple[Need, ...]
    labels: tuple[tuple[str, int], ...]


def tallies_of(plan: Plan, view: View, number: int) -> list[Limit]:
    """Return the limits that count outcomes of a treatment, and that it is known for whom."""
    return [
        limit
        for limit, _ in counting(plan, view, number)
        if limit.counts not in ("decided", "presented") and view.accounts[limit.account].known
    ]


def needs_of(plan: Plan, view: View, number: int, option: Option | None) -> tuple[Need, ...]:
    """Return what a treatment needs; nothing where it is kept, since it counted then."""
    if number in view.kept or view.forsaken:
        return ()
    action = plan.targets[number].action
    needs = [
        _place(view, limit, may_drop=may_drop)
        for limit, may_drop in counting(plan, view, number)
        if limit.counts in ("decided", "presented")
        # what is capped and counts for nobody known was dropped, and the rest cannot be counted
        and view.accounts[limit.account].known
    ]
    needs += [_part(view, budget, amount) for budget, amount in _paid(plan, action, option)]
    return tuple(needs)


def _place(view: View, limit: Limit, *, may_drop: bool) -> Need:
    _, owner, since = view.accounts[limit.account]
    presented = limit.counts == "presented"
    return Need(
        limit,
        owner,
        since,
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


def _part(view: View, budget: Budget, amount: int) -> Need:
    known, owner, since = view.accounts[budget.account]
    return Need(
        budget,
        owner,
        since,
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
    granted: list[int] = field(default_factory=list)  # places among the offers
    taken: dict[str, int] = field(default_factory=dict)  # by account
    labels: dict[str, int] = field(default_factory=dict)

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
        if self.full or action[0] in self.labels:
            return "outranked"
        if any(self.labels.get(label, 0) >= most for label, most in others):
            return "crowded_out"
        return None

    def refused(self, needs: Iterable[Need]) -> str | None:
        """Return the code of the first need that is not met; None where all are."""
        for need in needs:
            used = used_of(need.rule, self.plan.book, self.view.history, self.view.when)
            if used + self.taken.get(need.rule.account, 0) + need.amount > need.at_most:
                return need.code
        return None

    def grant(self, place: int, offer: Offer) -> None:
        """Let an offer be an answer."""
        self.granted.append(place)
        for label, _ in offer.labels:
            self.labels[label] = self.labels.get(label, 0) + 1
        for need in offer.needs:
            account = need.rule.account
            self.taken[account] = self.taken.get(account, 0) + need.amount
