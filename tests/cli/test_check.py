"""`nba check`: what is wrong with a book, for people and for machines."""

from pathlib import Path

import pytest
from tests.cli.conftest import BOOK, Run, line_of

#: The small book without anything that lint finds in it.
SOUND = (
    BOOK.replace("phone: {title: Telephone, cost: 4}", "phone: {cost: 4, consent: true}")
    .replace("name: string", "name: {type: string, default: you}")
    .replace("number, min: 0}", "number, min: 0, default: 0}")
    + "contact_policy: {limits: [{id: x, at_most: 1, window: {rolling: 7d}}]}\n"
)


@pytest.fixture(autouse=True)
def _sound(folder: Path) -> None:
    (folder / "rules" / "book.yaml").write_text(SOUND, encoding="utf-8")


def test_a_good_book_is_summed_up_on_one_line(nba: Run):
    """Who checks a good book sees that everything was read."""
    ran = nba("check", "rules")
    assert (ran.code, ran.err) == (0, "")
    start, _, version = ran.out.rpartition(" ")
    assert start == "rules: ok, 2 files, 2 actions, 2 tests, no warnings, version"
    assert len(version.strip()) >= 16


def test_one_file_can_be_a_book(nba: Run):
    """A book need not be a folder."""
    ran = nba("check", "rules/book.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("rules/book.yaml: ok, 1 file, 2 actions, no tests, no warnings, ")


def test_mistakes_are_shown_where_they_stand(nba: Run, folder: Path):
    """Everything wrong is shown at once, with place, line, caret and help."""
    text = SOUND.replace("customer.tier ==", "customer.teir ==").replace(
        "kind: offer", "kind: ofer"
    )
    (folder / "rules" / "book.yaml").write_text(text, encoding="utf-8")
    ran = nba("check", "rules")
    assert (ran.code, ran.out) == (1, "")
    place = f"rules/book.yaml:{line_of('eligible:')}:15"
    assert f"{place}: error: `customer.teir` is not declared" in ran.err
    assert "help: did you mean `customer.tier`?" in ran.err
    assert "^^^^^^^^^^^^^" in ran.err
    assert ran.err.splitlines()[-1] == "rules: 2 errors, no warnings"


def test_what_is_only_doubtful_is_shown_and_is_no_error(nba: Run, folder: Path):
    """A warning does not stop a pipeline."""
    rule = "scoring: {weights: [{when: size(customer.name) / 2 > 3, add: 5 %}]}\n"
    (folder / "rules" / "more.yaml").write_text(rule, encoding="utf-8")
    ran = nba("check", "rules")
    assert ran.code == 0
    assert "warning: a division of two ints drops the remainder [int-division]" in ran.err
    assert "1 warning, version" in ran.out


@pytest.mark.parametrize("path", ["nowhere", "empty"])
def test_without_a_book_the_usage_is_wrong(nba: Run, folder: Path, path: str):
    """A path that is wrong is not a book that is wrong."""
    (folder / "empty").mkdir()
    ran = nba("check", path)
    assert (ran.code, ran.out) == (2, "")
    assert "[no-files]" in ran.err
    report = nba("check", path, "--json")
    assert report.code == 2
    assert report.json()["diagnostics"][0]["code"] == "no-files"


def test_json_says_the_same(nba: Run, folder: Path):
    """A machine gets every diagnostic with its place."""
    ran = nba("check", "rules", "--json")
    assert (ran.code, ran.err) == (0, "")
    report = ran.json()
    version = report.pop("version")
    assert isinstance(version, str)
    assert report == {
        "path": "rules",
        "ok": True,
        "book": "small",
        "files": 2,
        "actions": 2,
        "tests": 2,
        "errors": 0,
        "warnings": 0,
        "diagnostics": [],
    }
    (folder / "rules" / "book.yaml").write_text(SOUND + "extra: 1\n", encoding="utf-8")
    ran = nba("check", "rules", "--json")
    assert (ran.code, ran.err) == (1, "")
    report = ran.json()
    assert (report["ok"], report["version"], report["errors"]) == (False, None, 1)
    (found,) = report["diagnostics"]
    assert found["code"] == "unknown-key"
    assert found["where"]["file"] == "rules/book.yaml"
    assert found["where"]["line"] == SOUND.count("\n") + 1


@pytest.mark.parametrize("command", ["decide", "test"])
def test_a_broken_book_stops_other_commands_as_well(nba: Run, folder: Path, command: str):
    """No command decides by a book that has errors."""
    (folder / "rules" / "book.yaml").write_text(BOOK + "extra: 1\n", encoding="utf-8")
    ran = nba(command, "rules")
    assert (ran.code, ran.out) == (1, "")
    assert "error: " in ran.err
    assert ran.err.endswith("\n1 error in the book\n")
    assert nba(command, "nowhere").code == 2


def test_lint_is_shown_and_strict_fails(nba: Run, folder: Path):
    """What is allowed and most likely not meant; a pipeline may let none of it through."""
    rule = "policies: {poor: {block_when: customer.lifetime_value < 0}}\n"
    (folder / "rules" / "more.yaml").write_text(rule, encoding="utf-8")
    ran = nba("check", "rules")
    assert ran.code == 0
    assert "rules/more.yaml:1:31: warning: `customer.lifetime_value < 0.0` can never be" in ran.err
    assert "rules: ok, 3 files, 2 actions, 2 tests, 1 warning, version" in ran.out
    (found,) = nba("check", "rules", "--json").json()["diagnostics"]
    assert (found["code"], found["severity"]) == ("never-true", "warning")
    strict = nba("check", "rules", "--strict")
    assert strict.code == 1
    assert "rules: not ok, " in strict.out
    (folder / "rules" / "more.yaml").unlink()
    assert nba("check", "rules", "--strict").code == 0
