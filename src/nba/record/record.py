"""The record of a decision: the inputs that the plan read, what a store granted, the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from nba.errors import CaseError

__all__ = ["FORMAT", "Record"]

#: The version of this form.
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Record:
    """One decision, as plain data that JSON can hold.

    *customer* is the name that it was made for, *known_as* the customer whom the store took that
    for. *case* is what `Case.from_dict` reads: the fields that were handed in and read. *unknown*
    are the paths of those that did not fit and have a default, *left_out* of those that are
    private. *events* are the rows that were seen, None where nobody could know them; *history* is
    what was remembered, and *used* what a store counted. *forsaken* says that the store failed,
    *nobody* that the case did not say whose it is. *granted* are the places of the answers among
    the alternatives, None where no store was asked, and *refused* the codes of alternatives by
    their place. *ranked*, *reason* and *defer_until* are the answer.
    *probability* is that of the choice: 1 while nothing explores.
    """

    id: str
    customer: str
    known_as: str
    at: str
    versions: Mapping[str, str]
    case: Mapping[str, Any]
    n: int
    ranked: tuple[Mapping[str, Any], ...]
    reason: str
    defer_until: str | None = None
    unknown: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    events: tuple[Mapping[str, Any], ...] | None = ()
    history: tuple[Mapping[str, Any], ...] = ()
    used: Mapping[str, int] | None = None
    forsaken: bool = False
    nobody: bool = False
    granted: tuple[int, ...] | None = None
    refused: Mapping[str, str] | None = None
    probability: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data, without what is as usual."""
        found: dict[str, Any] = {"format": FORMAT}
        for part in _FIELDS:
            value = getattr(self, part.name)
            if part.name in _ALWAYS or value != part.default:
                found[part.name] = value
        return found

    def to_json(self) -> str:
        """Return the record as JSON, on one line."""
        return _ENCODER.encode(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Record:
        """Return the record that `to_dict` described. Raises CaseError."""
        if not isinstance(data, Mapping) or "format" not in data:
            raise CaseError("this is not the record of a decision")
        if data["format"] != FORMAT:
            raise CaseError(f"the record has the format {data['format']}, and {FORMAT} is known")
        try:
            found = {part.name: data[part.name] for part in _FIELDS if part.name in data}
            lists = {k: tuple(v) for k, v in found.items() if isinstance(v, list)}
            return cls(**found | lists)
        except TypeError:
            raise CaseError("the record of a decision is not complete") from None

    @classmethod
    def from_json(cls, text: str | bytes) -> Record:
        """Return the record that `to_json` described. Raises CaseError."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise CaseError("this is not JSON") from None
        return cls.from_dict(data)


#: ASCII, so that whatever text was handed in can be written.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, check_circular=False, separators=(",", ":"))
_FIELDS: Final = fields(Record)
_ALWAYS: Final = frozenset({"probability", "granted"})
