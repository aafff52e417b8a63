"""Outcomes as events of the journey, where the book says which event an outcome is."""

from __future__ import annotations

from nba import windows
from nba.book.model import Book
from nba.engine.given import Noted, given_in
from nba.engine.outcomes import Recorded
from nba.journey.events import Event
from nba.state.reservation import entry_id
from nba.state.store import Store

__all__ = ["outcome_event"]


def outcome_event(book: Book, store: Store, recorded: Recorded, key: str | None) -> Event | None:
    """Return an outcome that was recorded as the event that the book declares for it, or None.

    Its fields are those of these names that the event type has: `outcome`, `action`, `issue`,
    `group`, `kind`, `direction`, `decision`. The id is that of the outcome, so it counts once.
    """
    row = store.decision(recorded.decision) if book.outcome_event else None
    if book.outcome_event is None or row is None:
        return None
    record = Noted.of(row)
    for index, given in enumerate(given_in(row)):
        times = [
            at
            for place, outcome, at, its_key in record.outcomes
            if (place, outcome, its_key) == (index, recorded.outcome, key or "")
        ]
        if given.action == recorded.action and given.answered is not None and times:
            about = given.answered
            known = {
                "outcome": recorded.outcome,
                "action": about.action,
                "issue": about.issue,
                "group": about.group,
                "kind": about.kind,
                "direction": about.direction,
                "decision": row.id,
            }
            declared = {spec.path for spec in book.events[book.outcome_event].fields}
            name = f"o-{entry_id(row.id, given.place)}:{recorded.outcome}:{key or ''}"
            return Event(
                book.outcome_event,
                row.recorded_as,
                about.channel if about.channel in book.channels else None,
                windows.moment(times[0]),
                {name: value for name, value in known.items() if name in declared},
                name,
            )
    return None
