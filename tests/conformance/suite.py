"""Reads the conformance suite: tagged JSON values to values of the language, and back."""

from __future__ import annotations

import base64
import json
import math
import os
from pathlib import Path
from typing import Any

from nba.lang import Duration, OptionalValue, Timestamp, TypeValue, UInt
from nba.lang.values import parse_timestamp

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ROOT.parent / "shared" / "conformance"


def suite_file(name: str) -> Path:
    """Return a file of the suite, in the folder that NBA_CEL_SUITE names or the default one."""
    return Path(os.environ.get("NBA_CEL_SUITE", DEFAULT)) / name


def load(name: str) -> list[dict[str, Any]]:
    """Return the tests of a file of the suite; none when it is absent."""
    file = suite_file(name)
    return json.loads(file.read_text())["tests"] if file.exists() else []


def decode(tagged: dict[str, Any]) -> Any:
    """Return the value that a tagged JSON value stands for."""
    value: Any = tagged.get("v")
    match tagged["t"]:
        case "null":
            return None
        case "uint":
            return UInt(value)
        case "double":
            return float(value)
        case "bytes":
            return base64.b64decode(value)
        case "list":
            return [decode(item) for item in value]
        case "map":
            return {decode(key): decode(item) for key, item in value}
        case "duration":
            whole, _, fraction = value.removesuffix("s").partition(".")
            sign = -1 if whole.startswith("-") else 1
            return Duration(int(whole) * 10**9 + sign * int(fraction.ljust(9, "0") or 0))
        case "timestamp":
            return parse_timestamp(value)
        case "type":
            return TypeValue(value)
    return value


def same(left: Any, right: Any) -> bool:
    """Return whether two values are the same in type and content; NaN is the same as NaN."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    if isinstance(left, OptionalValue):
        return same(list(left.items), list(right.items))
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        pairs = [[(type(k), k, v) for k, v in each.items()] for each in (left, right)]
        return len(left) == len(right) and all(
            any(k == k2 and t is t2 and same(v, v2) for t2, k2, v2 in pairs[1])
            for t, k, v in pairs[0]
        )
    if isinstance(left, Timestamp | Duration | UInt):
        return int(left) == int(right)
    return bool(left == right)
