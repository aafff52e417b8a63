"""The normal form of a condition: what indexes, lint, tables and explanations reason over.

Negation is pushed down to single tests, so that the form is built of `AllOf` and `AnyOf` over
tests of one field against a constant. Each test is true only when its field is known and the
test holds; so the form is true exactly where the condition is surely true. What is no such test
stays as it is, `Opaque`, with the fields that it reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from nba.errors import EvaluationError
from nba.lang import tree
from nba.lang.text import write
from nba.lang.tree import Node
from nba.lang.types import BOOL, Type
from nba.lang.values import INT_MAX, INT_MIN, Duration, Timestamp, kind_of

__all__ = [
    "AllOf",
    "AnyOf",
    "Comparison",
    "Constant",
    "Normal",
    "Opaque",
    "Test",
    "comparison",
    "normal",
    "opposite",
    "reads",
]

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in", "has", "not has"]

_OPPOSITE: Final[dict[str, Any]] = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "in": "not in",
    "not in": "in",
    "has": "not has",
    "not has": "has",
}
_FLIPPED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

#: Gives the tree of a named condition by path, or None where the path is a plain field.
Named = Callable[[str], Node | None]


@dataclass(frozen=True, slots=True)
class Test:
    """One field against a constant; *value* is a tuple for `in` and unused for `has`."""

    path: str
    operator: Operator
    value: object
    type: Type = field(compare=False, default=BOOL)


@dataclass(frozen=True, slots=True)
class Constant:
    """What holds always, or never."""

    holds: bool


@dataclass(frozen=True, slots=True)
class Opaque:
    """A condition that is no test of one field; *positive* says whether it, or its opposite."""

    text: str
    positive: bool
    fields: frozenset[str]
    node: Node = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AllOf:
    """All parts hold."""

    parts: tuple[Normal, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some part holds."""

    parts: tuple[Normal, ...]


Normal = Test | Constant | Opaque | AllOf | AnyOf

#: What is compared, the operator, and the constant, a tuple for `in`.
Comparison = tuple[Node, Operator, object]


def normal(
    node: Node,
    named: Named = lambda _path: None,
    *,
    positive: bool = True,
    now: int | None = None,
) -> Normal:
    """Return the normal form of a checked condition, or of its opposite.

    *named* gives the trees of conditions that other conditions use by name. With *now*, an
    instant, what compares a time with it becomes a test of that time.
    """
    return _Normalizer(named, now).normal(node, positive=positive)


def comparison(node: Node) -> Comparison | None:
    """Return what a condition compares with a constant, whichever way round; None for others."""
    found = _Normalizer(lambda _path: None, None)
    return found.comparison(node) if isinstance(node, tree.Call) else None


