"""Reading a decision log: its records in their order, and what of it cannot be read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from nba.errors import CaseError, StoreError
from nba.record.record import Record

__all__ = ["Unreadable", "records_in"]

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
        reason = getattr(error, "strerror", None) or str(error)
        raise StoreError(f"the decision log `{place}` cannot be read: {reason.lower()}") from error


def _rows(path: Path) -> Iterator[Record | Unreadable]:
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        rows = connection.execute("SELECT place, record FROM decision_log ORDER BY place")
        for number, text in rows:
            yield _read(text, f"{path}:{number}")


def _read(text: str | bytes, where: str, cut: str = "") -> Record | Unreadable:
    try:
        return Record.from_json(text)
    except CaseError as error:
        return Unreadable(where, cut or str(error))
