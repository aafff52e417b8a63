"""Deciding: a plan, a case and a time in; the answers, and what became of everything else, out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from nba.decide.arbitrate import Arbitration
from nba.decide.decision import Candidate, reason_of
from nba.decide.offers import Granting, Offer
from nba.decide.plan import Plan
from nba.decide.stages import Passage, treatment_codes
from nba.decide.view import View

__all__ = ["Answer", "answer"]


@dataclass(slots=True, eq=False)
class Answer:
    """What the plan finds for one case; the codes of all treatments are worked out when asked.

    *offers* are the best, in their order: at least up to the last of those *granted*. *refused* are
    the codes of those that were not, because a limit or a budget had not enough left.
    """

    passage: Passage
    n: int
    offers: tuple[Offer, ...]
    granted: tuple[int, ...]
    refused: Mapping[int, str]

    @property
    def plan(self) -> Plan:
        """What was decided by."""
        return self.passage.plan

    @property
    def view(self) -> View:
        """What was decided on."""
        return self.passage.view

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """The answers, best first."""
        return tuple([self.offers[place].candidate for place in self.granted])

    @property
    def reason(self) -> str:
        """`chosen`, or the code of what got furthest."""
        if self.granted:
            return "chosen"
        codes = {self.refused.get(place, "crowded_out") for place in range(len(self.offers))}
        if self.passage.all():
            for _, fate in Arbitration(self.passage, thorough=True).fates():
                if isinstance(fate, str):
                    codes.add(fate)
                    if fate == "below_no_action":
                        break  # nothing got further, but for offers
        passage = self.passage
        codes.update(passage.trail.unscored.values())
        # what met its conditions got further than anything that did not
        steps = passage.trail.steps if passage.fitting else passage.steps()
        codes.update(code for code, _, _ in steps)
        return reason_of(codes)

    @property
    def defer_until(self) -> int | None:
        """When to ask again, where there is no answer and something waits for a time."""
        if self.granted:
            return None
        self.passage.all()
        return min((until for _, until in self.passage.trail.deferred), default=None)

    def as_granted(self, granted: tuple[int, ...], refused: Mapping[int, str]) -> Answer:
        """Return the answer as a store granted it."""
        if granted == self.granted and refused == self.refused:
            return self
        return replace(self, granted=granted, refused=refused)

    def codes(self) -> dict[tuple[str, str], str]:
        """Return the code of every treatment, by action and channel."""
        codes: dict[int, str] = {}
        plan, view = self.plan, self.view
        granting = Granting(plan, view, self.n)
        place = -1
        for number, fate in Arbitration(self.passage, thorough=True).fates():
            if isinstance(fate, str):
                codes[number] = fate
                continue
            for offer in fate:
                place += 1
                if place in self.granted:
                    granting.grant(place, offer)
                    codes[number] = "chosen"
                elif codes.get(number) != "chosen":
                    code = granting.crowded(offer) or self.refused.get(place, "outranked")
                    codes.setdefault(number, code)  # of several rungs the first tells
        codes |= treatment_codes(self.passage)
        targets = plan.targets
        named = {(targets[n].action.id, targets[n].channel.id): code for n, code in codes.items()}
        return dict(sorted(named.items()))


def answer(plan: Plan, view: View, n: int | None = None, spare: int = 0) -> Answer:
    """Decide on what was read and remembered, for up to *n* answers.

    Without *n* it is what the decision point shows, else one. There are up to *spare* offers more
    than are granted. Reads no clock and keeps nothing: the same input gives the same answer.
    """
    count = n if n is not None else view.point.show if view.point else 1
    passage = Passage(plan, view)
    granting = Granting(plan, view, count)
    offers: list[Offer] = []
    refused: dict[int, str] = {}
    source: Iterator[Offer] = Arbitration(passage).offers()
    for offer in source:
        code = granting.judge(len(offers), offer)
        if code not in ("chosen", "outranked", "crowded_out"):
            refused[len(offers)] = code
        offers.append(offer)
        if granting.full:
            break
    if spare and any(map(_contended, offers)):
        offers += islice(source, spare)
    return Answer(passage, count, tuple(offers), tuple(granting.granted), refused)


def _contended(offer: Offer) -> bool:
    """Return whether others may take what an offer needs; the customer's own is as it was read."""
    needs = offer.needs
    return bool(needs) and any(need.claim.asked.owner is not None for need in needs)
