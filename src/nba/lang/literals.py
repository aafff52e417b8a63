"""What rule books ask of literals, so that nobody finds out at night.

An int beside a number is read as a number; text beside an enum has to be one of its values;
patterns, timestamps, durations and time zones are tried out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nba.errors import EvaluationError, did_you_mean
from nba.lang import tree
from nba.lang.findings import Findings, a
from nba.lang.functions import pattern
from nba.lang.functions.formatting import TAKEN, clauses
from nba.lang.habits import spoken
from nba.lang.tree import Node
from nba.lang.types import DOUBLE, INT, EnumType, Type, list_of, optional_of
from nba.lang.unify import Substitution

__all__ = ["Literals", "tried_out", "widened", "words_of"]

_MIXING: Final = frozenset({"+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!="}) | {
    "math.greatest",
    "math.least",
}


_COMPARING: Final = frozenset(
    {"==", "!=", "in", "sets.contains", "sets.equivalent", "sets.intersects"}
)


class Literals:
    """Checks the literals of one expression."""

    def __init__(self, types: Substitution, findings: Findings) -> None:
        self.types = types
        self.findings = findings

    def kind(self, node: Node) -> Type:
        """Return the type of a checked node as far as it is found."""
        return self.types.resolve(node.type, params=True)

    # --- before the overload is found

    def mix_numbers(self, node: tree.Call) -> None:
        """Read int literals beside a double as doubles."""
        if len(node.args) != 2:
            return
        kinds = [self.kind(arg) for arg in node.args]
        if node.function == "in":
            if kinds == [DOUBLE, list_of(INT)]:
                self._widen(node, 1)
            elif kinds == [INT, list_of(DOUBLE)]:
                self._widen(node, 0)
        elif node.function == ".orValue" and kinds == [optional_of(DOUBLE), INT]:
            self._widen(node, 1)
        elif node.function in _MIXING and DOUBLE in kinds and INT in kinds:
            self._widen(node, kinds.index(INT))

    def _widen(self, node: tree.Call, place: int) -> None:
        arg = node.args[place]
        if widened(arg):
            return
        path = arg.path if isinstance(arg, tree.Field) else None
        message = f"`{path}` is an int" if path else "this is an int"
        help_ = f"write `double({path or '…'})`"
        self.findings.report(arg, "int-beside-double", f"{message} beside a number", help_)
        arg.type = list_of(DOUBLE) if self.kind(arg).args else DOUBLE

    def check_enum(self, node: tree.Call) -> None:
        """Look for text that an enum field never has."""
        if node.function not in _COMPARING or len(node.args) != 2:
            return
        for one, other in (node.args, node.args[::-1]):
            kind = self.kind(one)
            if kind.name == "list":  # of enums
                kind = self.types.resolve(kind.args[0], params=True)
            if not isinstance(kind, EnumType):
                continue
            items = other.items if isinstance(other, tree.ListOf) else [other]
            for item in items:
                text = item.value if isinstance(item, tree.Literal) else None
                if isinstance(text, str) and text not in kind.values:
                    name = f"`{one.path}`" if isinstance(one, tree.Field) else "this field"
                    message = f"`'{text}'` is not a value of {name}"
                    help_ = _did_you_mean_text(text, kind.values)
                    self.findings.report(item, "not-in-enum", message, help_)

    # --- once it is found

    def try_out(self, node: tree.Call) -> None:
        """Try out literals that could be wrong; warn of a division of ints."""
        if node.function == "/" and [self.kind(arg) for arg in node.args] == [INT, INT]:
            message = "a division of two ints drops the remainder"
            help_ = "write `double(a) / double(b)` if you mean a fraction"
            self.findings.report(node, "int-division", message, help_, "warning")
        if node.function == ".format":
            self._try_format(node)
            return
        tried = tried_out(node)
        if not node.overload or not tried:
            return
        last = tried[-1]
        at: Node = last if len(tried) == 1 else node
        try:
            if node.function in _PATTERNS:
                at = last
                pattern(str(last.value))
            elif len(tried) == len(node.args):
                node.overload.meaning(*[literal.value for literal in tried])
            else:
                node.overload.meaning(0, last.value)
        except EvaluationError as error:
            help_ = _EXAMPLES.get(node.function, "")
            if node.function == "duration" and (length := spoken(str(last.value))):
                help_ = f"write `{length}`"
            elif node.function.startswith(".get"):
                help_ = "write a zone such as `'Europe/Dublin'`"
            self.findings.report(at, "bad-literal", str(error), help_)

    def _try_format(self, node: tree.Call) -> None:
        """Look for clauses that there are not, or that do not take what they are given."""
        text, given = node.args[0], node.args[-1]
        if not isinstance(text, tree.Literal) or not isinstance(given, tree.ListOf):
            return
        try:
            found = clauses(str(text.value))
        except EvaluationError as error:
            help_ = "write `%s` for any value, `%d` for an int, `%.2f` for a number, `%%` for `%`"
            self.findings.report(text, "bad-literal", str(error), help_)
            return
        items = given.items
        if any(isinstance(item, tree.OptionalItem) for item in items):
            return
        counted = (len(found), "clause"), (len(items), "item")
        if len(found) != len(items):
            counts = [f"{n} {word}{'s' * (n != 1)}" for n, word in counted]
            message = f"the text has {counts[0]}, the list has {counts[1]}"
            self.findings.report(given, "wrong-type", message, "write an item for each clause")
        for (letter, _), item in zip(found, items, strict=False):
            kind = self.types.resolve(item.type).name
            if letter != "s" and kind != "dyn" and kind not in TAKEN[letter]:
                message = f"`%{letter}` does not take {a(item.type)}"
                self.findings.report(item, "wrong-type", message, "`%s` takes any value")
            elif letter == "d" and kind == "double":
                message, help_ = "`%d` takes an int, this is a number", "write `%.0f` or `%.2f`"
                self.findings.report(item, "wrong-type", message, help_)


_PATTERNS: Final = (".matches", "matches")
_EXAMPLES: Final = {
    "timestamp": "write `timestamp('2026-03-01T10:00:00Z')`",
    "duration": "write `duration('36h')`, or `days(3)`",
}


def _did_you_mean_text(text: str, choices: tuple[str, ...]) -> str:
    return did_you_mean(f"'{text}'", [f"'{choice}'" for choice in choices])


def tried_out(node: tree.Call) -> list[tree.Literal]:
    """Return the literals of a call that are tried out: their values count, and not just types."""
    literals = [arg for arg in node.args if isinstance(arg, tree.Literal)]
    if len(literals) == len(node.args) or node.function == ".format":
        return literals
    if node.function in _PATTERNS or node.function.startswith(".get"):
        return [literal for literal in literals if literal is node.args[-1]]
    return []


def words_of(kinds: Iterable[Type]) -> frozenset[str] | None:
    """Return the strings that are values of every enum among types; None if there is no enum."""
    found: frozenset[str] | None = None
    for kind in kinds:
        inner = kind.args[0] if kind.name == "list" else kind
        if isinstance(inner, EnumType):
            found = frozenset(inner.values) if found is None else found.intersection(inner.values)
    return found


def widened(node: Node) -> bool:
    """Turn int literals into doubles where *node* has no other ints; return whether it could."""
    if not _widens(node):
        return False
    if isinstance(node, tree.Literal):
        node.value, node.type = float(node.value), DOUBLE  # type: ignore[arg-type]
        return True
    for part in _parts(node):
        if part.type != DOUBLE:
            widened(part)
    node.type = list_of(DOUBLE) if isinstance(node, tree.ListOf) else DOUBLE
    return True


def _widens(node: Node) -> bool:
    """Return whether *node* could be turned: nothing is, unless all of it can be."""
    match node:
        case tree.Literal():
            return type(node.value) is int
        case tree.ListOf() | tree.Choice() | tree.Default():
            return all(part.type == DOUBLE or _widens(part) for part in _parts(node))
    return False


def _parts(node: Node) -> list[Node]:
    """Return the parts of *node* that its value is one of."""
    match node:
        case tree.ListOf():
            return node.items
        case tree.Choice():
            return [node.then, node.otherwise]
        case tree.Default():
            return [node.operand, node.fallback]
    return []
