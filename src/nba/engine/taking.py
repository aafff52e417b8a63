"""What a store is asked to grant and to remember: an answer is written down."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from nba.book.model import Limit
from nba.decide.answer import Answer
from nba.decide.history import Answered, lapses_at
from nba.decide.offers import Claim, Need, Offer, tallies_of
from nba.decide.plan import Always, Plan
from nba.decide.view import View
from nba.engine.given import NOTHING_YET, Given, Noted
from nba.state.reservation import Alternative, Taking, entry_id

__all__ = ["SPARE", "Wanted", "taking_of", "with_reservations"]

#: How many offers more than are asked for a store gets, in case that others were faster.
SPARE: Final = 2


class Wanted(NamedTuple):
    """What a store is asked to grant, and its alternatives as they are read once granted."""

    taking: Taking
    given: list[Given]


def taking_of(
    plan: Plan,
    found: Answer,
    decision: str,
    customer: str,
    version: int,
    *,
    told: dict[str, Any] | None = None,
) -> Wanted:
    """Return what a store is asked to grant and to remember.

    With *told*, what is told of the decision, each answer is remembered in full.
    """
    whole, view = told is not None, found.view
    given, alternatives = [], []
    for place, offer in enumerate(found.offers):
        one = _given_by(plan, view, offer, decision, place, whole=whole)
        claims = tuple([need.claim for need in offer.needs]) if offer.needs else ()
        given.append(one)
        alternatives.append(Alternative(claims, one.written, offer.labels))
    text = Noted(told=told).text() if whole else NOTHING_YET
    taking = Taking(decision, customer, version, view.now, found.n, tuple(alternatives), text)
    return Wanted(taking, given)


def _given_by(
    plan: Plan, view: View, offer: Offer, decision: str, place: int, *, whole: bool
) -> Given:
    """Return an offer as an answer that is written down."""
    candidate = offer.candidate
    action, kept_from = candidate.action, candidate.kept_from
    answered = None
    if kept_from is not None:
        members = [f'"action": {_encode(action)}', f'"kept_from": {_encode(kept_from)}']
    else:
        always, option = _always(plan, view, offer), offer.option
        answered = Answered(
            decision,
            view.now,
            action,
            candidate.channel,
            candidate.issue,
            candidate.group,
            candidate.kind,
            candidate.direction,
            always.tags,
            (),
            view.keys.get(action),
            None if always.keep_for is None else view.now + always.keep_for,
            view.now + always.lapses_after,
            option.units if option is not None else None,
            "pending" if option is not None and option.pending else None,
            entry_id(decision, place),
        )
        members = _written(view, offer, answered, always)
    if whole:
        members.append(f'"told": {_encode(candidate.to_dict())}')
    return Given(place, action, answered, kept_from, f"{{{', '.join(members)}}}")


#: As `json.dumps` writes it, which makes a new encoder each time.
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


def _written(view: View, offer: Offer, one: Answered, always: Always) -> list[str]:
    """Return what is remembered of an answer: the members of a JSON object. See `_given`."""
    members = [always.heading]
    if one.once is not None:
        members.append(f'"once": {_encode(one.once)}')
    if one.keep_until is not None:
        members.append(f'"keep_until": {one.keep_until}')
    members.append(f'"lapses": {one.lapses}')
    if one.gesture is not None:
        members.append(f'"gesture": {one.gesture}')
    if one.approval is not None:
        members.append(f'"approval": {_encode(one.approval)}')
    if offer.needs:
        members.append(f'"claims": [{", ".join([_claimed(need.claim) for need in offer.needs])}]')
    tallied = always.tallied
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
        found = plan.always[key] = Always(
            _encode(content)[1:-1],
            action.tags,
            action.keep_for,
            lapses_at(plan.book, action, 0),
            tallies_of(plan, view, offer.number),
        )
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
