"""Rule sets of durable-rules for the patterns of moments, and how values stand in its facts.

What is not written here is refused: see `nba.journey.durable`, which uses them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, NoReturn

from nba.book.model import Moment, Pattern, Step
from nba.errors import BookError, Diagnostic, EvaluationError
from nba.lang import tree
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.reference import evaluate
from nba.lang.tree import Node
from nba.lang.values import INT_MAX, INT_MIN, kind_of

__all__ = ["TIME", "Json", "RuleSet", "encoded", "found_name", "property_name", "steps_of"]

CONDITIONS: Final = 200  # in one rule set; each of its rules has at least two
STEPS: Final = 8
LONGEST: Final = 10_000  # characters of a text
TIME: Final = 2**62  # nanoseconds either way of 1970, so that a sum fits 64 bits: 1824 to 2116

#: What there may be beside the steps of a pattern, by its name in the model.
_ROLES: Final = ("expect", "unless", "until")
#: What this can compare; all of it becomes a bool, a string or an int of 64 bits, exactly.
_KINDS: Final = frozenset({"bool", "int", "double", "string", "timestamp", "duration"})
_ORDERED: Final = _KINDS - {"string", "bool"}
_OPERATORS: Final = {"==": "", "!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Comparison:
    """That a field of an event compares so to a value, or to a field of the step in a slot."""

    operator: str
    field: str
    kind: str
    slot: int | None
    other: Any

    def condition(self, other: object) -> Json:
        """Return the comparison as rules have it."""
        operator, body = _OPERATORS[self.operator], {property_name(self.field, self.kind): other}
        return {operator: body} if operator else body


def property_name(field: str, kind: str) -> str:
    """Return a name that is none of the package's own, and always of values of one type."""
    return f"{kind}_{field.replace('.', '-')}"


class _Reads(NamedTuple):
    """What a rule reads of its event, and of those found before, by their slots."""

    own: set[tuple[str, str]]
    found: set[tuple[int, str, str]]


def found_name(slot: int, field: str, kind: str) -> str:
    """Return the name for a field of the event in a slot, in a fact with a later event."""
    return f"s{slot}_{property_name(field, kind)}"


def steps_of(pattern: Pattern, role: str) -> Iterator[tuple[str, Step]]:
    """Yield the steps of `expect`, `unless` or `until`, each with the name of its rule."""
    found: Step | tuple[Step, ...] | None = getattr(pattern, role)
    steps = found if isinstance(found, tuple) else (found,) if found else ()
    yield from ((f"{role}{place}", step) for place, step in enumerate(steps))


