"""CSV as spreadsheets save it: marks, separators, quotes, places; and which files may be named."""

import csv
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.book.build import build
from nba.book.folder import digests_of, read_files, read_folder, unchanged
from nba.book.sheet import Sheet, beside, sheets_of
from nba.book.source import parse
from nba.errors import BookError


def rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a sheet in which nothing is wrong."""
    sheet = Sheet(text, "t.csv")
    assert sheet.diagnostics == []
    return [{name: entry.text for name, entry in line.entries.items()} for line in sheet.lines]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_spreadsheets_save(separator, end, mark):
    """The separator is that of the header, with or without a byte-order mark."""
    lines = ["Tier;Note", "gold;", ' silver ;"a;b ""c"""', ";", "", "bronze;x"]
    text = mark + end.join(lines).replace(";", separator) + end
    assert rows(text) == [
        {"Tier": "gold", "Note": ""},
        {"Tier": "silver", "Note": f'a{separator}b "c"'},
        {"Tier": "bronze", "Note": "x"},
    ]


def test_remarks_and_empty_columns_are_left_out():
    """A column whose name begins with `#` is for people."""
    assert rows("Tier;# why;Action;;\ngold;because;call;;\n") == [
        {"Tier": "gold", "Action": "call"}
    ]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_line_that_names_the_separator_is_for_spreadsheets(separator):
    """Some programs write it first, so that spreadsheets need not guess."""
    text = "sep=;\r\nTier;Action\r\ngold;call\r\n".replace(";", separator)
    assert rows(text) == [{"Tier": "gold", "Action": "call"}]


