"""`nba simulate`: a file of customers through a book, for people or machines, and nothing kept."""

import hashlib
import json
from pathlib import Path

import pytest
from tests.cli.conftest import BOOK, Run

from nba import Engine

MORE = """\
budgets:
  calls: {count: 2, per: book, window: {calendar: day, timezone: book}}
"""


@pytest.fixture
def customers(folder: Path) -> Path:
    """A folder with a book of which two calls a day can be made, and five customers."""
    book = BOOK.replace("    value: 10\n", "    value: 10\n    takes: [calls]\n")
    Path("rules/book.yaml").write_text(book + MORE, encoding="utf-8")
    lines = [
        {
            "id": f"c-{hour}",
            "now": f"2026-03-0{2 + hour // 4}T1{hour}:00:00Z",
            "customer": {"name": "Ann", "tier": "bronze"},
            "interaction": {"channel": "phone", "intent": "billing"},
        }
        for hour in (3, 1, 2, 0, 4)
    ]
    Path("cases.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return folder


def test_people_read_what_it_does_and_takes(nba: Run, customers: Path):
    """Answers, reasons, the funnel and the budgets, in the order of time."""
    ran = nba("simulate", "rules", "--cases", "cases.jsonl")
    assert (ran.code, ran.err) == (0, "")
    rows = {" ".join(line.split()) for line in ran.out.splitlines()}
    assert rows >= {
        "What rules does for a population",
        "call_back 3 60.0 %",
        "unaffordable 2 40.0 % a budget has not enough left",
        "unaffordable:calls 2",
        "call_back 0 2 3",
        "upgrade 5 0 0",
        "calls 2 times per book in a calendar day, by the book's clock 3 3 2 2026-03-02 12:00",
        "2026-03-02 2",
        "2026-03-03 1",
    }


def test_json_is_for_machines(nba: Run, customers: Path):
    """Who came first got it, though they stand further down in the file."""
    found = nba("simulate", "rules", "--cases", "cases.jsonl", "--json").json()
    assert found["actions"] == {"call_back": 3}
    assert found["budgets"][0]["days"] == {"2026-03-02": 2, "2026-03-03": 1}
    assert found["served"]["without_answer"] == 2


def test_markdown_has_tables(nba: Run, customers: Path):
    """For a page that others read."""
    ran = nba("simulate", "rules", "--cases", "cases.jsonl", "--markdown")
    assert "| call_back | 3 | 60.0 % |" in ran.out


def test_protected_fields_are_tried(nba: Run, customers: Path):
    """The bronze ones would be sold something, were they gold: no, they have no lifetime value."""
    args = ("--protected", "customer.tier,customer.consent.email", "--json")
    found = nba("simulate", "rules", "--cases", "cases.jsonl", *args).json()
    assert [(one["field"], one["cases"], one["otherwise"]) for one in found["equality"]] == [
        ("customer.tier", 5, 0),
        ("customer.consent.email", 5, 0),
    ]


def test_who_has_no_id_is_somebody(nba: Run, customers: Path):
    """A file of customers without ids is one of as many customers."""
    Path("cases.csv").write_text("customer.tier\nbronze\ngold\n", encoding="utf-8")
    found = nba("simulate", "rules", "--cases", "cases.csv", "--json").json()
    assert (found["cases"], found["customers"]) == (2, 2)


def test_a_store_is_only_read(nba: Run, customers: Path):
    """What it remembers counts: one call was made that day already."""
    with Engine.open("rules", store="sqlite:///nba.db") as engine:
        case = json.loads(Path("cases.jsonl").read_text().splitlines()[3])
        assert next(engine.decide_many([{**case, "id": "other"}])).action == "call_back"
    before = hashlib.sha256(Path("nba.db").read_bytes()).hexdigest()
    files = sorted(path.name for path in customers.iterdir())
    args = ("--cases", "cases.jsonl", "--store", "sqlite:///nba.db", "--json")
    found = nba("simulate", "rules", *args).json()
    assert found["budgets"][0]["days"] == {"2026-03-02": 1, "2026-03-03": 1}
    assert hashlib.sha256(Path("nba.db").read_bytes()).hexdigest() == before
    assert sorted(path.name for path in customers.iterdir()) == files


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "error: there is nothing to decide\n  help: name the cases: --cases FILE\n"),
        (("--cases", "no.csv"), "no.csv: error: it cannot be read"),
        (("--cases", "cases.jsonl", "--under", "much"), "a number is expected, not `much`"),
        (
            ("--cases", "cases.jsonl", "--protected", "customer.teir"),
            "did you mean `customer.tier`?",
        ),
        (("--cases", "cases.jsonl", "--store", "sqlite:///no.db"), "no store is there yet"),
        (("--cases", "cases.jsonl", "--store", "nba.db"), "that is not the URL of a store"),
        (("--cases", "-", "--events", "-"), "standard input can be read once"),
    ],
)
def test_wrong_usage_says_what_to_do(
    nba: Run, customers: Path, args: tuple[str, ...], message: str
):
    """And makes no file."""
    ran = nba("simulate", "rules", *args)
    assert ran.code == 2
    assert message in ran.err
    assert not Path("no.db").exists()
