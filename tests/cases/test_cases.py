"""Decisions as data: one folder a case, in the format of the tests that rule authors write.

Scenes are whole stories: a folder below `scenes` with a book.yaml of its own, or, without one,
told with the book that the project ships.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from nba import Engine
from nba.author import testing
from nba.book.build import build
from nba.book.folder import read_folder
from nba.book.source import parse

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "rules"


def folders(where: Path) -> list[str]:
    """Return the names of the folders with tests."""
    return sorted(path.name for path in where.iterdir() if (path / "tests.yaml").exists())


def assert_passed(results: list[testing.TestResult]) -> None:
    """Every test passes, and there is one."""
    assert results
    failures = [f"{r.name}: {failure}" for r in results for failure in r.failures]
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("folder", folders(HERE))
def test_case(folder: str) -> None:
    """Every test of the folder passes."""
    files = [HERE / "base.yaml", *sorted((HERE / folder).glob("*.yaml"))]
    engine = Engine(build([parse(file.read_text("utf-8"), file.name) for file in files]))
    assert_passed(testing.run_tests(engine))


@pytest.mark.parametrize("scene", folders(HERE / "scenes"))
def test_scene(scene: str) -> None:
    """The story ends as it should."""
    files = read_folder(HERE / "scenes" / scene)
    own = {file.name for file in files}
    shipped = [] if (HERE / "scenes" / scene / "book.yaml").exists() else read_folder(SHIPPED)
    engine = Engine(build([*shipped, *files]))
    tests = [test for test in engine.book.tests if test.place.file in own]
    assert_passed([testing.run_test(engine, test) for test in tests])