class _Normalizer:
    def __init__(self, named: Named, now: int | None) -> None:
        self.named = named
        self.now = now

    def normal(self, node: Node, *, positive: bool) -> Normal:
        match node:
            case tree.Literal():
                return Constant(node.value is positive)
            case tree.And() | tree.Or():
                parts = [self.normal(item, positive=positive) for item in node.items]
                return _join(parts, all_of=isinstance(node, tree.And) is positive)
            case tree.Not():
                return self.normal(node.operand, positive=not positive)
            case tree.Field():
                inner = self.named(node.path)
                if inner is not None:
                    return self.normal(inner, positive=positive)
                return Test(node.path, "==", positive, node.type)
            case tree.Present(operand=tree.Field() as operand):
                return Test(operand.path, "has" if positive else "not has", None, operand.type)
            case tree.Choice():
                condition, other = (self.normal(node.condition, positive=p) for p in (True, False))
                then = self.normal(node.then, positive=positive)
                otherwise = self.normal(node.otherwise, positive=positive)
                pairs = [condition, then], [other, otherwise]
                return _join([_join(pair, all_of=True) for pair in pairs], all_of=False)
            case tree.Call(
                function=".hasValue",
                args=[tree.OptionalSelect(operand=tree.Field() as operand)],
            ):
                return Test(operand.path, "has" if positive else "not has", None, operand.type)
            case (
                tree.Default(operand=tree.Field() as operand, fallback=tree.Literal() as fallback)
                | tree.Call(
                    function=".orValue",
                    args=[
                        tree.OptionalSelect(operand=tree.Field() as operand),
                        tree.Literal() as fallback,
                    ],
                )
            ):
                known = Test(operand.path, "==", positive, operand.type)
                absent = Test(operand.path, "not has", None, operand.type)
                return AnyOf((known, absent)) if fallback.value is positive else known
            case tree.Call():
                if node.function == "within" and self.now is not None:
                    return self.within(node, positive=positive)
                if test := self.test(node):
                    return test if positive else opposite(test)
        return Opaque(write(node), positive, reads(node), node)

    def within(self, node: tree.Call, *, positive: bool) -> Normal:
        """Return `now - length < then && then <= now` as tests of *then*."""
        then, length, _ = node.args
        constant = self.constant(length)
        if not isinstance(then, tree.Field) or constant is None or self.now is None:
            return Opaque(write(node), positive, reads(node), node)
        since = Test(then.path, ">", Timestamp(self.now - int(constant[0])), then.type)  # type: ignore[call-overload]
        until = Test(then.path, "<=", Timestamp(self.now), then.type)
        if positive:
            return AllOf((since, until))
        return AnyOf((opposite(since), opposite(until)))

    def test(self, node: tree.Call) -> Test | None:
        """Return a comparison of a field with a constant, whichever way round, or None."""
        found = self.comparison(node)
        if found is None:
            return None
        left, operator, value = found
        if not isinstance(left, tree.Field):
            return None if operator == "in" else self.distance(left, operator, value)
        return Test(left.path, operator, value, left.type)

    def comparison(self, node: tree.Call) -> Comparison | None:
        """Return what is compared with a constant, whichever way round, or None."""
        if len(node.args) != 2:
            return None
        left, right = node.args
        operator: Any = node.function
        if operator == "in":
            items = right.items if isinstance(right, tree.ListOf) else []
        elif operator not in _FLIPPED:
            return None
        else:
            if self.constant(left) is not None:
                left, right, operator = right, left, _FLIPPED[operator]
            items = [right]
        found = [self.constant(item) for item in items]
        values: tuple[Any, ...] = tuple(value[0] for value in found if value)
        if not found or len(values) < len(found) or left.type.name not in _COMPARABLE:
            return None
        if any(kind_of(value) != left.type.name or value != value for value in values):  # noqa: PLR0124
            return None  # of another type, or no number: then an operator has no opposite
        return left, operator, values if operator == "in" else values[0]

    def distance(self, node: Node, operator: Any, length: Any) -> Test | None:
        """Return `since(t) > days(3)` and `t - now < days(3)` as tests of *t*."""
        if self.now is None or not isinstance(node, tree.Call) or len(node.args) != 2:
            return None
        if not isinstance(length, Duration) or not INT_MIN < length < INT_MAX:
            return None  # `since` ends at the longest duration there is
        first, second = node.args
        if node.function == "since" and isinstance(first, tree.Field):
            then, when, operator = first, self.now - int(length), _FLIPPED[operator]
        elif node.function != "-":
            return None
        elif isinstance(first, tree.Field) and self.is_now(second) and not self.is_now(first):
            then, when = first, self.now + int(length)
        elif isinstance(second, tree.Field) and self.is_now(first) and not self.is_now(second):
            then, when, operator = second, self.now - int(length), _FLIPPED[operator]
        else:
            return None
        return Test(then.path, operator, Timestamp(when), then.type)

    def is_now(self, node: Node) -> bool:
        return isinstance(node, tree.Field) and node.path == "now"

    def constant(self, node: Node) -> tuple[object] | None:
        """Return the value of a part that reads nothing, in a tuple; None for any other."""
        if isinstance(node, tree.Literal):
            return None if node.value is None else (node.value,)
        if self.is_now(node) and self.now is not None:
            return (Timestamp(self.now),)
        if isinstance(node, tree.Call) and node.overload:
            args = [self.constant(arg) for arg in node.args]
            if None not in args:
                try:
                    return (node.overload.meaning(*(arg[0] for arg in args if arg)),)
                except EvaluationError:
                    return None
        return None


def opposite(test: Test) -> Test:
    """Return the test that holds for every other known value."""
    return Test(test.path, _OPPOSITE[test.operator], test.value, test.type)


def reads(node: Node) -> frozenset[str]:
    """Return the paths of the fields that an expression reads."""
    return frozenset(part.path for part in tree.walk(node) if isinstance(part, tree.Field))


def _join(parts: list[Normal], *, all_of: bool) -> Normal:
    """Join parts; a constant that decides the whole is the whole, one that does not is dropped."""
    if Constant(not all_of) in parts:
        return Constant(not all_of)
    kind = AllOf if all_of else AnyOf
    flat: list[Normal] = []
    for part in parts:
        if isinstance(part, kind):
            flat += part.parts
        elif part != Constant(all_of):
            flat.append(part)
    unique = tuple(dict.fromkeys(flat))
    if not unique:
        return Constant(all_of)
    return unique[0] if len(unique) == 1 else kind(unique)


_COMPARABLE: Final = frozenset({"bool", "int", "double", "string", "timestamp", "duration"})
