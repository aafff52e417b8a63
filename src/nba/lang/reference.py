"""The literal evaluator: this file is what the language means.

It is short, slow and obvious. An expression that has no value raises EvaluationError; `&&`,
`||`, `exists` and `all` absorb that error where the other operands decide, which is Kleene's
logic with *unknown* for the error. A rule book reads the error as unknown (see `judge`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nba.errors import EvaluationError
from nba.lang import tree, values
from nba.lang.functions import Functions, dispatch
from nba.lang.tree import Node

__all__ = ["evaluate", "judge"]


def evaluate(node: Node, fields: Mapping[str, object], functions: Functions) -> object:
    """Return the value of a checked tree.

    *fields* are the values of declared names by path; one that is not there is unknown. Raises
    EvaluationError where there is no value.
    """
    return _Evaluation(fields, functions).value(node)


def judge(node: Node, fields: Mapping[str, object], functions: Functions) -> bool | None:
    """Return whether a condition holds: True, False, or None for unknown."""
    try:
        value = evaluate(node, fields, functions)
    except EvaluationError:
        return None
    return value if isinstance(value, bool) else None


class _Evaluation:
    def __init__(self, fields: Mapping[str, object], functions: Functions) -> None:
        self.fields = fields
        self.functions = functions
        self.variables: dict[str, object] = {}
        self.rules: dict[type[Node], Callable[..., object]] = {
            tree.Literal: lambda node: node.value,
            tree.Field: self.field,
            tree.Variable: lambda node: self.variables[node.name],
            tree.Select: lambda node: self.selected(self.value(node.operand), node.name),
            tree.Present: self.present,
            tree.Call: self.call,
            tree.And: lambda node: self.decided(node.items, by=False),
            tree.Or: lambda node: self.decided(node.items, by=True),
            tree.Not: lambda node: not self.truth(node.operand),
            tree.Choice: self.choice,
            tree.Default: self.default,
            tree.ListOf: lambda node: [self.value(item) for item in node.items],
            tree.MapOf: self.map_literal,
            tree.Comprehension: self.comprehension,
        }

    def value(self, node: Node) -> object:
        return self.rules[type(node)](node)

    def truth(self, node: Node) -> bool:
        value = self.value(node)
        if not isinstance(value, bool):
            raise EvaluationError(f"a {values.kind_of(value)} is neither true nor false")
        return value

    # --- what is there

    def field(self, node: tree.Field) -> object:
        if node.path not in self.fields:
            raise EvaluationError(f"needs `{node.path}`", [node.path])
        return self.fields[node.path]

    def selected(self, owner: object, name: str) -> object:
        if not isinstance(owner, dict):
            raise EvaluationError(f"a {values.kind_of(owner)} has no field `{name}`")
        if name not in owner:
            raise EvaluationError(f"there is no `{name}`", [name])
        return owner[name]

    def present(self, node: tree.Present) -> bool:
        if isinstance(node.operand, tree.Field):
            return node.operand.path in self.fields
        owner = self.value(node.operand.operand)
        if not isinstance(owner, dict):
            raise EvaluationError(f"a {values.kind_of(owner)} has no fields")
        return node.operand.name in owner

    # --- functions

    def call(self, node: tree.Call) -> object:
        args = [self.value(arg) for arg in node.args]
        if node.overload:
            return node.overload.meaning(*args)
        return dispatch(self.functions, node.function, args)

    # --- logic

    def decided(self, items: list[Node], *, by: bool) -> bool:
        """Return *by* if any item is it; the opposite if all are; else there is no value."""
        return self.decided_among([lambda item=item: self.truth(item) for item in items], by=by)  # type: ignore[misc]

    def decided_among(self, truths: list[Callable[[], bool]], *, by: bool) -> bool:
        unknown: list[EvaluationError] = []
        for truth in truths:
            try:
                if truth() is by:
                    return by
            except EvaluationError as error:
                unknown.append(error)
        if unknown:
            needs = dict.fromkeys(need for error in unknown for need in error.needs)
            raise EvaluationError(str(unknown[0]), needs)
        return not by

    def choice(self, node: tree.Choice) -> object:
        return self.value(node.then if self.truth(node.condition) else node.otherwise)

    def default(self, node: tree.Default) -> object:
        try:
            return self.value(node.operand)
        except EvaluationError:
            return self.value(node.fallback)

    # --- lists, maps, comprehensions

    def map_literal(self, node: tree.MapOf) -> dict[object, object]:
        found: dict[object, object] = {}
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            key = values.map_key(self.value(key_node))
            if key in found:
                raise EvaluationError("a map has the same key twice")
            found[key] = self.value(value_node)
        return found

    def items(self, node: Node) -> list[object]:
        source: Any = self.value(node)
        if isinstance(source, dict):
            return [values.key_value(key) for key in source]
        if isinstance(source, list | tuple):
            return list(source)
        raise EvaluationError(f"a {values.kind_of(source)} has no items")

    def comprehension(self, node: tree.Comprehension) -> object:
        items = self.items(node.source)

        def with_item(item: object, part: Node, find: Callable[[Node], Any]) -> Any:
            hidden = self.variables
            self.variables = hidden | {node.variable: item}
            try:
                return find(part)
            finally:
                self.variables = hidden

        def truth_of(item: object, part: Node = node.body) -> bool:
            return bool(with_item(item, part, self.truth))

        match node.kind:
            case "exists" | "all":
                truths = [lambda item=item: truth_of(item) for item in items]
                return self.decided_among(truths, by=node.kind == "exists")  # type: ignore[arg-type]
            case "exists_one":
                return [truth_of(item) for item in items].count(True) == 1
            case "filter":
                return [item for item in items if truth_of(item)]
            case "map":
                return [
                    with_item(item, node.body, self.value)
                    for item in items
                    if node.condition is None or truth_of(item, node.condition)
                ]
