"""Wordings: texts with expressions in braces."""

from typing import Any

import pytest
from tests.book.test_expressions import NAMES

from nba.book import documents
from nba.book.expressions import Expressions
from nba.book.findings import At, Findings
from nba.book.model import Slot, Text
from nba.book.source import parse
from nba.book.wordings import wording
from nba.errors import Diagnostic


def said(text: str) -> tuple[tuple[Text, ...], list[Diagnostic]]:
    """Return the texts that YAML below `say:` says, and what is wrong with them."""
    source = parse(f"say: {text}", "f.yaml")
    assert source.diagnostics == []
    data: Any = source.data
    texts = documents.Treatment.model_validate(data).say
    findings = Findings()
    found = wording(texts, At(source, ("say",)), Expressions(NAMES, findings))
    assert found is not None
    return found, findings.ordered()


def parts(text: str) -> list[str | tuple[str, str]]:
    """Return the parts of a text that has nothing wrong: plain ones, and slots with a format."""
    (only,), problems = said(text)
    assert problems == []
    return [(p.expression.text, p.format) if isinstance(p, Slot) else p for p in only.parts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", ["Hello"]),
        ("'{customer.name}'", [("customer.name", "")]),
        ("'Dear {customer.name}, '", ["Dear ", ("customer.name", ""), ", "]),
        ("'{customer.spend:money}'", [("customer.spend", "money")]),
        ("'{ customer.spend : number }'", [("customer.spend", "number")]),
        ("'{customer.joined:date}{now:time}'", [("customer.joined", "date"), ("now", "time")]),
        ("'{{name}} {{'", ["{name} {"]),
        ("'{{{customer.name}}}'", ["{", ("customer.name", ""), "}"]),
        ("\"{customer.name + '}'}\"", [("customer.name + '}'", "")]),
        ("\"{customer.name + r'\\\\'}\"", [("customer.name + '\\\\'", "")]),
        ("\"{customer.vip ? 'a' : 'b'}\"", [("customer.vip ? 'a' : 'b'", "")]),
        ("'{customer.vip ? now : now}'", [("customer.vip ? now : now", "")]),
        ("\"{ {'a': 1}['a']:number}\"", [("{'a': 1}['a']", "number")]),
        ("'{customer.age}'", [("customer.age", "")]),
        (">-\n  Dear\n  {customer.name}", ["Dear ", ("customer.name", "")]),
    ],
)
def test_parts(text, expected):
    """Plain text, and expressions with how they are written."""
    assert parts(text) == expected


def test_the_first_text_that_fits():
    """Each may have a condition of its own."""
    first, second = said("\n  - {when: customer.vip, text: Dear}\n  - {text: Hello}\n")[0]
    assert first.when is not None
    assert first.when.text == "customer.vip"
    assert second.when is None


@pytest.mark.parametrize(
    ("text", "code", "message", "column"),
    [
        ("'Dear {customer.name'", "expression-syntax", "a `{` is not closed", 12),
        ("'Dear customer.name}'", "expression-syntax", "a `}` closes nothing", 25),
        ("'Dear { }'", "expression-syntax", "there is nothing between `{` and `}`", 12),
        ("'{customer.name:bold}'", "wrong-value", "there is no format `bold`", 22),
        ("'{customer.spend:Money}'", "wrong-value", "there is no format `Money`", 23),
        ("'{customer.nam}'", "undeclared-name", "`customer.nam` is not declared", 8),
        ("'{customer.name:money}'", "wrong-type", "this is a string, not", 8),
        ("'{customer.spend:date}'", "wrong-type", "this is a number, not a timestamp", 8),
        ("'{customer.vip}'", "wrong-type", "this is a bool, not", 8),
        ("''", "wrong-value", "the text is empty", 7),
        ('"{customer.name + \'x}"', "expression-syntax", "a string is not closed", 24),
    ],
)
def test_what_is_wrong(text, code, message, column):
    """At its place in the text."""
    _, (problem,) = said(text)
    assert problem.code == code
    assert message in problem.message
    assert problem.where is not None
    assert (problem.where.line, problem.where.column) == (1, column)


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("'{customer.vip}'", "write several texts, each with its own `when:`"),
        ("'{customer.joined:money}'", "write `:date` or `:time`"),
        ("'{customer.spend:date}'", "write `:money` or `:number`"),
        ("'{customer.name:number}'", "leave out `:number`"),
    ],
)
def test_what_to_write_for_a_value_of_another_type(text, help_):
    """A bool is no text, and each format is for its types."""
    _, (problem,) = said(text)
    assert problem.help == help_


def test_a_text_behind_one_without_a_condition_is_never_used():
    """It is allowed, and doubtful."""
    text = "\n  - {text: Hello}\n  - {when: customer.vip, text: Dear}\n"
    _, (problem,) = said(text)
    assert (problem.code, problem.severity) == ("wrong-value", "warning")
    assert problem.message == "this text is never used, since the one before it has no `when`"
    assert problem.where is not None
    assert problem.where.line == 3


def test_faults_are_found_in_folded_and_listed_texts():
    """On their own lines."""
    text = """
  - when: customer.vpi
    text: >-
      Dear
      {customer.nam}, it is
      {nwo:time}
"""
    _, problems = said(text)
    assert [(d.code, d.where.line, d.where.column) for d in problems if d.where] == [
        ("undeclared-name", 2, 11),
        ("undeclared-name", 5, 8),
        ("undeclared-name", 6, 8),
    ]


def test_a_long_text_is_read_in_linear_time():
    """Character by character it would take minutes."""
    (only,), problems = said("'" + "{{x}} and {customer.name} " * 100_000 + "'")
    assert problems == []
    assert len(only.parts) == 200_001
