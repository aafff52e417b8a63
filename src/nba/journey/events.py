"""Events: what happened at a touchpoint, as applications give it and as conditions read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from nba import windows
from nba.errors import CaseError, did_you_mean

__all__ = ["Event", "Journey", "Row", "time_of"]

#: An event as conditions read it: the declared fields that are known, and `type`, `channel`,
#: `at` (a `Timestamp`) and `id`.
Row = dict[str, Any]


class Event(NamedTuple):
    """One thing that happened: its *type*, to whom, on which channel, when, and what about it.

    *at* is an aware datetime, by default the engine's clock. *data* holds the fields that the
    book declares for the type. The same *id* twice counts once; without one it is made from what
    the event says, so that sending it again does no harm.
    """

    type: str
    customer: str
    channel: str | None = None
    at: datetime | None = None
    data: Mapping[str, Any] = {}
    id: str | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Event:
        """Return the event that *data* describes; `at` is RFC 3339. Raises CaseError."""
        if not isinstance(data, Mapping):
            raise CaseError("an event is an object with `type`, `customer` and `at`")
        for key in data:
            if key not in _KEYS:
                help_ = did_you_mean(str(key), _KEYS)
                if not help_.startswith("did you mean"):
                    help_ = f'put it under `data`: "data": {{"{str(key)[:40]}": …}}'
                raise CaseError(f"`{key}` is not a key of an event. {help_}")
        for key in ("type", "customer", "channel", "id"):
            if not isinstance(data.get(key), str | None):
                raise CaseError(f"`{key}` of an event is a string")
        if not isinstance(data.get("type"), str):
            raise CaseError("an event needs a `type`")
        if not isinstance(data.get("data") or {}, Mapping):
            raise CaseError("`data` of an event is an object")
        return cls(
            data["type"],
            data.get("customer") or "",
            data.get("channel"),
            time_of(data.get("at"), "at"),
            data.get("data") or {},
            data.get("id"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the event as plain data, without what it does not have."""
        found = {
            "type": self.type,
            "customer": self.customer,
            "channel": self.channel,
            "at": self.at.isoformat() if self.at else None,
            "data": dict(self.data) or None,
            "id": self.id,
        }
        return {key: value for key, value in found.items() if value is not None}


class Journey(tuple[Event, ...]):  # noqa: SLOT001 - a tuple has no slots for what is kept
    """The events of one customer, to be handed in more than once: they are read only once.

    Nothing in them may be changed afterwards: make another journey where something has happened.
    """

    #: what was read of them, with the mark of what did
    read: tuple[object, Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave out what was read: it means nothing elsewhere."""
        return Journey, (tuple(self),)


_KEYS: Final = ("type", "customer", "channel", "at", "data", "id")


def time_of(value: object, what: str) -> datetime | None:
    """Return the time that plain data gives as RFC 3339, or as an aware datetime; None for none.

    *what* it is stands in the message of the CaseError that is raised for anything else.
    """
    if value is None:
        return None
    try:
        if isinstance(value, str):
            value = windows.moment(windows.parse_instant(value))
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise CaseError(f"`{what}` is a time such as 2026-03-02T10:00:00Z, not `{value}`", [what])
