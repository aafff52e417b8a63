"""Conditions and expressions: from YAML to checked trees."""

import time
from typing import Any

import pytest

from nba.book.expressions import Expressions
from nba.book.findings import At, Findings
from nba.book.model import Condition, Expression
from nba.book.source import parse
from nba.errors import Diagnostic
from nba.lang import reference, tree
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.python import Program
from nba.lang.syntax import MAX_DEPTH
from nba.lang.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, ObjectType

NAMES = {
    "customer": ObjectType(
        "customer",
        fields={"vip": BOOL, "age": INT, "spend": DOUBLE, "name": STRING, "joined": TIMESTAMP},
    ),
    "now": TIMESTAMP,
}


def condition(text: str) -> tuple[Condition | None, list[Diagnostic]]:
    """Return the condition that YAML below `when:` says, and what is wrong with it."""
    source = parse(f"when: {text}", "f.yaml")
    assert source.diagnostics == []
    data: Any = source.data
    findings = Findings()
    at = At(source, ("when",))
    return Expressions(NAMES, findings).condition(data["when"], at), findings.ordered()


def fine(text: str) -> Condition:
    """Return a condition that has nothing wrong."""
    found, problems = condition(text)
    assert problems == []
    assert found is not None
    return found


def holds(text: str, **fields: object) -> bool | None:
    """Return whether a condition holds."""
    known = {f"customer.{name}": value for name, value in fields.items()}
    return reference.judge(fine(text).tree, known, BOOK_FUNCTIONS)


def test_a_condition_is_an_expression_or_a_group():
    """Each with its canonical text and its typed tree."""
    found = fine("customer.age>18&&customer.vip")
    assert (found.kind, found.text) == ("is", "customer.age > 18 && customer.vip")
    assert found.tree.type == BOOL
    assert fine("true").text == "true"
    group = fine("{any: [customer.vip, {not: customer.vip}, {all: [customer.vip, 'true']}]}")
    assert group.kind == "any"
    assert [item.kind for item in group.items] == ["is", "not", "all"]
    assert isinstance(group.tree, tree.Or)
    assert group.tree.type == BOOL


def test_a_group_of_one_is_that_one():
    """There is nothing that it adds."""
    assert fine("{all: [customer.vip]}") == fine("customer.vip")


@pytest.mark.parametrize(
    ("text", "vip", "expected"),
    [
        ("{all: [customer.vip, 'true']}", None, None),
        ("{all: [customer.vip, 'false']}", None, False),
        ("{any: [customer.vip, 'true']}", None, True),
        ("{any: [customer.vip, 'false']}", None, None),
        ("{not: customer.vip}", None, None),
        ("{not: {any: [customer.vip]}}", False, True),
        ("{all: [customer.vip, {not: customer.vip}]}", True, False),
    ],
)
def test_groups_follow_the_logic_of_the_language(text, vip, expected):
    """Unknown in, unknown out, unless the others decide."""
    fields = {} if vip is None else {"vip": vip}
    assert holds(text, **fields) is expected


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("[customer.vip]", "condition-expected", "a list stands where one condition was expected"),
        ("{}", "condition-expected", "a mapping stands where a condition was expected"),
        ("{all: []}", "condition-expected", "`all` needs a list of conditions"),
        ("{any: customer.vip}", "condition-expected", "`any` needs a list of conditions"),
        ("{All: [customer.vip]}", "condition-expected", "a mapping stands where"),
        ("{AND: [customer.vip]}", "condition-expected", "`AND` is not a way to join conditions"),
        ("{none: [customer.vip]}", "condition-expected", "`none` is not a way to join"),
        ("{all: [customer.vip], not: x}", "condition-expected", "`all` and `not` stand side by"),
        ('{"customer.vip ? a": b}', "condition-expected", "a `: ` made a mapping"),
        ("5", "not-a-condition", "this is an int, not a condition"),
        (".inf", "wrong-value", "`inf` is not a finite number"),
        ("12345678901234567890", "bad-literal", "64 bits"),
        ("customer.name", "not-a-condition", "this is a string, not a condition"),
        ("''", "expression-syntax", "the expression is empty"),
    ],
)
def test_what_is_no_condition(text, code, message):
    """Each is explained once, and gives no condition."""
    found, (problem,) = condition(text)
    assert found is None
    assert problem.code == code
    assert message in problem.message


def test_all_faults_of_a_group_are_found_at_their_places():
    """And a group with a fault is none, so that it decides nothing by what is left."""
    text = (
        "\n  all:\n    - customer.vip\n    - customer.vpi\n    - not: customer.age\n    - any: []\n"
    )
    found, problems = condition(text)
    assert found is None
    places = [(d.code, d.where.line, d.where.column) for d in problems if d.where]
    assert places == [
        ("undeclared-name", 4, 7),
        ("not-a-condition", 5, 12),
        ("condition-expected", 6, 12),
    ]


