"""Names that multiply when they are spelled out are refused when the book is loaded."""

from __future__ import annotations

import pytest

from nba import BookError
from nba.book.build import build
from nba.book.source import parse

BOOK = """
format: 1
book: names
context: {{customer: {{n: int}}}}
conditions:
  c0: customer.n > 0
{}
"""


def load(lines: list[str]) -> None:
    """Load a book with these named conditions."""
    build([parse(BOOK.format("\n".join(f"  {line}" for line in lines)), "book.yaml")])


def test_names_that_double() -> None:
    """Eighteen names, each using the one before twice, would say a hundred thousand things."""
    with pytest.raises(BookError, match=r"says too much .* \[expression-limit\]"):
        load([f"c{n}: condition.c{n - 1} || !condition.c{n - 1}" for n in range(1, 16)])


def test_names_in_a_chain() -> None:
    """A chain may be so long and no longer."""
    load([f"c{n}: '!condition.c{n - 1}'" for n in range(1, 16)])
    with pytest.raises(BookError, match="expression-limit"):
        load([f"c{n}: '!condition.c{n - 1}'" for n in range(1, 17)])
