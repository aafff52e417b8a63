"""What rule files may say: one pydantic model per section. The JSON Schema comes from here.

Shapes only: a document knows that `value` is an expression, not what it means. Names that are
written in several ways (one or a list, a mapping or a list of names) are brought to one form.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from nba.book.case_documents import Between, Expect, Test
from nba.book.contact_documents import (
    Attribution,
    Budget,
    Calendar,
    ContactPolicy,
    Gesture,
    Limit,
    Outcome,
    Rung,
    StoreFailure,
    Suppression,
)
from nba.book.forms import (
    CONDITION,
    Condition,
    Conditions,
    Covers,
    Document,
    Expression,
    GroupId,
    Id,
    Kind,
    Names,
    Percent,
    Point,
    Text,
    Wording,
    by_name,
    nothing,
    one_of,
    ref,
    suggested,
)
from nba.book.journey_documents import (
    Briefing,
    Corridor,
    Mention,
    Moment,
    Pattern,
    Relationship,
    Signal,
    Stage,
    Step,
    Words,
)
from nba.book.table_documents import Table
from nba.book.time_documents import Length, Within

__all__ = [
    "Action",
    "Attribution",
    "Between",
    "Briefing",
    "Budget",
    "Calendar",
    "Channel",
    "ContactPolicy",
    "Corridor",
    "Covers",
    "DecisionPoint",
    "Expect",
    "File",
    "Gesture",
    "Group",
    "InteractionEvent",
    "Issue",
    "Limit",
    "Mention",
    "Moment",
    "Outcome",
    "Pattern",
    "Point",
    "Policy",
    "Relationship",
    "Rung",
    "Scorecard",
    "Signal",
    "Stage",
    "Step",
    "StoreFailure",
    "Suppression",
    "Table",
    "Test",
    "Text",
    "Tier",
    "Treatment",
    "Weight",
    "Within",
    "Words",
    "schema",
]

_NULL: dict[str, Any] = {"type": "null"}


class Gated(Document):
    """Something with conditions and dates of its own."""

    eligible: Conditions = Field(default_factory=nothing)
    """may we? all must hold"""
    applicable: Conditions = Field(default_factory=nothing)
    """does it fit now? all must hold"""
    suitable: Conditions = Field(default_factory=nothing)
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
    open: str | None = None
    """the calendar that contacts by it keep to; without it, any time"""
    when_closed: Literal["defer", "drop"] = "defer"
    """whether a contact waits until it opens, or is dropped"""


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
    tags: list[str] = Field(default_factory=nothing)
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
    defer_if: Condition = None
    """when to wait; unknown waits too"""


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
    tags: list[str] = Field(default_factory=nothing)
    """words that selectors can use"""
    answers: Names = Field(default_factory=nothing)
    """moments: it fits while one of them is open"""
    chosen_by: str | None = None
    """the decision table that chooses it: it fits while a row that is hit names it"""
    once_per: Expression = None
    """it is done once for each value of this, such as an appointment"""
    takes: Names = Field(default_factory=nothing)
    """budgets of a count: it takes one of each"""
    do_within: Length | None = None
    """how soon it is to be done, in the hours that its channel is open"""
    keep_for: Length | None = None
    """for how long it stays the answer, on every channel"""
    gesture: Gesture | None = None
    """what is given to put something right"""
    channels: Annotated[
        dict[str, Treatment],
        BeforeValidator(by_name),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "array", "items": {"type": "string"}},
                    {
                        "type": "object",
                        "additionalProperties": {"anyOf": [ref("Treatment"), {"type": "null"}]},
                    },
                ]
            }
        ),
    ]
    """the channels it can be done on: names, or treatments of their own"""


class Scorecard(Document):
    """A number with a breakdown, used as `scorecard.<id>`."""

    title: str = ""
    """what it measures"""
    model_config = one_of("points", "file")

    start: float = 0.0
    """what it starts from"""
    points: list[Point] | None = None
    """what is added or taken away"""
    file: str | None = None
    """the CSV file that holds the points, with the columns Input, Band and Points"""
    inputs: dict[str, Expression] | None = None
    """what the file calls its inputs: what each is, such as `customer.tier`"""
    min: float | None = None
    """its lowest value"""
    max: float | None = None
    """its highest value"""


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


class InteractionEvent(Document):
    """Which event an interaction is when it is recorded."""

    event: str
    """the type of the event"""
    data: dict[str, Expression] = {}
    """the event's fields, each an expression over the customer, the interaction and now"""


