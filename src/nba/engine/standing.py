"""How a decision stands: what was answered, and what came of it, as a store remembers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from nba import money, windows
from nba.decide.decision import Gesture
from nba.engine.given import Given, Noted, given_in
from nba.errors import UnknownDecisionError
from nba.state.reservation import entry_id
from nba.state.store import Remembered, Store

__all__ = ["AnswerStanding", "Came", "Standing", "standing_of", "unknown_decision"]


class Came(NamedTuple):
    """An outcome that came of an answer, when, and the key that tells it from others like it."""

    outcome: str
    at: datetime
    key: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"outcome": self.outcome, "at": self.at.isoformat(), "key": self.key}


@dataclass(frozen=True, slots=True)
class AnswerStanding:
    """One answer of a decision, and what came of it.

    *kept_from* is the decision in which it was given first: outcomes and approvals are told of
    that. *approved_by* is who approved of the gesture or refused it, and in which role. *unfunded*
    are the budgets that had not enough left for it.
    """

    action: str
    channel: str | None
    kind: str | None
    direction: str | None
    gesture: Gesture | None
    outcomes: tuple[Came, ...]
    approved_by: str | None
    unfunded: tuple[str, ...]
    kept_until: datetime | None
    kept_from: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "action": self.action,
            "channel": self.channel,
            "kind": self.kind,
            "direction": self.direction,
            "gesture": self.gesture.to_dict() if self.gesture else None,
            "outcomes": [one.to_dict() for one in self.outcomes],
            "approved_by": self.approved_by,
            "unfunded": list(self.unfunded),
            "kept_until": self.kept_until.isoformat() if self.kept_until else None,
            "kept_from": self.kept_from,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """A decision by its id: for whom it was made, when, and its answers, best first."""

    id: str
    customer: str
    at: datetime
    answers: tuple[AnswerStanding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "id": self.id,
            "customer": self.customer,
            "at": self.at.isoformat(),
            "answers": [one.to_dict() for one in self.answers],
        }


def standing_of(store: Store, id_: str, currency: str) -> Standing:
    """Return how a decision stands. Raises UnknownDecisionError."""
    row = store.decision(id_)
    if row is None:
        raise unknown_decision(id_)
    answers = [_answer(store, row, given, currency) for given in given_in(row)]
    return Standing(row.id, row.recorded_as, windows.moment(row.at), tuple(answers))


def unknown_decision(id_: str) -> UnknownDecisionError:
    """Return what is said of a decision that a store does not know."""
    return UnknownDecisionError(
        f"no decision `{str(id_)[:60]}` is remembered: it was a preview or gave no answer, "
        f"or is older than what the book's `reach` keeps"
    )


def _first(store: Store, row: Remembered, given: Given) -> tuple[Remembered, Given]:
    """Return the answer as it was given first, as far back as that is remembered."""
    if given.kept_from is None or (earlier := store.decision(given.kept_from)) is None:
        return row, given
    for one in given_in(earlier):
        if one.action == given.action:
            return _first(store, earlier, one)
    return row, given


def _answer(store: Store, row: Remembered, given: Given, currency: str) -> AnswerStanding:
    kept_from = given.kept_from
    row, given = _first(store, row, given)
    noted, place = Noted.of(row), row.granted.index(given.place)
    answered = given.answered
    gesture = None
    if answered is not None and answered.gesture is not None:
        amount = money.decimal_of(answered.gesture, currency)
        gesture = Gesture(amount, currency, answered.approval, entry_id(row.id, given.place))
    kept = answered.keep_until if answered else None
    return AnswerStanding(
        given.action,
        answered.channel if answered else None,
        answered.kind if answered else None,
        answered.direction if answered else None,
        gesture,
        tuple(
            Came(name, windows.moment(at), key or None)
            for where, name, at, key in noted.outcomes
            if where == place
        ),
        noted.by.get(place),
        tuple(noted.unfunded.get(place, ())),
        windows.moment(kept) if kept is not None else None,
        kept_from,
    )
