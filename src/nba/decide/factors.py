"""The factors of priority by treatment, and what a priority can be at most."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from nba.book.gestures import GIVEN
from nba.book.model import Book, Expression
from nba.decide.bounds import ANYTHING, Between, Bounds
from nba.decide.functions import Function, Functions, Slots
from nba.decide.targets import Target
from nba.lang import tree
from nba.lang.normal import reads
from nba.lang.python import UNKNOWN

__all__ = ["Factor", "Factors", "Plain", "Scoring", "bounds_of"]

Factor = float | Function

#: A bound is computed in another order than a priority, which rounds differently.
_MARGIN: Final = 1 + 1e-12


#: A propensity and a lever that are larger than this are looked at more closely.
_SMALL: Final = 1e100


class Scoring(NamedTuple):
    """What makes the priority of one treatment: constants, or functions of the slots."""

    propensity: Factor
    value: Factor
    lever: float
    cost: float


class Plain(NamedTuple):
    """What makes a priority where all but the value is constant.

    A *value* that gives no double has to be looked at more closely.
    """

    value: Function
    propensity: float
    lever: float


class Factors:
    """Gives the factors of treatments by number; what is a function is compiled when asked for.

    *bounds* are, in the order of the treatments, the most that each can be worth while its context
    weight is 1; where the book has a formula, the most whatever its weight.
    """

    def __init__(
        self,
        book: Book,
        targets: Sequence[Target],
        bounds: Sequence[float],
        functions: Functions,
    ) -> None:
        self.book = book
        self.targets = targets
        self.functions = functions
        priority = book.scoring.priority
        self.formula = functions.value(priority) if priority else None
        self.bounds = bounds
        self.ready: list[Scoring | None] = [None] * len(targets)
        self.plain: list[Plain | None] = [None] * len(targets)

    def of(self, number: int) -> Scoring:
        """Return the factors of a treatment."""
        found = self.ready[number]
        if found is None:
            target = self.targets[number]
            found = self.ready[number] = Scoring(
                self._factor(target.treatment.propensity),
                self._factor(target.treatment.value),
                _lever(self.book, target),
                target.channel.cost,
            )
        return found

    def plain_of(self, number: int) -> Plain:
        """Return the value of a treatment, and the propensity and lever that it is times."""
        propensity, value, lever, _ = self.of(number)
        constant = isinstance(propensity, float) and 0 <= propensity < _SMALL > lever
        if not isinstance(propensity, float) or not constant or self._gives(number):
            found = Plain(_unknown, 1.0, 1.0)
        elif isinstance(value, float):
            found = Plain(_constant(value), propensity, lever)
        else:
            found = Plain(value, propensity, lever)
        self.plain[number] = found
        return found

    def _gives(self, number: int) -> bool:
        """Return whether the value of a treatment may depend on what a gesture gives."""
        action, treatment, _ = self.targets[number]
        value = treatment.value
        return action.gesture is not None or (value is not None and GIVEN in reads(value.tree))

    def _factor(self, expression: Expression | None) -> Factor:
        if expression is None:
            return 1.0
        written = expression.tree
        if isinstance(written, tree.Literal) and type(written.value) in (int, float):
            return float(written.value)  # type: ignore[arg-type]
        return self.functions.value(expression)


def _unknown(_slots: Slots) -> object:
    return UNKNOWN


def _constant(value: float) -> Function:
    return lambda _slots: value


def _lever(book: Book, target: Target) -> float:
    action = target.action
    issue, group = book.issues[action.issue], book.groups[action.group]
    return max(0.0, 1.0 + (issue.lever + group.lever + action.lever) / 100.0)


def bounds_of(book: Book, targets: Sequence[Target]) -> list[float]:
    """Return the most that the priority of each treatment can be."""
    fields = {spec.path: spec for spec in book.fields}
    plain = Bounds(fields, _scores(book))
    known: dict[Expression, Between] = {}
    positive = math.fsum(weight.add for weight in book.scoring.weights if weight.add > 0)
    found = []
    for target in targets:
        treatment = target.treatment
        each: dict[str, Between] = {
            "propensity": _bound(treatment.propensity, plain, known),
            "value": _bound(treatment.value, plain, known),
            "context_weight": (0.0, 1.0 + positive / 100.0),
            "lever": (_lever(book, target),) * 2,
        }
        formula = book.scoring.priority
        if formula is None:
            highs = (each["propensity"][1], each["value"][1], each["lever"][1])
            most = 0.0 if 0.0 in highs else math.prod(highs)
        else:
            most = Bounds(fields, {**plain.known, **each}).of(formula.tree)[1]
        found.append(most * _MARGIN if most > 0 else most * (2 - _MARGIN))
    return found


def _bound(
    expression: Expression | None, plain: Bounds, known: dict[Expression, Between]
) -> Between:
    """Return the bounds of a factor, which is nothing or more."""
    if expression is None:
        return (1.0, 1.0)
    if expression not in known:
        low, high = plain.of(expression.tree)
        known[expression] = max(0.0, low), max(0.0, high)
    return known[expression]


def _scores(book: Book) -> Mapping[str, Between]:
    """Return the bounds of what scorecards add up to."""
    cards = {f"scorecard.{name}": card for name, card in book.scorecards.items()}
    if book.relationship is not None:
        cards["relationship"] = book.relationship
    return {
        path: (
            ANYTHING[0] if card.minimum is None else card.minimum,
            ANYTHING[1] if card.maximum is None else card.maximum,
        )
        for path, card in cards.items()
    }
