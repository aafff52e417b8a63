"""Between decisions and what a store remembers: what is asked, taken, written down and read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from nba.decide.answer import Answer
from nba.decide.history import Answered, History, history_of, lapses_at
from nba.decide.offers import Need, Offer, tallies_of
from nba.decide.plan import Plan
from nba.decide.view import View
from nba.state.reservation import Alternative, Asked, Claim, Taking, entry_id
from nba.state.store import Memory, Remembered

__all__ = ["Given", "Noted", "asked_of", "given_in", "history_in", "taking_of"]

#: How many offers more than are asked for a store gets, in case that others were faster.
SPARE: Final = 2


def asked_of(view: View) -> dict[str, Asked]:
    """Return the accounts that a decision asks for, by name; not those of nobody known."""
    return {
        name: Asked(name, owner, since)
        for name, (known, owner, since) in view.accounts.items()
        if known
    }


def history_in(
    plan: Plan, memory: Memory, asked: Iterable[str], now: int, *, taking: bool = False
) -> History:
    """Return what is remembered as the plan reads it.

    Where something is to be *taken*, nothing that was given already is overlooked because the clock
    of another machine goes before: it is held to have been given now.
    """
    used = dict(zip(asked, memory.used, strict=True))
    answers = [
        given.answered if not taking else _by(given.answered, now)
        for row in memory.decisions
        for given in given_in(row)
        if given.answered is not None
    ]
    return history_of(plan.book, answers, now, used)


def _by(one: Answered, now: int) -> Answered:
    """Return an answer with nothing in it later than *now*."""
    if one.at <= now and not (one.outcomes and any(at > now for _, at in one.outcomes)):
        return one
    outcomes = tuple((name, min(at, now)) for name, at in one.outcomes)
    return replace(one, at=min(one.at, now), outcomes=outcomes)


# --- what is written down


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it was written down: what later decisions read of it, and what it took.

    *answered* is None for an answer that is kept from another decision, *kept_from*.
    """

    place: int
    action: str
    answered: Answered | None
    kept_from: str | None
    claims: tuple[tuple[str, Claim], ...]  # by the name of the rule's account
    tallies: tuple[tuple[str, Asked], ...]  # by outcome
    zone: str | None = None  # the customer's, where a window goes by it


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
        if row.text == _NOTHING_YET:  # as most stay
            return cls()
        data = json.loads(row.text)
        return cls(
            [tuple(one) for one in data["outcomes"]],
            {int(place): found for place, found in data["approvals"].items()},
            {int(place): who for place, who in data["by"].items()},
            {int(place): names for place, names in data.get("unfunded", {}).items()},
            data.get("told"),
        )


_NOTHING_YET: Final = Noted().text()


def taking_of(
    plan: Plan,
    found: Answer,
    decision: str,
    customer: str,
    version: int,
    *,
    told: dict[str, Any] | None = None,
) -> Taking:
    """Return what a store is asked to grant and to remember.

    With *told*, what is told of the decision, each answer is remembered in full.
    """
    whole = told is not None
    alternatives = tuple([_alternative(plan, found.view, one, whole=whole) for one in found.offers])
    text = Noted(told=told).text() if whole else _NOTHING_YET
    return Taking(decision, customer, version, found.view.now, found.n, alternatives, text)


def _alternative(plan: Plan, view: View, offer: Offer, *, whole: bool) -> Alternative:
    content = _written(plan, view, offer)
    if whole:
        content["told"] = offer.candidate.to_dict()
    claims = tuple(map(_claim, offer.needs)) if offer.needs else ()
    return Alternative(claims, _encode(content), offer.labels)


#: As `json.dumps` writes it, which makes a new encoder each time.
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


def _claim(need: Need) -> Claim:
    asked = Asked(need.rule.account, need.owner, need.since)
    return Claim(asked, need.amount, need.at_most, need.expires)


def _written(plan: Plan, view: View, offer: Offer) -> dict[str, Any]:
    candidate = offer.candidate
    if candidate.kept_from is not None:
        return {"action": candidate.action, "kept_from": candidate.kept_from}
    action = plan.targets[offer.number].action
    keep = None if action.keep_for is None else view.now + action.keep_for
    tallies = []
    for limit in tallies_of(plan, view, offer.number):
        _, owner, since = view.accounts[limit.account]
        tallies.append([limit.counts, limit.account, owner, since])
    found = {
        "action": candidate.action,
        "channel": candidate.channel,
        "issue": candidate.issue,
        "group": candidate.group,
        "kind": candidate.kind,
        "direction": candidate.direction,
        "tags": list(action.tags) or None,
        "once": view.keys.get(candidate.action),
        "keep_until": keep,
        "lapses": lapses_at(plan.book, action, view.now),
        "gesture": offer.option.units if offer.option else None,
        "approval": "pending" if offer.option and offer.option.pending else None,
        "claims": [
            [need.rule.account, need.owner, need.since, need.amount, need.at_most, need.expires]
            for need in offer.needs
        ]
        or None,
        "tallies": tallies or None,
        "zone": str(view.when.customer) if _in_their_zone(offer) else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _in_their_zone(offer: Offer) -> bool:
    needs = offer.needs
    return bool(needs) and any(need.rule.window.zone == "customer.timezone" for need in needs)


@lru_cache(maxsize=2000)  # a customer's decisions are read again at each of them
def given_in(row: Remembered) -> tuple[Given, ...]:
    """Return the answers of a decision with what came of them."""
    record = Noted.of(row)
    return tuple(
        _given(row, record, index, place, json.loads(text))
        for index, (place, text) in enumerate(zip(row.granted, row.answers, strict=True))
    )


def _given(
    row: Remembered, record: Noted, index: int, place: int, data: Mapping[str, Any]
) -> Given:
    if "kept_from" in data:
        return Given(place, data["action"], None, data["kept_from"], (), ())
    outcomes = tuple((name, at) for which, name, at, _ in record.outcomes if which == index)
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
        outcomes,
        data.get("once"),
        data.get("keep_until"),
        data.get("lapses"),
        data.get("gesture"),
        record.approvals.get(index, data.get("approval")),
        entry_id(row.id, place),
    )
    claims = [
        (account, Claim(Asked(account, whose, since), *rest))
        for account, whose, since, *rest in data.get("claims", ())
    ]
    tallies = [
        (outcome, Asked(account, whose, since))
        for outcome, account, whose, since in data.get("tallies", ())
    ]
    zone = data.get("zone")
    return Given(place, data["action"], answered, None, tuple(claims), tuple(tallies), zone)


def with_reservations(found: Answer, decision: str) -> Answer:
    """Return an answer whose gestures say what they were reserved under."""
    offers = found.offers
    for place in found.granted:
        candidate = offers[place].candidate
        gesture = candidate.gesture
        if gesture is not None and gesture.reservation is None:
            gesture = replace(gesture, reservation=entry_id(decision, place))
            offer = offers[place]._replace(candidate=replace(candidate, gesture=gesture))
            offers = (*offers[:place], offer, *offers[place + 1 :])
    return found if offers is found.offers else replace(found, offers=offers)
