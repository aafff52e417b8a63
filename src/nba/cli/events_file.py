"""A file with events: JSON Lines, CSV with an event in each row, or a JSON list of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from nba.book.model import Book
from nba.cli.cells import check_columns, fits_a_cell, value
from nba.cli.output import CommandError
from nba.cli.records import Record, read_records
from nba.errors import CaseError, did_you_mean
from nba.journey.events import Event
from nba.lang.plain import put
from nba.lang.types import STRING, Type

__all__ = ["EventColumns", "EventRead", "read_events"]

#: What every event in a file has: what happened, to whom, and when.
_NEEDED: Final = ("type", "customer", "at")
_OF_EVENTS: Final = (*_NEEDED, "channel", "id")


class EventRead(NamedTuple):
    """An event, and *where* it stands."""

    event: Event
    where: str


@contextmanager
def read_events(name: str, book: Book) -> Iterator[Iterator[EventRead]]:
    """Open the events of the file *name*, `-` for standard input; each is read when asked for.

    Every event has a customer, a time, and a type and a channel of the *book*. Its fields are
    not looked at but in CSV, where a cell is read by what the book declares. Raises
    CommandError, at once or when the event that cannot be read is asked for.
    """
    with read_records(name, EventColumns(book), lists=True) as records:
        yield (_event(record, book) for record in records.each)


def _event(record: Record, book: Book) -> EventRead:
    data, where = record.data, record.where
    if missing := [key for key in _NEEDED if data.get(key) in (None, "")]:
        raise CommandError(f"an event needs `{missing[0]}`", where=where)
    try:
        event = Event.from_dict(data)
    except CaseError as error:
        raise CommandError.of(error, where) from None
    for noun, name, known in (
        ("event type", event.type, book.events),
        ("channel", event.channel, book.channels),
    ):
        if name is not None and name not in known:
            message = f"there is no {noun} `{name[:60]}`"
            raise CommandError(message, did_you_mean(name, known), where=where)
    return EventRead(event, where)


class EventColumns:
    """The columns of events: those of every event, and the fields of any type of the book.

    A field is called `topic`, or `data.topic`, which also says one that is called as what every
    event has.
    """

    def __init__(self, book: Book) -> None:
        self.types: dict[str, dict[str, Type]] = {
            name: {f"data.{spec.path}": spec.type for spec in kind.fields}
            for name, kind in book.events.items()
        }
        fields = {
            path: path
            for kinds in self.types.values()
            for path, kind in kinds.items()
            if fits_a_cell(kind)
        }
        #: what each column is called in full
        self.known = {path.removeprefix("data."): path for path in fields} | fields
        self.known |= {name: name for name in _OF_EVENTS}

    def reader(self, header: Sequence[str], where: str) -> Callable[[list[str]], dict[str, Any]]:
        """Return what makes the plain data of an event of a row. Raises CommandError."""
        names = [self.known.get(name, name) for name in header]
        for name in {name for name in names if names.count(name) > 1}:
            called = sorted({f"`{own}`" for own in header if self.known.get(own) == name})
            if len(called) > 1:
                message = f"the columns {' and '.join(called)} are the same field"
                raise CommandError(message, "keep one of them", where=where)
        check_columns(names, self.known, where)
        if missing := [name for name in _NEEDED if name not in names]:
            raise CommandError(f"the column `{missing[0]}` is missing", where=where)
        columns = [(name, name.split(".")) for name in names]
        place = names.index("type")

        def read(cells: list[str]) -> dict[str, Any]:
            event: dict[str, Any] = {}
            kinds = self.types.get(cells[place].strip(), {})
            for (name, path), text in zip(columns, cells, strict=True):
                if text.strip():
                    own = path[0] == "data"
                    found = value(text, kinds.get(name, STRING)) if own else text.strip()
                    put(event, path, found)
            return event

        return read
