"""Tests beside rules: a typo in a case or an expectation is an error, as in a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nba import windows
from nba.book import documents
from nba.book.findings import At, Findings
from nba.book.model import TestCase
from nba.book.selectors import Catalogued
from nba.errors import Diagnostic, did_you_mean
from nba.lang.context import Shape
from nba.lang.types import ObjectType, Type

__all__ = ["DEFAULT_NOW", "checked_test"]

#: When a test is decided that does not say when.
DEFAULT_NOW = "2026-01-01T12:00:00Z"


def checked_test(
    document: documents.Test,
    at: At,
    shape: Shape,
    known: Catalogued,
    points: Mapping[str, object],
    findings: Findings,
) -> TestCase:
    """Return a test whose fields, ids and values are all declared; what is not is reported."""
    now = document.now or DEFAULT_NOW
    try:
        windows.parse_instant(now)
    except ValueError as error:
        findings.report("wrong-value", str(error), "", (at / "now").place)
    names = shape.names()
    given = {"customer": document.customer, "interaction": document.interaction or {}}
    for root, values in given.items():
        declared = names.get(root)
        if isinstance(declared, ObjectType):
            _check_names(values, declared, at / root, findings)
    _check_values(given, at, shape, findings)
    _check_expectations(document.expect, at / "expect", known, findings)
    if document.at is not None and document.at not in points:
        findings.unknown("decision point", document.at, points, at / "at")
    case = {
        "customer": document.customer,
        "interaction": document.interaction,
        "now": now,
        "role": document.role,
        "at": document.at,
    }
    expect = {key: getattr(document.expect, key) for key in document.expect.model_fields_set}
    return TestCase(document.name, case, expect, at.place)


def _check_names(values: Mapping[str, Any], declared: ObjectType, at: At, findings: Findings) -> None:
    for name, value in values.items():
        kind: Type | None = declared.fields.get(name)
        if kind is None:
            message = f"`{declared.name}.{name}` is not declared"
            help_ = did_you_mean(name, declared.fields)
            findings.report("undeclared-name", message, help_, (at / name).key_place)
        elif isinstance(kind, ObjectType) and isinstance(value, dict):
            _check_names(value, kind, at / name, findings)


def _check_values(
    given: Mapping[str, Mapping[str, Any]], at: At, shape: Shape, findings: Findings
) -> None:
    problems: list[Diagnostic]
    _, problems = shape.read(given)
    for problem in problems:
        reason, _, path = problem.message.partition(" - at `")
        steps = path.partition("`")[0].split(".")
        here = at
        for step in steps:
            here = here / step.partition("[")[0]
        findings.report("wrong-value", f"`{'.'.join(steps)}`: {reason}", "", here.place)


def _check_expectations(
    expect: documents.Expect, at: At, known: Catalogued, findings: Findings
) -> None:
    for key, name in _expected_actions(expect):
        if name not in known.action:
            findings.unknown("action", name, known.action, at / key)
    if expect.channel is not None and expect.channel not in known.channel:
        findings.unknown("channel", expect.channel, known.channel, at / "channel")


def _expected_actions(expect: documents.Expect) -> Iterator[tuple[str, str]]:
    if expect.action not in (None, "none"):
        yield "action", str(expect.action)
    for name in expect.ranked or ():
        yield "ranked", name
    for name in expect.dropped or ():
        yield "dropped", name
