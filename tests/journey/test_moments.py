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
from tests.journey.strategies import LATEST, event, journey, moment, pattern, step, steps, time
from tests.lang.strategies import LONG

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


def compare(random: Random, seen: Counter[str], journeys: int) -> None:
    """Match random patterns of one moment with random journeys in both ways."""
    patterns = [pattern(random) for _ in range(random.choice((1, 1, 1, 2)))]
    matcher = Matcher(moment(*patterns))
    within_reach = Matcher(moment(*patterns), reach=9)
    for _ in range(journeys):
        rows = journey(random, random.choice((4, 8, 12)))
        timeline = Timeline(rows)
        expected = literally(patterns, rows)
        found = matcher.instances(timeline)
        assert found == expected
        now = random.randrange(LATEST + 9)
        is_open = open_at(found, now)
        assert is_open == reference.open_at(expected, now)
        assert is_open == open_at(literally(patterns, until(rows, now)), now) or anchored(is_open)
        assert any(opens <= now and (ends is None or now < ends) for opens, ends in boundaries(found)) is (is_open is not None)
        seen_now = timeline.within(now - 9, now)
        assert evidence(open_at(within_reach.instances(timeline), now)) == evidence(
            open_at(matcher.instances(seen_now), now)
        )
        seen["journeys"] += 1
        seen["instances"] += len(found)
        seen["open"] += is_open is not None
        for each in patterns:
            seen[f"{each.kind}{' expect' if each.expect else ''}"] += bool(found)
