"""The conformance suite of the Common Expression Language, every case on both paths.

The suite is the core of https://github.com/google/cel-spec, without protobuf messages, as JSON;
`NBA_CEL_SUITE` names the file.
"""

from __future__ import annotations

from typing import Any, Literal

import pytest
from tests.conformance.suite import decode, load, same, suite_file

from nba import lang
from nba.errors import NbaError

CASES = load()
PATHS: tuple[Literal["reference", "compiled"], ...] = ("reference", "compiled")
WITHOUT = pytest.mark.skipif(
    not CASES, reason=f"no conformance suite at {suite_file()}: set NBA_CEL_SUITE to its file"
)


def name_of(case: dict[str, Any]) -> str:
    """Return what a case is called in reports."""
    return "/".join(str(case[part]) for part in ("file", "section", "name")) if case else "absent"


@WITHOUT
@pytest.mark.parametrize("case", CASES or [{}], ids=name_of)
def test_conformance(case: dict[str, Any], record_property: Any) -> None:
    """The deduced type where the case has one, and the same value, or none, on both paths."""
    record_property("conformance", case["file"])
    types, container = case.get("type_env"), case.get("container", "")
    expected = case["expect"]
    if "type" in expected:
        assert str(lang.check(case["expr"], types, container)) == expected["type"]
    if case.get("check_only"):
        return
    bindings = {name: decode(value) for name, value in case.get("bindings", {}).items()}
    for path in PATHS:
        try:
            found = lang.evaluate(
                case["expr"],
                bindings,
                types=types,
                check=not case.get("disable_check", False),
                container=container,
                path=path,
            )
        except NbaError:
            if "error" not in expected:
                raise
        else:
            assert "value" in expected, f"{path}: {found!r}, where there is no value"
            assert same(found, decode(expected["value"])), f"{path}: {found!r}"


@WITHOUT
def test_the_suite_is_whole() -> None:
    """A file cut short would pass as well."""
    counts: dict[str, int] = {}
    for case in CASES:
        counts[case["file"]] = counts.get(case["file"], 0) + 1
    assert len(CASES) >= 1_100
    assert {"basic", "comparisons", "parse", "timestamps", "type_deduction"} <= set(counts)
