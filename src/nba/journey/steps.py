"""The steps of patterns, compiled, and how they look for events in a journey.

A condition that a field of an event equals a field of an earlier one becomes a look-up. What a step
asks for of its own event alone is asked of all events of a type at once. What else it asks for
becomes Python.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from nba.book.model import Condition, Step
from nba.journey.events import Row
from nba.journey.timeline import Occurrences, Places, Timeline
from nba.lang import tree
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.python import Program
from nba.lang.tree import Node
from nba.lang.types import BOOL

__all__ = ["Search", "Slots", "compiled", "first_of", "reads"]

#: The events that stand for the steps of a pattern, by slot; the last is of no step, and empty.
Slots = list[Row]


# --- one step


#: Types whose equality is that of Python's dicts.
_LOOKED_UP: Final = frozenset({"bool", "int", "string", "timestamp", "duration"})


class Search:
    """A compiled step: what it looks for, and the slot that holds the event while it is judged.

    *scope* are the slots of the earlier steps that it may refer to.
    """

    def __init__(self, step: Step, slot: int, scope: Mapping[str, int]) -> None:
        self.event = step.event
        self.slot = slot
        self._slots = {**scope, step.alias: slot}
        self.reads = reads(step.where)
        parts = _conjuncts(step.where.tree) if step.where else []
        joins = [(join, part) for part in parts if (join := self._join(part, step.alias))]
        #: the field that is looked up, and the slot and the field that give the value
        self.join: tuple[str, int, str] | None = None
        #: finds the places of the events that are as the step asks, whatever the others are
        self.own: _Own | None = None
        if joins:
            self.join, chosen = joins[0]
            parts = [part for part in parts if part is not chosen]
        elif own := [part for part in parts if _owners(part) <= {step.alias}]:
            self.own = _Own(_all(own))
            parts = [part for part in parts if _owners(part) - {step.alias}]
        #: what is left to be judged of each
        self.holds = compiled(_all(parts), self._slots, "holds") if parts else None

    def _join(self, part: Node, alias: str) -> tuple[str, int, str] | None:
        """Return how to look up what *part* asks for, or None where it must be judged."""
        if not isinstance(part, tree.Call) or part.function != "==":
            return None
        one, other = part.args
        if not _field_of(one, alias):
            one, other = other, one
        field = _field_of(one, alias)
        if not field or one.type.name != other.type.name or one.type.name not in _LOOKED_UP:
            return None
        if isinstance(other, tree.Field):
            owner, _, name = other.path.partition(".")
            if owner != alias and owner in self._slots:
                return field, self._slots[owner], name
        return None

    def candidates(self, timeline: Timeline, slots: Slots) -> Places:
        """Return the places of the events that may match, in order."""
        kind = timeline.kinds.get(self.event)
        if kind is None:
            return ()
        if self.join is None:
            return kind.places if self.own is None else self.own.places(timeline, kind)
        field, slot, name = self.join
        value = slots[slot].get(name)
        return () if value is None else kind.having(field, value)

    def first(self, timeline: Timeline, slots: Slots, start: int, stop: int) -> int | None:
        """Return the first place from *start* on and before *stop* that matches."""
        candidates, holds = self.candidates(timeline, slots), self.holds
        for i in range(bisect_left(candidates, start), len(candidates)):
            place = candidates[i]
            if place >= stop:
                break
            if holds is None:
                return place
            slots[self.slot] = timeline.row(place)
            if holds(slots):
                return place
        return None

    def all(self, timeline: Timeline, slots: Slots, start: int = 0) -> Places:
        """Return every place from *start* on that matches."""
        candidates, holds = self.candidates(timeline, slots), self.holds
        candidates = candidates[bisect_left(candidates, start) :]
        if holds is None:
            return candidates
        found = []
        for place in candidates:
            slots[self.slot] = timeline.row(place)
            if holds(slots):
                found.append(place)
        return found


class _Own:
    """Finds the events of a type for which a condition holds that asks about nothing else."""

    def __init__(self, condition: Node) -> None:
        paths = {part.path for part in tree.walk(condition) if isinstance(part, tree.Field)}
        self._fields = sorted(path.partition(".")[2] for path in paths)
        self._mark = object()
        program = Program(self._path, BOOK_FUNCTIONS, "None")
        names = [*(f"e{place}" for place in range(len(self._fields))), "place"]
        name = program.listed(names, "zip(*c)", lambda: (program.true(condition), "place"))
        self._those: Callable[[Any], list[int]] = program.build()[name]

    def _path(self, path: str) -> str:
        return f"e{self._fields.index(path.partition('.')[2])}"

    def places(self, timeline: Timeline, kind: Occurrences) -> Places:
        """Return their places; those of a journey are kept."""
        found: Places | None = timeline.found.get(self._mark)
        if found is None:
            columns = [kind.column(field) for field in self._fields]
            found = timeline.found[self._mark] = self._those([*columns, kind.places])
        return found


def first_of(
    searches: Iterable[Search], timeline: Timeline, slots: Slots, start: int, stop: int
) -> int | None:
    """Return the first place from *start* on and before *stop* that one of several matches."""
    found: int | None = None
    for search in searches:
        place = search.first(timeline, slots, start, stop)
        if place is not None:
            found = stop = place
    return found


def _conjuncts(node: Node) -> list[Node]:
    if isinstance(node, tree.And):
        return [part for item in node.items for part in _conjuncts(item)]
    return [node]


def _all(parts: list[Node]) -> Node:
    if len(parts) == 1:
        return parts[0]
    node = tree.And(0, 0, parts)
    node.type = BOOL
    return node


def _field_of(node: Node, alias: str) -> str | None:
    """Return the name of the field, where *node* is one of *alias*."""
    if isinstance(node, tree.Field) and node.path.startswith(f"{alias}."):
        return node.path.partition(".")[2]
    return None


def _owners(node: Node) -> set[str]:
    """Return the names of the steps whose fields a condition reads."""
    fields = (part for part in tree.walk(node) if isinstance(part, tree.Field))
    return {field.path.partition(".")[0] for field in fields}


def reads(where: Condition | None) -> set[tuple[str, str]]:
    """Return what a condition reads: the names of steps, each with a field."""
    parts = tree.walk(where.tree) if where else ()
    paths = [part.path.partition(".") for part in parts if isinstance(part, tree.Field)]
    return {(alias, name) for alias, _, name in paths}


def compiled(node: Node, scope: Mapping[str, int], kind: str) -> Callable[[Slots], Any]:
    """Return a function of the slots: whether a condition `holds`, or the `value`."""

    def load(path: str) -> str:
        alias, _, name = path.partition(".")
        return f"c[{scope.get(alias, -1)}].get({name!r})"

    program = Program(load, BOOK_FUNCTIONS, "None")
    name = program.holds(node) if kind == "holds" else program.value(node)
    return program.build()[name]
