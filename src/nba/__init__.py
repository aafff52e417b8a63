"""nba: a next-best-action decision engine, driven by rules that people can read.

>>> import nba
>>> engine = nba.Engine.open("rules/")                                    # doctest: +SKIP
>>> decision = engine.decide("c-42", customer={"tier": "gold"})           # doctest: +SKIP
"""

__version__ = "0.1.0"

from nba.decide.case import Case
from nba.decide.decision import Candidate, Decision
from nba.decide.explain import ActionAccount, Explanation
from nba.engine import Engine
from nba.errors import (
    BookError,
    CaseError,
    Diagnostic,
    EvaluationError,
    ExpressionError,
    NbaError,
    Place,
)

__all__ = [
    "ActionAccount",
    "BookError",
    "Candidate",
    "Case",
    "CaseError",
    "Decision",
    "Diagnostic",
    "Engine",
    "EvaluationError",
    "Explanation",
    "ExpressionError",
    "NbaError",
    "Place",
    "__version__",
]
