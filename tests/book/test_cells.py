"""What may stand in a cell of a table, by the type of its input."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from nba import windows
from nba.book.cells import CellError, boolean, cell, number, quoted, unquoted
from nba.lang.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, EnumType, Type
from nba.lang.values import Duration, Timestamp

DUBLIN = ZoneInfo("Europe/Dublin")
TIERS = EnumType("string", values=("bronze", "silver", "gold"))
NUMBERS = [-3.5, -3, 0, 2, 2.5, 3, 5.999, 6, 7, 23.9, 24, 1e9]


def fits(text, kind, values):
    """Return which of the values a cell takes."""
    found = cell(text, kind, DUBLIN)
    return [value for value in values if found is None or value in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-", lambda _: True),
        ("", lambda _: True),
        (" >= 3", lambda x: x >= 3),
        (">3", lambda x: x > 3),
        ("< 3", lambda x: x < 3),
        ("<= -3", lambda x: x <= -3),
        ("3", lambda x: x == 3),
        ("6..24", lambda x: 6 <= x <= 24),
        ("[6..24)", lambda x: 6 <= x < 24),
        ("(2 .. 6]", lambda x: 2 < x <= 6),
        ("24..", lambda x: x >= 24),
        ("..0", lambda x: x <= 0),
        ("(24..]", lambda x: x > 24),
        ("0, 2.5, >= 24", lambda x: x in (0, 2.5) or x >= 24),
        ("not 2..6", lambda x: not 2 <= x <= 6),
        ("not (0, 2)", lambda x: x not in (0, 2)),
        ("not (1..3), (5..7)", lambda x: not (1 < x < 3 or 5 < x < 7)),
        ("not (1..3, 5..7)", lambda x: not (1 <= x <= 3 or 5 <= x <= 7)),
        ("not ((1..3), 5..7)", lambda x: not (1 < x < 3 or 5 <= x <= 7)),
        ("not ([1..3), (5..7))", lambda x: not (1 <= x < 3 or 5 < x < 7)),
        ("not ((1..3))", lambda x: not 1 < x < 3),
        ("not (-1..], [..0)", lambda _: False),
        ("not(>= 3)", lambda x: x < 3),
    ],
)
def test_numbers(text, expected):
    """Ranges include their ends, unless a round bracket says otherwise."""
    assert fits(text, DOUBLE, NUMBERS) == [x for x in NUMBERS if expected(x)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gold", ["gold"]),
        ("gold, silver", ["silver", "gold"]),
        ("not gold", ["bronze", "silver"]),
        ("not gold, silver", ["bronze"]),
        ('"gold"', ["gold"]),
        ("'gold','bronze'", ["bronze", "gold"]),
    ],
)
def test_words(text, expected):
    """Any of those that are listed; after `not`, none of them."""
    assert fits(text, TIERS, TIERS.values) == expected


def test_text():
    """Quotes hold a comma, an edge of space, and what would mean something else."""
    values = ["a, b", "a", "not a", "-", "", " x", 'say "hi"', "don't"]
    assert fits('"a, b", a', STRING, values) == ["a, b", "a"]
    assert fits('"not a", "-", \'\'', STRING, values) == ["not a", "-", ""]
    assert fits('" x"', STRING, values) == [" x"]
    assert fits('"say ""hi""", don\'t', STRING, values) == ['say "hi"', "don't"]
    assert fits("nothing", STRING, ["nothing", "hing"]) == ["nothing"]


def test_switches():
    """As spreadsheets write them, too."""
    assert fits("true", BOOL, [True, False]) == [True]
    assert fits("FALSE", BOOL, [True, False]) == [False]
    assert fits("not true", BOOL, [True, False]) == [False]
    assert fits("true, false", BOOL, [True, False]) == [True, False]


def day(text):
    """Return a time in Dublin."""
    return Timestamp(windows.instant(datetime.fromisoformat(text).replace(tzinfo=DUBLIN)))


def test_days_last_from_midnight_to_midnight():
    """In the book's zone, on the day that the clocks change as well."""
    times = [
        *(day("2026-03-28T23:59:59"), day("2026-03-29T00:00:00"), day("2026-03-29T23:59:59")),
        day("2026-03-30T00:00:00"),
    ]
    before, first, last, after = times
    assert fits("2026-03-29", TIMESTAMP, times) == [first, last]
    assert fits(">= 2026-03-29", TIMESTAMP, times) == [first, last, after]
    assert fits("> 2026-03-29", TIMESTAMP, times) == [after]
    assert fits("<= 2026-03-29", TIMESTAMP, times) == [before, first, last]
    assert fits("< 2026-03-29", TIMESTAMP, times) == [before]
    assert fits("2026-03-01..2026-03-29", TIMESTAMP, times) == [before, first, last]
    assert fits("[2026-03-01..2026-03-29)", TIMESTAMP, times) == [before]
    assert fits("(2026-03-29..2026-04-29]", TIMESTAMP, times) == [after]
    assert fits(">= 2026-03-29T00:00:00Z", TIMESTAMP, times) == [first, last, after]


def test_lengths():
    """Written as everywhere in a book."""
    hours = [Duration(n * 3600 * 10**9) for n in (0, 23, 24, 36, 73)]
    assert fits("1d..3d", DURATION, hours) == hours[2:4]
    assert fits("< 24h", DURATION, hours) == hours[:2]
    assert fits("0h, 36h", DURATION, hours) == [hours[0], hours[3]]


