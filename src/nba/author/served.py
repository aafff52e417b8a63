"""Who is under-served: customers with no answer, or none good enough, and what they have in common.

The measure is that of one simple test, "has this value": the share of the under-served who have it
less the share of the others who do. That is Youden's J (W. J. Youden, Index for rating diagnostic
tests, Cancer 3, 1950): 0 where the value says nothing, 1 where it tells all of them apart. Only a
difference of at least three standard errors is told, sqrt(p (1 - p) (1/n + 1/m)) for n under-served
and m others of whom the share p have the value: less comes about by chance. Beside it stands the
*lift*, P(under-served | value) / P(under-served) (S. Brin et al., Dynamic itemset counting, SIGMOD
1997): how many times as likely those who have it are to be under-served.

What is found is where to look, and no cause: two fields may tell the same customers apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from nba.author.segments import Segment

__all__ = ["Apart", "Served"]

#: A value counts where at least so many, and that share, of the under-served have it.
_LEAST: Final = 10
_LEAST_SHARE: Final = 0.01
#: Standard errors by which shares have to differ.
_ERRORS: Final = 3.0


class Apart(NamedTuple):
    """A value of a field that more of the under-served have than of the others.

    *under* of the under-served have it, and *others* of the others; *share_under* and
    *share_others* are parts of all of them. *lift* says how many times as likely those who have it
    are to be under-served.
    """

    field: str
    value: str
    under: int
    others: int
    share_under: float
    share_others: float
    lift: float

    @property
    def difference(self) -> float:
        """By how much the shares differ: Youden's J."""
        return self.share_under - self.share_others

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**self._asdict(), "difference": self.difference}


@dataclass(slots=True)
class Served:
    """The under-served of a population: those without an answer of at least the priority *least*.

    *fields* are those by which they are told apart. Of all *cases*, *under* are under-served, and
    of those *nothing* have no answer at all.
    """

    least: float
    fields: tuple[str, ...]
    cases: int = 0
    under: int = 0
    nothing: int = 0
    _with: dict[tuple[int, Segment], list[int]] = field(default_factory=dict)

    def add(self, priority: float | None, segments: Sequence[Segment]) -> None:
        """Count a case: the *priority* of its best answer, None for none, and its segments."""
        under = priority is None or priority < self.least
        self.cases += 1
        self.under += under
        self.nothing += priority is None
        for place, segment in enumerate(segments):
            self._with.setdefault((place, segment), [0, 0])[under] += 1

    def apart(self) -> list[Apart]:
        """Return what tells the under-served apart, the most telling value of a field first."""
        others = self.cases - self.under
        if not (self.under and others):
            return []
        found = []
        for (place, segment), (rest, under) in self._with.items():
            if under < max(_LEAST, _LEAST_SHARE * self.under):
                continue
            lift = (under / (under + rest)) / (self.under / self.cases)
            shares = under / self.under, rest / others
            found.append(Apart(self.fields[place], segment.label, under, rest, *shares, lift))
        telling = [one for one in found if one.difference > _ERRORS * self._error(one)]
        return sorted(telling, key=lambda one: (-one.difference, one.field, one.value))

    def _error(self, one: Apart) -> float:
        """Return the standard error of the difference if there were none."""
        others = self.cases - self.under
        share = (one.under + one.others) / self.cases
        return math.sqrt(share * (1 - share) * (1 / self.under + 1 / others))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "least_priority": self.least,
            "cases": self.cases,
            "under_served": self.under,
            "without_answer": self.nothing,
            "apart": [one.to_dict() for one in self.apart()],
        }
