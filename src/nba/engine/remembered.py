"""Between decisions and what a store remembers: what is asked, taken, written down and read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from nba.book.model import Book, Limit
from nba.decide.answer import Answer
from nba.decide.heeding import heeds
from nba.decide.history import Answered, History, history_of, lapses_at
from nba.decide.offers import Need, Offer, tallies_of
from nba.decide.plan import Always, Plan
from nba.decide.view import View
from nba.state.past import Past
from nba.state.reservation import Alternative, Asked, Claim, Taking, entry_id
from nba.state.store import Memory, Remembered

__all__ = [
    "Given",
    "Noted",
    "Wanted",
    "forget_given",
    "given_in",
    "history_in",
    "keep_given",
    "taking_of",
]

#: How many offers more than are asked for a store gets, in case that others were faster.
SPARE: Final = 2
#: How many of the last decisions are recorded with a decision though no rule asks about them.
_RECORDED: Final = 100


def history_in(
    plan: Plan, memory: Memory, asked: Iterable[str], now: int, *, taking: bool = False
) -> History:
    """Return what is remembered as the plan reads it: the answers that its rules ask about.

    Where something is to be *taken*, nothing that was given already is overlooked because the clock
    of another machine goes before: it is held to have been given now.
    """
    used = dict(zip(asked, memory.used, strict=True))
    if not memory.decisions:
        return History((), used)
    past = memory.decisions if isinstance(memory.decisions, Past) else Past(memory.decisions)
    heeded = _heeded(plan, past)
    unheeded = _Unheeded(plan.book, past, heeded, now)
    if not heeded:
        return History((), used, unheeded)
    answers = [one for own in heeded.values() for one in own]
    if taking:
        answers = [one if one.at <= now and not one.outcomes else _by(one, now) for one in answers]
    return History(history_of(plan.book, answers, now).answers, used, unheeded)


#: Answers that rules ask about, by the decision that gave them.
Heeded = Mapping[str, tuple[Answered, ...]]
_NONE: Final[Heeded] = {}


def _heeded(plan: Plan, past: Past) -> Heeded:
    """Return the answers of a past that the rules of a plan ask about; they are kept with it."""
    known = _NONE
    unread: Iterable[Remembered] = past
    if past.read is not None and past.read[0] is plan.mark:
        known, unread = past.read[1], past.unread
    for row in unread:
        answers = [given.answered for given in given_in(row) if given.answered is not None]
        own = tuple([one for one in answers if heeds(plan, one)])
        if own or row.id in known:
            known = {**known, row.id: own}
    past.read, past.unread = (plan.mark, known), ()
    return known


class _Unheeded:
    """The last answers that no rule asks about: for records, and read when these are written."""

    def __init__(self, book: Book, past: Past, heeded: Heeded, now: int) -> None:
        self._book = book
        self._past = past
        self._heeded = heeded
        self._now = now

    def __iter__(self) -> Iterator[Answered]:
        rows = [row for row in self._past[-_RECORDED:] if row.id not in self._heeded]
        answers = [given.answered for row in rows for given in given_in(row) if given.answered]
        return iter(history_of(self._book, answers, self._now).answers)


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


class Wanted(NamedTuple):
    """What a store is asked to grant, and its alternatives as they are read once granted."""

    taking: Taking
    given: list[Given]


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
    text = Noted(told=told).text() if whole else _NOTHING_YET
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
#: Reads what `_encode` wrote, with nothing before or after it.
_decode: Final = json.JSONDecoder().raw_decode


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
        record = _UNKNOWN_YET if row.text == _NOTHING_YET else Noted.of(row)
        answers = enumerate(zip(row.granted, row.answers, strict=True))
        found = tuple([_given(row, record, index, *answer) for index, answer in answers])
        _LATELY.keep(row, found)
    return found


def keep_given(wanted: Wanted, customer: str, granted: tuple[int, ...]) -> None:
    """Let what was *granted* to a customer need no reading when the next decision asks for it."""
    taking, given = wanted
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
