"""What rule files may say: one pydantic model per section. The JSON Schema comes from here.

Shapes only: a document knows that `value` is an expression, not what it means. Names that are
written in several ways (one or a list, a mapping or a list of names) are brought to one form.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema

__all__ = [
    "Action",
    "Briefing",
    "Channel",
    "Covers",
    "DecisionPoint",
    "File",
    "Group",
    "Issue",
    "Mention",
    "Moment",
    "Pattern",
    "Policy",
    "Relationship",
    "Scorecard",
    "Signal",
    "Step",
    "Test",
    "Tier",
    "Treatment",
    "Weight",
    "Words",
    "schema",
]

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")]
Percent = Annotated[str, StringConstraints(pattern=r"^[+-]?[0-9]{1,6}(\.[0-9]{1,6})? ?%$")]
Kind = Literal["proactive_contact", "channel_suggestion", "goodwill_gesture", "offer", "guidance"]
Direction = Literal["inbound", "outbound"]


_NULL: dict[str, Any] = {"type": "null"}


def _ref(name: str) -> dict[str, Any]:
    """Refer to a definition that `schema` adds; pydantic knows only of its own."""
    return {"definition": name}


_NUMBER: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 100}
_BETWEEN: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {"at_least": _NUMBER, "at_most": _NUMBER},
}
_EXPRESSION: dict[str, Any] = {
    "description": "an expression, such as `0.1 * customer.lifetime_value`, or a number",
    "type": ["string", "number"],
}
_CONDITION: dict[str, Any] = {
    "description": "an expression such as `customer.tier == 'gold'`, or all, any, not",
    "anyOf": [
        {"type": ["string", "boolean"]},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                "all": {"type": "array", "items": _ref("Condition"), "minItems": 1},
                "any": {"type": "array", "items": _ref("Condition"), "minItems": 1},
                "not": _ref("Condition"),
            },
        },
    ],
}
_TEXT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text"],
    "properties": {
        "when": _ref("Condition"),
        "text": {"type": "string"},
    },
}
_WORDING: dict[str, Any] = {
    "description": "text with {expressions}, or a list of texts: the first that fits is used",
    "anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": _TEXT}],
}


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _by_name(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        value = dict.fromkeys(value)
    if isinstance(value, dict):
        return {name: {} if inner is None else inner for name, inner in value.items()}
    return value


def _texts(value: Any) -> Any:
    return [{"text": value}] if isinstance(value, str) else value


def _each_text(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [{"text": item} if isinstance(item, str) else item for item in value]


Expression = Annotated[Any, WithJsonSchema(_EXPRESSION)]
Condition = Annotated[Any, WithJsonSchema(_ref("Condition"))]
Conditions = Annotated[
    list[Condition],
    BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": _ref("Condition")},
                _ref("Condition"),
            ]
        }
    ),
]
Names = Annotated[
    list[str],
    BeforeValidator(_one_or_more),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ]
        }
    ),
]


class Document(BaseModel):
    """A mapping in a rule file: unknown keys are errors, nothing is coerced."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class Text(Document):
    """One of several texts of which the first that fits is used."""

    when: Condition = None
    """when this text fits; without it, always"""
    text: str
    """what to say; {expressions} are filled in"""


Wording = Annotated[
    list[Text], Field(min_length=1), BeforeValidator(_texts), WithJsonSchema(_WORDING)
]


class Covers(Document):
    """A selector: what fits every key given. A list means any of."""

    issue: Names | None = None
    """ids of issues"""
    group: Names | None = None
    """ids of groups, such as `service/recovery`"""
    action: Names | None = None
    """ids of actions"""
    channel: Names | None = None
    """ids of channels"""
    tag: Names | None = None
    """tags of the action, its group or its issue"""
    kind: Names | None = None
    """kinds of action"""
    direction: Names | None = None
    """`inbound`, on the channel the customer is on; or `outbound`"""


class Gated(Document):
    """Something with conditions and dates of its own."""

    eligible: Conditions = []
    """may we? all must hold"""
    applicable: Conditions = []
    """does it fit now? all must hold"""
    suitable: Conditions = []
    """is it in the customer's interest? all must hold"""
    enabled: bool = True
    """`false` takes it out of use"""
    valid_from: str | None = None
    """the first day, or the exact time, from which it may be used"""
    valid_until: str | None = None
    """the last day on which, or the exact time until which, it may be used"""


class Channel(Document):
    """A way to reach a customer, or to be reached."""

    title: str = ""
    """what people call it"""
    direction: Literal["inbound", "outbound", "both"] = "both"
    """whether customers come by it, are contacted by it, or both"""
    cost: Annotated[float, Field(ge=0)] = 0.0
    """what one contact costs, in the book's currency; the cheaper channel wins a tie"""
    consent: Condition = None
    """what must hold before a customer is contacted by it, written as a requirement"""


