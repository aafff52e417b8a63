"""Events: what happened at a touchpoint, as applications give it and as conditions read it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from nba import windows
from nba.book.model import Book
from nba.errors import CaseError, Diagnostic, EvaluationError, did_you_mean
from nba.lang.context import Reader, Shape
from nba.lang.values import Timestamp, checked_timestamp

__all__ = ["Event", "EventShapes", "Row", "time_of"]

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


#: Where to mend a value that does not fit.
_SENT: Final = "correct it where the event is made"
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
    raise CaseError(f"`{what}` is a time such as 2026-03-02T10:00:00Z, not `{value}`")


class EventShapes:
    """The declared event types, and reading an event against them."""

    def __init__(self, types: Mapping[str, Shape], channels: frozenset[str]) -> None:
        self.types = types
        self.channels = channels
        self._readers: dict[str, Reader] = {}

    @classmethod
    def of(cls, book: Book) -> EventShapes:
        """Return the event types that a book declares."""
        types = {name: Shape(kind.fields, zone=book.zone) for name, kind in book.events.items()}
        return cls(types, frozenset(book.channels))

    def rows(self, events: Iterable[Event], now: datetime) -> tuple[list[Row], list[Diagnostic]]:
        """Return events as conditions read them, and what was wrong with their fields.

        *now* is when they happened if they do not say. Raises CaseError, with the place of the
        event, for a type or channel that the book does not have, and for a time without a zone.
        """
        readers, channels = self._readers, self.channels
        rows: list[Row] = []
        problems: list[Diagnostic] = []
        try:
            for event in events:
                if not isinstance(event, Event):
                    raise _no_event(event)
                kind, _, channel, when, data, id_ = event
                read = readers.get(kind) or self._reader(kind)
                at = _time(when or now)
                row: Row = {"type": kind, "at": at, "id": id_ or _content_id(event, at)}
                if channel is not None:
                    if channel not in channels:
                        raise self._no_channel(channel)
                    row["channel"] = channel
                if data.__class__ is not dict and not isinstance(data, Mapping):
                    raise _no_event(event)
                read(data, row, problems)
                rows.append(row)
        except CaseError as error:
            raise error.within(len(rows)) from None
        if problems:
            problems = [replace(p, help=_SENT) if p.code == "wrong-input" else p for p in problems]
        return rows, problems

    def _no_channel(self, channel: str) -> CaseError:
        help_ = did_you_mean(channel, self.channels)
        return CaseError(f"there is no channel `{channel}`. {help_}".strip(), ["channel"])

    def _reader(self, kind: str) -> Reader:
        """Return what reads the fields of a type of events."""
        shape = self.types.get(kind)
        if shape is None:
            help_ = did_you_mean(kind, self.types)
            raise CaseError(f"there is no event type `{kind}`. {help_}".strip(), ["type"])
        found = self._readers[kind] = shape.into_record
        return found


def _no_event(given: object) -> CaseError:
    if isinstance(given, Event):
        return CaseError("`data` of an event is an object")
    return CaseError(f"an event is an Event, not a {type(given).__name__}")


def _time(when: datetime) -> Timestamp:
    try:
        return checked_timestamp(windows.instant(when))
    except EvaluationError:
        raise CaseError(f"`at` is out of the calendar's range: {when}", ["at"]) from None
    except (TypeError, ValueError):
        message = "`at` of an event is a datetime with a time zone"
        raise CaseError(message, ["at"]) from None


def _content_id(event: Event, at: Timestamp) -> str:
    content = [event.type, event.channel, int(at), event.data]
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
