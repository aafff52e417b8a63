"""The decisions on one customer: however many there are, adding one is as little work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, overload

from nba.state.store import Remembered

__all__ = ["Past"]

_order = attrgetter("at", "id")


class Past(Sequence[Remembered]):
    """Decisions in the order of (`at`, `id`). It does not change: adding one makes another past.

    A reader keeps in *read*, under a mark of its own, what it made of all decisions but some. These
    stand beside it: what was added or changed since.
    """

    __slots__ = ("_count", "_in_order", "_rows", "read")

    def __init__(self, rows: Iterable[Remembered] = ()) -> None:
        self._rows = [*rows]  # as they came; those that come later are added for all
        self._count = len(self._rows)
        self._in_order: tuple[Remembered, ...] | None = None
        #: in one piece, since threads share a past
        self.read: tuple[object, Any, Sequence[Remembered]] | None = None

    def adding(self, row: Remembered) -> Past:
        """Return the past with one more, which nobody added before."""
        rows = self._rows if len(self._rows) == self._count else self._rows[: self._count]
        rows.append(row)
        return self._after(rows, row)

    def changing(self, row: Remembered) -> Past:
        """Return the past in which a decision is as *row* says."""
        rows = [row if one.id == row.id else one for one in self._rows[: self._count]]
        return self._after(rows, row)

    def _after(self, rows: list[Remembered], new: Remembered) -> Past:
        after = Past()
        after._rows, after._count = rows, len(rows)
        if (read := self.read) is not None:
            mark, made, others = read
            after.read = (mark, made, (*others, new))
        return after

    def _tuple(self) -> tuple[Remembered, ...]:
        if self._in_order is None:
            self._in_order = tuple(sorted(self._rows[: self._count], key=_order))
        return self._in_order

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Remembered]:
        return iter(self._tuple())

    @overload
    def __getitem__(self, index: int) -> Remembered: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Remembered]: ...
    def __getitem__(self, index: int | slice) -> Remembered | Sequence[Remembered]:
        """Return one of them, or some."""
        return self._tuple()[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Past | tuple) and self._tuple() == tuple(other)

    __hash__ = None  # type: ignore[assignment]
