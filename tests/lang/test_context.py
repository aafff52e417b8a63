"""Reading a context: what has its declared type is kept, everything else is absent and said."""

from __future__ import annotations

import enum
import math
from collections import ChainMap
from datetime import UTC, date, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lang.contexts import SHAPE, context

from nba.lang.context import FieldSpec, Shape
from nba.lang.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    EnumType,
    ObjectType,
    Type,
    list_of,
    map_of,
)
from nba.lang.values import INT_MAX, Duration, Timestamp, UInt, kind_of, parse_timestamp

TIER = EnumType("string", values=("gold", "silver"))
EVENT = ObjectType("events", fields={"type": STRING, "at": TIMESTAMP})


class Tier(str, enum.Enum):  # noqa: UP042 - prints as Tier.GOLD, and is 'gold'
    """An enum of an application."""

    GOLD = "gold"


def read(kind: Type, value: object, *, warned: int = 0, **more: Any) -> tuple[object, list[str]]:
    """Return the slot of a field of a type, and what was wrong with its value.

    Beside that, just so many warnings were given.
    """
    shape = Shape((FieldSpec("a.b", kind, **more),))
    slots, problems = shape.read({"a": {"b": value}})
    wrong = [problem for problem in problems if problem.severity == "error"]
    assert len(problems) - len(wrong) == warned
    assert all(problem.code == "wrong-input" for problem in wrong)
    return slots[0], [problem.message for problem in wrong]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (BOOL, True, True),
        (INT, 3, 3),
        (INT, UInt(3), 3),
        (DOUBLE, 3, 3.0),
        (DOUBLE, 9007199254740993, 9007199254740992.0),
        (DOUBLE, -0.0, -0.0),
        (STRING, "", ""),
        (STRING, Tier.GOLD, "gold"),
        (TIER, "gold", "gold"),
        (TIER, Tier.GOLD, "gold"),
        (TIMESTAMP, "2026-03-01T10:00:00Z", parse_timestamp("2026-03-01T10:00:00Z")),
        (TIMESTAMP, "2026-03-01", parse_timestamp("2026-03-01T00:00:00Z")),
        (TIMESTAMP, date(2026, 3, 1), parse_timestamp("2026-03-01T00:00:00Z")),
        (TIMESTAMP, datetime(2026, 3, 1, tzinfo=UTC), parse_timestamp("2026-03-01T00:00:00Z")),
        (TIMESTAMP, Timestamp(5), Timestamp(5)),
        (DURATION, "72h", Duration(72 * 3600 * 10**9)),
        (DURATION, timedelta(hours=72), Duration(72 * 3600 * 10**9)),
        (list_of(DOUBLE), (1, 2.5), [1.0, 2.5]),
        (list_of(TIER), [Tier.GOLD], ["gold"]),
        (list_of(list_of(INT)), [[1], []], [[1], []]),
        (DOUBLE, -3, -3.0), (DOUBLE, 2**53 + 1, 2.0**53), (DOUBLE, -(2**60), -(2.0**60)),
        (map_of(STRING, DOUBLE), {"x": 1}, {"x": 1.0}),
        (list_of(EVENT), [{"type": None, "at": "2026-03-01"}],
         [{"at": parse_timestamp("2026-03-01T00:00:00Z")}]),
    ],
)  # fmt: skip
def test_what_fits(kind: Type, value: object, expected: object) -> None:
    """An int for a double becomes one, text becomes a time; nothing is said."""
    found, problems = read(kind, value)
    assert problems == []
    assert repr(found) == repr(expected)