class RuleSet:
    """The rules of a pattern, and what they read."""

    def __init__(self, moment: Moment, pattern: Pattern) -> None:
        self.moment = moment
        self.pattern = pattern
        self.rules: dict[str, Json] = {}
        self.reads: dict[str, _Reads] = {}
        self._slots = {step.alias: slot for slot, step in enumerate(pattern.steps)}
        self._limit(len(pattern.steps), STEPS, "steps")
        if max(pattern.within or 0, pattern.linger, pattern.lasts or 0) > TIME:
            self._refuse("has a window that is too long")
        self._rules()
        parts = [
            part for rule in self.rules.values() for each in rule["all"] for part in each.values()
        ]
        conditions = sum(len(part["$and"]) for part in parts)
        self._limit(conditions, CONDITIONS, "conditions")

    def _rules(self) -> None:
        """Add a rule for each step, and for each role of what comes after the anchor."""
        steps = self.pattern.steps
        for slot, step in enumerate(steps):
            self._rule(f"step{slot}", step, self.pattern.within if slot == len(steps) - 1 else None)
        for role in _ROLES:
            for rule, step in steps_of(self.pattern, role):
                self._rule(rule, step, None)

    def _rule(self, name: str, step: Step, near: int | None) -> None:
        """Add the rule that what was found so far goes on with an event, *near* to the anchor.

        One fact has both: joins of facts are not safe. The rule's name is its guard. Whatever is
        compared must be there: a property that is not would be an error.
        """
        parts = self._comparisons(step)
        reads = self.reads[name] = _Reads(
            {(part.field, part.kind) for part in parts},
            {(part.slot, part.other, part.kind) for part in parts if part.slot is not None},
        )
        conditions: list[Json] = [{"kind": name}, {"type": step.event}]
        names = [property_name(*each) for each in reads.own]
        names += [found_name(*each) for each in reads.found]
        conditions += [{"$ex": {each: 1}} for each in sorted(names)]
        for part in parts:
            there = part.other
            if part.slot is not None:
                there = {"$m": found_name(part.slot, part.other, part.kind)}
            conditions.append(part.condition(there))
        if name != "step0":
            conditions.append({"$gt": {"place": {"$m": "after"}}})
            if near is not None:
                latest = {"$add": {"$l": {"$m": "anchor_at"}, "$r": near}}
                conditions.append({"$lte": {"at": latest}})
        self.rules[name] = {"all": [{"e": {"$and": conditions}}]}

    # --- conditions

    def _comparisons(self, step: Step) -> list[_Comparison]:
        return list(self._conjuncts(step.where.tree, step)) if step.where else []

    def _conjuncts(
        self, node: Node, step: Step, *, opposite: bool = False
    ) -> Iterator[_Comparison]:
        if isinstance(node, tree.Not):
            yield from self._conjuncts(node.operand, step, opposite=not opposite)
        elif isinstance(node, tree.Or if opposite else tree.And):
            for item in node.items:
                yield from self._conjuncts(item, step, opposite=opposite)
        elif isinstance(node, tree.Field) and node.type.name == "bool":
            yield self._comparison("==", node, not opposite, step)
        elif isinstance(node, tree.Call) and node.function in _OPERATORS:
            function = _OPPOSITE[node.function] if opposite else node.function
            one, other = (self._operand(part, step) for part in node.args)
            if not _is_of(one, step):
                one, other, function = other, one, _TURNED.get(function, function)
            yield self._comparison(function, one, other, step)
        else:
            self._unfit(step, "only comparisons of fields and constants, all of which hold, are")

    def _operand(self, node: Node, step: Step) -> object:
        """Return a field, or the value of what reads none."""
        if isinstance(node, tree.Field):
            return node
        if any(isinstance(part, tree.Field | tree.Variable) for part in tree.walk(node)):
            self._unfit(step, "only comparisons of fields and constants are")
        try:
            return evaluate(node, {}, BOOK_FUNCTIONS)
        except EvaluationError as error:
            self._unfit(step, f"a constant has no value: {error};", "only others are")

    def _comparison(self, operator: str, one: object, other: object, step: Step) -> _Comparison:
        if not isinstance(one, tree.Field) or not _is_of(one, step):
            self._unfit(step, "only comparisons with a field of the step's own event are")
        field, kind = one.path.partition(".")[2], one.type.name
        slot: int | None = None
        value: Any
        if isinstance(other, tree.Field):
            owner, _, other_field = other.path.partition(".")
            if _is_of(other, step) or owner not in self._slots:
                self._unfit(step, "only comparisons of two fields of different events are")
            other_kind, slot, value = other.type.name, self._slots[owner], other_field
        else:
            if kind == "double" and kind_of(other) == "int":
                other = float(other)  # type: ignore[arg-type]
            other_kind, value = kind_of(other), other
        if kind != other_kind or kind not in _KINDS:
            self._unfit(step, f"a {kind} beside a {other_kind}:", "only values of one type are")
        if _OPERATORS[operator] not in ("", "$neq") and kind not in _ORDERED:
            self._unfit(step, f"the order of values of type {kind}:", "only that of numbers is")
        if slot is None:
            try:
                value = encoded(kind, value)
            except ValueError as error:
                self._unfit(step, f"{error}:", "that is not")
        return _Comparison(operator, field, kind, slot, value)

    # --- refusals

    def _unfit(self, step: Step, *why: str) -> NoReturn:
        text = step.where.text if step.where else ""
        said = f" `{text}`" if text else ""
        self._refuse(f"has a condition{said} of `{step.alias}`: {' '.join(why)} supported")

    def _limit(self, number: int, limit: int, what: str) -> None:
        if number > limit:
            self._refuse(f"has {number} {what}, and at most {limit} are supported")

    def _refuse(self, why: str) -> NoReturn:
        message = f'with `moments="durable"`, moment `{self.moment.id}` {why}'
        help_ = "open the engine without it: the native matcher does all moments"
        raise BookError([Diagnostic("wrong-value", message, help_, self.moment.place)])


def _is_of(node: object, step: Step) -> bool:
    return isinstance(node, tree.Field) and node.path.partition(".")[0] == step.alias


# --- values


def encoded(kind: str, value: Any) -> bool | int | str:
    """Return what stands for a value: equal and ordered alike. Raises ValueError if nothing does.

    The package cannot read doubles with an exponent; their bits, taken as ints, have their order.
    """
    if kind_of(value) != kind:
        raise ValueError(f"a {kind_of(value)} in place of a {kind}")
    match kind:
        case "bool":
            return bool(value)
        case "string":
            if len(value) > LONGEST:
                raise ValueError(f"a text of more than {LONGEST} characters")
            if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
                raise ValueError("a text that is not Unicode")
            return str(value)
        case "double":
            if math.isnan(value):
                raise ValueError("a number that is none (NaN)")
            (bits,) = struct.unpack(">q", struct.pack(">d", value + 0.0))  # -0.0 becomes 0.0
            return int(bits) if bits >= 0 else INT_MIN - int(bits)
        case "int":
            if not INT_MIN < value <= INT_MAX:
                raise ValueError("an int that does not fit")
        case _:
            if abs(value) > TIME:
                raise ValueError("a time outside the years 1824 to 2116")
    return int(value)
