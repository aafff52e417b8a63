"""nba: a next-best-action decision engine, driven by rules that people can read.

Names are loaded when they are first used, so that `nba eval` need not read what `nba serve` does.
"""

__version__ = "0.1.0"

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nba import lang
    from nba.decide.case import Case
    from nba.decide.decision import Candidate, Decision, Gesture
    from nba.decide.explain import ActionAccount, Explanation
    from nba.engine import Engine
    from nba.engine.outcomes import Recorded
    from nba.engine.profiles import ProfileProvider
    from nba.errors import (
        BookError,
        CaseError,
        Diagnostic,
        EvaluationError,
        ExpressionError,
        NbaError,
        Place,
        ProfileError,
        StoreError,
        UnknownDecisionError,
    )
    from nba.journey.events import Event, Journey
    from nba.record.log import DecisionLog

__all__ = [
    "ActionAccount",
    "BookError",
    "Candidate",
    "Case",
    "CaseError",
    "Decision",
    "DecisionLog",
    "Diagnostic",
    "Engine",
    "EvaluationError",
    "Event",
    "Explanation",
    "ExpressionError",
    "Gesture",
    "Journey",
    "NbaError",
    "Place",
    "ProfileError",
    "ProfileProvider",
    "Recorded",
    "StoreError",
    "UnknownDecisionError",
    "__version__",
    "lang",
]

_HOMES = {
    "ActionAccount": "nba.decide.explain",
    "Candidate": "nba.decide.decision",
    "Case": "nba.decide.case",
    "Decision": "nba.decide.decision",
    "DecisionLog": "nba.record.log",
    "Engine": "nba.engine",
    "Event": "nba.journey.events",
    "Explanation": "nba.decide.explain",
    "Gesture": "nba.decide.decision",
    "Journey": "nba.journey.events",
    "ProfileProvider": "nba.engine.profiles",
    "Recorded": "nba.engine.outcomes",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its home."""
    if name == "lang":
        return import_module("nba.lang")
    if name not in __all__:
        raise AttributeError(f"module `nba` has no `{name}`")
    found = getattr(import_module(_HOMES.get(name, "nba.errors")), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
