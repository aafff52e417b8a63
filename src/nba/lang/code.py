"""What generated Python is made of: the code of values, tests of fields, loops."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from nba.lang import tree
from nba.lang.tree import Node

__all__ = [
    "BOXES",
    "COLLECTING",
    "MAYBE_TRUE",
    "PLAIN",
    "PLAIN_MEMBERS",
    "Code",
    "both",
    "compares",
    "equals",
    "literals",
]

#: Types whose values Python compares as the language does.
PLAIN: Final = frozenset(
    {"bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"}
)
#: Of these, the ones for which Python's `in` is the language's: NaN is in no list.
PLAIN_MEMBERS: Final = PLAIN - {"double"}
#: Types of what may be true or false.
MAYBE_TRUE: Final = frozenset({"bool", "dyn", "wrapper"})
BOXES: Final = {"timestamp": "Timestamp", "duration": "Duration", "uint": "UInt"}
#: Types whose literals Python writes and compares as the language does, whatever the value is.
_WRITTEN: Final = frozenset({"bool", "int", "double", "string"})
_COMPARING: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})


class Code(NamedTuple):
    """A value: whether it is known ('' for always), and the value once that has been tested.

    *raw* says that a plain int stands for a uint, a timestamp or a duration.
    """

    known: str
    value: str
    raw: bool = False


#: How a comprehension begins, takes an item `{0}` (`{1}` is its first variable), and ends.
COLLECTING: Final = {
    "map": ("[]", "found.append({0})", "found"),
    "filter": ("[]", "found.append({0})", "found"),
    "exists_one": ("0", "found += 1", "found == 1"),
    "transformList": ("[]", "found.append({0})", "found"),
    "transformMap": ("{}", "found[map_key({1})] = {0}", "found"),
    "transformMapEntry": ("{}", "if not merged(found, {0}): return UNKNOWN", "found"),
    "optMap": ("NONE", "found = OptionalValue(({0},))", "found"),
    "optFlatMap": ("NONE", "found = {0}", "found"),
}


def both(*conditions: str) -> str:
    """Return the test whether all of some conditions hold, of which '' always does."""
    return " and ".join(condition for condition in conditions if condition)


def compares(node: Node) -> bool:
    """Return whether a node is a comparison, which is true or false for known values."""
    return isinstance(node, tree.Call) and node.function in _COMPARING and node.type.name == "bool"


def equals(function: str, kind: str, other: Node) -> str:
    """Return how a value of a type is found among literals, as None never is; '' if it is not.

    Both `==` and `!=` are told by what is equal.
    """
    if function == "in":
        written = literals(kind, other)
        return written and f"in {written}"
    if kind not in _WRITTEN:
        return ""
    if function in ("==", "!=") and isinstance(other, tree.Literal) and other.type.name == kind:
        return f"== {other.value!r}" if _is_plain(other.value) else ""
    return ""


def literals(kind: str, node: Node) -> str:
    """Return a list of plain literals of a type as Python; '' for anything else."""
    items = node.items if isinstance(node, tree.ListOf) else []
    values = [item.value for item in items if isinstance(item, tree.Literal)]
    if not values or len(values) < len(items) or not all(map(_is_plain, values)):
        return ""
    if kind not in _WRITTEN or not node.type.args or node.type.args[0].name != kind:
        return ""
    written = f"{', '.join(map(repr, values))},"
    return f"{{{written}}}" if len(values) > 3 else f"({written})"  # a set pays from a handful on


def _is_plain(value: object) -> bool:
    """Return whether Python reads a value as it writes it."""
    return type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value))
