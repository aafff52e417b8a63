"""The answer: a decision, its candidates, and the closed list of codes. Plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from nba import windows
from nba.decide.account import Account, Codes, ReadBack, Relationship
from nba.errors import CaseError, Diagnostic

__all__ = [
    "CODES",
    "UNKNOWN_MARK",
    "Candidate",
    "Decision",
    "Gesture",
    "Ranking",
    "furthest",
    "head",
    "reason_of",
]

#: Every code of what can become of a treatment, in the order of the stages that give them.
#: A code may go on with a subject (`blocked:no_selling`) and end in `:unknown` where missing
#: data, not a fact, was why.
CODES: Final[dict[str, str]] = {
    "unavailable": "out of date, out of use, stopped, or not for this decision point",
    "ineligible": "an eligibility condition does not hold",
    "blocked": "a policy stops it",
    "inapplicable": "an applicability condition does not hold",
    "unsuitable": "a suitability condition does not hold",
    "once": "it was done for this already",
    "put_right": "it was put right not long ago",
    "suppressed": "they are left in peace after what came of it before",
    "limited": "there has been as much contact as a limit allows",
    "no_channel": "the channel does not allow it: direction, consent or hours",
    "deferred": "it waits for a better time",
    "no_gesture": "no rung of its ladder fits",
    "no_authority": "nobody may give as much",
    "unscored": "a factor of its priority is unknown",
    "error": "a factor of its priority is negative or not finite",
    "unsayable": "no wording can be filled in",
    "no_tier": "no active tier covers it",
    "below_no_action": "its priority does not exceed that of doing nothing",
    "outranked": "something else goes before it",
    "crowded_out": "the decision point shows enough of its kind already",
    "unaffordable": "a budget has not enough left",
    "chosen": "it is an answer",
}
UNKNOWN_MARK: Final = ":unknown"

#: How far a treatment got: codes given at the same stage are equally far.
_STAGE: Final = {
    "unavailable": 1,
    "blocked": 2,
    "ineligible": 3,  # a treatment's own conditions are asked after the policies
    "inapplicable": 4,
    "unsuitable": 5,
    "once": 6,
    "put_right": 6,
    "suppressed": 6,
    "limited": 6,
    "no_channel": 7,
    "deferred": 8,
    "no_gesture": 9,
    "no_authority": 9,
    "unscored": 10,
    "error": 10,
    "unsayable": 10,
    "no_tier": 11,
    "below_no_action": 12,
    "outranked": 13,
    "crowded_out": 13,
    "unaffordable": 14,
    "chosen": 15,
}


def head(code: str) -> str:
    """Return a code without its subject: `blocked` for `blocked:no_selling`."""
    return code.partition(":")[0]


def furthest(codes: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Return the code of each action: that of its treatment that got furthest.

    *codes* are by action and channel. Of treatments that got equally far the first channel in
    alphabetical order counts.
    """
    found: dict[str, str] = {}
    for (action, _), code in sorted(codes.items()):
        if action not in found or _STAGE[head(code)] > _STAGE[head(found[action])]:
            found[action] = code
    return found


def reason_of(codes: Iterable[str]) -> str:
    """Return the code, without subject, of what got furthest; the first of several."""
    heads = {head(code) for code in codes}
    return min(heads, key=lambda code: (-_STAGE[code], code), default="unavailable")


class Gesture(NamedTuple):
    """What a gesture gives. *approval* is `pending` until somebody with authority agrees.

    *reservation* is what it is reserved under, where a store keeps budgets.
    """

    amount: Decimal
    currency: str
    approval: str | None = None
    reservation: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, with the amount as text."""
        return {
            "amount": str(self.amount),
            "currency": self.currency,
            "approval": self.approval,
            "reservation": self.reservation,
        }


class Candidate(NamedTuple):
    """An answer: an action on a channel, how its priority came about, and what to say.

    *due* is by when it is to be done, an instant in nanoseconds. *kept_from* is the id of the
    decision whose answer it still is.
    """

    action: str
    channel: str
    title: str
    kind: str
    issue: str
    group: str
    direction: str
    tier: str
    priority: float
    propensity: float
    context_weight: float
    value: float
    lever: float
    say: str | None = None
    suggests: str | None = None
    gesture: Gesture | None = None
    due: int | None = None
    kept_from: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the candidate as plain data, `due` as RFC 3339."""
        found = self._asdict()
        if self.gesture is not None:
            found["gesture"] = self.gesture.to_dict()
        if self.due is not None:
            found["due"] = windows.moment(self.due).isoformat()
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Candidate:
        """Return the candidate that `to_dict` described."""
        found, gift, due = dict(data), data.get("gesture"), data.get("due")
        if gift is not None:
            found["gesture"] = Gesture(**{**gift, "amount": Decimal(gift["amount"])})
        if due is not None:
            found["due"] = windows.instant(datetime.fromisoformat(due))
        return cls(**found)


@dataclass(frozen=True, slots=True)
class Ranking:
    """What the reference finds: the answers, best first, and every treatment's code.

    *defer_until* is the instant to ask again, where there is no answer and something waits.
    """

    ranked: tuple[Candidate, ...]
    codes: Codes
    defer_until: int | None