def numbers(text: str) -> tuple[Expression | None, list[Diagnostic]]:
    """Return the number that YAML below `value:` says, and what is wrong with it."""
    source = parse(f"value: {text}", "f.yaml")
    data: Any = source.data
    findings = Findings()
    at = At(source, ("value",))
    return Expressions(NAMES, findings).number(data["value"], at), findings.ordered()


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("5", "5.0"),
        ("-2.5", "-2.5"),
        ("1e16", "1e+16"),
        ("40 + 0.05 * customer.spend", "40.0 + 0.05 * customer.spend"),
        ("customer.age", "customer.age"),
    ],
)
def test_numbers_are_expressions(text, canonical):
    """Written in YAML or in the language."""
    found, problems = numbers(text)
    assert problems == []
    assert found is not None
    assert found.text == canonical


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("true", "wrong-type"),
        ("'\"5\"'", "wrong-type"),
        ("[1]", "condition-expected"),
        ("{a: 1}", "condition-expected"),
        (".nan", "wrong-value"),
        ("customer.vip", "wrong-type"),
    ],
)
def test_what_is_no_number(text, code):
    """A list or a mapping is what YAML made of it."""
    found, (problem,) = numbers(text)
    assert found is None
    assert problem.code == code


def test_the_same_text_is_checked_once_and_doubted_everywhere():
    """A warning is about a place."""
    source = parse("- customer.age / 2 > 1\n- customer.age / 2 > 1\n- customer.vip\n", "f.yaml")
    findings = Findings()
    expressions = Expressions(NAMES, findings)
    data: Any = source.data
    one, two, three = expressions.conditions(data, At(source))
    assert one == two
    assert [d.where.line for d in findings.ordered() if d.where] == [1, 2]
    (again,) = expressions.conditions(["customer.vip"], At(source))
    assert again.tree is three.tree


# Deep and wide


def nested(levels: int, atom: str) -> str:
    """Return YAML with a condition in *levels* of `not`."""
    return "{not: " * levels + atom + "}" * levels


def test_the_depth_of_a_condition_is_that_of_the_whole_tree():
    """What the two notations allow separately could exceed what the evaluators bear."""
    assert fine(nested(50, "customer.vip")).kind == "not"
    found, (problem,) = condition(nested(50, f"'{'!' * (MAX_DEPTH - 10)}customer.vip'"))
    assert found is None
    assert problem.code == "expression-limit"
    assert problem.message == f"a condition is nested more than {MAX_DEPTH} levels deep"
    whole = fine(nested(30, f"'{'!' * (MAX_DEPTH - 31)}customer.vip'"))
    assert tree.depth(whole.tree) == MAX_DEPTH
    found, problems = condition(nested(30, f"'{'!' * (MAX_DEPTH - 30)}customer.vip'"))
    assert (found, [d.code for d in problems]) == (None, ["expression-limit"])


def test_a_condition_as_deep_as_allowed_is_evaluated():
    """By the reference, and by generated code, wherever the deep part stands."""
    levels = 28
    groups = "{any: [customer.vip, {all: [" * (levels // 2)
    atom = f"'{'!' * (MAX_DEPTH - levels - 1)}customer.vip'"
    found = fine(groups + atom + "]}]}" * (levels // 2))
    assert tree.depth(found.tree) <= MAX_DEPTH
    program = Program(lambda path: f"c.get({path!r})", BOOK_FUNCTIONS, "None")
    name = program.verdict(found.tree)
    verdict = program.build()[name]
    for fields in ({}, {"customer.vip": True}, {"customer.vip": False}):
        assert verdict(fields) == reference.judge(found.tree, fields, BOOK_FUNCTIONS)


def test_a_long_expression_is_refused():
    """Before it is taken apart."""
    text = " || ".join(["customer.vip"] * 1000)
    found, (problem,) = condition(text)
    assert found is None
    assert problem.code == "expression-limit"
    assert "characters" in problem.message


@pytest.mark.parametrize("kind", ["any", "all"])
def test_a_condition_may_be_wide(kind):
    """Five thousand items are read, checked, and evaluated on both paths."""
    items = "".join(f"    - customer.age == {n} || customer.spend > {n}.5\n" for n in range(5000))
    before = time.process_time()
    found = fine(f"\n  {kind}:\n{items}")
    assert time.process_time() - before < 20
    assert len(found.items) == 5000
    program = Program(lambda path: f"c.get({path!r})", BOOK_FUNCTIONS, "None")
    name = program.verdict(found.tree)
    verdict = program.build()[name]
    for age in (4999, 5000):
        fields = {"customer.age": age, "customer.spend": 0.0}
        assert verdict(fields) == reference.judge(found.tree, fields, BOOK_FUNCTIONS)
    assert verdict({}) is None
