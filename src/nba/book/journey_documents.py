"""What rule files may say of the journey: signals, moments, the relationship, the briefing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic.json_schema import WithJsonSchema

from nba.book.forms import (
    TEXT,
    Condition,
    Document,
    Expression,
    Id,
    Names,
    Point,
    Text,
    Wording,
    ref,
)
from nba.book.time_documents import Length, LengthOrWithin

__all__ = [
    "Briefing",
    "Corridor",
    "Mention",
    "Moment",
    "Pattern",
    "Relationship",
    "Signal",
    "Stage",
    "Step",
    "Steps",
    "Words",
]


class Signal(Document):
    """A value computed from the journey, used as `signal.<id>`."""

    title: str = ""
    """what people call it"""
    count: Names | None = None
    """how many events of these types"""
    exists: Names | None = None
    """whether there is an event of these types"""
    rate: Names | None = None
    """how many events of these types, for each `per`"""
    sum: Expression = None
    """the sum of an expression over `event`"""
    avg: Expression = None
    """the average of an expression over `event`"""
    min: Expression = None
    """the least value of an expression over `event`"""
    max: Expression = None
    """the greatest value of an expression over `event`"""
    distinct: Expression = None
    """how many different values an expression over `event` has"""
    first: Expression = None
    """an expression over the first `event`"""
    last: Expression = None
    """an expression over the last `event`"""
    of: Names | None = None
    """the types of the events that an expression is over"""
    where: Condition = None
    """which events count"""
    by: Expression = None
    """a string over `event`; gives a map of the signal for each string"""
    within: LengthOrWithin | None = None
    """how far back: a length such as `7d`, or the calendar day, week or month"""
    half_life: Length | None = None
    """after how long an event counts half"""
    per: Length | None = None
    """what a rate is for"""


class Step(Document):
    """An event that a pattern looks for."""

    event: str
    """its type"""
    alias: Annotated[str, Field(alias="as")]
    """the name by which conditions read it"""
    where: Condition = None
    """which events match; it reads this step and those before it"""


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Steps = Annotated[
    list[Step],
    Field(min_length=1, max_length=8),
    BeforeValidator(_one_or_more),
    WithJsonSchema(
        {"anyOf": [ref("Step"), {"type": "array", "items": ref("Step"), "minItems": 1}]}
    ),
]


class Pattern(Document):
    """How a moment comes about, and how it ends."""

    sequence: list[Step] | None = None
    """two to eight steps, in order"""
    at_least: int | None = Field(default=None, ge=1, le=100)
    """how many events, with `event` and `as`"""
    event: str | None = None
    """the type that `at_least` counts"""
    alias: Annotated[str | None, Field(alias="as")] = None
    """the name by which `where` reads an event"""
    where: Condition = None
    """which events `at_least` counts"""
    after: Step | None = None
    """the event after which it is open, or after which something is expected"""
    expect: Step | None = None
    """what should happen"""
    within: Length | None = None
    """from the first event to the last; or how long after `after` the expected may take"""
    by: Expression = None
    """the time by which the expected should happen"""
    unless: Steps | None = None
    """what prevents it: a step, or a list of them"""
    until: Steps | None = None
    """what ends it: a step, or a list of them"""
    linger: Length | None = None
    """how long it stays open after `until`"""
    lasts: Length | None = None
    """how long it stays open at the most"""


class Moment(Pattern):
    """A make-or-break moment, used as `moment.<id>`."""

    title: str = ""
    """what people call it"""
    severity: Literal["low", "medium", "high"] = "medium"
    """how much it weighs"""
    briefing: bool = True
    """whether briefings tell of it; not of one that only rules read"""
    any: list[Pattern] | None = Field(default=None, min_length=1)
    """several patterns, each of which makes the moment"""


class Stage(Document):
    """One stage of a corridor, and what is expected of us in it."""

    id: Id
    """the stage's id, for `corridor.<id>.stage`"""
    title: str = ""
    """what people call it"""
    enter: Step
    """the event that enters it; its condition may read the entries of earlier stages"""
    expect: Step | None = None
    """what should happen; without it, that a later stage is entered"""
    within: Length | None = None
    """how long after the entry it may take"""
    by: Expression = None
    """the time by which it should happen"""


class Corridor(Document):
    """The stages that customers go through, in order, used as `corridor.<id>.stage`."""

    title: str = ""
    """what people call it"""
    stages: list[Stage]
    """the stages in order; they may be skipped, and nobody goes back"""
    until: Steps | None = None
    """what ends it, in any stage: a step, or a list of them"""


class Relationship(Document):
    """The cumulative whole, from 0 to 100, used as `relationship`."""

    title: str = ""
    """what people call it"""
    start: float = Field(default=50.0, ge=0, le=100, strict=False)
    """what it starts from"""
    points: list[Point]
    """what is added or taken away"""


class Mention(Document):
    """How a briefing tells of the events of a type."""

    where: Condition = None
    """which events it tells of; it reads `event`"""
    until: Steps | None = None
    """a later event, or one of several, after which it does not tell of `event` any more"""
    within: Length | None = None
    """how far back it tells of them"""
    at_most: int = Field(default=3, ge=1, le=7)
    """how many of them, the newest first"""
    text: Wording | None = None
    """the line, over `when`, `channel`, `what` and `event`"""


class Words(Document):
    """How people say how long ago something was; `{n}` is how many."""

    now: str | None = None
    """less than a minute ago"""
    minute: str | None = None
    """one minute ago"""
    minutes: str | None = None
    """`{n}` minutes ago"""
    hour: str | None = None
    """one hour ago"""
    hours: str | None = None
    """`{n}` hours ago, today"""
    yesterday: str | None = None
    """on the day before"""
    days: str | None = None
    """`{n}` days ago"""
    weeks: str | None = None
    """`{n}` weeks ago"""
    months: str | None = None
    """`{n}` months ago"""
    years: str | None = None
    """`{n}` years ago"""
    and_: str | None = Field(default=None, alias="and")
    """what stands before the last item of a list"""


def _each_text(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [{"text": item} if isinstance(item, str) else item for item in value]


Facts = Annotated[
    list[Text],
    BeforeValidator(_each_text),
    WithJsonSchema({"type": "array", "items": {"anyOf": [{"type": "string"}, TEXT]}}),
]


class Briefing(Document):
    """What an employee should know before saying anything, so that nobody asks again."""

    lines: int = Field(default=7, ge=1, le=7)
    """how many lines at the most"""
    moments: Wording | None = None
    """the line of an open moment, over `title`, `severity` and `when`"""
    unresolved: dict[Id, Mention] = {}
    """events that left something unresolved, by type"""
    promises: dict[Id, Mention] = {}
    """events by which something was promised or given, by type"""
    contacts: dict[Id, Mention] | None = None
    """events that are contacts, by type; by default `contact`, or every type"""
    tried: Wording | None = None
    """what the customer has tried already"""
    facts: Facts = []
    """what else to know about the customer: a line for each text that fits"""
    words: Words = Words()
    """how people say when, for another language than English"""
