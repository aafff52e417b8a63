"""`nba test`: the tests of a book, and what it says about those that fail."""

from pathlib import Path

import pytest
from tests.cli.conftest import TESTS, Run, line_of

FAILING = """\
tests:
  - name: who wants to leave is called
    interaction: {channel: chat, intent: cancel}
    expect: {action: call_back}
"""


@pytest.fixture
def failing(folder: Path) -> None:
    """One more test, that fails."""
    (folder / "rules" / "wrong.yaml").write_text(FAILING, encoding="utf-8")


def test_passing_tests_are_dots(nba: Run):
    """Who runs good tests sees how many there were."""
    assert nba("test", "rules") == (0, "..\n\n2 passed\n", "")


@pytest.mark.usefixtures("failing")
def test_a_failure_says_what_and_why(nba: Run):
    """A failure names what was expected, what came, and the rule that is in the way."""
    ran = nba("test", "rules")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith("..F\n\nFAIL  who wants to leave is called  rules/wrong.yaml:2\n")
    assert "\n  expected action `call_back`, got none\n" in ran.out
    assert "\n    `call_back` is `inapplicable`\n" in ran.out
    assert f"rules/book.yaml:{line_of('applicable:')}\n" in ran.out
    assert ran.out.endswith("\n\n1 failed, 2 passed\n")


@pytest.mark.usefixtures("failing")
def test_names_are_shown_when_asked_for(nba: Run):
    """A long run can be followed."""
    ran = nba("test", "rules", "-v")
    assert ran.code == 1
    assert ran.out.startswith(
        "ok    a question about a bill is answered\n"
        "ok    good customers get more\n"
        "FAIL  who wants to leave is called\n"
    )


@pytest.mark.usefixtures("failing")
def test_some_tests_are_chosen_by_their_name(nba: Run):
    """`-k` takes part of a name, in any case."""
    assert nba("test", "rules", "-k", "GOOD customers") == (0, ".\n\n1 passed\n", "")
    ran = nba("test", "rules", "-k", "nobody")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: no test has `nobody` in its name\n  help: the book has 3 tests\n"


@pytest.mark.usefixtures("failing")
def test_json_has_every_test(nba: Run):
    """A machine gets the names, the places and the failures."""
    ran = nba("test", "rules", "--json")
    assert (ran.code, ran.err) == (1, "")
    report = ran.json()
    assert (report["passed"], report["failed"]) == (2, 1)
    assert [test["passed"] for test in report["tests"]] == [True, True, False]
    test = report["tests"][-1]
    assert (test["file"], test["line"]) == ("rules/wrong.yaml", 2)
    (failure,) = test["failures"]
    assert (failure["key"], failure["expected"], failure["got"]) == ("action", "call_back", "none")
    assert failure["because"]
    assert nba("test", "rules", "-k", "good", "--json").code == 0


def test_many_tests_are_broken_into_lines(nba: Run, folder: Path):
    """Sixty dots stand on a line."""
    one = TESTS.removeprefix("tests:\n")
    many = "tests:\n" + "".join(one.replace("name: ", f"name: {i} ") for i in range(31))
    (folder / "rules" / "tests.yaml").write_text(many, encoding="utf-8")
    assert nba("test", "rules").out == f"{'.' * 60}\n..\n\n62 passed\n"


def test_a_book_without_tests_says_so(nba: Run, folder: Path):
    """Nothing tested is not the same as all passed."""
    (folder / "rules" / "tests.yaml").unlink()
    assert nba("test", "rules") == (0, "the book has no tests\n", "")
    assert nba("test", "rules", "--json").json() == {"passed": 0, "failed": 0, "tests": []}


def test_what_no_test_reaches_is_listed(nba: Run):
    """With its place, what is missing, and a percentage at the end."""
    ran = nba("test", "rules", "--coverage")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("..\n\n2 passed\n\nnot reached:\n")
    line = line_of("no_selling:")
    said = "policy `no_selling`: no test where it blocks something"
    assert f"\nrules/book.yaml:{line}: {said}\n" in ran.out
    assert ran.out.splitlines()[-1].startswith("rules reached: ")
    assert "action `upgrade`" not in ran.out


def test_only_the_chosen_tests_count(nba: Run):
    """Coverage is that of what was run."""
    ran = nba("test", "rules", "--coverage", "-k", "bill")
    assert "action `upgrade`: no test where it is an answer" in ran.out


def test_coverage_in_json(nba: Run):
    """A machine gets the rules with their places too."""
    report = nba("test", "rules", "--coverage", "--json").json()
    found = report["coverage"]
    assert found["rules"]["all"] == found["rules"]["reached"] + len(found["unreached"])
    assert {
        "kind": "policy",
        "name": "`no_selling`",
        "file": "rules/book.yaml",
        "line": line_of("no_selling:"),
        "missing": ["no test where it blocks something"],
    } in found["unreached"]
    assert "coverage" not in nba("test", "rules", "--json").json()


def test_too_little_coverage_fails(nba: Run):
    """A pipeline can ask for a share."""
    assert nba("test", "rules", "--fail-under", "10").code == 0
    ran = nba("test", "rules", "--fail-under", "99.5")
    assert ran.code == 1
    assert "not reached:" in ran.out
    assert ran.err.startswith("error: tests reach ")
    assert ran.err.endswith(" % of the rules, and are to reach 99.5 %\n")
    ran = nba("test", "rules", "--fail-under", "101")
    assert (ran.code, ran.out) == (2, "")
    assert "`--fail-under`: a percentage from 0 to 100 is expected, not `101`" in ran.err
