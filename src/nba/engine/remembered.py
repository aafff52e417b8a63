"""Between decisions and what a store remembers: what is asked, taken, written down and read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from nba.book.model import Limit
from nba.decide.answer import Answer
from nba.decide.history import Answered, History, history_of, lapses_at
from nba.decide.offers import Need, Offer, tallies_of
from nba.decide.plan import Always, Plan
from nba.decide.view import View
from nba.state.reservation import Alternative, Asked, Claim, Taking, entry_id
from nba.state.store import Memory, Remembered

__all__ = ["Given", "Noted", "given_in", "history_in", "taking_of"]

#: How many offers more than are asked for a store gets, in case that others were faster.
SPARE: Final = 2


def history_in(
    plan: Plan, memory: Memory, asked: Iterable[str], now: int, *, taking: bool = False
) -> History:
    """Return what is remembered as the plan reads it.

    Where something is to be *taken*, nothing that was given already is overlooked because the clock
    of another machine goes before: it is held to have been given now.
    """
    used = dict(zip(asked, memory.used, strict=True))
    if not memory.decisions:
        return History((), used)
    answers = [
        given.answered
        for row in memory.decisions
        for given in given_in(row)
        if given.answered is not None
    ]
    if taking:
        answers = [one if one.at <= now and not one.outcomes else _by(one, now) for one in answers]
    return history_of(plan.book, answers, now, used)


def _by(one: Answered, now: int) -> Answered:
    """Return an answer with nothing in it later than *now*."""
    if one.at <= now and all(at <= now for _, at in one.outcomes):
        return one
    outcomes = tuple((name, min(at, now)) for name, at in one.outcomes)
    return one._replace(at=min(one.at, now), outcomes=outcomes)


# --- what is written down


class Given(NamedTuple):
    """An answer as it was written down: what later decisions read of it, and what it took.

    *answered* is None for an answer that is kept from another decision, *kept_from*. What it took
    is read of what was *written* when something comes of it.
    """

    place: int
    action: str
    answered: Answered | None
    kept_from: str | None
    written: Mapping[str, Any]

    @property
    def claims(self) -> list[tuple[str, Claim]]:
        """What it took, by the name of the rule's account."""
        return [
            (account, Claim(Asked(account, whose, since), *rest))
            for account, whose, since, *rest in self.written.get("claims", ())
        ]

    @property
    def tallies(self) -> list[tuple[str, Asked]]:
        """The accounts on which its outcomes count, by outcome."""
        return [
            (outcome, Asked(account, whose, since))
            for outcome, account, whose, since in self.written.get("tallies", ())
        ]

    @property
    def zone(self) -> str | None:
        """The customer's zone, where a window goes by it."""
        return self.written.get("zone")


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


#: What is noted of a decision of which nothing is known yet, to be read only; and its text.
_UNKNOWN_YET: Final = Noted()
_NOTHING_YET: Final = _UNKNOWN_YET.text()


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
    members = _written(plan, view, offer)
    if whole:
        members.append(f'"told": {_encode(offer.candidate.to_dict())}')
    claims = tuple([need.claim for need in offer.needs]) if offer.needs else ()
    return Alternative(claims, f"{{{', '.join(members)}}}", offer.labels)


#: As `json.dumps` writes it, which makes a new encoder each time.
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode
#: Reads what `_encode` wrote, with nothing before or after it.
_decode: Final = json.JSONDecoder().raw_decode


def _written(plan: Plan, view: View, offer: Offer) -> list[str]:
    """Return what is remembered of an answer: the members of a JSON object."""
    candidate = offer.candidate
    if candidate.kept_from is not None:
        kept_from = _encode(candidate.kept_from)
        return [f'"action": {_encode(candidate.action)}', f'"kept_from": {kept_from}']
    heading, keep_for, lapses_after, tallied = _always(plan, view, offer)
    now, option = view.now, offer.option
    members = [heading]
    if (once := view.keys.get(candidate.action)) is not None:
        members.append(f'"once": {_encode(once)}')
    if keep_for is not None:
        members.append(f'"keep_until": {now + keep_for}')
    members.append(f'"lapses": {now + lapses_after}')
    if option is not None:
        members.append(f'"gesture": {option.units}')
        if option.pending:
            members.append('"approval": "pending"')
    if offer.needs:
        members.append(f'"claims": [{", ".join([_claimed(need.claim) for need in offer.needs])}]')
    if tallied and (limits := [limit for limit in tallied if limit.account in view.accounts]):
        members.append(f'"tallies": {_encode([_tally(view, limit) for limit in limits])}')
    if offer.needs and _in_their_zone(offer.needs):
        members.append(f'"zone": {_encode(str(view.when.customer))}')
    return members


def _always(plan: Plan, view: View, offer: Offer) -> Always:
    """Return what is written of every answer by a treatment, worked out once in each direction."""
    candidate = offer.candidate
    key = (offer.number, candidate.direction)
    found = plan.always.get(key)
    if found is None:
        action = plan.targets[offer.number].action
        content: dict[str, Any] = {
            "action": candidate.action,
            "channel": candidate.channel,
            "issue": candidate.issue,
            "group": candidate.group,
            "kind": candidate.kind,
            "direction": candidate.direction,
        }
        if action.tags:
            content["tags"] = list(action.tags)
        heading = _encode(content)[1:-1]
        lapses_after = lapses_at(plan.book, action, 0)
        tallied = tallies_of(plan, view, offer.number)
        found = plan.always[key] = Always(heading, action.keep_for, lapses_after, tallied)
    return found


def _claimed(claim: Claim) -> str:
    (account, owner, since), amount, at_most, expires = claim
    whose = "null" if owner is None else _encode(owner)
    until = "null" if expires is None else expires
    return f"[{_encode(account)}, {whose}, {since}, {amount}, {at_most}, {until}]"


def _in_their_zone(needs: Iterable[Need]) -> bool:
    return any(need.rule.window.zone == "customer.timezone" for need in needs)


def _tally(view: View, limit: Limit) -> list[Any]:
    return [limit.counts, *view.accounts[limit.account]]


@lru_cache(maxsize=2000)  # a customer's decisions are read again at each of them
def given_in(row: Remembered) -> tuple[Given, ...]:
    """Return the answers of a decision with what came of them."""
    record = _UNKNOWN_YET if row.text == _NOTHING_YET else Noted.of(row)
    answers = enumerate(zip(row.granted, row.answers, strict=True))
    return tuple(
        [_given(row, record, index, place, _decode(text)[0]) for index, (place, text) in answers]
    )


def _given(
    row: Remembered, record: Noted, index: int, place: int, data: Mapping[str, Any]
) -> Given:
    if "kept_from" in data:
        return Given(place, data["action"], None, data["kept_from"], data)
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
    return Given(place, data["action"], answered, None, data)


def with_reservations(found: Answer, decision: str) -> Answer:
    """Return an answer whose gestures say what they were reserved under."""
    offers = found.offers
    for place in found.granted:
        candidate = offers[place].candidate
        gesture = candidate.gesture
        if gesture is not None and gesture.reservation is None:
            gesture = gesture._replace(reservation=entry_id(decision, place))
            offer = offers[place]._replace(candidate=candidate._replace(gesture=gesture))
            offers = (*offers[:place], offer, *offers[place + 1 :])
    return found if offers is found.offers else replace(found, offers=offers)
