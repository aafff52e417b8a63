"""Lint: what is allowed in a rule book, and most likely not meant.

A check is a function from a survey of the book to findings. What it says is never, or always, is
proved: what cannot be decided is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from nba.author.lint.actions import never_eligible
from nba.author.lint.conditions import always_true, never_true, repeats_condition, repeats_named
from nba.author.lint.contact import negated_consent, no_budget, no_consent, no_limit
from nba.author.lint.missing import unguarded
from nba.author.lint.rivals import never_wins
from nba.author.lint.scales import unlike_scales
from nba.author.lint.survey import Survey
from nba.author.lint.unused import covers_nothing, unused
from nba.book.findings import in_order
from nba.book.model import Book
from nba.errors import Diagnostic

__all__ = ["CHECKS", "lint"]

CHECKS: Final[tuple[Callable[[Survey], Iterator[Diagnostic]], ...]] = (
    never_eligible,
    never_wins,
    always_true,
    never_true,
    repeats_named,
    repeats_condition,
    unguarded,
    unlike_scales,
    negated_consent,
    no_consent,
    no_limit,
    no_budget,
    unused,
    covers_nothing,
)


def lint(book: Book) -> list[Diagnostic]:
    """Return what lint finds in a book, in the order of files and lines."""
    survey = Survey(book)
    return in_order(dict.fromkeys(each for check in CHECKS for each in check(survey)))
