"""Moments: the fast matcher finds what the literal one finds; edges; what a pattern may cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journey.strategies import (
    LATEST,
    LONG,
    event,
    journey,
    linked,
    moment,
    pattern,
    step,
    steps,
    time,
)

from nba.book.model import Pattern
from nba.journey import reference
from nba.journey.events import Row
from nba.journey.moments import Instance, Matcher, boundaries, open_at
from nba.journey.timeline import Timeline

#: Random patterns of the plain search, and journeys that each is matched with.
PATTERNS = 4_000 if LONG else 150
JOURNEYS = 10

randoms = st.randoms(use_true_random=False)


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Return the events of a journey as the specification orders them, each id once."""
    once = {row["id"]: row for row in reversed(rows)}
    return sorted(once.values(), key=lambda row: (int(row["at"]), row["id"]))


def literally(patterns: Sequence[Pattern], rows: Sequence[Row]) -> list[Instance]:
    """Return the instances of all patterns by the reference."""
    return [found for each in patterns for found in reference.instances(each, in_order(rows))]


def match(patterns: Sequence[Pattern], rows: Sequence[Row]) -> list[Instance]:
    """Return the instances of all patterns, once both matchers agree on them."""
    found = Matcher(moment(*patterns)).instances(Timeline(rows))
    assert found == literally(patterns, rows)
    return found


def spans(each: Pattern, *rows: Row) -> list[tuple[int, int | None]]:
    """Return from when until when each instance is open."""
    return [(found.opens, found.ends) for found in match([each], rows)]


# --- the fast matcher is the literal one


def is_open(found: Sequence[Instance], now: int) -> Any:
    """Return what is known at *now* of the instance that is open: its end may still move."""
    found_open = open_at(found, now)
    return found_open and (found_open.opens, found_open.evidence)


def compare(random: Random, seen: Counter[str], journeys: int) -> None:
    """Match random patterns of one moment with random journeys in both ways."""
    patterns = [
        random.choice((pattern, pattern, pattern, linked))(random)
        for _ in range(random.choice((1, 1, 1, 2)))
    ]
    fast, within_reach = Matcher(moment(*patterns)), Matcher(moment(*patterns), reach=9)
    for _ in range(journeys):
        rows = journey(random, random.choice((5, 9, 13)))
        timeline = Timeline(rows)
        found = fast.instances(timeline)
        assert found == literally(patterns, rows), (patterns, in_order(rows))
        now = random.randrange(LATEST + 9)
        known = is_open(found, now)
        past = [row for row in rows if row["at"] <= now]
        assert known == is_open(literally(patterns, past), now), (patterns, in_order(rows), now)
        inside = [opens <= now and (e is None or now < e) for opens, e in boundaries(found)]
        assert any(inside) is (known is not None)
        near = [row for row in past if row["at"] > now - 9]
        assert is_open(within_reach.instances(timeline), now) == is_open(
            literally(patterns, near), now
        )
        seen["journeys"] += 1
        seen["instances"] += len(found)
        seen["open"] += known is not None
        for each in patterns:
            seen[each.kind] += bool(found)
            seen["three steps or more"] += bool(found) and len(each.steps) > 2


def test_fast_equals_literal(record_property: Any) -> None:
    """All kinds of patterns, journeys out of order with ties and duplicates, and cut journeys.

    What is open at a time is the same without the events that are later, and, with a reach,
    without those that are older.
    """
    seen: Counter[str] = Counter()
    for seed in range(PATTERNS):
        compare(Random(seed), seen, JOURNEYS)
    assert min(seen[kind] for kind in ("sequence", "at_least", "after")) > PATTERNS / 2
    assert seen["open"] > seen["journeys"] / 20
    record_property("measured", f"moments, fast and literal: {dict(sorted(seen.items()))}")


@given(randoms)
def test_fast_equals_literal_searching(random: Random) -> None:
    """As above, where Hypothesis chooses, and shrinks what fails."""
    compare(random, Counter(), 3)


# --- sequences


def repeat(**more: Any) -> Pattern:
    """Return the pattern of a contact about the topic of an unresolved one."""
    first = ("contact", "first", "first.resolved == false")
    again = ("contact", "again", "again.topic == first.topic")
    return Pattern("sequence", steps(first, again), **more)