class Policy(Document):
    """A stop for other people's actions."""

    title: str = ""
    """why, in a sentence"""
    covers: Covers = Covers()
    """which actions it stops; without it, all"""
    block_when: Condition
    """when it stops them; unknown stops them too"""
    enabled: bool = True
    """`false` takes it out of use"""


class Issue(Gated):
    """A concern of the business: the top level of the catalogue."""

    title: str = ""
    """what people call it"""
    lever: Percent = "0 %"
    """how much the business wants this now; adds to those of group and action"""
    tags: list[str] = []
    """words that selectors can use"""


class Group(Issue):
    """A group of actions within an issue."""


class Treatment(Gated):
    """An action on one channel; what it does not say, the action says."""

    value: Expression = None
    """what a success is worth, in the book's currency"""
    propensity: Expression = None
    """how likely a success is, from 0 to 1"""
    suggests: str | None = None
    """the channel that a channel suggestion points to"""
    say: Wording | None = None
    """what to say"""


class Action(Treatment):
    """One thing that can be done for a customer."""

    title: str
    """what it is, for people"""
    group: GroupId
    """the group it belongs to, such as `service/recovery`"""
    kind: Kind
    """what sort of thing it is"""
    lever: Percent = "0 %"
    """how much the business wants this now"""
    tags: list[str] = []
    """words that selectors can use"""
    answers: Names = []
    """moments: it fits while one of them is open"""
    channels: Annotated[
        dict[str, Treatment],
        BeforeValidator(_by_name),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "array", "items": {"type": "string"}},
                    {
                        "type": "object",
                        "additionalProperties": {"anyOf": [_ref("Treatment"), {"type": "null"}]},
                    },
                ]
            }
        ),
    ]
    """the channels it can be done on: names, or treatments of their own"""


class Point(Document):
    """One line of a scorecard: `when` with `add`, or `band` with `points`."""

    when: Condition = None
    """when these points count; unknown does not"""
    add: float | None = None
    """how many points"""
    band: Expression = None
    """a number that is looked up in `points`"""
    points: dict[str, float] | None = None
    """points for each band: `0`, `1..2` (both included), `3..`, `[6..24)`; none may overlap"""


class Scorecard(Document):
    """A number with a breakdown, used as `scorecard.<id>`."""

    title: str = ""
    """what it measures"""
    start: float = 0.0
    """what it starts from"""
    points: list[Point]
    """what is added or taken away"""
    min: float | None = None
    """its lowest value"""
    max: float | None = None
    """its highest value"""


Length = Annotated[str, WithJsonSchema({"type": "string", "pattern": r"^\d{1,6} ?(s|min|h|d|w)$"})]
Window = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["calendar"],
                    "properties": {
                        "calendar": {"enum": ["day", "week", "month"]},
                        "timezone": {"type": "string"},
                        "week_start": {"enum": ["monday", "saturday", "sunday"]},
                    },
                },
            ]
        }
    ),
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
    within: Window = None
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
    unless: Step | None = None
    """what prevents it"""
    until: Step | None = None
    """what ends it"""
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
    any: list[Pattern] | None = None
    """several patterns, each of which makes the moment"""


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
    until: Step | None = None
    """a later event after which it does not tell of `event` any more"""
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


