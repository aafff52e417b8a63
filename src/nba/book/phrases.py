"""A book in words: what its conditions say, by the titles that it gives to names."""

from __future__ import annotations

from nba.book.corridors import corridor_fields
from nba.book.model import Book, Condition, Expression
from nba.lang.tree import And, Node, Not, Or
from nba.lang.words import noun, words

__all__ = ["Phrases"]


class Phrases:
    """Puts the conditions of a book into words."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.titles = {spec.path: spec.title for spec in book.fields if spec.title}
        for name, card in book.scorecards.items():
            self.titles[f"scorecard.{name}"] = card.title
        for name, signal in book.signals.items():
            self.titles[f"signal.{name}"] = signal.title
        for name, moment in book.moments.items():
            self.titles[f"moment.{name}"] = moment.title
        self.titles |= {spec.path: spec.title for spec in corridor_fields(book.corridors)}
        for table in book.tables.values():
            self.titles |= {spec.path: spec.title for spec in table.fields()}

    def says(self, condition: Condition) -> str:
        """Return a condition in words, with what conditions with a name say in their places."""
        return words(self.spelled_out(condition.tree), self.titles)

    def noun(self, expression: Expression) -> str:
        """Return an expression that is no condition in words."""
        return noun(expression.tree, self.titles)

    def spelled_out(self, node: Node) -> Node:
        """Return a condition with named ones replaced by what they say."""
        named = self.named(getattr(node, "path", ""))
        if named is not None:
            return self.spelled_out(named)
        if isinstance(node, Not):
            return Not(node.start, node.end, self.spelled_out(node.operand))
        if not isinstance(node, And | Or):
            return node
        items = [self.spelled_out(item) for item in node.items]
        kind = type(node)
        flat = [
            part for item in items for part in (item.items if isinstance(item, kind) else [item])
        ]
        return kind(node.start, node.end, flat)

    def named(self, path: str) -> Node | None:
        """Return the tree of a named condition, or None where *path* is a field."""
        kind, _, name = path.partition(".")
        return self.book.conditions[name].tree if kind == "condition" else None
