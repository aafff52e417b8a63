"""A book as the checks of lint look at it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from nba.author.lint.reasoning import Reasoning, written
from nba.author.lint.requirements import Requirement, Requirements
from nba.author.uses import expressions_of
from nba.book.model import Condition, Expression
from nba.decide.targets import Target
from nba.lang.normal import Normal, reads

__all__ = ["Survey"]


class Survey(Reasoning):
    """A book with its conditions and expressions, and what its treatments require."""

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
    def expressions(self) -> tuple[Condition | Expression, ...]:
        """All conditions and expressions, each once, where it stands."""
        return tuple({id(found): found for _, found in expressions_of(self.book)}.values())

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions that stand in files, each once."""
        return tuple(one for one in self.expressions if isinstance(one, Condition) and written(one))

    @cached_property
    def read(self) -> frozenset[str]:
        """The paths of all fields that are read somewhere."""
        return frozenset(path for one in self.expressions for path in reads(one.tree))
