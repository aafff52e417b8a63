"""What is said of tables is true, and all that is true is said: compared with going through all."""

import itertools
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba import windows
from nba.book import grid
from nba.book.build import build
from nba.book.folder import read_files
from nba.book.model import Table
from nba.book.source import parse
from nba.errors import BookError, Diagnostic
from nba.lang.values import Timestamp

CONTEXT = {
    "tier": {"enum": ["bronze", "silver", "gold"]},
    "vip": "bool",
    "late": {"type": "bool", "default": False},
    "visits": {"type": "int", "min": 0, "max": 9},
    "risk": {"type": "number", "min": 0, "max": 1},
    "spend": "number",
    "name": "string",
    "since": "timestamp",
}
PATHS = {name.title(): f"customer.{name}" for name in CONTEXT}
CELLS = {
    "Tier": ["-", "gold", "gold, silver", "not gold", "not gold, silver, bronze", "bronze"],
    "Vip": ["-", "true", "false", "not true", "true, false"],
    "Late": ["-", "true", "false"],
    "Visits": ["-", "0", ">= 2", "< 2", "1..3", "(1..9]", "> 9", "not 4", "0, 2.5, 4.."],
    "Risk": ["-", "<= 0.5", "> 0.5", "[0.5..1)", "1", "> 1", "not 0.5..1", "0, 0.25"],
    "Spend": ["-", "< 0", ">= 0", "(0..10)", "10", "not 10", "..0, 10.."],
    "Name": ["-", "ann", "bob, ann", "not ann", "not bob"],
    "Since": ["-", "2026-01-01", "< 2026-01-02", ">= 2026-01-02", "> 2026-01-01"],
}
HOUR = 3600 * 10**9
NEW_YEAR = 1767225600 * 10**9  # 2026-01-01T00:00:00Z
#: Of every input, values of every sort that the cells above tell apart.
VALUES: dict[str, list[Any]] = {
    "Tier": ["bronze", "silver", "gold", None],
    "Vip": [True, False, None],
    "Late": [True, False, None],
    "Visits": [*range(10), None],
    "Risk": [0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 1.0, None],
    "Spend": [-5.0, 0.0, 3.0, 10.0, 11.0, None],
    "Name": ["ann", "bob", "cid", None],
    "Since": [*(Timestamp(NEW_YEAR + hours * HOUR) for hours in (-1, 0, 5, 24, 50)), None],
}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a table over some of the inputs."""
    names = draw(st.lists(st.sampled_from(sorted(PATHS)), min_size=1, max_size=3, unique=True))
    rows = st.fixed_dictionaries(
        {"N": st.integers(0, 3)}, optional={name: st.sampled_from(CELLS[name]) for name in names}
    )
    return {
        "hit": draw(st.sampled_from(["first", "first", "collect", "unique"])),
        "no_row": draw(st.sampled_from(["warning", "error", "allowed"])),
        "inputs": {name: PATHS[name] for name in names},
        "outputs": {"N": "number"},
        "rows": draw(st.lists(rows, min_size=1, max_size=6)),
    }


def checked(table: dict[str, Any], **context: Any) -> tuple[Table, list[Diagnostic]]:
    """Return a table as it is built, and what is found in it, errors included."""
    document = {
        "format": 1,
        "book": "b",
        "context": {"customer": {**CONTEXT, **context}},
        "tables": {"t": table},
    }
    try:
        found = build([parse(json.dumps(document), "b.yaml")]).warnings
    except BookError as error:
        found = list(error.diagnostics)
    freely = {**table, "hit": "collect", "no_row": "allowed"}  # so that it can be built
    document["tables"] = {"t": freely}
    return build([parse(json.dumps(document), "b.yaml")]).book.tables["t"], found


def numbers(text: str) -> list[int]:
    """Return the rows that a message names with their lines."""
    return [int(number) for number in re.findall(r"(\d+) \(line \d+\)", text)]


def example(text: str, table: Table) -> list[Any]:
    """Return the inputs that a message gives as an example; what it leaves out makes no odds."""
    named = dict(re.findall(r"(\w+) `([^`]*)`", text.partition(" for ")[2]))
    found: list[Any] = []
    for column in table.inputs:
        written = named.get(column.name)
        if written is None or written == "unknown":
            found.append(None)
        elif column.name in ("Vip", "Late"):
            found.append(written == "true")
        elif column.name in ("Visits", "Risk", "Spend"):
            found.append(float(written))
        elif column.name == "Since":
            instants = [value for value in VALUES["Since"] if value is not None]
            near = [value for value in instants if str(value) == written]
            found.append(near[0] if near else Timestamp(windows.parse_instant(written)))
        else:
            found.append(written)
    return found


@given(tables())
def test_what_is_said_is_true_and_all_of_it(document: dict[str, Any]) -> None:
    """Over the product of the inputs, each with a value of every sort and unknown."""
    table, found = checked(document)
    every = list(itertools.product(*(VALUES[column.name] for column in table.inputs)))
    holding = [{n for n, row in enumerate(table.rows, 1) if row.holds(values)} for values in every]
    by_code: dict[str, list[Diagnostic]] = {}
    for one in found:
        by_code.setdefault(one.code, []).append(one)
    assert by_code.keys() <= {"unreachable-row", "overlapping-rows", "uncovered-inputs"}

    hit = [set(sorted(rows)[:1]) if document["hit"] == "first" else rows for rows in holding]
    reached = set().union(*hit)
    unreached = set(range(1, len(table.rows) + 1)) - reached
    said = {}
    for one in by_code.get("unreachable-row", ()):
        match = re.match(r"row (\d+) is never hit: (.*)", one.message)
        assert match
        said[int(match[1])] = numbers(match[2]) if "more" not in match[2] else []
    assert said.keys() == unreached
    for row, hiding in said.items():
        for rows in holding if hiding else ():
            assert row not in rows or rows & set(hiding)

    overlaps = {max(pair) for rows in holding for pair in itertools.combinations(rows, 2)}
    unique = document["hit"] == "unique"
    named = [numbers(one.message) for one in by_code.get("overlapping-rows", ())]
    assert {later for _, later in named} == (overlaps if unique else set())
    for one, (first, second) in zip(by_code.get("overlapping-rows", ()), named, strict=True):
        values = example(one.message, table)
        assert table.rows[first - 1].holds(values)
        assert table.rows[second - 1].holds(values)

    late = [place for place, column in enumerate(table.inputs) if column.name == "Late"]
    uncovered = any(
        not rows
        for values, rows in zip(every, holding, strict=True)
        if not any(values[place] is None for place in late)  # it has a default
    )
    doubts = by_code.get("uncovered-inputs", [])
    assert bool(doubts) is (uncovered and document["no_row"] != "allowed")
    for one in doubts:
        assert one.severity == document["no_row"]
        values = example(one.message, table)
        assert not any(row.holds(values) for row in table.rows)


def said(rows: str, inputs: str = "{Risk: customer.risk}", more: str = "") -> list[str]:
    """Return what is found in a table, in a book with more in it."""
    table = f"tables: {{t: {{inputs: {inputs}, outputs: {{N: number}}, rows: {rows}}}}}"
    context = json.dumps({"customer": CONTEXT})
    text = f"format: 1\nbook: b\ncontext: {context}\n{more}\n{table}\n"
    try:
        return [found.message for found in build([parse(text, "b.yaml")]).warnings]
    except BookError as error:
        return [found.message for found in error.diagnostics]


MORE = """\
reach: 90d
events: {call: {x: number}}
signals:
  calls: {count: call, within: 7d}
  same: {count: call, where: event.x == customer.spend, within: 7d}
  longest: {max: event.x, of: call, within: 7d}
