"""Looks for mistakes in a rule book, and shows each with its place and what to do about it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from nba.author.lint import lint
from nba.author.lint.allowed import without_allowed
from nba.book.build import Built, build
from nba.book.findings import in_order
from nba.book.folder import read_folder
from nba.cli.arguments import Arguments
from nba.cli.codes import FAILED, OK, of_book
from nba.cli.output import counted, errors, results
from nba.errors import BookError, Diagnostic, errors_in

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba check`."""
    parser.add_argument("book", metavar="BOOK", help="the folder with the rule files, or one file")
    help_ = "fail on warnings, too"
    parser.add_argument("--strict", action="store_true", help=help_)
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Check a book and say what was found."""
    files = 0
    built: Built | None = None
    found: Sequence[Diagnostic]
    code = OK
    try:
        sources = read_folder(args.book)
        files = len(sources)
        built = build(sources)
        doubtful = [*built.warnings, *lint(built.book)]
        found = in_order(without_allowed(doubtful, sources))
        code = FAILED if found and args.strict else OK
    except BookError as error:
        found = error.diagnostics
        code = of_book(error)
    if args.json:
        results().json(_report(args.book, files, built, found))
        return code
    page = errors()
    page.diagnostics(found)
    if found:
        page.line()
    wrong = len(errors_in(found))
    warnings = counted(len(found) - wrong, "warning")
    if built is None:
        failed = page.paint(counted(wrong, "error"), "red", "bold")
        page.line(f"{args.book}: {failed}, {warnings}")
        return code
    book = built.book
    counts = [
        counted(files, "file"),
        counted(len(book.actions), "action"),
        counted(len(book.tests), "test"),
        warnings,
    ]
    page = results()
    verdict = page.paint("ok", "green", "bold")
    if code != OK:
        verdict = page.paint("not ok", "red", "bold")
    page.line(f"{args.book}: {verdict}, {', '.join(counts)}, version {book.version}")
    return code


def _report(
    path: str, files: int, built: Built | None, found: Sequence[Diagnostic]
) -> dict[str, Any]:
    wrong = len(errors_in(found))
    book = built.book if built else None
    return {
        "path": path,
        "ok": book is not None,
        "book": book.id if book else None,
        "version": book.version if book else None,
        "files": files,
        "actions": len(book.actions) if book else None,
        "tests": len(book.tests) if book else None,
        "errors": wrong,
        "warnings": len(found) - wrong,
        "diagnostics": [diagnostic.to_dict() for diagnostic in found],
    }
