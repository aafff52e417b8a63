"""Windows and lengths: the same rules for signals, limits, moments and stages."""

import pytest
from tests.book.test_build import BOOK

from nba.book.build import Built, build
from nba.book.dump import to_document
from nba.book.source import parse
from nba.engine import Engine
from nba.errors import BookError, Diagnostic
from nba.windows import Window

LIMIT = "contact_policy: {{limits: [{{id: x, at_most: 1, window: {}}}]}}\n"
SIGNAL = "signals: {{s: {{count: contact, within: {}}}}}\n"
THEIRS = "{calendar: day, timezone: customer.timezone}"
EVENTS = "events: {contact: {topic: string}}\n"
DAY = 86_400 * 10**9


def found_in(*texts: str, main: str = BOOK + "reach: 30d\n") -> list[Diagnostic]:
    """Return what is found in a book of these files."""
    try:
        return loaded(*texts, main=main).warnings
    except BookError as error:
        return list(error.diagnostics)


def loaded(*texts: str, main: str = BOOK + "reach: 30d\n") -> Built:
    """Return a book with these files."""
    return build([parse(text, f"{n}.yaml") for n, text in enumerate((main, EVENTS, *texts))])


def said(*texts: str) -> list[tuple[str, str, str]]:
    """Return how bad each finding is, its code and its message."""
    return [(found.severity, found.code, found.message) for found in found_in(*texts)]


def zone_of(declared: str) -> str:
    """Return a file that declares the customer's time zone."""
    return f"context: {{customer: {{timezone: {declared}}}}}\n"


# --- whose clocks


@pytest.mark.parametrize("form", [LIMIT, SIGNAL])
def test_the_zone_of_customers_is_declared(form):
    """An undeclared one would be looked for at every decision."""
    text = form.format(THEIRS)
    (found,) = found_in(text)
    assert (found.severity, found.code) == ("error", "undeclared-name")
    assert found.message == "`customer.timezone` is not declared"
    assert found.where is not None
    assert text[found.where.column - 1 :].startswith("customer.timezone")


@pytest.mark.parametrize("form", [LIMIT, SIGNAL])
@pytest.mark.parametrize("declared", ["int", "list(string)", "{name: string}"])
def test_the_zone_of_customers_is_text(form, declared):
    """A number is the name of no zone."""
    message = "`customer.timezone` cannot be the name of a time zone"
    assert said(form.format(THEIRS), zone_of(declared)) == [("error", "wrong-type", message)]


@pytest.mark.parametrize("form", [LIMIT, SIGNAL])
@pytest.mark.parametrize("declared", ["string", "{enum: [Europe/Dublin, UTC]}"])
def test_a_book_with_the_zone_of_customers_decides(form, declared):
    """Whether the zone is known or not."""
    engine = Engine(loaded(form.format(THEIRS), zone_of(declared)))
    for customer in ({}, {"timezone": "UTC"}):
        engine.decide("c", customer=customer)


# --- windows


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("7d", Window(7 * DAY)),
        ("{rolling: 7d}", Window(7 * DAY)),
        ("{calendar: week, week_start: sunday}", Window(None, "week", "book", 6)),
        ("{calendar: day, timezone: Europe/Dublin}", Window(None, "day", "Europe/Dublin", 0)),
    ],
)
def test_a_signal_has_the_windows_of_limits(text, window):
    """And a length alone stands for a rolling one."""
    book = loaded(SIGNAL.format(text)).book
    assert book.signals["s"].window == window
    again = to_document(book)["signals"]["s"]["within"]
    assert (again == "1w") is (window.length is not None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{calendar: day, week_start: monday}", "`week_start` goes with `calendar: week`"),
        ("{calendar: month}", "the window is longer than the book's `reach`, 30d"),
        ("{rolling: 31d}", "the window is longer than the book's `reach`, 30d"),
        ("{rolling: 0d}", "`0d` is no time at all"),
    ],
)
def test_what_is_wrong_for_limits_is_doubtful_for_signals(text, message):
    """A limit would not hold; a signal is only not what was meant."""
    assert said(LIMIT.format(text)) == [("error", "wrong-value", message)]
    assert said(SIGNAL.format(text)) == [("warning", "wrong-value", message)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{calendar: dya}", "`calendar` cannot be `dya`"),
        ("{}", "a window is `rolling` or of the `calendar`"),
        ("{rolling: 7d, calendar: day}", "a window is `rolling` or of the `calendar`"),
        ("{rolling: 7d, timezone: UTC}", "`timezone` goes with `calendar`"),
        ("{calendar: day, timezone: Mars}", "`Mars` is not a time zone"),
        ("{rolling: 7x}", "`7x` is not a length of time such as 36h or 7d"),
    ],
)
def test_what_is_wrong_for_both(text, message):
    """It cannot be read."""
    expected = [("error", "wrong-value", message)]
    assert said(LIMIT.format(text)) == said(SIGNAL.format(text)) == expected


@pytest.mark.parametrize("given", ["5", "[7d]", "true"])
def test_what_is_no_window(given):
    """Neither a length nor a mapping."""
    (found,) = found_in(SIGNAL.format(given))
    assert found.message.startswith("the window `within` must be a length, or a mapping, not ")
    assert found.help.startswith("write `7d`, or `{calendar: day")


# --- what waits longer than the book remembers


def test_an_expectation_beyond_the_reach_is_doubtful():
    """What it waits after is forgotten before it is late."""
    after = "after: {event: contact, as: a}, expect: {event: contact, as: b}"
    assert said(f"moments: {{m: {{{after}, within: 31d}}}}\n") == [
        ("warning", "wrong-value", "`within` is longer than the book's `reach`, 30d")
    ]


STAGES = "corridors: {{way: {{stages: [{}]}}}}\n"
ONE = "{{id: one, enter: {{event: contact, as: a}}, {}}}"
TWO = "{{id: two, enter: {{event: contact, as: b}}, {}}}"
ASKED = "expect: {event: contact, as: asked}"


@pytest.mark.parametrize(
    ("length", "message"),
    [
        ("31d", "`within` is longer than the book's `reach`, 30d"),
        ("0d", "`0d` is no time at all"),
    ],
)
def test_a_stage_is_held_to_the_reach(length, message):
    """As a moment is."""
    found = said(STAGES.format(ONE.format(f"within: {length}, {ASKED}")))
    assert found == [("warning", "wrong-value", message)]


@pytest.mark.parametrize("key", ["within: 3d", "by: a.at"])
def test_nothing_is_expected_after_the_last_stage(key):
    """It would be late for ever."""
    name = key.partition(":")[0]
    (found,) = found_in(STAGES.format(ONE.format(key)))
    message = f"`{name}` says by when something is expected, and no stage comes after this"
    assert (found.severity, found.code, found.message) == ("error", "wrong-value", message)
    assert found.help == f"give it `expect`, or leave `{name}` out"


@pytest.mark.parametrize(
    "stages",
    [
        ONE.format(f"within: 3d, {ASKED}"),
        ONE.format("title: One"),
        f"{ONE.format('within: 3d')}, {TWO.format('title: Two')}",
    ],
)
def test_what_may_be_expected_of_a_stage(stages):
    """What it says itself, or that a later one is entered."""
    assert said(STAGES.format(stages)) == []


def test_a_last_stage_that_cannot_be_read_makes_no_other_the_last():
    """One mistake is told once."""
    stages = f"{ONE.format('within: 3d')}, {{id: two, enter: 5}}"
    (found,) = said(STAGES.format(stages))
    assert "`enter`" in found[2]
