"""Runs the tests of a rule book; of each that fails it says what was expected, and why not."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from nba.author.coverage import Coverage
from nba.author.testing import TestResult, chosen_tests, run_test
from nba.cli.arguments import Arguments
from nba.cli.codes import FAILED, OK
from nba.cli.output import CommandError, Page, counted, errors, results
from nba.cli.watch import watch
from nba.engine import Engine
from nba.errors import BookError, errors_in

__all__ = ["arguments", "run"]

LINE = 60  # dots on a line


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba test`."""
    parser.add_argument("book", metavar="BOOK", help="the folder with the rule files, or one file")
    parser.add_argument("-k", metavar="TEXT", default="", help="only tests with TEXT in their name")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every test")
    parser.add_argument("--coverage", action="store_true", help="list what no test reaches")
    parser.add_argument(
        "--fail-under",
        metavar="PERCENT",
        type=_percent,
        help="fail if tests reach fewer rules or rows; implies --coverage",
    )
    parser.add_argument("--watch", action="store_true", help="test again after each change")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Run the tests of a book and say what came of them."""
    if not args.watch:
        return _once(args)
    if args.json:
        raise CommandError("`--watch` is for people, and `--json` is not", "leave one of them out")
    watch(args.book, lambda: _again(args))
    return OK


def _again(args: argparse.Namespace) -> None:
    """Run the tests, and go on where the book cannot be read."""
    page = results()
    try:
        _once(args)
    except BookError as error:
        wrong = errors()
        wrong.diagnostics(error.diagnostics)
        wrong.line(f"\n{counted(len(errors_in(error.diagnostics)), 'error')} in the book")
        wrong.flush()
    except CommandError as fault:
        errors().stopped(fault)
        errors().flush()
    page.line(page.paint(f"\nwaiting for changes in {args.book}, Ctrl-C ends it", "dim"))
    page.flush()


def _once(args: argparse.Namespace) -> int:
    engine = Engine.open(args.book)
    tests = chosen_tests(engine.book, args.k)
    if args.k and not tests:
        count = counted(len(engine.book.tests), "test")
        raise CommandError(f"no test has `{args.k}` in its name", f"the book has {count}")
    wanted = args.coverage or args.fail_under is not None
    coverage = Coverage(engine.book) if wanted else None
    running = (run_test(engine, test, coverage) for test in tests)
    page = results()
    if args.json:
        done = list(running)
    elif args.verbose:
        done = list(_named(page, running))
    else:
        done = list(_dotted(page, running))
    failed = [result for result in done if not result.passed]
    short = coverage is not None and coverage.percent < (args.fail_under or 0)
    if args.json:
        counts = {"passed": len(done) - len(failed), "failed": len(failed)}
        reached = {"coverage": coverage.to_dict()} if coverage else {}
        page.json(counts | {"tests": [result.to_dict() for result in done]} | reached)
    else:
        for result in failed:
            _explain(page, result)
        _sum_up(page, len(done), len(failed))
        if coverage is not None:
            _show(page, coverage)
    if coverage is not None and short:
        rows = "rows" if coverage.rows.percent < coverage.rules.percent else "rules"
        message = f"tests reach {coverage.percent:g} % of the {rows}, and are to reach "
        errors().stopped(CommandError(f"{message}{args.fail_under:g} %"))
    return FAILED if failed or short else OK


def _percent(text: str) -> float:
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text) or float(text) > 100:
        raise argparse.ArgumentTypeError(f"a percentage from 0 to 100 is expected, not `{text}`")
    return float(text)


def _show(page: Page, coverage: Coverage) -> None:
    """Write what no test reaches, with its place, and how much they reach."""
    unreached = coverage.unreached
    if unreached:
        page.line("\nnot reached:")
    for rule in unreached:
        where = page.paint(f"{rule.place.file}:{rule.place.line}", "bold")
        page.line(f"{where}: {rule.what}: {page.paint('; '.join(rule.missing), 'yellow')}")
    page.line(f"\n{coverage}")


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
