"""Decision tables: what rows give, what is chosen by them, and mistakes with their places."""

import json
from typing import Any

import pytest
from hypothesis import given
from tests.decide.strategies import CONTEXT
from tests.decide.tables import tables as random_tables

from nba.book.build import Built, build
from nba.book.dump import to_document
from nba.book.folder import read_files
from nba.book.source import parse
from nba.decide.derived import derived_fields, rows_hit
from nba.errors import BookError

BOOK = """\
format: 1
book: b
timezone: Europe/Dublin
channels: {email: {}}
context:
  customer:
    tier: {enum: [bronze, silver, gold]}
    months: int
    vip: bool
    tags: list(string)
issues: {i: {}}
groups: {i/g: {}}
actions:
  call: {title: Call, group: i/g, kind: offer, channels: [email], chosen_by: next_step}
  mail: {title: Mail, group: i/g, kind: offer, channels: [email], chosen_by: next_step}
"""
TABLE = """\
tables:
  next_step:
    title: Next step
    file: next.csv
    no_row: allowed
    inputs: {Tier: customer.tier, Months: customer.months}
    outputs:
      {Action: action, Amount: number, Words: string, Urgent: bool, Level: {enum: [low, high]}}
"""
SHEET = """\
Tier;Months;Action;Amount;Words;Urgent;Level
gold;>= 6;call;10;"a, b";TRUE;high
gold, silver;-;mail;2.5;;;low
-;0;none;;-;false;-
"""


def loaded(sheet: str = SHEET, table: str = TABLE, book: str = BOOK, **more: str) -> Built:
    """Build a book with a table in a file."""
    files = {"rules/book.yaml": book, "rules/t.yaml": table, "rules/next.csv": sheet}
    return build(read_files(files | {f"rules/{name}.yaml": text for name, text in more.items()}))


def found(sheet: str = SHEET, table: str = TABLE, book: str = BOOK, **more: str) -> list[str]:
    """Return what is found in a book, without help."""
    try:
        diagnostics = loaded(sheet, table, book, **more).warnings
    except BookError as error:
        diagnostics = list(error.diagnostics)
    return [f"{one.where}: {one.message}".removeprefix("rules/") for one in diagnostics]


NOTHING = {"Action": "none"}


@pytest.mark.parametrize(
    ("customer", "rows", "given"),
    [
        (
            {"tier": "gold", "months": 6},
            (1,),
            {"Action": "call", "Amount": 10.0, "Words": "a, b", "Urgent": True, "Level": "high"},
        ),
        ({"tier": "gold"}, (2,), {"Action": "mail", "Amount": 2.5, "Level": "low"}),
        ({"months": 0}, (3,), {"Action": "none", "Urgent": False}),
        ({"tier": "bronze", "months": 3}, (), NOTHING),
        ({}, (), NOTHING),
    ],
)
def test_the_first_row_that_holds_is_hit(customer, rows, given):
    """Unknown holds only where a cell takes anything; what a row leaves empty is unknown."""
    book = loaded().book
    fields = derived_fields(book, {f"customer.{name}": v for name, v in customer.items()})
    assert rows_hit(book.tables["next_step"], fields) == rows
    assert {p.rpartition(".")[2]: v for p, v in fields.items() if p.startswith("table.")} == given


def test_collecting_gives_lists():
    """In the order of rows, without what they leave empty."""
    table = TABLE.replace("    file", "    hit: collect\n    file")
    book = loaded(table=table).book
    fields = derived_fields(book, {"customer.tier": "gold", "customer.months": 6})
    assert fields["table.next_step.Amount"] == [10.0, 2.5]
    assert fields["table.next_step.Words"] == ["a, b"]
    assert derived_fields(book, {})["table.next_step.Amount"] == []
    (condition,) = book.actions["mail"].gates.applicable
    assert condition.text == "'mail' in table.next_step.Action"


