"""The interaction that is decided on, as the event that it becomes when it is recorded."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from nba import windows
from nba.decide.case import Case
from nba.decide.plan import Function, Plan
from nba.decide.view import View
from nba.errors import CaseError
from nba.journey.events import Event
from nba.journey.timeline import Timeline
from nba.lang.context import FieldSpec, convert
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.python import UNKNOWN, Program
from nba.lang.tree import Node

__all__ = ["Happening"]


class Happening:
    """Makes events of interactions, by what one book says they are."""

    def __init__(self, plan: Plan) -> None:
        self.book = plan.book
        self.declared = self.book.interaction_event
        self.present = self.book.shape.slots["interaction.present"]
        self.data: list[tuple[FieldSpec, Function]] = []
        if self.declared is not None:
            specs = {spec.path: spec for spec in self.book.events[self.declared.event].fields}
            for path, found in sorted(self.declared.data.items()):
                self.data.append((specs[path], self._function(found.tree)))

    def check(self, case: Case) -> None:
        """Raise CaseError where the interaction of a case cannot be recorded."""
        if self.declared is None:
            message = "the book does not say which event an interaction is"
            raise CaseError(f"{message}. add `interaction_event` to the file that has `book:`")
        if case.interaction is None:
            message = "`observe` records the interaction, and there is none"
            raise CaseError(f"{message}. pass an `interaction`, or leave `observe` out")
        if case.events is not None:
            message = "`observe` records in the store, and `events` stand in for it"
            raise CaseError(f"{message}. leave one of them out")
        if not case.id:
            raise CaseError("`observe` needs the `id` of the customer")

    def event(self, customer: str, view: View, key: str | None = None) -> Event | None:
        """Return what happens to a *customer* now as an event; None where that is nothing.

        What is unknown, or does not fit the field, is left out. The id is made from what the
        event says, so that the same interaction at the same time is the same event; or from a
        *key*, where it was not said when it is, and asking again may be later.
        """
        if self.declared is None or not view.slots[self.present]:
            return None
        data: dict[str, Any] = {}
        for spec, function in self.data:
            value = function(view.slots)
            if value is not UNKNOWN and value is not None:
                found = convert(value, spec, self.book.zone, [])
                if found is not None:
                    _put(data, spec.path.split("."), found)
        channel = view.current if view.current in self.book.channels else None
        content: list[Any] = [customer, self.declared.event, channel, view.now, data]
        if key is not None:
            content = [customer, self.declared.event, key]
        text = json.dumps(content, sort_keys=True, default=str)
        id_ = f"i-{hashlib.sha256(text.encode()).hexdigest()[:24]}"
        at = windows.moment(view.now)
        return Event(self.declared.event, customer, channel, at, data, id_)

    def before(
        self, timeline: Timeline, customer: str, view: View, key: str | None = None
    ) -> Timeline:
        """Return the journey up to the interaction that is going on: without it, if recorded.

        So it is the same before and after it was recorded.
        """
        times, now = timeline.times, view.now
        if self.declared is None or not times or times[-1] < now:  # nothing happens now
            return timeline
        if timeline.next(now - 1, self.declared.event) == math.inf:
            return timeline
        own = self.event(customer, view, key)
        if own is None or own.id not in timeline.ids:
            return timeline
        return Timeline(row for row in timeline.rows if row["id"] != own.id)

    def _function(self, tree: Node) -> Function:
        slots = self.book.shape.slots
        program = Program(lambda path: f"c[{slots[path]}]", BOOK_FUNCTIONS, "None")
        name = program.value(tree)
        return program.build()[name]


def _put(data: dict[str, Any], path: list[str], value: object) -> None:
    """Put a value at a path of objects."""
    *owners, name = path
    for owner in owners:
        data = data.setdefault(owner, {})
    data[name] = value
