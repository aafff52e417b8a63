"""Arbitration: tiers, what is kept, priority, ties, no action; offers in their order."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop
from typing import Any

from nba import money
from nba.book.model import Calendar
from nba.decide.decision import Candidate, Gesture
from nba.decide.gesture import Option
from nba.decide.history import Answered
from nba.decide.offers import Offer, needs_of
from nba.decide.plan import Function, Plan
from nba.decide.targets import bits
from nba.decide.trail import Trail
from nba.decide.view import View
from nba.decide.wording import shown
from nba.errors import EvaluationError
from nba.lang.python import UNKNOWN

__all__ = ["Arbitration"]


class Arbitration:
    """The treatments that came through the stages, and the offers that they make.

    With *codes* it notes the code of every treatment that makes no offer, by number.
    """

    def __init__(
        self, plan: Plan, view: View, trail: Trail, codes: dict[int, str] | None = None
    ) -> None:
        self.plan = plan
        self.view = view
        self.trail = trail
        self.codes = codes

    def offers(self, alive: int) -> Iterator[Offer]:
        """Yield the offers of the treatments that are *alive*, best first."""
        plan, view, left = self.plan, self.view, alive
        for tier in plan.tiers:
            if not left:
                break
            if tier.holds is not None and not tier.holds(view.slots):
                continue
            members = left & tier.covers.among(view.inbound)
            left &= ~members
            yield from self._of_tier(tier.name, members)
        if self.codes is not None:
            for number in bits(left):
                says = plan.says[number] is not None and not self._sayings(number)
                self.codes[number] = "unsayable" if says else "no_tier"

    def _of_tier(self, tier: str, members: int) -> Iterator[Offer]:
        for number in self._best_first(members):
            kept = self.view.kept.get(number)
            sayings = self._sayings(number)
            if not sayings:
                self._note(number, "unsayable")
            elif kept is None and self.trail.scores[number].priority <= self.plan.floor:
                self._note(number, "below_no_action")
                if self.codes is None:
                    return  # what follows has no higher priority
            else:
                for option, say in sayings:
                    yield self._offer(number, tier, option, say)

    def _note(self, number: int, code: str) -> None:
        if self.codes is not None:
            self.codes[number] = code

    def _best_first(self, members: int) -> Iterator[int]:
        """Yield what is kept, then by priority, current and preferred channel, cost and number."""
        current, preferred = self.view.current, self._field("customer.preferred_channel")
        order: list[tuple[Any, ...]] = []
        for number in bits(members):
            channel = self.plan.targets[number].channel.id
            cost = self.plan.scoring[number].cost
            ties = channel != current, channel != preferred, cost, number
            priority = -self.trail.scores[number].priority
            kept = self.view.kept.get(number)
            if kept is None:
                order.append((1, False, False, priority, *ties))
            else:
                order.append((0, channel != current, channel != kept.channel, priority, *ties))
        heapify(order)
        while order:
            yield heappop(order)[-1]

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
        found: list[tuple[Option | None, str | None]] = []
        for option in options:
            if self.plan.given is not None:
                units = kept.gesture if kept else option.units if option else None
                currency = self.plan.book.currency
                given = None if units is None else float(money.decimal_of(units, currency))
                self.view.slots[self.plan.given] = given
            say = self._say(number)
            if say is not None or kept is not None or self.plan.says[number] is None:
                found.append((option, say))
        return found

    def _say(self, number: int) -> str | None:
        """Return what to say, or None where there is nothing to say, or no text to be had."""
        for line in self.plan.says[number] or ():
            if line.holds is None or line.holds(self.view.slots):
                written = [
                    part if isinstance(part, str) else self._filled(*part) for part in line.parts
                ]
                return None if None in written else "".join(map(str, written))
        return None

    def _filled(self, function: Function, format_: str) -> str | None:
        value = function(self.view.slots)
        if value is UNKNOWN:
            return None
        try:
            return shown(value, format_, self.plan.book.currency, self.view.when.customer)
        except EvaluationError:
            return None

    def _field(self, path: str) -> object:
        """Return the value of a field, or None where it is absent or not declared."""
        slot = self.plan.book.shape.slots.get(path)
        return self.view.slots[slot] if slot is not None else None
