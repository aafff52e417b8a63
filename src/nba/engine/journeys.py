"""What happened, as it is recorded: events, identities, and what becomes due of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from nba import windows
from nba.decide.plan import Plan
from nba.errors import CaseError, Diagnostic, python_type, with_help
from nba.journey.events import Event, Row
from nba.journey.shapes import EventShapes
from nba.state.store import Due, Store

__all__ = ["Journeys"]

#: How seldom what is old is forgotten, as the engine's clock goes.
_SELDOM: Final = timedelta(seconds=60)


class Journeys:
    """Records in a store what happens to customers. *clock* gives an aware datetime."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self.store = store
        self.clock = clock
        self._forgotten: datetime | None = None  # when what is old was forgotten last
        self._forgetting = threading.Lock()

    # --- events

    def observe(self, plan: Plan, shapes: EventShapes, events: Iterable[Event]) -> list[Diagnostic]:
        """Record events; return what was wrong with their fields. Raises CaseError."""
        now = self.clock()
        said = tuple(events)
        for place, event in enumerate(said):
            try:
                _check_event(event)
            except CaseError as error:
                raise error.within(place) from None
        read, problems = shapes.rows(said, now)
        rows: dict[str, list[Row]] = {}
        for event, row in zip(said, read, strict=True):
            rows.setdefault(event.customer, []).append(row)
        self.append(plan, rows)
        return problems

    def append(self, plan: Plan, rows: Mapping[str, list[Row]]) -> None:
        """Record rows of customers, and set what is due of them."""
        self.forget_old(plan)
        for customer, theirs in rows.items():
            self.store.append(customer, theirs)
            self._expect(plan, customer)  # of old rows too: who repeats them may have failed here

    def forget_old(self, plan: Plan) -> None:
        """Forget what no decision sees any more, once in a while."""
        reach = plan.journey.reach
        if reach is None:
            return
        now = self.clock()
        if self._was_forgotten(now):
            return
        with self._forgetting:
            if self._was_forgotten(now):  # by somebody else, just now
                return
            self._forgotten = now
        self.store.forget_before(windows.instant(now) - reach)

    def _was_forgotten(self, now: datetime) -> bool:
        return self._forgotten is not None and now - self._forgotten < _SELDOM

    # --- identities

    def link(self, plan: Plan, identity: object, customer: object) -> None:
        """Let an identity lead to a customer. Raises CaseError."""
        whose, whom = _name(identity, "an identity"), _name(customer, "a customer")
        for name in self.store.link(whose, whom) or (whom,):
            self._expect(plan, name)

    def unlink(self, plan: Plan, identity: object) -> None:
        """Let an identity stand for itself again. Raises CaseError."""
        whose = _name(identity, "an identity")
        for name in self.store.unlink(whose) or (whose,):
            self._expect(plan, name)

    # --- what is due

    def due(self, now: Any, cursor: str | None, limit: Any) -> tuple[list[Due], str]:
        """Return what is due, and the next cursor. Raises CaseError."""
        when = now if now is not None else self.clock()
        if not isinstance(when, datetime) or when.utcoffset() is None:
            raise CaseError("`now` is a datetime with a time zone, such as datetime.now(UTC)")
        if type(limit) is not int:
            raise CaseError(f"`limit` is how many are wanted at once, not {limit!r}", ["limit"])
        return self.store.due(windows.instant(when), cursor, limit)

    def _expect(self, plan: Plan, customer: str) -> None:
        """Set when the moments of a customer open and close if nothing more happens."""
        done = not plan.book.moments
        while not done:
            memory = self.store.recall(customer, windows.instant(self.clock()))
            deadlines = list(plan.journey.deadlines(memory.timeline))
            done = self.store.set_deadlines(memory.customer, deadlines, memory.version)


def _check_event(event: object) -> None:
    """Refuse what is no event: nothing of it could be recorded."""
    if not isinstance(event, Event):
        help_ = "`Event.from_dict` reads plain data" if isinstance(event, Mapping) else ""
        message = f"what is observed is an Event, not {python_type(event)}"
        raise CaseError(with_help(message, help_))
    if not isinstance(event.customer, str) or not event.customer:
        raise CaseError("an event needs a `customer`, a string", ["customer"])


def _name(value: object, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise CaseError(f"{what} is a string that is not empty, not {value!r}")
    return value
