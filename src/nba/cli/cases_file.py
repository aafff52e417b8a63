"""A file with cases: one JSON object, JSON Lines, or CSV with a case in each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nba.book.model import Book
from nba.cli.cells import check_columns, fits_a_cell, value
from nba.cli.output import CommandError
from nba.cli.records import Record, read_records
from nba.decide.case import Case
from nba.errors import CaseError
from nba.lang.plain import put
from nba.lang.types import STRING

__all__ = ["CaseColumns", "CaseFile", "CaseRead", "read_cases"]

_OF_CASES: Final = ("id", "now", "role", "at")


class CaseRead(NamedTuple):
    """A case, *where* it stands, and the *share* of the file read so far, if its size is known."""

    case: Case
    where: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of a file, read as they are asked for; *many* says that it may have many."""

    many: bool
    cases: Iterator[CaseRead]


@contextmanager
def read_cases(name: str, book: Book) -> Iterator[CaseFile]:
    """Open the cases of the file *name*, `-` for standard input.

    Cells are read by what the *book* declares. Raises CommandError, at once or when the case
    that cannot be read is asked for.
    """
    with read_records(name, CaseColumns(book)) as records:
        yield CaseFile(records.many, map(_case, records.each))


def _case(record: Record) -> CaseRead:
    try:
        return CaseRead(Case.from_dict(record.data), record.where, record.share)
    except CaseError as error:
        raise CommandError.of(error, record.where) from None


class CaseColumns:
    """The columns of cases: `id`, `now`, `role`, `at`, and the paths of the declared fields."""

    def __init__(self, book: Book) -> None:
        fields = {spec.path: spec.type for spec in book.fields if fits_a_cell(spec.type)}
        self.known = fields | dict.fromkeys(_OF_CASES, STRING)

    def reader(self, header: Sequence[str], where: str) -> Callable[[list[str]], dict[str, Any]]:
        """Return what makes the plain data of a case of a row. Raises CommandError."""
        check_columns(header, self.known, where)
        columns = [(name.split("."), self.known[name]) for name in header]

        def read(cells: list[str]) -> dict[str, Any]:
            case: dict[str, Any] = {}
            for (path, kind), text in zip(columns, cells, strict=True):
                if text.strip():
                    put(case, path, value(text, kind))
            return case

        return read
