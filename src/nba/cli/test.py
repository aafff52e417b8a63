"""Runs the tests of a rule book; of each that fails it says what was expected, and why not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from nba.author.testing import TestResult, chosen_tests, run_test
from nba.cli.arguments import Arguments
from nba.cli.codes import FAILED, OK
from nba.cli.output import CommandError, Page, counted, results
from nba.engine import Engine

__all__ = ["arguments", "run"]

LINE = 60  # dots on a line


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba test`."""
    parser.add_argument("book", metavar="BOOK", help="the folder with the rule files, or one file")
    parser.add_argument("-k", metavar="TEXT", default="", help="only tests with TEXT in their name")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every test")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Run the tests of a book and say what came of them."""
    engine = Engine.open(args.book)
    tests = chosen_tests(engine.book, args.k)
    if args.k and not tests:
        count = counted(len(engine.book.tests), "test")
        raise CommandError(f"no test has `{args.k}` in its name", f"the book has {count}")
    running = (run_test(engine, test) for test in tests)
    page = results()
    if args.json:
        done = list(running)
    elif args.verbose:
        done = list(_named(page, running))
    else:
        done = list(_dotted(page, running))
    failed = [result for result in done if not result.passed]
    if args.json:
        counts = {"passed": len(done) - len(failed), "failed": len(failed)}
        page.json(counts | {"tests": [result.to_dict() for result in done]})
    else:
        for result in failed:
            _explain(page, result)
        _sum_up(page, len(done), len(failed))
    return FAILED if failed else OK


def _dotted(page: Page, results_: Iterator[TestResult]) -> Iterator[TestResult]:
    """Write a sign for each test as it is done."""
    column = 0
    for result in results_:
        page.write(page.paint(".", "green") if result.passed else page.paint("F", "red", "bold"))
        column += 1
        if column == LINE:
            page.line()
            column = 0
        elif page.terminal and page.stream:
            page.stream.flush()
        yield result
    if column:
        page.line()


def _named(page: Page, results_: Iterator[TestResult]) -> Iterator[TestResult]:
    """Write the name of each test as it is done."""
    for result in results_:
        sign = page.paint("ok  ", "green") if result.passed else page.paint("FAIL", "red", "bold")
        page.line(f"{sign}  {result.name}")
        yield result


def _explain(page: Page, result: TestResult) -> None:
    page.line()
    where = page.paint(f"{result.place.file}:{result.place.line}", "dim")
    page.line(f"{page.paint('FAIL', 'red', 'bold')}  {page.paint(result.name, 'bold')}  {where}")
    for failure in result.failures:
        page.line(f"  {failure.message}")
        for line in failure.because:
            page.line(page.paint(f"    {line}", "dim"))


def _sum_up(page: Page, done: int, failed: int) -> None:
    if not done:
        page.line("the book has no tests")
        return
    page.line()
    passed = f"{done - failed} passed"
    if failed:
        page.line(f"{page.paint(f'{failed} failed', 'red', 'bold')}, {passed}")
    else:
        page.line(page.paint(passed, "green", "bold"))
