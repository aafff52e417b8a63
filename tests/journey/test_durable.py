"""Moments by durable-rules: the same instances as the native matcher; what is refused.

What the package does with facts is tried in a process of its own, which it may end; this file is
also what that process runs.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from statistics import median
from time import process_time
from typing import Any, Literal

import pytest
from tests.journey.strategies import (
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

from nba import Engine
from nba.book.model import Pattern
from nba.errors import BookError, CaseError, NbaError
from nba.journey import durable, reference
from nba.journey.durable import DurableMatcher
from nba.journey.moments import Matcher
from nba.journey.rule_sets import RuleSet
from nba.journey.timeline import Timeline

ROOT = Path(__file__).parents[2]

try:
    importlib.import_module("durable.engine")
    WHY = ""
except ImportError as error:
    WHY = f"durable-rules cannot be imported: {error}"
with_package = pytest.mark.skipif(bool(WHY), reason=WHY or "it can")

#: Processes, and random patterns that each of them tries.
PROCESSES, PATTERNS = (20, 1_000) if LONG else (2, 120)
BOOK = """
format: 1
book: small
channels: {app: {cost: 0}}
issues: {service: {title: Service}}
groups: {service/help: {title: Help}}
actions:
  sorry:
    title: Say sorry
    group: service/help
    kind: guidance
    eligible: [moment.again]
    value: 1
    channels: [app]
events:
  contact: {topic: string, effort: {type: number, default: 0}}
moments:
  again:
    title: Again
    severity: high
    sequence:
      - {event: contact, as: first}
      - {event: contact, as: second, where: "%s"}
    within: 7d
    lasts: 3d
"""
SAME = "second.topic == first.topic && second.effort >= 1.5"


# --- in a process of its own


def compare(first: int, count: int) -> Counter[str]:
    """Match random patterns with random journeys by all three matchers."""
    seen: Counter[str] = Counter()
    for seed in range(first, first + count):
        random = Random(seed)
        patterns = [
            random.choice((pattern, pattern, linked))(random)
            for _ in range(random.choice((1, 1, 1, 2)))
        ]
        asked = moment(*patterns)
        try:
            by_rules, within_reach = DurableMatcher(asked), DurableMatcher(asked, reach=9)
        except BookError:
            seen["refused"] += 1
            continue
        seen["patterns"] += len(patterns)
        for _ in range(10):
            timeline = Timeline(journey(random, random.choice((5, 9, 13))))
            found = by_rules.instances(timeline)
            literal = [i for each in patterns for i in reference.instances(each, timeline.rows)]
            assert found == Matcher(asked).instances(timeline) == literal, (seed, timeline.rows)
            near = Matcher(asked, reach=9).instances(timeline)
            assert within_reach.instances(timeline) == near, (seed, timeline.rows)
            seen["journeys"] += 1
            seen["instances"] += len(found)
            for each in patterns:
                seen[each.kind] += bool(found)
    return seen


REPEAT = Pattern(
    "sequence",
    steps(("contact", "first", None), ("contact", "again", "again.topic == first.topic")),
    within=10,
    lasts=5,
)


def values() -> None:
    """Values that are easily confused are told apart, alone and beside one another."""
    texts = ["", "a", "ab", 'a"', "a\\", "a\\n", "a\n", "é", "5", "true", "{", "a\0", "a'b", None]
    # as the package hashes texts, these two are equal
    texts += ["d614785d09f7", "08f3c4ff0fa6"]
    numbers = [0.0, -0.0, 5e-324, 1e-7, 1.5, -1.5, 1e22, -1e300, float("inf"), float("-inf")]
    random = Random(5)
    rows = [
        event(
            "contact",
            random.randrange(30_000),
            topic=random.choice(texts),
            wait=random.choice(numbers),
            transfers=random.choice((-(2**63) + 1, -1, 0, 1, 2**53, 2**53 + 1, 2**63 - 1)),
            resolved=random.choice((True, False)),
        )
        for _ in range(300)
    ]
    wheres = ["b.wait < 1e-7", "b.wait >= -1.5", "b.wait != 0.0", "b.transfers == 9007199254740993"]
    wheres += [f"b.topic == {text}" for text in ("''", "'a'", "'a\\\"'", "'a\\\\'", "'\\u00e9'")]
    wheres += [
        f"b.{field} {operator} a.{field}"
        for field in ("wait", "transfers", "topic", "resolved")
        for operator in ("==", "!=", "<", "<=", ">", ">=")
        if field in ("wait", "transfers") or operator in ("==", "!=")
    ]
    for where in wheres:
        written = steps(("contact", "a", None), ("contact", "b", where))
        asked = moment(Pattern("sequence", written, within=900))
        timeline = Timeline(rows)
        found = DurableMatcher(asked).instances(timeline)
        assert found == Matcher(asked).instances(timeline), where
        assert 0 < len(found) < 299, (where, len(found))


def sizes() -> None:
    """A long journey is no more than its windows; a window that is too full is refused."""
    matcher = DurableMatcher(moment(REPEAT))
    timeline = Timeline(event("contact", 3 * at, topic=f"{at % 3}") for at in range(500))
    assert matcher.instances(timeline) == Matcher(moment(REPEAT)).instances(timeline) != []
    full = Timeline(event("contact", at, topic=f"{at}") for at in range(30))
    whole = Pattern("sequence", REPEAT.steps)
    refused("in one sequence", lambda: DurableMatcher(moment(whole)).instances(full))
    late = Timeline([event("contact", 2**62 + 1, topic="x")])
    refused("1824 to 2116", lambda: matcher.instances(late))
    other = Timeline(event("contact", at, topic=3) for at in (1, 2))
    refused("a int in place of a string", lambda: matcher.instances(other))
    assert matcher.instances(timeline) != []  # what was refused left nothing behind


def refused(why: str, find: Any) -> None:
    """Assert that a journey is refused, by the moment's name."""
    with pytest.raises(CaseError, match=f"moment `m` .*{why}"):
        find()