def test_what_is_not_declared_in_an_item() -> None:
    """It is left out, with a warning."""
    found, problems = read(list_of(EVENT), [{"type": "a", "other": 1}], warned=1)
    assert (found, problems) == ([{"type": "a"}], [])


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (BOOL, 1, "expected a bool, got an int"),
        (INT, True, "expected an int, got a bool"),
        (INT, 1.0, "expected an int, got a number"),
        (INT, 2**63, "an int does not fit 64 bits"),
        (INT, Timestamp(5), "expected an int, got a timestamp"),
        (DOUBLE, "3", "expected a number, got a string"),
        (DOUBLE, False, "expected a number, got a bool"),
        (DOUBLE, math.nan, "nan is not a finite number"),
        (DOUBLE, -math.inf, "-inf is not a finite number"),
        (DOUBLE, Duration(5), "expected a number, got a duration"),
        (STRING, b"a", "expected a string, got bytes"),
        (STRING, 3, "expected a string, got an int"),
        (TIER, "platinum", "`platinum` is not one of `gold`, `silver`"),
        (TIMESTAMP, "yesterday", "`yesterday` is not a time such as 2026-03-01T10:00:00Z"),
        (TIMESTAMP, "2026-02-30", "day is out of range for month"),
        (TIMESTAMP, datetime(2026, 3, 1), "a time needs a zone"),  # noqa: DTZ001 - the point
        (TIMESTAMP, 5, "expected a timestamp, got an int"),
        (TIMESTAMP, {1}, "expected a timestamp, got a set"),
        (DURATION, 5, "expected a duration, got an int"),
        (DURATION, "5 days", "`5 days` is not a duration such as 36h or 90s"),
        (DURATION, timedelta(days=10**6), "a duration is out of range"),
        (list_of(INT), "123", "expected a list(int), got a string"),
        (list_of(INT), [1, None], "expected an int, got null"),
        (list_of(INT), {1, 2}, "expected a list(int), got a set"),
        (map_of(STRING, INT), {1: 1}, "the keys must be strings"),
        (map_of(STRING, INT), [1], "expected a map(string, int), got a list"),
        (list_of(EVENT), [3], "expected an object, got an int"),
    ],
)
def test_what_does_not_fit(kind: Type, value: object, said: str) -> None:
    """It is absent, and one diagnostic says why and where."""
    found, problems = read(kind, value)
    assert found is None
    (problem,) = problems
    assert problem.startswith(f"{said} - at `a.b")
    assert problem.endswith("read as unknown")


def test_what_does_not_fit_inside_an_item_is_left_out_of_it() -> None:
    """The rest of the list stays, and the place inside it is named."""
    found, problems = read(list_of(EVENT), [{"type": "a"}, {"type": 3, "at": "2026-03-01"}])
    assert found == [{"type": "a"}, {"at": parse_timestamp("2026-03-01T00:00:00Z")}]
    assert problems == ["expected a string, got an int - at `a.b[1].type`, read as unknown"]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (INT, -1, "-1 is below 0"),
        (INT, 11, "11 is above 10"),
        (DOUBLE, -0.5, "-0.5 is below 0"),
        (DOUBLE, 11, "11.0 is above 10"),
        (DOUBLE, 10.0, None),
        (INT, 0, None),
    ],
)
def test_bounds(kind: Type, value: object, said: str | None) -> None:
    """A value outside its bounds is absent; the bounds themselves are inside."""
    found, problems = read(kind, value, minimum=0, maximum=10)
    assert (found is None) is (said is not None)
    assert problems == ([f"{said} - at `a.b`, read as unknown"] if said else [])


def test_defaults_replace_what_is_absent_and_not_what_is_wrong() -> None:
    """Null is absent; a wrong value is said, and is unknown: nobody said what the default says."""
    assert read(INT, None, default=7) == (7, [])
    assert read(INT, 5, default=7) == (5, [])
    found, problems = read(INT, "x", default=7)
    assert found is None
    assert len(problems) == 1


def test_undeclared_fields_are_named() -> None:
    """What nobody declared is not read, and a slip is told from the names that there are."""
    shape = Shape((FieldSpec("a.name", STRING), FieldSpec("a.b.c", INT)))
    slots, problems = shape.read({"a": {"nmae": "x", "b": {"d": 1}}})
    assert slots == [None, None]
    assert [(found.message, found.help, found.severity) for found in problems] == [
        ("`a.nmae` is not declared, and is not read", "did you mean `name`?", "warning"),
        ("`a.b.d` is not declared, and is not read", "choose from `c`", "warning"),
    ]


@pytest.mark.parametrize("roots", [{}, {"a": None}, {"a": {}}, {"a": {"b": None}}, {"z": 1}])
def test_absent_objects(roots: dict[str, Any]) -> None:
    """Nothing is said about what is not there, nor about what is not declared."""
    assert Shape((FieldSpec("a.b", INT),)).read(roots) == ([None], [])


@pytest.mark.parametrize("value", [3, "x", [1], object()])
def test_objects_that_are_none(value: object) -> None:
    """A value where an object was declared hides all its fields, and is said once."""
    shape = Shape((FieldSpec("a.b", INT), FieldSpec("a.c", INT), FieldSpec("d", INT)))
    slots, problems = shape.read({"a": value, "d": 1})
    assert slots == [None, None, 1]
    (problem,) = problems
    assert problem.message.startswith("expected an object, got a")
    assert problem.message.endswith("at `a`, read as unknown")


