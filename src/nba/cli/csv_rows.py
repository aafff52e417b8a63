"""Rows of a CSV file, one at a time: quoted as Python's csv module has it, and never half read.

The separator is that of the header: a comma, `;` or a tab, as spreadsheets have it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final, NamedTuple

from nba.book.sheet import separator_of
from nba.cli.files import MAX_SIZE, OpenFile, text_of, too_large
from nba.cli.output import CommandError, counted

__all__ = ["CsvRow", "csv_rows"]

_IN_OUR_WORDS: Final = {
    "unexpected end of data": ("a quoted cell has no end", 'close it with `"`'),
    "expected after '\"'": (
        "there is more after the closing quote of a cell",
        'write `""` for a quote in a quoted cell',
    ),
    "field larger": (
        f"a cell has more than {csv.field_size_limit():,} characters",
        "look for a quote that is not closed",
    ),
    "new-line character seen": ("a carriage return stands in a cell", "put the cell in quotes"),
}


#: What stands between cells, in messages.
_CALLED: Final = {",": "a comma", ";": "`;`", "\t": "a tab"}


class CsvRow(NamedTuple):
    """The cells of a row, and *where* it begins."""

    cells: list[str]
    where: str


def csv_rows(file: OpenFile) -> Iterator[CsvRow]:
    """Yield the header of a CSV file, then its rows, without those that are empty.

    Every row has as many cells as the header, which ends with its last name. Raises CommandError.
    """
    separator = _separator(file)
    lines = _Lines(file)
    reader = csv.reader(lines, strict=True, delimiter=separator)
    width = 0
    while True:
        where = f"{file.name}:{reader.line_num + 1}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _not_csv(error, where) from None
        lines.size = 0
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        while len(cells) > width and not cells[-1].strip():  # as spreadsheets leave columns empty
            cells.pop()
        width = width or len(cells)
        if len(cells) != width:
            message = f"the row has {counted(len(cells), 'cell')}, and the header {width}"
            mark = _CALLED[separator]
            help_ = f"put a cell with {mark} in quotes"
            if len(cells) < width:
                help_ = f"keep {mark} between cells that are empty"
            raise CommandError(message, help_, where=where)
        yield CsvRow(cells, where)


def _separator(file: OpenFile) -> str:
    """Return what stands between the names of the header; a comma where nothing does."""
    header = b"".join(file.look_ahead(1)).decode("utf-8-sig", "replace")
    found = separator_of(header)
    return found if found in header else ","


class _Lines:
    """The lines of a file as text; *size* counts the bytes of those that make up one row."""

    def __init__(self, file: OpenFile) -> None:
        self.name = file.name
        self.lines = enumerate(file.lines(), 1)
        self.size = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        number, line = next(self.lines)
        self.size += len(line)
        if self.size > MAX_SIZE:
            raise too_large(f"{self.name}:{number}")
        text = text_of(line, self.name, number)
        if "\0" in text:
            message, help_ = "a NUL character stands here", "save the file as UTF-8 text"
            raise CommandError(message, help_, where=f"{self.name}:{number}")
        return text


def _not_csv(error: csv.Error, where: str) -> CommandError:
    for start, (message, help_) in _IN_OUR_WORDS.items():
        if start in str(error):
            return CommandError(message, help_, where=where)
    return CommandError(f"this is not CSV: {error}", where=where)
