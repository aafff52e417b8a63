"""Conditions, expressions and wordings of a rule file: from YAML to checked trees."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nba.book import documents
from nba.book.findings import At, Findings
from nba.book.model import Condition, Expression, Slot, Text
from nba.errors import Diagnostic, ExpressionError, Place
from nba.lang import tree
from nba.lang.check import Environment, check
from nba.lang.syntax import parse
from nba.lang.text import write
from nba.lang.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, Type

__all__ = ["Expressions"]

NUMBER: Final = (DOUBLE, INT)
_FORMATS: Final[dict[str, Sequence[Type]]] = {
    "": (STRING, INT, DOUBLE, TIMESTAMP),
    "money": NUMBER,
    "number": NUMBER,
    "date": (TIMESTAMP,),
    "time": (TIMESTAMP,),
}
_FORMAT = re.compile(r":\s*([a-z]+)\s*$")


class Expressions:
    """Checks what rule files say against the declared *names*, and reports what is wrong."""

    def __init__(self, names: Mapping[str, Type], findings: Findings) -> None:
        self.environment = Environment(names, book=True)
        self.findings = findings
        self._checked: dict[tuple[str, Sequence[Type]], tuple[tree.Node, str]] = {}

    def declaring(self, names: Mapping[str, Type]) -> Expressions:
        """Return the same with more *names* declared."""
        return Expressions({**self.environment.names, **names}, self.findings)

    # --- expressions

    def number(self, value: Any, at: At) -> Expression | None:
        """Return the expression of a number, or None when it is absent or wrong."""
        return self.expression(value, at, NUMBER)

    def expression(self, value: Any, at: At, expect: Sequence[Type]) -> Expression | None:
        """Return a checked expression, or None when it is absent or wrong."""
        if value is None:
            return None
        if isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, int | float):
            value = repr(value)
        if not isinstance(value, str):
            self._not_text(value, at, "an expression")
            return None
        checked = self._check(value, at, 0, len(value), expect)
        return Expression(checked[1], checked[0], at.place) if checked else None

    def _check(
        self, text: str, at: At, start: int, end: int, expect: Sequence[Type]
    ) -> tuple[tree.Node, str] | None:
        """Check the part of *text* from *start* to *end*; the same text is checked once."""
        part = text[start:end]
        key = (part, expect)
        if key in self._checked:
            return self._checked[key]

        def locate(offset: int, width: int) -> Place:
            return at.source.place_in(at.path, start + offset, width)

        warnings: list[Diagnostic] = []
        try:
            node = check(
                parse(part, locate), self.environment, locate, expect=expect, warnings=warnings
            )
        except ExpressionError as error:
            self.findings.all += error.diagnostics
            return None
        self.findings.all += warnings
        if not warnings:  # a doubtful expression is said to be so wherever it stands
            self._checked[key] = node, write(node)
        return node, write(node)

    # --- conditions

    def conditions(self, values: Sequence[Any], at: At) -> tuple[Condition, ...]:
        """Return a list of conditions without those that are wrong."""
        in_list = isinstance(_at_path(at), list)
        found = [self.condition(v, at / i if in_list else at) for i, v in enumerate(values)]
        return tuple(condition for condition in found if condition)

    def condition(self, value: Any, at: At) -> Condition | None:
        """Return a checked condition, or None when it is absent or wrong."""
        if value is None:
            return None
        if isinstance(value, dict):
            return self._group(value, at)
        if isinstance(value, list):
            message = "a list stands where one condition was expected"
            help_ = "write `all:` or `any:` before the list"
            self.findings.report("condition-expected", message, help_, at.place)
            return None
        found = self.expression(value, at, (BOOL,))
        if found is None:
            return None
        return Condition("is", found.tree, found.text, (), found.place)

    def _group(self, value: dict[str, Any], at: At) -> Condition | None:
        kind = next(iter(value), "")
        if len(value) != 1 or kind not in ("all", "any", "not"):
            self._explain_mapping(value, at)
            return None
        inner = value[kind]
        place = at.key_place if at.path else at.place
        if kind == "not":
            item = self.condition(inner, at / kind)
            if item is None:
                if inner is None:
                    self.findings.report("condition-expected", "`not` needs a condition", "", place)
                return None
            return Condition("not", _typed(tree.Not(0, 0, item.tree)), "", (item,), place)
        if not isinstance(inner, list) or not inner:
            message, help_ = f"`{kind}` needs a list of conditions", "begin each with `- `"
            self.findings.report("condition-expected", message, help_, (at / kind).place)
            return None
        items = [self.condition(part, at / kind / i) for i, part in enumerate(inner)]
        known = tuple(item for item in items if item)
        if len(known) < len(items) or not known:
            return None
        return combined(kind, known, place)

    def _explain_mapping(self, value: dict[str, Any], at: At) -> None:
        key = next(iter(value), "")
        if any(mark in key for mark in "'\"=<>(?&|") or key.count(".") > 0:
            message = "a `: ` made a mapping of this expression"
            help_ = "put the whole expression in quotes, or after `>-` on lines of its own"
        elif key in ("and", "or"):
            message = f"`{key}` is not a way to join conditions"
            help_ = f"write `{'all' if key == 'and' else 'any'}:`"
        else:
            message = "a mapping stands where a condition was expected"
            help_ = "write an expression, or one of `all:`, `any:`, `not:`"
        self.findings.report("condition-expected", message, help_, at.place)

    def _not_text(self, value: Any, at: At, wanted: str) -> None:
        kind = "a mapping" if isinstance(value, dict) else "a list"
        message = f"{kind} stands where {wanted} was expected"
        help_ = "put the whole expression in quotes if a `: ` or a bracket made this of it"
        self.findings.report("condition-expected", message, help_, at.place)

    # --- wordings

    def wording(self, texts: Sequence[documents.Text] | None, at: At) -> tuple[Text, ...] | None:
        """Return the texts of a wording, with its expressions checked."""
        if texts is None:
            return None
        listed = isinstance(_at_path(at), list)
        found = []
        for place, text in enumerate(texts):
            here = at / place if listed else at
            when = self.condition(text.when, here / "when")
            parts = self._parts(text.text, here / "text" if listed else here)
            found.append(Text(when, parts, here.place))
        return tuple(found)

    def _parts(self, text: str, at: At) -> tuple[str | Slot, ...]:
        parts: list[str | Slot] = []
        plain, offset = "", 0
        while offset < len(text):
            character = text[offset]
            if character in "{}" and text[offset : offset + 2] == character * 2:
                plain, offset = plain + character, offset + 2
            elif character == "{":
                end = _closing(text, offset)
                if end < 0:
                    self._bad_text(at, offset, "a `{` is not closed")
                    return ()
                if slot := self._slot(text, offset + 1, end, at):
                    parts += [plain, slot] if plain else [slot]
                plain, offset = "", end + 1
            elif character == "}":
                self._bad_text(at, offset, "a `}` closes nothing")
                return ()
            else:
                plain, offset = plain + character, offset + 1
        return tuple([*parts, plain] if plain else parts)

    def _bad_text(self, at: At, offset: int, message: str) -> None:
        help_ = "write `{{` or `}}` for a brace that is meant to be read"
        place = at.source.place_in(at.path, offset)
        self.findings.report("expression-syntax", message, help_, place)

    def _slot(self, text: str, start: int, end: int, at: At) -> Slot | None:
        match = _FORMAT.search(text, start, end)
        format_ = match.group(1) if match else ""
        if match and format_ not in _FORMATS:
            if "?" not in text[start:end]:  # else it may be the end of `a ? b : c`
                known = ", ".join(f"`{name}`" for name in _FORMATS if name)
                message, help_ = f"there is no format `{format_}`", f"choose from {known}"
                place = at.source.place_in(at.path, match.start(1), len(format_))
                self.findings.report("wrong-value", message, help_, place)
                return None
            format_ = ""
        stop = match.start() if match and format_ else end
        checked = self._check(text, at, start, stop, _FORMATS[format_])
        if checked is None:
            return None
        return Slot(Expression(checked[1], checked[0], at.place), format_)  # type: ignore[arg-type]


def combined(kind: Any, items: tuple[Condition, ...], place: Place) -> Condition:
    """Return all or any of two or more conditions, or the only one."""
    if len(items) == 1:
        return items[0]
    node: tree.Node = (tree.And if kind == "all" else tree.Or)(0, 0, [item.tree for item in items])
    return Condition(kind, _typed(node), "", items, place)


def _typed(node: tree.Node) -> tree.Node:
    node.type = BOOL
    return node


def _at_path(at: At) -> Any:
    """Return the data that stands at a position."""
    value: Any = at.source.data
    for step in at.path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value


def _closing(text: str, start: int) -> int:
    """Return where the brace opened at *start* closes, past braces and strings inside; else -1."""
    depth, quote = 0, ""
    for offset in range(start, len(text)):
        character = text[offset]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return offset
    return -1
