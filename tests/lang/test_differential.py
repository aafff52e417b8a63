"""Generated code means what the reference means, on random expressions and ill-typed contexts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba import lang
from nba.errors import EvaluationError, ExpressionError
from nba.lang import reference
from nba.lang.check import Environment, check
from nba.lang.functions import BOOK_FUNCTIONS, CEL_FUNCTIONS
from nba.lang.python import UNKNOWN, Program
from nba.lang.syntax import parse
from nba.lang.types import BOOL
from nba.lang.values import from_python
from tests.conformance.suite import same
from tests.lang.strategies import DYNAMIC, KINDS, SHAPE, Writer, bindings, context, fields_of

LONG = os.environ.get("NBA_LONG") == "1"
#: Expressions of each test, and contexts that each is evaluated on.
EXPRESSIONS = 4_000 if LONG else 250
CONTEXTS = 50

FIELDS = fields_of(SHAPE)
BOOK = Environment(names=SHAPE.names(), book=True)
ANY_NAME = Environment(names={})

Writing = Callable[[Writer, Random], str]


def conditions(writer: Writer, random: Random) -> str:
    return writer.condition(random.randrange(1, 5))


def deep_conditions(writer: Writer, random: Random) -> str:
    return writer.deep(random.randrange(20, 80))


def any_values(writer: Writer, random: Random) -> str:
    return writer.write(random.choice((*KINDS, "list(event)", "list(list(int))")), random.randrange(1, 5))


def load_slot(path: str) -> str:
    return f"c[{SHAPE.slots[path]}]"


def outcome(compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except EvaluationError:
        return UNKNOWN


def compare_in_book(text: str, seed: int, seen: Counter[str]) -> None:
    """Evaluate *text* on many contexts in every way there is."""
    seen["written"] += 1
    try:
        tree = check(parse(text), BOOK)
    except ExpressionError:
        seen["refused"] += 1  # such as mixed numbers behind an index: the checker's own business
        return
    program = Program(load_slot, BOOK_FUNCTIONS, "None")
    names = [program.value(tree)]
    is_condition = tree.type == BOOL
    if is_condition:
        names += [program.holds(tree), program.verdict(tree)]
    built = program.build()
    functions = [built[name] for name in names]
    random = Random(seed)
    for _ in range(CONTEXTS):
        slots, _problems = SHAPE.read(context(random, SHAPE))
        known = SHAPE.known(slots)
        expected = outcome(lambda known=known: reference.evaluate(tree, known, BOOK_FUNCTIONS))
        found = functions[0](slots)
        assert same(found, expected), (text, known, found, expected, program.source)
        seen["evaluations"] += 1
        seen[str(expected) if expected in (True, False, UNKNOWN) else "value"] += 1
        if is_condition:
            judged = reference.judge(tree, known, BOOK_FUNCTIONS)
            assert functions[1](slots) is (judged is True), (text, known, program.source)
            assert functions[2](slots) is judged, (text, known, program.source)


def compare_dynamically(text: str, seed: int, seen: Counter[str], *, strict: bool) -> None:
    seen["written"] += 1
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
        expected = outcome(lambda bound=bound: reference.evaluate(tree, bound, CEL_FUNCTIONS))
        found = compiled(bound)
        assert same(found, expected), (text, bound, found, expected, program.source)
        seen["evaluations"] += 1
        kind = "unknown" if expected is UNKNOWN else "value"
        seen[str(expected) if isinstance(expected, bool) else kind] += 1
