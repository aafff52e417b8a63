"""What rule files may say of decision tables."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic.json_schema import WithJsonSchema

from nba.book.forms import Document, Expression

__all__ = ["Table"]

_CONSTANT: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_CELL: dict[str, Any] = {
    "description": "`>= 3`, `gold, platinum`, `6..24`, `[6..24)`, `not gold`; `-` is anything",
    "anyOf": [_CONSTANT, {"type": "array", "items": _CONSTANT, "minItems": 1}],
}
_OUTPUT: dict[str, Any] = {
    "anyOf": [
        {"enum": ["action", "number", "string", "bool"]},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["enum"],
            "properties": {
                "enum": {
                    "description": "the words that it may be",
                    "type": "array",
                    "items": {"type": "string"},
                    "minItems": 1,
                }
            },
        },
    ]
}

Output = Annotated[Any, WithJsonSchema(_OUTPUT)]
ACell = Annotated[Any, WithJsonSchema(_CELL)]


class Table(Document):
    """A decision table: rows of cells over inputs, and what a row gives."""

    title: str = ""
    """what it decides"""
    hit: Literal["first", "collect", "unique"] = "first"
    """which rows are hit: the first that holds, all that hold, or the only one that holds"""
    no_row: Literal["warning", "error", "allowed"] = "warning"
    """how inputs that no row holds for are taken when the book is loaded"""
    inputs: dict[str, Expression]
    """the columns that rows ask about: what each is, such as `customer.tier`"""
    outputs: dict[str, Output]
    """the columns that rows give: `action`, `number`, `string`, `bool`, or `{enum: [low, high]}`"""
    file: str | None = None
    """the CSV file that holds the rows, beside this file or below"""
    rows: list[dict[str, ACell]] | None = None
    """the rows, each a mapping of columns to cells; a column that is not there is anything"""
