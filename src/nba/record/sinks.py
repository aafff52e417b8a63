"""Where records go: what every sink promises, and which sink a path means."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, Protocol

from nba.errors import StoreError
from nba.record.jsonlines import JsonLinesSink
from nba.record.line import Line
from nba.record.sqlite import SqliteSink

__all__ = ["JsonLinesSink", "Sink", "SqliteSink", "sink_at"]


class Sink(Protocol):
    """Keeps records. One thread at a time uses it; other processes may use the same place."""

    def write(self, lines: Sequence[Line]) -> None:
        """Keep records, in their order, or raise: then they are brought again, all of them."""
        ...

    def forget(self, names: Collection[str]) -> int:
        """Forget the records of these customers; return how many. Raises StoreError."""
        ...

    def close(self) -> None:
        """Give back what is held open."""
        ...


_JSON_LINES: Final = (".jsonl", ".ndjson")
_SQLITE: Final = (".db", ".sqlite", ".sqlite3")


def sink_at(path: str | Path) -> JsonLinesSink | SqliteSink:
    """Return the sink that a path means by its ending. Raises StoreError."""
    suffix = Path(path).suffix.lower()
    if suffix in _JSON_LINES:
        return JsonLinesSink(path)
    if suffix in _SQLITE:
        return SqliteSink(path)
    raise StoreError(f"`{path}` is no decision log: its name ends in `.jsonl` or `.db`")
