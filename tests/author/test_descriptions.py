"""What `nba show` says: whatever decides on an action stands on its description, with its place."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.book import strategies
from tests.cli.conftest import BOOK

from nba.author.description import Description
from nba.author.overview import overview
from nba.author.part_descriptions import descriptions, ids
from nba.author.uses import uses
from nba.book.build import load
from nba.book.model import Book
from nba.decide.case import Case
from nba.engine import Engine

ROOT = Path(__file__).parents[2]
BOOKS = (ROOT / "rules", ROOT / "examples/telco/rules", ROOT / "src/nba/cli/start")
NAMING = ("blocked", "limited", "suppressed")


@pytest.fixture(scope="module", params=BOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def engine(request) -> Engine:
    """An engine for each of the books that ship."""
    return Engine.open(request.param)


def lines(description: Description, heading: str = "") -> list[str]:
    """Return the sentences of a description, all or those under headings that begin so."""
    sections = [each for each in description.sections if each.heading.startswith(heading)]
    return [line.says for section in sections for line in section.lines]


def the(book: Book, name: str) -> Description:
    """Return the only description of that name."""
    (description,) = descriptions(book, name)
    return description


def check_all(book: Book) -> None:
    """Every thing in a book has a description, with sentences, and places that exist."""
    for name, parts in ids(book).items():
        found = descriptions(book, name)
        assert [(description.kind, description.id) for description in found] == [
            (kind, name) for kind, _ in parts
        ]
        for description in found:
            assert all(section.lines for section in description.sections)
            assert all(line.says and "None" not in line.says for line in lines_of(description))


def lines_of(description: Description) -> list:
    """Return the lines of a description, with their places."""
    return [line for section in description.sections for line in section.lines]


def test_everything_has_a_description(engine: Engine):
    """Also what no action is, and the book itself."""
    check_all(engine.book)
    listed = lines(overview(engine.book))
    for section in ("actions", "policies", "moments", "limits", "budgets", "channels", "signals"):
        for name in getattr(engine.book, section):
            assert any(line.strip().startswith(f"`{name}`") for line in listed), name


def test_places_are_those_of_the_rules(engine: Engine):
    """At the line of a rule stands the rule: its id, or what is said of it."""
    for name in engine.book.actions:
        description = the(engine.book, name)
        text = Path(description.where.file).read_text(encoding="utf-8").splitlines()
        assert f"{name}:" in text[description.where.line - 1]
        for line in lines_of(description):
            if line.says.startswith("`no_selling"):
                rule = line.says.split("`")[1]
                there = Path(line.where.file).read_text(encoding="utf-8").splitlines()
                assert rule in there[line.where.line - 1]


def test_what_stops_an_action_stands_on_its_description(engine: Engine):
    """Every rule that dropped an action in a test of the book is named there."""
    named = 0
    for test in engine.book.tests:
        decision = engine.decide_case(Case.from_dict(test.case))
        for action, code in decision.codes().items():
            kind, _, rule = code.removesuffix(":unknown").partition(":")
            if kind in NAMING:
                said = lines(the(engine.book, action))
                assert any(line.startswith(f"`{rule}`") for line in said), (action, code)
                named += 1
    assert named or not engine.book.policies


@given(st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_random_books_have_descriptions(rng: random.Random):
    """Whatever a valid book holds can be told of."""
    book = strategies.built(strategies.document(rng)).book
    check_all(book)
    for section in overview(book).sections:
        assert all(line.says for line in section.lines)


def test_inherited_conditions_say_where_they_come_from():
    """An action has the conditions of its issue and of its group too."""
    book = load(ROOT / "rules").book
    said = lines(the(book, "upgrade_fibre"), "may we?")
    assert said[0] == "customer consent marketing is true (as for the issue `sales`)"
    assert "their technology is dsl" in said


def test_a_selector_that_covers_a_part_says_which():
    """A rule on e-mails that go out is none on the whole action."""
    book = load(ROOT / "rules").book
    said = lines(the(book, "upgrade_fibre"), "limited by")
    assert any(line.startswith("`one_email_a_day` (on email, outbound): ") for line in said)
    assert not lines(the(book, "call_back_with_named_agent"), "limited by")
    assert "`one_email_a_day` (on email, outbound)" not in str(lines(the(book, "take_ownership")))


def test_who_uses_what_is_found_in_every_section():
    """Conditions, scorecards, signals, tiers, scoring, treatments and wordings."""
    book = load(ROOT / "rules").book
    readers = {use.by for use in uses(book, "interaction.intent")}
    assert {
        "condition `at_home_with_a_fault`",
        "scorecard `leaving`",
        "group `retention/conversation`",
        "action `upgrade_fibre`",
        "scoring",
        "tier `answer what they came for`",
    } <= readers
    assert {use.by for use in uses(book, "customer.first_name")} >= {
        "action `call_back_with_named_agent`"
    }
    assert not uses(book, "customer.tie")  # a part of a name is no name


def test_a_table_is_shown_by_its_rows(tmp_path: Path):
    """Each with its place; and an action that a row names has the row on its description."""
    table = """
tables:
  what: {inputs: {Tier: customer.tier}, outputs: {Do: action}, rows: [{Tier: gold, Do: upgrade}]}
"""
    chosen = "    kind: offer\n    chosen_by: what\n"
    book = BOOK.replace("    kind: offer\n", chosen) + table
    (tmp_path / "book.yaml").write_text(book, encoding="utf-8")
    found = load(tmp_path).book
    description = the(found, "what")
    assert lines(description, "rows") == ["Tier gold gives Do upgrade"]
    assert lines(description, "used by") == ["action `upgrade`"]
    rows = lines(the(found, "upgrade"), "rows of tables")
    assert rows == ["`what`, row 1: Tier gold gives Do upgrade"]


def test_a_thing_is_found_as_conditions_and_codes_write_it():
    """`moment.x` as in a condition, `blocked:x` as in a decision."""
    book = load(ROOT / "rules").book
    for name in ("upset", "condition.upset"):
        assert (the(book, name).kind, the(book, name).id) == ("condition", "upset")
    blocked = the(book, "blocked:no_selling_when_upset")
    assert blocked == the(book, "no_selling_when_upset")
    assert lines(blocked, "used") == []
    assert the(book, "customer.tier").kind == "field"
    assert the(book, "contact").kind == "event type"
    for name in (
        "",
        ".",
        ":",
        "moment.upset",
        "moment.",
        "limited:no_selling_when_upset",
        "chosen:upset",
        "blocked:",
        "nothing",
    ):
        assert descriptions(book, name) == []


def written(tmp_path: Path, text: str) -> Book:
    """Return the book that a text says."""
    (tmp_path / "book.yaml").write_text(text, encoding="utf-8")
    return load(tmp_path).book


def test_a_decision_point_on_a_channel_shows_what_has_it(tmp_path: Path):
    """Whatever signs there are in a title."""
    text = BOOK.replace("title: Something bigger", "title: Something (much) bigger")
    shown = lines(the(written(tmp_path, text), "web_home"), "actions")
    assert shown == ["`upgrade`: Something (much) bigger"]


def test_the_bounds_of_a_scorecard_are_said_where_they_are_zero(tmp_path: Path):
    """Nothing is a number, too."""
    card = "{min: 0, max: 10, points: [{when: customer.tier == 'gold', add: 20}]}"
    book = written(tmp_path, f"{BOOK}\nscorecards: {{worth: {card}}}\n")
    assert lines(the(book, "worth"), "points")[-2:] == ["never below 0", "never above 10"]
