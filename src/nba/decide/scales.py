"""How large numbers get that have no declared maximum: as large as what they are compared with.

It is a guess: answers are the same whatever it is, and found faster the better it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nba.book.model import Book, Gates
from nba.lang import tree

__all__ = ["scales_of"]


def scales_of(book: Book) -> dict[str, float]:
    """Return the scale of each field that may be any number from 0, by path: at least 1."""
    found = {
        spec.path: max(1.0, _number(spec.default))
        for spec in book.fields
        if spec.minimum is not None and spec.minimum >= 0 and spec.maximum is None
    }
    if found:
        for gates in _gates(book):
            for condition in gates.conditions:
                for node in tree.walk(condition.tree):
                    if isinstance(node, tree.Call) and node.function in _ORDERINGS:
                        _widen(found, *node.args)
    return found


_ORDERINGS: Final = frozenset({"<", "<=", ">", ">="})


def _gates(book: Book) -> Iterator[Gates]:
    yield book.gates
    for level in (book.issues, book.groups, book.actions):
        yield from (one.gates for one in level.values())
    for action in book.actions.values():
        yield from (treatment.gates for treatment in action.treatments)


def _widen(scales: dict[str, float], one: tree.Node, other: tree.Node) -> None:
    """Take a comparison of a field with a number into account."""
    field, literal = (one, other) if isinstance(one, tree.Field) else (other, one)
    if isinstance(field, tree.Field) and isinstance(literal, tree.Literal):
        path = field.path
        if path in scales:
            scales[path] = max(scales[path], _number(literal.value))


def _number(value: object) -> float:
    return float(value) if type(value) in (int, float) else 0.0  # type: ignore[arg-type]
