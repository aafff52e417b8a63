"""Generated code means what the reference means, on random expressions and ill-typed contexts.

Each expression is evaluated on many contexts, in which much is absent, null or of another type.
Hypothesis chooses the expressions, and shrinks one that fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conformance.suite import same
from tests.lang.contexts import (
    DYNAMIC,
    KINDS,
    LONG,
    OPTIONALS,
    SHAPE,
    bindings,
    context,
    fields_of,
)
from tests.lang.strategies import Writer

from nba import lang
from nba.errors import EvaluationError, ExpressionError
from nba.lang import reference
from nba.lang.check import Environment, check
from nba.lang.functions import BOOK_FUNCTIONS, CEL_FUNCTIONS, Functions
from nba.lang.python import UNKNOWN, Program
from nba.lang.syntax import parse
from nba.lang.tree import Node
from nba.lang.values import from_python

#: Expressions of each test, and contexts that each is evaluated on.
EXPRESSIONS = 2_000 if LONG else 150
CONTEXTS = 50

FIELDS = fields_of(SHAPE)
BOOK = Environment(names=SHAPE.names(), book=True)

Writing = Callable[[Writer, Random], str]

searching = settings(
    max_examples=EXPRESSIONS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
randoms = st.randoms(use_true_random=False)
seeds = st.integers(0, 2**32 - 1)


def conditions(writer: Writer, random: Random) -> str:
    """Write something true, false or unknown."""
    return writer.condition(random.randrange(1, 5))


def deep_conditions(writer: Writer, random: Random) -> str:
    """Write something deep enough that code has to be cut into functions."""
    return writer.deep(random.randrange(10, 45))


def values(writer: Writer, random: Random) -> str:
    """Write something of any type."""
    kind = random.choice((*KINDS, *OPTIONALS, "list(event)", "list(list(int))"))
    return writer.write(kind, random.randrange(1, 5))


def referred(tree: Node, fields: dict[str, object], functions: Functions) -> Any:
    """Return the value by the reference, or UNKNOWN; anything else that is raised is a fault."""
    try:
        return reference.evaluate(tree, fields, functions)
    except EvaluationError:
        return UNKNOWN


def count(seen: Counter[str], found: object) -> None:
    """Count an evaluation by what came out."""
    seen["evaluations"] += 1
    truth = {True: "true", False: "false"}.get(found) if isinstance(found, bool) else "values"
    seen["unknown" if found is UNKNOWN else str(truth)] += 1


def measured(title: str, seen: Counter[str]) -> tuple[str, str]:
    """Return what to record, once it is sure that the search saw enough of everything."""
    assert seen["evaluations"] >= seen["expressions"] * CONTEXTS * 0.8
    assert seen["refused"] <= seen["expressions"] * 0.2
    assert min(seen["true"] + seen["values"], seen["unknown"]) > seen["evaluations"] / 20
    return "measured", f"differential, {title}: {dict(sorted(seen.items()))}"


# --- rule books: declared fields, contexts read into slots


def compare_in_book(text: str, seed: int, seen: Counter[str]) -> None:
    """Evaluate *text* on many contexts in every way there is."""
    seen["expressions"] += 1
    try:
        tree = check(parse(text), BOOK)
    except ExpressionError:  # too deep, or a literal that a rule book is warned of
        seen["refused"] += 1
        return
    program = Program(lambda path: f"c[{SHAPE.slots[path]}]", BOOK_FUNCTIONS, "None")
    names = program.value(tree), program.holds(tree), program.verdict(tree)
    built = program.build()
    value, holds, verdict = (built[name] for name in names)
    random = Random(seed)
    for _ in range(CONTEXTS):
        slots, _problems = SHAPE.read(context(random, SHAPE))
        known = SHAPE.known(slots)
        expected = referred(tree, known, BOOK_FUNCTIONS)
        assert same(value(slots), expected), (known, expected, program.source)
        judged = reference.judge(tree, known, BOOK_FUNCTIONS)
        assert verdict(slots) is judged, (known, judged, program.source)
        assert holds(slots) is (judged is True), (known, judged, program.source)
        count(seen, expected)


@pytest.mark.parametrize("write", [conditions, deep_conditions, values])
def test_generated_code_agrees_in_rule_books(write: Writing, record_property: Any) -> None:
    """All three truth values, and values strictly by type, on slots that a shape has read."""
    seen: Counter[str] = Counter()

    @searching
    @given(randoms, seeds)
    def search(random: Random, seed: int) -> None:
        compare_in_book(write(Writer(random, FIELDS), random), seed, seen)

    search()
    record_property(*measured(f"books, {write.__name__}", seen))


# --- dynamic use: nothing declared, anything bound


def compare_dynamically(text: str, seed: int, seen: Counter[str], *, strict: bool) -> None:
    """Evaluate *text* on many bindings in both ways."""
    seen["expressions"] += 1
    try:
        tree = check(parse(text), Environment(names={"now": lang.Type("dyn")}, strict=strict))
    except ExpressionError:
        seen["refused"] += 1
        return
    program = Program(lambda name: f"c.get({name!r}, UNKNOWN)", CEL_FUNCTIONS, "UNKNOWN")
    name = program.value(tree)
    compiled = program.build()[name]
    random = Random(seed)
    for _ in range(CONTEXTS):
        bound = {name: from_python(value) for name, value in bindings(random).items()}
        expected = referred(tree, bound, CEL_FUNCTIONS)
        assert same(compiled(bound), expected), (bound, expected, program.source)
        count(seen, expected)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("write", [conditions, values])
def test_generated_code_agrees_in_dynamic_use(
    write: Writing, strict: bool, record_property: Any
) -> None:
    """Nothing is declared, and what is bound is often of another type than it is used as."""
    seen: Counter[str] = Counter()

    @searching
    @given(randoms, seeds)
    def search(random: Random, seed: int) -> None:
        writer = Writer(random, DYNAMIC, book=False, wrong=0 if strict else 5)
        compare_dynamically(write(writer, random), seed, seen, strict=strict)

    search()
    checked = "checked" if strict else "unchecked"
    record_property(*measured(f"dynamic, {checked}, {write.__name__}", seen))


@settings(max_examples=1_000 if LONG else 100)
@given(randoms, seeds, st.booleans(), st.booleans())
def test_evaluate_agrees_on_both_paths(
    random: Random, seed: int, typed: bool, checked: bool
) -> None:
    """`nba.lang.evaluate` has a value on both paths, the same one, or on neither."""
    text = values(Writer(random, DYNAMIC, book=False, wrong=0 if checked else 5), random)
    types = {names[0]: kind for kind, names in DYNAMIC.items() if kind != "list(event)"}
    bound = bindings(Random(seed))

    def on(path: Any) -> Any:
        try:
            return lang.evaluate(
                text, bound, types=types if typed else None, check=checked, path=path
            )
        except (EvaluationError, ExpressionError) as error:
            return type(error)

    assert same(on("compiled"), on("reference"))
