"""Segments: customers who are alike in a field, numbers by band."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from nba.book.model import Book
from nba.decide.answer import Answer
from nba.errors import CaseError, did_you_mean, with_help
from nba.lang.context import FieldSpec
from nba.lang.types import NUMBERS, STRING, EnumType

__all__ = ["UNKNOWN", "Segment", "Segments", "band", "divides"]


class Segment(NamedTuple):
    """Those who have a value, or a number in a band; *order* is its place among the others."""

    order: float
    label: str


UNKNOWN: Final = Segment(float("inf"), "unknown")
#: Where bands begin, in each power of ten.
_STEPS: Final = (1, 2, 5, 10)


def band(number: float) -> Segment:
    """Return the band of a number: from 1, 2 or 5 times a power of ten up to the next of them.

    The bands are the same for every population, so that two reports can be compared.

    >>> [band(n).label for n in (0, 3, 20, 49.9, -3)]
    ['0', '2 to <5', '20 to <50', '20 to <50', '-2 to >-5']
    """
    exact = Decimal(repr(number))
    if not exact:
        return Segment(0.0, "0")
    size, power = abs(exact), exact.adjusted()
    place = max(place for place in range(3) if Decimal(_STEPS[place]).scaleb(power) <= size)
    near, far = (
        Decimal(_STEPS[place + more]).scaleb(power).copy_sign(exact).normalize() for more in (0, 1)
    )
    sign = "<" if exact > 0 else ">"
    return Segment(float(near), f"{near:f} to {sign}{far:f}")


def divides(spec: FieldSpec) -> bool:
    """Tell whether the values of a field are few enough to compare those who have them."""
    return spec.type.name == "bool" or isinstance(spec.type, EnumType) or spec.type in NUMBERS


class Segments:
    """The segments of cases by some fields of a book, in the order of *paths*.

    A field may be one that is handed in, or one that follows from the journey, such as
    `moment.complaint_open`. Raises CaseError for what is no such field, or has values that are
    too many to be told apart.
    """

    def __init__(self, book: Book, paths: Iterable[str]) -> None:
        shape = book.shape
        declared = {spec.path: spec for spec in (*shape.inputs, *shape.derived)}
        self.paths = tuple(paths)
        self._fields: list[tuple[int, FieldSpec]] = []
        for path in self.paths:
            spec = declared.get(path)
            if spec is None:
                help_ = did_you_mean(path, declared)
                raise CaseError(with_help(f"the book has no field `{path}`", help_))
            if not divides(spec) and spec.type != STRING:
                message = f"cases cannot be counted apart by `{path}`, a {spec.type.name}"
                raise CaseError(f"{message}. choose a word, a number, or true and false")
            self._fields.append((shape.slots[path], spec))

    def of(self, found: Answer) -> tuple[Segment, ...]:
        """Return the segments of the case that was answered."""
        return segments(self._fields, found.view.slots)


def segments(
    fields: Sequence[tuple[int, FieldSpec]], slots: Sequence[object]
) -> tuple[Segment, ...]:
    """Return the segment of a case by each field, from its slots."""
    return tuple(_segment(spec, slots[slot]) for slot, spec in fields)


def _segment(spec: FieldSpec, value: object) -> Segment:
    if isinstance(value, bool):
        return Segment(float(not value), "true" if value else "false")
    if isinstance(value, int | float):
        return band(value)
    if isinstance(value, str):
        values = spec.type.values if isinstance(spec.type, EnumType) else ()
        return Segment(float(values.index(value)) if value in values else 0.0, value)
    return UNKNOWN
