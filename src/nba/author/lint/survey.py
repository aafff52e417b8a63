"""What the rules of lint look at: a book, its conditions with all that is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Final

from nba.author.lint.world import world_of
from nba.book.model import Action, Book, Condition, Covers, Expression, Gates, Treatment
from nba.decide.targets import Index, Selector, Target, index_of, select, targets_of
from nba.errors import Diagnostic, Place
from nba.lang import tree
from nba.lang.normal import Normal, normal, reads
from nba.lang.possible import Possible, World
from nba.lang.text import write
from nba.lang.tree import Node

__all__ = ["STAGES", "Level", "Rule", "Survey", "doubt", "rules_in", "shown", "written"]

#: The stages that conditions stand under.
STAGES: Final = ("eligible", "applicable", "suitable")

#: What says something that can be true or false, or a number.
Rule = Condition | Expression


def doubt(code: str, message: str, help_: str, where: Place) -> Diagnostic:
    """Return a finding about a book that is valid."""
    return Diagnostic(code, message, help_, where, "warning")


@dataclass(frozen=True)
class Level:
    """A level of the catalogue: what it is called, and its conditions."""

    name: str
    gates: Gates

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all stages."""
        return tuple(each for stage in STAGES for each in getattr(self.gates, stage))


class Survey:
    """A book as the rules of lint look at it; what is found out about it is remembered."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._forms: dict[tuple[int, bool], Normal] = {}  # by the id of a tree of the book

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

    # --- the catalogue

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """All treatments."""
        return targets_of(self.book)

    def select(self, covers: Covers) -> Selector:
        """Return what a selector covers, as a set of the numbers of treatments."""
        return select(covers, self._index)

    @cached_property
    def _index(self) -> Index:
        return index_of(self.targets)

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

    # --- all that is written

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All conditions and expressions, each where it stands."""
        found: dict[int, Rule] = {}
        for part in fields(self.book):
            if part.name not in ("tests", "shape", "zone"):
                for rule in rules_in(getattr(self.book, part.name)):
                    found.setdefault(id(rule), rule)
        return tuple(found.values())

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions that stand in files, each once."""
        return tuple(rule for rule in self.rules if isinstance(rule, Condition) and written(rule))

    def in_file(self, place: Place) -> bool:
        """Return whether a place is in a file of the book, and not in what the engine says."""
        return place.file not in ("", "the default briefing")

    @cached_property
    def read(self) -> frozenset[str]:
        """The paths of all fields that some rule reads."""
        return frozenset(path for rule in self.rules for path in reads(rule.tree))


def rules_in(value: object) -> Iterator[Rule]:
    """Yield the conditions and expressions in a part of a book, not those inside conditions."""
    if isinstance(value, Condition | Expression):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from rules_in(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from rules_in(inner)
    elif is_dataclass(value) and not isinstance(value, Place):
        for name in _parts(type(value)):
            yield from rules_in(getattr(value, name))


_PARTS: Final[dict[type, tuple[str, ...]]] = {}


def _parts(kind: type) -> tuple[str, ...]:
    if kind not in _PARTS:
        _PARTS[kind] = tuple(part.name for part in fields(kind))
    return _PARTS[kind]


def written(condition: Condition) -> bool:
    """Return whether a condition stands in a file, and does not follow from `answers`."""
    if condition.kind != "is":
        return True
    path = condition.tree.path if isinstance(condition.tree, tree.Field) else ""
    moments = path.startswith("moment.") or (
        isinstance(condition.tree, tree.Or) and all(_is_moment(i) for i in condition.tree.items)
    )
    return not (moments and "moment." not in condition.place.text)


def _is_moment(node: Node) -> bool:
    return isinstance(node, tree.Field) and node.path.startswith("moment.")


def shown(condition: Condition) -> str:
    """Return a condition as a message can hold it."""
    text = condition.text or write(condition.tree)
    return f"`{text}`" if len(text) <= 60 else f"`{text[:59]}…`"
