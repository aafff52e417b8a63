"""A book with 25 different mistakes: one run of `nba check` tells all, each on its line."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from nba.cli import main

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "tests" / "book" / "mistakes"
#: The traps of YAML that people fall into when they write conditions.
TRAPS = {
    *("split-by-comma", "swallowed-by-comment", "yaml-tag", "yaml-alias", "duplicate-key"),
    *("condition-expected", "spelling"),
}


def marked() -> list[tuple[str, int, str]]:
    """Return the file, line and code of every mistake that is marked with `#! code`."""
    found = []
    for file in sorted(BOOK.glob("*.yaml")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if mark := re.search(r"#! ([a-z-]+)$", line):
                found.append((file.name, number, mark[1]))
    return found


def test_25_mistakes_are_25_errors(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each where it stands, none hidden by another, and none told twice."""
    monkeypatch.chdir(BOOK.parent)
    assert main(["check", "mistakes", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    found = [
        (Path(one["where"]["file"]).name, one["where"]["line"], one["code"])
        for one in report["diagnostics"]
    ]
    assert found == marked()
    assert report["errors"] == len(found) == 25
    assert report["warnings"] == 0
    assert len({one["message"] for one in report["diagnostics"]}) == 25
    assert {code for file, _, code in found if file == "traps.yaml"} == TRAPS


def test_the_text_of_all_of_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Place, message, line, caret and what to do; NBA_UPDATE=1 writes the text anew."""
    monkeypatch.chdir(BOOK.parent)
    assert main(["check", "mistakes"]) == 1
    text = capsys.readouterr().err
    expected = BOOK / "expected.txt"
    if os.environ.get("NBA_UPDATE") == "1":
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
