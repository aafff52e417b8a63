"""What a book means by calendars, limits, suppression, budgets, gestures and outcomes.

Lengths are in nanoseconds, amounts of money in the minor unit of the book's currency.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from nba.book.rules import NOWHERE, Condition, Covers, Expression
from nba.errors import Place
from nba.windows import SECOND, OpeningHours, Window

__all__ = [
    "BUDGETS",
    "DAY",
    "OUTCOMES",
    "WEEKDAYS",
    "Attribution",
    "Budget",
    "Calendar",
    "Gesture",
    "Limit",
    "Outcome",
    "Rung",
    "StoreFailure",
    "Suppression",
]

#: How the names of accounts begin: an id may be that of a limit and of a budget.
_LIMITS: Final = "limit/"
BUDGETS: Final = "budget/"
#: 24 hours: how long what is taken waits to be confirmed where a book does not say.
DAY: Final = 86_400 * SECOND
#: The days of a week, as files write them.
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: What can come of an answer in every book.
OUTCOMES: Final = (
    "presented",
    "clicked",
    "accepted",
    "rejected",
    "maybe_later",
    "resolved",
    "complained",
    "no_response",
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening hours in a *zone*: `book`, `customer.timezone`, or the name of one."""

    id: str
    zone: str
    hours: OpeningHours
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Limit:
    """A cap on contacts.

    It counts answers that it covers and does not *exempt* (unless *count_exempt*): at the decision
    (`decided`, `presented`), or outcomes of the kind that *counts* names. *per* is `customer`,
    `household`, `book` or the path of a customer field. A place of what is `presented` is given
    back if that is not confirmed within *confirm_within*.
    """

    id: str
    title: str
    counts: str
    covers: Covers
    exempt: Covers | None
    count_exempt: bool
    per: str
    at_most: int
    window: Window
    on_limit: Literal["drop", "defer", "next_treatment"]
    confirm_within: int
    place: Place = field(compare=False, repr=False, default=NOWHERE)
    #: The name of the account that it counts on.
    account: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "account", f"{_LIMITS}{self.id}")


@dataclass(frozen=True, slots=True)
class Suppression:
    """Leave them in peace for *length* after *at_least* outcomes of these kinds *within* a time.

    It counts the outcomes of answers that it covers and that are the *same* in that respect as
    what is judged; and it suppresses what it covers.
    """

    id: str
    title: str
    after: tuple[str, ...]
    same: Literal["treatment", "action", "group", "issue", "channel", "any"]
    at_least: int
    within: int | None
    length: int
    covers: Covers
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Budget:
    """Money, or a count, that may be given away in a window; *amount* is what there is.

    What is not committed within *reserve_for* is given back.
    """

    id: str
    title: str
    money: bool
    amount: int
    per: str
    window: Window
    reserve_for: int
    place: Place = field(compare=False, repr=False, default=NOWHERE)
    #: The name of the account that it counts on.
    account: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "account", f"{BUDGETS}{self.id}")


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a ladder: when it is meant, and how much it gives."""

    when: Condition | None
    amount: Expression
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Gesture:
    """What is given to put something right: the first rung that fits.

    *authority* is how much each role may give by itself.
    """

    ladder: tuple[Rung, ...]
    at_most: Expression | None
    budgets: tuple[str, ...]
    if_unaffordable: Literal["next_rung", "drop"]
    authority: tuple[tuple[str, int], ...]
    not_again_within: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What can come of an answer, and which of the known outcomes it *means*, if any."""

    id: str
    title: str
    means: str | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """How long an outcome is waited for, and which it is held to be after that."""

    within: int
    otherwise: str


@dataclass(frozen=True, slots=True)
class StoreFailure:
    """What is done without the store: nothing, or what *without_limits_for* covers."""

    without_limits_for: Covers | None = None
