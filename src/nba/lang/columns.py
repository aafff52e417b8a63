"""Reading many records of one shape at once, column by column: what each field is in all of them.

What is read is what the reader of one record makes of each (`nba.lang.context`); random tests hold
the two equal. A record with anything to complain about is for that one, which says what it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from nba.errors import Diagnostic
from nba.lang.context import FieldSpec, convert
from nba.lang.types import EnumType
from nba.lang.values import EXACT, INT_MAX

__all__ = ["ColumnReader"]

Column = Sequence[Any]
#: Returns a column as its field has it; None where a value may not fit.
_Reader = Callable[[Column], Column | None]

_NONE: Final = type(None)


class ColumnReader:
    """Reads records with these fields; *zone* is where a day without a time begins."""

    def __init__(self, fields: Sequence[FieldSpec], zone: tzinfo) -> None:
        self._names = [spec.path for spec in fields]
        self._known = frozenset(self._names)
        self._readers = [_reader(spec, zone) for spec in fields]
        self._flat = not any("." in name for name in self._names)
        #: takes several values of a record at once
        self._values = itemgetter(*self._names) if len(fields) > 1 else None

    def read(self, records: Sequence[Mapping[str, Any]]) -> dict[str, Column] | None:
        """Return what is known of each field, by its name: a value for each record, or None.

        None for all of it where something is not as it is declared.
        """
        columns = self._columns(records) if self._flat else None
        if columns is None:
            return None
        found = {}
        for name, reader, column in zip(self._names, self._readers, columns, strict=True):
            read = reader(column)
            if read is None:
                return None
            found[name] = read
        return found

    def _columns(self, records: Sequence[Mapping[str, Any]]) -> Sequence[Column] | None:
        """Return what is given for each field; None where something is that no field is for."""
        if self._values is not None and {*map(len, records)} == {len(self._names)}:
            try:
                return [*zip(*map(self._values, records), strict=True)]
            except KeyError:
                pass
        if not self._known.issuperset(chain.from_iterable(records)):
            return None
        return [[record.get(name) for record in records] for name in self._names]


def _reader(spec: FieldSpec, zone: tzinfo) -> _Reader:
    """Return what reads a column: at once, where its values are of the class that most have."""
    quick, default = _quick(spec), spec.default

    def read(column: Column) -> Column | None:
        classes = {*map(type, column)}
        if default is not None and _NONE in classes:
            column = [default if value is None else value for value in column]
            classes = {*map(type, column)}
        found = quick(column, classes)
        if found is not None:
            return found
        problems: list[Diagnostic] = []
        found = [None if v is None else convert(v, spec, zone, problems) for v in column]
        return None if problems else found

    return read


def _quick(spec: FieldSpec) -> Callable[[Column, set[type]], Column | None]:
    """Return what reads a column by the classes of its values; None where it cannot."""
    if isinstance(spec.type, EnumType):
        allowed = frozenset({None, *spec.type.values})
        return lambda column, classes: (
            column if classes <= _TEXT and allowed.issuperset(column) else None
        )
    match spec.type.name:
        case "string":
            return lambda column, classes: column if classes <= _TEXT else None
        case "bool":
            return lambda column, classes: column if classes <= _TRUTH else None
        case "int":
            return lambda column, classes: (
                column if classes == _INT and _within(column, spec, INT_MAX) else None
            )
        case "double":
            return lambda column, classes: (
                (column if classes == _DOUBLE else [*map(float, column)])
                if classes <= _NUMBER and _within(column, spec, EXACT)
                else None
            )
    return lambda _column, _classes: None


_TEXT: Final = frozenset({str, _NONE})
_TRUTH: Final = frozenset({bool, _NONE})
_INT: Final = frozenset({int})
_DOUBLE: Final = frozenset({float})
_NUMBER: Final = frozenset({int, float})


def _within(column: Column, spec: FieldSpec, most: int) -> bool:
    """Return whether all numbers are within the bounds of a field, and none is larger than that."""
    low = -most if spec.minimum is None else max(spec.minimum, -most)
    high = most if spec.maximum is None else min(spec.maximum, most)
    # of NaN neither can be relied on, but the sum is
    return low <= min(column) and max(column) <= high and math.isfinite(sum(column))
