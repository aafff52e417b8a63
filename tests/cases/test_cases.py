"""Decisions as data: one folder a case, in the format of the tests that rule authors write."""

from __future__ import annotations

from pathlib import Path

import pytest

from nba import Engine
from nba.author.testing import run_tests
from nba.book.build import build
from nba.book.source import parse

HERE = Path(__file__).parent
FOLDERS = sorted(path.name for path in HERE.iterdir() if (path / "tests.yaml").exists())


@pytest.mark.parametrize("folder", FOLDERS)
def test_case(folder: str) -> None:
    """Every test of the folder passes."""
    files = [HERE / "base.yaml", *sorted((HERE / folder).glob("*.yaml"))]
    engine = Engine(build([parse(file.read_text("utf-8"), file.name) for file in files]))
    results = run_tests(engine)
    assert results
    failures = [f"{r.name}: {failure}" for r in results for failure in r.failures]
    assert not failures, "\n".join(failures)
