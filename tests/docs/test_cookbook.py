"""The recipes of docs/cookbook.md: each works with the page's book, and is what makes it work."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from tests.docs.test_docs import Block, blocks

from nba.author.lint import lint
from nba.author.lint.allowed import without_allowed
from nba.author.testing import run_test
from nba.book.build import build
from nba.book.source import parse
from nba.engine import Engine
from nba.errors import BookError

PAGE = Path(__file__).parents[2] / "docs" / "cookbook.md"
#: What a recipe may declare without it being a rule.
NO_RULES = {"tests", "context", "events"}


class Recipe(NamedTuple):
    """A rule under its heading."""

    name: str
    block: Block


def page() -> tuple[list[Recipe], Block]:
    """Return the recipes and the book that they stand on, which is the last block."""
    text = PAGE.read_text(encoding="utf-8")
    *found, book = [block for block in blocks(text) if block.language == "yaml"]
    lines = text.splitlines()
    recipes = []
    for block in found:
        above = [line for line in lines[: block.line] if line.startswith("### ")]
        recipes.append(Recipe(above[-1].removeprefix("### "), block))
    return recipes, book


RECIPES, BOOK = page()


def opened(text: str) -> Engine:
    """Return an engine for the book of the page with one more file."""
    base = parse(BOOK.text, f"{PAGE.name}:{BOOK.line}")
    built = build([base, parse(text, "recipe.yaml")])
    assert [found.render() for found in built.warnings if "recipe.yaml" in str(found.where)] == []
    return Engine(built)


def failures(engine: Engine) -> list[str]:
    """Return what the tests of a book find wrong."""
    assert engine.book.tests
    results = [run_test(engine, test) for test in engine.book.tests]
    return [f"{one.name}: {fault.message}" for one in results for fault in one.failures]


def test_there_are_twenty():
    """Each under a heading of its own."""
    headings = re.findall("^### (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [recipe.name for recipe in RECIPES] == headings
    assert len(set(headings)) == 20


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_recipe_works(recipe: Recipe):
    """Its tests pass, and nothing in it is doubted."""
    assert failures(opened(recipe.block.text)) == []


def test_all_recipes_make_one_book():
    """Whoever wants them all gets no errors, and no warnings of `nba check`."""
    texts = [*(recipe.block.text for recipe in RECIPES), BOOK.text]
    sources = [parse(text, f"{number}.yaml") for number, text in enumerate(texts)]
    built = build(sources)
    assert list(without_allowed([*built.warnings, *lint(built.book)], sources)) == []


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_without_the_rule_its_tests_fail(recipe: Recipe):
    """So that they show what the rule does."""
    content = yaml.safe_load(recipe.block.text)
    without = {key: value for key, value in content.items() if key in NO_RULES}
    assert content.keys() - without.keys()
    try:
        engine = opened(yaml.safe_dump(without, sort_keys=False))
    except BookError:  # they name what is not there without it
        return
    assert failures(engine) != []
