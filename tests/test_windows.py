"""Calendars as data: clock changes, weeks, months, opening hours, days that are skipped.

Local times stand without an offset, and instants in UTC with `Z`.
"""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba import windows
from nba.windows import OpeningHours, Span, Window, parse_instant, parse_spans

DUBLIN, NEW_YORK, LORD_HOWE = "Europe/Dublin", "America/New_York", "Australia/Lord_Howe"
MINUTE = 60 * windows.SECOND
HOUR = 60 * MINUTE
OFFICE = "08:00-20:00"


def hours(*days: str, closed: tuple[str, ...] = ()) -> OpeningHours:
    """Return the hours of the days from Monday on; the last of them go on."""
    texts = [*days, *[days[-1]] * (7 - len(days))]
    week = tuple(parse_spans(text) if text else () for text in texts)
    return OpeningHours(week, frozenset(map(date.fromisoformat, closed)))


def utc(nanoseconds: int | None) -> str | None:
    """Return an instant as the cases have it."""
    if nanoseconds is None:
        return None
    return windows.moment(nanoseconds).isoformat().replace("+00:00", "Z")


# --- windows


@pytest.mark.parametrize(
    ("zone", "now", "begins"),
    [
        # the days of both clock changes, and those after them
        (DUBLIN, "2026-03-29T00:30:00Z", "2026-03-29T00:00:00Z"),
        (DUBLIN, "2026-03-29T22:59:59Z", "2026-03-29T00:00:00Z"),
        (DUBLIN, "2026-03-29T23:00:00Z", "2026-03-29T23:00:00Z"),
        (DUBLIN, "2026-10-25T12:00:00Z", "2026-10-24T23:00:00Z"),
        (DUBLIN, "2026-10-26T00:00:00Z", "2026-10-26T00:00:00Z"),
        (NEW_YORK, "2026-03-08T23:00:00Z", "2026-03-08T05:00:00Z"),
        (NEW_YORK, "2026-03-09T04:00:00Z", "2026-03-09T04:00:00Z"),
        (NEW_YORK, "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z"),
        (NEW_YORK, "2026-11-02T05:00:00Z", "2026-11-02T05:00:00Z"),
        (LORD_HOWE, "2026-10-04T03:00:00Z", "2026-10-03T13:30:00Z"),
        (LORD_HOWE, "2026-10-04T13:00:00Z", "2026-10-04T13:00:00Z"),
        (LORD_HOWE, "2026-04-05T03:00:00Z", "2026-04-04T13:00:00Z"),
        (LORD_HOWE, "2026-04-05T13:30:00Z", "2026-04-05T13:30:00Z"),
        # midnight is skipped
        ("America/Sao_Paulo", "2018-11-04T02:59:59Z", "2018-11-03T03:00:00Z"),
        ("America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z"),
        ("America/Toronto", "1919-03-31T12:00:00Z", "1919-03-31T04:30:00Z"),  # from 23:30 to 00:30
        ("Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-23T22:00:00Z"),
        # midnight comes twice
        ("America/Havana", "2026-11-01T05:30:00Z", "2026-11-01T04:00:00Z"),
        # a day is skipped
        ("Pacific/Apia", "2011-12-30T09:59:00Z", "2011-12-29T10:00:00Z"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
        # zones without changes
        ("UTC", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z"),
        ("+05:30", "2026-03-01T18:30:00Z", "2026-03-01T18:30:00Z"),
        ("Asia/Kathmandu", "2026-03-01T18:14:59Z", "2026-02-28T18:15:00Z"),
    ],
)
def test_a_day(zone, now, begins):
    """It begins when the clocks first show it, and its first instant is in it."""
    after = Window(calendar="day").after(parse_instant(now), windows.zone(zone))
    assert after is not None
    assert after + 1 == parse_instant(begins)


@pytest.mark.parametrize(
    ("start", "now", "begins"),
    [
        (0, "2026-03-02T12:00:00Z", "2026-03-02"),  # a Monday
        (0, "2026-03-01T12:00:00Z", "2026-02-23"),  # a Sunday
        (5, "2026-03-02T12:00:00Z", "2026-02-28"),
        (5, "2026-02-28T00:00:00Z", "2026-02-28"),  # a Saturday
        (5, "2026-02-27T23:59:59Z", "2026-02-21"),
        (6, "2026-03-02T12:00:00Z", "2026-03-01"),
        (6, "2026-02-28T12:00:00Z", "2026-02-22"),
        (6, "2026-01-01T12:00:00Z", "2025-12-28"),  # over the year's end
    ],
)
def test_a_week(start, now, begins):
    """From Monday, Saturday or Sunday on."""
    after = Window(calendar="week", week_start=start).after(parse_instant(now), UTC)
    assert utc(after and after + 1) == f"{begins}T00:00:00Z"


@pytest.mark.parametrize(
    ("zone", "start", "now", "begins"),
    [
        # weeks and months with a clock change in them
        (DUBLIN, 0, "2026-03-30T12:00:00Z", "2026-03-29T23:00:00Z"),
        (DUBLIN, 6, "2026-03-30T12:00:00Z", "2026-03-29T00:00:00Z"),
        (DUBLIN, 5, "2026-10-26T12:00:00Z", "2026-10-23T23:00:00Z"),
        (NEW_YORK, 6, "2026-03-10T12:00:00Z", "2026-03-08T05:00:00Z"),
        (DUBLIN, None, "2026-03-31T22:59:00Z", "2026-03-01T00:00:00Z"),
        (DUBLIN, None, "2026-03-31T23:00:00Z", "2026-03-31T23:00:00Z"),
        (DUBLIN, None, "2026-10-31T12:00:00Z", "2026-09-30T23:00:00Z"),
        (NEW_YORK, None, "2026-11-30T12:00:00Z", "2026-11-01T04:00:00Z"),
        (LORD_HOWE, None, "2026-04-30T12:00:00Z", "2026-03-31T13:00:00Z"),
        ("UTC", None, "2024-02-29T23:59:59Z", "2024-02-01T00:00:00Z"),
        ("UTC", None, "2026-12-31T00:00:00Z", "2026-12-01T00:00:00Z"),
    ],
)
def test_weeks_and_months_over_clock_changes(zone, start, now, begins):
    """They begin at midnight, as it was then."""
    window = Window(calendar="month" if start is None else "week", week_start=start or 0)
    after = window.after(parse_instant(now), windows.zone(zone))
    assert utc(after and after + 1) == begins


def test_a_rolling_window_knows_no_clocks():
    """A day is 24 hours; without length and calendar there is no bound."""
    now = parse_instant("2026-03-29T12:00:00Z")
    assert Window(24 * HOUR).after(now, windows.zone(DUBLIN)) == now - 24 * HOUR
    assert Window().after(now, UTC) is None


# --- opening hours


@pytest.mark.parametrize(
    ("week", "zone", "now", "opens"),
    [
        # over the night, the weekend, closed days
        (hours(OFFICE), "UTC", "2026-03-02T07:59:59Z", "2026-03-02T08:00:00Z"),
        (hours(OFFICE), "UTC", "2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"),
        (hours(OFFICE), "UTC", "2026-03-02T19:59:59Z", "2026-03-02T19:59:59Z"),
        (hours(OFFICE), "UTC", "2026-03-02T20:00:00Z", "2026-03-03T08:00:00Z"),
        (hours(*[OFFICE] * 5, ""), "UTC", "2026-03-06T20:00:00Z", "2026-03-09T08:00:00Z"),
        (
            hours(*[OFFICE] * 5, "", closed=("2026-03-09", "2026-03-10")),
            *("UTC", "2026-03-06T20:00:00Z", "2026-03-11T08:00:00Z"),
        ),
        (hours("", "", "12:00-13:00", ""), "UTC", "2026-03-04T13:00:00Z", "2026-03-11T12:00:00Z"),
        (
            hours("08:00-12:00, 13:00-17:00"),
            *("UTC", "2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z"),
        ),
        # midnight to midnight, and over it
        (hours("00:00-24:00"), "UTC", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z"),
        (hours("22:00-24:00"), "UTC", "2026-03-02T23:59:59Z", "2026-03-02T23:59:59Z"),
        (hours("22:00-24:00"), "UTC", "2026-03-03T00:00:00Z", "2026-03-03T22:00:00Z"),
        # never
        (hours(""), "UTC", "2026-03-02T12:00:00Z", None),
        # both clock changes in three zones
        (hours(OFFICE), DUBLIN, "2026-03-28T20:00:00Z", "2026-03-29T07:00:00Z"),
        (hours(OFFICE), DUBLIN, "2026-10-24T19:00:00Z", "2026-10-25T08:00:00Z"),
        (hours(OFFICE), NEW_YORK, "2026-03-08T01:00:00Z", "2026-03-08T12:00:00Z"),
        (hours(OFFICE), NEW_YORK, "2026-11-01T00:00:00Z", "2026-11-01T13:00:00Z"),
        (hours(OFFICE), LORD_HOWE, "2026-10-03T09:30:00Z", "2026-10-03T21:00:00Z"),
        (hours(OFFICE), LORD_HOWE, "2026-04-04T09:00:00Z", "2026-04-04T21:30:00Z"),
        # the clocks skip the opening: it is open when they have; or all of it: it does not open
        (hours("01:30-03:00"), DUBLIN, "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"),
        (hours("01:00-01:30"), DUBLIN, "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"),
        (hours("02:00-02:30"), LORD_HOWE, "2026-10-03T14:00:00Z", "2026-10-04T15:00:00Z"),
        # they show it twice: the first counts
        (hours("01:30-03:00"), DUBLIN, "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"),
        (hours("01:30-03:00"), DUBLIN, "2026-10-25T01:15:00Z", "2026-10-25T01:15:00Z"),
        (hours("01:00-01:30"), DUBLIN, "2026-10-25T01:15:00Z", "2026-10-26T01:00:00Z"),
        (hours("01:45-02:15"), LORD_HOWE, "2026-04-04T15:10:00Z", "2026-04-04T15:10:00Z"),
        # midnight, and a day, is skipped
        (hours("00:00-24:00"), "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z"),
        (hours("00:00-00:30"), "America/Sao_Paulo", "2018-11-04T02:00:00Z", "2018-11-05T02:00:00Z"),
        (hours("00:00-00:45"), "America/Toronto", "1919-03-31T04:00:00Z", "1919-03-31T04:30:00Z"),
        (hours(OFFICE), "Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-24T05:00:00Z"),
        (
            hours("", "", "", "", OFFICE, ""),
            "Pacific/Apia",
            "2011-12-30T06:00:00Z",
            "2012-01-05T18:00:00Z",
        ),
        (hours(OFFICE), "Pacific/Apia", "2011-12-30T06:00:00Z", "2011-12-30T18:00:00Z"),
        # the clocks go back over midnight, from 00:01 on Sunday to 23:01 on Saturday
        (
            hours("", "", "", "", "", "", OFFICE + ", 00:00-07:00"),
            *("America/St_Johns", "2006-10-29T02:31:00Z", "2006-10-29T02:31:00Z"),
        ),
        # what no calendar shows
        (hours(""), "UTC", "9999-12-30T00:00:00Z", None),
    ],
)
def test_when_it_opens_next(week, zone, now, opens):
    """Now, if it is open."""
    where, instant = windows.zone(zone), parse_instant(now)
    assert utc(week.next_open(instant, where)) == opens
    assert week.is_open(instant, where) is (now == opens)


@pytest.mark.parametrize(
    ("week", "zone", "now", "length", "due"),
    [
        (hours(OFFICE), "UTC", "2026-03-02T10:00:00Z", 4 * HOUR, "2026-03-02T14:00:00Z"),
        (hours(OFFICE), "UTC", "2026-03-02T10:00:00Z", 10 * HOUR, "2026-03-02T20:00:00Z"),
        (hours(OFFICE), "UTC", "2026-03-02T19:00:00Z", 4 * HOUR, "2026-03-03T11:00:00Z"),
        (hours(OFFICE), "UTC", "2026-03-02T23:00:00Z", 4 * HOUR, "2026-03-03T12:00:00Z"),
        (hours(OFFICE), "UTC", "2026-03-02T08:00:00Z", 30 * HOUR, "2026-03-04T14:00:00Z"),
        (hours(*[OFFICE] * 5, ""), "UTC", "2026-03-06T19:00:00Z", 4 * HOUR, "2026-03-09T11:00:00Z"),
        (
            hours(*[OFFICE] * 5, "09:00-10:00", ""),
            *("UTC", "2026-03-06T19:00:00Z", 4 * HOUR, "2026-03-09T10:00:00Z"),
        ),
        (
            hours(OFFICE, closed=("2026-03-03",)),
            *("UTC", "2026-03-02T19:00:00Z", 4 * HOUR, "2026-03-04T11:00:00Z"),
        ),
        (
            hours("08:00-12:00, 13:00-17:00"),
            *("UTC", "2026-03-02T11:00:00Z", 2 * HOUR, "2026-03-02T14:00:00Z"),
        ),
        (hours("00:00-24:00"), "UTC", "2026-03-02T23:00:00Z", 4 * HOUR, "2026-03-03T03:00:00Z"),
        (hours(""), "UTC", "2026-03-02T23:00:00Z", HOUR, None),
        (hours("", "", "", "12:00-12:01", ""), "UTC", "2026-03-02T12:00:00Z", 4 * HOUR, None),
        # hours that the clocks skip do not pass; hours that they show twice do
        (hours("00:00-24:00"), DUBLIN, "2026-03-29T00:00:00Z", 24 * HOUR, "2026-03-30T00:00:00Z"),
        (hours("00:00-06:00"), DUBLIN, "2026-03-29T00:00:00Z", 6 * HOUR, "2026-03-30T00:00:00Z"),
        (hours("00:00-06:00"), DUBLIN, "2026-10-24T23:00:00Z", 7 * HOUR, "2026-10-25T06:00:00Z"),
        (hours("00:00-06:00"), NEW_YORK, "2026-03-08T05:00:00Z", 6 * HOUR, "2026-03-09T05:00:00Z"),
        (hours("00:00-06:00"), NEW_YORK, "2026-11-01T04:00:00Z", 7 * HOUR, "2026-11-01T11:00:00Z"),
        (
            hours("00:00-06:00"),
            *(LORD_HOWE, "2026-10-03T13:30:00Z", 6 * HOUR, "2026-10-04T13:30:00Z"),
        ),
        (
            hours("00:00-06:00"),
            *(LORD_HOWE, "2026-04-04T13:00:00Z", 6 * HOUR + 30 * MINUTE, "2026-04-04T19:30:00Z"),
        ),
        (hours(OFFICE), DUBLIN, "2026-03-28T19:00:00Z", 2 * HOUR, "2026-03-29T08:00:00Z"),
        (hours(OFFICE), DUBLIN, "2026-10-24T18:00:00Z", 2 * HOUR, "2026-10-25T09:00:00Z"),
        # nobody works on the day that is skipped
        (hours(OFFICE), "Pacific/Apia", "2011-12-30T05:00:00Z", 4 * HOUR, "2011-12-30T21:00:00Z"),
        (hours(OFFICE), "Pacific/Apia", "2011-12-29T18:00:00Z", 24 * HOUR, "2011-12-31T06:00:00Z"),
    ],
)
def test_when_it_has_been_open_for_so_long(week, zone, now, length, due):
    """Which `do_within` asks for: a length that ends as it closes is due then."""
    assert utc(week.after(parse_instant(now), length, windows.zone(zone))) == due


@pytest.mark.parametrize("text", ["999999d", "142857w", "999999 h"])
def test_what_is_as_good_as_for_ever_may_be_written(text):
    """The calendar has room for it after most times."""
    assert 0 < windows.parse_length(text) <= 999_999 * 24 * HOUR


@pytest.mark.parametrize("text", ["142858w", "999999w"])
def test_nothing_is_longer_than_the_calendar_has_room_for(text):
    """Else a book that was checked could end in a time that there is not."""
    with pytest.raises(ValueError, match=f"`{text}` is longer than 999999d"):
        windows.parse_length(text)


# --- beside a model that is slow and plain

PLACES = (
    *((DUBLIN, date(2026, 3, 29)), (DUBLIN, date(2026, 10, 25))),
    *((NEW_YORK, date(2026, 3, 8)), (NEW_YORK, date(2026, 11, 1))),
    *((LORD_HOWE, date(2026, 4, 5)), (LORD_HOWE, date(2026, 10, 4))),
    *(("America/Sao_Paulo", date(2018, 2, 18)), ("America/Sao_Paulo", date(2018, 11, 4))),
    *(("America/Havana", date(2026, 3, 8)), ("America/Havana", date(2026, 11, 1))),
    *(("America/St_Johns", date(2006, 4, 2)), ("America/St_Johns", date(2006, 10, 29))),
    *(("America/Toronto", date(1919, 3, 31)), ("Pacific/Apia", date(2011, 12, 30))),
    *(("Africa/Cairo", date(2026, 4, 24)), ("Africa/Casablanca", date(2026, 2, 15))),
    *(("UTC", date(2024, 2, 29)), ("-03:30", date(2026, 1, 1))),
)
DAYS = 5


@pytest.mark.parametrize(("name", "day"), PLACES)
def test_the_span_of_a_day(name, day):
    """It holds the instant, and all of it is one day, however the clocks change."""
    where = windows.zone(name)
    first = windows.instant(datetime(day.year, day.month, day.day, tzinfo=UTC)) - 36 * HOUR
    for now in range(first, first + 72 * HOUR, 10 * MINUTE):
        begins, ends = windows.span_of_day(now, where)
        assert begins <= now < ends
        instants = (begins, *range(begins, ends, 30 * MINUTE), ends - 1)
        days = {windows.local(instant, where).date() for instant in instants}
        assert days == {windows.local(now, where).date()}


def walk(week: OpeningHours, now: int, where: tzinfo) -> list[tuple[int, bool]]:
    """Walk through some days, minute by minute; say of each whether it is open.

    A clock that is set back shows nothing new until it is where it was.
    """
    shown, found = datetime.min, []  # noqa: DTZ901 - local times have no zone here
    first = now - 2 * 24 * HOUR
    for minute in range((DAYS + 2) * 24 * 60):
        instant = first + minute * MINUTE
        shown = max(shown, windows.local(instant, where).replace(tzinfo=None))
        clock = shown.hour * 60 + shown.minute
        spans = week.week[shown.weekday()]
        is_open = any(start <= clock < end for start, end in spans)
        if instant >= now:
            found.append((instant, is_open and shown.date() not in week.closed))
    return found


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    """The hours of a day, often about when clocks change."""
    times = st.sampled_from((0, 1, 30, 60, 90, 105, 120, 135, 150, 180, 480, 1200, 1410, 1440))
    ends = sorted(draw(st.sets(times, max_size=4)))
    if len(ends) % 2:
        ends.pop()
    return tuple(zip(ends[::2], ends[1::2], strict=True))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(PLACES),
    st.tuples(*[spans()] * 7),
    st.sets(st.integers(-2, 3)),
    st.integers(-36 * 60, 36 * 60),
    st.integers(1, 2000),
)
def test_opening_hours_are_what_clocks_show(place, week, closed, minutes, length):
    """In every zone, on the days around a change."""
    zone, day = place
    where = windows.zone(zone)
    found = OpeningHours(week, frozenset(day + timedelta(each) for each in closed))
    now = windows.instant(datetime(day.year, day.month, day.day, tzinfo=UTC)) + minutes * MINUTE
    walked = walk(found, now, where)
    for instant, is_open in walked:
        assert found.is_open(instant, where) is is_open, utc(instant)
    for instant, _ in walked[::97]:
        rest = [minute for minute in walked if minute[0] >= instant]
        opening = [minute for minute, is_open in rest if is_open]
        opens, due = found.next_open(instant, where), found.after(instant, length * MINUTE, where)
        if opening:
            assert opens == opening[0]
        else:
            assert opens is None or opens > rest[-1][0]
        if len(opening) >= length:
            assert due == opening[length - 1] + MINUTE
        else:
            assert due is None or due > rest[-1][0]


# --- what is written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("08:00-20:00", ((480, 1200),)),
        ("13:00-17:00,08:00-12:00", ((480, 720), (780, 1020))),
        (" 00:00-12:00 , 12:00-24:00 ", ((0, 720), (720, 1440))),
        ("00:00-00:01", ((0, 1),)),
    ],
)
def test_hours(text, expected):
    """In the order of the day, whatever that of the text."""
    assert parse_spans(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`` is not a time of day such as 08:00-20:00"),
        ("8:00-20:00", "`8:00-20:00` is not a time of day such as 08:00-20:00"),
        ("08:00", "`08:00` is not a time of day such as 08:00-20:00"),
        ("08:00 - 20:00", "`08:00 - 20:00` is not a time of day such as 08:00-20:00"),
        ("08:60-20:00", "`08:60-20:00` is not a time of day such as 08:00-20:00"),
        ("08:00-24:01", "`08:00-24:01` is not a time of day such as 08:00-20:00"),
        ("08:00-20:00,", "`` is not a time of day such as 08:00-20:00"),
        ("22:00-02:00", "`22:00-02:00` does not end after it begins"),
        ("08:00-08:00", "`08:00-08:00` does not end after it begins"),
        ("08:00-12:00, 11:59-13:00", "the hours in `08:00-12:00, 11:59-13:00` overlap"),
    ],
)
def test_what_are_no_hours(text, message):
    """And why."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_spans(text)