def threads() -> None:
    """Several threads ask one matcher, and the same rule set by another."""
    random = Random(1)
    matchers = [DurableMatcher(moment(REPEAT)) for _ in range(2)]
    timelines = [Timeline(journey(random, 13)) for _ in range(200)]
    expected = [Matcher(moment(REPEAT)).instances(timeline) for timeline in timelines]
    with ThreadPoolExecutor(8) as pool:
        for matcher in matchers:
            assert list(pool.map(matcher.instances, timelines)) == expected
    assert len(durable._made) == 1


def failures() -> None:
    """What goes wrong in the package is told, and the next journey starts afresh."""
    matcher = DurableMatcher(moment(REPEAT))
    timeline = Timeline(event("contact", at, topic="x") for at in range(3))
    host, _ = durable._host[0]
    hold, count = host.assert_fact, 0

    def broken(name: str, fact: dict[str, Any]) -> Any:
        nonlocal count
        count += 1
        hold(name, fact)
        if count == 3:
            raise ValueError("a breakdown")

    host.assert_fact = broken
    with pytest.raises(NbaError, match="durable-rules failed for moment `m`: a breakdown"):
        matcher.instances(timeline)
    assert matcher.instances(timeline) == Matcher(moment(REPEAT)).instances(timeline) != []


def engine(folder: str) -> None:
    """An engine decides alike with both."""
    from datetime import UTC, datetime, timedelta

    from nba import Event

    now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    decided = []
    choices: tuple[Literal["native", "durable"], ...] = ("native", "durable")
    for moments in choices:
        opened = Engine.open(folder, clock=lambda: now, moments=moments)
        for days, effort in ((2, 0.0), (1, 1.5)):
            data = {"topic": "bill", "effort": effort}
            at = now - timedelta(days=days)
            opened.observe(Event("contact", "c", "app", at, data, f"{days}"))
        opened.reload()
        due, _ = opened.due(now + timedelta(days=9))
        decided.append((opened.decide("c").action, due))
        assert moments == "native" or durable._made
    assert decided[0] == decided[1]
    assert decided[0][1]


