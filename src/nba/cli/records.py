"""Records: the objects of a file, which is JSON, JSON Lines or CSV, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from nba.book.sheet import separator_of
from nba.cli.csv_rows import csv_rows
from nba.cli.files import OpenFile, opened
from nba.cli.objects import as_object, is_json, parsed

__all__ = ["Columns", "Record", "Records", "read_records"]

_ONE_TO_A_LINE: Final = (".jsonl", ".ndjson")
_HELP: Final = "write one object to a line"


class Record(NamedTuple):
    """An object, *where* it stands, and the *share* of the file read so far, if known."""

    data: dict[str, Any]
    where: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """The objects of a file, read as they are asked for; *many* says that it may have many."""

    many: bool
    each: Iterator[Record]


class Columns(Protocol):
    """What the columns of a CSV file mean."""

    @property
    def known(self) -> Collection[str]:
        """The names that columns may have."""

    def reader(self, header: Sequence[str], where: str) -> Callable[[list[str]], dict[str, Any]]:
        """Return what makes an object of a row below this header. Raises CommandError."""


@contextmanager
def read_records(name: str, columns: Columns, *, lists: bool = False) -> Iterator[Records]:
    """Open the objects of the file *name*, `-` for standard input.

    A file is CSV, JSON Lines, or one JSON object; with *lists* also a JSON list of objects. Its
    name says which, or else its first lines. Raises CommandError, at once or when the object
    that cannot be read is asked for.
    """
    with opened(name) as file:
        suffix = Path(name).suffix.lower()
        start = [] if suffix in (".csv", *_ONE_TO_A_LINE) else file.look_ahead(2)
        if suffix == ".csv" or (start and _is_header(start[0], columns.known)):
            yield Records(many=True, each=_rows(file, columns))
        elif suffix in _ONE_TO_A_LINE or (len(start) == 2 and is_json(start[0])):
            yield Records(many=True, each=_lines(file))
        else:
            yield _whole(file, lists=lists)


def _is_header(line: bytes, known: Collection[str]) -> bool:
    text = line.decode("utf-8-sig", "replace")
    return any(cell.strip().strip('"') in known for cell in text.split(separator_of(text)))


def _rows(file: OpenFile, columns: Columns) -> Iterator[Record]:
    read: Callable[[list[str]], dict[str, Any]] | None = None
    for cells, where in csv_rows(file):
        if read is None:
            read = columns.reader([cell.strip() for cell in cells], where)
        else:
            yield Record(read(cells), where, file.share)


def _lines(file: OpenFile) -> Iterator[Record]:
    for number, line in enumerate(file.lines(), 1):
        if line.strip():
            where = f"{file.name}:{number}"
            yield Record(
                as_object(parsed(line, file.name, number), where, _HELP), where, file.share
            )


def _whole(file: OpenFile, *, lists: bool) -> Records:
    data = parsed(file.content(), file.name)
    if not (lists and isinstance(data, list)):
        return Records(
            many=False, each=iter([Record(as_object(data, file.name, _HELP), file.name)])
        )
    places = ((f"{file.name}[{place}]", item) for place, item in enumerate(data))
    return Records(many=True, each=(Record(as_object(item, at), at) for at, item in places))
