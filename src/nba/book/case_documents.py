"""What rule files may say of tests: cases, what was before them, and what is expected."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from nba import money
from nba.book.forms import Document

__all__ = ["Between", "Expect", "Test"]

_NUMBER: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 100}
_BETWEEN: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {
        "at_least": {**_NUMBER, "description": "the least it may be"},
        "at_most": {**_NUMBER, "description": "the most it may be"},
    },
}


class Between(Document):
    """A number that is not known exactly."""

    at_least: float | None = None
    """the least it may be"""
    at_most: float | None = None
    """the most it may be"""


def _between(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"at_least": value, "at_most": value}
    return value


def _amount_or_none(value: Any) -> Any:
    """Let a number of at least 0 and `none` pass."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        if value != "none":
            raise PydanticCustomError("amount_type", "an amount or `none`")
        return value
    if not 0 <= value <= money.MOST:
        raise PydanticCustomError("amount_type", "an amount or `none`")
    return value


_AMOUNT: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": money.MOST}
ExpectedAmount = Annotated[
    Any,
    BeforeValidator(_amount_or_none),
    WithJsonSchema({"anyOf": [_AMOUNT, {"const": "none"}]}),
]
ExpectedTime = Annotated[
    str | None,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(none|\+\d{1,6} ?(s|min|h|d|w)|\d{4}-\d{2}-\d{2}[Tt].+)$",
        }
    ),
]


class Expect(Document):
    """What a test expects; what it does not name is not compared."""

    action: str | None = None
    """the id of the action, or `none`"""
    channel: str | None = None
    """the channel it is done on"""
    ranked: list[str] | None = None
    """the ids of all answers, best first"""
    dropped: dict[str, str] | None = None
    """codes by action, such as `ineligible` or `blocked:no_selling`"""
    tier: str | None = None
    """the tier that the answer came from"""
    says: str | None = None
    """text that the wording contains"""
    moments: list[str] | None = None
    """the ids of exactly the moments that are open, in any order"""
    relationship: Annotated[
        Between | None,
        BeforeValidator(_between),
        WithJsonSchema({"anyOf": [_NUMBER, _BETWEEN]}),
    ] = None
    """the relationship: a number, or `at_least` and `at_most`"""
    briefing: list[str] | None = None
    """texts that each stand in a line of what an employee should know"""
    gesture: ExpectedAmount = None
    """how much is given, or `none`"""
    approval: Literal["pending", "none"] | None = None
    """whether somebody must approve what is given"""
    due: ExpectedTime = None
    """by when it is to be done: `+4h` from now, the exact time, or `none`"""
    defer_until: ExpectedTime = None
    """when to ask again: `+4h` from now, the exact time, or `none`"""
    kept: bool | None = None
    """whether it is an earlier decision that still stands"""


#: An event of a test: its type is a key, and what is declared for the type stands below.
TestEvent = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "description": "its type with its fields, such as `contact: {topic: billing}`",
            "type": "object",
            "minProperties": 1,
            "properties": {
                "channel": {"type": "string", "description": "where it happened"},
                "at": {"type": "string", "description": "`-2d` before now, or the exact time"},
                "id": {"type": "string", "description": "the same one twice counts once"},
            },
            "additionalProperties": {"type": "object"},
        }
    ),
]


#: An earlier answer of a test: what came of it is a key, and the action stands below.
TestAnswer = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "description": "an outcome, or `decided`, with its action: `presented: upgrade`",
            "type": "object",
            "required": ["at"],
            "minProperties": 2,
            "properties": {
                "channel": {"type": "string", "description": "how; needed where there are several"},
                "at": {"type": "string", "description": "`-2d` before now, or the exact time"},
                "decided_at": {"type": "string", "description": "when, if that was earlier"},
                "gesture": {**_AMOUNT, "description": "how much was given"},
                "once": {
                    "type": ["string", "integer"],
                    "description": "what it was done once for",
                },
            },
            "additionalProperties": {"type": "string"},
        }
    ),
]


#: How much is used of a budget (money or a count) or of a limit (a count).
UsedUp = Annotated[Any, WithJsonSchema(_AMOUNT)]


class Test(Document):
    """A case, and what is expected of it."""

    name: str
    """what it shows, as a sentence"""
    now: str | None = None
    """when it is decided; by default 2026-01-01T12:00:00Z"""
    customer: dict[str, Any] = {}
    """what is known about the customer"""
    interaction: dict[str, Any] | None = None
    """what is happening now; without it, nothing is"""
    events: list[TestEvent] = []
    """what happened before, such as `{contact: {topic: billing}, channel: chat, at: -2d}`"""
    history: list[TestAnswer] = []
    """earlier answers, such as `{rejected: upgrade, channel: email, at: -8d}`"""
    used: dict[str, UsedUp] = {}
    """what is used of budgets and limits; of others it is counted from the history"""
    role: str | None = None
    """who is asking"""
    at: str | None = None
    """the decision point that asks"""
    expect: Expect
    """what the decision must be"""