def contact(at: int, topic: str | None = "x", *, resolved: bool | None = False, **more: Any) -> Row:
    """Return a contact."""
    return event("contact", at, topic=topic, resolved=resolved, **more)


def test_a_window_includes_both_its_ends():
    """From the first step to the last at most `within`."""
    assert spans(repeat(within=7, lasts=3), contact(10), contact(17)) == [(17, 20)]
    assert spans(repeat(within=7, lasts=3), contact(10), contact(18)) == []


def test_each_anchor_has_one_instance():
    """Three contacts: the first and the second each come back with the next; the third does not."""
    assert spans(repeat(lasts=9), contact(1), contact(2), contact(3)) == [(2, 11), (3, 12)]


def test_unknown_does_not_match():
    """A contact without a topic is about no topic, and one not known resolved is no anchor."""
    assert spans(repeat(), contact(1, None), contact(2, None)) == []
    assert spans(repeat(), contact(1, resolved=None), contact(2)) == []


def test_a_later_step_is_later_in_time_and_id():
    """At the same time the id decides; an event is no step twice."""
    first, again = contact(5, id="a"), contact(5, resolved=True, id="b")
    assert spans(repeat(), first, again) == [(5, None)]
    assert spans(repeat(), first | {"id": "c"}, again) == []
    assert spans(repeat(), first) == []


def test_the_earliest_completion_is_the_evidence():
    """The last event as early as possible; then the second, the third, and so on."""
    linked = Pattern(
        "sequence",
        steps(
            ("contact", "a", None),
            ("contact", "b", None),
            ("contact", "c", "c.topic == b.topic"),
        ),
    )
    rows = [contact(1, "a"), contact(2, "x"), contact(3, "y"), contact(4, "y"), contact(5, "x")]
    found = match([linked], rows)[0]
    assert [found.evidence[alias]["at"] for alias in "abc"] == [1, 3, 4]
    rows[2]["topic"] = rows[3]["topic"] = "x"
    found = match([linked], rows)[0]
    assert [found.evidence[alias]["at"] for alias in "abc"] == [1, 2, 3]


def test_what_was_not_found_depends_on_what_later_steps_read() -> None:
    """The third step fails for one anchor, and not for another that the second reads alike."""
    last = "c.topic == b.topic && c.resolved == a.resolved && c.transfers == a.transfers"
    written = (("contact", "a", None), ("contact", "b", "b.wait == 1.0"), ("contact", "c", last))
    rows = [contact(at, transfers=transfers) for at, transfers in enumerate((1, 0, 9, 1))]
    rows[2]["wait"] = 1.0
    found = match([Pattern("sequence", steps(*written))], rows)
    assert [instance.anchor for instance in found] == [0]


def test_what_was_found_may_lie_outside_the_window_of_an_older_anchor() -> None:
    """Two anchors that the later steps read alike: only the newer one is near enough."""
    each = Pattern(
        "sequence",
        steps(("contact", "a", None), ("booked", "b", None), ("arrived", "c", "c.ref == b.ref")),
        within=10,
        lasts=1,
    )
    assert spans(each, contact(0), contact(5), booked(7), arrived(12)) == [(12, 13)]


# --- at_least


def test_at_least_counts_from_every_event():
    """Windows of different anchors overlap; each event with enough after it in time is one."""
    often = Pattern("at_least", (step("contact", "c"),), within=10, count=3, lasts=5)
    rows = [contact(at) for at in (0, 5, 10, 14, 21)]
    assert spans(often, *rows) == [(10, 15), (14, 19)]
    assert match([often], rows)[0].evidence == {"c": rows[2]}


# --- after, expect


BOOKED = step("booked", "booked")
ARRIVED = step("arrived", "arrived", "arrived.ref == booked.ref", after=[BOOKED])


def missed(**more: Any) -> Pattern:
    """Return the pattern of a technician who does not arrive within 10 of what was booked."""
    return Pattern("after", (BOOKED,), **{"within": 10, "expect": ARRIVED, **more})


def booked(at: int, ref: str = "r", due: int | None = None) -> Row:
    """Return a booking."""
    return event("booked", at, ref=ref, due=None if due is None else time_of(due))


def arrived(at: int, ref: str = "r") -> Row:
    """Return an arrival."""
    return event("arrived", at, ref=ref)


