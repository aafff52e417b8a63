"""What became of every treatment on its way through the stages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from nba.decide.gesture import Option
from nba.decide.plan import Gate

__all__ = ["Score", "Step", "Trail"]


class Score(NamedTuple):
    """The priority of a treatment and the factors it came from."""

    priority: float
    propensity: float
    context_weight: float
    value: float
    lever: float


class Step(NamedTuple):
    """What one step removed: a code, a set, and the gates that tell unknown from false."""

    code: str
    removed: int
    gates: tuple[Gate, ...] = ()


@dataclass(slots=True, eq=False)
class Trail:
    """What each step removed, the scores of what was left, and what its gestures may give."""

    steps: list[Step] = field(default_factory=list)
    scores: dict[int, Score] = field(default_factory=dict)
    unscored: dict[int, str] = field(default_factory=dict)
    deferred: dict[int, int | None] = field(default_factory=dict)  # until when, if that is known
    options: dict[int, tuple[Option, ...]] = field(default_factory=dict)

    def note(self, code: str, removed: int, gates: tuple[Gate, ...] = ()) -> None:
        """Note what a step removed."""
        if removed:
            self.steps.append(Step(code, removed, gates))
