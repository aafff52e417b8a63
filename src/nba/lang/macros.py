"""The macros: what looks like a function, and has variables of its own."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["MACROS", "Macro"]


class Macro(NamedTuple):
    """How many variables a macro may have, and how many expressions; how it is *written*."""

    variables: frozenset[int]
    expressions: frozenset[int]
    written: str


def _macro(name: str, variables: set[int], expressions: set[int]) -> Macro:
    owner = "optional" if name.startswith("opt") else "list"
    named = "i, x" if min(variables) == 2 else "x"
    return Macro(frozenset(variables), frozenset(expressions), f"{owner}.{name}({named}, …)")


#: The macros that are called on a value, by name.
MACROS: Final = {
    name: _macro(name, variables, expressions)
    for name, variables, expressions in (
        ("exists", {1, 2}, {1}),
        ("all", {1, 2}, {1}),
        ("exists_one", {1, 2}, {1}),
        ("existsOne", {1, 2}, {1}),
        ("map", {1}, {1, 2}),
        ("filter", {1}, {1}),
        ("transformList", {2}, {1, 2}),
        ("transformMap", {2}, {1, 2}),
        ("transformMapEntry", {2}, {1, 2}),
        ("optMap", {1}, {1}),
        ("optFlatMap", {1}, {1}),
    )
}
