"""Arbitration: tiers, priority, ties, no action, and the answers that are chosen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from heapq import heapify, heappop

from nba import windows
from nba.decide.decision import Candidate
from nba.decide.plan import Function, Plan
from nba.decide.stages import Trail
from nba.decide.targets import bits
from nba.decide.view import View
from nba.decide.wording import shown
from nba.errors import EvaluationError
from nba.lang.python import UNKNOWN

__all__ = ["arbitrate"]


def arbitrate(
    plan: Plan,
    view: View,
    alive: int,
    trail: Trail,
    *,
    n: int,
    codes: dict[int, str] | None = None,
) -> tuple[Candidate, ...]:
    """Return up to *n* answers, best first, from the treatments that are *alive*.

    With *codes* it goes on to the end and notes the code of every treatment by number.
    """
    choice = _Choice(plan, view, trail, n)
    left = alive
    for tier in plan.tiers:
        if not left or (choice.full and codes is None):
            break
        if tier.holds is not None and not tier.holds(view.slots):
            continue
        members = left & tier.covers.among(view.inbound)
        left &= ~members
        for number in choice.best_first(members):
            code = choice.judge(number, tier.name)
            if codes is not None:
                codes[number] = code
            elif choice.full or code == "below_no_action":
                break  # what follows has no higher priority
    if codes is not None:
        for number in bits(left):
            codes[number] = "unsayable" if choice.unsayable(number) else "no_tier"
    return tuple(choice.chosen)


class _Choice:
    """The answers so far, and how the next candidate is judged."""

    def __init__(self, plan: Plan, view: View, trail: Trail, n: int) -> None:
        self.plan = plan
        self.view = view
        self.scores = trail.scores
        self.n = n
        self.chosen: list[Candidate] = []

    @property
    def full(self) -> bool:
        return len(self.chosen) >= self.n

    def best_first(self, members: int) -> Iterator[int]:
        """Yield by priority, then current channel, preferred channel, cost and number."""
        current, preferred = self.view.current, self.field("customer.preferred_channel")
        order = []
        for number in bits(members):
            channel = self.plan.targets[number].channel.id
            cost = self.plan.scoring[number].cost
            ties = channel != current, channel != preferred, cost, number
            order.append((-self.scores[number].priority, *ties))
        heapify(order)
        while order:
            yield heappop(order)[-1]

    def judge(self, number: int, tier: str) -> str:
        """Return the code of a candidate; one that is chosen joins the answers."""
        if self.unsayable(number):
            return "unsayable"
        action, treatment, channel = self.plan.targets[number]
        score = self.scores[number]
        if score.priority <= self.plan.floor:
            return "below_no_action"
        if self.full or any(other.action == action.id for other in self.chosen):
            return "outranked"
        candidate = Candidate(
            action.id,
            channel.id,
            action.title,
            action.kind,
            action.issue,
            action.group,
            "inbound" if channel.id == self.view.current else "outbound",
            tier,
            *score,
            self.say(number),
            treatment.suggests,
        )
        if self.crowded(candidate):
            return "crowded_out"
        self.chosen.append(candidate)
        return "chosen"

    def crowded(self, candidate: Candidate) -> bool:
        """Return whether the decision point shows enough of a candidate's kind already."""
        for key, most in self.view.point.at_most_per if self.view.point else ():
            own = getattr(candidate, key)
            if sum(getattr(other, key) == own for other in self.chosen) >= most:
                return True
        return False

    # --- wording

    def unsayable(self, number: int) -> bool:
        """Return whether a treatment has texts, and none can be filled in."""
        return self.plan.says[number] is not None and self.say(number) is None

    def say(self, number: int) -> str | None:
        """Return what to say, or None where there is nothing to say, or no text to be had."""
        for line in self.plan.says[number] or ():
            if line.holds is None or line.holds(self.view.slots):
                written = [
                    part if isinstance(part, str) else self.filled(*part) for part in line.parts
                ]
                return None if None in written else "".join(map(str, written))
        return None

    def filled(self, function: Function, format_: str) -> str | None:
        value = function(self.view.slots)
        if value is UNKNOWN:
            return None
        try:
            return shown(value, format_, self.plan.book.currency, self.zone())
        except EvaluationError:
            return None

    def zone(self) -> tzinfo:
        """Return the customer's time zone where it is known, else the book's."""
        name = self.field("customer.timezone")
        try:
            return windows.zone(name) if isinstance(name, str) else self.plan.book.zone
        except ValueError:
            return self.plan.book.zone

    def field(self, path: str) -> object:
        """Return the value of a field, or None where it is absent or not declared."""
        slot = self.plan.book.shape.slots.get(path)
        return self.view.slots[slot] if slot is not None else None
