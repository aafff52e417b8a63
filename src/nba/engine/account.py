"""What an engine can tell about a decision that it made: it keeps the case, the view and the plan.

All of it is worked out when somebody asks, by the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nba.decide.account import Codes, Part, Relationship
from nba.decide.answer import Answer
from nba.decide.because import Facts
from nba.decide.briefing import Briefer
from nba.decide.case import Case
from nba.decide.decision import Ranking, furthest
from nba.decide.derived import derived_fields
from nba.decide.explain import Explanation, explain, summarize
from nba.decide.reference import Reference

__all__ = ["EngineAccount"]


@dataclass(slots=True, eq=False)
class EngineAccount:
    """What the engine can tell about a decision it made: it keeps the case and the plan."""

    answer: Answer
    case: Case
    briefer: Briefer

    def codes(self) -> Codes:
        """Return the code of every treatment, by action and channel."""
        return self.answer.codes()

    def action_codes(self) -> dict[str, str]:
        """Return the code of every action."""
        return furthest(self.answer.codes())

    def why(self) -> list[str]:
        """Return sentences that say why."""
        return summarize(*self.literally())

    def moments(self) -> list[str]:
        """Return the ids of the moments that are open."""
        slot = self.answer.plan.book.shape.slots.get("moments")
        return [] if slot is None else list(self.answer.view.slots[slot])

    def relationship(self) -> Relationship | None:
        """Return the relationship with its parts, or None where the book has none."""
        book = self.answer.plan.book
        if book.relationship is None:
            return None
        facts = Facts(self.literally()[0])
        parts = tuple(Part(points, why) for points, why in facts.parts(book.relationship))
        score = self.answer.view.slots[book.shape.slots["relationship"]]
        return Relationship(score, book.relationship.start, parts)

    def briefing(self) -> list[str]:
        """Return what an employee should know."""
        return self.briefer.lines(self.answer.view)

    def explanation(self) -> Explanation:
        """Return the whole account, for every action."""
        return explain(*self.literally())

    def literally(self, by: Callable[..., Reference] = Reference) -> tuple[Reference, Ranking]:
        """Decide the case again by the reference, or by what else is made as it is."""
        view, book = self.answer.view, self.answer.plan.book
        inputs = {*(spec.path for spec in book.fields), "now", "interaction.present"}
        known = {p: v for p, v in book.shape.known(view.slots).items() if p in inputs}
        point = book.decision_points[self.case.at] if self.case.at is not None else None
        rows = view.timeline.rows
        known = known if view.forsaken else derived_fields(book, known, rows)
        judged = by(
            book,
            known,
            view.now,
            point,
            rows,
            history=view.history,
            role=self.case.role,
            forsaken=view.forsaken,
            nobody=view.nobody,
        )
        refused = {}
        for place, code in self.answer.refused.items():
            offer = self.answer.offers[place]
            units = offer.option.units if offer.option else None
            refused[offer.candidate.action, offer.candidate.channel, units] = code
        return judged, judged.decide(self.answer.n, refused)
