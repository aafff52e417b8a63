"""Diagnostics as they are read, and suggestions."""

import time

import pytest

from nba.errors import BookError, Diagnostic, Place, did_you_mean, errors_in


def test_a_diagnostic_is_rendered_over_several_lines():
    """Place first, then the message, the line with a caret, the help."""
    place = Place("rules/a.yaml", 7, 9, "  when: customer.teir == 'gold'", 13)
    found = Diagnostic("undeclared-name", "`customer.teir` is not declared", "try again", place)
    assert found.render() == (
        "rules/a.yaml:7:9: error: `customer.teir` is not declared [undeclared-name]\n"
        "  7 |   when: customer.teir == 'gold'\n"
        "    |         ^^^^^^^^^^^^^\n"
        "  help: try again"
    )
    assert str(found) == "rules/a.yaml:7:9: `customer.teir` is not declared. help: try again"
    assert found.to_dict()["where"] == {"file": "rules/a.yaml", "line": 7, "column": 9}


def test_a_diagnostic_needs_no_place_and_no_help():
    """As about a case that was handed in."""
    found = Diagnostic("wrong-input", "x", severity="warning")
    assert found.render() == "warning: x [wrong-input]"
    assert errors_in([found]) == []
    assert str(BookError([found, found])) == f"{found.render()}\n{found.render()}"
    with pytest.raises(ValueError, match="is not a diagnostic code"):
        Diagnostic("no-such-code", "x")


@pytest.mark.parametrize(("column", "width"), [(1, 10_000), (5000, 50), (9990, 500), (10_001, 1)])
def test_a_long_line_is_shown_around_the_caret(column, width):
    """On one line of a terminal, more or less."""
    line, caret = Place("f", 1, column, "x" * 10_000, width).excerpt().split("\n")
    assert len(line) < 160
    assert len(caret) < 160
    assert "^" in caret


@pytest.mark.parametrize(
    ("name", "known", "help_"),
    [
        ("teir", ["tier", "age"], "did you mean `tier`?"),
        ("x", ["tier", "age"], "choose from `age`, `tier`"),
        ("x", [], ""),
        ("x", [f"long_name_{n}" for n in range(13)], ""),
        ("action_1x", [f"action_{n}" for n in range(1000)], "did you mean `action_1`?"),
        ("x" * 1_000_000, ["tier"], "choose from `tier`"),
    ],
)
def test_suggestions(name, known, help_):
    """The nearest, or all where they are few."""
    assert did_you_mean(name, known) == help_


def test_suggestions_among_many_are_quick():
    """A typo in a book of ten thousand actions."""
    known = [f"customer.action_{n}_of_the_day" for n in range(10_000)]
    before = time.process_time()
    for _ in range(20):
        assert did_you_mean("customer.action_777_of_teh_day", known).startswith("did you mean")
    assert time.process_time() - before < 10
