"""The language against Google's implementation in C++, on random expressions of what they share.

Where the two differ, the specification decides. What is left out, and why:

- `null` as the value of a name or of the whole: each one loses a reference to Python's None, which
  ends the process sooner or later (cel-expr-python 0.1.3, Python 3.11);
- the first and the last instant there is, as bindings: they arrive as the infinite past and future;
- the order of the items of a map, which the specification leaves open;
- two-argument `has` and everything else that only rule books have.

`FAULTS` lists the differences that remain, each with its reason.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal, NamedTuple

import pytest
from tests.conformance.suite import same
from tests.lang.contexts import DYNAMIC, EVENT, KINDS, LONG
from tests.lang.strategies import Writer

from nba import lang
from nba.errors import EvaluationError
from nba.lang.check import Environment, check
from nba.lang.functions import CEL_FUNCTIONS
from nba.lang.python import UNKNOWN, Program
from nba.lang.syntax import parse
from nba.lang.values import TypeValue, UInt, from_python, parse_duration, parse_timestamp, to_python

cel = pytest.importorskip("cel_expr_python.cel", reason="cel-expr-python has no wheel for this one")
extensions = [
    getattr(importlib.import_module(f"cel_expr_python.ext.ext_{name.lower()}"), f"Ext{name}")()
    for name in ("Bindings", "Math", "Optional", "Strings")
]

EXPRESSIONS = 20_000 if LONG else 1_000
CONTEXTS = 15

_TIMES = ("timestamp", "duration", "list(timestamp)", "list(duration)")
_NAMES = {names[0]: kind for kind, names in DYNAMIC.items()}
_VALUES: dict[str, tuple[Any, ...]] = {
    "bool": (True, False),
    "int": (0, 1, 2, 3, -1, 7, 2**63 - 1, -(2**63)),
    "uint": (0, 1, 3),
    "double": (0.0, -0.0, 0.5, 1.0, 2.0, -1.5, 1e308, float("nan"), float("inf")),
    "string": ("", "a", "b", "gold", "é", "😀", "true", "7", "2026-03-01T10:00:00Z", "90s"),
    "bytes": (b"", b"a", b"\xff"),
    "timestamp": (
        datetime(2026, 3, 1, 10, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC),
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ),
    "duration": (timedelta(0), timedelta(seconds=90), timedelta(-3), timedelta(microseconds=1)),
}
_ANYTHING = ({"a": 1}, [1, "a", None], {1: 2}, 7, {"a": None}, {True: 1})


class Fault(NamedTuple):
    """A known difference: why, in which expressions, and whose value is missing then."""

    why: str
    where: str
    missing: Literal["ours", "theirs", "none"]

    def explains(self, text: str, ours: object, theirs: object) -> bool:
        """Return whether a difference is this one."""
        known = {"ours": ours is UNKNOWN, "theirs": theirs is UNKNOWN, "none": True}
        return known[self.missing] and re.search(self.where, text) is not None


FAULTS = (
    Fault(
        "the specification leaves open how a double or a fraction of a second is written",
        r"string\(",
        "none",
    ),
    Fault("they take `!!x` for `x`, even where x is neither true nor false", "!!", "ours"),
    Fault(
        "they have no `x in map` for an x that cannot be a key; being equal to none, it is "
        "not in it",
        r" in ",
        "theirs",
    ),
    Fault(
        "they cut empty text at nothing into one empty text; Go, and so cel-go, into none",
        r"\.split\(",
        "none",
    ),
    Fault(
        "they take what is at no place of a list in an optional for an error, and what is at any "
        "place of what is no list or map in an optional for something there",
        r"optional\b.*\[(?!\?)",
        "none",
    ),
    Fault("they take no double for an index behind `[?`", r"\[\?", "theirs"),
    Fault(
        "they write a double where `%d` asks for an integer; the conformance suite says that it "
        "can only be used on integers",
        r"%d.*\.format\(",
        "ours",
    ),
    Fault("their int(true) is 1, which the specification does not list", r"\bu?int\(", "ours"),
)


def environment() -> Any:
    """Return an environment of theirs that declares the names."""
    types = {
        "timestamp": cel.Type.TIMESTAMP,
        "duration": cel.Type.DURATION,
        "list(timestamp)": cel.Type.List(cel.Type.TIMESTAMP),
        "list(duration)": cel.Type.List(cel.Type.DURATION),
    }
    names = {name: types.get(kind, cel.Type.DYN) for name, kind in _NAMES.items()}
    return cel.NewEnv(variables=names | {"anything": cel.Type.DYN}, extensions=extensions)


def decode(value: Any) -> Any:
    """Return a value of theirs as one of ours."""
    text = str(value)
    match value.type().name().partition("<")[0]:
        case "ERROR" | "UNKNOWN":
            return UNKNOWN
        case "NULL":
            return None
        case "UINT":
            return UInt(value.value())
        case "BYTES":
            return bytes(value.value())
        case "TIMESTAMP":
            return parse_timestamp(text.partition("-")[0].zfill(4) + text[text.index("-") :])
        case "DURATION":
            return parse_duration(text)
        case "LIST":
            return [decode(item) for item in value.value()]
        case "MAP":
            return {key: decode(item) for key, item in value.value().items()}
        case "TYPE":
            return TypeValue(text)
    return value.value()


def value_of(random: Random, kind: str) -> Any:
    """Return a value of a kind, as Python has it."""
    if kind.startswith("list"):
        return [value_of(random, kind[5:-1]) for _ in range(random.randrange(4))]
    if kind.startswith("map"):
        return {key: value_of(random, kind[12:-1]) for key in "abc" if random.randrange(3)}
    return random.choice(_VALUES[kind])


def bound(random: Random) -> dict[str, Any]:
    """Return values for all names, a few of them of another kind and a few absent."""
    found: dict[str, Any] = {"anything": random.choice(_ANYTHING)}
    plain = [kind for kind in KINDS if kind not in _TIMES and not kind.startswith("map")]
    fields = {name: str(kind) for name, kind in EVENT.fields.items() if str(kind) not in _TIMES}
    for name, kind in _NAMES.items():
        pick = random.randrange(12)
        if pick == 0:
            continue
        if kind == "list(event)":
            rows = range(random.randrange(3))
            found[name] = [
                {f: value_of(random, k) for f, k in fields.items() if random.randrange(4)}
                for _ in rows
            ]
        else:
            other = random.choice(plain) if pick == 1 and kind not in _TIMES else kind
            found[name] = value_of(random, other)
    return found


def outcome_of(compiled: Any, data: dict[str, Any]) -> Any:
    """Return the value that they find, or UNKNOWN."""
    try:
        return decode(compiled.eval(data=data))
    except (RuntimeError, UnicodeDecodeError):  # a key that a map has twice, text of any bytes
        return UNKNOWN


def test_random_expressions_have_the_same_values(record_property: Any) -> None:
    """Two implementations that share no line agree, or the reason stands in FAULTS."""
    theirs, seen, faults = environment(), Counter[str](), Counter[str]()
    base = Random().randrange(2**32)
    for seed in range(base, base + EXPRESSIONS):
        random = Random(seed)
        writer = Writer(random, DYNAMIC, book=False, shared=True, wrong=3)
        kind = random.choice((*KINDS, "bool", "bool", "bool", "list(event)"))
        text = writer.write(kind, random.randrange(1, 4))
        try:
            compiled = theirs.compile(text, disable_check=True)
        except RuntimeError as error:
            if "arguments must be numeric" not in str(error):  # what we find when it is evaluated
                assert "--9223372036854775808" in text, text  # they read no int literal there
            continue
        tree = check(parse(text), Environment(strict=False))
        program = Program(lambda name: f"c.get({name!r}, UNKNOWN)", CEL_FUNCTIONS, "UNKNOWN")
        name = program.value(tree)
        ours = program.build()[name]
        for _ in range(CONTEXTS):
            data = bound(random)
            found = ours({name: from_python(value) for name, value in data.items()})
            found = found if found is UNKNOWN else to_python(found)
            expected = outcome_of(compiled, data)
            seen["evaluations"] += 1
            seen["unknown" if found is UNKNOWN else "known"] += 1
            if not same(found, expected):
                reasons = [fault.why for fault in FAULTS if fault.explains(text, found, expected)]
                assert reasons, (seed, text, data, found, expected)
                faults[reasons[0]] += 1
    assert faults.total() < seen["evaluations"] / 100
    record_property("measured", f"against cel-cpp: {dict(seen)}, known faults {faults.total()}")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("-9223372036854775808 % -1", None),  # the quotient overflows, so there is no remainder
        ("duration(1)", None),  # of what? the specification does not say
        ("1 in [1.0]", True),
        ("b'a' in {'a': 1}", False),
        ("!!dyn(1)", None),
        ("-0u", None),  # a sign is no part of an unsigned literal
        ("-1u == 1u || true", True),
    ],
)
def test_what_the_comparison_decided(expression: str, expected: object) -> None:
    """Where the two differed, this is what the specification says."""
    paths: tuple[Literal["compiled", "reference"], ...] = ("compiled", "reference")
    for path in paths:
        try:
            found = lang.evaluate(expression, check=False, path=path)
        except EvaluationError:
            found = UNKNOWN
        assert (found is UNKNOWN) is (expected is None)
        assert found is UNKNOWN or found is expected
