"""Tests beside rules: a typo in a case or an expectation is an error, as in a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from nba import windows
from nba.book import documents
from nba.book.amounts import minor_units
from nba.book.earlier import Times, answers
from nba.book.findings import At, Findings, short
from nba.book.model import Action, Budget, Limit, TestCase
from nba.book.selectors import Catalogued
from nba.book.used import used_up
from nba.errors import did_you_mean, errors_in
from nba.lang.context import Shape
from nba.lang.types import DYN, ObjectType, Type

__all__ = ["DEFAULT_NOW", "World", "checked_test"]

#: When a test is decided that does not say when.
DEFAULT_NOW = "2026-01-01T12:00:00Z"


class World(NamedTuple):
    """What a book declares, as far as it is known while it is built.

    *names* are those of the *shape*; *events* are the shapes of events and *actions* the actions;
    *type_ids*, *outcomes* and *counted* (budgets and limits) are all ids that files declare, those
    of faulty ones included.
    """

    shape: Shape
    names: Mapping[str, Type]
    known: Catalogued
    events: Mapping[str, Shape]
    type_ids: frozenset[str]
    outcomes: frozenset[str]
    actions: Mapping[str, Action]
    budgets: Mapping[str, Budget]
    limits: Mapping[str, Limit]
    counted: frozenset[str]
    currency: str


def checked_test(document: documents.Test, at: At, world: World, findings: Findings) -> TestCase:
    """Return a test whose fields, ids and values are all declared; what is not is reported."""
    now = document.now or DEFAULT_NOW
    instant = None
    try:
        instant = windows.parse_instant(now)
    except (ValueError, OverflowError):
        message, help_ = f"`{short(now)}` is not a time", "write `2026-03-01T10:00:00Z`"
        findings.report("wrong-value", message, help_, (at / "now").place)
    given = {"customer": document.customer, "interaction": document.interaction or {}}
    for root, values in given.items():
        declared = world.names.get(root)
        if isinstance(declared, ObjectType):
            _check_names(values, declared, at / root, findings)
    _check_values(given, at, world.shape, findings)
    _check_expectations(document.expect, at / "expect", world, findings)
    times = Times(instant, findings)
    if document.at is not None and document.at not in world.known.point:
        findings.unknown("decision point", document.at, world.known.point, at / "at")
    events = _Events(world, times, findings)
    case: dict[str, Any] = {
        "customer": document.customer,
        "interaction": document.interaction,
        "now": now,
        "role": document.role,
        "at": document.at,
        "events": [
            event
            for place, given in enumerate(document.events)
            if (event := events.event(given, at / "events" / place))
        ],
    }
    if history := answers(document.history, at / "history", world, times, findings):
        case["history"] = history
    if document.used:
        case["used"] = used_up(document.used, at / "used", world, findings)
    expect = {key: getattr(document.expect, key) for key in document.expect.model_fields_set}
    if isinstance(between := expect.get("relationship"), documents.Between):
        expect["relationship"] = between.model_dump(exclude_none=True)
    for key in ("due", "defer_until"):
        if key in expect:
            expect[key] = times.later(expect[key], at / "expect" / key)
    return TestCase(document.name, case, expect, at.place)


class _Events:
    """Reads what tests say happened: the short form into the plain data of events."""

    def __init__(self, world: World, times: Times, findings: Findings) -> None:
        self.world = world
        self.times = times
        self.findings = findings

    def event(self, given: Mapping[str, Any], at: At) -> dict[str, Any] | None:
        """Return an event as `Event.from_dict` takes it; None, and diagnostics, if it is wrong."""
        kinds = [key for key in given if key not in _BESIDE_TYPE]
        if not kinds and at.faulty:
            return None
        if len(kinds) != 1:
            message = "an event has one type" + (f", not {len(kinds)}" if kinds else "")
            place = (at / kinds[1]).key_place if kinds else at.place
            self.findings.report(
                "missing-key" if not kinds else "unknown-key", message, _FORM, place
            )
            return None
        kind, data = kinds[0], given[kinds[0]]
        self._check(kind, data, at / kind)
        channel = given.get("channel")
        known = self.world.known.channel
        if channel is not None and channel not in known:
            self.findings.unknown("channel", str(channel), known, at / "channel")
        id_ = given.get("id")
        if not isinstance(id_, str | None):
            message = f"`id` is text, not `{short(str(id_))}`"
            self.findings.report("wrong-value", message, "put it in quotes", (at / "id").place)
        when = self.times.past(given["at"], at / "at") if "at" in given else self.times.now
        if when is None:
            return None
        found = {
            "type": kind,
            "channel": channel,
            "at": windows.moment(when).isoformat(),
            "data": data,
            "id": id_,
        }
        return {key: value for key, value in found.items() if value is not None}

    def _check(self, kind: str, data: Any, at: At) -> None:
        if kind not in self.world.type_ids:
            self.findings.unknown("event type", kind, self.world.type_ids, at, key=True)
            return
        if not isinstance(data, dict):
            message = f"`{kind}` has fields, not `{short(str(data))}`"
            help_ = f"write `{kind}: {{}}` where there is nothing to say about it"
            self.findings.report("wrong-value", message, help_, at.place)
            return
        if kind not in self.world.events:  # its declaration could not be read, and was reported
            return
        shape = self.world.events[kind]
        _check_names(data, ObjectType(kind, fields=shape.names()), at, self.findings)
        _check_values(data, at, shape, self.findings, f"{kind}.")


#: What an event of a test says beside its type.
_BESIDE_TYPE: Final = ("channel", "at", "id")
_FORM: Final = "write `contact: {topic: billing}`, and `channel` and `at` beside it"


def _check_names(values: Any, declared: Type, at: At, findings: Findings) -> None:
    """Report names that are not declared, in objects and in lists of objects."""
    if isinstance(values, list) and declared.args:
        for place, value in enumerate(values):
            _check_names(value, declared.args[0], at / place, findings)
    if not isinstance(declared, ObjectType) or not isinstance(values, dict):
        return
    for name, value in values.items():
        if name in declared.fields:
            _check_names(value, declared.fields[name], at / name, findings)
        else:
            message = f"`{declared.name}.{short(name)}` is not declared"
            help_ = did_you_mean(name, declared.fields)
            findings.report("undeclared-name", message, help_, (at / name).key_place)


def _check_values(
    given: Mapping[str, Any], at: At, shape: Shape, findings: Findings, prefix: str = ""
) -> None:
    _, problems = shape.read(given)
    types = {spec.path: spec.type for spec in shape.inputs}
    for problem in errors_in(problems):  # what is not declared was said already
        reason, _, rest = problem.message.partition(" - at `")
        path = rest.partition("`")[0]
        if types.get(path) == DYN:  # its declaration is faulty, and was reported
            continue
        here = at
        for step in _STEP.findall(path):
            here = here / (int(step) if step.isdigit() else step)
        findings.report("wrong-value", f"`{prefix}{path}`: {reason}", "", here.place)


_STEP = re.compile(r"[^.\[\]]+")


def _check_expectations(expect: documents.Expect, at: At, world: World, findings: Findings) -> None:
    known = world.known
    for key, name in _expected_actions(expect):
        if name not in known.action:
            here = at / key if key == "action" else (at / key).named(name)
            findings.unknown("action", name, known.action, here, key=key == "dropped")
    if expect.channel is not None and expect.channel not in known.channel:
        findings.unknown("channel", expect.channel, known.channel, at / "channel")
    if expect.tier is not None and expect.tier not in known.tier:
        findings.unknown("tier", expect.tier, known.tier, at / "tier")
    for name in expect.moments or ():
        if name not in known.moment:
            findings.unknown("moment", name, known.moment, (at / "moments").named(name))
    if isinstance(expect.gesture, int | float):
        minor_units(expect.gesture, world.currency, (at / "gesture").place, findings)
    if expect.relationship is not None:
        _check_relationship(expect.relationship, at / "relationship", world, findings)


def _check_relationship(
    between: documents.Between, at: At, world: World, findings: Findings
) -> None:
    if "relationship" not in world.names:
        message = "the book has no `relationship`"
        findings.report("wrong-value", message, "remove it", at.key_place)
    low = 0.0 if between.at_least is None else between.at_least
    high = 100.0 if between.at_most is None else between.at_most
    if not 0 <= low <= high <= 100:
        message = "a relationship is from 0 to 100, and `at_least` is not above `at_most`"
        findings.report("wrong-value", message, "", at.place)


def _expected_actions(expect: documents.Expect) -> Iterator[tuple[str, str]]:
    if expect.action not in (None, "none"):
        yield "action", str(expect.action)
    for name in expect.ranked or ():
        yield "ranked", name
    for name in expect.dropped or ():
        yield "dropped", name
