"""One record as it is kept: its JSON, and what it is found by."""

from __future__ import annotations

from typing import NamedTuple

from nba.record.record import Record

__all__ = ["Line"]


class Line(NamedTuple):
    """The id of a decision, the names of its customer, and the record as JSON on one line."""

    id: str
    customer: str
    known_as: str
    text: str

    @classmethod
    def of(cls, record: Record) -> Line:
        """Return a record as it is kept."""
        return cls(record.id, record.customer, record.known_as, record.to_json())