def test_the_canonical_document_holds_the_rows():
    """Loading it gives the same book; the file, remarks and spaces make no difference."""
    built = loaded()
    assert built.warnings == []
    again = build([parse(json.dumps(to_document(built.book)), "x.yaml")]).book
    assert again == built.book
    version = built.book.version
    assert again.version == version

    lines = [line.split(";") for line in SHEET.splitlines()]
    turned = "\r\n\r\n".join(
        "\t".join(f'"{cell.strip(chr(34))}"' for cell in reversed(line)) for line in lines
    )
    assert loaded("\ufeff" + turned).book.version == version
    assert loaded(SHEET.replace(">= 6", "6..")).book.version == version
    assert loaded(SHEET.replace("gold, silver", "silver,gold")).book.version == version
    assert loaded(SHEET.replace(";10;", ";11;")).book.version != version

    first, second, third = SHEET.splitlines()[1:]
    swapped = "\n".join([SHEET.splitlines()[0], second, third, first])
    assert loaded(swapped).book.version != version


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("gold;>=", "gild;>=", "next.csv:2:1: `gild` is not one of its values - in the column"),
        (">= 6", "6..3", "next.csv:2:6: nothing is in `6..3` - in the column `Months`"),
        ("call;10", "cal;10", "next.csv:2:11: there is no action `cal` - in the column `Action`"),
        (";10;", ";ten;", "next.csv:2:16: `ten` is not a number - in the column `Amount`"),
        ("TRUE", "yes", "next.csv:2:26: `yes` is not `true` or `false` - in the column `Urgent`"),
        (";high", ";higher", "next.csv:2:31: `higher` is not one of its values"),
        ("Tier;Months", "Tier;Month", "next.csv:1:6: the table has no column `Month`"),
        ("Tier;Months", "Tier;Month", "next.csv:1:1: the file has no column `Months`"),
        (SHEET.partition("\n")[2], "", "next.csv:1:1: the file has no rows below its header"),
        ("gold, silver", '"gold\nsilver"', "next.csv:3:1: `gold silver` is not one of its values"),
    ],
)
def test_mistakes_in_a_sheet(old, new, message):
    """Each with its line and column."""
    texts = found(SHEET.replace(old, new, 1))
    assert any(text.startswith(message) for text in texts), texts


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("next.csv", "none.csv", "t.yaml:4:11: there is no file `rules/none.csv`"),
        ("next.csv", "/next.csv", "t.yaml:4:11: `/next.csv` is not a CSV file beside this file"),
        ("    file: next.csv\n", "", "t.yaml:2:3: a table needs rows"),
        ("next.csv", "next.csv\n    rows: []", "t.yaml:4:5: `rows` and `file` exclude each other"),
        ("action,", "action, Other: action,", "`Action` and `Other` are both actions"),
        ("Amount: number", "Amount: money", "t.yaml:8:32: `money` is no kind of output"),
        ("Amount: number", '"An amount": number', "`An amount` cannot be the name of an output"),
        ("Amount: number", "Tier: number", "`Tier` is an input and an output"),
        ("[low, high]", "[low, low]", "a value of `Level` is listed twice"),
        ("customer.months", "customer.tags", "t.yaml:6:43: this is a list(string)"),
        ("customer.months", "customer.moths", "t.yaml:6:43: `customer.moths` is not declared"),
        ("inputs: {Tier: customer.tier, Months: customer.months}", "inputs: {}", "needs an input"),
        ("customer.months", "table.next_step.Amount", "`table.next_step` needs `table.next_step`"),
        ("title: Next step", "hit: last", "`hit` cannot be `last`"),
    ],
)
def test_mistakes_in_a_table(old, new, message):
    """What it asks about, what it gives, and where its rows are."""
    texts = found(table=TABLE.replace(old, new, 1))
    assert any(message in text for text in texts), texts


ROWS = """\
tables:
  next_step:
    inputs: {Tier: customer.tier, Vip: customer.vip}
    outputs: {Action: action, Amount: number}
    rows:
      - {Tier: [gold, silver], Vip: true, Action: call, Amount: 1}
      - {Tier: not gold, Vip: "-", Action: mail}
      - {}
"""


