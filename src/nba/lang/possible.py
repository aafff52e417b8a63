"""Can conditions hold together? Found, none (proved), or not decided.

The conditions are brought to normal form. What is tested of one field must leave it a value, or
leave it unknown. What is no test of a field is taken as a *term*: the same text has the same value,
whatever that is; so `since(t) < days(1)` and `since(t) > days(2)` exclude each other, and two terms
that have to do with each other are taken for independent. So `none` is a proof, and what depends on
more than this is not decided.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from nba.lang import tree
from nba.lang.bounds import bounds
from nba.lang.context import FieldSpec
from nba.lang.fitting import choices, holds
from nba.lang.normal import (
    AllOf,
    AnyOf,
    Constant,
    Normal,
    Opaque,
    Test,
    comparison,
    opposite,
)
from nba.lang.text import write
from nba.lang.tree import Node
from nba.lang.types import BOOL, DOUBLE, Type

__all__ = ["Answer", "Possible", "World", "needs", "untrue"]

Answer = Literal["found", "none", "undecided"]

_MAX_STEPS: Final = 300


@dataclass(frozen=True)
class World:
    """What is declared: the *fields* by path, and which of them are *known* in every case.

    *strange* are numbers that may be infinite or none at all: what is computed of other numbers.
    """

    fields: Mapping[str, FieldSpec]
    known: frozenset[str] = frozenset()
    strange: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Unknown:
    """A term that has no value."""

    text: str


@dataclass(frozen=True, slots=True)
class _Claim:
    """A term that passes a test, or known, does not; None as the *test* means that it is known."""

    test: Test
    positive: bool = True


Atom = Test | _Claim | _Unknown
Form = Normal | _Unknown


def untrue(form: Normal) -> Form:
    """Return the form that holds wherever *form* does not: where it is false, or unknown."""
    match form:
        case Constant():
            return Constant(not form.holds)
        case AllOf():
            return AnyOf(tuple(map(untrue, form.parts)))  # type: ignore[arg-type]
        case AnyOf():
            return AllOf(tuple(map(untrue, form.parts)))  # type: ignore[arg-type]
        case Opaque():
            other = Opaque(form.text, not form.positive, form.fields, form.node)
            subject = comparison(form.node)
            text = write(subject[0]) if subject else form.text
            return AnyOf((other, _Unknown(text)))  # type: ignore[arg-type]
    if form.operator in ("has", "not has"):
        return opposite(form)
    return AnyOf((opposite(form), Test(form.path, "not has", None, form.type)))


def needs(node: Node) -> frozenset[str]:
    """Return the fields without which an expression surely has no value."""
    match node:
        case tree.Field():
            return frozenset({node.path})
        case tree.Choice():
            return needs(node.condition) | (needs(node.then) & needs(node.otherwise))
        case tree.Default():
            return needs(node.operand) & needs(node.fallback)
        case tree.And() | tree.Or():
            return frozenset.intersection(*map(needs, node.items))
        case tree.Comprehension():
            return needs(node.source)
        case tree.Bind():
            return needs(node.body)
        case tree.Call(function=".or" | ".orValue"):
            return needs(node.args[0])
        case tree.Present(operand=tree.Field()) | tree.OptionalSelect(operand=tree.Field()):
            return frozenset()
        case (
            tree.Present(operand=tree.Select(operand=operand))
            | tree.OptionalSelect(operand=tree.Select(operand=operand))
        ):
            return needs(operand)
    return frozenset().union(*map(needs, tree.children(node)))


@dataclass(frozen=True, slots=True)
class _Term:
    """What an opaque condition says: a claim about an expression, and the fields that it needs."""

    node: Node
    claim: _Claim
    known: tuple[Test, ...]


@dataclass
class Possible:
    """Answers for one world; what was found of single fields and terms is remembered.

    The trees of the conditions that it is asked about must stay as they are.
    """

    world: World
    _fields: dict[tuple[str, str, frozenset[Test]], bool] = field(default_factory=dict)
    _values: dict[tuple[str, str, frozenset[_Claim]], bool] = field(default_factory=dict)
    _terms: dict[tuple[int, bool], tuple[Opaque, _Term]] = field(default_factory=dict)

    def together(self, forms: Iterable[Form]) -> Answer:
        """Return whether all *forms* can hold in one case."""
        search = _Search(self)
        found = search.branch(_Facts(), list(forms))
        if search.steps > _MAX_STEPS:
            return "undecided"
        if found is None:
            return "none"
        return "undecided" if found.terms else "found"

    def never(self, *forms: Form) -> bool:
        """Return whether it is proved that *forms* never hold together."""
        return self.together(forms) == "none"

    def of_field(self, path: str, tests: frozenset[Test]) -> bool:
        """Return whether a field can pass all *tests*."""
        kind = ""
        if path not in self.world.fields:  # of events of another type it may be of another type
            kind = next((test.type.name for test in tests if "has" not in test.operator), "")
        key = (path, kind, tests)
        if key not in self._fields:
            self._fields[key] = self._passes(path, kind, tests)
        return self._fields[key]

    def _passes(self, path: str, kind: str, tests: frozenset[Test]) -> bool:
        absent = [test for test in tests if test.operator == "not has"]
        if absent:
            return len(absent) == len(tests) and path not in self.world.known
        asking = [test for test in tests if test.operator != "has"]
        if not asking or path in self.world.strange:
            return True
        spec = self.world.fields.get(path) or FieldSpec(path, Type(kind))
        return any(all(holds(test, value) for test in asking) for value in choices(asking, spec))

    def term(self, form: Opaque) -> _Term:
        """Return what an opaque condition says."""
        key = (id(form.node), form.positive)
        if key not in self._terms:
            node = form.node
            claim = _Claim(Test(form.text, "==", form.positive, BOOL))
            if compared := comparison(node):
                node, operator, value = compared
                claim = _Claim(Test(write(node), operator, value, node.type), form.positive)
            known = tuple(Test(path, "has", None) for path in sorted(needs(node)))
            self._terms[key] = form, _Term(node, claim, known)
        return self._terms[key][1]

    def of_term(self, node: Node, claims: frozenset[_Claim]) -> bool:
        """Return whether a term can have a value for which all *claims* are so."""
        one = next(iter(claims)).test
        key = (one.path, one.type.name, claims)
        if key not in self._values:
            low, high = bounds(node, self.world.fields.get)
            tests = [claim.test for claim in claims]
            kind = Type(one.type.name)  # of an enum it is not known which
            values: list[Any] = choices(tests, FieldSpec(one.path, kind, None, low, high))
            if kind == DOUBLE:
                values += [math.nan, *(end for end in (low, high) if math.isinf(end))]
            self._values[key] = any(
                all(holds(claim.test, value) is claim.positive for claim in claims)
                for value in values
            )
        return self._values[key]


@dataclass
class _Facts:
    """What has to be so: tests by field, claims by term, and terms without a value."""

    fields: dict[str, frozenset[Test]] = field(default_factory=dict)
    terms: dict[str, frozenset[_Claim]] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()

    def copy(self) -> _Facts:
        return _Facts(dict(self.fields), dict(self.terms), self.unknown)


class _Search:
    """Looks for facts under which forms hold together."""

    def __init__(self, possible: Possible) -> None:
        self.possible = possible
        self.steps = 0

    def branch(self, facts: _Facts, forms: Sequence[Form]) -> _Facts | None:
        """Return facts under which all *forms* hold, besides what is fact; None if none are."""
        self.steps += 1
        if self.steps > _MAX_STEPS:
            return facts
        pending, ways = list(forms), []
        while pending:
            form = pending.pop()
            match form:
                case Constant():
                    if not form.holds:
                        return None
                case AllOf():
                    pending += form.parts
                case AnyOf():
                    ways.append(form)
                case _:
                    if not self.add(facts, form):
                        return None
        if not ways:
            return facts
        open_ways = []
        for way in ways:
            parts = [part for part in way.parts if self.could(facts, part)]
            if not parts:
                return None
            open_ways.append(parts)
        open_ways.sort(key=len)
        first, *rest = open_ways
        others: list[Form] = [
            parts[0] if len(parts) == 1 else AnyOf(tuple(parts)) for parts in rest
        ]
        for part in first:
            found = self.branch(facts.copy(), [*others, part])
            if found is not None:
                return found
        return None

    def could(self, facts: _Facts, form: Form) -> bool:
        """Return False for a single test that facts exclude."""
        if isinstance(form, AllOf | AnyOf):
            return True
        if isinstance(form, Constant):
            return form.holds
        if isinstance(form, Test):
            tests = facts.fields.get(form.path, frozenset()) | {form}
            return self.possible.of_field(form.path, tests)
        if isinstance(form, _Unknown):
            return form.text not in facts.terms
        term = self.possible.term(form)
        text = term.claim.test.path
        claims = facts.terms.get(text, frozenset()) | {term.claim}
        return text not in facts.unknown and self.possible.of_term(term.node, claims)

    def add(self, facts: _Facts, form: Test | Opaque | _Unknown) -> bool:
        """Add a fact; return False where it cannot be one."""
        if isinstance(form, Test):
            return self.add_test(facts, form)
        if isinstance(form, _Unknown):
            facts.unknown |= {form.text}
            return form.text not in facts.terms
        term = self.possible.term(form)
        text = term.claim.test.path
        found = facts.terms.get(text, frozenset()) | {term.claim}
        facts.terms[text] = found
        if text in facts.unknown or not self.possible.of_term(term.node, found):
            return False
        return all(self.add_test(facts, test) for test in term.known)

    def add_test(self, facts: _Facts, test: Test) -> bool:
        found = facts.fields.get(test.path, frozenset()) | {test}
        facts.fields[test.path] = found
        return self.possible.of_field(test.path, found)
