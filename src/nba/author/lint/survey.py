"""A book as the rules of lint look at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property

from nba.author.lint.reasoning import Reasoning, written
from nba.author.lint.requirements import Requirement, Requirements
from nba.author.uses import rules_in
from nba.book.model import Condition, Expression
from nba.decide.targets import Target
from nba.lang.normal import Normal, reads

__all__ = ["Rule", "Survey"]

#: What says something that can be true or false, or a number.
Rule = Condition | Expression


class Survey(Reasoning):
    """A book with its rules, and what its treatments require."""

    # --- treatments

    @cached_property
    def required(self) -> tuple[tuple[Requirement, ...], ...]:
        """What each treatment requires, by its number."""
        requirements = Requirements(self)
        return tuple(
            tuple(requirements.of(number, target)) for number, target in enumerate(self.targets)
        )

    def outbound(self, number: int) -> list[Normal]:
        """Return what the treatment of this number requires to go out."""
        _, *found = self.required[number]
        return [self.directions(self.targets[number])[1], *(each.form for each in found)]

    @cached_property
    def impossible(self) -> dict[int, tuple[Requirement, ...]]:
        """The treatments that can never be candidates, and the fewest requirements that say so."""
        asked: dict[tuple[object, ...], tuple[Requirement, ...] | None] = {}
        found = {}
        for number, required in enumerate(self.required):
            key = tuple(each.key for each in required)
            if key not in asked:
                asked[key] = self._core(required)
            core = asked[key]
            if core is not None:
                found[number] = core
        return found

    def _core(self, required: tuple[Requirement, ...]) -> tuple[Requirement, ...] | None:
        """Return the fewest requirements that exclude each other; None where there are none."""
        if not self.possible.never(*(each.form for each in required)):
            return None
        core = list(required)
        for each in required:
            fewer = [other for other in core if other is not each]
            if self.possible.never(*(other.form for other in fewer)):
                core = fewer
        return tuple(core)

    def going_out(self) -> Iterator[tuple[int, Target]]:
        """Yield the treatments that may go out, with their numbers."""
        for number, target in enumerate(self.targets):
            outbound = target.channel.direction != "inbound"
            if outbound and not self.possible.never(*self.outbound(number)):
                yield number, target

    # --- all that is written

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All conditions and expressions, each where it stands."""
        found: dict[int, Rule] = {}
        for part in fields(self.book):
            if part.name not in ("tests", "shape", "zone"):
                for rule in rules_in(getattr(self.book, part.name)):
                    found.setdefault(id(rule), rule)
        return tuple(found.values())

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions that stand in files, each once."""
        return tuple(rule for rule in self.rules if isinstance(rule, Condition) and written(rule))

    @cached_property
    def read(self) -> frozenset[str]:
        """The paths of all fields that some rule reads."""
        return frozenset(path for rule in self.rules for path in reads(rule.tree))
