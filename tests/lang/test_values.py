"""Values: equality and order over all of them, text, and what comes from and goes to Python."""

from __future__ import annotations

import enum
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.errors import EvaluationError
from nba.lang.values import (
    INT_MAX,
    INT_MIN,
    NEVER,
    UINT_MAX,
    Duration,
    Timestamp,
    TypeValue,
    UInt,
    compare,
    contains,
    equal,
    from_python,
    kind_of,
    lookup_key,
    map_key,
    parse_duration,
    parse_timestamp,
    show_double,
    to_python,
)

NAN = math.nan


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, True),
        (1, UInt(1), True),
        (UInt(1), 1.0, True),
        (True, 1, False),
        (False, 0.0, False),
        (NAN, NAN, False),
        (0.0, -0.0, True),
        (INT_MAX, 2.0**63, True),  # an int beside a double is rounded to one
        (INT_MAX, UINT_MAX, False),
        ("a", b"a", False),
        (None, None, True),
        (None, False, False),
        ([1, "a"], [1.0, "a"], True),
        ([1], [1, 2], False),
        ([NAN], [NAN], False),
        ((1,), [1], True),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False),
        (Timestamp(1), 1, False),
        (Timestamp(1), Duration(1), False),
        (Timestamp(1), Timestamp(1), True),
        (TypeValue("int"), TypeValue("int"), True),
    ],
)
def test_equality(left: object, right: object, expected: bool) -> None:
    """Numbers are equal across types; nothing else is equal to what it is not."""
    assert equal(left, right) is expected
    assert equal(right, left) is expected


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        (1, 2.5, -1),
        (UInt(3), -1, 1),
        (INT_MAX, 9223372036854775808.0, 0),
        (False, True, -1),
        ("a", "b", -1),
        ("\uffff", "\U00010000", -1),
        (b"b", b"a", 1),
        (Timestamp(1), Timestamp(1), 0),
        (Duration(2), Duration(1), 1),
        (NAN, 1, None),
        (1.0, NAN, None),
    ],
)
def test_order(left: object, right: object, order: int | None) -> None:
    """What can be ordered is; a NaN has no place."""
    assert compare(left, right) == order


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, "a"), (True, 1), ([1], [2]), ({}, {}), (None, None), (Timestamp(1), 1), (object(), 1)],
)
def test_no_order(left: object, right: object) -> None:
    """Whatever has no order says so instead of choosing one."""
    with pytest.raises(EvaluationError, match="have no order"):
        compare(left, right)


def test_keys_of_maps() -> None:
    """True and 1 are different keys, 1 and 1u and 1.0 find the same one."""
    made = from_python({True: "yes", "a": 1})
    assert isinstance(made, dict)
    made[map_key(1)] = "one"
    assert len(made) == 3
    assert made[lookup_key(True)] == "yes"
    assert [made[lookup_key(key)] for key in (1, 1.0, UInt(1))] == ["one"] * 3
    assert contains(made, 1.0)
    assert not contains(made, NAN)
    assert not contains(made, None)
    assert to_python({map_key(True): [{map_key(False): 1}]}) == {True: [{False: 1}]}
    refused: list[object] = [None, [1], {}, b"a", Timestamp(1)]
    for wrong in refused:
        with pytest.raises(EvaluationError, match="cannot be the key of a map"):
            lookup_key(wrong)
    with pytest.raises(EvaluationError, match="a double cannot be the key of a map"):
        map_key(1.0)


