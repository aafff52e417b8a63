"""The tree of an expression. Every node knows its place in the text, and its type once checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Final
from typing import Literal as OneOf

from nba.lang.functions import Overload
from nba.lang.types import DYN, Type

__all__ = [
    "And",
    "Bind",
    "Call",
    "Choice",
    "Comprehension",
    "Default",
    "Field",
    "ListOf",
    "Literal",
    "MapOf",
    "Name",
    "Node",
    "Not",
    "OptionalItem",
    "OptionalSelect",
    "Or",
    "Present",
    "Select",
    "Variable",
    "children",
    "depth",
    "walk",
]

ComprehensionKind = OneOf[
    "exists",
    "all",
    "exists_one",
    "map",
    "filter",
    "transformList",
    "transformMap",
    "transformMapEntry",
    "optMap",
    "optFlatMap",
]


@dataclass(slots=True, eq=False)
class Node:
    """A part of an expression, from character *start* up to *end* of its text."""

    start: int
    end: int
    type: Type = field(default=DYN, init=False)


@dataclass(slots=True, eq=False)
class Literal(Node):
    """A value written in the text."""

    value: object


@dataclass(slots=True, eq=False)
class Name(Node):
    """A name before it is checked; a leading dot means the root namespace."""

    name: str


@dataclass(slots=True, eq=False)
class Field(Node):
    """A name that is declared, such as `customer.tier`: what the context is asked for."""

    path: str


@dataclass(slots=True, eq=False)
class Variable(Node):
    """The variable of a comprehension or of `cel.bind`."""

    name: str


@dataclass(slots=True, eq=False)
class Select(Node):
    """A field of a value: `operand.name`."""

    operand: Node
    name: str


@dataclass(slots=True, eq=False)
class OptionalSelect(Node):
    """What is there, as an optional: `customer.?email`, whose *operand* is `customer.email`."""

    operand: Select | Field


@dataclass(slots=True, eq=False)
class Present(Node):
    """Whether something is there: `has(operand)`."""

    operand: Select | Field


@dataclass(slots=True, eq=False)
class Call(Node):
    """A function, operators included: `+`, `==`, `in`, `[]`, `size`; `.f` when written `x.f()`.

    *overload* is what the checker found to be meant; without one it is found by the values.
    """

    function: str
    args: list[Node]
    overload: Overload | None = field(default=None, init=False)


@dataclass(slots=True, eq=False)
class And(Node):
    """All of two or more items."""

    items: list[Node]


@dataclass(slots=True, eq=False)
class Or(Node):
    """Any of two or more items."""

    items: list[Node]


@dataclass(slots=True, eq=False)
class Not(Node):
    """The opposite of *operand*."""

    operand: Node


@dataclass(slots=True, eq=False)
class Choice(Node):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True, eq=False)
class Default(Node):
    """`default(operand, fallback)`: the fallback where the operand is unknown."""

    operand: Node
    fallback: Node


@dataclass(slots=True, eq=False)
class OptionalItem(Node):
    """An item of a list, or a value of a map, that is left out where it is missing: `?x`."""

    operand: Node


@dataclass(slots=True, eq=False)
class ListOf(Node):
    """A list written in the text."""

    items: list[Node]


@dataclass(slots=True, eq=False)
class MapOf(Node):
    """A map written in the text."""

    keys: list[Node]
    values: list[Node]


@dataclass(slots=True, eq=False)
class Comprehension(Node):
    """`source.kind(variable, body)`; what transforms may have a *condition* before its body.

    With a *second* variable the first is the place in a list or the key of a map, and the second
    what is there. `optMap` and `optFlatMap` go over what an optional holds.
    """

    kind: ComprehensionKind
    source: Node
    variable: str
    body: Node
    condition: Node | None = None
    second: str | None = None


@dataclass(slots=True, eq=False)
class Bind(Node):
    """`cel.bind(variable, value, body)`: the body, with a name for a value."""

    variable: str
    value: Node
    body: Node


_LEAVES: Final = (Literal, Name, Field, Variable)


def children(node: Node) -> Sequence[Node]:
    """Return the nodes directly inside *node*, in the order of the text."""
    if isinstance(node, _LEAVES):  # most nodes are
        return ()
    found: list[Node] = []
    for name in _parts(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, list):
            found += value
    return found


def _parts(kind: type[Node]) -> tuple[str, ...]:
    """Return the names of what a node of this kind has beyond its place and its type."""
    if kind not in _PARTS:
        common = {part.name for part in fields(Node)}
        _PARTS[kind] = tuple(part.name for part in fields(kind) if part.name not in common)
    return _PARTS[kind]


_PARTS: Final[dict[type[Node], tuple[str, ...]]] = {}  # asked for very often


def walk(node: Node) -> Iterator[Node]:
    """Yield *node* and every node inside it."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(children(node))


def depth(node: Node) -> int:
    """Return how many nodes deep the tree below *node* is."""
    deepest, pending = 0, [(node, 1)]
    while pending:
        node, level = pending.pop()
        deepest = max(deepest, level)
        pending.extend((child, level + 1) for child in children(node))
    return deepest
