"""The plugin of pytest: real runs of pytest in projects that have a rule book, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import BOOK, TESTS

ROOT = Path(__file__).parents[2]
FAILING = """\
tests:
  - name: who wants to leave is called
    interaction: {channel: chat, intent: cancel}
    expect: {action: call_back}
"""
INI = "[pytest]\nnba_books = rules\nfilterwarnings = error\naddopts = -p no:randomly\n"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with a rule book and a test in Python, where nba is installed with its plugin."""
    installed = pytester.path / "site" / "nba_itself-1.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: nba-itself\nVersion: 1\n")
    line = "nba = nba.author.pytest_plugin\n"
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{line}")
    monkeypatch.setenv("PYTHONPATH", f"{installed.parent}:{ROOT / 'src'}")
    rules = pytester.mkdir("rules")
    (rules / "book.yaml").write_text(BOOK, encoding="utf-8")
    (rules / "service").mkdir()
    (rules / "service" / "tests.yaml").write_text(TESTS, encoding="utf-8")
    (rules / "more.yaml").write_text(FAILING, encoding="utf-8")
    pytester.makefile(".ini", pytest=INI)
    pytester.makepyfile(test_own="def test_own(): pass")
    return pytester


def test_the_project_declares_the_plugin():
    """What is installed tells pytest of it."""
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.entry-points.pytest11]\nnba = "nba.author.pytest_plugin"' in declared


def test_each_test_is_an_item(project: pytest.Pytester):
    """With its name and file, beside those in Python; a failure says what `nba test` says."""
    result = project.runpytest_subprocess("-v")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "rules/more.yaml::who wants to leave is called FAILED*",
            "rules/service/tests.yaml::a question about a bill is answered PASSED*",
            "rules/service/tests.yaml::good customers get more PASSED*",
            "test_own.py::test_own PASSED*",
            "*= FAILURES =*",
            "*_ who wants to leave is called _*",
            "expected action `call_back`, got none",
            "  `call_back` is `inapplicable`",
            "    needs: interaction intent is billing (it is cancel) - rules/book.yaml:*",
            "rules/more.yaml:2",
        ],
        consecutive=False,
    )
    assert "Traceback" not in result.stdout.str()
    assert str(project.path / "rules") not in result.stdout.str(), "places are as people write them"


def test_tests_are_chosen_as_pytest_does(project: pytest.Pytester):
    """By `-k`, by a file, by the id of one."""
    project.runpytest_subprocess("-k", "good and customers").assert_outcomes(passed=1, deselected=3)
    project.runpytest_subprocess("rules/service").assert_outcomes(passed=2)
    name = "rules/service/tests.yaml::good customers get more"
    project.runpytest_subprocess(name).assert_outcomes(passed=1)


def test_several_processes_share_the_work(project: pytest.Pytester):
    """The items are the same ones in each."""
    result = project.runpytest_subprocess("-n", "2")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["expected action `call_back`, got none"])


def test_who_asks_for_nothing_gets_nothing(project: pytest.Pytester):
    """Without `nba_books` no file of rules is looked at, not even when it is named."""
    project.makefile(".ini", pytest="[pytest]\nfilterwarnings = error\n")
    project.runpytest_subprocess().assert_outcomes(passed=1)
    result = project.runpytest_subprocess("rules/more.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (
        "nba"
        not in project.run(
            "python",
            "-c",
            "import sys, pytest; pytest.main(['-q', 'test_own.py']); "
            "print(*[name for name in sys.modules if name.startswith('nba.engine')])",
        ).stdout.str()
    )


def test_other_yaml_is_left_alone(project: pytest.Pytester):
    """Only what stands in the book is collected."""
    project.makefile(".yaml", compose="services: {}")
    project.runpytest_subprocess("-k", "good or own").assert_outcomes(passed=2, deselected=2)


def test_a_broken_book_is_one_error(project: pytest.Pytester):
    """What is wrong is said once, as `nba check` says it, and the other tests run."""
    path = project.path / "rules" / "book.yaml"
    path.write_text(BOOK.replace("tier ==", "teir =="), encoding="utf-8")
    result = project.runpytest_subprocess("--continue-on-collection-errors")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "rules/book.yaml:*: error: `customer.teir` is not declared*",
            "*help: did you mean `customer.tier`?",
        ]
    )


def test_a_book_that_is_not_there_is_refused(project: pytest.Pytester):
    """A typo would run nothing, and nobody would know."""
    project.makefile(".ini", pytest="[pytest]\nnba_books = rulez\n")
    result = project.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: `nba_books` names `rulez`, which does not exist"])


def test_one_name_twice_is_two_items(project: pytest.Pytester):
    """Each runs."""
    path = project.path / "rules" / "more.yaml"
    path.write_text(FAILING + FAILING.removeprefix("tests:\n"), encoding="utf-8")
    result = project.runpytest_subprocess("rules/more.yaml", "-v")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*called (2) FAILED*"])


def test_a_book_may_be_one_file(project: pytest.Pytester):
    """And books in one another are two."""
    (project.path / "rules" / "small.yaml").write_text(BOOK + TESTS, encoding="utf-8")
    (project.path / "rules" / "book.yaml").unlink()
    project.makefile(".ini", pytest="[pytest]\nnba_books = rules/small.yaml\n")
    project.runpytest_subprocess("rules").assert_outcomes(passed=2)