def test_rows_in_a_rule_file():
    """Cells may be what YAML makes of them: numbers, true and false, lists."""
    assert found(table=ROWS) == []
    table = loaded(table=ROWS).book.tables["next_step"]
    first, second, third = table.rows
    assert [cell and cell.text for cell in first.cells] == ["gold, silver", "true"]
    assert [cell and cell.text for cell in second.cells] == ["not gold", None]
    assert (third.cells, third.gives) == ((None, None), (None, None))
    assert str(second.place) == "rules/t.yaml:7:9"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Amount: 1", "Amont: 1", "t.yaml:6:57: the table has no column `Amont`"),
        ("Vip: true", "Vip: {a: b}", "a cell is text or a number"),
        ("Vip: true", "Vip: 3", "t.yaml:6:37: `3` is not `true` or `false`"),
    ],
)
def test_mistakes_in_rows(old, new, message):
    """At the cell."""
    texts = found(table=ROWS.replace(old, new, 1))
    assert any(message in text for text in texts), texts


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("chosen_by: next_step}\n  m", "chosen_by: next}\n  m", "there is no table `next`"),
        ("mail: {title", "post: {title", "there is no action `mail`"),
        (
            "[email], chosen_by: next_step}\n  m",
            "[email]}\n  m",
            "`call` does not say `chosen_by: next_step`",
        ),
        ("tags: list", "x: bool\n    tags: list", ""),
    ],
)
def test_choosing(old, new, message):
    """A row names an action, and the action says that it is chosen by the table."""
    texts = found(book=BOOK.replace(old, new, 1))
    assert any(message in text for text in texts) if message else texts == []


def test_an_action_that_no_row_names():
    """It can never fit, and still it is not let through."""
    sheet = SHEET.replace("call", "mail")
    assert "no row of `next_step` names `call`, so it never fits" in found(sheet)[0]
    assert loaded(sheet).book.actions["call"].gates.applicable


@pytest.mark.parametrize(("old", "new"), [("mail;", "mial;"), ("Tier;Months", "Tier;Month")])
def test_what_only_follows_from_a_mistake_is_not_told(old, new):
    """The row that names an action may be the one that cannot be read."""
    assert not any("never fits" in text for text in found(SHEET.replace(old, new, 1)))


def test_a_table_without_an_action_chooses_none():
    """`chosen_by` needs a column of actions."""
    table = TABLE.replace("Action: action", "Action: string")
    assert any("the table `next_step` chooses no action" in text for text in found(table=table))


def test_tables_are_bounded(monkeypatch):
    """What is too large for a table is said so."""
    monkeypatch.setattr("nba.book.tables.MAX_ROWS", 2)
    monkeypatch.setattr("nba.book.tables.MAX_COLUMNS", 6)
    texts = found()
    assert "t.yaml:2:3: a table has up to 6 columns, not 7" in texts
    assert "next.csv:4:1: a table has up to 2 rows, not 3" in texts
    monkeypatch.setattr("nba.book.tables.MAX_VALUES", 3)
    assert "next.csv:3:1: the cells of the book's tables name more than 3 values" in found()


@given(random_tables(["call", "mail"]))
def test_any_table_is_dumped_and_loaded(tables: dict[str, Any]) -> None:
    """With quotes, lists, ranges, days and lengths in it, the book stays the same."""
    document = parse(BOOK.replace(", chosen_by: next_step", ""), "b").data
    assert isinstance(document, dict)
    document |= {"context": CONTEXT, "tables": tables}
    document["channels"] = {name: {} for name in ("email", "app")}
    document["conditions"] = {"c0": "customer.vip"}
    document["scorecards"] = {"s0": {"points": [{"when": "customer.vip", "add": 5}]}}
    book = build([parse(json.dumps(document), "b.yaml")]).book
    again = build([parse(json.dumps(to_document(book)), "x.yaml")]).book
    assert again == book
    assert again.version == book.version
