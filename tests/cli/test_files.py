"""Cases and events in files: JSON, JSON Lines and CSV say the same; what is wrong has a place."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.book.build import build
from nba.book.model import Book
from nba.book.source import parse
from nba.cli import files
from nba.cli.cases_file import CaseRead, read_cases
from nba.cli.cells import value
from nba.cli.events_file import EventRead, read_events
from nba.cli.output import CommandError
from nba.journey.events import Event
from nba.lang.types import BOOL, DOUBLE, INT, STRING, list_of

BOOK = """
format: 1
book: small
context:
  customer:
    tier: {enum: [bronze, gold]}
    value: number
    lines: int
    vip: bool
    since: timestamp
    tags: list(string)
    scores: list(number)
    by_month: map(string, number)
    consent: {email: bool}
  interaction: {intent: string}
channels: {phone: {}, chat: {}}
events:
  contact: {topic: string, resolved: bool, transfers: int, id_: string}
  moved: {topic: bool, customer: string}
issues: {service: {}}
groups: {service/help: {}}
actions:
  help: {title: Help, group: service/help, kind: guidance, value: 1, channels: [phone]}
"""

AT = "2026-03-02T10:00:00Z"


@pytest.fixture(scope="module")
def book() -> Book:
    """A book with a field of every type."""
    return build([parse(BOOK, "book.yaml")]).book


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cases_in(name: str, text: str | bytes, book: Book) -> list[CaseRead]:
    """Return the cases of a file with this text."""
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with read_cases(name, book) as file:
        return list(file.cases)


def events_in(name: str, text: str | bytes, book: Book) -> list[EventRead]:
    """Return the events of a file with this text."""
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with read_events(name, book) as events:
        return list(events)


# --- cells


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("2", DOUBLE, 2.0),
        (" -2.5e1 ", DOUBLE, -25.0),
        (".5", DOUBLE, 0.5),
        ("1,5", DOUBLE, "1,5"),
        ("1_000", DOUBLE, "1_000"),
        ("nan", DOUBLE, "nan"),
        ("inf", DOUBLE, "inf"),
        ("٣", DOUBLE, "٣"),
        ("3", INT, 3),
        ("3.0", INT, "3.0"),
        ("9" * 5000, INT, "9" * 5000),
        ("true", BOOL, True),
        ("FALSE", BOOL, False),
        ("yes", BOOL, "yes"),
        (" gold ", STRING, " gold "),
        ("a; b;", list_of(STRING), ["a", "b"]),
        ("1;x", list_of(DOUBLE), [1.0, "x"]),
    ],
)
def test_a_cell_is_read_by_its_type(text: str, kind: Any, found: object):
    """What does not fit stays text, for a diagnostic to name."""
    assert value(text, kind) == found
    assert type(value(text, kind)) is type(found)


@given(st.text(max_size=40), st.sampled_from([BOOL, INT, DOUBLE, STRING, list_of(INT)]))
def test_no_cell_is_too_strange(text: str, kind: Any):
    """Nothing that stands in a cell ends the program."""
    value(text, kind)


PIECES = [b"id", b"customer.value", b"type", b"topic", b"at", b",", b'"', b"\n", b"\r", b"{", b"}"]
PIECES += [b"[", b"]", b":", b"1", b"\0", b"\xff", b"\xef\xbb\xbf", b";", b" ", AT.encode()]


@given(
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=40).map(b"".join),
    st.sampled_from([".csv", ".jsonl", ".json", ".txt"]),
)
def test_no_file_is_too_strange(book: Book, tmp_path_factory: Any, content: bytes, suffix: str):
    """It is read, or it is said what is wrong; nothing else happens."""
    name = str(tmp_path_factory.getbasetemp() / f"strange{suffix}")
    faults: list[CommandError] = []
    for read in (cases_in, events_in):
        try:
            read(name, content, book)
        except CommandError as error:
            faults.append(error)
    assert all(fault.message and str(fault.where).startswith(name) for fault in faults)


# --- cases


def test_a_row_is_a_case(book: Book, place: Path):
    """Dotted columns become objects; an empty cell is absent."""
    text = (
        "\ufeffid,customer.tier,customer.value,customer.lines,customer.vip,customer.since,"
        "customer.tags,customer.consent.email,interaction.channel,interaction.intent,now,role\r\n"
        'a,gold,2.5,3,true,2020-01-01,x;y,TRUE,chat,"a, ""b""\nc",2026-03-02T10:00:00Z,agent\r\n'
        "\r\n"
        "b, ,,,,,,,,,,\r\n"
    )
    first, second = cases_in("cases.csv", text, book)
    assert first.case.to_dict() == {
        "id": "a",
        "customer": {
            "tier": "gold",
            "value": 2.5,
            "lines": 3,
            "vip": True,
            "since": "2020-01-01",
            "tags": ["x", "y"],
            "consent": {"email": True},
        },
        "interaction": {"channel": "chat", "intent": 'a, "b"\nc'},
        "now": "2026-03-02T10:00:00+00:00",
        "role": "agent",
    }
    assert second.case.to_dict() == {"id": "b", "customer": {}}
    assert second.case.interaction is None
    assert [first.where, second.where] == ["cases.csv:2", "cases.csv:5"]
    assert second.share == 1.0


@pytest.mark.parametrize("name", ["cases.csv", "cases.txt"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_spreadsheets_of_any_country_may_have_saved_it(
    book: Book, place: Path, name: str, separator: str, mark: str
):
    """With another separator, and with columns and lines that are empty at the end."""
    lines = [
        "id\tcustomer.tags\tnow\t\t",
        'a\t"x;y"\t2026-03-02T10:00:00Z\t\t',
        "b\t\t\t",
        "\t\t\t",
    ]
    text = mark + "\r\n".join(lines).replace("\t", separator)
    first, second = cases_in(name, text, book)
    assert first.case.customer == {"tags": ["x", "y"]}
    assert first.case.now is not None
    assert second.case.to_dict() == {"id": "b", "customer": {}}


@pytest.mark.parametrize("name", ["cases.csv", "CASES.CSV", "cases.txt", "-"])
def test_csv_is_known_by_its_name_or_its_header(
    book: Book, place: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    """So it may also come from standard input."""
    text = b'"id",customer.tier\nc,gold\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text), encoding="utf-8"))
    (read,) = cases_in(name, text, book)
    assert read.case.customer == {"tier": "gold"}


def test_rows_are_read_one_at_a_time(book: Book, place: Path):
    """A file may be larger than the memory."""
    Path("cases.csv").write_text("id\na\n" + "b\n" * 100_000 + '"', encoding="utf-8")
    with read_cases("cases.csv", book) as file:
        first = next(file.cases)
        assert first.case.id == "a"
        assert first.share is not None
        assert first.share < 0.001
        with pytest.raises(CommandError, match="a quoted cell has no end"):
            list(file.cases)


HEADER = "id,customer.value"
SAVE_AS = "save it as UTF-8; a spreadsheet calls that `CSV UTF-8`"


@pytest.mark.parametrize(
    ("text", "error", "help_"),
    [
        (
            "id,customer.teir\na,1",
            ":1 there is no column `customer.teir`",
            "did you mean `customer.tier`?",
        ),
        ("id,,now\n", ":1 column 2 has no name", "name it or remove it"),
        ("id, id\n", ":1 the column `id` stands there twice", ""),
        ("id|now\n", ":1 `|` stands between the columns", "put commas between them"),
        ("id;now\na;b", ":2 `now` is a time such as", None),
        (
            "id;now\na",
            ":2 the row has 1 cell",
            "keep `;` between cells that are empty",
        ),
        (
            "id\tnow\na\t\tb",
            ":2 the row has 3 cells",
            "put a cell with a tab in quotes",
        ),
        ('id;now\n"a"b;', ":2 there is more after the closing quote of a cell", None),
        ("customer.by_month\n1", ":1 there is no column `customer.by_month`", None),
        ("\n" + "x" * 200_000, ":2 a cell has more than 131,072 characters", None),
        (f"{HEADER}\n\na,1,2", ":3 the row has 3 cells, and the header 2", None),
        (f"{HEADER}\na", ":2 the row has 1 cell", None),
        (f'{HEADER}\na,"1\n\n', ":2 a quoted cell has no end", 'close it with `"`'),
        (f'{HEADER}\na,"1"2\n', ":2 there is more after the closing quote of a cell", None),
        (f"{HEADER}\na,1\rb,2\n", ":2 a carriage return stands in a cell", None),
        (f"{HEADER}\n\0,1", ":2 a NUL character stands here", "save the file as UTF-8 text"),
        (b"id\n\n\xe9", ":3 byte 0xe9 is not UTF-8", SAVE_AS),
        ("id\n".encode("utf-16"), ":1 byte 0xff is not UTF-8", SAVE_AS),
        ("id,now\na,yesterday", ":2 `now` is a time such as", None),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_its_place(
    book: Book, place: Path, text: str | bytes, error: str, help_: str | None
):
    """The file, the line, and what to do."""
    with pytest.raises(CommandError) as caught:
        cases_in("cases.csv", text, book)
    assert f"{caught.value.where} {caught.value.message}".startswith(f"cases.csv{error}")
    assert help_ is None or caught.value.help == help_


@pytest.mark.parametrize("text", ["id\n" + "a" * 100, '"id"\n' + '"a\n",' * 20, "[" + " " * 100])
@pytest.mark.parametrize("name", ["cases.csv", "cases.jsonl", "cases.json", "cases.txt"])
def test_nothing_is_kept_that_is_too_large(
    book: Book, place: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
):
    """One line without an end, or one row over all of a file, must not fill the memory."""
    for module in ("files", "csv_rows"):
        monkeypatch.setattr(f"nba.cli.{module}.MAX_SIZE", 64)
    with pytest.raises(CommandError) as caught:
        cases_in(name, text, book)
    if name in ("cases.csv", "cases.json"):
        assert caught.value.message.startswith(("more than 0 MiB", "there is no column"))


def test_a_file_without_end_is_not_read_to_the_end(book: Book, monkeypatch: pytest.MonkeyPatch):
    """Neither empty lines nor one that goes on for ever are waited for."""

    class Endless(io.RawIOBase):
        """Gives line feeds, for ever."""

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            buffer[:] = b"\n" * len(buffer)
            return len(buffer)

    monkeypatch.setattr(files, "MAX_SIZE", 4096)
    stdin = io.TextIOWrapper(io.BufferedReader(Endless()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(CommandError, match="in one piece"), read_cases("-", book):
        pass


# --- events

SAME: list[dict[str, Any]] = [
    {
        "type": "contact",
        "customer": "c",
        "channel": "chat",
        "at": AT,
        "id": "e1",
        "data": {"topic": "true", "resolved": False, "transfers": 2},
    },
    {"type": "moved", "customer": "d", "at": AT, "data": {"topic": True, "customer": "x"}},
]
CSV = f"""\
type,customer,channel,at,id,topic,data.resolved,transfers,data.customer
contact,c,chat,{AT},e1,true,false,2,
moved,d,,{AT},,true,,,x
"""


def written() -> Iterator[tuple[str, str]]:
    """Yield the same events in every form, with the name of the file."""
    yield "events.csv", CSV
    yield "events.txt", CSV
    yield "events.jsonl", "\n\n".join(map(json.dumps, SAME))
    yield "events.txt", "\n".join(map(json.dumps, SAME))
    yield "events.json", json.dumps(SAME)
    yield "events.json", json.dumps(SAME, indent=1)


@pytest.mark.parametrize(("name", "text"), list(written()))
def test_events_are_the_same_in_every_form(book: Book, place: Path, name: str, text: str):
    """CSV reads a cell by the field of its own event's type."""
    found = events_in(name, text, book)
    assert [event for event, _ in found] == [Event.from_dict(each) for each in SAME]
    assert all(where.startswith(name) for _, where in found)