def figures() -> dict[str, Any]:
    """Return the CPU time that three moments take by both matchers, in microseconds, and memory.

    Medians of 100 random journeys for each number of events; the memory in MiB is what the
    process grew by while 2,000 more journeys of 50 events were read by durable-rules.
    """
    import resource

    random = Random(3)
    booked, opened = step("booked", "b"), step("contact", "o", "o.resolved == false")
    arrived = step("arrived", "a", "a.ref == b.ref", after=[booked])
    moved = step("contact", "c", "c.topic == b.ref", after=[booked])
    solved = step("contact", "c", "c.topic == o.topic && c.resolved == true", after=[opened])
    unresolved = ("contact", "first", "first.resolved == false")
    same = ("contact", "again", "again.topic == first.topic")
    asked = [
        moment(Pattern("sequence", steps(unresolved, same), within=28, lasts=12)),
        moment(Pattern("after", (booked,), 12, expect=arrived, unless=(moved,), lasts=12)),
        moment(Pattern("after", (opened,), until=(solved,), linger=28, lasts=1460)),
    ]

    def written(events: int) -> Timeline:
        rows = []
        for number in range(events):
            kind, ref = (
                random.choice(("contact", "contact", "booked", "arrived")),
                random.choice("xyz"),
            )
            fields = {"topic": ref, "resolved": random.random() < 0.4} if kind == "contact" else {}
            fields = fields or {"ref": ref}
            rows.append(event(kind, random.randrange(240), f"{number}", **fields))
        return Timeline(rows)

    found: dict[str, Any] = {}
    for events in (5, 10, 20, 50):
        for matcher in (Matcher, DurableMatcher):
            matchers, taken = [matcher(each) for each in asked], []
            for timeline in [written(events) for _ in range(100)]:
                started = process_time()
                for each in matchers:
                    each.instances(timeline)
                taken.append(process_time() - started)
            found[f"{matcher.__name__} {events}"] = round(median(taken) * 1e6)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(2_000):
        timeline = written(50)
        for each in matchers:
            each.instances(timeline)
    found["grown"] = round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1)
    return found


