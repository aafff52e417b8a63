"""What is known of the conditions and treatments of a book: forms, levels, bounds, and words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from nba.author.lint.world import world_of
from nba.book.model import Action, Book, Condition, Covers, Expression, Gates, Treatment, Validity
from nba.decide.targets import Names, Selector, Target, names_of, select, targets_of
from nba.errors import Diagnostic, Place
from nba.lang.bounds import Bounds, bounds
from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Test, normal, reads
from nba.lang.possible import Possible, World
from nba.lang.text import write
from nba.lang.tree import Node
from nba.lang.types import STRING

__all__ = ["Level", "Reasoning", "doubt", "in_file", "listed", "shown", "written"]

_CHANNEL: Final = "interaction.channel"


def doubt(code: str, message: str, help_: str, where: Place) -> Diagnostic:
    """Return a finding about a book that is valid."""
    return Diagnostic(code, message, help_, where, "warning")


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the catalogue: what it is called, and its conditions."""

    name: str
    gates: Gates

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all gates."""
        return self.gates.conditions


class Reasoning:
    """What can be found out about a book; what was, is remembered."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._forms: dict[tuple[int, bool], Normal] = {}  # by the id of a tree of the book
        self._selected: dict[Covers, Selector] = {}
        self._reads: dict[int, frozenset[str]] = {}  # as above

    @cached_property
    def world(self) -> World:
        """What is declared and derived."""
        return world_of(self.book)

    @cached_property
    def possible(self) -> Possible:
        """What answers whether conditions can hold together."""
        return Possible(self.world)

    def form(self, condition: Condition, *, positive: bool = True) -> Normal:
        """Return the normal form of a condition, or of its opposite."""
        key = (id(condition.tree), positive)
        if key not in self._forms:
            self._forms[key] = normal(condition.tree, self.named, positive=positive)
        return self._forms[key]

    def named(self, path: str) -> Node | None:
        """Return the tree of a named condition, or None where *path* is a field."""
        kind, _, name = path.partition(".")
        found = self.book.conditions.get(name) if kind == "condition" else None
        return found.tree if found else None

    def reads(self, condition: Condition) -> frozenset[str]:
        """Return the fields that a condition reads, through named ones too."""
        key = id(condition.tree)
        if key not in self._reads:
            found: set[str] = set()
            pending = set(reads(condition.tree))
            while pending:
                path = pending.pop()
                named = self.named(path)
                found.add(path)
                pending |= (reads(named) if named else frozenset()) - found
            self._reads[key] = frozenset(found)
        return self._reads[key]

    # --- the catalogue

    @cached_property
    def targets(self) -> list[Target]:
        """All treatments."""
        return targets_of(self.book)

    def select(self, covers: Covers) -> Selector:
        """Return what a selector covers, as a set of the numbers of treatments."""
        if covers not in self._selected:
            self._selected[covers] = select(covers, self._names)
        return self._selected[covers]

    @cached_property
    def _names(self) -> Names:
        return names_of(self.targets)

    @cached_property
    def numbers(self) -> dict[tuple[str, str], int]:
        """The numbers of treatments, by action and channel."""
        return {
            (target.action.id, target.channel.id): number
            for number, target in enumerate(self.targets)
        }

    def validities(self, action: Action, treatment: Treatment) -> list[Validity]:
        """Return when a treatment may be used, as every level says."""
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        return [issue.validity, group.validity, action.validity, treatment.validity]

    def levels(self, action: Action, treatment: Treatment) -> list[Level]:
        """Return the levels that a treatment is subject to, broad first."""
        book = self.book
        return [
            Level("the book", book.gates),
            Level(f"the issue `{action.issue}`", book.issues[action.issue].gates),
            Level(f"the group `{action.group}`", book.groups[action.group].gates),
            Level(f"`{action.id}`", action.gates),
            Level(f"`{action.id}` by `{treatment.channel}`", treatment.gates),
        ]

    def directions(self, target: Target, *, consent: bool = True) -> tuple[Normal, Normal]:
        """Return what it takes to be inbound, and outbound."""
        channel = target.channel
        elsewhere = Test(_CHANNEL, "!=", channel.id, STRING)
        nowhere = Test(_CHANNEL, "not has", None, STRING)
        allowed: Normal = Constant(holds=True)
        if consent and channel.consent is not None:
            allowed = self.form(channel.consent)
        outbound = AllOf((AnyOf((elsewhere, nowhere)), allowed))
        return Test(_CHANNEL, "==", channel.id, STRING), outbound

    # --- what actions are worth

    def factor(self, expression: Expression | None) -> Bounds:
        """Return the bounds of a value or propensity that counts: it is never negative."""
        if expression is None:
            return 1.0, 1.0
        low, high = bounds(expression.tree, self.world.fields.get)
        return max(0.0, low), high

    def lever(self, action: Action) -> float:
        """Return the lever of an action, with those of its issue and group."""
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        return max(0.0, 1.0 + (issue.lever + group.lever + action.lever) / 100.0)


def in_file(place: Place) -> bool:
    """Return whether a place is in a file of the book, and not in what the engine says itself."""
    return place.file not in ("", "the default briefing")


def written(condition: Condition) -> bool:
    """Return whether a condition stands in a file, and is not what a key there stands for.

    `answers` and `chosen_by` stand for conditions on moments and on a table.
    """
    paths = reads(condition.tree)
    for root in ("moment.", "table."):
        if condition.kind == "is" and paths and all(path.startswith(root) for path in paths):
            return root in condition.place.text
    return True


def shown(condition: Condition) -> str:
    """Return a condition as a message can hold it."""
    text = condition.text or write(condition.tree)
    return f"`{text}`" if len(text) <= 60 else f"`{text[:59]}…`"


def listed(names: Iterable[str], most: int = 3) -> str:
    """Return names as a message can hold them: some of them, and how many more."""
    found = [f"`{name}`" for name in names]
    if len(found) > most:
        found = [*found[: most - 1], f"{len(found) - most + 1} others"]
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