def test_the_place_of_an_event_is_its_line(book: Book, place: Path):
    """Also after empty lines, and in a list."""
    assert [where for _, where in events_in("e.csv", CSV, book)] == ["e.csv:2", "e.csv:3"]
    lines = "\n\n".join(map(json.dumps, SAME))
    assert [where for _, where in events_in("e.jsonl", lines, book)] == ["e.jsonl:1", "e.jsonl:3"]
    listed = events_in("e.json", json.dumps(SAME), book)
    assert [where for _, where in listed] == ["e.json[0]", "e.json[1]"]


def test_one_object_is_one_event_and_no_line_is_none(book: Book, place: Path):
    """A file may hold few."""
    assert len(events_in("e.json", json.dumps(SAME[0], indent=1), book)) == 1
    assert events_in("e.jsonl", "", book) == []
    assert events_in("e.csv", "", book) == []
    assert events_in("e.json", "[]", book) == []


def event(**changes: object) -> str:
    """Return the line of an event with changes."""
    return json.dumps({"type": "contact", "customer": "c", "at": AT} | changes)


@pytest.mark.parametrize(
    ("name", "text", "error", "help_"),
    [
        ("e.jsonl", event(type="contct"), ":1 there is no event type `contct`", "did you mean"),
        ("e.jsonl", event(channel="fone"), ":1 there is no channel `fone`", "did you mean"),
        ("e.jsonl", event(customer=""), ":1 an event needs `customer`", ""),
        ("e.jsonl", event(at=None), ":1 an event needs `at`", ""),
        ("e.jsonl", event(at="2026-03-02"), ":1 `at` is a time such as", ""),
        ("e.jsonl", event(customer=1), ":1 `customer` of an event is a string", ""),
        ("e.jsonl", event(data=[1]), ":1 `data` of an event is an object", ""),
        ("e.jsonl", event(topic="x"), ":1 `topic` is not a key of an event", "put it under"),
        ("e.jsonl", "1", ":1 a JSON object is expected, not `1`", "write one object"),
        ("e.json", f"[{event()}, 3]", "[1] a JSON object is expected, not `3`", ""),
        ("e.json", "3", " a JSON object is expected, not `3`", ""),
        ("e.csv", "type,at,customer,topik\n", ":1 there is no column `topik`", "did you mean"),
        ("e.csv", "type,at\n", ":1 the column `customer` is missing", ""),
        (
            "e.csv",
            "type,at,customer,topic,data.topic\n",
            ":1 the columns `data.topic` and `topic` are the same field",
            "",
        ),
        ("e.csv", f"type,at,customer\n,{AT},c", ":2 an event needs `type`", ""),
        (
            "e.csv",
            f"type,at,customer,topic\nx,{AT},c",
            ":2 the row has 3 cells",
            "keep a comma between cells that are empty",
        ),
        ("e.jsonl", '{"a": "{", "b": {"a": 1}, "a": 2}', ":1:27 the key `a` stands there", ""),
    ],
)
@pytest.mark.usefixtures("place")
def test_an_event_that_cannot_be_read_is_explained(
    book: Book, name: str, text: str, error: str, help_: str
):
    """The file, the line, and what to do."""
    with pytest.raises(CommandError) as caught:
        events_in(name, text, book)
    assert f"{caught.value.where} {caught.value.message}".startswith(f"{name}{error}")
    assert help_ in caught.value.help


def test_a_cell_that_does_not_fit_is_handed_on(book: Book, place: Path):
    """Whoever reads the event says what is wrong with it."""
    text = f"type,customer,at,transfers,resolved\ncontact,c,{AT},many,perhaps\n"
    ((found, _),) = events_in("e.csv", text, book)
    assert found.data == {"transfers": "many", "resolved": "perhaps"}
