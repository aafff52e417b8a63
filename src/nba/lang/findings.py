"""What the checker finds wrong, each with its place, and how types are called when it says so."""

from __future__ import annotations

from nba.errors import Diagnostic, Severity, with_article
from nba.lang.syntax import Locate
from nba.lang.tree import Node
from nba.lang.types import ObjectType, Type

__all__ = ["Findings", "a", "readable"]


class Findings:
    """The diagnostics of one expression; without *strict* types are not enforced."""

    def __init__(self, locate: Locate, *, strict: bool) -> None:
        self.locate = locate
        self.strict = strict
        self.diagnostics: list[Diagnostic] = []

    def report(
        self, node: Node, code: str, message: str, help_: str = "", severity: Severity = "error"
    ) -> None:
        """Add a diagnostic about *node*."""
        where = self.locate(node.start, max(1, node.end - node.start))
        self.diagnostics.append(Diagnostic(code, message, help_, where, severity))

    def mismatch(self, node: Node, code: str, message: str, help_: str = "") -> None:
        """Report what is wrong about types, where types are enforced."""
        if self.strict:
            self.report(node, code, message, help_)


#: Types whose names are not what an author calls them.
_CALLED = {"null_type": "null", "double": "number", "dyn": "value", "optional_type": "optional"}


def readable(kind: Type) -> str:
    """Return what an author calls a type: `number`, `list(string)`."""
    if kind.is_param:
        return "value"
    if isinstance(kind, ObjectType):
        return "object"
    name = _CALLED.get(kind.name, kind.name)
    if all(inner.is_param for inner in kind.args):
        return name
    return f"{name}({', '.join(map(readable, kind.args))})"


def a(kind: Type) -> str:
    """Return a type with its article: `an int`, `a list(string)`."""
    return with_article(readable(kind))
