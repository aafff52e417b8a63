"""Sheets: CSV text, as spreadsheets save it, to rows of cells with their places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from nba.book.source import MAX_FILE, SPLIT, TOO_LARGE, Lines, Source
from nba.errors import Diagnostic, Place

__all__ = ["Entry", "Line", "Sheet", "beside", "is_sheet", "separator_of", "sheets_of"]

MAX_CELLS: Final = 200_000  # in a sheet
MAX_COLUMNS: Final = 100
_SEPARATORS: Final = (";", ",", "\t")
_NAMES: Final = {";": "`;`", ",": "`,`", "\t": "a tab"}
#: Sections whose parts may keep their rows in a sheet, which they name as `file`.
_SECTIONS: Final = ("tables", "scorecards")


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in one cell, without quotes and the space around it, and where."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet below its header: entries by column."""

    entries: Mapping[str, Entry]
    start: int
    end: int


class Sheet:
    """A CSV file: *columns* are the entries of its header, *lines* the rows below it.

    The separator is the one of `;`, `,` and tab that the header has most often. Columns whose
    header begins with `#` are remarks, and lines without any entry are left out. What is wrong
    with its form stands in *diagnostics*.
    """

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.text = text.removeprefix("\ufeff")
        self.diagnostics: list[Diagnostic] = []
        self.columns: dict[str, Entry] = {}
        self.lines: list[Line] = []
        self._lines = Lines(name, self.text)
        self._read()

    def place(self, found: Entry | Line) -> Place:
        """Return where an entry or a line stands."""
        return self._lines.place(found.start, found.end)

    def _find(self, code: str, message: str, help_: str, found: Entry) -> None:
        self.diagnostics.append(Diagnostic(code, message, help_, self.place(found)))

    def _read(self) -> None:
        if len(self.text) > MAX_FILE:
            self._find("too-large", TOO_LARGE, SPLIT, Entry("", 0, 0))
            return
        separator = separator_of(self.text)
        header: list[Entry] | None = None
        for entries in self._rows(separator):
            texts = [entry.text for entry in entries if entry.text]
            if not texts or (header is None and texts == ["sep="]):  # `sep=;` is for spreadsheets
                continue
            if header is None:
                header = self._header(entries)
                if header is None:
                    return
            else:
                self._line(entries, header, separator)
        if header is None and not self.diagnostics:
            message = "the file has no header"
            help_ = "name the columns in the first line, such as `Tier;Months;Action`"
            self._find("csv-syntax", message, help_, Entry("", 0, 0))

    def _header(self, entries: list[Entry]) -> list[Entry] | None:
        while entries and not entries[-1].text:  # spreadsheets leave empty columns at the end
            entries.pop()
        if len(entries) > MAX_COLUMNS:
            message = f"the file has more than {MAX_COLUMNS} columns"
            self._find("too-large", message, "split the table", entries[MAX_COLUMNS])
            return None
        for entry in entries:
            if not entry.text:
                message, help_ = "a column has no name", "name it, or remove the column"
                self._find("csv-syntax", message, help_, entry)
            elif entry.text in self.columns:
                message = f"the column `{_short(entry.text)}` is there twice"
                self._find("csv-syntax", message, "rename or remove one of them", entry)
            elif not entry.text.startswith("#"):
                self.columns[entry.text] = entry
        return entries

    def _line(self, entries: list[Entry], header: list[Entry], separator: str) -> None:
        while len(entries) > len(header) and not entries[-1].text:
            entries.pop()
        if len(entries) > len(header):
            message = f"the line has {len(entries)} cells, and the header {len(header)}"
            help_ = (
                f'put a cell that holds {_NAMES[separator]} in double quotes: `"a{separator} b"`'
            )
            if separator == "\t":
                help_ = "remove what stands too much, or name its column in the header"
            self._find("csv-syntax", message, help_, entries[len(header)])
            return
        found = {
            column.text: entry
            for column, entry in zip(header, entries, strict=False)
            if column.text in self.columns
        }
        self.lines.append(Line(found, entries[0].start, entries[-1].end))

    def _rows(self, separator: str) -> Iterable[list[Entry]]:
        """Yield the entries of each line; one in quotes may hold the separator and line ends.

        It ends at the first cell that is too many: a line alone may have millions.
        """
        text, at, size = self.text, 0, len(self.text)
        entries: list[Entry] = []
        cells = 0
        while at < size:
            entry, at = self._entry(at, separator)
            entries.append(entry)
            cells += 1
            if cells > MAX_CELLS:
                message = f"the file has more than {MAX_CELLS} cells"
                self._find("too-large", message, SPLIT, entries[0])
                return
            if at < size and text[at] == separator:
                at += 1
                if at < size:
                    continue
                entries.append(Entry("", at, at))
            elif text[at : at + 2] == "\r\n":
                at += 2
            elif at < size:
                at += 1
            yield entries
            entries = []

    def _entry(self, at: int, separator: str) -> tuple[Entry, int]:
        """Return what stands in the cell that begins at an index, and the index of its end."""
        text, size = self.text, len(self.text)
        stops = {separator, "\r", "\n"}
        start = at
        while start < size and text[start] in " \t" and text[start] not in stops:
            start += 1
        if start < size and text[start] == '"':
            return self._quoted(start, stops)
        end = at
        while end < size and text[end] not in stops:
            end += 1
        found = text[at:end].strip()
        return Entry(found, start, max(start, start + len(found))), end

    def _quoted(self, start: int, stops: set[str]) -> tuple[Entry, int]:
        text, size = self.text, len(self.text)
        parts: list[str] = []
        at = start + 1
        while True:
            close = text.find('"', at)
            if close < 0:
                message = "the quote that opens here is not closed"
                help_ = "close it; a quote inside a cell in quotes is written twice"
                self._find("csv-syntax", message, help_, Entry("", start, start + 1))
                return Entry("", start, size), size
            parts.append(text[at:close])
            if text[close + 1 : close + 2] != '"':
                break
            parts.append('"')
            at = close + 2
        end = close + 1
        while end < size and text[end] not in stops:
            end += 1
        if text[close + 1 : end].strip():
            message = "the cell ends at its closing quote, but more follows"
            help_ = "put the whole cell in quotes; a quote inside them is written twice"
            self._find("csv-syntax", message, help_, Entry("", start, end))
        return Entry("".join(parts).strip(), start, close + 1), end


