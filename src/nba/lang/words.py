"""Tree to words: a condition as a plain English sentence, without its full stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nba import windows
from nba.lang import tree
from nba.lang.text import write
from nba.lang.tree import Node
from nba.lang.types import TIMESTAMP
from nba.lang.values import Duration, OptionalValue, Timestamp, show_double

__all__ = ["listed", "moment_in_words", "name_in_words", "noun", "value_in_words", "words"]

Titles = Mapping[str, str]

_IS: Final = {
    "==": ("is", "is not"),
    "!=": ("is not", "is"),
    "<": ("is below", "is not below"),
    "<=": ("is at most", "is not at most"),
    ">": ("is above", "is not above"),
    ">=": ("is at least", "is not at least"),
}
_WAS: Final = _IS | {
    "<": ("is before", "is not before"),
    "<=": ("is at or before", "is after"),
    ">": ("is after", "is not after"),
    ">=": ("is at or after", "is before"),
}
_AGO: Final = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least"}
_JOINS: Final = {"+": "plus", "-": "minus", "*": "times", "/": "divided by", "%": "modulo"}
_UNITS: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def words(node: Node, titles: Titles | None = None, *, positive: bool = True) -> str:
    """Return a condition, or its opposite, in words. *titles* name fields by path."""
    return _Words(titles or {}).condition(node, positive=positive)


def noun(node: Node, titles: Titles | None = None) -> str:
    """Return an expression that is no condition in words."""
    return _Words(titles or {}).noun(node)


def name_in_words(path: str, titles: Titles | None = None) -> str:
    """Return what people call a field: its title, or its path in words."""
    if titles and titles.get(path):
        return titles[path]
    return path.replace(".", " ").replace("_", " ")


def value_in_words(value: object) -> str:
    """Return a value as people write it."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "true" if value else "false"
        case Timestamp():
            return str(value).replace("T", " ").removesuffix("Z") + " UTC"
        case Duration():
            return _duration(value)
        case float():
            return show_double(value)
        case OptionalValue():
            return value_in_words(value.items[0]) if value.items else "unknown"
        case list() | tuple():
            return listed([value_in_words(item) for item in value], "and") or "nothing"
    return str(value)


def moment_in_words(name: str, *, is_open: bool) -> str:
    """Say whether the moment that people call so is open."""
    return f"the moment '{name}' is {'' if is_open else 'not '}open"


