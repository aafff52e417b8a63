"""What a treatment requires in order to become a candidate, each thing with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nba.author.lint.reasoning import Reasoning, shown
from nba.book.model import Condition, Policy
from nba.decide.targets import Target
from nba.errors import Place
from nba.lang import tree
from nba.lang.normal import AnyOf, Normal

__all__ = ["Requirement", "Requirements"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a treatment requires: in words, its place, its form, and a condition in it."""

    words: str
    place: Place
    form: Normal
    source: Condition | None = None

    @property
    def key(self) -> tuple[Place, str]:
        """What tells it from others."""
        return self.place, self.words


class Requirements:
    """What treatments require in order to be candidates."""

    def __init__(self, reasoning: Reasoning) -> None:
        self.reasoning = reasoning
        self.policies = [
            (policy, reasoning.select(policy.covers))
            for policy in reasoning.book.policies.values()
            if policy.enabled
        ]

    def of(self, number: int, target: Target) -> list[Requirement]:
        """Return what the treatment of this number requires, broad first."""
        action, treatment, channel = target
        found = list(self.stops(number, target))
        for level in self.reasoning.levels(action, treatment):
            found += map(self.condition, level.conditions)
        if treatment.defer_if is not None:
            words = f"the opposite of {shown(treatment.defer_if)}"
            form = self.reasoning.form(treatment.defer_if, positive=False)
            place = treatment.defer_if.place
            found.append(Requirement(words, place, form, treatment.defer_if))
        inbound, outbound = self.reasoning.directions(target)
        ways = {"inbound": inbound, "outbound": outbound, "both": AnyOf((inbound, outbound))}
        words = f"that it goes by `{channel.id}`"
        return [Requirement(words, channel.place, ways[channel.direction]), *found]

    def condition(self, condition: Condition) -> Requirement:
        """Return what a condition requires."""
        form = self.reasoning.form(condition)
        return Requirement(shown(condition), condition.place, form, condition)

    def stops(self, number: int, target: Target) -> Iterator[Requirement]:
        """Yield that no policy blocks."""
        inbound, outbound = self.reasoning.directions(target, consent=False)
        for policy, selector in self.policies:
            if not selector.mask >> number & 1:
                continue
            clear = self.reasoning.form(policy.block_when, positive=False)
            if selector.direction is not None:
                other = outbound if selector.direction == "inbound" else inbound
                clear = AnyOf((clear, other))
            source = None if isinstance(policy.block_when.tree, tree.Literal) else policy.block_when
            yield Requirement(_policy(policy), policy.place, clear, source)


def _policy(policy: Policy) -> str:
    if isinstance(policy.block_when.tree, tree.Literal):
        return f"the policy `{policy.id}`"
    return f"the policy `{policy.id}`, which blocks when {shown(policy.block_when)},"
