"""What a name means: a variable, a declared field, a type; and what was meant where it is none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from nba.errors import did_you_mean
from nba.lang import tree
from nba.lang.environment import Environment
from nba.lang.findings import Findings, a
from nba.lang.tree import Node
from nba.lang.types import (
    DURATION,
    DYN,
    TIMESTAMP,
    EnumType,
    ObjectType,
    Type,
    optional_of,
    type_of_types,
)
from nba.lang.unify import Substitution
from nba.lang.values import TypeValue

__all__ = ["SWITCHES", "Names", "chain_of"]


class Step(NamedTuple):
    """One part of `a.b.?c`; *node* is the expression up to here."""

    node: tree.Name | tree.Select
    name: str
    optional: bool = False


_TYPE_NAMES: Final = {
    name: type_of_types(Type(name))
    for name in ("bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type")
} | {
    "type": type_of_types(type_of_types(DYN)),
    "optional_type": type_of_types(optional_of(DYN)),
    "google.protobuf.Timestamp": type_of_types(TIMESTAMP),
    "google.protobuf.Duration": type_of_types(DURATION),
}
#: Other languages' names for what has a literal here.
_CONSTANTS: Final = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}
#: Other words for `true` and `false`.
SWITCHES: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}
#: Names without a dot that most conditions of a book may read.
_ELSEWHERE: Final = frozenset({"now", "relationship", "moments"})
_NOTHING: Final = frozenset({"None", "NULL", "Null", "nil", "undefined"})


def chain_of(node: Node) -> list[Step]:
    """Return the parts of `a.b.c` from left to right, or nothing when it is not such a chain."""
    parts: list[Step] = []
    while isinstance(node, tree.Select | tree.OptionalSelect):
        optional = isinstance(node, tree.OptionalSelect)
        select = node.operand if isinstance(node, tree.OptionalSelect) else node
        if not isinstance(select, tree.Select):
            return []
        parts.append(Step(select, select.name, optional))
        node = select.operand
    return [Step(node, node.name), *parts[::-1]] if isinstance(node, tree.Name) else []


class Names:
    """Resolves names; *variables* are those of the comprehensions around."""

    def __init__(self, environment: Environment, types: Substitution, findings: Findings) -> None:
        self.environment = environment
        self.types = types
        self.findings = findings
        self.variables: dict[str, Type] = {}

    def resolve(self, node: Node, chain: list[Step]) -> Node:
        """Resolve `a.b.c`: as a variable, else the longest declared name that it begins with."""
        head, first = chain[0].node, chain[0].name
        if first in self.variables:
            start = tree.Variable(head.start, head.end, first)
            start.type = self.variables[first]
            return self._select(start, chain[1:])
        parts = [part.name for part in chain]
        longest = len(chain)
        if not self.environment.book:  # an optional part is no part of a name
            longest = next((i for i, part in enumerate(chain) if part.optional), longest)
        for length in range(longest, 0, -1):
            declared = self._declared(".".join(parts[:length]))
            if declared is None:
                continue
            last = chain[length - 1].node
            if declared in self.environment.names:
                optional = any(part.optional for part in chain[:length])
                return self._field(declared, last, chain[length:], optional=optional)
            found = tree.Literal(last.start, last.end, TypeValue(declared))
            found.type = _TYPE_NAMES[declared]
            return self._select(found, chain[length:])
        if not self.environment.book:  # dynamic use: it may be bound later, or be an error then
            unbound = tree.Field(head.start, head.end, first.removeprefix("."))
            return self._select(unbound, chain[1:])
        self._undeclared(node, ".".join(parts), chain[0])
        return _stand_in(node)

    def select_from(self, node: tree.Select) -> None:
        """Find the type of a field of a checked operand; one of an optional is optional."""
        owner = self.types.resolve(node.operand.type, params=True)
        if owner.name == "optional_type":
            self._select_from(node, self.types.resolve(owner.args[0], params=True))
            node.type = optional_of(node.type)
        else:
            self._select_from(node, owner)

    def select_optionally(self, node: tree.Select) -> tree.OptionalSelect:
        """Return `operand.?name` for `operand.name`, whose operand is checked."""
        self.select_from(node)
        found = tree.OptionalSelect(node.start, node.end, node)
        owner = self.types.resolve(node.operand.type, params=True)
        found.type = node.type if owner.name == "optional_type" else optional_of(node.type)
        return found

    def _select_from(self, node: tree.Select, owner: Type) -> None:
        if isinstance(owner, ObjectType):
            node.type = owner.fields.get(node.name, DYN)
            if node.name not in owner.fields:
                message = f"`{node.name}` is not declared in `{owner.name}`"
                help_ = did_you_mean(node.name, owner.fields)
                self.findings.report(node, "undeclared-name", message, help_)
        elif owner.name == "map":
            node.type = owner.args[1]
        elif owner.is_param:
            node.type = DYN
        elif owner != DYN:
            sizes = ("size", "length", "count", "len")
            sized = owner.name in ("list", "string", "bytes") and node.name in sizes
            message = f"{a(owner)} has no field `{node.name}`"
            help_ = "write `size(…)`" if sized else ""
            self.findings.mismatch(node, "wrong-type", message, help_)

    # --- what is declared

    def _declared(self, name: str) -> str | None:
        """Return the declared name that *name* means, looked up from the container outwards."""
        names = self.environment.names
        if not self.environment.container and name in names:  # as in every book
            return name
        if name.startswith("."):
            candidates = [name[1:]]
        else:
            spaces = self.environment.container.split(".") if self.environment.container else []
            candidates = [".".join([*spaces[:i], name]) for i in range(len(spaces), -1, -1)]
        for candidate in candidates:
            if candidate in names or (candidate in _TYPE_NAMES and not self.environment.book):
                return candidate
        return None

    def _field(self, path: str, last: Node, rest: list[Step], *, optional: bool) -> Node:
        """Follow declared objects as far as they go, to one declared field."""
        kind = self.environment.names[path]
        while isinstance(kind, ObjectType) and rest:
            step, rest = rest[0], rest[1:]
            if step.name not in kind.fields:
                self._not_a_field(step, path, kind)
                return _stand_in(step.node)
            path, kind, last = f"{path}.{step.name}", kind.fields[step.name], step.node
            optional = optional or step.optional
        if isinstance(kind, ObjectType):
            choices = ", ".join(f"`{path}.{name}`" for name in list(kind.fields)[:5])
            message = f"`{path}` holds several fields and is no value of its own"
            help_ = f"name one of its fields: {choices}"
            self.findings.report(last, "wrong-type", message, help_)
            return _stand_in(last)
        found: Node = tree.Field(last.start, last.end, path)
        found.type = kind
        if optional:
            found = tree.OptionalSelect(last.start, last.end, found)  # type: ignore[arg-type]
            found.type = optional_of(kind)
        return self._select(found, rest)

    def _select(self, node: Node, rest: Sequence[Step]) -> Node:
        for step in rest:
            select = tree.Select(node.start, step.node.end, node, step.name)
            if step.optional:
                node = self.select_optionally(select)
            else:
                self.select_from(select)
                node = select
        return node

    # --- what was meant

    def _not_a_field(self, step: Step, path: str, kind: ObjectType) -> None:
        written = f"{path}.{step.name}"
        near = _nearest(step.name, kind.fields, 0.8)
        same = self._with_leaf(step.name, written)
        distant = _nearest(step.name, kind.fields, 0.6)
        if near or (distant and not same):
            help_ = f"did you mean `{path}.{near or distant}`?"
        elif same:
            help_ = f"did you mean `{same}`?"
        else:
            names = [f"`{name}`" for name in kind.fields]
            more = f" and {len(names) - 12} more" if len(names) > 12 else ""
            help_ = f"`{path}` has {', '.join(names[:12])}{more}"
        self.findings.report(step.node, "undeclared-name", f"`{written}` is not declared", help_)

    def _undeclared(self, node: Node, written: str, head: Step) -> None:
        if head.name == "not":
            message = "`not` is not an operator here"
            self.findings.report(head.node, "spelling", message, "write `!`")
            return
        if written in _CONSTANTS:
            message = f"`{written}` is spelled `{_CONSTANTS[written]}` here"
            self.findings.report(node, "spelling", message, f"write `{_CONSTANTS[written]}`")
            return
        leaves = _leaves(self.environment.names)
        values = {v for kind in leaves.values() if isinstance(kind, EnumType) for v in kind.values}
        if written not in values and (switch := SWITCHES.get(written.lower())):
            message = f"`{written}` is spelled `{switch}` here"
            self.findings.report(node, "spelling", message, f"write `{switch}`")
            return
        same = self._with_leaf(written.rpartition(".")[2], written)
        near = _nearest(written, [*leaves, *self.variables], 0.6)
        if self._out_of_scope(written, head):
            names = ", ".join(f"`{name}`" for name in self.environment.names)
            help_ = f"{self.environment.scope}: {names}"
        elif written in _NOTHING:
            help_ = "write `has(customer.email)` to ask whether a field is there"
        elif written in values:
            help_ = f"text goes in quotes: write `'{written}'`"
        elif same or near:
            help_ = f"did you mean `{same or near}`?"
        else:
            roots = ", ".join(f"`{name}`" for name in self.environment.names)
            help_ = f"text goes in quotes: '{written}'. Declared are {roots}"
        self.findings.report(node, "undeclared-name", f"`{written}` is not declared", help_)

    def _out_of_scope(self, written: str, head: Step) -> bool:
        """Tell whether *written* is a name that has a meaning elsewhere, and none in this scope."""
        if not self.environment.scope or _nearest(head.name, self.environment.names, 0.75):
            return False
        return "." in written or written in _ELSEWHERE

    def _with_leaf(self, leaf: str, written: str) -> str | None:
        """Return the path that is most like *written*, of those that end in *leaf* or nearly so."""
        paths = [*_leaves(self.variables), *_leaves(self.environment.names)]
        leaves = {path.rpartition(".")[2] for path in paths}
        near = leaf if leaf in leaves else _nearest(leaf, leaves, 0.75)
        ends = [path for path in paths if path.rpartition(".")[2] == near]
        return _nearest(written, ends, 0.0)


def _nearest(written: str, known: Iterable[str], least: float) -> str | None:
    found = difflib.get_close_matches(written, list(known), n=1, cutoff=least)
    return found[0] if found else None


def _stand_in(node: Node) -> Node:
    """Return a stand-in for what could not be resolved, so that checking goes on."""
    return tree.Field(node.start, node.end, "")


def _leaves(names: Mapping[str, Type]) -> dict[str, Type]:
    """Return all declared fields by path."""
    found: dict[str, Type] = {}
    pending: list[tuple[str, Type]] = list(names.items())[::-1]
    while pending:
        path, kind = pending.pop()
        if isinstance(kind, ObjectType):
            pending += [(f"{path}.{name}", inner) for name, inner in kind.fields.items()][::-1]
        else:
            found[path] = kind
    return found
