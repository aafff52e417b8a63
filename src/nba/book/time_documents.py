"""What rule files may say of time, whatever it is that lasts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from pydantic.json_schema import WithJsonSchema

from nba.book.forms import Document, one_of, ref, suggested

__all__ = ["Length", "LengthOrWithin", "Within", "Zone"]

_LENGTH: dict[str, Any] = {
    "type": "string",
    "pattern": r"^\d{1,6} ?(s|min|h|d|w)$",
    "examples": ["7d"],
}
Length = Annotated[str, WithJsonSchema(_LENGTH)]
#: Whose clocks something goes by.
Zone = Annotated[str, WithJsonSchema(suggested("book", "customer.timezone"))]


class Within(Document):
    """A window: a rolling length, or the calendar day, week or month that now is in."""

    model_config = one_of("rolling", "calendar")

    rolling: Length | None = None
    """how far back, such as `7d`"""
    calendar: Literal["day", "week", "month"] | None = None
    """the unit of the calendar"""
    timezone: Zone | None = None
    """whose calendar: `book`, `customer.timezone`, or an IANA name; with `calendar`"""
    week_start: Literal["monday", "saturday", "sunday"] | None = None
    """the first day of a week; with `calendar: week`"""


def _rolling(value: Any) -> Any:
    return {"rolling": value} if isinstance(value, str) else value


#: A window that a length alone may stand for.
LengthOrWithin = Annotated[
    Within, BeforeValidator(_rolling), WithJsonSchema({"anyOf": [_LENGTH, ref("Within")]})
]
