"""The same decision, computed literally: this file is what the stages mean.

It goes through the book's own objects one treatment at a time, with the reference evaluator of
conditions. It explains, it is the oracle of the tests, and it is slow.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nba import money
from nba.book.build import GIVEN
from nba.book.model import (
    Action,
    Book,
    Budget,
    Condition,
    Covers,
    DecisionPoint,
    Expression,
    Gates,
    Gesture,
    Limit,
    Slot,
    Text,
    Treatment,
)
from nba.decide import decision
from nba.decide.contact import (
    counts,
    free_again,
    owner_of,
    suppressed_until,
    used_of,
)
from nba.decide.decision import UNKNOWN_MARK, Candidate, Ranking
from nba.decide.derived import Fields, number_of
from nba.decide.gesture import Option, Refused, options
from nba.decide.history import EMPTY_HISTORY, Answered, History, key_of
from nba.decide.judging import Judging
from nba.decide.wording import shown
from nba.errors import EvaluationError
from nba.journey.events import Row
from nba.lang import reference
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.reference import judge

__all__ = ["OfferKey", "Reference", "Scored"]

#: An offer: an action on a channel, and the minor units of what it gives.
OfferKey = tuple[str, str, int | None]
_NOTHING: Final[Mapping[OfferKey, str]] = {}


class Score(NamedTuple):
    """The priority of a treatment and the factors it came from."""

    priority: float
    propensity: float
    context_weight: float
    value: float
    lever: float


class _Dropped(Exception):  # noqa: N818 - not an error: how a stage says no
    """A stage dropped a treatment, with this code; where it waits, *until* an instant."""

    def __init__(self, code: str, until: int | None = None) -> None:
        super().__init__(code)
        self.until = until


@dataclass(frozen=True, slots=True)
class Scored:
    """A treatment that came to arbitration: a candidate for each rung, and what breaks ties."""

    candidates: tuple[Candidate, ...]
    options: tuple[Option | None, ...]
    cost: float
    on_current_channel: bool
    on_preferred_channel: bool
    kept: Answered | None

    @property
    def candidate(self) -> Candidate:
        """The first candidate."""
        return self.candidates[0]


class Reference(Judging):
    """Decides literally, over what is known about one case.

    *fields* are all known fields by path, derived ones included; *now* is an instant; *rows* is
    the journey that some of the fields derive from, *history* what is remembered of answers.
    *role* is who asks. It is *forsaken* where the store failed, and *nobody* where the case does
    not say who the customer is.
    """

    def __init__(
        self,
        book: Book,
        fields: Mapping[str, object],
        now: int,
        point: DecisionPoint | None = None,
        rows: Sequence[Row] = (),
        *,
        history: History = EMPTY_HISTORY,
        role: str | None = None,
        forsaken: bool = False,
        nobody: bool = False,
    ) -> None:
        super().__init__(book, fields, now)
        self.point = point
        self.rows = rows
        self.history = history
        self.role = role
        self.forsaken = forsaken
        self.nobody = nobody
        self.kept = history.kept(now, self._keys())

    def on(self, fields: Mapping[str, object]) -> Reference:
        """Return the same with other fields."""
        return Reference(
            self.book,
            fields,
            self.now,
            self.point,
            self.rows,
            history=self.history,
            role=self.role,
            forsaken=self.forsaken,
            nobody=self.nobody,
        )

    def decide(self, n: int, refused: Mapping[OfferKey, str] = _NOTHING) -> Ranking:
        """Return up to *n* answers and the code of every treatment.

        *refused* are the offers that a store refused, with their codes.
        """
        codes: dict[tuple[str, str], str] = {}
        candidates: list[Scored] = []
        waits: list[int] = []
        for action in self.book.actions.values():
            for treatment in action.treatments:
                try:
                    candidates.append(self._candidate(action, treatment))
                except _Dropped as dropped:
                    codes[action.id, treatment.channel] = str(dropped)
                    waits += [] if dropped.until is None else [dropped.until]
        chosen = self._arbitrate(candidates, codes, n, refused)
        return Ranking(chosen, codes, None if chosen else min(waits, default=None))

    def judge_treatment(self, action: Action, treatment: Treatment) -> Scored | str:
        """Take one treatment through the stages: a candidate, or the code it drops with."""
        try:
            return self._candidate(action, treatment)
        except _Dropped as dropped:
            return str(dropped)

    def _candidate(self, action: Action, treatment: Treatment) -> Scored:
        self._available(action, treatment)
        self._gated("eligible", "ineligible", [self.book.gates])
        self._blocked(action, treatment)
        levels = self.levels(action, treatment)
        self._gated("eligible", "ineligible", levels[1:])
        self._gated("applicable", "inapplicable", levels)
        self._gated("suitable", "unsuitable", levels)
        kept = self.kept.get(action.id)
        if kept is None and not self.forsaken:
            self._contact(action, treatment)
        self._channel(treatment)
        options: tuple[Option | None, ...] = (None,)
        if action.gesture is not None and kept is None:
            options = self._options(action.gesture)
        return self.scored(action, treatment, options)

    # --- stages 1 to 4

    def _available(self, action: Action, treatment: Treatment) -> None:
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        for level in (issue, group, action, treatment):
            if not self.valid(level.validity):
                raise _Dropped("unavailable")
        if any(self.covered(stop.covers, action, treatment) for stop in self.book.kill_switch):
            raise _Dropped("unavailable")
        if self.point and not self.covered(self.point.covers, action, treatment):
            raise _Dropped("unavailable")
        if self.point and self.point.channel not in (None, treatment.channel):
            raise _Dropped("unavailable")
        if self.forsaken:
            allowed = self.book.on_store_failure.without_limits_for
            takes = action.takes or action.gesture
            if allowed is None or takes or not self.covered(allowed, action, treatment):
                raise _Dropped("unavailable:store")

    def _gated(self, stage: str, code: str, levels: Iterable[Gates]) -> None:
        """Drop unless all conditions hold; unknown is the reason where none is surely false."""
        conditions: list[Condition] = [c for gates in levels for c in getattr(gates, stage)]
        verdicts = [self.judge(condition) for condition in conditions]
        if False in verdicts:
            raise _Dropped(code)
        if None in verdicts:
            raise _Dropped(code + UNKNOWN_MARK)

    def _blocked(self, action: Action, treatment: Treatment) -> None:
        verdicts = {
            policy.id: self.judge(policy.block_when)
            for policy in self.book.policies.values()
            if policy.enabled and self.covered(policy.covers, action, treatment)
        }
        for blocks, mark in ((True, ""), (None, UNKNOWN_MARK)):  # what is sure goes before
            for name, verdict in verdicts.items():
                if verdict is blocks:
                    raise _Dropped(f"blocked:{name}{mark}")

    # --- stage 5

    def _keys(self) -> dict[str, str | None]:
        """Return what actions are done once for now, where that is known."""
        return {action.id: self.key(action) for action in self.book.actions.values()}

    def key(self, action: Action) -> str | None:
        """Return what an action is done once for now; None where it is unknown, or done again."""
        if action.once_per is None:
            return None
        try:
            value = reference.evaluate(action.once_per.tree, self.fields, BOOK_FUNCTIONS)
        except EvaluationError:
            return None
        return key_of(value)

    def _contact(self, action: Action, treatment: Treatment) -> None:
        """Drop what was done, what is suppressed, and what a full limit covers."""
        past = [one for one in self.history.answers if one.action == action.id]
        past = [one for one in past if one.stands(self.now)]
        if action.once_per is not None:
            key = self.key(action)
            if key is None:
                raise _Dropped("once" + UNKNOWN_MARK)
            if any(one.once == key for one in past):
                raise _Dropped("once")
        again = action.gesture.not_again_within if action.gesture else None
        if again is not None and any(self.now < one.at + again for one in past):
            raise _Dropped("put_right")
        for rule in self.book.suppressions.values():
            channel = treatment.channel
            until = suppressed_until(rule, action, channel, self.history, self.now)
            if until is not None and self.covered(rule.covers, action, treatment):
                raise _Dropped(f"suppressed:{rule.id}")
        for limit in self.book.limits.values():
            if self._reached(limit, action, treatment) and (code := self.full(limit)):
                waits = limit.on_limit == "defer"
                raise _Dropped(code, self._again(limit, treatment) if waits else None)

    def _again(self, limit: Limit, treatment: Treatment) -> int | None:
        """Return when a limit has a place again and the channel may be used, if that is known."""
        until = free_again(limit, self.history, self.when)
        try:
            self._reaches(treatment)
        except _Dropped:
            return None
        return None if until is None else self._opens(treatment, until)

    def _reached(self, limit: Limit, action: Action, treatment: Treatment) -> bool:
        """Return whether a limit drops a treatment when it is full.

        It does if it caps it, or where it drops, if it caps the action in the same direction.
        """
        direction = self.direction(treatment)
        alike = [t for t in action.treatments if self.direction(t) == direction]
        judged = alike if limit.on_limit == "drop" else [treatment]
        return any(self.capped(limit, action, t) for t in judged)

    def capped(self, limit: Limit, action: Action, treatment: Treatment) -> bool:
        """Return whether a limit covers a treatment that is not exempt."""
        exempt = limit.exempt is not None and self.covered(limit.exempt, action, treatment)
        return self.covered(limit.covers, action, treatment) and not exempt

    def owner(self, per: str) -> tuple[bool, str | None]:
        """Return per whom a rule counts: see `owner_of`; nothing is counted for nobody."""
        path = self.book.household if per == "household" else per
        known, owner = owner_of(per, self.fields.get(path or ""))
        return known and not self.nobody, owner

    def full(self, limit: Limit) -> str | None:
        """Return the code of a limit that has no place left; None where it has."""
        known, _ = self.owner(limit.per)
        if not known:
            return f"limited:{limit.id}{UNKNOWN_MARK}"
        used = used_of(limit, self.book, self.history, self.when)
        return f"limited:{limit.id}" if used >= limit.at_most else None

    # --- stage 6

    def _channel(self, treatment: Treatment) -> None:
        self._reaches(treatment)
        opens = self._opens(treatment, self.now)
        if opens != self.now:
            if self.book.channels[treatment.channel].when_closed == "defer":
                raise _Dropped("deferred", opens)
            raise _Dropped("no_channel:closed")
        if treatment.defer_if is not None:
            verdict = self.judge(treatment.defer_if)
            if verdict is not False:
                raise _Dropped("deferred" + (UNKNOWN_MARK if verdict is None else ""))

    def _reaches(self, treatment: Treatment) -> None:
        """Drop where the channel has another direction, or the customer does not allow it."""
        channel = self.book.channels[treatment.channel]
        direction = self.direction(treatment)
        if channel.direction not in ("both", direction):
            raise _Dropped("no_channel:direction")
        if direction == "outbound" and channel.consent is not None:
            verdict = self.judge(channel.consent)
            if verdict is not True:
                raise _Dropped("no_channel:consent" + (UNKNOWN_MARK if verdict is None else ""))

    def _opens(self, treatment: Treatment, at: int) -> int | None:
        """Return when a channel may be used from a time on; its hours bind outbound contact."""
        name = self.book.channels[treatment.channel].open
        if name is None or self.direction(treatment) == "inbound":
            return at
        calendar = self.book.calendars[name]
        return calendar.hours.next_open(at, self.when.zone(calendar.zone))

    # --- stage 7

    def _options(self, gesture: Gesture) -> tuple[Option, ...]:
        chosen = (rung.amount for rung in gesture.ladder if self.selects(rung.when))
        at_most = number_of(gesture.at_most, self.fields) if gesture.at_most else None
        amounts = (number_of(amount, self.fields) for amount in chosen)
        try:
            return options(amounts, at_most, gesture, self.role, self.book.currency)
        except Refused as refused:
            raise _Dropped(str(refused)) from None

    # --- stage 8

    def scored(
        self, action: Action, treatment: Treatment, options_: Sequence[Option | None] = (None,)
    ) -> Scored:
        """Compute the priority: propensity x context weight x value x lever, or the formula."""
        kept = self.kept.get(action.id)
        first = self._given(kept.gesture if kept else options_[0] and options_[0].units)
        try:
            score = self._score(action, treatment, first)
        except _Dropped:
            if kept is None:
                raise
            score = Score(0.0, 0.0, 0.0, 0.0, self._lever(action))
        sayings: list[tuple[Option | None, str | None]] = []
        for option in options_:
            units = kept.gesture if kept else option.units if option else None
            try:
                sayings.append((option, self._say(treatment, self._given(units))))
            except _Dropped:
                if kept is not None:
                    sayings.append((option, None))
        if not sayings:
            raise _Dropped("unsayable")
        candidates = [
            Candidate(
                action.id,
                treatment.channel,
                action.title,
                action.kind,
                action.issue,
                action.group,
                self.direction(treatment),
                "",
                *score,
                say,
                treatment.suggests,
                self._gesture(option, kept),
                self._due(action, treatment, kept),
                kept.decision if kept else None,
            )
            for option, say in sayings
        ]
        preferred = self.fields.get("customer.preferred_channel")
        return Scored(
            tuple(candidates),
            tuple(option for option, _ in sayings),
            self.book.channels[treatment.channel].cost,
            treatment.channel == self.current,
            treatment.channel == preferred,
            kept,
        )

    def _given(self, units: int | None) -> Fields:
        """Return the fields with what is given, where something is."""
        if units is None:
            return self.fields
        return self.fields | {GIVEN: float(money.decimal_of(units, self.book.currency))}

    def _gesture(self, option: Option | None, kept: Answered | None) -> decision.Gesture | None:
        units = kept.gesture if kept else option.units if option else None
        if units is None:
            return None
        pending = "pending" if option and option.pending else None
        amount = money.decimal_of(units, self.book.currency)
        approval, reservation = (kept.approval, kept.reservation) if kept else (pending, None)
        return decision.Gesture(amount, self.book.currency, approval, reservation)

    def _due(self, action: Action, treatment: Treatment, kept: Answered | None) -> int | None:
        begins = kept.at if kept else self.now
        name = self.book.channels[treatment.channel].open
        if action.do_within is None or name is None:
            return None if action.do_within is None else begins + action.do_within
        calendar = self.book.calendars[name]
        return calendar.hours.after(begins, action.do_within, self.when.zone(calendar.zone))

    def _score(self, action: Action, treatment: Treatment, fields: Fields) -> Score:
        propensity = self._factor(treatment.propensity, "propensity", fields)
        value = self._factor(treatment.value, "value", fields)
        weight = self._context_weight(action, treatment)
        lever = self._lever(action)
        priority = propensity * weight * value * lever
        if self.book.scoring.priority is not None:
            factors = {
                "propensity": propensity,
                "context_weight": weight,
                "value": value,
                "lever": lever,
            }
            found = number_of(self.book.scoring.priority, fields | factors)
            if found is None:
                raise _Dropped("unscored:priority")
            priority = found
        if not math.isfinite(priority):
            raise _Dropped("error:priority")
        return Score(priority, propensity, weight, value, lever)

    def _factor(self, expression: Expression | None, name: str, fields: Fields) -> float:
        if expression is None:
            return 1.0
        number = number_of(expression, fields)
        if number is None:
            raise _Dropped(f"unscored:{name}")
        if not math.isfinite(number) or number < 0:
            raise _Dropped(f"error:{name}")
        return number

    def _context_weight(self, action: Action, treatment: Treatment) -> float:
        total = math.fsum(
            weight.add
            for weight in self.book.scoring.weights
            if self.covered(weight.covers, action, treatment) and self.selects(weight.when)
        )
        return max(0.0, 1.0 + total / 100.0)

    def _lever(self, action: Action) -> float:
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        return max(0.0, 1.0 + (issue.lever + group.lever + action.lever) / 100.0)

    def _say(self, treatment: Treatment, fields: Fields) -> str | None:
        if treatment.say is None:
            return None
        for text in treatment.say:
            if text.when is None or judge(text.when.tree, fields, BOOK_FUNCTIONS) is True:
                return self._filled(text, fields)
        raise _Dropped("unsayable")

    def _filled(self, text: Text, fields: Fields) -> str:
        zone = self.when.customer
        written = []
        for part in text.parts:
            if isinstance(part, Slot):
                try:
                    value = reference.evaluate(part.expression.tree, fields, BOOK_FUNCTIONS)
                    written.append(shown(value, part.format, self.book.currency, zone))
                except EvaluationError:
                    raise _Dropped("unsayable") from None
            else:
                written.append(part)
        return "".join(written)

    # --- stage 9

    def _arbitrate(
        self,
        candidates: list[Scored],
        codes: dict[tuple[str, str], str],
        n: int,
        refused: Mapping[OfferKey, str],
    ) -> tuple[Candidate, ...]:
        """Order the candidates tier by tier and choose; note the codes of all."""
        limits = dict(self.point.at_most_per) if self.point else {}
        chosen: list[Candidate] = []
        taken: Counter[str] = Counter()
        active = [tier for tier in self.book.tiers if self.selects(tier.when)]
        left = list(candidates)
        for tier in active:
            members = [scored for scored in left if self._in_tier(tier.covers, scored)]
            left = [scored for scored in left if scored not in members]
            for scored in sorted(members, key=self._order):
                key = (scored.candidate.action, scored.candidate.channel)
                if not scored.kept and scored.candidate.priority <= self.book.no_action.priority:
                    codes[key] = "below_no_action"
                    continue
                for option, offered in zip(scored.options, scored.candidates, strict=True):
                    candidate = offered._replace(tier=tier.name)
                    if codes.get(key) == "chosen":
                        break
                    if len(chosen) >= n or candidate.action in {c.action for c in chosen}:
                        code = "outranked"
                    elif self._crowded(candidate, chosen, limits):
                        code = "crowded_out"
                    else:
                        offer = (*key, option.units if option else None)
                        code = refused.get(offer) or self._take(scored, option, taken)
                    if code == "chosen":
                        codes[key] = code
                        chosen.append(candidate)
                    codes.setdefault(key, code)
        for scored in left:
            codes[scored.candidate.action, scored.candidate.channel] = "no_tier"
        return tuple(chosen)

    def _take(self, scored: Scored, option: Option | None, taken: Counter[str]) -> str:
        """Take what an offer needs, and return `chosen`; or else the code of what is missing."""
        if scored.kept or self.forsaken:
            return "chosen"
        action = self.book.actions[scored.candidate.action]
        channel = scored.candidate.channel
        treatment = next(t for t in action.treatments if t.channel == channel)
        needs: list[tuple[Limit | Budget, int, float, str]] = []
        for limit in self.book.limits.values():
            capped = self.capped(limit, action, treatment)
            covered = self.covered(limit.covers, action, treatment)
            known, _ = self.owner(limit.per)
            counted = counts(limit, covered=covered, exempt=covered and not capped)
            if known and counted and limit.counts in ("decided", "presented"):
                at_most = limit.at_most if capped else math.inf
                needs.append((limit, 1, at_most, f"limited:{limit.id}"))
        needs += [self._part(self.book.budgets[name], 1) for name in action.takes]
        paid = action.gesture.budgets if action.gesture and option else ()
        units = option.units if option else 0
        needs += [self._part(self.book.budgets[name], units) for name in paid]
        for rule, amount, at_most, code in needs:
            used = used_of(rule, self.book, self.history, self.when) + taken[rule.account]
            if used + amount > at_most:
                return code
        taken.update({rule.account: amount for rule, amount, _, _ in needs})
        return "chosen"

    def _part(self, budget: Budget, amount: int) -> tuple[Budget, int, float, str]:
        known, _ = self.owner(budget.per)
        code = f"unaffordable:{budget.id}{'' if known else UNKNOWN_MARK}"
        return budget, amount, budget.amount if known else 0, code

    def _in_tier(self, covers: Covers, scored: Scored) -> bool:
        action = self.book.actions[scored.candidate.action]
        channel = scored.candidate.channel
        treatment = next(t for t in action.treatments if t.channel == channel)
        return self.covered(covers, action, treatment)

    def _order(self, scored: Scored) -> tuple[Any, ...]:
        """Best first: kept, priority, current channel, preferred channel, cost, action, channel."""
        candidate, kept = scored.candidate, scored.kept
        return (
            kept is None,
            kept is not None and not scored.on_current_channel,
            kept is not None and candidate.channel != kept.channel,
            -candidate.priority,
            not scored.on_current_channel,
            not scored.on_preferred_channel,
            scored.cost,
            candidate.action,
            candidate.channel,
        )

    def _crowded(
        self, candidate: Candidate, chosen: list[Candidate], limits: Mapping[str, int]
    ) -> bool:
        for key, most in limits.items():
            alike = [c for c in chosen if getattr(c, key) == getattr(candidate, key)]
            if len(alike) >= most:
                return True
        return False