# --- text


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1h30m", 5_400 * 10**9),
        ("-1.5s", -1_500_000_000),
        ("+2m", 120 * 10**9),
        ("1ns", 1),
        ("1us1ms", 1_001_000),
        ("1.000000001s", 1_000_000_001),
        (".5s", 500_000_000),
        ("1.s", 10**9),
        ("2562047h47m16.854775807s", INT_MAX),
    ],
)
def test_durations(text: str, nanoseconds: int) -> None:
    """A duration is read to the nanosecond."""
    assert parse_duration(text) == nanoseconds
    assert parse_duration(str(parse_duration(text))) == nanoseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "5 days",
        "3d",
        "h",
        "1h-1m",
        "--1s",
        "2562047h47m17s",
        "1e3s",
        "s" * 200,
        "٣x",
        "1s\n",
    ],
)
def test_no_durations(text: str) -> None:
    """Anything else is refused, and its range is 64 bits."""
    with pytest.raises(EvaluationError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-01T10:00:00Z", None),
        ("2026-03-01t10:00:00.5z", "2026-03-01T10:00:00.5Z"),
        ("2026-03-01T10:00:00.123456789+02:00", "2026-03-01T08:00:00.123456789Z"),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59.999999999Z", None),
        ("1969-12-31T23:59:59.000000001Z", None),
    ],
)
def test_timestamps(text: str, shown: str | None) -> None:
    """A timestamp is read to the nanosecond, and written in UTC."""
    assert str(parse_timestamp(text)) == (shown or text)
    assert repr(parse_timestamp(text)) == f"Timestamp({shown or text!r})"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "2026-03-01T10:00:00",
        "2026-02-30T10:00:00Z",
        "2026-03-01T25:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "10000-01-01T00:00:00Z",
        "yesterday",
        "",
    ],
)
def test_no_timestamps(text: str) -> None:
    """Anything that is no instant of the years 1 to 9999 is refused."""
    with pytest.raises(EvaluationError):
        parse_timestamp(text)


def test_never_is_the_earliest_timestamp() -> None:
    """So that whatever never happened was long ago."""
    assert str(NEVER) == "0001-01-01T00:00:00Z"
    with pytest.raises(EvaluationError):
        parse_timestamp("0000-12-31T23:59:59Z")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e20, "1e+20"),
        (NAN, "NaN"),
        (-math.inf, "-Infinity"),
    ],
)
def test_doubles_as_text(value: float, text: str) -> None:
    """The shortest that reads back the same."""
    assert show_double(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_read_back(value: float) -> None:
    """No digit is lost."""
    assert float(show_double(value)) == value


# --- from and to Python


class Tier(enum.StrEnum):
    """An enum that is text."""

    GOLD = "gold"


class Level(enum.IntEnum):
    """An enum that is a number."""

    HIGH = 3


class Mixed(str, enum.Enum):  # noqa: UP042 - the old way, which prints differently
    """An enum that is text, but does not print as such."""

    A = "a"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Tier.GOLD, "gold"),
        (Mixed.A, "a"),
        (Level.HIGH, 3),
        (bytearray(b"a"), b"a"),
        ((1, [2]), [1, [2]]),
        (range(3), [0, 1, 2]),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))),
         parse_timestamp("2026-03-01T10:00:00Z")),
        (datetime(1, 1, 1, tzinfo=UTC), NEVER),
        (timedelta(days=-1, microseconds=1), Duration(-86_399_999_999_000)),
        ({"a": {"b": None}}, {"a": {"b": None}}),
    ],
)  # fmt: skip
def test_from_python(value: object, expected: object) -> None:
    """What Python has for a value of the language, subclasses included."""
    found = from_python(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2**63, "an int does not fit 64 bits"),
        (INT_MIN - 1, "an int does not fit 64 bits"),
        (10**400, "an int does not fit 64 bits"),
        (datetime(2026, 3, 1), "a time needs a zone"),  # noqa: DTZ001 - that is the point
        (timedelta(days=200_000), "a duration is out of range"),
        ({1, 2}, "a Python set is not a value of the language"),
        (Decimal(1), "a Python Decimal is not a value of the language"),
        ({1.5: 1}, "a double cannot be the key of a map"),
        ([object()], "a Python object is not a value of the language"),
    ],
)
def test_not_from_python(value: object, message: str) -> None:
    """What the language cannot hold is refused, not bent."""
    with pytest.raises(EvaluationError, match=message):
        from_python(value)


_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(INT_MIN, INT_MAX),
        st.floats(),
        st.text(),
        st.binary(),
        st.integers(0, UINT_MAX).map(UInt),
        st.integers(INT_MIN, INT_MAX).map(Duration),
    ),
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(st.one_of(st.text(), st.booleans()), inner)
    ),
    max_leaves=10,
)


@given(_VALUES)
def test_there_and_back(value: object) -> None:
    """What was handed in is what comes out."""
    assert repr(to_python(from_python(value))) == repr(value)


@given(_VALUES, _VALUES)
def test_equality_is_symmetric(left: object, right: object) -> None:
    """Whichever stands first."""
    one, other = from_python(left), from_python(right)
    assert equal(one, other) is equal(other, one)
    assert kind_of(one) != "unknown"
