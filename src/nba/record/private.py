"""What of a book is private, which of that its rules read, and which wordings would tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from nba.book.model import Book
from nba.lang.tree import Field, Node, walk

__all__ = ["Privacy", "paths_in"]

#: What is no input of a decision.
_BESIDE: Final = ("fields", "events", "interaction_event", "briefing", "tests", "shape")
#: What is read without standing in an expression.
_READ_ALWAYS: Final = ("interaction.channel", "customer.preferred_channel", "customer.timezone")
_GIVEN: Final = ("customer", "interaction")  # the roots of the context
_DERIVED: Final = ("signal", "moment", "condition", "scorecard", "corridor")
_NONE: Final[frozenset[str]] = frozenset()


class Privacy:
    """The private fields of one book; those of events are written `type.field`.

    The `id` of an event that has some is private too: it may be made from them.

    *needed* are those that a rule reads. *told* are the treatments, by action and channel, whose
    wording may tell one. *keys* are, by action, those that say what it is done once for.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        self.fields = frozenset(spec.path for spec in book.fields if spec.private)
        self.events: Mapping[str, frozenset[str]] = {
            name: own | {"id"}
            for name, kind in book.events.items()
            if (own := frozenset(spec.path for spec in kind.fields if spec.private))
        }
        self._known: dict[str, frozenset[str]] = {}  # what `_behind` returned before
        self.needed = _NONE
        self.told: frozenset[tuple[str, str]] = frozenset()
        self.keys: Mapping[str, frozenset[str]] = {}
        if self.fields or self.events:
            self._read_book()

    def _read_book(self) -> None:
        book = self.book
        rules = [getattr(book, part.name) for part in fields(book) if part.name not in _BESIDE]
        named = [*_READ_ALWAYS, book.household]
        named += [limit.per for limit in book.limits.values()]
        named += [budget.per for budget in book.budgets.values()]
        self.needed = self.among(rules) | self.fields.intersection(named)
        actions = book.actions.values()
        self.told = frozenset(
            (action.id, treatment.channel)
            for action in actions
            for treatment in action.treatments
            if self.among(treatment.say)
        )
        self.keys = {
            action.id: self.among(action.once_per)
            for action in actions
            if action.once_per is not None
        }

    def among(self, part: object) -> frozenset[str]:
        """Return the private fields that a part of the book reads, directly or by a name."""
        return _NONE.union(*(self._behind(path) for path in paths_in(part)))

    def _behind(self, path: str) -> frozenset[str]:
        """Return the private fields that a path of an expression leads to."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._found_behind(path)
        return known

    def _found_behind(self, path: str) -> frozenset[str]:
        root, _, rest = path.partition(".")
        if root in _GIVEN:
            return frozenset(one for one in self.fields if _related(path, one))
        if root == "evidence":
            moment, _, read = rest.partition(".")
            return self._of_event(read.partition(".")[2]) | self._behind(f"moment.{moment}")
        if root == "relationship":
            return self.among(self.book.relationship)
        if root in _DERIVED:
            parts: Mapping[str, Any] = getattr(self.book, f"{root}s")
            return self.among(parts.get(rest) or parts.get(rest.partition(".")[0]))
        if root in ("now", "gesture", "moments"):
            return _NONE
        return self._of_event(rest)  # an event, by the name that a signal or a step gives it

    def _of_event(self, path: str) -> frozenset[str]:
        return frozenset(
            f"{kind}.{one}"
            for kind, own in self.events.items()
            for one in own
            if not path or _related(path, one)
        )


def _related(one: str, other: str) -> bool:
    """Return whether one path is the other, or a part of it."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def paths_in(part: object) -> Iterator[str]:
    """Yield the fields that the expressions in a part of a book read."""
    if isinstance(part, Node):
        yield from (node.path for node in walk(part) if isinstance(node, Field))
    elif isinstance(part, Mapping):
        for inner in part.values():
            yield from paths_in(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from paths_in(inner)
    elif is_dataclass(part) and not isinstance(part, type):
        for each in fields(part):
            yield from paths_in(getattr(part, each.name))
