"""The decisions on one customer: however many there are, adding one is as little work."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple, overload

__all__ = ["Past", "Remembered"]

_order = attrgetter("at", "id")
_adding: Final = threading.Lock()


class Remembered(NamedTuple):
    """What is remembered of a decision; *recorded_as* is the name that it was made for.

    *granted* are the places of its answers among the alternatives it had, *answers* what is
    remembered of each, *text* what is of the whole. *revision* grows when it is amended.
    """

    id: str
    recorded_as: str
    at: int
    text: str
    granted: tuple[int, ...]
    answers: tuple[str, ...]
    revision: int = 0


def _said(one: Remembered) -> int:
    return len(one.text) + sum(map(len, one.answers))


class Past(Sequence[Remembered]):
    """Decisions in the order of (`at`, `id`). It does not change: adding one makes another past.

    A reader keeps in *read*, under a mark of its own, what it made of all decisions but some. These
    stand beside it: what was added or changed since.
    """

    __slots__ = ("_count", "_in_order", "_places", "_rows", "_said", "read")

    def __init__(self, rows: Iterable[Remembered] = ()) -> None:
        self._rows = [*rows]  # as they came; those that come later are added for all
        self._count = len(self._rows)
        self._in_order: tuple[Remembered, ...] | None = None
        self._said: int | None = None
        #: by id, where each of the rows is, as soon as that was asked
        self._places: dict[str, int] | None = None
        #: in one piece, since threads share a past
        self.read: tuple[object, Any, Sequence[Remembered]] | None = None

    def adding(self, row: Remembered) -> Past:
        """Return the past with one more, which is not in it."""
        places = None
        with _adding:
            if self._count and len(self._rows) == self._count:
                rows, places = self._rows, self._places
            else:
                rows = self._rows[: self._count]
            rows.append(row)
            if places is not None:
                places[row.id] = self._count
        return self._after(rows, row, places=places)

    def changing(self, row: Remembered) -> Past:
        """Return the past in which a decision is as *row* says."""
        own = self._rows[: self._count]
        place = self._place(row.id)
        assert place is not None  # noqa: S101 - for the type checker
        before, own[place] = own[place], row
        return self._after(own, row, before)

    def find(self, id: str) -> Remembered | None:
        """Return the decision with an id; None where it is not in it."""
        place = self._place(id)
        return None if place is None else self._rows[place]

    def _place(self, id_: str) -> int | None:
        if self._places is None:
            own = self._rows[: self._count]
            self._places = {one.id: place for place, one in enumerate(own)}
        place = self._places.get(id_)
        return place if place is not None and place < self._count else None

    def after(self, rows: Iterable[Remembered]) -> Past:
        """Return the past with these: others are added, and those in it are as they say now."""
        past = self
        for row in rows:
            if (own := past.find(row.id)) is None:
                past = past.adding(row)
            elif own != row:
                past = past.changing(row)
        return past

    def _after(
        self,
        rows: list[Remembered],
        new: Remembered,
        before: Remembered | None = None,
        places: dict[str, int] | None = None,
    ) -> Past:
        after = Past()
        after._places = places
        after._rows, after._count = rows, self._count + (before is None)
        if self._said is not None:
            after._said = self._said + _said(new) - (_said(before) if before else 0)
        if (read := self.read) is not None:
            mark, made, others = read
            after.read = (mark, made, (*others, new))
        return after

    @property
    def said(self) -> int:
        """How many characters are remembered of all of them."""
        if self._said is None:
            self._said = sum(map(_said, self._rows[: self._count]))
        return self._said

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
