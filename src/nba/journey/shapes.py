"""Reading events against the types that a book declares: one by one, or column by column."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

from nba import windows
from nba.book.model import Book
from nba.errors import CaseError, Diagnostic, EvaluationError, did_you_mean, python_type, with_help
from nba.journey.events import Event, Journey, Row
from nba.journey.timeline import Occurrences, Timeline, places_by
from nba.lang.columns import ColumnReader
from nba.lang.context import Reader, Shape
from nba.lang.values import TIMESTAMP_MAX, TIMESTAMP_MIN, Timestamp, checked_timestamp

__all__ = ["EventShapes"]

#: Where to mend a value that does not fit.
_SENT: Final = "correct it where the event is made"
#: With fewer events, reading them one by one is as fast.
_FEW: Final = 3


class EventShapes:
    """The declared event types, and reading an event against them."""

    def __init__(self, types: Mapping[str, Shape], channels: frozenset[str]) -> None:
        self.types = types
        self.channels = channels
        self._mark = object()
        self._readers: dict[str, Reader] = {}
        self._columns = {
            name: ColumnReader(shape.inputs, shape.zone) for name, shape in types.items()
        }
        self._any_channel = frozenset({*channels, None})

    @classmethod
    def of(cls, book: Book) -> EventShapes:
        """Return the event types that a book declares."""
        types = {name: Shape(kind.fields, zone=book.zone) for name, kind in book.events.items()}
        return cls(types, frozenset(book.channels))

    def journey(
        self, events: Sequence[Event], now: datetime
    ) -> tuple[Timeline, Sequence[Diagnostic]]:
        """Return the journey of events, and what was wrong with their fields; see `rows`.

        What is read of a `Journey` is kept with it.
        """
        if not isinstance(events, Journey):
            return self._read(events, now)
        read = events.read  # once, since threads may share it
        if read is not None and read[0] is self._mark:
            known: tuple[Timeline, Sequence[Diagnostic]] = read[1]
            return known
        found = self._read(events, now)
        if all(event.at is not None for event in events):  # else it depends on the time
            events.read = (self._mark, found)
        return found

    def _read(
        self, events: Sequence[Event], now: datetime
    ) -> tuple[Timeline, Sequence[Diagnostic]]:
        found = self._by_columns(events, now) if len(events) > _FEW else None
        if found is not None:
            return found, ()
        rows, problems = self.rows(events, now)
        return Timeline(rows), problems

    def rows(self, events: Iterable[Event], now: datetime) -> tuple[list[Row], list[Diagnostic]]:
        """Return events as conditions read them, and what was wrong with their fields.

        *now* is when they happened if they do not say. Raises CaseError, with the place of the
        event, for a type or channel that the book does not have, for a time without a zone, and for
        what is no text and should be.
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
                own = id_ if id_.__class__ is str and id_ else _id(event, at)
                row: Row = {"type": kind, "at": at, "id": own}
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
        except TypeError:
            if (wrong := _no_text(event)) is None:
                raise
            raise wrong.within(len(rows)) from None
        if problems:
            problems = [replace(p, help=_SENT) if p.code == "wrong-input" else p for p in problems]
        return rows, problems

    def _by_columns(self, events: Sequence[Event], now: datetime) -> Timeline | None:
        """Return the journey of events that are all as they should be; None where one is not.

        Those are read one by one, which says what is wrong.
        """
        if {*map(type, events)} != {Event}:
            return None
        kinds, _, channels, whens, data, ids = zip(*events, strict=True)
        try:
            times = windows.instants([when or now for when in whens])
            if not all(ids):
                ids = [one.id or _id(one, at) for one, at in zip(events, times, strict=True)]
            known = self._any_channel.issuperset(channels) and self.types.keys() >= {*kinds}
            if not known or {*map(type, ids)} != {str} or len({*ids}) < len(ids):
                return None
        except (TypeError, CaseError):
            return None
        if min(times) < TIMESTAMP_MIN or max(times) > TIMESTAMP_MAX:
            return None
        places = range(len(times))
        order = itemgetter(*[place for _, _, place in sorted(zip(times, ids, places, strict=True))])
        kinds, times, channels, data, ids = map(order, (kinds, times, channels, data, ids))
        found = {}
        for kind, own in places_by(kinds).items():
            columns = self._columns_of(kind, [data[place] for place in own])
            if columns is None:
                return None
            columns["channel"] = [channels[place] for place in own]
            columns["id"] = [ids[place] for place in own]
            columns["type"] = [kind] * len(own)
            found[kind] = Occurrences([times[place] for place in own], own, columns=columns)
        return Timeline(columns=(times, found))

    def _columns_of(
        self, kind: str, data: list[Mapping[str, Any]]
    ) -> dict[str, Sequence[Any]] | None:
        """Return the fields of events of a type, column by column; None where one does not fit."""
        reader = self._columns.get(kind)
        return reader.read(data) if reader is not None and {*map(type, data)} == {dict} else None

    def _no_channel(self, channel: str) -> CaseError:
        help_ = did_you_mean(channel, self.channels)
        return CaseError(with_help(f"there is no channel `{channel}`", help_), ["channel"])

    def _reader(self, kind: str) -> Reader:
        """Return what reads the fields of a type of events."""
        shape = self.types.get(kind)
        if shape is None:
            help_ = did_you_mean(kind, self.types)
            raise CaseError(with_help(f"there is no event type `{kind}`", help_), ["type"])
        found = self._readers[kind] = shape.into_record
        return found


def _no_text(event: Event) -> CaseError | None:
    """Return what is said of a type or channel that is no string; None where both are."""
    if not isinstance(event.type, str):
        return CaseError("`type` of an event is a string", ["type"])
    if not isinstance(event.channel, str | None):
        return CaseError("`channel` of an event is a string", ["channel"])
    return None


def _no_event(given: object) -> CaseError:
    if isinstance(given, Event):
        return CaseError("`data` of an event is an object")
    return CaseError(f"an event is an Event, not {python_type(given)}")


def _time(when: datetime) -> Timestamp:
    try:
        return checked_timestamp(windows.instant(when))
    except EvaluationError:
        raise CaseError(f"`at` is out of the calendar's range: {when}", ["at"]) from None
    except (TypeError, ValueError):
        message = "`at` of an event is a datetime with a time zone"
        raise CaseError(message, ["at"]) from None


def _id(event: Event, at: int) -> str:
    """Return the id of an event; where it has none, one that is made from what it says."""
    if event.id:
        if not isinstance(event.id, str):
            raise CaseError("`id` of an event is a string", ["id"])
        return str.__str__(event.id)  # of an enum's member, too
    content = [event.type, event.channel, int(at), event.data]
    try:
        text = json.dumps(content, sort_keys=True, default=str)
    except TypeError:  # they have no order
        raise CaseError("the names of fields in `data` of an event are strings", ["data"]) from None
    return hashlib.sha256(text.encode()).hexdigest()[:24]