def time_of(at: int) -> Any:
    """Return an instant as events have it."""
    return event("contact", at)["at"]


def test_a_match_at_the_deadline_meets_the_expectation():
    """And one a nanosecond later does not."""
    assert spans(missed(), booked(0), arrived(10)) == []
    assert spans(missed(), booked(0), arrived(11)) == [(10, 11)]
    assert spans(missed(), booked(0), arrived(3, "other")) == [(10, None)]


def test_absence_holds_from_its_deadline_on():
    """Nobody needs to look before or after."""
    found = match([missed(lasts=5)], [booked(0)])
    assert [now for now in range(20) if open_at(found, now)] == [10, 11, 12, 13, 14]


def test_a_late_match_ends_it():
    """Only the first, and only after the deadline."""
    assert spans(missed(lasts=9), booked(0), arrived(12), arrived(13)) == [(10, 12)]
    assert spans(missed(lasts=9), booked(0), arrived(19)) == [(10, 19)]
    assert spans(missed(lasts=9), booked(0), arrived(20)) == [(10, 19)]


def test_a_deadline_by_the_anchor():
    """An expression over the anchor; unknown is no deadline; one in the past is now."""
    by = time("booked.due + duration('2ns')", BOOKED)
    each = missed(within=None, by=by, lasts=4)
    assert spans(each, booked(1, due=5)) == [(7, 11)]
    assert spans(each, booked(1)) == []
    assert spans(each, booked(9, due=5)) == [(9, 13)]
    assert spans(each, booked(9, due=5), arrived(11)) == [(9, 11)]
    later = arrived(9) | {"id": "z"}
    assert spans(each, booked(9, due=7), later) == []  # the deadline is the anchor's time
    assert spans(each, booked(9, due=6), later) == []  # it would end when it opens


def test_two_anchors_are_told_apart():
    """Each booking has its own technician, and the newest that is open is the evidence."""
    one, two = booked(0, "one"), booked(2, "two")
    found = match([missed()], [one, two, arrived(11, "one")])
    assert [(instance.opens, instance.ends) for instance in found] == [(10, 11), (12, None)]
    found = match([missed()], [one, two])
    assert [open_at(found, now) for now in (9, 10, 12)] == [None, found[0], found[1]]


# --- unless, until, linger, lasts


MOVED = step("contact", "moved", "moved.topic == booked.ref", after=[BOOKED])


def test_unless_prevents_up_to_the_opening():
    """An event that matches after the anchor and not after the instance opens."""
    each = missed(unless=(MOVED,))
    for at, expected in ((0, 0), (1, 0), (10, 0), (11, 1)):
        row = contact(at, "r", id="contact" if at else "a")
        assert len(spans(each, booked(0), row)) == expected + (at == 0)


def test_unless_and_until_share_no_event():
    """What has the time of the event that opened it counts by its place: before, or after."""
    first, again, between = contact(1, id="a"), contact(4, id="m"), booked(4, "x")
    closing = step("booked", "b", "b.ref == first.topic", after=repeat().steps)
    for id_, unless, until in (("b", [], [(4, None)]), ("z", [(4, None)], [])):
        rows = (first, again, between | {"id": id_})
        assert spans(repeat(unless=(closing,)), *rows) == unless
        assert spans(repeat(until=(closing,)), *rows) == until


def test_until_ends_it_and_it_lingers():
    """Also where it lingers longer than it would have lasted; but not once it has ended."""
    closed = step("booked", "b", "b.ref == opened.topic", after=[step("contact", "opened")])
    each = Pattern("after", (step("contact", "opened"),), until=(closed,), linger=7, lasts=20)
    assert spans(each, contact(0)) == [(0, 20)]
    assert spans(each, contact(0), booked(5, "other")) == [(0, 20)]
    assert spans(each, contact(0), booked(5, "x"), booked(6, "x")) == [(0, 12)]
    assert spans(each, contact(0), booked(19, "x")) == [(0, 26)]
    assert spans(each, contact(0), booked(20, "x")) == [(0, 20)]


def test_a_late_match_ends_it_while_it_lingers():
    """Both end it; what comes first counts."""
    each = missed(until=(MOVED,), linger=5)
    assert spans(each, booked(0), contact(12, "r"), arrived(14)) == [(10, 14)]
    assert spans(each, booked(0), contact(12, "r"), arrived(18)) == [(10, 17)]
    assert spans(each, booked(0), arrived(12), contact(13, "r")) == [(10, 12)]


