"""Offers: what may be answered, with what it needs of limits and budgets; and granting them.

Granting here is what a store does in one step (`nba.state.reservation`), predicted from the
history: the first offers that fit, one for each action, and as many of a sort as are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nba.book.model import Action, Budget, Limit
from nba.decide.contact import Asked, used_of
from nba.decide.contact_stages import counting
from nba.decide.decision import UNKNOWN_MARK, Candidate
from nba.decide.gesture import Option
from nba.decide.plan import Plan
from nba.decide.view import View

__all__ = ["ANY_NUMBER", "Claim", "Granting", "Need", "Offer", "needs_of", "tallies_of"]

#: A limit that only counts.
ANY_NUMBER: Final = 2**53 - 1


class Claim(NamedTuple):
    """What an answer needs of an account: *amount*, so that it has at most *at_most* then.

    *amount* and *at_most* are from 0 to 2^53 - 1. *expires* is when the entry is given back unless
    it is committed; None for never.
    """

    asked: Asked
    amount: int
    at_most: int
    expires: int | None = None


class Need(NamedTuple):
    """What an offer claims of the account of a limit or a budget; *code* is that of a refusal."""

    rule: Limit | Budget
    claim: Claim
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


def tallies_of(plan: Plan, view: View, number: int) -> tuple[Limit, ...]:
    """Return the limits that count outcomes of a treatment."""
    found = [limit for limit, _ in counting(plan, view, number)]
    return tuple([limit for limit in found if limit.counts not in ("decided", "presented")])


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
        and limit.account in view.accounts
    ]
    if action.takes or action.gesture is not None:
        needs += [_part(view, budget, amount) for budget, amount in _paid(plan, action, option)]
    return tuple(needs)


def _place(view: View, limit: Limit, *, may_drop: bool) -> Need:
    asked, at_most = view.accounts[limit.account], limit.at_most if may_drop else ANY_NUMBER
    expires = view.now + limit.confirm_within if limit.counts == "presented" else None
    return Need(limit, Claim(asked, 1, at_most, expires), f"limited:{limit.id}")


def _paid(plan: Plan, action: Action, option: Option | None) -> Iterator[tuple[Budget, int]]:
    for name in action.takes:
        yield plan.book.budgets[name], 1
    if action.gesture is not None and option is not None:
        for name in action.gesture.budgets:
            yield plan.book.budgets[name], option.units


def _part(view: View, budget: Budget, amount: int) -> Need:
    expires, code = view.now + budget.reserve_for, f"unaffordable:{budget.id}"
    asked = view.accounts.get(budget.account)
    if asked is None:  # nobody knows of whom to take it: there is nothing to be had
        nobodys = Asked(budget.account, None, view.now)
        return Need(budget, Claim(nobodys, amount, 0, expires), code + UNKNOWN_MARK)
    return Need(budget, Claim(asked, amount, budget.amount, expires), code)


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
        for rule, claim, code in needs:
            used = used_of(rule, self.plan.book, self.view.history, self.view.when)
            if used + self.taken.get(rule.account, 0) + claim.amount > claim.at_most:
                return code
        return None

    def grant(self, place: int, offer: Offer) -> None:
        """Let an offer be an answer."""
        self.granted.append(place)
        for label, _ in offer.labels:
            self.labels[label] = self.labels.get(label, 0) + 1
        for need in offer.needs:
            account, amount = need.rule.account, need.claim.amount
            self.taken[account] = self.taken.get(account, 0) + amount
