"""The language against Google's implementation in C++, on random expressions of what they share."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from nba.errors import EvaluationError
from nba.lang import reference
from nba.lang.check import Environment, check
from nba.lang.functions import CEL_FUNCTIONS
from nba.lang.python import UNKNOWN, Program
from nba.lang.syntax import parse
from nba.lang.values import from_python, parse_duration, parse_timestamp
from nba.lang import TypeValue, UInt
from tests.conformance.suite import same
from tests.lang.strategies import DYNAMIC, Writer, bindings

cel = pytest.importorskip("cel_expr_python.cel")

TYPES={'timestamp':cel.Type.TIMESTAMP,'duration':cel.Type.DURATION,'list(timestamp)':cel.Type.List(cel.Type.TIMESTAMP),'list(duration)':cel.Type.List(cel.Type.DURATION)}
ENVIRONMENT = cel.NewEnv(variables={names[0]: TYPES.get(kind,cel.Type.DYN) for kind,names in DYNAMIC.items()}|{'anything':cel.Type.DYN})

def decode(value):
    kind = value.type().name().partition("<")[0]
    match kind:
        case "ERROR" | "UNKNOWN": return UNKNOWN
        case "UINT": return UInt(value.value())
        case "BYTES": return bytes(value.value())
        case "TIMESTAMP": return parse_timestamp(str(value).rjust(20,'0') if '.' not in str(value) else '0'*(4-str(value).index('-'))+str(value))
        case "DURATION": return parse_duration(str(value))
        case "LIST": return [decode(x) for x in value.value()]
        case "MAP": return {k if not hasattr(k,'type') else decode(k): decode(v) for k, v in value.value().items()}
        case "TYPE": return TypeValue(str(value))
    return value.value()
