"""What became of every treatment on its way through the stages."""

from __future__ import annotations

from nba.decide.gesture import Option
from nba.decide.plan import Gating

__all__ = ["Scored", "Step", "Trail"]


#: The priority of a treatment, and the factors it came from: propensity, context weight, value and
#: lever. Names take time to give.
Scored = tuple[float, float, float, float, float]
#: What one step removed: a code, a set, and the gating that tells unknown from false.
Step = tuple[str, int, Gating | None]


class Trail:
    """What each step removed; of what was looked at after them, its score or why it has none.

    *deferred* are sets of treatments that wait, with until when where that is known. *unscored* are
    the codes of what dropped when its gesture and its priority were computed, *options* what
    gestures may give.
    """

    __slots__ = ("deferred", "options", "scores", "steps", "unscored")

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.deferred: list[tuple[int, int]] = []
        self.scores: dict[int, Scored] = {}
        self.unscored: dict[int, str] = {}
        self.options: dict[int, tuple[Option, ...]] = {}

    def note(self, code: str, removed: int, gating: Gating | None = None) -> None:
        """Note what a step removed."""
        if removed:
            self.steps.append((code, removed, gating))
