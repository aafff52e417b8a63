"""One case: what is known about a customer, and what is happening now. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from nba.errors import CaseError, did_you_mean
from nba.journey.events import Event, time_of

__all__ = ["Case"]


class Case(NamedTuple):
    """What a decision is made on.

    *id* is the customer's; *customer* and *interaction* hold the fields that the book declares,
    and *interaction* is None where nothing is happening. *now* is an aware datetime. *role* is
    who asks, *at* the decision point. *events* are the customer's journey and *history* the answers
    given before; None leaves them to the store. *used* is what is used up, by budget or limit; the
    others are counted.
    """

    id: str
    customer: Mapping[str, Any] = {}
    interaction: Mapping[str, Any] | None = None
    now: datetime | None = None
    role: str | None = None
    at: str | None = None
    events: tuple[Event, ...] | None = None
    history: tuple[Mapping[str, Any], ...] | None = None
    used: Mapping[str, Any] | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Case:
        """Return the case that *data* describes; `now` is RFC 3339. Raises CaseError.

        >>> Case.from_dict({"id": "c-42", "customer": {"tier": "gold"}}).id
        'c-42'
        """
        if not isinstance(data, Mapping):
            raise CaseError("a case is an object with `id`, `customer` and `interaction`")
        for key in data:
            if key not in _KEYS:
                raise CaseError(f"`{key}` is not a key of a case. {did_you_mean(str(key), _KEYS)}")
        for key in ("customer", "interaction"):
            if not isinstance(data.get(key), Mapping | None):
                raise CaseError(
                    f"`{key}` of a case is an object with the fields that the book declares"
                )
        if not isinstance(data.get("used"), Mapping | None):
            raise CaseError("`used` of a case is an object: how much, by budget or limit")
        for key in ("id", "role", "at"):
            if not isinstance(data.get(key, ""), str | None):
                raise CaseError(f"`{key}` of a case is a string")
        return cls(
            data.get("id") or "",
            data.get("customer") or {},
            data.get("interaction"),
            time_of(data.get("now"), "now"),
            data.get("role"),
            data.get("at"),
            _events(data.get("events")),
            _history(data.get("history")),
            data.get("used"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain data, without what it does not have."""
        found = {
            "id": self.id,
            "customer": dict(self.customer),
            "interaction": dict(self.interaction) if self.interaction is not None else None,
            "now": self.now.isoformat() if self.now else None,
            "role": self.role,
            "at": self.at,
            "events": None if self.events is None else [one.to_dict() for one in self.events],
            "history": None if self.history is None else [dict(one) for one in self.history],
            "used": None if self.used is None else dict(self.used),
        }
        return {key: value for key, value in found.items() if value is not None}


_KEYS: Final = ("id", "customer", "interaction", "now", "role", "at", "events", "history", "used")


def _events(value: object) -> tuple[Event, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise CaseError("`events` of a case is a list of events")
    return tuple(map(Event.from_dict, value))


def _history(value: object) -> tuple[Mapping[str, Any], ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise CaseError("`history` of a case is a list of answers")
    return tuple(value)