def listed(items: list[str], joiner: str) -> str:
    """Return `a, b or c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joiner} {items[-1]}"


def _duration(length: Duration) -> str:
    seconds = abs(int(length)) / windows.SECOND
    for size, name in _UNITS:
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"{'minus ' if length < 0 else ''}{count} {name}{'' if count == 1 else 's'}"
    return str(length)


class _Words:
    def __init__(self, titles: Titles) -> None:
        self.titles = titles

    def condition(self, node: Node, *, positive: bool) -> str:
        match node:
            case tree.Not():
                return self.condition(node.operand, positive=not positive)
            case tree.And() | tree.Or():
                parts = [self.condition(item, positive=positive) for item in node.items]
                both = isinstance(node, tree.And) is positive
                return " and ".join(parts) if both else f"either {listed(parts, 'or')}"
            case tree.Literal(value=bool() as value):
                return "always" if value is positive else "never"
            case tree.Field(path=path) if path.startswith("moment."):
                name = self.titles.get(path) or path.removeprefix("moment.").replace("_", " ")
                return moment_in_words(name, is_open=positive)
            case tree.Field():
                return f"{self.noun(node)} is {str(positive).lower()}"
            case tree.Present():
                return f"{self.noun(node.operand)} is {'known' if positive else 'not known'}"
            case tree.Comprehension(kind="exists" | "all" | "exists_one"):
                return self.quantified(node, positive=positive)
            case tree.Bind():
                where = f", where {node.variable} is {self.noun(node.value)}"
                return f"{self.condition(node.body, positive=positive)}{where}"
            case tree.Call(function=".hasValue", args=[optional]):
                return f"{self.noun(optional)} is {'known' if positive else 'not known'}"
            case tree.Call(function=name, args=[one]) if name in _ABOUT_NUMBERS:
                return f"{self.noun(one)} {_ABOUT_NUMBERS[name][not positive]}"
            case tree.Call():
                return self.called(node, positive=positive)
        text = self.noun(node)
        return text if positive else f"not: {text}"

    def called(self, node: tree.Call, *, positive: bool) -> str:
        name, args = node.function, node.args
        if name in _IS:
            if ago := self.ago(node, positive=positive):
                return ago
            verbs = _WAS if args[0].type == TIMESTAMP else _IS
            return f"{self.noun(args[0])} {verbs[name][not positive]} {self.noun(args[1])}"
        if name == "in":
            verb = "is" if positive else "is not"
            if isinstance(args[1], tree.ListOf):
                items = [self.noun(item) for item in args[1].items]
                if len(items) == 1:
                    return f"{self.noun(args[0])} {verb} {items[0]}"
                return f"{self.noun(args[0])} {verb} {listed(items, 'or')}"
            return f"{self.noun(args[0])} {verb} among {self.noun(args[1])}"
        if name == "within":
            when = f"within the last {self.noun(args[1])}"
            return f"{self.noun(args[0])} {'is' if positive else 'is not'} {when}"
        if forms := _VERBS.get(name):
            return f"{self.noun(args[0])} {forms[not positive]} {self.noun(args[1])}"
        return f"{'' if positive else 'not: '}{self.noun(node)}"

    def ago(self, node: tree.Call, *, positive: bool) -> str:
        """Say `since(t) > days(3)` as `t was more than 3 days ago`."""
        since = node.args[0]
        is_since = isinstance(since, tree.Call) and since.function == "since"
        if not is_since or node.function not in _AGO:
            return ""
        verb = "was" if positive else "was not"
        then, length = self.noun(since.args[0]), self.noun(node.args[1])  # type: ignore[attr-defined]
        return f"{then} {verb} {_AGO[node.function]} {length} ago"

    def quantified(self, node: tree.Comprehension, *, positive: bool) -> str:
        body = self.condition(node.body, positive=True)
        who = {"exists": "some", "all": "every", "exists_one": "exactly one"}[node.kind]
        of = f" and {node.second}" if node.second else ""
        text = f"for {who} {node.variable}{of} of {self.noun(node.source)}, {body}"
        return text if positive else f"not: {text}"

    def noun(self, node: Node) -> str:
        match node:
            case tree.Field():
                return name_in_words(node.path, self.titles)
            case tree.Literal():
                return value_in_words(node.value)
            case tree.Variable():
                return node.name
            case tree.Select():
                return f"{self.noun(node.operand)} {node.name.replace('_', ' ')}"
            case tree.Choice():
                condition = self.condition(node.condition, positive=True)
                return f"({self.noun(node.then)} if {condition}, else {self.noun(node.otherwise)})"
            case tree.OptionalSelect():
                return self.noun(node.operand)
            case (
                tree.Default(operand=operand, fallback=fallback)
                | tree.Call(function=".orValue", args=[operand, fallback])
            ):
                return f"{self.noun(operand)} (or {self.noun(fallback)} when unknown)"
            case tree.ListOf():
                return listed([self.noun(item) for item in node.items], "and") or "nothing"
            case tree.Call(function="days" | "hours" | "minutes", args=[tree.Literal() as count]):
                unit = node.function if count.value != 1 else node.function[:-1]
                return f"{value_in_words(count.value)} {unit}"
            case tree.Call(function="timestamp" | "duration", args=[tree.Literal() as text]):
                meant = node.overload.meaning(text.value) if node.overload else text.value
                return value_in_words(meant)
            case tree.Call(function="-", args=[then, tree.Field(path="now")]):
                return f"the time until {self.noun(then)}"
            case tree.Call(args=[left, right]) if node.function in _JOINS:
                return f"{self.noun(left)} {_JOINS[node.function]} {self.noun(right)}"
            case tree.Call(function="since"):
                return f"the time since {self.noun(node.args[0])}"
            case tree.Call(function="count" | "size" | ".size"):
                return f"the number of {self.noun(node.args[0])}"
            case tree.Call(function="math.greatest" | "math.least"):
                items = node.args
                if isinstance(items[0], tree.ListOf) and len(items) == 1:
                    items = items[0].items
                nouns = listed([self.noun(item) for item in items], "and")
                return f"the {node.function.removeprefix('math.')} of {nouns}"
            case tree.Call(function=name, args=args) if name in _NOUNS:
                return _NOUNS[name].format(*map(self.noun, args))
        return f"`{write(node)}`"


_ABOUT_NUMBERS: Final = {
    "math.isNaN": ("is no number", "is a number"),
    "math.isInf": ("is infinite", "is not infinite"),
    "math.isFinite": ("is finite", "is not finite"),
}
_NOUNS: Final = {
    "math.abs": "{0} without its sign",
    "math.sign": "the sign of {0}",
    "math.ceil": "{0} rounded up",
    "math.floor": "{0} rounded down",
    "math.round": "{0} rounded",
    "math.trunc": "{0} without its fraction",
    "math.sqrt": "the square root of {0}",
    ".lowerAscii": "{0} in small letters",
    ".upperAscii": "{0} in capital letters",
    ".trim": "{0} without space around it",
    ".reverse": "{0} backwards",
    ".split": "the parts of {0} between '{1}'",
    ".join": "{0} joined together",
    ".value": "{0}",
}
_VERBS: Final = {
    ".contains": ("contains", "does not contain"),
    ".startsWith": ("begins with", "does not begin with"),
    ".endsWith": ("ends with", "does not end with"),
    ".matches": ("matches", "does not match"),
    "matches": ("matches", "does not match"),
    "sets.intersects": ("has something of", "has nothing of"),
}