def run(*arguments: object) -> dict[str, int]:
    """Run one of the above in a process of its own, and return what it counted."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, __file__, *map(str, arguments)]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path}
    )
    assert ended.returncode == 0, f"ended with {ended.returncode}\n{ended.stderr}"
    found: dict[str, int] = json.loads(ended.stdout)
    return found


@with_package
def test_durable_equals_native_and_literal(record_property: Any) -> None:
    """On random journeys of the random patterns that it supports, with and without a reach."""
    seen: Counter[str] = Counter()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        firsts = [10_000 * number for number in range(PROCESSES)]
        for counted in pool.map(lambda first: run("compare", first, PATTERNS), firsts):
            seen.update(counted)
    assert seen["patterns"] > PROCESSES * PATTERNS / 4
    assert min(seen[kind] for kind in ("sequence", "at_least", "after")) > PATTERNS / 10
    record_property("measured", f"moments, durable, native and literal: {dict(seen)}")


@with_package
@pytest.mark.parametrize("name", ["values", "sizes", "threads", "failures"])
def test_in_a_process_of_its_own(name: str) -> None:
    """See the function of that name."""
    run(name)


@with_package
def test_an_engine_with_durable(tmp_path: Path) -> None:
    """It decides and tells what is due like another."""
    (tmp_path / "book.yaml").write_text(BOOK % SAME)
    run("engine", tmp_path)


# --- refusals


CONTACT = step("contact", "a")
BOOKED = step("booked", "a")


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("b.topic == 'x' || b.resolved", "only comparisons of fields and constants, all of which"),
        ("!(b.topic == 'x' && b.resolved)", "only comparisons of fields and constants, all of"),
        ("b.topic in ['x', 'y']", "only comparisons of fields and constants"),
        ("has(b.topic)", "only comparisons of fields and constants"),
        ("b.at - a.at < duration('3ns')", "only comparisons of fields and constants"),
        ("default(b.wait, 1.0) < 2.0", "only comparisons of fields and constants"),
        ("a.resolved == true", "only comparisons with a field of the step's own event"),
        ("a.resolved", "only comparisons with a field of the step's own event"),
        ("b.topic == b.channel", "only comparisons of two fields of different events"),
        ("b.tags == a.tags", "a list beside a list: only values of one type"),
        ("b.topic < a.topic", "the order of values of type string: only that of numbers"),
        ("b.wait == double('NaN')", "a number that is none (NaN): that is not"),
        ("b.at > timestamp('2200-01-01T00:00:00Z')", "a time outside the years 1824 to 2116:"),
    ],
)
def test_a_condition_that_is_refused(where: str, why: str) -> None:
    """By its text, its step and the name of the moment."""
    written = steps(("contact", "a", None), ("contact", "b", where))
    with pytest.raises(BookError, match=r'with `moments="durable"`, moment `m` has ') as raised:
        DurableMatcher(moment(Pattern("sequence", written)))
    message = raised.value.diagnostics[0].message
    assert f"has a condition `{where}` of `b`: {why}" in message
    assert message.endswith(" supported")


def test_a_pattern_that_is_too_large() -> None:
    """Steps, conditions and windows have a limit."""
    many = steps(*(("contact", f"s{n}", None) for n in range(9)))
    where = " && ".join(f"a.transfers != {n}" for n in range(200))
    large = {
        "has 9 steps, and at most 8 are": Pattern("sequence", many),
        "conditions, and at most 200 are": Pattern("at_least", (step("contact", "a", where),)),
        "has a window that is too long": Pattern("after", (CONTACT,), lasts=2**63),
    }
    for why, each in large.items():
        with pytest.raises(BookError, match=why):
            DurableMatcher(moment(each))


def test_any_deadline_is_supported() -> None:
    """It is worked out apart from the rules."""
    by = time("a.ref == 'x' ? a.due : a.at + duration('4ns')", BOOKED)
    expect = step("arrived", "b", "b.ref == a.ref", after=[BOOKED])
    each = Pattern("after", (BOOKED,), expect=expect, by=by)
    assert set(RuleSet(moment(each), each).rules) == {"step0", "expect0"}


def test_an_engine_refuses(tmp_path: Path) -> None:
    """Where the moment stands is told; without the option it opens."""
    (tmp_path / "book.yaml").write_text(BOOK % "has(second.topic)")
    assert Engine.open(tmp_path).book.moments
    with pytest.raises(BookError, match=r"book.yaml:\d+:\d+: error: with `moments=") as raised:
        Engine.open(tmp_path, moments="durable")
    assert "moment `again` has a condition `has(second.topic)`" in str(raised.value)
    with pytest.raises(NbaError, match="`moments` is `native` or `durable`, not `both`"):
        Engine.open(tmp_path, moments="both")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("attribute", "value", "why"),
    [
        ("version_info", (3, 13, 0), "does not run on Python 3.13 or later"),
        ("platform", "win32", "cuts ints to 32 bits on Windows"),
        ("version_info", (3, 12, 0), "pip install nba[durable]"),
    ],
)
def test_where_it_cannot_run(
    monkeypatch: pytest.MonkeyPatch, attribute: str, value: Any, why: str
) -> None:
    """The moment and the reason are told."""
    monkeypatch.setitem(sys.modules, "durable.engine", None)
    monkeypatch.setattr(sys, "version_info", (3, 11, 0))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, attribute, value)
    monkeypatch.setattr(durable, "_host", [])
    with pytest.raises(NbaError, match="moment `m` is to be found by durable-rules") as raised:
        DurableMatcher(moment(REPEAT))
    assert why in str(raised.value)


def test_a_process_has_so_many_rule_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package never frees one."""
    monkeypatch.setattr(durable, "_host", [(None, ValueError)])
    monkeypatch.setattr(durable, "RULE_SETS", 0)
    monkeypatch.setattr(durable, "_made", {})
    with pytest.raises(NbaError, match="moment `m` would be rule set 1 of this process"):
        DurableMatcher(moment(REPEAT))


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    given: list[Any] = [int(each) if each.isdecimal() else each for each in arguments]
    print(json.dumps(globals()[name](*given) or {}))