@pytest.mark.parametrize(
    ("text", "kind", "message", "help_"),
    [
        ("platinum", TIERS, "`platinum` is not one of its values", ""),
        ("gild", TIERS, "`gild` is not one of its values", "did you mean `gold`?"),
        ("!= gold", TIERS, "text is not compared", "write `gold`, or `not gold`"),
        ("5..3", DOUBLE, "nothing is in `5..3`", "exchange its ends: `3..5`"),
        (
            "not (1..3)",
            DOUBLE,
            "`not (1..3)` may be with the ends of the range, or without",
            "write `not 1..3` with its ends, or `not ((1..3))` without them",
        ),
        ("[3..3)", DOUBLE, "nothing is in", "write `[` and `]` for ends that belong"),
        ("(3..4)", INT, "nothing is in", "write `[` and `]` for ends that belong"),
        ("[6..24", DOUBLE, "lacks its closing bracket", "write `6..24` or `[6..24)`"),
        ("..", DOUBLE, "has no end", "write `-` for anything"),
        ("0,5", DOUBLE, "`0,5` may be one number, or two", "write `0.5` with a point, or `0, 5`"),
        ("3-5", DOUBLE, "`3-5` is not a number, or a range", "write `3..5`"),
        ("3 to 5", DOUBLE, "is not a number, or a range", "write `3..5`"),
        ("many", DOUBLE, "is not a number, or a range", "write `3`, `>= 3`, `6..24`"),
        (">= 1.500,00", DOUBLE, "`1.500,00` is not a number", "write `1500.00`"),
        ("1,500.5..", DOUBLE, "`1,500.5` is not a number", "write `1500.5`"),
        ("=> 3", DOUBLE, "`=>` is not used in a cell", "write `>= 3`"),
        ("≤ 3", DOUBLE, "`≤` is not used in a cell", "write `<= 3`"),
        ("= 3", DOUBLE, "`=` is not used in a cell", "write `3`"),
        ("!= 3", DOUBLE, "`!=` is not used in a cell", "write `not 3`"),
        ("yes", BOOL, "`yes` is not `true` or `false`", "write one of them"),
        ("2026-02-30", TIMESTAMP, "is not a date", "write `2026-03-01`"),
        ("9999-12-31", TIMESTAMP, "is not a date", "write `2026-03-01`"),
        ("3 days", DURATION, "is not a length of time", "write `36h`"),
        ("gold,", TIERS, "a value is missing beside a comma", "remove the comma"),
        ("a" * 3000, STRING, "more than 2000 characters", "make several rows"),
        (", ".join(map(str, range(300))), DOUBLE, "more than 200 values", "make several rows"),
    ],
)
def test_what_is_wrong_says_what_to_write(text, kind, message, help_):
    """Other people's spellings, ends that are exchanged, decimal commas."""
    with pytest.raises(CellError) as raised:
        cell(text, kind, DUBLIN)
    assert message in raised.value.message
    assert help_ in raised.value.help


def test_outputs():
    """Constants only."""
    assert [number("10"), number("-0.5"), number("-0")] == [10.0, -0.5, 0.0]
    assert [boolean("TRUE"), boolean("false")] == [True, False]
    helps = {
        "10,50": "write `10.50`, with a point",
        "1,500": "write `1500`, or `1.500` with a point",  # it may be either
        "1.500,00": "write `1500.00`",
        "1,234,500.25": "write `1234500.25`",
        "": "write one such as `10` or `0.5`",
        "ten": "write a number such as `10` or `0.5`",
    }
    for text, help_ in helps.items():
        with pytest.raises(CellError) as raised:
            number(text)
        assert raised.value.help == help_


def test_text_in_brackets_is_quoted() -> None:
    """Else `not (a, b)` would be all values but two others."""
    found = cell('not "(a", b)', STRING, UTC)
    assert found is not None
    assert (found.values, found.text) == (("(a", "b)"), 'not "(a", b)')
    assert cell(found.text, STRING, UTC) == found


WORDS = st.text(st.sampled_from("ab ,-\"'not()"), max_size=8)
ENDS = st.sampled_from(["0", "2", "2.5", "-1"])
RANGES = st.one_of(
    ENDS,
    st.builds("{} {}".format, st.sampled_from([">=", "<=", ">", "<"]), ENDS),
    st.builds("{}{}..{}{}".format, st.sampled_from("[("), ENDS, ENDS, st.sampled_from("])")),
    st.builds("{}..{}".format, ENDS, st.just("9") | st.just("")),
)


@given(st.lists(WORDS, min_size=1, max_size=3), st.booleans())
def test_text_both_ways(words: list[str], negated: bool) -> None:
    """Whatever text is, a cell can say it, and its canonical spelling means the same."""
    written = ("not " if negated else "") + ", ".join(quoted(word) for word in words)
    found = cell(written, STRING, UTC)
    assert found is not None
    assert found.values == tuple(sorted(set(words)))
    assert found.negated is negated
    assert cell(found.text, STRING, UTC) == found
    assert all(unquoted(quoted(word)) == word for word in words)


@given(st.lists(RANGES, min_size=1, max_size=3), st.booleans(), st.sampled_from([DOUBLE, INT]))
def test_ranges_both_ways(ranges: list[str], negated: bool, kind: Type) -> None:
    """The canonical spelling of a cell is read as the same cell."""
    try:
        found = cell(("not " if negated else "") + ", ".join(ranges), kind, UTC)
    except CellError:
        reject()  # ends that are exchanged
    assert found is not None
    assert cell(found.text, kind, UTC) == found
