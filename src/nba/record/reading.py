"""Reading a decision log: its records in their order, and what of it cannot be read."""

from __future__ import annotations

import json
import mmap
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple
from urllib.parse import quote

from nba.errors import CaseError, StoreError
from nba.record.record import Record

__all__ = ["Unreadable", "record_in", "records_in"]

_MAGIC: Final = b"SQLite format 3\x00"


class Unreadable(NamedTuple):
    """A record that cannot be read: *where* it stands, and why."""

    where: str
    reason: str


def records_in(path: str | os.PathLike[str]) -> Iterator[Record | Unreadable]:
    """Yield the records of a log, in the order in which they were written. Raises StoreError.

    The log may be written meanwhile.
    """
    place = Path(path)
    try:
        with place.open("rb") as file:
            is_sqlite = file.read(len(_MAGIC)) == _MAGIC
            file.seek(0)
            if not is_sqlite:
                for number, line in enumerate(file, 1):
                    if line.strip():
                        cut = "it was cut" if not line.endswith(b"\n") else ""
                        yield _read(line, f"{place}:{number}", cut)
                return
        yield from _rows(place)
    except (OSError, sqlite3.Error) as error:
        raise _fault(place, error) from error


def record_in(path: str | os.PathLike[str], id_: str) -> Record | None:
    """Return the record of one decision in a log, or None. Raises StoreError.

    A log in SQLite has an index of them; a file of JSON Lines is searched from its end.
    """
    place = Path(path)
    try:
        with place.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return _last_with(file, id_)
        with closing(_opened(place)) as connection:
            row = connection.execute("SELECT record FROM decision_log WHERE id = ?", (id_,))
            found = row.fetchone()
            return Record.from_json(found[0]) if found else None
    except (OSError, sqlite3.Error) as error:
        raise _fault(place, error) from error


def _last_with(file: BinaryIO, id_: str) -> Record | None:
    """Return the record that was written last of those with an id."""
    if not os.fstat(file.fileno()).st_size:
        return None
    wanted = f'"id":{json.dumps(id_)}'.encode()
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        end = len(lines)
        while (at := lines.rfind(wanted, 0, end)) >= 0:
            start, stop = lines.rfind(b"\n", 0, at) + 1, lines.find(b"\n", at)
            with suppress(CaseError):  # a line that was cut
                record = Record.from_json(lines[start : stop if stop >= 0 else len(lines)])
                if record.id == id_:
                    return record
            end = start
    return None


def _fault(place: Path, error: OSError | sqlite3.Error) -> StoreError:
    reason = getattr(error, "strerror", None) or str(error)
    return StoreError(f"the decision log `{place}` cannot be read: {reason.lower()}")


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)


def _rows(path: Path) -> Iterator[Record | Unreadable]:
    with closing(_opened(path)) as connection:
        rows = connection.execute("SELECT place, record FROM decision_log ORDER BY place")
        for number, text in rows:
            yield _read(text, f"{path}:{number}")


def _read(text: str | bytes, where: str, cut: str = "") -> Record | Unreadable:
    try:
        return Record.from_json(text)
    except CaseError as error:
        return Unreadable(where, cut or str(error))
