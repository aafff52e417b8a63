"""Places in limits and parts of budgets: what an answer takes, and how a store grants it.

This file is what taking means, for every store:

- An **account** is what one limit or budget counts for one owner. It has *entries*: an amount, a
  time, and for what is only reserved a time at which it is given back. An entry counts while its
  time is later than the window's start, and while it has not expired.
- An answer is **granted** when each of its claims fits: what counts on the account, and the amount,
  are together at most what is allowed. Then all of them are entered, in one step; else none is.
- Entries have an id: that of the decision and, after a colon, the place of the answer among the
  alternatives. The same id on an account is entered once, and an answer claims an account once.
- **Commit** makes an entry last; if it has expired it is claimed anew, and may be refused.
  **Release** takes it off, and **enter** adds one whatever is allowed.

Time on an account does not go back: what was found too old once may be forgotten, so a claim with
an earlier *since* than others before counts at least what is left.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from nba.decide.offers import Claim
from nba.lang.values import INT_MIN

__all__ = ["EVER", "Alternative", "Granted", "Settlement", "Taking", "entry_id"]

#: A window without a beginning.
EVER = INT_MIN


class Alternative(NamedTuple):
    """An answer that may be granted: what it claims, and what is remembered of it, as JSON.

    *labels* are what it counts as among the answers granted together, and how many of each there
    may be at the most.
    """

    claims: tuple[Claim, ...]
    answer: str
    labels: tuple[tuple[str, int], ...] = ()


class Taking(NamedTuple):
    """Of the *alternatives*, best first, up to *n* that fit are to be granted to a customer.

    *id* is that of the decision. *version* is that of the customer's memory on which the
    alternatives were chosen. *text* is remembered beside the answers.
    """

    id: str
    customer: str
    version: int
    at: int
    n: int
    alternatives: tuple[Alternative, ...]
    text: str


class Granted(NamedTuple):
    """What a store did: which alternatives it granted, and of those it did not, which claim.

    *stale* says that the memory was not as it was read, and that nothing was done.
    """

    granted: tuple[int, ...] = ()
    refused: tuple[tuple[int, int], ...] = ()
    stale: bool = False


class Settlement(NamedTuple):
    """What is to become of an entry, by its id: `commit`, `release` or `enter`; see above."""

    act: Literal["commit", "release", "enter"]
    entry: str
    claim: Claim


def entry_id(decision: str, place: int) -> str:
    """Return the id of the entries of an answer, by its place among the alternatives."""
    return f"{decision}:{place}"
