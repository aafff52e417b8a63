"""The functions and operators of the language, as one table.

A row has a name (`.name` when it is called on a value, as in `text.startsWith('a')`), a
signature, its meaning, and where it pays a piece of Python for generated code. The meaning
raises EvaluationError where there is no result. The Python never raises: it is used where the
types are known beforehand, and only once *guard*, if there is one, has held. `{0}`, `{1}` stand
for the operands and `{t}` for a variable of its own, which the guard may set. Where a piece of
Python yields a plain int for a uint, timestamp or duration, the generator restores the class.
"""

from __future__ import annotations

from typing import Final

from nba.lang.functions import (
    containers,
    conversions,
    numeric,
    operators,
    optionals,
    patterns,
    strings,
    times,
)
from nba.lang.functions.patterns import pattern, search
from nba.lang.functions.table import Functions, Overload, dispatch

__all__ = [
    "BOOK_FUNCTIONS",
    "CEL_FUNCTIONS",
    "SPACES",
    "Functions",
    "Overload",
    "dispatch",
    "pattern",
    "search",
]


def _by_name(rows: list[Overload]) -> Functions:
    table: dict[str, list[Overload]] = {}
    for row in rows:
        table.setdefault(row.name, []).append(row)
    return {name: tuple(found) for name, found in table.items()}


#: The language as its specification has it.
CEL_FUNCTIONS: Final = _by_name(
    [
        *operators.ROWS,
        *containers.ROWS,
        *times.ROWS,
        *patterns.ROWS,
        *conversions.ROWS,
        *numeric.ROWS,
        *strings.ROWS,
        *optionals.ROWS,
    ]
)


def _with(rows: list[Overload]) -> Functions:
    """Return the table with *rows* in the place of those that take the same."""
    replaced = {(row.name, row.params): row for row in rows}
    return {
        name: tuple(replaced.get((name, row.params), row) for row in found)
        for name, found in CEL_FUNCTIONS.items()
    }


#: What stands before the dot of `math.abs` and its like.
SPACES: Final = frozenset(
    name.partition(".")[0] for name in CEL_FUNCTIONS if not name.startswith(".") and "." in name
)

#: The language of rule books, in which what is no number has no result.
BOOK_FUNCTIONS: Final = _with([operators.DIVIDING_KNOWN, *numeric.ROOT_KNOWN])
