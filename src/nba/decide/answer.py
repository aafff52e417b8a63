"""Deciding: a plan, a case and a time in; the answers, and what became of everything else, out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from nba.decide.arbitrate import Arbitration
from nba.decide.decision import Candidate, reason_of
from nba.decide.offers import Granting, Offer
from nba.decide.plan import Plan
from nba.decide.stages import run, treatment_codes
from nba.decide.trail import Trail
from nba.decide.view import View

__all__ = ["Answer", "answer"]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the plan finds for one case; the codes of all treatments are worked out when asked.

    *offers* are the best, in their order: at least up to the last of those *granted*. *refused* are
    the codes of those that were not, because a limit or a budget had not enough left.
    """

    plan: Plan
    view: View
    alive: int
    trail: Trail
    n: int
    offers: tuple[Offer, ...]
    granted: tuple[int, ...]
    refused: Mapping[int, str]

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """The answers, best first."""
        return tuple(self.offers[place].candidate for place in self.granted)

    @property
    def reason(self) -> str:
        """`chosen`, or the code of what got furthest."""
        if self.granted:
            return "chosen"
        if self.alive:
            return reason_of(self.codes().values())
        return reason_of([*self.trail.unscored.values(), *(step.code for step in self.trail.steps)])

    @property
    def defer_until(self) -> int | None:
        """When to ask again, where there is no answer and something waits for a time."""
        known = [until for until in self.trail.deferred.values() if until is not None]
        return None if self.granted else min(known, default=None)

    def as_granted(self, granted: tuple[int, ...], refused: Mapping[int, str]) -> Answer:
        """Return the answer as a store granted it."""
        return replace(self, granted=granted, refused=refused)

    def codes(self) -> dict[tuple[str, str], str]:
        """Return the code of every treatment, by action and channel."""
        codes = treatment_codes(self.plan, self.view, self.trail)
        ranking = Arbitration(self.plan, self.view, self.trail, codes)
        granting = Granting(self.plan, self.view, self.n)
        for place, offer in enumerate(ranking.offers(self.alive)):
            if place in self.granted:
                granting.grant(place, offer)
                codes[offer.number] = "chosen"
            elif codes.get(offer.number) != "chosen":
                code = granting.crowded(offer) or self.refused.get(place, "outranked")
                codes.setdefault(offer.number, code)  # of several rungs the first tells
        targets = self.plan.targets
        return {
            (targets[number].action.id, targets[number].channel.id): code
            for number, code in sorted(codes.items())
        }


def answer(plan: Plan, view: View, n: int | None = None, spare: int = 0) -> Answer:
    """Decide on what was read and remembered, for up to *n* answers.

    Without *n* it is what the decision point shows, else one. There are up to *spare* offers more
    than are granted. Reads no clock and keeps nothing: the same input gives the same answer.
    """
    count = n if n is not None else view.point.show if view.point else 1
    alive, trail = run(plan, view)
    granting = Granting(plan, view, count)
    offers: list[Offer] = []
    refused: dict[int, str] = {}
    source: Iterator[Offer] = Arbitration(plan, view, trail).offers(alive)
    for offer in source:
        code = granting.judge(len(offers), offer)
        if code not in ("chosen", "outranked", "crowded_out"):
            refused[len(offers)] = code
        offers.append(offer)
        if granting.full:
            break
    if any(offer.needs for offer in offers):  # else nothing can be refused
        offers += islice(source, spare)
    return Answer(plan, view, alive, trail, count, tuple(offers), tuple(granting.granted), refused)
