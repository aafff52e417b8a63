"""Wordings of a rule file: texts with expressions in braces, from YAML to checked parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from nba.book import documents
from nba.book.expressions import NUMBER, Expressions
from nba.book.findings import At, short
from nba.book.model import Expression, Slot, Text
from nba.lang.findings import a
from nba.lang.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, Type, list_of

__all__ = ["wording"]

_FORMATS: Final[dict[str, tuple[Type, ...]]] = {
    "": (STRING, INT, DOUBLE, TIMESTAMP),
    "money": NUMBER,
    "number": NUMBER,
    "date": (TIMESTAMP,),
    "time": (TIMESTAMP,),
}
_BY_CONDITION: Final = "write several texts, each with its own `when:`"
#: What to write for a value of a type that a format does not take.
_ADVICE: Final[dict[str, dict[Type, str]]] = {
    "": {BOOL: _BY_CONDITION},
    **{
        name: {
            BOOL: _BY_CONDITION,
            TIMESTAMP: "write `:date` or `:time`",
            STRING: f"leave out `:{name}`",
        }
        for name in ("money", "number")
    },
    **{
        name: {
            BOOL: _BY_CONDITION,
            DOUBLE: "write `:money` or `:number`",
            INT: "write `:number`, or nothing",
            STRING: f"leave out `:{name}`",
        }
        for name in ("date", "time")
    },
}
_LIST: Final = list_of(STRING)
_JOINED: Final = ("string", "int", "double", "dyn")
_FORMAT = re.compile(r":\s*([A-Za-z]+)\s*$")
#: What stands in a text outside of expressions.
_PIECE = re.compile(r"[^{}]+|\{\{|\}\}|[{}]")
#: What stands in an expression: a string, a brace, anything else. A quote that is not closed is
#: a character like others, so that the expression says what is wrong with it.
_STRING = re.compile(
    r"""[rR][bB]?(?:'[^']*'|"[^"]*")|'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+\"""", re.DOTALL
)
_OTHER = re.compile(r"""[{}]|[^{}'"rR]+|.""", re.DOTALL)


def wording(
    texts: Sequence[documents.Text] | None,
    at: At,
    expressions: Expressions,
    *,
    lists: bool = False,
) -> tuple[Text, ...] | None:
    """Return the texts of a wording, with their expressions checked; None without any.

    *lists* of strings and numbers may be filled in only where their items can be joined.
    """
    if texts is None:
        return None
    listed = isinstance(at.value, list)
    found = []
    for place, text in enumerate(texts):
        here = at / place if listed else at
        when = expressions.condition(text.when, here / "when")
        # an item of a list of texts may be the text itself
        alone = not listed or isinstance(here.value, str)
        parts = _Parts(text.text, here if alone else here / "text", expressions, lists=lists)
        if not text.text.strip() and not here.faulty:
            parts.report("wrong-value", "the text is empty", "write what to say, or remove it", 0)
        if place and not lists and texts[place - 1].when is None:
            before = at / (place - 1)
            if not before.faulty:
                message = "this text is never used, since the one before it has no `when`"
                help_ = "give the one before it a `when:`, or put it last"
                expressions.findings.report("wrong-value", message, help_, here.place, warning=True)
        found.append(Text(when, parts.read(), here.place))
    return tuple(found)


class _Parts:
    """One text, taken apart."""

    def __init__(self, text: str, at: At, expressions: Expressions, *, lists: bool) -> None:
        self.text = text
        self.at = at
        self.expressions = expressions
        self.lists = lists

    def read(self) -> tuple[str | Slot, ...]:
        parts: list[str | Slot] = []
        plain: list[str] = []
        offset = 0
        while piece := _PIECE.match(self.text, offset):
            offset = piece.end()
            if piece[0] == "{":
                end = _closing(self.text, offset)
                if end < 0:
                    self.report("expression-syntax", "a `{` is not closed", _BRACE, offset - 1)
                    return ()
                if plain:
                    parts.append("".join(plain))
                    plain = []
                if slot := self.slot(offset, end):
                    parts.append(slot)
                offset = end + 1
            elif piece[0] == "}":
                self.report("expression-syntax", "a `}` closes nothing", _BRACE, offset - 1)
                return ()
            else:
                plain.append(piece[0][:1] if piece[0] in ("{{", "}}") else piece[0])
        return tuple([*parts, "".join(plain)] if plain else parts)

    def report(self, code: str, message: str, help_: str, offset: int, width: int = 1) -> None:
        place = self.at.source.place_in(self.at.path, offset, width)
        self.expressions.findings.report(code, message, help_, place)

    def slot(self, start: int, end: int) -> Slot | None:
        """Return what `{expression}` or `{expression:format}` stands for, between the braces."""
        match = _FORMAT.search(self.text, start, end)
        format_: Any = match[1] if match else ""
        if match and format_ not in _FORMATS:
            if "?" not in self.text[start:end]:  # else it may be the end of `a ? b : c`
                known = ", ".join(f"`{name}`" for name in _FORMATS if name)
                message, help_ = f"there is no format `{short(format_)}`", f"choose from {known}"
                self.report("wrong-value", message, help_, match.start(1), len(format_))
                return None
            format_ = ""
        stop = match.start() if match and format_ else end
        if not self.text[start:stop].strip():
            message, help_ = "there is nothing between `{` and `}`", f"name a field, or {_BRACE}"
            self.report("expression-syntax", message, help_, start - 1, end - start + 2)
            return None
        allowed = _FORMATS[format_]
        if self.lists and not format_:
            allowed = (*allowed, _LIST)
        checked = self.expressions.check(
            self.text, self.at, start, stop, allowed, advice=_ADVICE[format_]
        )
        if checked is None:
            return None
        kind = checked[0].type
        if kind.name == "list" and kind.args[0].name not in _JOINED:
            message, help_ = f"{a(kind)} cannot be written as text", "choose its parts with `map`"
            self.report("wrong-type", message, help_, start, end - start)
            return None
        return Slot(Expression(checked[1], checked[0], self.at.place), format_)


_BRACE: Final = "write `{{` or `}}` for a brace that is meant to be read"


def _closing(text: str, start: int) -> int:
    """Return where the brace before *start* closes, past braces and strings inside; else -1."""
    depth, offset = 1, start
    unclosed = ""  # quotes that close no string from here on: looked for once, not at each
    while offset < len(text):
        first, piece = text[offset], None
        if first in "'\"rR" and first not in unclosed:
            piece = _STRING.match(text, offset)
            unclosed += first if piece is None and first in "'\"" else ""
        piece = piece or _OTHER.match(text, offset)
        if piece is None:
            break
        if piece[0] == "{":
            depth += 1
        elif piece[0] == "}":
            depth -= 1
            if depth == 0:
                return offset
        offset = piece.end()
    return -1
