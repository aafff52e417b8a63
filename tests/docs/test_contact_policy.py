"""The examples of docs/contact-policy.md are one book, and its tests pass."""

from pathlib import Path

import pytest
from tests.docs.test_docs import blocks

from nba.author.testing import run_test
from nba.book.build import Built, build
from nba.book.source import parse
from nba.engine import Engine

PAGE = Path(__file__).parents[2] / "docs" / "contact-policy.md"


def built() -> Built:
    """Return the book of the page: every block of YAML is a file of it."""
    files = [
        block for block in blocks(PAGE.read_text(encoding="utf-8")) if block.language == "yaml"
    ]
    return build([parse(block.text, f"{PAGE.name}:{block.line}") for block in files])


def test_the_book_of_the_page_loads():
    """With nothing that is doubted."""
    assert built().warnings == []


@pytest.mark.parametrize("test", built().book.tests, ids=lambda test: test.name)
def test_a_test_of_the_page_passes(test):
    """As the page says that it would."""
    assert run_test(Engine(built()), test).failures == ()