def test_one_of_several_steps_prevents_or_ends_it():
    """Of those that match the earliest counts, whichever it is of."""
    solved = step("contact", "solved", "solved.resolved", after=[BOOKED])
    each = missed(unless=(MOVED, solved))
    assert spans(each, booked(0)) == [(10, None)]
    assert spans(each, booked(0), contact(5, "r")) == []
    assert spans(each, booked(0), contact(5, "z", resolved=True)) == []
    each = missed(until=(MOVED, solved), linger=5)
    assert spans(each, booked(0), contact(12, "r"), contact(14, "z", resolved=True)) == [(10, 17)]
    assert spans(each, booked(0), contact(12, "z", resolved=True), contact(14, "r")) == [(10, 17)]


def test_what_would_end_when_it_opens_is_no_instance():
    """It would be open at no time."""
    assert spans(repeat(lasts=0), contact(1), contact(2)) == []


def test_out_of_reach():
    """An instance ends when its anchor is no longer seen."""
    timeline = Timeline([contact(0), contact(5)])
    found = Matcher(moment(repeat(lasts=100)), reach=30).instances(timeline)
    assert [(instance.opens, instance.ends) for instance in found] == [(5, 30)]
    assert Matcher(moment(repeat()), reach=5).instances(timeline) == []


# --- boundaries


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ([], []),
        ([(1, 3), (2, 5), (7, 8)], [(1, 5), (7, 8)]),
        ([(1, 9), (2, 5)], [(1, 9)]),
        ([(1, 3), (3, 5)], [(1, 5)]),
        ([(4, 6), (1, 3)], [(1, 3), (4, 6)]),
        ([(4, 6), (1, None), (8, 9)], [(1, None)]),
        ([(4, None), (1, 5)], [(1, None)]),
    ],
)
def test_boundaries(given_: list[Any], expected: list[Any]) -> None:
    """It opens with the first of instances that overlap or touch, and closes with the last."""
    assert boundaries([Instance(0, opens, ends, {}) for opens, ends in given_]) == expected


# --- what it costs


def sequence_of(length: int, where: str, last: str) -> Pattern:
    """Return a sequence of contacts; *where* and *last* are over `b`, and `a` before it."""
    written: list[tuple[str, str, str | None]] = [("contact", "s0", None)]
    for place in range(1, length):
        text = last if place == length - 1 else where
        text = text.replace("b.", f"s{place}.").replace("a.", f"s{place - 1}.")
        written.append(("contact", f"s{place}", text))
    return Pattern("sequence", steps(*written))


@pytest.mark.parametrize("length", [2, 5, 8])
@pytest.mark.parametrize(
    ("where", "last"),
    [
        ("b.transfers == 0", "b.transfers == 1"),
        ("b.transfers < 1", "b.transfers > 1"),
        ("b.topic == a.topic", "b.topic == a.topic && b.transfers == 1"),
        ("b.topic >= a.topic", "b.topic > a.topic"),
        ("b.topic >= a.topic && b.topic == s0.topic", "b.topic > s0.topic && b.topic > a.topic"),
    ],
)
def test_equal_contacts_are_matched_in_no_time(length: int, where: str, last: str) -> None:
    """500 contacts that differ in nothing but their time, and a sequence that its last step fails.

    Tried one after the other there are more than 10**16 completions of eight steps.
    """
    timeline = Timeline([contact(at, transfers=0) for at in range(500)])
    matcher = Matcher(moment(sequence_of(length, where, last)))
    started = perf_counter()
    assert matcher.instances(timeline) == []
    assert perf_counter() - started < 2


@settings(max_examples=20)
@given(st.integers(2, 8), st.sampled_from(["b.topic == a.topic", "b.at - a.at < duration('5ns')"]))
def test_equal_contacts_that_match(length: int, where: str) -> None:
    """Every contact that has enough after it is an anchor, and is completed at once."""
    timeline = Timeline([contact(at) for at in range(60)])
    found = Matcher(moment(sequence_of(length, where, where))).instances(timeline)
    assert [instance.opens for instance in found] == list(range(length - 1, 60))
