"""The forms that rule files are written in, whatever they are about: texts, conditions, names."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema

__all__ = [
    "CONDITION",
    "EXPRESSION",
    "TEXT",
    "WORDING",
    "Condition",
    "Conditions",
    "Covers",
    "Direction",
    "Document",
    "Expression",
    "GroupId",
    "Id",
    "Kind",
    "Names",
    "Percent",
    "Point",
    "Text",
    "Wording",
    "by_name",
    "names_of",
    "nothing",
    "one_of",
    "ref",
    "suggested",
]

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
GroupId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$"),
    Field(examples=["service/recovery"]),
]
Percent = Annotated[
    str,
    StringConstraints(pattern=r"^[+-]?[0-9]{1,6}(\.[0-9]{1,6})? ?%$"),
    Field(examples=["20 %"]),
]
Kind = Literal["proactive_contact", "channel_suggestion", "goodwill_gesture", "offer", "guidance"]
Direction = Literal["inbound", "outbound"]


def one_of(*keys: str) -> ConfigDict:
    """Say to editors that a document has one of these keys."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in keys]})


def suggested(*words: str, pattern: str = "") -> dict[str, Any]:
    """Suggest words to editors where others may stand too, those of a *pattern* if it is given."""
    text = {"type": "string", "pattern": pattern} if pattern else {"type": "string"}
    return {"anyOf": [{"enum": list(words)}, text]}


def ref(name: str) -> dict[str, Any]:
    """Refer to a definition that `schema` adds; pydantic knows only of its own."""
    return {"definition": name}


EXPRESSION: dict[str, Any] = {
    "description": "an expression, such as `0.1 * customer.lifetime_value`, or a number",
    "type": ["string", "number"],
}
_CONDITIONS: dict[str, Any] = {"type": "array", "items": ref("Condition"), "minItems": 1}
CONDITION: dict[str, Any] = {
    "description": "an expression such as `customer.tier == 'gold'`, or all, any, not",
    "anyOf": [
        {"type": ["string", "boolean"]},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                "all": {**_CONDITIONS, "description": "conditions that must all hold"},
                "any": {**_CONDITIONS, "description": "conditions of which one must hold"},
                "not": {**ref("Condition"), "description": "a condition that must be false"},
            },
        },
    ],
}
TEXT: dict[str, Any] = ref("Text")
WORDING: dict[str, Any] = {
    "description": "text with {expressions}, or a list of texts: the first that fits is used",
    "anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": TEXT}],
}


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def by_name(value: Any) -> Any:
    """Bring a list of names to the form of a mapping, of which nothing else is said."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        value = dict.fromkeys(value)
    if isinstance(value, dict):
        return {name: {} if inner is None else inner for name, inner in value.items()}
    return value


def _texts(value: Any) -> Any:
    return [{"text": value}] if isinstance(value, str) else value


Expression = Annotated[Any, WithJsonSchema(EXPRESSION)]
Condition = Annotated[Any, WithJsonSchema(ref("Condition"))]
Conditions = Annotated[
    list[Condition],
    BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": ref("Condition")},
                ref("Condition"),
            ]
        }
    ),
]


def nothing() -> list[Any]:
    """Return the empty list of documents that there are thousands of, which is one for them all.

    As a default it would be copied for each.
    """
    return _NOTHING


_NOTHING: Final[list[Any]] = []


def names_of(one: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a name, or a list of names, of which each is *one*."""
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


Names = Annotated[
    list[str], BeforeValidator(_one_or_more), WithJsonSchema(names_of({"type": "string"}))
]
Kinds = Annotated[Names, WithJsonSchema(names_of({"enum": list(get_args(Kind))}))]
Directions = Annotated[Names, WithJsonSchema(names_of({"enum": list(get_args(Direction))}))]


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
    list[Text], Field(min_length=1), BeforeValidator(_texts), WithJsonSchema(WORDING)
]


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
    kind: Kinds | None = None
    """kinds of action"""
    direction: Directions | None = None
    """`inbound`, on the channel the customer is on; or `outbound`"""