def separator_of(text: str) -> str:
    """Return the separator that the first line with something in it has most often."""
    first = next((line for line in text.splitlines() if line.strip(" ;,\t")), "")
    bare = "".join(first.split('"')[::2])  # without what stands in quotes
    return max(_SEPARATORS, key=bare.count)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


# --- which sheets a book has


def is_sheet(name: str) -> bool:
    """Tell whether a file is a sheet by its name."""
    return name.lower().endswith(".csv")


def beside(file: str, name: str) -> str | None:
    """Return the whole name of the file that *file* calls *name*: beside it, or below.

    None for one that leads anywhere else, or is no sheet.
    """
    path = PurePosixPath(name)
    wild = "\\" in name or ":" in name or "\0" in name
    if wild or path.is_absolute() or ".." in path.parts or not is_sheet(name):
        return None
    return (PurePosixPath(file).parent / path).as_posix()


def sheets_of(source: Source) -> list[str]:
    """Return the whole names of the sheets that a rule file names, each once."""
    found: dict[str, None] = {}
    data: Any = source.data
    for section in _SECTIONS if isinstance(data, dict) else ():
        parts = data.get(section)
        for part in parts.values() if isinstance(parts, dict) else ():
            name = part.get("file") if isinstance(part, dict) else None
            whole = beside(source.name, name) if isinstance(name, str) else None
            if whole is not None:
                found[whole] = None
    return list(found)
