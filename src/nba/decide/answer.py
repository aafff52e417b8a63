"""Deciding: a plan, a case and a time in; the answers, and what became of everything else, out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nba.decide.arbitrate import arbitrate
from nba.decide.case import Case
from nba.decide.decision import Candidate, reason_of
from nba.decide.plan import Plan
from nba.decide.stages import Trail, run, treatment_codes
from nba.decide.view import View, view_of
from nba.journey.timeline import EMPTY, Timeline

__all__ = ["Answer", "answer"]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the plan finds for one case; the codes of all treatments are worked out when asked."""

    plan: Plan
    view: View
    alive: int
    trail: Trail
    n: int
    ranked: tuple[Candidate, ...]

    @property
    def reason(self) -> str:
        """`chosen`, or the code of what got furthest."""
        if self.ranked:
            return "chosen"
        if self.alive:
            return reason_of(self.codes().values())
        return reason_of([*self.trail.unscored.values(), *(step.code for step in self.trail.steps)])

    def codes(self) -> dict[tuple[str, str], str]:
        """Return the code of every treatment, by action and channel."""
        codes = treatment_codes(self.plan, self.view, self.trail)
        arbitrate(self.plan, self.view, self.alive, self.trail, n=self.n, codes=codes)
        targets = self.plan.targets
        return {
            (targets[number].action.id, targets[number].channel.id): code
            for number, code in sorted(codes.items())
        }


def answer(
    plan: Plan, case: Case, now: datetime, n: int | None = None, timeline: Timeline = EMPTY
) -> Answer:
    """Decide one case at the time *now*, for up to *n* answers, given the customer's journey.

    Without *n* it is what the decision point shows, else one. Reads no clock and keeps nothing:
    the same input gives the same answer.
    """
    view = view_of(plan, case, now, timeline)
    count = n if n is not None else view.point.show if view.point else 1
    alive, trail = run(plan, view)
    ranked = arbitrate(plan, view, alive, trail, n=count)
    return Answer(plan, view, alive, trail, count, ranked)