conditions:
  rich: customer.spend > 100.0
  known_rich: has(customer.spend) && customer.spend > 100.0
  high: scorecard.points > 3
scorecards:
  points: {start: 1, max: 5, min: 0, points: [{when: condition.rich, add: 3}]}
"""


@pytest.mark.parametrize(
    ("path", "rows", "message"),
    [
        ("signal.calls", "[{C: '0'}, {C: '>= 1'}]", ""),
        ("signal.calls", "[{C: '< 0'}, {C: '>= 0'}]", "row 1 is never hit: `C` is at least 0"),
        ("signal.same", "[{C: '0'}, {C: '>= 1'}]", "holds for C `unknown`"),
        ("signal.longest", "[{C: '<= 0'}, {C: '> 0'}]", "holds for C `unknown`"),
        ("condition.rich", "[{C: true}, {C: false}]", "holds for C `unknown`"),
        ("condition.known_rich", "[{C: true}, {C: false}]", ""),
        ("condition.high", "[{C: true}, {C: false}]", ""),
        ("scorecard.points", "[{C: 0..3}, {C: '(3..5]'}]", ""),
        ("scorecard.points", "[{C: 0..5}, {N: 1}]", "row 2 is never hit: row 1"),
        ("customer.late", "[{C: true}, {C: false}, {N: 1}]", ""),  # bad data is unknown
        ("has(customer.spend)", "[{C: true}, {C: false}, {N: 1}]", "row 3 is never hit: rows 1"),
        ("interaction.present", "[{C: true}, {C: false}]", ""),
        ("size(customer.name)", "[{C: '< 0'}, {N: 1}]", "row 1 is never hit: `C` is at least 0"),
        ("customer.spend * 2", "[{C: '< 0'}, {C: '>= 0'}]", "holds for C `unknown`"),
        ("default(customer.spend, 1.0)", "[{C: '< 0'}, {C: '>= 0'}]", ""),
    ],
)
def test_what_an_input_can_be(path, rows, message):
    """Counts are no less than 0; what is unknown of a stranger can be unknown."""
    found = said(rows, f"{{C: '{path}'}}", MORE)
    assert len(found) == bool(message)
    assert all(message in text for text in found)


def test_a_table_with_a_mistake_is_not_checked():
    """What only follows from another mistake is not said."""
    (found,) = said("[{Risk: '> x', N: 1}, {N: 2}, {N: 3}]")
    assert found == "`x` is not a number, or a range of numbers - in the column `Risk`"


def test_a_large_table_takes_little_time():
    """A thousand rows over three columns, all of which can be hit."""
    text = "Name;Spend;Visits;N\n" + "".join(
        f"n{n % 40};[{n}..{n + 1});{n % 10};1\n" for n in range(999)
    )
    book = {"context": {"customer": CONTEXT}, "format": 1, "book": "b"}
    inputs = {name: PATHS[name] for name in ("Name", "Spend", "Visits")}
    book["tables"] = {"t": {"file": "t.csv", "inputs": inputs, "outputs": {"N": "number"}}}
    found = build(read_files({"b.yaml": json.dumps(book), "t.csv": text})).warnings
    assert [one.code for one in found] == ["uncovered-inputs"]


def test_what_takes_too_long_is_not_decided(monkeypatch):
    """Rather than guessed, or waited for."""
    monkeypatch.setattr(grid, "MAX_STEPS", 0)
    inputs = "{Risk: customer.risk, Name: customer.name}"
    (found,) = said("[{Risk: '< 0.5', Name: ann}, {Risk: '> 0.7'}, {Name: bob}]", inputs)
    assert found.startswith("it is not decided whether every row of `t` can be hit")
