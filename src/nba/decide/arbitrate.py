"""Arbitration: tiers, what is kept, priority, ties, no action; offers in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nba import money
from nba.book.model import Calendar
from nba.decide.contenders import Contenders
from nba.decide.decision import Candidate, Gesture
from nba.decide.gesture import Option
from nba.decide.history import Answered
from nba.decide.offers import Offer, needs_of
from nba.decide.plan import Function
from nba.decide.stages import Passage
from nba.decide.targets import bits
from nba.decide.wording import shown
from nba.decide.wordings import Line
from nba.errors import EvaluationError
from nba.lang.python import UNKNOWN

__all__ = ["Arbitration"]


#: What became of a treatment in arbitration: its code, or the offers that it makes.
Fate = str | list[Offer]


class Arbitration:
    """The treatments that came through the stages, and the offers that they make.

    A *thorough* one tells the fate of all.
    """

    def __init__(self, passage: Passage, *, thorough: bool = False) -> None:
        self.passage = passage
        self.plan = passage.plan
        self.view = passage.view
        self.trail = passage.trail
        self.thorough = thorough

    def offers(self) -> Iterator[Offer]:
        """Yield the offers of the treatments that came through, best first."""
        for _, fate in self.fates():
            if not isinstance(fate, str):
                yield from fate

    def fates(self) -> Iterator[tuple[int, Fate]]:
        """Yield what becomes of treatments, best first, of those that have a score."""
        ranking = Contenders(self.passage, thorough=self.thorough)
        while (number := ranking.pop()) is not None:
            ranking.note(number)
            sayings = self._sayings(number)
            if not sayings:
                yield number, "unsayable"
            elif self._exceeds(number):
                yield number, [self._offer(number, ranking.tier, *saying) for saying in sayings]
            else:
                yield number, "below_no_action"
        if self.thorough:
            for number in bits(ranking.left):
                if ranking.scorer.score(number) is not None:
                    yield number, "no_tier" if self._sayings(number) else "unsayable"

    def _exceeds(self, number: int) -> bool:
        """Return whether a treatment goes before doing nothing; what is kept always does."""
        return number in self.view.kept or self.trail.scores[number][0] > self.plan.floor

    # --- one offer

    def _offer(self, number: int, tier: str, option: Option | None, say: str | None) -> Offer:
        plan, view = self.plan, self.view
        action, treatment, channel = plan.targets[number]
        kept = view.kept.get(number)
        candidate = Candidate(
            action.id,
            channel.id,
            action.title,
            action.kind,
            action.issue,
            action.group,
            "inbound" if channel.id == view.current else "outbound",
            tier,
            *self.trail.scores[number],
            say,
            treatment.suggests,
            self._gift(option, kept),
            self._due(number, kept),
            kept.decision if kept else None,
        )
        labels = [(f"action:{action.id}", 1)]
        for key, most in view.point.at_most_per if view.point else ():
            labels.append((f"{key}:{getattr(candidate, key)}", most))
        return Offer(number, candidate, option, needs_of(plan, view, number, option), tuple(labels))

    def _gift(self, option: Option | None, kept: Answered | None) -> Gesture | None:
        units = kept.gesture if kept else option.units if option else None
        if units is None:
            return None
        currency = self.plan.book.currency
        pending = "pending" if option and option.pending else None
        approval = kept.approval if kept else pending
        reservation = kept.reservation if kept else None
        return Gesture(money.decimal_of(units, currency), currency, approval, reservation)

    def _due(self, number: int, kept: Answered | None) -> int | None:
        """Return by when it is to be done, in the hours that its channel is open."""
        action, _, channel = self.plan.targets[number]
        if action.do_within is None:
            return None
        begins = kept.at if kept else self.view.now
        calendar: Calendar | None = self.plan.doors[channel.id].hours
        if calendar is None:
            return begins + action.do_within
        return calendar.hours.after(begins, action.do_within, self.view.when.zone(calendar.zone))

    # --- wording

    def _sayings(self, number: int) -> list[tuple[Option | None, str | None]]:
        """Return what may be given, each with what to say; nothing where no text can be filled in.

        What is kept is said as well as it can be.
        """
        options: tuple[Option | None, ...] = self.trail.options.get(number, (None,))
        kept = self.view.kept.get(number)
        lines = self.plan.wordings.of(number)
        found: list[tuple[Option | None, str | None]] = []
        for option in options:
            if self.plan.given is not None:
                units = kept.gesture if kept else option.units if option else None
                currency = self.plan.book.currency
                given = None if units is None else float(money.decimal_of(units, currency))
                self.view.slots[self.plan.given] = given
            say = self._say(lines) if lines else None
            if say is not None or kept is not None or lines is None:
                found.append((option, say))
        return found

    def _say(self, lines: Sequence[Line]) -> str | None:
        """Return what to say, or None where there is nothing to say, or no text to be had."""
        for line in lines:
            if line.holds is None or line.holds(self.view.slots):
                written = ""
                for part in line.parts:
                    text = part if isinstance(part, str) else self._filled(*part)
                    if text is None:
                        return None
                    written += text
                return written
        return None

    def _filled(self, function: Function, format_: str) -> str | None:
        value = function(self.view.slots)
        if value is UNKNOWN:
            return None
        try:
            return shown(value, format_, self.plan.book.currency, self.view.when.customer)
        except EvaluationError:
            return None
