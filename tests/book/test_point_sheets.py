"""Scorecards in CSV files."""

import json

import pytest

from nba.book.build import Built, build
from nba.book.dump import to_document
from nba.book.folder import read_files
from nba.book.source import parse
from nba.decide.derived import derived_fields
from nba.errors import BookError

BOOK = """\
format: 1
book: b
channels: {app: {}}
context:
  customer:
    tier: {enum: [bronze, silver, gold]}
    months: int
    spend: number
    vip: bool
    town: string
    since: timestamp
scorecards:
  risk:
    start: 10
    max: 100
    file: risk.csv
    inputs: {Tier: customer.tier, Months: customer.months, Vip: customer.vip}
"""
SHEET = """\
Input;Band;Points;# why
Tier;gold, silver;5;good customers
Months;0..5;1.5;
Tier;not gold, silver;-3;
Months;6..;20;
Vip;true;0.5;
"""


def loaded(sheet: str, book: str = BOOK) -> Built:
    """Build a book with a scorecard in a file."""
    return build(read_files({"rules/b.yaml": book, "rules/risk.csv": sheet}))


def found(sheet: str, book: str = BOOK) -> list[str]:
    """Return what is found in it, with its line."""
    try:
        diagnostics = loaded(sheet, book).warnings
    except BookError as error:
        diagnostics = list(error.diagnostics)
    lines = [one.where.line if one.where else 0 for one in diagnostics]
    return [f"{line}: {one.message}" for line, one in zip(lines, diagnostics, strict=True)]


@pytest.mark.parametrize(
    ("customer", "points"),
    [
        ({"tier": "gold", "months": 7, "vip": True}, 35.5),
        ({"tier": "bronze", "months": 5, "vip": False}, 8.5),
        ({"months": 6}, 30.0),
        ({}, 10.0),
    ],
)
def test_points_count_where_a_band_holds(customer, points):
    """What is unknown gives no points, whatever else a line says."""
    book = loaded(SHEET).book
    fields = {f"customer.{name}": value for name, value in customer.items()}
    assert derived_fields(book, fields)["scorecard.risk"] == points


def test_the_canonical_document_holds_the_points():
    """The same in YAML is the same book; what is for people, and where, makes no difference."""
    built = loaded(SHEET)
    assert built.warnings == []
    document = to_document(built.book)
    assert "file" not in document["scorecards"]["risk"]
    again = build([parse(json.dumps(document), "x.yaml")]).book
    assert again == built.book
    assert again.version == built.book.version
    spaced = SHEET.replace("good customers", "").replace(";5;", "; 5 ;").replace("\n", "\r\n\r\n")
    assert loaded(spaced).book.version == built.book.version
    assert loaded(SHEET.replace(";5;", ";6;")).book.version != built.book.version


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("6..;", "5..;", "5: the bands `0..5` (line 3) and `5..` of `Months` overlap"),
        ("6..;", "8..;", "5: no band of `Months` holds `6..7`, so it gives no points"),
        ("not gold, silver", "gold, bronze", "4: `gold` of `Tier` is on line 2 too"),
        ("not gold, silver", "not gold, silver, bronze", "4: nothing is left for this band"),
        ("Tier;not gold, silver;-3;\n", "", "2: no band of `Tier` holds `bronze`"),
        ("Tier;not", "Tir;not", "4: there is no input `Tir`"),
        ("Tier;not", ";not", "4: the line has no input"),
        ("Vip;true;0.5;\n", "", "17: no line of `risk.csv` gives points for `Vip`"),
        ("0..5", "", "3: a band says which values it is for"),
        ("1.5", "1,5", "3: `1,5` is not a number - in the column `Points`"),
        ("Vip;true", "Vip;not true", "6: `not` is for words that are listed in the context"),
        ("Points", "Score", "1: the file has no column `Points`"),
        ("Points", "Score", "1: the scorecard has no column `Score`"),
        ("1.5", "", "3: a number is missing - in the column `Points`"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(old, new, message):
    """Overlaps, gaps, and slips."""
    texts = found(SHEET.replace(old, new, 1))
    assert any(text.startswith(message) for text in texts), texts


@pytest.mark.parametrize(
    ("old", "new", "errors"),
    [
        ("Points", "Score", 2),
        ("Vip;true", "Vip;yes", 1),
        ("Tier;not gold", "Tier;not gild", 1),
        ("0..5", "0.,5", 1),
        (SHEET.partition("\n")[2], "", 1),
    ],
)
def test_what_only_follows_from_a_mistake_is_not_told(old, new, errors):
    """What no line seems to hold may stand in the one that cannot be read."""
    assert len(found(SHEET.replace(old, new, 1))) == errors


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    file: risk.csv\n", "", "13: a scorecard has `points`, or a `file` that holds them"),
        (
            "    file: risk.csv",
            "    file: risk.csv\n    points: []",
            "13: a scorecard has `points`",
        ),
        ("    file: risk.csv", "    points: []", "17: `inputs` goes with `file`"),
        ("risk.csv", "../risk.csv", "16: `../risk.csv` is not a CSV file beside this file"),
        ("customer.vip}", "customer.since}", "17: this is a timestamp, not"),
    ],
)
def test_what_is_wrong_in_the_rule_file(old, new, message):
    """Points stand in one place."""
    texts = found(SHEET, BOOK.replace(old, new, 1))
    assert any(text.startswith(message) for text in texts), texts