CELLS = st.text(st.sampled_from('ab ;,"\n\t'), max_size=6).map(str.strip)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6), st.sampled_from(";,\t"))
def test_the_same_as_the_csv_module(table: list[list[str]], separator: str) -> None:
    """What Python writes as CSV is read back, without empty lines."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([["one", "two", "three"], *table])
    found = [list(row.values()) for row in rows(out.getvalue())]
    assert found == [row for row in table if any(row)]


@given(st.text(st.sampled_from('ab;,"\n\r\t#\ufeff'), max_size=30))
def test_any_text_is_read(text: str) -> None:
    """Whatever a file holds, it is read or reported; every place is in the text."""
    sheet = Sheet(text, "t.csv")
    lines = len(text) + 1
    for line in sheet.lines:
        for entry in line.entries.values():
            assert 1 <= sheet.place(entry).line <= lines
    assert all(found.where is not None for found in sheet.diagnostics)


@pytest.mark.parametrize("text", [";" * 3_000, "a;b\n" + '"";' * 3_000])
def test_cells_are_counted_while_they_are_read(text: str, monkeypatch: pytest.MonkeyPatch):
    """A line alone may have millions: what is too much is not held in memory first."""
    monkeypatch.setattr("nba.book.sheet.MAX_CELLS", 1_000)
    sheet = Sheet(text, "t.csv")
    assert [found.code for found in sheet.diagnostics] == ["too-large"]
    tracemalloc.start()
    Sheet(text, "t.csv")
    least = tracemalloc.get_traced_memory()[1]
    Sheet(text * 10, "t.csv")
    assert tracemalloc.get_traced_memory()[1] < least + 20 * len(text)
    tracemalloc.stop()


def test_places():
    """An entry is where its text stands: in quotes from the quote on."""
    sheet = Sheet('Tier;Action\r\n  gold; "call"\r\n', "t.csv")
    tier, action = sheet.lines[0].entries.values()
    assert str(sheet.place(tier)) == "t.csv:2:3"
    assert (str(sheet.place(action)), sheet.place(action).width) == ("t.csv:2:9", 6)


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("a.csv", "rules/a.csv"),
        ("sub/a.CSV", "rules/sub/a.CSV"),
        ("../a.csv", None),
        ("sub/../../a.csv", None),
        ("/etc/a.csv", None),
        ("a.txt", None),
        ("C:a.csv", None),
        ("..\\a.csv", None),
    ],
)
def test_a_file_is_beside_or_below(name, whole):
    """No path leads out of the folder."""
    assert beside("rules/t.yaml", name) == whole


def test_only_what_is_named_is_read(tmp_path):
    """A folder may hold large CSV files of customers."""
    (tmp_path / "t.yaml").write_text("tables: {t: {file: a.csv}, u: {file: none.csv}}")
    (tmp_path / "a.csv").write_text("A\n1\n")
    (tmp_path / "cases.csv").write_bytes(b"\xff")
    assert [found.name for found in read_folder(tmp_path)] == [
        (tmp_path / "t.yaml").as_posix(),
        (tmp_path / "a.csv").as_posix(),
    ]


def test_whether_files_say_what_they_said(tmp_path):
    """Of every file that is part of the book, sheets too, and of no other."""
    rules, other = tmp_path / "t.yaml", tmp_path / "cases.csv"
    rules.write_text("tables: {t: {file: a.csv}}")
    (tmp_path / "a.csv").write_text("A\n1\n")
    other.write_text("A\n1\n")
    known = digests_of(read_folder(tmp_path))
    assert len(known) == 2
    other.write_bytes(b"\xff")
    rules.write_text("\ufefftables: {t: {file: a.csv}}")  # says no more
    assert unchanged(tmp_path, known)
    for file, text in (("a.csv", "A\n2\n"), ("t.yaml", "tables: {}"), ("new.yaml", "")):
        before = (tmp_path / file).read_bytes() if (tmp_path / file).exists() else None
        (tmp_path / file).write_text(text)
        assert not unchanged(tmp_path, known), file
        (tmp_path / file).unlink() if before is None else (tmp_path / file).write_bytes(before)
        assert unchanged(tmp_path, known), file
    (tmp_path / "a.csv").rename(tmp_path / "b.csv")
    assert not unchanged(tmp_path, known)
    (tmp_path / "a.csv").write_bytes(b"A\n1\n\xff")
    assert not unchanged(tmp_path, known)
    rules.unlink()
    assert not unchanged(tmp_path, known)
    assert not unchanged(tmp_path, {})


def test_a_sheet_that_cannot_be_read_is_reported(tmp_path):
    """As a rule file is: not UTF-8, or a link that leads out."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (tmp_path / "out.csv").write_text("A\n1\n")
    (rules / "t.yaml").write_text("tables: {t: {file: a.csv}, u: {file: b.csv}}")
    (rules / "a.csv").symlink_to(tmp_path / "out.csv")
    (rules / "b.csv").write_bytes(b"A\ncaf\xe9\n")
    with pytest.raises(BookError) as raised:
        read_folder(rules)
    first, second = (str(found).partition("rules/")[2] for found in raised.value.diagnostics)
    assert first.startswith("a.csv:1:1: the link leads out of the folder, and is not followed")
    assert second.startswith("b.csv:2:1: byte 0xe9 is not UTF-8. help: save it as UTF-8; ")
    assert second.endswith("a spreadsheet calls that `CSV UTF-8`")


def test_odd_data_names_no_sheets():
    """Before files are checked, anything may stand anywhere."""
    for text in ("[]", "tables: 3", "tables: {t: 3}", "tables: {t: {file: [a.csv]}}", "a: {"):
        assert sheets_of(parse(text, "t.yaml")) == []


BOOK = """\
format: 1
book: b
context: {customer: {tier: {enum: [gold, silver]}}}
tables:
  points:
    {file: points.csv, inputs: {Tier: customer.tier}, outputs: {Points: number}, no_row: allowed}
"""


def test_a_book_in_memory_holds_sheets():
    """Files may come from anywhere, not only from a folder."""
    files = {"rules/book.yaml": BOOK, "rules/points.csv": "Tier;Points\ngold;3\n"}
    (row,) = build(read_files(files)).book.tables["points"].rows
    assert (row.gives, str(row.place)) == ((3.0,), "rules/points.csv:2:1")
    with pytest.raises(BookError) as raised:
        build(read_files({"rules/book.yaml": BOOK}))
    assert [str(found) for found in raised.value.diagnostics] == [
        "rules/book.yaml:6:12: there is no file `rules/points.csv`. help: check its name"
    ]
