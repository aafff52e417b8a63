"""The conformance suite of the Common Expression Language, every case on both paths.

The suite is that of https://github.com/google/cel-spec, without protobuf messages, as JSON: the
core, and the libraries math, strings, optionals, two-variable comprehensions and `cel.bind`.
`NBA_CEL_SUITE` names the folder.
"""

from __future__ import annotations

from typing import Any, Literal

import pytest
from tests.conformance.suite import decode, load, same, suite_file

from nba import lang
from nba.errors import NbaError

CORE, EXTENSIONS = "cel_core.json", "cel_extensions.json"
CASES = {name: load(name) for name in (CORE, EXTENSIONS)}
PATHS: tuple[Literal["reference", "compiled"], ...] = ("reference", "compiled")


def of(name: str) -> list[Any]:
    """Return the cases of a file, or one that is skipped and says why."""
    if CASES[name]:
        return [pytest.param(case, id=name_of(case)) for case in CASES[name]]
    return [pytest.param({}, id="absent", marks=without(name))]


def without(name: str) -> pytest.MarkDecorator:
    """Return what skips a test where a file of the suite is absent."""
    where = f"no {suite_file(name)}: set NBA_CEL_SUITE to the folder of the conformance suite"
    return pytest.mark.skipif(not CASES[name], reason=where)


def name_of(case: dict[str, Any]) -> str:
    """Return what a case is called in reports."""
    return "/".join(str(case[part]) for part in ("file", "section", "name"))


@pytest.mark.parametrize("case", [*of(CORE), *of(EXTENSIONS)])
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


@pytest.mark.parametrize(
    ("name", "least", "files"),
    [
        pytest.param(
            CORE,
            1_100,
            {"basic", "comparisons", "parse", "timestamps", "type_deduction"},
            marks=without(CORE),
        ),
        pytest.param(
            EXTENSIONS,
            530,
            {"bindings_ext", "macros2", "math_ext", "optionals", "string_ext", "type_deduction"},
            marks=without(EXTENSIONS),
        ),
    ],
)
def test_the_suite_is_whole(name: str, least: int, files: set[str]) -> None:
    """A file cut short would pass as well."""
    assert len(CASES[name]) >= least
    assert files <= {case["file"] for case in CASES[name]}