@dataclass(frozen=True)
class Decision:
    """The next best action for one customer, or the decision to leave them in peace.

    *ranked* holds up to *n* answers, best first. *reason* is `chosen`, or
    the code of what got furthest where there is no answer. *version* is that of the rule book,
    *now* an aware datetime; *defer_until* when to ask again where there is no answer and something
    waits. *diagnostics* say what was wrong with the case. *account* tells the
    rest: that of the engine that made it, or what was read back. Two decisions are equal when they
    answer alike: the *id* is each one's own.
    """

    id: str = field(compare=False)
    customer: str
    version: str
    now: datetime
    ranked: tuple[Candidate, ...]
    reason: str
    no_action: str
    n: int = 1
    at: str | None = None
    role: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    defer_until: datetime | None = None
    account: Account = field(default=ReadBack({}), compare=False, repr=False)

    @property
    def best(self) -> Candidate | None:
        """The first answer, or None."""
        return self.ranked[0] if self.ranked else None

    @property
    def action(self) -> str | None:
        """The id of the action, or None: leave them in peace."""
        return self.ranked[0].action if self.ranked else None

    @property
    def channel(self) -> str | None:
        """The channel it is done on."""
        return self.ranked[0].channel if self.ranked else None

    @property
    def title(self) -> str:
        """What the action is, for people."""
        return self.ranked[0].title if self.ranked else self.no_action

    @property
    def kind(self) -> str | None:
        """What sort of action it is."""
        return self.ranked[0].kind if self.ranked else None

    @property
    def direction(self) -> str | None:
        """`inbound` on the channel the customer is on, else `outbound`."""
        return self.ranked[0].direction if self.ranked else None

    @property
    def say(self) -> str | None:
        """What to say."""
        return self.ranked[0].say if self.ranked else None

    @property
    def suggests(self) -> str | None:
        """The channel that a channel suggestion points to."""
        return self.ranked[0].suggests if self.ranked else None

    @property
    def gesture(self) -> Gesture | None:
        """What is given."""
        return self.ranked[0].gesture if self.ranked else None

    @property
    def due(self) -> datetime | None:
        """By when it is to be done."""
        due = self.ranked[0].due if self.ranked else None
        return None if due is None else windows.moment(due)

    @property
    def kept_from(self) -> str | None:
        """The id of the decision whose answer it still is."""
        return self.ranked[0].kept_from if self.ranked else None

    @property
    def priority(self) -> float | None:
        """The priority of the action."""
        return self.ranked[0].priority if self.ranked else None

    def codes(self) -> dict[str, str]:
        """Return the code of every action; empty where JSON without codes was read back."""
        return self.account.action_codes()

    def treatment_codes(self) -> Codes:
        """Return the code of every treatment, by action and channel; empty when read back."""
        return self.account.codes()

    def why(self) -> list[str]:
        """Return sentences that say why."""
        return self.account.why()

    @property
    def briefing(self) -> list[str]:
        """What an employee should know before saying anything, in at most seven lines."""
        return self.account.briefing()

    @property
    def moments(self) -> list[str]:
        """The ids of the moments that are open."""
        return self.account.moments()

    @property
    def relationship(self) -> Relationship | None:
        """The cumulative whole, with its parts; None where the book has none."""
        return self.account.relationship()

    # --- JSON

    def to_dict(self, *, why: bool = False, codes: bool = False) -> dict[str, Any]:
        """Return the decision as plain data; if asked, with *why* and *codes*.

        With *why* come the sentences, the briefing, the open moments and the relationship.
        """
        best = self.best
        found: dict[str, Any] = {
            "id": self.id,
            "customer": self.customer,
            "version": self.version,
            "now": self.now.isoformat(),
            "action": best.action if best else None,
            "channel": best.channel if best else None,
            "title": best.title if best else self.no_action,
            "say": best.say if best else None,
            "reason": self.reason,
            "no_action": self.no_action,
            "n": self.n,
            "at": self.at,
            "role": self.role,
            "ranked": [candidate.to_dict() for candidate in self.ranked],
            "defer_until": self.defer_until.isoformat() if self.defer_until else None,
            "diagnostics": [found.to_dict() for found in self.diagnostics],
        }
        back = self.account if isinstance(self.account, ReadBack) else None
        if why or (back and back.sentences is not None):
            whole = self.relationship
            found["why"] = self.why()
            found["briefing"] = self.briefing
            found["moments"] = self.moments
            found["relationship"] = whole.to_dict() if whole else None
        if codes or (back and back.noted):
            found["codes"] = self.codes()
        return found

    def to_json(self, *, why: bool = False, codes: bool = False) -> str:
        """Return the decision as JSON."""
        return json.dumps(self.to_dict(why=why, codes=codes), ensure_ascii=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Decision:
        """Return the decision that `to_dict` described. Raises CaseError for anything else."""
        try:
            return cls._read(data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CaseError(f"this is not a decision: {error!r}") from None

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> Decision:
        why, whole = data.get("why"), data.get("relationship")
        return cls(
            data["id"],
            data["customer"],
            data["version"],
            datetime.fromisoformat(data["now"]),
            tuple(map(Candidate.from_dict, data["ranked"])),
            data["reason"],
            data["no_action"],
            data["n"],
            data["at"],
            data["role"],
            tuple(
                Diagnostic(d["code"], d["message"], d["help"], None, d["severity"])
                for d in data["diagnostics"]
            ),
            datetime.fromisoformat(data["defer_until"]) if data.get("defer_until") else None,
            ReadBack(
                dict(data.get("codes") or {}),
                tuple(why) if why is not None else None,
                tuple(data.get("briefing") or ()),
                tuple(data.get("moments") or ()),
                Relationship.from_dict(whole) if whole is not None else None,
            ),
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave the engine's account out of a pickle: it goes no further than its process."""
        if isinstance(self.account, ReadBack):
            return self.__dict__
        return self.__dict__ | {"account": ReadBack(self.codes())}

    @classmethod
    def from_json(cls, text: str) -> Decision:
        """Return the decision that `to_json` described. Raises CaseError for anything else."""
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise CaseError(f"this is not JSON: {error}") from None
