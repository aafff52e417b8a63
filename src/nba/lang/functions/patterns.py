"""Parts and patterns of text; patterns are RE2's, so that they are linear in time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import re2

from nba.errors import EvaluationError
from nba.lang.functions.table import row

__all__ = ["ROWS", "pattern", "search"]


@lru_cache(maxsize=4096)
def pattern(text: str) -> Any:
    """Return a compiled RE2 pattern, linear in time. Raises EvaluationError."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except UnicodeEncodeError:
        raise EvaluationError("the pattern has no UTF-8 form") from None
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        reason = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise EvaluationError(f"`{text}` is not a pattern: {reason}") from None


def search(text: str, compiled: Any) -> bool:
    """Return whether a compiled pattern occurs in *text*. Raises EvaluationError."""
    try:
        return compiled.search(text) is not None
    except UnicodeEncodeError:
        raise EvaluationError("the text has no UTF-8 form") from None


def _matches(text: str, expression: str) -> bool:
    return search(text, pattern(expression))


ROWS: Final = [
    # text
    row(".startsWith", "string, string -> bool", str.startswith, "{0}.startswith({1})"),
    row(".endsWith", "string, string -> bool", str.endswith, "{0}.endswith({1})"),
    row(".contains", "string, string -> bool", lambda a, b: b in a, "{1} in {0}"),
    row(".matches", "string, string -> bool", _matches),
    row("matches", "string, string -> bool", _matches),
]
