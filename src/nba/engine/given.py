"""Answers as a store remembers them: what was given, what it took, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from nba.decide.contact import Asked
from nba.decide.history import Answered
from nba.decide.offers import Claim
from nba.state.reservation import Taking, entry_id
from nba.state.store import Remembered

__all__ = ["NOTHING_YET", "Given", "Noted", "forget_given", "given_in", "keep_given"]


class Given(NamedTuple):
    """An answer as it was written down: what later decisions read of it, and what it took.

    *answered* is None for an answer that is kept from another decision, *kept_from*. What it took
    is read of what was *written*, a JSON object, when something comes of it.
    """

    place: int
    action: str
    answered: Answered | None
    kept_from: str | None
    written: str

    @property
    def claims(self) -> list[tuple[str, Claim]]:
        """What it took, by the name of the rule's account."""
        return [
            (account, Claim(Asked(account, whose, since), *rest))
            for account, whose, since, *rest in self._part("claims")
        ]

    @property
    def tallies(self) -> list[tuple[str, Asked]]:
        """The accounts on which its outcomes count, by outcome."""
        return [
            (outcome, Asked(account, whose, since))
            for outcome, account, whose, since in self._part("tallies")
        ]

    @property
    def zone(self) -> str | None:
        """The customer's zone, where a window goes by it."""
        found: str | None = _decode(self.written)[0].get("zone")
        return found

    def _part(self, name: str) -> list[list[Any]]:
        found: list[list[Any]] = _decode(self.written)[0].get(name, [])
        return found


@dataclass(slots=True)
class Noted:
    """What has come of a decision: outcomes by the place of the answer, and approvals.

    *told* is what was told of it, for one that was made under a key.
    """

    outcomes: list[tuple[int, str, int, str]] = field(default_factory=list)
    approvals: dict[int, str] = field(default_factory=dict)
    by: dict[int, str] = field(default_factory=dict)
    unfunded: dict[int, list[str]] = field(default_factory=dict)
    told: dict[str, Any] | None = None

    def text(self) -> str:
        """Return it as JSON."""
        approvals = {str(place): found for place, found in self.approvals.items()}
        by = {str(place): who for place, who in self.by.items()}
        found: dict[str, Any] = {"outcomes": self.outcomes, "approvals": approvals, "by": by}
        if self.unfunded:
            found["unfunded"] = {str(place): names for place, names in self.unfunded.items()}
        if self.told is not None:
            found["told"] = self.told
        return json.dumps(found)

    @classmethod
    def of(cls, row: Remembered) -> Noted:
        """Return the record of a decision."""
        if row.text == NOTHING_YET:  # as most stay
            return cls()
        data = json.loads(row.text)
        return cls(
            [tuple(one) for one in data["outcomes"]],
            {int(place): found for place, found in data["approvals"].items()},
            {int(place): who for place, who in data["by"].items()},
            {int(place): names for place, names in data.get("unfunded", {}).items()},
            data.get("told"),
        )


#: What is noted of a decision of which nothing is known yet, to be read only; and its text.
_UNKNOWN_YET: Final = Noted()
NOTHING_YET: Final = _UNKNOWN_YET.text()


#: Reads what `_encode` wrote, with nothing before or after it.
_decode: Final = json.JSONDecoder().raw_decode


# --- what is read again


class _Lately:
    """The answers of decisions that were written or read lately, up to twice *most* decisions.

    Threads may share it: at worst something is read twice.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.clear()

    def clear(self) -> None:
        """Forget all of them."""
        self._new: dict[Remembered, tuple[Given, ...]] = {}
        self._old: dict[Remembered, tuple[Given, ...]] = {}

    def get(self, row: Remembered) -> tuple[Given, ...] | None:
        found = self._new.get(row)
        if found is None and (found := self._old.get(row)) is not None:
            self.keep(row, found)
        return found

    def keep(self, row: Remembered, given: tuple[Given, ...]) -> None:
        if len(self._new) >= self._most:
            self._old, self._new = self._new, {}
        self._new[row] = given


#: A customer's decisions are read again at each of them.
_LATELY: Final = _Lately(1000)


def given_in(row: Remembered) -> tuple[Given, ...]:
    """Return the answers of a decision with what came of them."""
    found = _LATELY.get(row)
    if found is None:
        record = _UNKNOWN_YET if row.text == NOTHING_YET else Noted.of(row)
        answers = enumerate(zip(row.granted, row.answers, strict=True))
        found = tuple([_given(row, record, index, *answer) for index, answer in answers])
        _LATELY.keep(row, found)
    return found


def keep_given(
    taking: Taking, given: Sequence[Given], customer: str, granted: tuple[int, ...]
) -> None:
    """Let what was *granted* to a customer need no reading when the next decision asks for it.

    *given* are the alternatives that were asked for.
    """
    answers = tuple([given[place] for place in granted])
    written = tuple([one.written for one in answers])
    row = Remembered(taking.id, customer, taking.at, taking.text, granted, written)
    _LATELY.keep(row, answers)


def forget_given() -> None:
    """Forget the answers that were read and written lately."""
    _LATELY.clear()


def _given(row: Remembered, record: Noted, index: int, place: int, text: str) -> Given:
    data = _decode(text)[0]
    if "kept_from" in data:
        return Given(place, data["action"], None, data["kept_from"], text)
    outcomes = [(name, at) for which, name, at, _ in record.outcomes if which == index]
    answered = Answered(
        row.id,
        row.at,
        data["action"],
        data["channel"],
        data["issue"],
        data["group"],
        data["kind"],
        data["direction"],
        tuple(data.get("tags", ())),
        tuple(outcomes),
        data.get("once"),
        data.get("keep_until"),
        data.get("lapses"),
        data.get("gesture"),
        record.approvals.get(index, data.get("approval")),
        entry_id(row.id, place),
    )
    return Given(place, data["action"], answered, None, text)
