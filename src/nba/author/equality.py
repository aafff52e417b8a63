"""Equal treatment: does the same case, but for one field, get something else?

For every case, each protected field is given each of its other declared values, all else the same,
in the same state of limits and budgets. Where that gets another action, channel or gesture, the
case is treated *otherwise* by that field. It is the flip test of counterfactual fairness (M. Kusner
et al., Counterfactual fairness, 2017) for what rules read directly. A field that stands in for the
protected one, such as a district, is found only where it is named too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from nba.book.model import Book
from nba.decide.case import Case
from nba.decide.decision import Candidate
from nba.errors import CaseError, did_you_mean, with_help
from nba.lang.context import FieldSpec
from nba.lang.plain import put
from nba.lang.types import EnumType

__all__ = ["Equality", "Flip", "protected_fields"]

_EXAMPLES: Final = 5


@dataclass(slots=True)
class Flip:
    """What comes of one value in the place of another, over all cases that have the first.

    Of the *cases*, so many get another *action*, the same on another *channel*, or another
    *gesture*. *money* is how much more they are given together with the other value.
    """

    path: str
    value: str
    instead: str
    cases: int = 0
    action: int = 0
    channel: int = 0
    gesture: int = 0
    money: Decimal = Decimal(0)
    examples: list[str] = field(default_factory=list)

    @property
    def otherwise(self) -> int:
        """How many cases get something else."""
        return self.action + self.channel + self.gesture

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, money as text."""
        return {
            "field": self.path,
            "value": self.value,
            "instead": self.instead,
            "cases": self.cases,
            "action": self.action,
            "channel": self.channel,
            "gesture": self.gesture,
            "gesture_difference": str(self.money),
            "examples": self.examples,
        }


def protected_fields(book: Book, paths: Iterable[str]) -> tuple[FieldSpec, ...]:
    """Return the fields of a book that are to be protected. Raises CaseError.

    They have to have values that can all be tried: words from a list, or true and false.
    """
    declared = {spec.path: spec for spec in book.fields}
    found = []
    for path in paths:
        if path not in declared:
            help_ = did_you_mean(path, declared)
            raise CaseError(with_help(f"the book has no field `{path}`", help_))
        if not _values(declared[path]):
            message = f"`{path}` has too many values to try each of them"
            raise CaseError(f"{message}. name a field with an `enum`, or true and false")
        found.append(declared[path])
    return tuple(found)


def _values(spec: FieldSpec) -> tuple[object, ...]:
    if isinstance(spec.type, EnumType):
        return spec.type.values
    return (True, False) if spec.type.name == "bool" else ()


class Equality:
    """Counts who would get something else with another value of a protected field.

    *decide* gives the answers to a case without any effect.
    """

    def __init__(
        self, fields: Sequence[FieldSpec], decide: Callable[[Case], Sequence[Candidate]]
    ) -> None:
        self.fields = tuple(fields)
        self._decide = decide
        self.cases = 0
        self.otherwise: dict[str, int] = {spec.path: 0 for spec in fields}
        self._flips: dict[tuple[str, str, str], Flip] = {}

    def add(self, case: Case, answers: Sequence[Candidate], own: Sequence[object]) -> None:
        """Count a case with its answers; *own* are the values that it has, None where unknown."""
        self.cases += 1
        for spec, value in zip(self.fields, own, strict=True):
            if spec.path.startswith("interaction.") and case.interaction is None:
                continue
            differs = [self._add(case, answers, spec, value, other) for other in _values(spec)]
            self.otherwise[spec.path] += any(differs)

    def _add(
        self,
        case: Case,
        answers: Sequence[Candidate],
        spec: FieldSpec,
        value: object,
        other: object,
    ) -> bool:
        """Try one other value; return whether it gets something else."""
        if value == other:
            return False
        key = spec.path, _shown(value), _shown(other)
        flip = self._flips.setdefault(key, Flip(*key))
        flip.cases += 1
        instead = self._decide(_with(case, spec.path, other))
        kind = _difference(answers[0] if answers else None, instead[0] if instead else None)
        flip.money += _money(instead) - _money(answers)
        if not kind:
            return False
        setattr(flip, kind, getattr(flip, kind) + 1)
        if len(flip.examples) < _EXAMPLES:
            flip.examples.append(case.id)
        return True

    def flips(self) -> Iterator[Flip]:
        """Yield what came of each value in the place of another, those with most cases first."""
        order = {spec.path: place for place, spec in enumerate(self.fields)}
        yield from sorted(
            self._flips.values(),
            key=lambda one: (order[one.path], -one.otherwise, one.value, one.instead),
        )

    def to_dict(self) -> list[dict[str, Any]]:
        """Return it as plain data, field by field."""
        flips = list(self.flips())
        return [
            {
                "field": path,
                "cases": self.cases,
                "otherwise": count,
                "flips": [flip.to_dict() for flip in flips if flip.path == path],
            }
            for path, count in self.otherwise.items()
        ]


def _shown(value: object) -> str:
    return (
        "unknown" if value is None else str(value).lower() if value in (True, False) else str(value)
    )


def _with(case: Case, path: str, value: object) -> Case:
    """Return the same case with another value in one field."""
    root, *rest = path.split(".")
    own = _copied(getattr(case, root) or {})
    put(own, rest, value)
    return case._replace(**{root: own})


def _copied(data: Any) -> Any:
    return {key: _copied(inner) for key, inner in data.items()} if isinstance(data, dict) else data


def _difference(one: Candidate | None, other: Candidate | None) -> str:
    if one is None or other is None:
        return "action" if one is not other else ""
    if one.action != other.action:
        return "action"
    if one.channel != other.channel:
        return "channel"
    given = [
        (gift.amount, gift.approval) if (gift := each.gesture) else None for each in (one, other)
    ]
    return "gesture" if given[0] != given[1] else ""


def _money(answers: Iterable[Candidate]) -> Decimal:
    return sum((one.gesture.amount for one in answers if one.gesture), Decimal(0))
