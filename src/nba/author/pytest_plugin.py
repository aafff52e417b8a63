"""The tests of rule books, collected by pytest: each is an item, with its place and its text.

A project asks for it by naming its books, and then the folders that pytest looks into:

    [tool.pytest.ini_options]
    nba_books = ["rules"]
    testpaths = ["tests", "rules"]
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # a run of pytest that has no rule book loads nothing of this
    from nba.author.testing import TestResult
    from nba.book.model import TestCase
    from nba.engine import Engine

__all__ = [
    "RuleFile",
    "RuleTest",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_configure",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a project name its rule books."""
    parser.addini("nba_books", "folders with rule files, whose tests are run", "paths", [])


def pytest_configure(config: pytest.Config) -> None:
    """Refuse the name of a book that is not there: else nothing would be run, and nobody know."""
    for book in config.getini("nba_books"):
        if not book.exists():
            name = _shown(Path(book), config)
            raise pytest.UsageError(f"`nba_books` names `{name}`, which does not exist")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> RuleFile | None:
    """Collect a file of a rule book that the project names."""
    if file_path.suffix.lower() not in (".yaml", ".yml"):
        return None
    books = [Path(os.path.normpath(book)) for book in parent.config.getini("nba_books")]
    within = [book for book in books if book == file_path or book in file_path.parents]
    if not within:
        return None
    book = max(within, key=lambda path: len(path.parts))  # of books in one another, the inner one
    return RuleFile.from_parent(parent, path=file_path, book=book)


class RuleFile(pytest.File):
    """A file of a rule book."""

    def __init__(self, *, book: Path, **more: Any) -> None:
        super().__init__(**more)
        self.book = book

    def collect(self) -> Iterable[pytest.Item]:
        """Yield the tests that stand in the file. Raises what pytest shows of a broken book."""
        engines = self.config.stash.setdefault(_ENGINES, {})
        if self.book not in engines:
            engines[self.book] = self._opened()
        engine = engines[self.book]
        if engine is None:  # said where it was opened
            return
        names: dict[str, int] = {}
        for test in engine.book.tests:
            if not self.path.samefile(test.place.file):
                continue
            names[test.name] = times = names.get(test.name, 0) + 1
            name = test.name if times == 1 else f"{test.name} ({times})"
            yield RuleTest.from_parent(self, name=name, engine=engine, test=test)

    def _opened(self) -> Engine:
        from nba.engine import Engine  # noqa: PLC0415 - see above
        from nba.errors import BookError  # noqa: PLC0415

        self.config.stash[_ENGINES][self.book] = None
        try:
            return Engine.open(_shown(self.book, self.config))
        except BookError as error:
            found = "\n\n".join(diagnostic.render() for diagnostic in error.diagnostics)
            raise self.CollectError(found) from None


_ENGINES: pytest.StashKey[dict[Path, Engine | None]] = pytest.StashKey()


class RuleTest(pytest.Item):
    """One test beside the rules."""

    def __init__(self, *, engine: Engine, test: TestCase, **more: Any) -> None:
        super().__init__(**more)
        self.engine = engine
        self.test = test

    def runtest(self) -> None:
        """Run the test."""
        from nba.author.testing import run_test  # noqa: PLC0415 - see above

        result = run_test(self.engine, self.test)
        if not result.passed:
            raise NotAsExpectedError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:
        """Return what `nba test` says of the failure, and where the test stands."""
        if not isinstance(excinfo.value, NotAsExpectedError):
            return super().repr_failure(excinfo, *args)
        result = excinfo.value.result
        lines = [str(failure) for failure in result.failures]
        return "\n".join([*lines, "", f"{result.place.file}:{result.place.line}"])

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the test stands."""
        return self.path, self.test.place.line - 1, self.name


class NotAsExpectedError(AssertionError):
    """A decision is not what a test expects."""

    def __init__(self, result: TestResult) -> None:
        super().__init__(result.name)
        self.result = result


def _shown(path: Path, config: pytest.Config) -> str:
    """Return a path as people see it from where they started, if it is below that."""
    start = config.invocation_params.dir
    return str(path.relative_to(start)) if path.is_relative_to(start) else str(path)
