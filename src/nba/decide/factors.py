"""The factors of priority by treatment, and what a priority can be at most."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nba.book.gestures import GIVEN
from nba.book.model import Book, Expression
from nba.decide.bounds import ANYTHING, Between, Bounds
from nba.decide.functions import Function, Functions, Slots
from nba.decide.scales import scales_of
from nba.decide.targets import Target, mask_of
from nba.lang import tree
from nba.lang.normal import reads
from nba.lang.python import UNKNOWN

__all__ = ["MARGIN", "Factor", "Factors", "Most", "Plain", "Scoring", "Surge", "bounds_of"]

Factor = float | Function

#: A bound is computed in another order than a priority, which rounds differently.
MARGIN: Final = 1 + 1e-12


#: No bound but 0 is below: near the least number that there is, rounding may be larger than that.
_LEAST: Final = 1e-290
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


class Most(NamedTuple):
    """The most that a treatment can be worth while the numbers in *scales* are not above theirs.

    Where one is so many times its scale, it can be worth as many times as much.
    """

    worth: float
    scales: Mapping[str, float]


class Surge(NamedTuple):
    """A number that may be above its *scale*, by its slot, and whose bounds go up with it."""

    slot: int
    scale: float
    mask: int


class Factors:
    """Gives the factors of treatments by number; what is a function is compiled when asked for.

    *bounds* are, in the order of the treatments, the most that each can be worth while its context
    weight is 1; where the book has a formula, the most whatever its weight.
    """

    def __init__(
        self,
        book: Book,
        targets: Sequence[Target],
        bounds: Sequence[Most],
        functions: Functions,
    ) -> None:
        self.book = book
        self.targets = targets
        self.functions = functions
        priority = book.scoring.priority
        self.formula = functions.value(priority) if priority else None
        self.bounds = [bound.worth for bound in bounds]
        self.surges = tuple(_surges(bounds, functions.slots))
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
        known = self.plain[number]
        if known is not None:
            return known
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


def _surges(bounds: Sequence[Most], slots: Mapping[str, int]) -> Iterator[Surge]:
    own: dict[tuple[str, float], list[int]] = {}
    for number, bound in enumerate(bounds):
        for one in bound.scales.items():
            own.setdefault(one, []).append(number)
    for (path, scale), some in own.items():
        yield Surge(slots[path], scale, mask_of(some))


def bounds_of(book: Book, targets: Sequence[Target]) -> list[Most]:
    """Return the most that the priority of each treatment can be."""
    known = _Known(book)
    positive = math.fsum(weight.add for weight in book.scoring.weights if weight.add > 0)
    formula = book.scoring.priority
    found = []
    for target in targets:
        propensity = known.factor(target.treatment.propensity)
        value = known.factor(target.treatment.value)
        lever = _lever(book, target)
        if formula is None:
            highs = (propensity.high, value.high, lever)
            most = 0.0
            if 0.0 not in highs:
                most = max(_LEAST, math.prod(max(_LEAST, high) for high in highs))
        else:
            each: dict[str, Between] = {
                "propensity": propensity[:2],
                "value": value[:2],
                "context_weight": (0.0, 1.0 + positive / 100.0),
                "lever": (lever, lever),
            }
            most = Bounds(known.fields, {**known.plain.known, **each}).of(formula.tree)[1]
        scales = propensity.scales or value.scales
        if propensity.scales and value.scales:  # together they grow faster
            most, scales = math.inf, {}
        found.append(Most(most * MARGIN if most > 0 else most * (2 - MARGIN), scales))
    return found


class _Factor(NamedTuple):
    """A factor between *low* and *high*, while the numbers in *scales* are not above theirs."""

    low: float
    high: float
    scales: Mapping[str, float]


_ONE: Final = _Factor(1.0, 1.0, {})


class _Known:
    """What is known of the factors of one book, by their expressions."""

    def __init__(self, book: Book) -> None:
        self.fields = {spec.path: spec for spec in book.fields}
        scores = _scores(book)
        self.plain = Bounds(self.fields, scores)
        # a formula may make anything of a number
        scales = scales_of(book) if book.scoring.priority is None else {}
        self.scaled = Bounds(self.fields, scores, scales)
        self.ready: dict[Expression, _Factor] = {}

    def factor(self, expression: Expression | None) -> _Factor:
        """Return the bounds of a factor, which is nothing or more."""
        if expression is None:
            return _ONE
        found = self.ready.get(expression)
        if found is None:
            low, high = self.plain.of(expression.tree)
            scales: dict[str, float] = {}
            if high == math.inf and self.scaled.degree(expression.tree) <= 1:
                high = self.scaled.of(expression.tree)[1]
                known, read = self.scaled.scales, reads(expression.tree)
                scales = {path: known[path] for path in read if path in known}
            found = _Factor(max(0.0, low), max(0.0, high), scales)
            self.ready[expression] = found
        return found


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
