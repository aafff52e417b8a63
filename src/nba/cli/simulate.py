"""Sends a population through a rule book: who gets what, what stops the rest, and what it takes.

The cases are decided in the order of their times. Each answer takes what it needs of limits and
budgets, as if it were given and taken up, in a store in memory that is thrown away. `--store` names
one with what is remembered of the customers already; it is only read.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from datetime import UTC, datetime

from nba.author.population import Item
from nba.author.simulate import simulate
from nba.author.simulation_report import simulation_report
from nba.cli.arguments import Arguments
from nba.cli.codes import OK
from nba.cli.output import CommandError, results
from nba.cli.population import add_population_arguments, population, warn
from nba.cli.progress import Progress
from nba.cli.store import shown_url
from nba.decide.case import Case
from nba.engine import Engine
from nba.errors import CaseError, StoreError
from nba.state.opening import check, open_store
from nba.state.store import Store

__all__ = ["arguments", "run"]

_NEVER = datetime.min.replace(tzinfo=UTC)


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba simulate`."""
    parser.add_argument("book", metavar="BOOK", help="the folder with the rule files, or one file")
    add_population_arguments(parser)
    help_ = "a store with what is remembered already, such as sqlite:///nba.db; it is only read"
    parser.add_argument("--store", metavar="URL", help=help_)
    help_ = "who gets no answer of at least this priority is under-served"
    parser.add_argument("--under", metavar="PRIORITY", type=_priority, help=help_)
    help_ = "fields whose value is to change nothing, such as customer.gender,customer.senior"
    parser.add_argument("--protected", metavar="FIELDS", default="", help=help_)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="write Markdown")
    form.add_argument("--json", action="store_true", help="write JSON")


def _priority(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise argparse.ArgumentTypeError(f"a number is expected, not `{text}`")
    return found


def run(args: argparse.Namespace) -> int:
    """Simulate, and say what came of it."""
    engine = Engine.open(args.book)
    with population(args, engine.book, engine) as items:
        cases = _in_order(items)
    try:
        with closing(_store(args.store)) if args.store else nullcontext() as store:
            found = simulate(
                engine,
                _shown(cases),
                store=store,
                under=args.under,
                protected=[name.strip() for name in args.protected.split(",") if name.strip()],
                name=args.book,
            )
    except CaseError as error:
        raise CommandError.of(error) from None
    except StoreError as error:
        raise CommandError(str(error)) from None
    warn(found.doubts)
    page = results()
    if args.json:
        page.json(found.to_dict())
    elif args.markdown:
        page.line(simulation_report(found).markdown())
    else:
        page.line(simulation_report(found).text())
    return OK


def _in_order(items: Iterator[Item]) -> list[Case]:
    """Return the cases in the order of their times; whoever has no name gets one."""
    found = [
        one if one.id else one._replace(id=f"case-{number}")
        for number, one in enumerate(items, 1)
        if isinstance(one, Case)
    ]
    return sorted(found, key=lambda case: case.now or _NEVER)


def _shown(cases: Sequence[Case]) -> Iterator[Case]:
    """Yield the cases, and show how far it is."""
    progress = Progress("cases", meanwhile=False)
    try:
        for number, case in enumerate(cases):
            yield case
            progress.step(number / len(cases))
    finally:
        progress.clear()


def _store(url: str) -> Store:
    """Open a store that is there. Raises CommandError and StoreError."""
    found = check(url)
    if found.version is None:
        raise CommandError("no store is there yet", "name one that was used", where=shown_url(url))
    return open_store(url)
