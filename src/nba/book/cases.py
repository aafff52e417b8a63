"""Tests beside rules: a typo in a case or an expectation is an error, as in a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nba import windows
from nba.book import documents
from nba.book.findings import At, Findings, short
from nba.book.model import TestCase
from nba.book.selectors import Catalogued
from nba.errors import did_you_mean
from nba.lang.context import Shape
from nba.lang.types import DYN, ObjectType, Type

__all__ = ["DEFAULT_NOW", "checked_test"]

#: When a test is decided that does not say when.
DEFAULT_NOW = "2026-01-01T12:00:00Z"


def checked_test(
    document: documents.Test,
    at: At,
    shape: Shape,
    *,
    names: Mapping[str, Type],
    known: Catalogued,
    findings: Findings,
) -> TestCase:
    """Return a test whose fields, ids and values are all declared; what is not is reported.

    *names* are those of the shape, as far as they are known.
    """
    now = document.now or DEFAULT_NOW
    try:
        windows.parse_instant(now)
    except (ValueError, OverflowError):
        message, help_ = f"`{short(now)}` is not a time", "write `2026-03-01T10:00:00Z`"
        findings.report("wrong-value", message, help_, (at / "now").place)
    given = {"customer": document.customer, "interaction": document.interaction or {}}
    for root, values in given.items():
        declared = names.get(root)
        if isinstance(declared, ObjectType):
            _check_names(values, declared, at / root, findings)
    _check_values(given, at, shape, findings)
    _check_expectations(document.expect, at / "expect", known, findings)
    if document.at is not None and document.at not in known.point:
        findings.unknown("decision point", document.at, known.point, at / "at")
    case = {
        "customer": document.customer,
        "interaction": document.interaction,
        "now": now,
        "role": document.role,
        "at": document.at,
    }
    expect = {key: getattr(document.expect, key) for key in document.expect.model_fields_set}
    return TestCase(document.name, case, expect, at.place)


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
    given: Mapping[str, Mapping[str, Any]], at: At, shape: Shape, findings: Findings
) -> None:
    _, problems = shape.read(given)
    types = {spec.path: spec.type for spec in shape.inputs}
    for problem in problems:
        reason, _, rest = problem.message.partition(" - at `")
        path = rest.partition("`")[0]
        if types.get(path) == DYN:  # its declaration is faulty, and was reported
            continue
        here = at
        for step in _STEP.findall(path):
            here = here / (int(step) if step.isdigit() else step)
        findings.report("wrong-value", f"`{path}`: {reason}", "", here.place)


_STEP = re.compile(r"[^.\[\]]+")


def _check_expectations(
    expect: documents.Expect, at: At, known: Catalogued, findings: Findings
) -> None:
    for key, name in _expected_actions(expect):
        if name not in known.action:
            here = at / key if key == "action" else (at / key).named(name)
            findings.unknown("action", name, known.action, here, key=key == "dropped")
    if expect.channel is not None and expect.channel not in known.channel:
        findings.unknown("channel", expect.channel, known.channel, at / "channel")
    if expect.tier is not None and expect.tier not in known.tier:
        findings.unknown("tier", expect.tier, known.tier, at / "tier")


def _expected_actions(expect: documents.Expect) -> Iterator[tuple[str, str]]:
    if expect.action not in (None, "none"):
        yield "action", str(expect.action)
    for name in expect.ranked or ():
        yield "ranked", name
    for name in expect.dropped or ():
        yield "dropped", name