_NAMED_TYPES = ("string", "bool", "number", "int", "timestamp", "duration")
_TYPE: dict[str, Any] = suggested(
    *_NAMED_TYPES,
    "list(string)",
    "map(string, number)",
    pattern=rf"^\s*({'|'.join(_NAMED_TYPES)}|(list|map)\(.+\))\s*$",
)
#: A field as `context` and `events` declare it: a type, a type with more, or the fields below it.
_FIELD: dict[str, Any] = {
    "description": "a type such as `number`, `{type: number, min: 0}`, or the fields below it",
    "anyOf": [
        _TYPE,
        {
            "type": "object",
            "additionalProperties": False,
            "anyOf": [{"required": [key]} for key in ("type", "enum", "list")],
            "properties": {
                "type": {**_TYPE, "description": "what values it has"},
                "enum": {
                    "description": "the words that it may be, or `$channels`",
                    "anyOf": [
                        {"const": "$channels"},
                        {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    ],
                },
                "list": {
                    "description": "a list of objects: their fields and types",
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": ref("Field"),
                },
                "min": {"type": "number", "description": "the least it may be"},
                "max": {"type": "number", "description": "the most it may be"},
                "default": {"description": "what it is where nobody says"},
                "title": {"type": "string", "description": "what people call it"},
                "private": {"type": "boolean", "description": "`true` leaves it out of logs"},
            },
        },
        {"type": "object", "minProperties": 1, "additionalProperties": ref("Field")},
    ],
}
Declared = Annotated[Any, WithJsonSchema(ref("Field"))]


def _no_switch(value: Any) -> Any:
    """Refuse `true`, which Python holds to be 1."""
    if value is True:
        raise PydanticCustomError("literal_error", "1")
    return value


class File(Document):
    """One rule file. Any file may hold any section; the book is their sum."""

    format: Annotated[Literal[1] | None, BeforeValidator(_no_switch)] = None
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
    events: dict[Id, dict[str, Declared] | None] = {}
    """what can happen: types of events and their fields"""
    interaction_event: InteractionEvent | None = None
    """which event an interaction is when it is recorded; in the file with `book`"""
    outcome_event: str | None = None
    """the type of the event that an outcome is in the journey; without it, it is none"""
    signals: dict[Id, Signal] = {}
    """values computed from the journey, used as `signal.<id>`"""
    moments: dict[Id, Moment] = {}
    """make-or-break patterns in the journey, used as `moment.<id>`"""
    corridors: dict[Id, Corridor] = {}
    """stages that customers go through, used as `corridor.<id>.stage`"""
    relationship: Relationship | None = None
    """the cumulative whole, from 0 to 100"""
    briefing: Briefing | None = None
    """what an employee should know before saying anything"""
    context: dict[Literal["customer", "interaction"], dict[str, Declared]] = {}
    """the declared world: the fields of the customer and the interaction"""
    calendars: dict[Id, Calendar] = {}
    """opening hours"""
    channels: dict[Id, Channel] = {}
    """ways to reach a customer, or to be reached"""
    conditions: dict[Id, Condition] = {}
    """conditions with a name, used as `condition.<id>`"""
    policies: dict[Id, Policy] = {}
    """stops for other people's actions"""
    contact_policy: ContactPolicy | None = None
    """how much contact is too much"""
    budgets: dict[Id, Budget] = {}
    """money, or a count, that may be given away"""
    outcomes: dict[Id, Outcome] = {}
    """what can come of an answer, besides the known outcomes"""
    attribution: Attribution | None = None
    """how long an outcome is waited for"""
    on_store_failure: StoreFailure | None = None
    """what is done without the store; by default nothing"""
    on_profile_failure: Literal["without", "refuse"] | None = None
    """whether it is decided without a profile that cannot be had; in the file with `book`"""
    issues: dict[Id, Issue] = {}
    """the concerns of the business"""
    groups: dict[GroupId, Group] = {}
    """groups of actions within an issue"""
    actions: dict[Id, Action] = {}
    """what can be done"""
    scorecards: dict[Id, Scorecard] = {}
    """numbers with a breakdown, used as `scorecard.<id>`"""
    tables: dict[Id, Table] = {}
    """decision tables, used as `table.<id>.<output>` and `chosen_by`"""
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
    found["$defs"] |= {"Condition": CONDITION, "Field": _FIELD}
    found["$defs"] |= {"Text": Text.model_json_schema(), "Treatment": treatment}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_tidied(found),
        "title": "nba rule file",
    }


def _tidied(part: Any) -> Any:
    """Turn what `ref` left into references; a key without a value is an error, so null goes."""
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
