"""Shows what is in a rule book: an overview or, of one thing, all that bears on it, in words.

ID is that of an action, a policy, a moment, a limit, or anything else with a name; a field such as
`customer.tier`; or a code of a decision, such as `blocked:no_selling`.
"""

from __future__ import annotations

import argparse

from nba.author.description import Description, Line, place_of
from nba.author.overview import overview
from nba.author.part_descriptions import descriptions, ids
from nba.book.build import load
from nba.cli.arguments import Arguments
from nba.cli.codes import OK
from nba.cli.output import CommandError, Page, results
from nba.errors import did_you_mean

__all__ = ["arguments", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba show`."""
    parser.add_argument("book", metavar="BOOK", help="the folder with the rule files, or one file")
    help_ = "what to show; without it, an overview of the book"
    parser.add_argument("id", metavar="ID", nargs="?", help=help_)
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Show the book, or one thing in it."""
    book = load(args.book).book
    page = results()
    if args.id is None:
        found = [overview(book)]
    elif not (found := descriptions(book, args.id)):
        message = f"the book has nothing called `{args.id}`"
        help_ = did_you_mean(args.id, ids(book))
        if not help_.startswith("did you mean"):
            help_ = f"`nba show {args.book}` says what it has"
        raise CommandError(message, help_)
    if args.json:
        page.json([description.to_dict() for description in found])
        return OK
    for number, description in enumerate(found):
        if number:
            page.line()
        _show(description, page)
    return OK


def _show(description: Description, page: Page) -> None:
    title = f": {description.title}" if description.title else ""
    head = page.paint(f"{description.kind} {description.id}", "bold") + title
    page.line(head + _where(Line("", description.where), page))
    for section in description.sections:
        page.line()
        page.line(page.paint(section.heading, "cyan"))
        for line in section.lines:
            page.line(f"  {line.says}{_where(line, page)}")


def _where(line: Line, page: Page) -> str:
    where = place_of(line.where)
    return page.paint(f"  {where}", "dim") if where else ""
