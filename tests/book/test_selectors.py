"""Selectors, bands, percentages and dates."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nba import windows
from nba.book import documents
from nba.book.findings import At, Findings
from nba.book.model import Band, Covers
from nba.book.selectors import (
    Anything,
    Catalogued,
    band,
    covers,
    in_order,
    overlap,
    percent,
    union,
    validity,
)
from nba.book.source import parse

KNOWN = Catalogued(
    issue=frozenset({"care", "sales"}),
    group=frozenset({"care/one"}),
    action=frozenset({"call", "credit"}),
    channel=frozenset({"phone", "email"}),
    tag=frozenset({"urgent"}),
    point=frozenset(),
    tier=frozenset(),
    moment=frozenset(),
    calendar=frozenset(),
    table=frozenset(),
)


def selector(text: str, known: Catalogued = KNOWN) -> tuple[Covers, list[tuple[str, str, int]]]:
    """Return a selector, and its findings: severity, message, column."""
    source = parse(text, "f.yaml")
    findings = Findings()
    found = covers(documents.Covers.model_validate(source.data), At(source), known, findings)
    return found, [
        (d.severity, d.message, d.where.column if d.where else 0) for d in findings.ordered()
    ]


def test_a_selector_is_sorted_and_without_repetition():
    """So that two spellings of the same are equal."""
    first, problems = selector("{issue: [sales, care, sales], kind: offer}")
    assert problems == []
    assert first == Covers(issue=("care", "sales"), kind=("offer",))
    assert selector("{}")[0] == Covers()


def test_unknown_names_are_found_where_they_stand():
    """In a list, at the item; a tag is only doubted, since others may add it."""
    _, problems = selector("{issue: [care, crae], channel: fone, direction: in, tag: [urgent, x]}")
    assert problems == [
        ("error", "there is no issue `crae`", 16),
        ("error", "there is no channel `fone`", 32),
        ("error", "there is no direction `in`", 49),
        ("warning", "nothing has the tag `x`", 67),
    ]


def test_an_empty_list_covers_nothing():
    """Nobody writes that on purpose."""
    _, ((severity, message, _),) = selector("{issue: []}")
    assert (severity, message) == ("error", "the list of `issue` is empty, so nothing is covered")


def test_of_a_section_that_cannot_be_read_anything_is_known():
    """A broken list of channels does not make every action fail."""
    known = Catalogued(**{**{f: getattr(KNOWN, f) for f in KNOWN.__slots__}, "channel": Anything()})
    assert selector("{channel: [fax, telex]}", known)[1] == []


# Bands


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", Band("0", 0, 0)),
        ("-2.50", Band("-2.5", -2.5, -2.5)),
        ("1..2", Band("1..2", 1, 2)),
        (" 1 .. 2 ", Band("1..2", 1, 2)),
        ("[1..2]", Band("1..2", 1, 2)),
        ("3..", Band("3..", 3, None)),
        ("..-5", Band("..-5", None, -5)),
        ("[6..24)", Band("[6..24)", 6, 24, high_included=False)),
        ("(0..1]", Band("(0..1]", 0, 1, low_included=False)),
        ("(..3)", Band("(..3)", None, 3, low_included=False, high_included=False)),
        ("2..2", Band("2", 2, 2)),
        ("1e3..1e4", Band("1000..10000", 1000, 10000)),
        ("-0", Band("0", 0, 0)),
    ],
)
def test_bands(text, expected):
    """In every form; the text of one is the shortest."""
    assert band(text) == expected
    assert band(band(text).text) == band(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "..", "a", "1-2", "1...2", "2..1", "[1..2", "1..2)", "(1..1]", "[3]", "1,5", "nan"),
        *("inf..", "1_0", "0x1", "1..2..3", "٣", "1" * 40, "()", "1 2"),
    ],
)
def test_what_is_not_a_band(text):
    """Neither text, nor the wrong way round, nor half a bracket."""
    with pytest.raises(ValueError, match="is not a band"):
        band(text)


ends = st.none() | st.integers(-3, 3).map(float) | st.sampled_from([0.5, 1e-7, 123456.789])


@given(ends, ends, st.booleans(), st.booleans(), st.floats(-4, 4))
def test_a_number_is_in_a_band(low, high, low_included, high_included, number):
    """By its ends; and the text of the band says the same."""
    text = "..".join("" if end is None else repr(end) for end in (low, high))
    text = f"{'[' if low_included else '('}{text}{']' if high_included else ')'}"
    try:
        one = band(text)
    except ValueError:
        assume(False)
        raise
    above = low is None or number > low or (number == low and low_included)
    below = high is None or number < high or (number == high and high_included)
    assert (number in one) == (above and below)
    again = band(one.text)
    assert (again.low, again.high) == (one.low, one.high)
    assert (number in again) == (number in one)


bands = st.builds(
    lambda low, length, a, b: (
        band(f"{'[('[a]}{low}..{low + length}{'])'[b]}")
        if length or not (a or b)
        else band(str(low))
    ),
    st.integers(-2, 2),
    st.integers(0, 2),
    st.integers(0, 1),
    st.integers(0, 1),
)


@given(bands, bands)
def test_bands_overlap_when_a_number_is_in_both(one, other):
    """Tried at every half number, and beside the ends."""
    numbers = [n / 4 for n in range(-16, 32)]
    assert overlap(one, other) == any(n in one and n in other for n in numbers)
    assert overlap(one, other) == overlap(other, one)


def test_bands_are_ordered_from_the_lowest():
    """One without a lower end comes first; at the same end, the one that includes it."""
    texts = ["3..", "(0..1]", "..-1", "[0..0]", "(1..2]"]
    ordered = [one.text for one, _ in in_order((band(text), 0.0) for text in texts)]
    assert ordered == ["..-1", "0", "(0..1]", "(1..2]", "3.."]


# Percentages, unions, dates


@pytest.mark.parametrize(
    ("text", "number"), [("20 %", 20.0), ("-30%", -30.0), ("+12.5 %", 12.5), ("0 %", 0.0)]
)
def test_percentages(text, number):
    """With or without a space."""
    assert percent(text) == number


def test_union():
    """Each name once."""
    assert union([["b", "a"], [], ["a", "c"]]) == ("a", "b", "c")


def valid(zone: str = "UTC", **given: Any) -> tuple[int | None, int | None, list[str]]:
    """Return the start and end of a validity, and the messages."""
    findings = Findings()
    document = documents.Issue(**given)
    at = At(parse("{}", "f.yaml"))
    found = validity(document, at, windows.zone(zone), findings)
    return found.start, found.end, [d.message for d in findings.ordered()]


def instant(text: str) -> int:
    """Return an instant."""
    return windows.parse_instant(text)


def test_days_are_whole_days_of_the_book():
    """From the start of the first to the end of the last, daylight saving or not."""
    start, end, messages = valid("Europe/Dublin", valid_from="2026-03-29", valid_until="2026-03-29")
    assert messages == []
    assert start == instant("2026-03-29T00:00:00Z")
    assert end == instant("2026-03-29T23:00:00Z")
    assert valid()[:2] == (None, None)


def test_exact_times_and_no_end():
    """The last day there is means that there is none."""
    start, end, _ = valid(valid_from="2026-03-01T10:00:00+01:00", valid_until="9999-12-31")
    assert (start, end) == (instant("2026-03-01T09:00:00Z"), None)


@pytest.mark.parametrize(
    "text", ["soon", "2026-02-30", "2026-3-1", "2026-03-01T10:00", "", "1" * 50]
)
def test_what_is_not_a_date(text):
    """A time needs a zone, a day must exist."""
    _, _, (message,) = valid(valid_from=text)
    assert message.endswith("is not a date")


def test_the_end_lies_after_the_start():
    """A day alone is fine."""
    assert valid(valid_from="2026-03-02", valid_until="2026-03-02")[2] == []
    assert valid(valid_from="2026-03-02", valid_until="2026-03-01")[2] == [
        "`valid_until` lies before `valid_from`"
    ]
