"""The funnel: at which stage a population loses each action, and by which rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nba.decide.decision import head

__all__ = ["STAGES", "Funnel"]

#: The stages in their order, each with the codes by which it drops an action; `answer` is the end.
STAGES: Final[dict[str, tuple[str, ...]]] = {
    "availability": ("unavailable",),
    "eligibility": ("ineligible", "blocked"),
    "applicability": ("inapplicable",),
    "suitability": ("unsuitable",),
    "contact policy": ("once", "put_right", "suppressed", "limited"),
    "channel": ("no_channel", "deferred"),
    "gesture": ("no_gesture", "no_authority"),
    "scoring": ("unscored", "error", "unsayable"),
    "arbitration": ("no_tier", "below_no_action", "outranked", "crowded_out"),
    "budget": ("unaffordable",),
    "answer": ("chosen",),
}
_STAGE_OF: Final = {code: stage for stage, codes in STAGES.items() for code in codes}


@dataclass(slots=True)
class Funnel:
    """The codes of every action over all cases: those of each action are as many as the cases."""

    codes: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, codes: Mapping[str, str]) -> None:
        """Count the codes of one case, by action."""
        for action, code in codes.items():
            self.codes.setdefault(action, Counter())[code] += 1

    def stages(self, action: str) -> Counter[str]:
        """Return how many cases an action ends in at each stage."""
        found: Counter[str] = Counter()
        for code, count in self.codes[action].items():
            found[_STAGE_OF[head(code)]] += count
        return found

    def rules(self) -> Counter[str]:
        """Return how often each code stopped an action, over all actions."""
        found: Counter[str] = Counter()
        for codes in self.codes.values():
            found.update(codes)
        del found["chosen"]
        return found

    def to_dict(self) -> list[dict[str, Any]]:
        """Return the funnel as plain data, action by action."""
        return [
            {
                "action": action,
                "stages": {name: found[name] for name in STAGES if found[name]},
                "codes": dict(self.codes[action].most_common()),
            }
            for action in sorted(self.codes)
            for found in [self.stages(action)]
        ]
