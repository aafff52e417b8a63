"""`nba init`: a small book that works, where nothing was before."""

import json
import shlex
import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from nba.book.documents import schema

NAMES = {
    "book.yaml",
    "service.yaml",
    "sales.yaml",
    "tests.yaml",
    "cases.csv",
    "case.json",
    "nba.schema.json",
}


def test_the_book_is_sound_and_its_tests_pass(nba: Run, folder: Path):
    """What a beginner gets has no fault, not even a doubtful one."""
    ran = nba("init", "start")
    assert (ran.code, ran.err) == (0, "")
    assert {each.name for each in (folder / "start").iterdir()} == NAMES
    assert all(f"  {name} " in ran.out for name in NAMES)
    checked = nba("check", "start", "--json").json()
    assert (checked["ok"], checked["diagnostics"]) == (True, [])
    tested = nba("test", "start", "--json").json()
    assert tested["failed"] == 0
    assert tested["passed"] >= 10
    assert nba("test", "start", "--fail-under", "100").code == 0  # every rule has a test


def test_what_it_says_to_do_next_works(nba: Run, folder: Path):
    """Each command that is shown is run, as it is shown."""
    shown = nba("init", "a book").out
    commands = [line.strip() for line in shown.partition("Next:\n")[2].splitlines()]
    assert len(commands) == 6
    for command in commands:
        program, *words = shlex.split(command.partition("  ")[0])  # the folder has a space
        if program == "cp":
            shutil.copytree(words[1], words[2])
        else:
            assert (program, nba(*words).code) == ("nba", 0), command


def test_its_cases_can_be_decided(nba: Run):
    """They lead to different answers, also to none."""
    nba("init", "start")
    ran = nba("decide", "start", "--case", "start/cases.csv")
    assert (ran.code, ran.err) == (0, "")
    actions = [json.loads(line)["action"] for line in ran.out.splitlines()]
    assert len(actions) == 12
    assert {"loyalty_discount", "upgrade", "settle_complaint", None} <= set(actions)
    one = nba("decide", "start", "--case", "start/case.json", "--json").json()
    assert one["action"] == "call_back"


def test_its_schema_is_that_of_this_version(nba: Run, folder: Path):
    """Editors find it by the first line of each rule file."""
    nba("init", "start")
    assert json.loads((folder / "start/nba.schema.json").read_text("utf-8")) == schema()
    for path in (folder / "start").glob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=nba.schema.json"


def test_the_folder_is_rules_where_none_is_named(nba: Run, folder: Path):
    """As every other example has it."""
    (folder / "elsewhere").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "elsewhere")
        assert nba("init").code == 0
        assert nba("check", "rules").code == 0


def test_nothing_is_overwritten(nba: Run, folder: Path):
    """A folder with anything in it is left as it is."""
    before = {each: each.read_bytes() for each in (folder / "rules").iterdir()}
    ran = nba("init", "rules")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error: `rules` is not empty: it has `book.yaml`\n"
        "  help: name a new folder: `nba init FOLDER`\n"
    )
    assert {each: each.read_bytes() for each in (folder / "rules").iterdir()} == before
    ran = nba("init", "case.json")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "error: `case.json` is a file")
    ran = nba("init", "case.json/below")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "case.json/below: error: the book cannot be made: not a directory\n"


def test_a_folder_under_version_control_is_empty(nba: Run, folder: Path):
    """Who made the repository first can begin in it."""
    (folder / "new/.git").mkdir(parents=True)
    assert nba("init", "new").code == 0
