"""Random contexts that need not be well-typed, and the shape that they are read against."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from nba.lang.context import FieldSpec, Shape
from nba.lang.types import EnumType, ObjectType, Type, list_of, map_of, parse_type
from nba.lang.values import INT_MAX, INT_MIN, Duration, Timestamp, UInt, parse_timestamp

#: Whether to search long.
LONG: Final = os.environ.get("NBA_LONG") == "1"

EVENT: Final = ObjectType(
    "events",
    fields={
        "type": EnumType("string", values=("contact", "complaint", "delivery")),
        "resolved": Type("bool"),
        "at": Type("timestamp"),
        "wait": Type("duration"),
        "amount": Type("double"),
        "transfers": Type("int"),
        "topic": Type("string"),
        "steps": list_of(Type("string")),
    },
)

SHAPE: Final = Shape(
    (
        FieldSpec("now", Type("timestamp")),
        FieldSpec("customer.tier", EnumType("string", values=("bronze", "silver", "gold"))),
        FieldSpec("customer.age", Type("int"), minimum=0, maximum=150),
        FieldSpec("customer.visits", Type("int")),
        FieldSpec("customer.value", Type("double")),
        FieldSpec("customer.risk", Type("double"), default=0.1, minimum=0, maximum=1),
        FieldSpec("customer.name", Type("string")),
        FieldSpec("customer.zone", Type("string"), default="UTC"),
        FieldSpec("customer.vip", Type("bool")),
        FieldSpec("customer.vulnerable", Type("bool"), default=False),
        FieldSpec("customer.consent.email", Type("bool")),
        FieldSpec("customer.consent.at", Type("timestamp")),
        FieldSpec("customer.joined", Type("timestamp")),
        FieldSpec("customer.patience", Type("duration")),
        FieldSpec("customer.tags", list_of(Type("string"))),
        FieldSpec("customer.counts", list_of(Type("int"))),
        FieldSpec("customer.scores", list_of(Type("double"))),
        FieldSpec("customer.flags", list_of(Type("bool"))),
        FieldSpec("customer.calls", list_of(Type("timestamp"))),
        FieldSpec("customer.waits", list_of(Type("duration"))),
        FieldSpec("customer.table", list_of(list_of(Type("int")))),
        FieldSpec("customer.notes", map_of(Type("string"), Type("string"))),
        FieldSpec("customer.points", map_of(Type("string"), Type("int"))),
        FieldSpec("customer.events", list_of(EVENT)),
    )
)

SCALARS: Final = (
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "timestamp",
    "duration",
)
ORDERED: Final = SCALARS
LISTS: Final = tuple(
    f"list({kind})" for kind in ("bool", "int", "double", "string", "timestamp", "duration")
)
MAPS: Final = ("map(string, string)", "map(string, int)")
OPTIONALS: Final = tuple(
    f"optional_type({kind})"
    for kind in ("int", "string", "double", "bool", "timestamp", "list(int)", "map(string, int)")
)
NUMERIC: Final = ("int", "uint", "double")
KINDS: Final = (*SCALARS, *LISTS, *MAPS)

TEXTS: Final = ("", "a", "b", "gold", "contact", "complaint", "é", "😀", "true", "7", "UTC", "a.b")
TIMES: Final = (
    "2026-03-01T10:00:00Z",
    "2026-02-28T23:59:59.999999999Z",
    "1969-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
)
LENGTHS: Final = ("0s", "72h", "1h30m", "-1.5s", "1ns", "2562047h47m16s")


def fields_of(shape: Shape) -> dict[str, list[str]]:
    """Return the paths of a shape by the kind of their values."""
    found: dict[str, list[str]] = {}
    for spec in (*shape.inputs, *shape.derived):
        kind = "list(event)" if "events" in str(spec.type) else str(spec.type)
        found.setdefault(kind, []).append(spec.path)
    return found


_JUNK: Final[tuple[Any, ...]] = (
    True,
    0,
    1,
    -1,
    2**63,
    10**400,
    0.5,
    float("nan"),
    float("inf"),
    "",
    "gold",
    "2026-03-01",
    "3h",
    b"gold",
    [],
    [None],
    [1, "a"],
    ["a", True],
    {},
    {"a": None},
    {1: 2},
    [{"type": 3, "at": "never"}],
    [[1], [None]],
    object(),
    {1, 2},
    datetime(2026, 3, 1, 10, 0),  # noqa: DTZ001 - a time without a zone is junk
    datetime(2026, 3, 1, 10, 0, tzinfo=UTC),
    timedelta(days=400_000),
)
_PLAIN: Final[dict[str, tuple[Any, ...]]] = {
    "bool": (True, False),
    "int": (0, 1, 2, 3, -1, 150, INT_MAX, INT_MIN),
    "double": (0.0, -0.0, 0.5, 1.0, 2.0, -1.5, 1e308, 3, 0.1, 9007199254740993),
    "string": (*TEXTS, "silver", "ab", "\ud800", "2026-03-01T10:00:00Z", "90s", "Europe/Dublin"),
    "timestamp": (
        *TIMES,
        "2026-03-01",
        datetime(2026, 2, 27, 12, 30, tzinfo=UTC),
        parse_timestamp("2026-02-28T10:00:00.000000001Z"),
    ),
    "duration": (*LENGTHS, timedelta(days=3), Duration(7)),
}


def plain(random: Random, kind: Type) -> Any:
    """Return a value of the type *kind*, as an application would hand it in."""
    if isinstance(kind, EnumType):
        return random.choice(kind.values)
    if isinstance(kind, ObjectType):
        return {
            name: given(random, inner) for name, inner in kind.fields.items() if random.randrange(4)
        }
    if kind.name == "list":
        return [plain(random, kind.args[0]) for _ in range(random.randrange(4))]
    if kind.name == "map":
        return {key: plain(random, kind.args[1]) for key in "abc" if random.randrange(3)}
    return random.choice(_PLAIN[kind.name])


def given(random: Random, kind: Type) -> Any:
    """Return what an application might hand in for *kind*: right, null, or of any other kind."""
    pick = random.randrange(20)
    if pick < 3:
        return None
    if pick < 5:
        return random.choice(_JUNK)
    return plain(random, kind)


def context(random: Random, shape: Shape) -> dict[str, Any]:
    """Return a context for *shape* in which much is absent, null or wrong."""
    roots: dict[str, Any] = {}
    for spec in shape.inputs:
        if random.randrange(8) == 0:
            continue
        *owners, name = spec.path.split(".")
        owner = roots
        for part in owners:
            below = owner.setdefault(part, {})
            if not isinstance(below, dict):
                break
            owner = below
        else:
            owner[name] = given(random, spec.type)
        if owners and random.randrange(400) == 0:
            roots[owners[0]] = random.choice(_JUNK)
    return roots


# --- bindings for dynamic use

DYNAMIC: Final[dict[str, list[str]]] = {
    kind: [f"v{place}", "anything"] for place, kind in enumerate(KINDS)
} | {"list(event)": ["rows"]}
_VALUES: Final[tuple[Any, ...]] = (
    None,
    UInt(0),
    UInt(3),
    b"",
    b"a",
    {True: 1},
    {"a": {"b": 1}},
    [1, 2.0, UInt(3), "a", None, True],
    [[1], [2]],
    float("nan"),
    float("-inf"),
    Timestamp(0),
    Duration(1),
    [{"type": "contact", "amount": 3, "resolved": None}],
)


def bindings(random: Random) -> dict[str, Any]:
    """Return values for the names of `DYNAMIC`, often of kinds that they are not used for."""
    found: dict[str, Any] = {"now": Timestamp(1_772_359_200 * 10**9)}
    for kind, names in DYNAMIC.items():
        pick = random.randrange(10)
        if pick == 0:
            continue
        if pick == 1:
            found[names[0]] = random.choice(_VALUES)
        elif kind == "list(event)":
            found["rows"] = [dynamic(random, EVENT) for _ in range(random.randrange(3))]
        else:
            other = random.choice(KINDS) if pick == 2 else kind
            found[names[0]] = dynamic(random, parse_type(other))
    found["anything"] = random.choice(_VALUES)
    return found


def dynamic(random: Random, kind: Type) -> Any:
    """Return a value of the type *kind* as the language has it: no coercion will help."""
    if isinstance(kind, ObjectType):
        return {
            name: dynamic(random, inner)
            for name, inner in kind.fields.items()
            if random.randrange(4)
        }
    match kind.name:
        case "list":
            return [dynamic(random, kind.args[0]) for _ in range(random.randrange(4))]
        case "map":
            return {key: dynamic(random, kind.args[1]) for key in "abc" if random.randrange(3)}
        case "uint":
            return UInt(random.choice((0, 1, 3, 2**64 - 1)))
        case "bytes":
            return random.choice((b"", b"a", b"\xff"))
        case "timestamp":
            return parse_timestamp(random.choice(TIMES))
        case "duration":
            return Duration(random.choice((0, 1, -1, 10**9, 3600 * 10**9, INT_MAX)))
    return random.choice(_PLAIN[kind.name])