Facts = Annotated[
    list[Text],
    BeforeValidator(_each_text),
    WithJsonSchema({"type": "array", "items": {"anyOf": [{"type": "string"}, _TEXT]}}),
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


class Weight(Document):
    """A percentage on the priority of actions while a condition holds."""

    when: Condition = None
    """when it counts; without it, always; unknown does not"""
    covers: Covers = Covers()
    """what it counts for; without it, everything"""
    add: Percent
    """how much; weights that hold add up"""


class Scoring(Document):
    """How priority is computed."""

    priority: Expression = None
    """the formula over propensity, context_weight, value and lever; by default their product"""
    weights: list[Weight] = []
    """what makes some actions weigh more now"""


class Tier(Document):
    """Each tier is exhausted before the next."""

    name: str
    """what people call it"""
    when: Condition = None
    """when it is active; without it, always; unknown is not"""
    covers: Covers = Covers()
    """what belongs to it; without it, everything that is left"""


class NoAction(Document):
    """Doing nothing: what an action must beat."""

    title: str = "Leave them in peace"
    """what people call it"""
    priority: float = Field(default=0.0, ge=0)
    """the priority that a candidate must exceed"""


class Arbitration(Document):
    """How the best of the candidates is chosen."""

    tiers: list[Tier] = []
    """in order"""
    no_action: NoAction = NoAction()
    """the floor"""


class AtMostPer(Document):
    """How many answers of one kind."""

    issue: int | None = Field(default=None, ge=1)
    """per issue"""
    group: int | None = Field(default=None, ge=1)
    """per group"""
    channel: int | None = Field(default=None, ge=1)
    """per channel"""
    kind: int | None = Field(default=None, ge=1)
    """per kind of action"""


class DecisionPoint(Document):
    """A place that asks: a page, a screen, a dialogue."""

    title: str = ""
    """what people call it"""
    channel: str | None = None
    """the only channel it can use"""
    covers: Covers = Covers()
    """what it may show; without it, everything"""
    show: int = Field(default=1, ge=1, le=100)
    """how many answers it shows"""
    at_most_per: AtMostPer = AtMostPer()
    """how many of a sort"""


class Stop(Document):
    """A kill switch: what it covers is unavailable until it is removed."""

    covers: Covers = Covers()
    """what is stopped; without it, everything"""
    title: str = ""
    """why"""


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
    role: str | None = None
    """who is asking"""
    at: str | None = None
    """the decision point that asks"""
    expect: Expect
    """what the decision must be"""


class File(Document):
    """One rule file. Any file may hold any section; the book is their sum."""

    format: Literal[1] | None = None
    """the version of the format of rule files"""
    book: Id | None = None
    """the id of the book; one file has it"""
    title: str | None = None
    """what the book is for"""
    owner: str | None = None
    """who looks after this file"""
    timezone: str | None = None
    """the book's time zone, such as Europe/Dublin"""
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    """the book's currency, such as EUR"""
    household: str | None = None
    """the customer field that names the household"""
    eligible: Conditions = []
    """conditions on every action; in the file with `book`"""
    applicable: Conditions = []
    """conditions on every action; in the file with `book`"""
    suitable: Conditions = []
    """conditions on every action; in the file with `book`"""
    reach: Length | None = None
    """how far back the journey goes, such as `400d`"""
    events: dict[Id, dict[str, Any] | None] = {}
    """what can happen: types of events and their fields"""
    signals: dict[Id, Signal] = {}
    """values computed from the journey, used as `signal.<id>`"""
    moments: dict[Id, Moment] = {}
    """make-or-break patterns in the journey, used as `moment.<id>`"""
    relationship: Relationship | None = None
    """the cumulative whole, from 0 to 100"""
    briefing: Briefing | None = None
    """what an employee should know before saying anything"""
    context: dict[Literal["customer", "interaction"], dict[str, Any]] = {}
    """the declared world: the fields of the customer and the interaction"""
    channels: dict[Id, Channel] = {}
    """ways to reach a customer, or to be reached"""
    conditions: dict[Id, Condition] = {}
    """conditions with a name, used as `condition.<id>`"""
    policies: dict[Id, Policy] = {}
    """stops for other people's actions"""
    issues: dict[Id, Issue] = {}
    """the concerns of the business"""
    groups: dict[GroupId, Group] = {}
    """groups of actions within an issue"""
    actions: dict[Id, Action] = {}
    """what can be done"""
    scorecards: dict[Id, Scorecard] = {}
    """numbers with a breakdown, used as `scorecard.<id>`"""
    scoring: Scoring | None = None
    """how priority is computed"""
    arbitration: Arbitration | None = None
    """how the best is chosen"""
    decision_points: dict[Id, DecisionPoint] = {}
    """places that ask"""
    kill_switch: list[Stop] = []
    """what must stop at once"""
    tests: list[Test] = []
    """cases and what is expected of them"""


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a rule file, for editors."""
    found = File.model_json_schema()
    treatment = Treatment.model_json_schema()
    found["$defs"] |= treatment.pop("$defs", {})
    found["$defs"] |= {"Condition": _CONDITION, "Treatment": treatment}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_tidied(found),
        "title": "nba rule file",
    }


def _tidied(part: Any) -> Any:
    """Turn what `_ref` left into references; a key without a value is an error, so null goes."""
    if isinstance(part, list):
        return [_tidied(item) for item in part]
    if not isinstance(part, dict):
        return part
    if isinstance(name := part.get("definition"), str):
        part = {"$ref": f"#/$defs/{name}"} | {k: v for k, v in part.items() if k != "definition"}
    found = {
        key: {name: _tidied(inner) for name, inner in value.items()}
        if key in ("properties", "patternProperties", "$defs")
        else _tidied(value)
        for key, value in part.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and not value)
    }
    if "patternProperties" in found:  # other keys would not be ids
        found["additionalProperties"] = False
    choices = found.get("anyOf")
    if isinstance(choices, list) and "default" in part and _NULL in choices:  # an optional key
        choices.remove(_NULL)
        if len(choices) == 1:
            found |= found.pop("anyOf")[0]
    return found
