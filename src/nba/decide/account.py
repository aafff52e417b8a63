"""What can be told about a decision beside its answers: by its engine, or as it was read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

__all__ = ["Account", "Codes", "Part", "ReadBack", "Relationship"]

#: The code of every treatment, by action and channel.
Codes = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the relationship that counted: its points, and why."""

    points: float
    why: str


@dataclass(frozen=True, slots=True)
class Relationship:
    """The cumulative whole, from 0 to 100, and where each point came from.

    *start* and the *parts* add up to the *score*, unless that was stopped at 0 or 100.
    """

    score: float
    start: float
    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the relationship as plain data."""
        parts = [{"points": part.points, "why": part.why} for part in self.parts]
        return {"score": self.score, "start": self.start, "parts": parts}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the relationship that `to_dict` described."""
        parts = tuple(Part(part["points"], part["why"]) for part in data["parts"])
        return cls(data["score"], data["start"], parts)


class Account(Protocol):
    """What can be told about a decision."""

    def codes(self) -> Codes:
        """Return the code of every treatment, by action and channel."""

    def action_codes(self) -> dict[str, str]:
        """Return the code of every action."""

    def why(self) -> list[str]:
        """Return sentences that say why."""

    def briefing(self) -> list[str]:
        """Return what an employee should know."""

    def moments(self) -> list[str]:
        """Return the ids of the moments that are open."""

    def relationship(self) -> Relationship | None:
        """Return the relationship, or None where the book has none."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a decision brought along when it was read back; the rest was left behind."""

    noted: Mapping[str, str]
    sentences: tuple[str, ...] | None = None
    told: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    whole: Relationship | None = None

    @classmethod
    def of(cls, account: Account, *, why: bool) -> Self:
        """Return what goes on of an account: the codes, and if asked, *why* and what else."""
        codes = account.action_codes()
        if not why:
            return cls(codes)
        told, found = tuple(account.briefing()), tuple(account.moments())
        return cls(codes, tuple(account.why()), told, found, account.relationship())

    def codes(self) -> Codes:
        """Return nothing: the codes of treatments are left behind."""
        return {}

    def action_codes(self) -> dict[str, str]:
        """Return the codes of actions, where they were written."""
        return dict(self.noted)

    def why(self) -> list[str]:
        """Return the sentences, where they were written."""
        return list(self.sentences or ())

    def briefing(self) -> list[str]:
        """Return the briefing, where it was written."""
        return list(self.told)

    def moments(self) -> list[str]:
        """Return the open moments, where they were written."""
        return list(self.open)

    def relationship(self) -> Relationship | None:
        """Return the relationship, where it was written."""
        return self.whole
