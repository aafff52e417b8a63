"""What is noted of a decision: a record, made of what the engine has in hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from nba.decide.answer import Answer
from nba.decide.case import Case
from nba.decide.decision import Candidate, Decision
from nba.decide.history import Answered
from nba.decide.plan import Plan
from nba.decide.view import View
from nba.journey.events import Row
from nba.lang.context import FieldSpec
from nba.lang.plain import plain_value, put
from nba.lang.types import BOOL
from nba.lang.values import Timestamp
from nba.record.private import Privacy
from nba.record.record import Record
from nba.record.versions import versions
from nba.state.text import plain_of

__all__ = ["Made", "Notes", "answered_of", "told_of"]


class Made(NamedTuple):
    """A decision that was made, with the answer that it came from, and its case.

    *known_as* is the customer whom the store took the case for. *asked* says that a store was asked
    to grant the answers. Nobody changes any of it any more.
    """

    decision: Decision
    answer: Answer
    case: Case
    known_as: str
    asked: bool


class Notes:
    """Makes records of the decisions of one plan."""

    def __init__(self, plan: Plan, *, keep_private: bool) -> None:
        book = plan.book
        self.plan = plan
        self.versions = versions(book.version)
        self.privacy = Privacy(book)
        self.keep_private = keep_private
        #: private, with a default: to name only those that are another value would tell which
        self.flags = frozenset(
            spec.path
            for spec in book.fields
            if spec.private and spec.type == BOOL and spec.default is not None and not keep_private
        )
        slots = book.shape.slots
        self.present = slots["interaction.present"]
        self.fields: list[tuple[int, FieldSpec, list[str]]] = [
            (slots[spec.path], spec, spec.path.split(".")) for spec in book.fields
        ]

    def record(self, made: Made) -> Record:
        """Return the record of a decision."""
        decision, found, view = made.decision, made.answer, made.answer.view
        left_out: set[str] = set()
        case, unknown = self._case(made, left_out)
        knows = not view.forsaken or made.case.events is not None
        at = view.now
        until = found.defer_until
        return Record(
            decision.id,
            decision.customer,
            made.known_as,
            str(Timestamp(at)),
            self.versions,
            case,
            decision.n,
            tuple(self._told(one) for one in decision.ranked),
            decision.reason,
            None if until is None else str(Timestamp(until)),
            tuple(unknown),
            events=tuple(self._rows(view, left_out)) if knows else None,
            history=tuple(self._answered(one, left_out) for one in view.history.all()),
            used=None if view.history.used is None else dict(view.history.used),
            forsaken=view.forsaken,
            nobody=view.nobody,
            granted=found.granted if made.asked else None,
            refused={str(place): code for place, code in found.refused.items()} or None
            if made.asked
            else None,
            left_out=tuple(sorted(left_out)),
        )

    def _case(self, made: Made, left_out: set[str]) -> tuple[dict[str, Any], list[str]]:
        """Return the case as it was read, and the paths of what did not fit."""
        slots = made.answer.view.slots
        objects: dict[str, Any] = {"customer": {}, "interaction": {}}
        unknown = []
        for slot, spec, path in self.fields:
            value = slots[slot]
            if value is spec.default:  # the very object: mostly it was not handed in
                if spec.path in self.flags:
                    left_out.add(spec.path)
                continue
            if value is None:
                unknown.append(spec.path)
            elif spec.private and not self.keep_private:
                left_out.add(spec.path)
            else:
                put(objects, path, plain_value(value))
        found = {
            "id": made.decision.customer,
            **objects,
            "now": str(Timestamp(made.answer.view.now)),
            "role": made.decision.role,
            "at": made.decision.at,
        }
        if not slots[self.present]:
            del found["interaction"]
        return {key: value for key, value in found.items() if value is not None}, unknown

    def _rows(self, view: View, left_out: set[str]) -> list[dict[str, Any]]:
        """Return the events that the plan sees, in their order.

        The id of an event may be made from what it says, so that whoever guesses a private field
        could tell by the id. Where there is one, ids are replaced by others in the same order.
        """
        rows = self.plan.journey.seen(view.timeline, view.now).rows
        hidden = (
            set() if self.keep_private else {name for row in rows for name in self._hidden(row)}
        )
        left_out |= hidden
        found = [self._row(row, hidden) for row in rows]
        if hidden:
            for place, row in enumerate(found):
                row["id"] = f"{place:09}"
        return found

    def _hidden(self, row: Row) -> frozenset[str]:
        """Return the private fields that an event has, each as `type.field`."""
        private = self.privacy.events.get(row["type"])
        if not private or not (private - {"id"}) & row.keys():
            return frozenset()
        return frozenset(f"{row['type']}.{name}" for name in private & row.keys())

    @staticmethod
    def _row(row: Row, hidden: Collection[str]) -> dict[str, Any]:
        kind = row["type"]
        return {
            name: value if value.__class__ in _AS_IT_IS else plain_of(value)
            for name, value in row.items()
            if not hidden or f"{kind}.{name}" not in hidden
        }

    def _answered(self, one: Answered, left_out: set[str]) -> dict[str, Any]:
        found = {name: value for name in _ANSWERED if (value := getattr(one, name)) not in _NOTHING}
        if "once" in found and not self.keep_private and (own := self.privacy.keys.get(one.action)):
            left_out |= own
            del found["once"]
        return found

    def _told(self, candidate: Candidate) -> dict[str, Any]:
        hidden = (candidate.action, candidate.channel) in self.privacy.told
        found = told_of(candidate)
        if hidden and not self.keep_private:
            del found["say"]
        return found


def told_of(candidate: Candidate) -> dict[str, Any]:
    """Return an answer as records have it: without what a store reserved it under."""
    found = candidate.to_dict()
    if found["gesture"]:
        del found["gesture"]["reservation"]
    return found


def answered_of(data: Mapping[str, Any]) -> Answered:
    """Return an earlier answer as a record has it."""
    return Answered(**{name: _tuples(value) for name, value in data.items() if name in _ANSWERED})


_ANSWERED: Final = Answered._fields
_NOTHING: Final = (None, ())
_AS_IT_IS: Final = frozenset({str, int, float, bool})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
