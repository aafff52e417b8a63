"""What comes of each rule in a case: the reference decides it once more, and it is noted.

What is noted are the keys of the arms in `reach`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from nba import money
from nba.author.reach import ROW, nested
from nba.book.model import (
    Action,
    Condition,
    Expression,
    Gesture,
    Limit,
    Scorecard,
    Treatment,
)
from nba.decide.decision import UNKNOWN_MARK, Candidate, Ranking
from nba.decide.derived import number_of, points_of, rows_hit, seen_rows
from nba.decide.gesture import Option
from nba.decide.reference import OfferKey, Reference, Scored
from nba.journey.literal_signals import signal_value
from nba.journey.reference import instances, open_at
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.reference import judge

__all__ = ["Witness"]


class Witness(Reference):
    """Decides as the reference does, and notes in *seen* what came of each rule on the way.

    A condition is judged where the reference asks it: of a treatment that came so far.
    """

    def __init__(self, seen: set[Hashable], *given: Any, **more: Any) -> None:
        self.seen = seen
        self.verdicts: dict[int, bool | None] = {}
        super().__init__(*given, **more)

    def decide(self, n: int, refused: Mapping[OfferKey, str] | None = None) -> Ranking:
        """Decide, and note what came of everything."""
        self._journey()
        for condition in self.book.conditions.values():
            self.judge(condition)
        cards = self.book.scorecards.values()
        for card in [*cards, *([self.book.relationship] if self.book.relationship else [])]:
            self._card(card)
        for name, table in self.book.tables.items():
            self.seen |= {(ROW, name, number) for number in rows_hit(table, self.fields)}
        if self.point is not None:
            self.seen.add(("decision_point", self.point.id))
        for code in (refused or {}).values():
            self._refused(code)
        ranking = super().decide(n, refused or {})
        for (action, _), code in ranking.codes.items():
            kind, _, subject = code.partition(":")
            if kind in ("once", "put_right"):
                self.seen.add((kind, action))
            elif kind == "suppressed":
                self.seen.add((kind, subject))
        for candidate in ranking.ranked:
            self._answered(candidate)
        return ranking

    # --- where the reference asks

    def judge(self, condition: Condition) -> bool | None:
        """Judge a condition, and those in its lists, once for the case."""
        if id(condition) not in self.verdicts:
            self.verdicts[id(condition)] = super().judge(condition)
            for leaf, _ in nested(condition):
                self.judge(leaf)
        verdict = self.verdicts[id(condition)]
        self.seen.add((id(condition), verdict))
        return verdict

    def full(self, limit: Limit) -> str | None:
        """Note a limit that is full."""
        code = super().full(limit)
        if code is not None:
            self._refused(code)
        return code

    def scored(
        self, action: Action, treatment: Treatment, options_: Sequence[Option | None] = (None,)
    ) -> Scored:
        """Note a treatment that came to arbitration."""
        found = super().scored(action, treatment, options_)
        self.seen.add(("treatment", action.id, treatment.channel))
        return found

    def _opens(self, treatment: Treatment, at: int) -> int | None:
        opens = super()._opens(treatment, at)
        name = self.book.channels[treatment.channel].open
        if name is not None and at == self.now and self.direction(treatment) == "outbound":
            self.seen.add(("calendar", name, opens == at))
        return opens

    def _options(self, gesture: Gesture) -> tuple[Option, ...]:
        self._held_back(gesture)
        return super()._options(gesture)

    def _held_back(self, gesture: Gesture) -> None:
        """Note what keeps a rung from being given, or from being given by the role alone."""
        most = self._units(gesture.at_most) if gesture.at_most else None
        own = dict(gesture.authority).get(self.role, 0) if self.role is not None else math.inf
        for rung in gesture.ladder:
            units = self._units(rung.amount) if self.selects(rung.when) else None
            if units is not None and gesture.at_most and (most is None or units > most):
                self.seen.add(("at_most", id(gesture)))
            elif units is not None and gesture.authority and units > own:
                self.seen.add(("authority", id(gesture)))

    def _units(self, amount: Expression) -> int | None:
        """Return an amount in minor units; None where it is unknown or none."""
        number = number_of(amount, self.fields)
        try:
            return None if number is None else money.minor_units(number, self.book.currency)
        except ValueError:
            return None

    def _context_weight(self, action: Action, treatment: Treatment) -> float:
        for weight in self.book.scoring.weights:
            if self.covered(weight.covers, action, treatment) and self.selects(weight.when):
                self.seen.add(("weight", id(weight)))
        return super()._context_weight(action, treatment)

    def _take(self, scored: Scored, option: Option | None, taken: Any) -> str:
        code = super()._take(scored, option, taken)
        self._refused(code)
        return code

    def _refused(self, code: str) -> None:
        """Note a limit or a budget that has not enough left; of whom it counts must be known."""
        if code != "chosen" and not code.endswith(UNKNOWN_MARK):
            self.seen.add(tuple(code.split(":")))

    # --- what follows from the journey

    def _journey(self) -> None:
        book, rows = self.book, seen_rows(self.book, self.rows, self.now)
        for name, signal in book.signals.items():
            if signal_value(signal, rows, self.fields, book.zone) != signal_value(
                signal, [], self.fields, book.zone
            ):
                self.seen.add(("signal", name))
        for name, moment in book.moments.items():
            if self.fields[f"moment.{name}"]:
                self.seen.add(("moment", name))
                for place, pattern in enumerate(moment.patterns):
                    if open_at(list(instances(pattern, rows)), self.now) is not None:
                        self.seen.add(("pattern", name, place))
        for name in book.corridors:
            stage = self.fields[f"corridor.{name}.stage"]
            self.seen.add(("stage", name, stage))
            if self.fields[f"corridor.{name}.late"]:
                self.seen.add(("late", name, stage))

    def _card(self, card: Scorecard) -> None:
        for point in card.points:
            if point.when is not None:
                self.judge(point.when)
        for point, _ in points_of(card, self.fields):
            self.seen.add(("point", id(point)))
            if point.band is not None:
                number = number_of(point.band, self.fields) or 0.0  # it counts, so it is known
                band = next(band for band, _ in point.bands if number in band)
                self.seen.add(("band", id(point), band.text))

    # --- what was answered

    def _answered(self, candidate: Candidate) -> None:
        action = self.book.actions[candidate.action]
        treatment = next(t for t in action.treatments if t.channel == candidate.channel)
        self.seen |= {("action", action.id), ("tier", candidate.tier)}
        given = candidate.gesture
        units = None
        if given is not None:
            units = money.minor_units(float(given.amount), self.book.currency)
            if action.gesture is not None and candidate.kept_from is None:
                self._given_by(action.gesture, units)
        if candidate.say is not None:
            self._said(treatment, units)

    def _given_by(self, gesture: Gesture, units: int) -> None:
        for rung in gesture.ladder:
            if self.selects(rung.when) and self._units(rung.amount) == units:
                self.seen.add(("rung", id(rung)))
                return

    def _said(self, treatment: Treatment, units: int | None) -> None:
        fields = self._given(units)
        for text in treatment.say or ():
            if text.when is None:
                self.seen.add(("text", id(text)))
                return
            for condition in (text.when, *(leaf for leaf, _ in nested(text.when))):
                verdict = judge(condition.tree, fields, BOOK_FUNCTIONS)
                self.seen.add((id(condition), verdict))
            if judge(text.when.tree, fields, BOOK_FUNCTIONS) is True:
                self.seen.add(("text", id(text)))
                return
