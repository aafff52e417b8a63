"""Which rules of a book its tests reach, and what no test reaches."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nba.author.reach import ROW, Rule, rules_of
from nba.author.witness import Witness
from nba.book.model import Book
from nba.decide.decision import Decision
from nba.engine.account import EngineAccount
from nba.errors import CaseError, Place

__all__ = ["Coverage", "Share", "Unreached"]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of so many."""

    reached: int
    all: int

    @property
    def percent(self) -> float:
        """The share in percent, rounded down to a tenth; 100 where there is nothing to reach."""
        return (self.reached * 1000 // self.all) / 10 if self.all else 100.0

    def __str__(self) -> str:
        return f"{self.reached} of {self.all} ({self.percent:g} %)"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"reached": self.reached, "all": self.all, "percent": self.percent}


@dataclass(frozen=True, slots=True)
class Unreached:
    """A rule of which tests do not show everything; *missing* says what."""

    kind: str
    name: str
    place: Place
    missing: tuple[str, ...]

    @property
    def what(self) -> str:
        """What it is, in words."""
        kind = "decision point" if self.kind == "decision_point" else self.kind
        return f"{kind} {self.name}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "kind": self.kind,
            "name": self.name,
            "file": self.place.file,
            "line": self.place.line,
            "missing": list(self.missing),
        }


class Coverage:
    """Sees decisions, and knows which rules of the book came into play in them.

    It is worked out by the reference, on the case of each decision once more.
    """

    def __init__(self, book: Book) -> None:
        self.all = sorted(rules_of(book), key=_position)
        self.seen: set[Hashable] = set()

    def see(self, decision: Decision) -> None:
        """Note what a decision reached. Raises CaseError for one that was read back."""
        account = decision.account
        if not isinstance(account, EngineAccount):
            raise CaseError("a decision that was read back shows no rules")
        account.literally(partial(Witness, self.seen))

    def missing(self, rule: Rule) -> tuple[str, ...]:
        """Return what was not seen of a rule."""
        return tuple(arm.unseen for arm in rule.arms if not self.seen.intersection(arm.keys))

    @property
    def unreached(self) -> list[Unreached]:
        """The rules of which not everything was seen, by their places."""
        return [
            Unreached(rule.kind, rule.name, rule.place, missing)
            for rule in self.all
            if (missing := self.missing(rule))
        ]

    @property
    def rules(self) -> Share:
        """How many rules were reached, without rows."""
        return self._share([rule for rule in self.all if rule.kind != ROW])

    @property
    def rows(self) -> Share:
        """How many rows of decision tables were hit."""
        return self._share([rule for rule in self.all if rule.kind == ROW])

    def _share(self, rules: Sequence[Rule]) -> Share:
        return Share(sum(not self.missing(rule) for rule in rules), len(rules))

    @property
    def percent(self) -> float:
        """The share of what is reached, in percent: of rules or of rows, whichever is less."""
        return min(self.rules.percent, self.rows.percent)

    def __str__(self) -> str:
        lines = [f"rules reached: {self.rules}"]
        if self.rows.all:
            lines.append(f"rows reached: {self.rows}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "rules": self.rules.to_dict(),
            "rows": self.rows.to_dict(),
            "unreached": [rule.to_dict() for rule in self.unreached],
        }


def _position(rule: Rule) -> tuple[str, int, int]:
    return rule.place.file, rule.place.line, rule.place.column
