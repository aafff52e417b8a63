"""Conditions and expressions of a rule file: from YAML to checked trees."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, Final, NamedTuple

from nba.book.findings import At, Findings
from nba.book.model import Condition, Expression
from nba.errors import Diagnostic, ExpressionError, Place
from nba.lang import tree
from nba.lang.check import Environment, check
from nba.lang.findings import a
from nba.lang.forms import Forms
from nba.lang.syntax import MAX_DEPTH, parse
from nba.lang.text import write
from nba.lang.types import BOOL, DOUBLE, INT, Type

__all__ = ["Expressions"]

NUMBER: Final = (DOUBLE, INT)
_CONDITION: Final = (BOOL,)
_NONE: Final[Mapping[Type, str]] = {}
_GROUPS: Final = ("all", "any", "not")
#: What others call a group of conditions, and what to write here.
_OTHER_GROUPS: Final = {
    "and": "all:",
    "all_of": "all:",
    "every": "all:",
    "or": "any:",
    "any_of": "any:",
    "one_of": "any:",
    "none": "not:` with `any:` below it, not `none:",
    "none_of": "not:` with `any:` below it, not `none_of:",
}


class _Checked(NamedTuple):
    """What was checked and is right: trees and spellings by the text, and forms."""

    texts: dict[str, tuple[tree.Node, str]]
    forms: Forms


class Expressions:
    """Checks what rule files say against the declared *names*, and reports what is wrong.

    *scope* says what may be read here, where that is less than everything.
    """

    def __init__(self, names: Mapping[str, Type], findings: Findings, scope: str = "") -> None:
        self.environment = Environment(names, book=True, scope=scope)
        self.findings = findings
        self._checked: dict[tuple[Type, ...], _Checked] = {}

    def declaring(self, names: Mapping[str, Type]) -> Expressions:
        """Return the same with more *names* declared."""
        return Expressions({**self.environment.names, **names}, self.findings)

    # --- expressions

    def number(self, value: Any, at: At) -> Expression | None:
        """Return the expression of a number, or None when it is absent or wrong."""
        return self.expression(value, at, NUMBER)

    def expression(self, value: Any, at: At, expect: tuple[Type, ...]) -> Expression | None:
        """Return a checked expression, or None when it is absent or wrong."""
        if value is None:
            return None
        if isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, int | float):
            if not isfinite(value):
                message = f"`{value}` is not a finite number"
                self.findings.report("wrong-value", message, "", at.place)
                return None
            value = repr(value)
        if not isinstance(value, str):
            kind = "a mapping" if isinstance(value, dict) else "a list"
            message = f"{kind} stands where an expression was expected"
            help_ = "put the whole expression in quotes, or on a line of its own below `>-`"
            self.findings.report("condition-expected", message, help_, at.place)
            return None
        checked = self.check(value, at, 0, len(value), expect)
        return Expression(checked[1], checked[0], at.place) if checked else None

    def check(
        self,
        text: str,
        at: At,
        start: int,
        end: int,
        expect: tuple[Type, ...],
        *,
        advice: Mapping[Type, str] = _NONE,
    ) -> tuple[tree.Node, str] | None:
        """Check the part of *text* from *start* to *end*; the same text is checked once.

        Return its tree and its canonical spelling, or None when it is wrong. *advice* is what to
        write instead of a value of a type that is not expected.
        """
        part = text[start:end]
        checked = self._checked.get(expect)
        if checked is None:
            checked = self._checked[expect] = _Checked({}, Forms(self.environment))
        texts, forms = checked
        if part in texts:
            return texts[part]
        written = forms.read(part)
        if written and (filled := forms.fill(written)):
            texts[part] = filled
            return filled

        def locate(offset: int, width: int) -> Place:
            return at.source.place_in(at.path, start + offset, width)

        warnings: list[Diagnostic] = []
        try:
            node = check(
                parse(part, locate), self.environment, locate, expect=expect, warnings=warnings
            )
        except ExpressionError as error:
            found_wrong = error.diagnostics
            if expect == _CONDITION and start == 0:
                found_wrong = tuple(_in_yaml(each, part) for each in found_wrong)
            self.findings.add(_advised(each, advice) for each in found_wrong)
            return None
        self.findings.add(warnings)
        found = node, write(node)
        if not warnings:  # a doubtful expression is said to be so wherever it stands
            texts[part] = found
            if written:
                forms.learn(written, node)
        return found

    def made(self, text: str, place: Place) -> Condition:
        """Return a condition that is made of checked parts, for what stands at a place."""
        node = check(parse(text), self.environment, expect=_CONDITION)
        return Condition("is", node, write(node), (), place)

    # --- conditions

    def conditions(self, values: Sequence[Any], at: At) -> tuple[Condition, ...]:
        """Return a list of conditions without those that are wrong."""
        if not values:
            return ()
        in_list = isinstance(at.value, list)
        found = [self.condition(v, at / i if in_list else at) for i, v in enumerate(values)]
        return tuple(condition for condition in found if condition)

    def condition(self, value: Any, at: At) -> Condition | None:
        """Return a checked condition, or None when it is absent or wrong."""
        found = self._condition(value, at)
        if found and found.items and tree.depth(found.tree) > MAX_DEPTH:
            message = f"a condition is nested more than {MAX_DEPTH} levels deep"
            help_ = "give its parts names under `conditions`"
            self.findings.report("expression-limit", message, help_, at.place)
            return None
        return found

    def _condition(self, value: Any, at: At) -> Condition | None:
        if value is None:
            return None
        if isinstance(value, dict):
            return self._group(value, at)
        if isinstance(value, list):
            message = "a list stands where one condition was expected"
            help_ = "write `all:` or `any:` before the list"
            self.findings.report("condition-expected", message, help_, at.place)
            return None
        found = self.expression(value, at, _CONDITION)
        return Condition("is", found.tree, found.text, (), found.place) if found else None

    def _group(self, value: dict[str, Any], at: At) -> Condition | None:
        if not value and at.faulty:  # its only key had no value, which was said
            return None
        kind = next(iter(value), "")
        if len(value) != 1 or kind not in _GROUPS:
            self._explain_mapping(value, at)
            return None
        inner = value[kind]
        place = (at / kind).key_place
        if kind == "not":
            item = self._condition(inner, at / kind)
            if item is None:
                return None
            return Condition("not", _typed(tree.Not(0, 0, item.tree)), "", (item,), place)
        if not isinstance(inner, list) or not inner:
            if not (at / kind).faulty:
                message, help_ = f"`{kind}` needs a list of conditions", "begin each with `- `"
                self.findings.report("condition-expected", message, help_, (at / kind).place)
            return None
        items = [self._condition(part, at / kind / i) for i, part in enumerate(inner)]
        known = tuple(item for item in items if item)
        if len(known) < len(items):
            return None
        if len(known) == 1:
            return known[0]
        node = (tree.And if kind == "all" else tree.Or)(0, 0, [item.tree for item in known])
        return Condition(kind, _typed(node), "", known, place)  # type: ignore[arg-type]

    def _explain_mapping(self, value: dict[str, Any], at: At) -> None:
        key = next(iter(value), "")
        message = "a mapping stands where a condition was expected"
        help_ = "write an expression, or one of `all:`, `any:`, `not:`"
        if len(value) > 1 and all(each in _GROUPS for each in value):
            message = f"{' and '.join(f'`{each}`' for each in value)} stand side by side"
            help_ = "begin each with `- `, and put `all:` or `any:` above them"
        elif key.lower() in _OTHER_GROUPS:
            message = f"`{key}` is not a way to join conditions"
            help_ = f"write `{_OTHER_GROUPS[key.lower()]}`"
        elif any(mark in key for mark in "'\"=<>(?&|. "):
            message = "a `: ` made a mapping of this expression"
            help_ = "put the whole expression in quotes, or on a line of its own below `>-`"
        self.findings.report("condition-expected", message, help_, at.place)


_NOT: Final = re.compile(r"\s*not\b\s*(.*?)\s*", re.DOTALL)
_JOINS: Final = re.compile(r"&&|\|\||\?|[=<>]|\b(?:and|or|AND|OR|in)\b")


def _in_yaml(found: Diagnostic, part: str) -> Diagnostic:
    """Return a finding whose help can be written in YAML, where a leading `!` begins a tag."""
    if found.help in ("write `!`", "write `!(…)`") and (match := _NOT.fullmatch(part)):
        operand = " ".join(match[1].split())
        operand = operand if operand and len(operand) <= 60 and '"' not in operand else "…"
        help_ = f"write `not: {operand}` on a line of its own"
        if not _JOINS.search(operand):
            help_ += f', or in quotes: `"!{operand}"`'
        return replace(found, help=help_)
    if "`!" in found.help and "`!=`" not in found.help:
        return replace(found, help=f"{found.help}, in quotes where the value begins with it")
    return found


def _advised(found: Diagnostic, advice: Mapping[Type, str]) -> Diagnostic:
    """Return a finding with advice on a value of another type than expected."""
    for kind, help_ in advice.items():
        if not found.help and found.message.startswith(f"this is {a(kind)}, "):
            return replace(found, help=help_)
    return found


def _typed(node: tree.Node) -> tree.Node:
    node.type = BOOL
    return node
