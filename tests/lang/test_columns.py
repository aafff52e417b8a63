"""Reading records column by column: the same as one after the other, or left to that."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.errors import Diagnostic
from nba.lang.columns import ColumnReader
from nba.lang.context import FieldSpec, Shape
from nba.lang.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, EnumType, list_of

FIELDS = (
    FieldSpec("topic", STRING),
    FieldSpec("tier", EnumType("string", values=("gold", "silver"))),
    FieldSpec("resolved", BOOL, default=False),
    FieldSpec("count", INT, minimum=0),
    FieldSpec("score", DOUBLE, minimum=-1, maximum=10),
    FieldSpec("wait", DOUBLE, default=1.0),
    FieldSpec("due", TIMESTAMP),
    FieldSpec("lasts", DURATION),
    FieldSpec("tags", list_of(STRING)),
)


class Tier(StrEnum):
    """Text to Python, and not the class of text."""

    GOLD = "gold"


def read_alone(
    fields: Sequence[FieldSpec], records: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], list[Diagnostic]]:
    """Return the records as they are read one after the other, and what is wrong with them."""
    problems: list[Diagnostic] = []
    found = []
    for record in records:
        row: dict[str, Any] = {}
        Shape(tuple(fields)).into_record(record, row, problems)
        found.append(row)
    return found, problems


_NUMBERS = st.one_of(
    st.integers(-3, 12),
    st.floats(-2, 11),
    st.sampled_from([0.0, -0.0, 2**53, 2**53 + 1, -(2**60), 1e300, math.nan, math.inf, True]),
)
_FITTING: dict[str, st.SearchStrategy[Any]] = {
    "topic": st.text(max_size=2),
    "tier": st.sampled_from(["gold", "silver"]),
    "resolved": st.booleans(),
    "count": st.integers(0, 5),
    "score": st.one_of(st.integers(-1, 10), st.floats(-1, 10)),
    "wait": st.one_of(st.integers(0, 9), st.floats(0, 9)),
    "due": st.sampled_from(["2026-03-01", "2026-03-01T10:00:00+02:00"]),
    "lasts": st.sampled_from(["1h", "20m"]),
    "tags": st.lists(st.text(max_size=1), max_size=2),
}
_ODD = st.one_of(
    _NUMBERS,
    st.none(),
    st.sampled_from(["gold", "lead", Tier.GOLD, "2026-02-30", [1], {"a": 1}, ()]),
    st.just(datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=2)))),
)


@st.composite
def records(draw: st.DrawFn) -> tuple[list[FieldSpec], list[dict[str, Any]]]:
    """Return some fields, and records of which most have what they should."""
    fields = draw(st.lists(st.sampled_from(FIELDS), min_size=1, unique=True))
    odd = draw(st.sampled_from([False, False, True]))
    whole = draw(st.booleans())
    found = []
    for _ in range(draw(st.integers(1, 6))):
        record: dict[str, Any] = {}
        for spec in fields:
            if whole or draw(st.booleans()):
                often = draw(st.integers(0, 5)) or not odd
                record[spec.path] = draw(_FITTING[spec.path] if often else _ODD)
        if odd and draw(st.integers(0, 9)) == 0:
            record["else"] = 1
        found.append(record)
    return fields, found


@given(records())
def test_columns_are_what_is_read_alone(
    given: tuple[list[FieldSpec], list[dict[str, Any]]],
) -> None:
    """Of records without a fault; those with one are left to the reader that says what it is."""
    fields, found = given
    columns = ColumnReader(fields, UTC).read(found)
    rows, problems = read_alone(fields, found)
    if columns is None:
        assert problems
        return
    assert not problems
    for place, row in enumerate(rows):
        read = {name: column[place] for name, column in columns.items()}
        known = {name: value for name, value in read.items() if value is not None}
        assert repr(known) == repr({name: row[name] for name in known})  # -0.0, and 1 for 1.0
        assert known.keys() == row.keys()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("wait", [1, 2.5, None]),
        ("score", [-1, 10]),
        ("count", [0, 2**62]),
        ("tier", ["gold", None]),
        ("resolved", [True, None]),
        ("due", ["2026-03-01", None]),
    ],
)
def test_what_is_read_at_once(field: str, values: list[Any]) -> None:
    """Whole numbers for doubles, what is absent, and times are no reason to read one by one."""
    fields = [spec for spec in FIELDS if spec.path == field]
    assert ColumnReader(fields, UTC).read([{field: value} for value in values]) is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [("wait", math.nan), ("score", 11), ("tier", "lead"), ("resolved", 1), ("count", 1.0)],
)
def test_what_is_left_to_the_other(field: str, value: object) -> None:
    """Anything that somebody has to be told of."""
    fields = [spec for spec in FIELDS if spec.path == field]
    assert ColumnReader(fields, UTC).read([{field: value}]) is None


def test_fields_of_inner_objects_are_left_to_the_other() -> None:
    """Columns are of flat records."""
    assert ColumnReader([FieldSpec("a.b", STRING)], UTC).read([{"a": {"b": "x"}}]) is None
