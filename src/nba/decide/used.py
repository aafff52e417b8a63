"""What a case says is used up of budgets and limits, in the place of what is counted."""

from __future__ import annotations

from collections.abc import Mapping

from nba import money
from nba.book.model import Book, Budget, Limit
from nba.decide.history import History
from nba.errors import CaseError, did_you_mean, with_help

__all__ = ["used_in", "with_used"]


def with_used(history: History, given: Mapping[str, object] | None, book: Book) -> History:
    """Return a history in which what is *given* is used, by budget or limit. Raises CaseError."""
    if given is None:
        return history
    return history._replace(used={**(history.used or {}), **used_in(given, book)})


def used_in(given: Mapping[str, object], book: Book) -> dict[str, int]:
    """Return what is used on accounts, in minor units and counts. Raises CaseError.

    Money is a number, or a string such as `"10.00"`.
    """
    found = {}
    for name, amount in given.items():
        rule = _rule(name, book)
        found[rule.account] = _units(rule, amount, book.currency)
    return found


def _rule(name: str, book: Book) -> Budget | Limit:
    budget, limit = book.budgets.get(name), book.limits.get(name)
    if budget and limit:
        raise CaseError(
            f"`{name}` is a budget and a limit. give one of them another id", ["used", name]
        )
    rule = budget or limit
    if rule is None:
        help_ = did_you_mean(str(name), [*book.budgets, *book.limits])
        raise CaseError(with_help(f"there is no budget or limit `{name}`", help_), ["used", name])
    return rule


def _units(rule: Budget | Limit, amount: object, currency: str) -> int:
    if isinstance(rule, Budget) and rule.money:
        try:  # `true` is no number, as text either
            number = float(str(amount))
            if number <= money.MOST:
                return money.minor_units(number, currency)
        except ValueError:
            pass
        raise CaseError(
            f"what is used of `{rule.id}` is an amount, not `{amount}`", ["used", rule.id]
        )
    if type(amount) is not int or not 0 <= amount <= money.MOST:
        raise CaseError(
            f"what is used of `{rule.id}` is a count, not `{amount}`", ["used", rule.id]
        )
    return amount
