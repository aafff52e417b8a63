"""Compares two versions of a rule book over the same cases: who gets something else, and why.

The books are two folders, or a folder at two revisions of git: `nba diff main..HEAD --book rules`,
or `nba diff main:rules rules` with what is not committed yet. The cases are a file as `nba decide`
reads it, or a decision log. Each is decided by itself, by both books, without taking anything of
limits and budgets.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from nba.author.compare import compare
from nba.author.comparison import Comparison
from nba.author.comparison_report import comparison_report
from nba.cli.arguments import Arguments, count, count_or_none
from nba.cli.codes import FAILED, OK
from nba.cli.output import CommandError, results
from nba.cli.population import (
    add_population_arguments,
    declared_by_either,
    population,
    warn,
    workers,
)
from nba.cli.revisions import BookRead, between, opened_books
from nba.errors import CaseError

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba diff`."""
    help_ = "the book as it was: a folder, REVISION:FOLDER, or OLD..NEW for two revisions"
    parser.add_argument("old", metavar="OLD", help=help_)
    parser.add_argument("new", metavar="NEW", nargs="?", help="the book as it is to be")
    help_ = "the folder of the book, for two revisions; by default rules"
    parser.add_argument("--book", metavar="FOLDER", default="rules", help=help_)
    add_population_arguments(parser)
    help_ = "a decision log with what was decided before: a .jsonl or .db file"
    parser.add_argument("--log", metavar="FILE", help=help_)
    help_ = "fields to count by, such as customer.tier,interaction.channel"
    parser.add_argument("--by", metavar="FIELDS", default="", help=help_)
    help_ = "for how many customers to say why, by default 5; 0 for none"
    parser.add_argument("--explain", metavar="N", type=count_or_none, default=5, help=help_)
    parser.add_argument("--workers", metavar="N", type=count, help="processes, by default per core")
    help_ = "exit with 1 where somebody gets something else"
    parser.add_argument("--exit-code", action="store_true", help=help_)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="write Markdown, for a pull request")
    form.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Compare, and say what is different."""
    by = [name.strip() for name in args.by.split(",") if name.strip()]
    with opened_books(*between(args.old, args.new, args.book)) as (old, new):
        engines = old.engine, new.engine
        book = declared_by_either(old.engine.book, new.engine.book)
        with population(args, book, *engines) as items:
            try:
                found = compare(
                    *engines,
                    items,
                    by=by,
                    explain=args.explain,
                    names=(old.name, new.name),
                    workers=workers(args.workers),
                )
            except CaseError as error:
                raise CommandError.of(error) from None
    _at_home(found, old, new)
    warn(found.doubts)
    page = results()
    if args.json:
        page.json(found.to_dict())
    elif args.markdown:
        page.line(comparison_report(found).markdown())
    else:
        page.line(comparison_report(found).text())
    return FAILED if args.exit_code and not found.same else OK


def _at_home(found: Comparison, *books: BookRead) -> None:
    """Let places be those that people know, where a book was read from git."""

    def told(lines: tuple[str, ...]) -> tuple[str, ...]:
        for book in books:
            lines = tuple(map(book.named, lines))
        return lines

    found.explained = tuple(
        replace(one, old=told(one.old), new=told(one.new), because=told(one.because))
        for one in found.explained
    )
