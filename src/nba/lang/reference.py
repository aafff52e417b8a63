"""The literal evaluator: this file is what the language means.

It is short, slow and obvious. An expression that has no value raises EvaluationError; `&&`,
`||`, `exists` and `all` absorb that error where the other operands decide, which is Kleene's
logic with *unknown* for the error. A rule book reads the error as unknown (see `judge`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from nba.errors import EvaluationError
from nba.lang import tree, values
from nba.lang.functions import Functions, dispatch
from nba.lang.tree import Node
from nba.lang.values import NONE, OptionalValue

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

    def value(self, node: Node) -> object:
        return _RULES[type(node)](self, node)

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

    def variable(self, node: tree.Variable) -> object:
        value = self.variables[node.name]
        if isinstance(value, EvaluationError):  # bound to what has no value
            raise value
        return value

    def selected(self, owner: object, name: str) -> object:
        if isinstance(owner, OptionalValue):
            return self.selected_if_there(owner, name)
        if not isinstance(owner, dict):
            raise EvaluationError(f"a {values.kind_of(owner)} has no field `{name}`")
        if name not in owner:
            raise EvaluationError(f"there is no `{name}`", [name])
        return owner[name]

    def selected_if_there(self, owner: object, name: str) -> OptionalValue:
        """Return a field of a map, or of the map that an optional holds, as an optional."""
        if isinstance(owner, OptionalValue):
            return self.selected_if_there(owner.items[0], name) if owner.items else NONE
        if not isinstance(owner, dict):
            raise EvaluationError(f"a {values.kind_of(owner)} has no field `{name}`")
        return OptionalValue((owner[name],)) if name in owner else NONE

    def optional_select(self, node: tree.OptionalSelect) -> OptionalValue:
        operand = node.operand
        if isinstance(operand, tree.Select):
            return self.selected_if_there(self.value(operand.operand), operand.name)
        found = operand.path in self.fields
        return OptionalValue((self.fields[operand.path],)) if found else NONE

    def present(self, node: tree.Present) -> bool:
        if isinstance(node.operand, tree.Field):
            return node.operand.path in self.fields
        owner = self.value(node.operand.operand)
        return bool(self.selected_if_there(owner, node.operand.name).items)

    # --- functions

    def call(self, node: tree.Call) -> object:
        if node.function in (".or", ".orValue") and len(node.args) == 2:
            return self.otherwise(node)
        args = [self.value(arg) for arg in node.args]
        if node.overload:
            return node.overload.meaning(*args)
        return dispatch(self.functions, node.function, args)

    def otherwise(self, node: tree.Call) -> object:
        """Return what an optional holds, or the other argument, which only matters then."""
        optional = self.value(node.args[0])
        if isinstance(optional, OptionalValue) and optional.items:
            return optional if node.function == ".or" else optional.items[0]
        return dispatch(self.functions, node.function, [optional, self.value(node.args[1])])

    # --- logic

    def decided(self, items: list[Node], *, by: bool) -> bool:
        """Return *by* if any item is it; the opposite if all are; else there is no value."""
        return self.decided_among([lambda item=item: self.truth(item) for item in items], by=by)  # type: ignore[misc]

    def decided_among(self, truths: list[Callable[[], bool]], *, by: bool) -> bool:
        unknown: list[tuple[str, tuple[str, ...]]] = []
        for truth in truths:
            try:
                if truth() is by:
                    return by
            except EvaluationError as error:
                unknown.append((str(error), error.needs))
        if unknown:
            needs = dict.fromkeys(need for _, theirs in unknown for need in theirs)
            raise EvaluationError(unknown[0][0], needs)
        return not by

    def choice(self, node: tree.Choice) -> object:
        return self.value(node.then if self.truth(node.condition) else node.otherwise)

    def default(self, node: tree.Default) -> object:
        try:
            return self.value(node.operand)
        except EvaluationError:
            return self.value(node.fallback)

    # --- lists, maps, comprehensions

    def given(self, node: Node) -> tuple[object, ...]:
        """Return the value of an item, or nothing for one that may be left out and is missing."""
        if not isinstance(node, tree.OptionalItem):
            return (self.value(node),)
        optional = self.value(node.operand)
        if not isinstance(optional, OptionalValue):
            raise EvaluationError(f"a {values.kind_of(optional)} is not an optional")
        return optional.items

    def map_literal(self, node: tree.MapOf) -> dict[object, object]:
        found: dict[object, object] = {}
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            key = values.map_key(self.value(key_node))
            if key in found:
                raise EvaluationError("a map has the same key twice")
            for value in self.given(value_node):
                found[key] = value
        return found

    def having(self, variables: dict[str, object], find: Callable[[Node], Any], part: Node) -> Any:
        """Return what *find* finds of a part in which there are more variables."""
        hidden = self.variables
        self.variables = hidden | variables
        try:
            return find(part)
        finally:
            self.variables = hidden

    def bind(self, node: tree.Bind) -> object:
        value: object
        try:
            value = self.value(node.value)
        except EvaluationError as error:  # which only matters where the variable does
            value = error.with_traceback(None)
        return self.having({node.variable: value}, self.value, node.body)

    def items(self, node: tree.Comprehension) -> list[dict[str, object]]:
        """Return the variables for each of the items that a comprehension goes over."""
        source: Any = self.value(node.source)
        if node.kind in ("optMap", "optFlatMap"):
            if not isinstance(source, OptionalValue):
                raise EvaluationError(f"a {values.kind_of(source)} is not an optional")
            pairs: list[tuple[Any, Any]] = [(item, None) for item in source.items]
        elif isinstance(source, dict):
            pairs = [(values.key_value(key), value) for key, value in source.items()]
        elif isinstance(source, list | tuple):
            pairs = list(enumerate(source)) if node.second else [(item, None) for item in source]
        else:
            raise EvaluationError(f"a {values.kind_of(source)} has no items")
        if node.second:
            return [{node.variable: first, node.second: second} for first, second in pairs]
        return [{node.variable: item} for item, _ in pairs]

    def comprehension(self, node: tree.Comprehension) -> object:
        items = self.items(node)

        def truth_of(item: dict[str, object], part: Node = node.body) -> bool:
            return bool(self.having(item, self.truth, part))

        match node.kind:
            case "exists" | "all":
                truths = [lambda item=item: truth_of(item) for item in items]
                return self.decided_among(truths, by=node.kind == "exists")  # type: ignore[arg-type]
            case "exists_one":
                return [truth_of(item) for item in items].count(True) == 1
            case "filter":
                return [item[node.variable] for item in items if truth_of(item)]
        made = [
            (item[node.variable], self.having(item, self.value, node.body))
            for item in items
            if node.condition is None or truth_of(item, node.condition)
        ]
        match node.kind:
            case "optMap":
                return OptionalValue(tuple(value for _, value in made))
            case "optFlatMap":
                return made[0][1] if made else NONE
            case "transformMap":
                return {values.map_key(key): value for key, value in made}
            case "transformMapEntry":
                return self.merged([value for _, value in made])
        return [value for _, value in made]

    def merged(self, entries: list[Any]) -> dict[object, object]:
        """Return one map with the entries of all."""
        found: dict[object, object] = {}
        for entry in entries:
            if not isinstance(entry, dict):
                raise EvaluationError(f"a {values.kind_of(entry)} is not an entry of a map")
            if not found.keys().isdisjoint(entry):
                raise EvaluationError("a map has the same key twice")
            found |= entry
        return found


_RULES: Final[Mapping[type[Node], Callable[[_Evaluation, Any], object]]] = {
    tree.Literal: lambda _, node: node.value,
    tree.Field: _Evaluation.field,
    tree.Variable: _Evaluation.variable,
    tree.Select: lambda self, node: self.selected(self.value(node.operand), node.name),
    tree.OptionalSelect: _Evaluation.optional_select,
    tree.Present: _Evaluation.present,
    tree.Call: _Evaluation.call,
    tree.And: lambda self, node: self.decided(node.items, by=False),
    tree.Or: lambda self, node: self.decided(node.items, by=True),
    tree.Not: lambda self, node: not self.truth(node.operand),
    tree.Choice: _Evaluation.choice,
    tree.Default: _Evaluation.default,
    tree.ListOf: lambda self, node: [v for item in node.items for v in self.given(item)],
    tree.MapOf: _Evaluation.map_literal,
    tree.Comprehension: _Evaluation.comprehension,
    tree.Bind: _Evaluation.bind,
}
