"""What rule files may say of contacts: calendars, limits, suppression, budgets, gestures."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic.json_schema import WithJsonSchema

from nba import money
from nba.book.contact import OUTCOMES, WEEKDAYS
from nba.book.forms import (
    Condition,
    Covers,
    Document,
    Expression,
    Id,
    Names,
    names_of,
    one_of,
    ref,
    suggested,
)
from nba.book.time_documents import Length, Within, Zone

__all__ = [
    "Attribution",
    "Budget",
    "Calendar",
    "ContactPolicy",
    "Gesture",
    "Limit",
    "Outcome",
    "Rung",
    "StoreFailure",
    "Suppression",
    "WithoutStore",
]

#: Amounts of money as files have them, in the book's currency.
Money = Annotated[float, Field(ge=0, le=money.MOST)]

_DAY = f"({'|'.join(WEEKDAYS)})"
_CLOCK = r"[0-2]\d:[0-5]\d"
_HOURS = {
    "description": "hours by days, such as `mon-fri: 08:00-20:00`",
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "patternProperties": {
        f"^({_DAY}(-{_DAY})?|every_day)$": {
            "type": "string",
            "pattern": rf"^\s*{_CLOCK}-{_CLOCK}\s*(,\s*{_CLOCK}-{_CLOCK}\s*)*$",
        }
    },
}
_DATES = {
    "description": "days on which it is closed",
    "type": "array",
    "items": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
}
#: Per whom something is counted.
Per = Annotated[
    str, WithJsonSchema(suggested("customer", "household", "book", pattern=r"^customer\..+$"))
]
Counted = Annotated[str, WithJsonSchema(suggested("decided", *OUTCOMES))]
AnOutcome = Annotated[str, WithJsonSchema(suggested(*OUTCOMES))]
Outcomes = Annotated[Names, WithJsonSchema(names_of(suggested(*OUTCOMES)))]


class Calendar(Document):
    """When a channel is open."""

    timezone: Zone = "book"
    """whose clocks: `book`, `customer.timezone`, or an IANA name"""
    open: Annotated[dict[str, str], WithJsonSchema(_HOURS)]
    """hours by days: `mon-fri: "08:00-20:00"`, `sat: "09:00-12:00, 13:00-17:00"`, `every_day`"""
    closed: Annotated[list[str], WithJsonSchema(_DATES)] = []
    """days on which it is closed, such as `2026-12-25`"""


class Limit(Document):
    """A cap on contacts."""

    id: Id
    """its id, for the code `limited:<id>`"""
    title: str = ""
    """why, in a sentence"""
    counts: Counted = "presented"
    """`decided`, `presented`, or an outcome such as `clicked`"""
    covers: Covers = Covers()
    """what it caps; without it, everything"""
    exempt: Covers | None = None
    """what it does not cap"""
    count_exempt: bool = False
    """whether what is exempt uses up places all the same"""
    per: Per = "customer"
    """`customer`, `household`, `book`, or a customer field such as `customer.region`"""
    at_most: Annotated[int, Field(ge=0, le=1_000_000_000)]
    """how many"""
    window: Within
    """in which window"""
    on_limit: Literal["drop", "defer", "next_treatment"] = "drop"
    """`drop` the action; `defer` until there is a place; or try the `next_treatment`"""
    confirm_within: Length | None = None
    """with `presented`: when a place is given back that nobody confirmed; by default `24h`"""


class Suppression(Document):
    """Leave them in peace after some outcomes."""

    id: Id | None = None
    """its id, for the code `suppressed:<id>`; by default `after_rejected`, for its outcomes"""
    title: str = ""
    """why, in a sentence"""
    after: Outcomes
    """outcomes such as `rejected`"""
    same: Literal["treatment", "action", "group", "issue", "channel", "any"] = "action"
    """what the outcome and what is suppressed have in common"""
    at_least: Annotated[int, Field(ge=1, le=100)] = 1
    """how many outcomes"""
    within: Length | None = None
    """from the first of these outcomes to the last at the most; needed for more than one"""
    length: Annotated[Length, Field(alias="for")]
    """for how long, from the last of them on"""
    covers: Covers = Covers()
    """what it suppresses, and the outcomes of which it counts; without it, everything"""


class ContactPolicy(Document):
    """How much contact is too much."""

    limits: list[Limit] = []
    """caps on contacts; all of them hold together"""
    suppress: list[Suppression] = []
    """pauses after outcomes"""


class Budget(Document):
    """Money, or a count, that may be given away."""

    model_config = one_of("amount", "count")

    title: str = ""
    """what people call it"""
    amount: Money | None = None
    """how much money, in the book's currency"""
    count: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    """or how many times"""
    per: Per = "book"
    """`customer`, `household`, `book`, or a customer field"""
    window: Within | None = None
    """in which window; without it, ever"""
    reserve_for: Length | None = None
    """after how long it is given back if nobody accepts; by default `24h`"""


class Rung(Document):
    """A step of a ladder."""

    when: Condition = None
    """when it is meant; without it, always; unknown is not"""
    amount: Expression
    """how much it gives, in the book's currency"""


class Gesture(Document):
    """What is given to put something right."""

    ladder: Annotated[list[Rung], Field(json_schema_extra={"minItems": 1})]
    """the rungs in order: the first that fits is given"""
    at_most: Expression = None
    """a rung above this does not fit"""
    budgets: Names = []
    """the budgets that it is paid from"""
    if_unaffordable: Literal["next_rung", "drop"] = "next_rung"
    """whether a lower rung is tried where a budget has not enough left"""
    authority: dict[Id, Money] = {}
    """how much each role may give by itself; above the highest nobody may"""
    not_again_within: Length | None = None
    """for how long it is remembered that this was put right"""


class Outcome(Document):
    """What can come of an answer, in the book's own words."""

    title: str = ""
    """what people call it"""
    means: (
        Literal[
            "presented", "clicked", "accepted", "rejected", "maybe_later", "resolved", "complained"
        ]
        | None
    ) = None
    """which of the known outcomes it is a kind of, if any"""


class Attribution(Document):
    """How long an outcome is waited for."""

    within: Length
    """how long after the decision"""
    otherwise: AnOutcome = "no_response"
    """which outcome it is held to be after that"""


class WithoutStore(Document):
    """What may be done without limits, budgets and history."""

    without_limits_for: Covers | None = None
    """what; without it, nothing"""


def _failure(value: Any) -> Any:
    return {} if value == "no_action" else value


StoreFailure = Annotated[
    WithoutStore,
    BeforeValidator(_failure),
    WithJsonSchema(
        {
            "description": "what is done without the store: `no_action`, or `without_limits_for`",
            "anyOf": [
                {"const": "no_action"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "without_limits_for": {
                            **ref("Covers"),
                            "description": "what is done without limits, budgets and history",
                        }
                    },
                },
            ],
        }
    ),
]