def test_any_mapping_is_an_object() -> None:
    """What an application hands in need not be a dict."""
    shape = Shape((FieldSpec("a.b", INT), FieldSpec("a.m", map_of(STRING, INT))))
    inner = MappingProxyType({"b": 1, "m": ChainMap({"x": 2})})
    assert shape.read(MappingProxyType({"a": inner})) == ([1, {"x": 2}], [])


def test_a_day_begins_where_the_book_is() -> None:
    """A date alone means midnight in the zone of the shape."""
    shape = Shape((FieldSpec("t", TIMESTAMP),), zone=ZoneInfo("Europe/Dublin"))
    expected = parse_timestamp("2026-06-30T23:00:00Z")
    assert shape.read({"t": "2026-07-01"})[0] == [expected]
    assert shape.read({"t": date(2026, 7, 1)})[0] == [expected]


def test_slots_and_names() -> None:
    """Each field has a slot, derived ones last, and names nest for the checker."""
    shape = Shape(
        (FieldSpec("now", TIMESTAMP), FieldSpec("a.b", INT), FieldSpec("a.c.d", STRING)),
        (FieldSpec("signal.x", INT),),
    )
    assert shape.slots == {"now": 0, "a.b": 1, "a.c.d": 2, "signal.x": 3}
    names = shape.names()
    assert names["now"] == TIMESTAMP
    assert isinstance(names["a"], ObjectType)
    assert isinstance(names["a"].fields["c"], ObjectType)
    slots, _ = shape.read({"a": {"b": 1, "c": {"d": "x"}}, "signal": {"x": 5}})
    assert slots == [None, 1, "x", None]
    assert shape.known(slots) == {"a.b": 1, "a.c.d": "x"}


# --- whatever is handed in


def has_type(value: object, kind: Type) -> bool:
    """Return whether *value* is of the type *kind*, strictly and all the way down."""
    if isinstance(kind, ObjectType):
        return type(value) is dict and all(has_type(v, kind.fields[k]) for k, v in value.items())
    if kind_of(value) != kind.name:
        return False
    if isinstance(value, list):
        return all(has_type(item, kind.args[0]) for item in value)
    if isinstance(value, dict):
        return all(type(k) is str and has_type(v, kind.args[1]) for k, v in value.items())
    if isinstance(value, float):
        return math.isfinite(value)
    if type(value) is int:
        return -INT_MAX - 1 <= value <= INT_MAX
    return not isinstance(kind, EnumType) or value in kind.values


@given(st.integers(0, 2**64))
def test_every_slot_has_its_declared_type(seed: int) -> None:
    """Generated code relies on it."""
    random = Random(seed)
    for _ in range(20):
        slots, problems = SHAPE.read(context(random, SHAPE))
        for spec, value in zip(SHAPE.inputs, slots, strict=True):
            assert value is None or has_type(value, spec.type), (spec, value)
        assert all(problem.message for problem in problems)


@given(st.integers(0, 2**64))
def test_little_is_read_as_much_is(seed: int) -> None:
    """A context of which little is given is read by other code, to the same slots and findings."""
    random = Random(seed)
    for _ in range(20):
        whole = context(random, SHAPE)
        few = {
            root: _some(random, own)
            for root, own in whole.items()
            if root != "now" and type(own) is dict
        }
        other = {root: _Other(own) for root, own in few.items()}
        assert repr(SHAPE.read(few)) == repr(SHAPE.read(other))


class _Other(dict[str, Any]):
    """An object that only the reader of all fields takes."""


def _some(random: Random, given: dict[str, Any]) -> dict[str, Any]:
    """Return some of what is given, and at times something that is not declared."""
    found = {name: value for name, value in given.items() if random.randrange(4) == 0}
    return found if random.randrange(9) else {**found, "else": 1}


_ANY: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.datetimes()),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(st.sampled_from(["tier", "age", "events", "consent", "at"]), inner),
    ),
)


@given(st.dictionaries(st.sampled_from(["now", "customer", "other"]), _ANY))
def test_nothing_that_is_handed_in_raises(roots: dict[str, Any]) -> None:
    """Whatever an application sends, reading it gives slots and findings."""
    slots, _ = SHAPE.read(roots)
    assert len(slots) == len(SHAPE.inputs)
