"""The same decision, computed literally: this file is what the stages mean.

It goes through the book's own objects one treatment at a time, with the reference evaluator of
conditions. It explains, it is the oracle of the tests, and it is slow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nba import windows
from nba.book.corridors import NO_STAGE
from nba.book.model import (
    Action,
    Book,
    Condition,
    Corridor,
    Covers,
    DecisionPoint,
    Expression,
    Gates,
    Point,
    Scorecard,
    Slot,
    Text,
    Treatment,
    Validity,
)
from nba.decide.decision import UNKNOWN_MARK, Candidate, Ranking
from nba.decide.wording import shown
from nba.errors import EvaluationError
from nba.journey.events import Row
from nba.journey.literal_signals import signal_value
from nba.journey.passages import passage_at, passages
from nba.journey.reference import instances, open_at
from nba.lang import reference
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.values import Duration, Timestamp

__all__ = ["Reference", "Scored", "derived_fields", "number_of", "points_of"]

Fields = dict[str, object]


def derived_fields(book: Book, fields: Mapping[str, object], rows: Sequence[Row] = ()) -> Fields:
    """Return *fields* together with all that derives from them and the journey.

    *rows* are the events of the journey, in order: those later than now or out of the book's
    reach are not seen. Signals and moments come first, then conditions and scorecards.
    """
    found = dict(fields)
    if book.signals or book.moments or book.corridors:
        found |= _from_journey(book, found, rows)
    for path in book.derived:
        kind, _, name = path.partition(".")
        if kind == "condition":
            verdict = reference.judge(book.conditions[name].tree, found, BOOK_FUNCTIONS)
            if verdict is not None:
                found[path] = verdict
        else:
            card = book.relationship if kind == "relationship" else book.scorecards[name]
            found[path] = _score(card, found) if card else 0.0
    return found


def _from_journey(book: Book, fields: Fields, rows: Sequence[Row]) -> Fields:
    now: Any = fields["now"]
    since = -math.inf if book.reach is None else now - book.reach
    seen = [row for row in rows if since < row["at"] <= now]
    found: Fields = {}
    for name, signal in book.signals.items():
        value = signal_value(signal, seen, fields, book.zone)
        if value is not None:
            found[f"signal.{name}"] = value
    names = []
    for name, moment in book.moments.items():
        matches = [one for pattern in moment.patterns for one in instances(pattern, seen)]
        instance = open_at(matches, now)
        found[f"moment.{name}"] = instance is not None
        if instance is not None:
            names.append(name)
            for alias, row in instance.evidence.items():
                found |= {f"evidence.{name}.{alias}.{key}": value for key, value in row.items()}
    for name, corridor in book.corridors.items():
        found |= {f"corridor.{name}.{key}": v for key, v in _stage(corridor, seen, now).items()}
    return found | ({"moments": names} if book.moments else {})


def _stage(corridor: Corridor, seen: Sequence[Row], now: int) -> Fields:
    """Return what conditions read of the stage that a customer is in."""
    visit = passage_at(passages(corridor, seen), now)
    if visit is None:
        return {"stage": NO_STAGE, "late": False}
    return {
        "stage": corridor.stages[visit.stage].id,
        "entered": Timestamp(visit.entered),
        "time": Duration(now - visit.entered),
        "late": visit.late(now),
    }


def points_of(card: Scorecard, fields: Mapping[str, object]) -> Iterator[tuple[Point, float]]:
    """Yield the lines of a scorecard that count, with their points."""
    for point in card.points:
        if point.when is not None:
            if reference.judge(point.when.tree, fields, BOOK_FUNCTIONS) is True:
                yield point, point.add
        elif point.band is not None:
            number = number_of(point.band, fields)
            fitting = [p for band, p in point.bands if number is not None and number in band]
            if fitting:
                yield point, fitting[0]


def _score(card: Scorecard, fields: Mapping[str, object]) -> float:
    total = card.start
    for _, points in points_of(card, fields):
        total += points
    if card.minimum is not None:
        total = max(total, card.minimum)
    return min(total, card.maximum) if card.maximum is not None else total


def number_of(expression: Expression, fields: Mapping[str, object]) -> float | None:
    """Return the number that an expression gives, or None where it is unknown."""
    try:
        return float(reference.evaluate(expression.tree, fields, BOOK_FUNCTIONS))  # type: ignore[arg-type]
    except EvaluationError:
        return None


class _Dropped(Exception):  # noqa: N818 - not an error: how a stage says no
    """A stage dropped a treatment, with this code."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate for arbitration, with what breaks ties."""

    candidate: Candidate
    cost: float
    on_current_channel: bool
    on_preferred_channel: bool


class Reference:
    """Decides literally, over what is known about one case.

    *fields* are all known fields by path, derived ones included; *now* is an instant; *rows* is
    the journey that some of the fields derive from.
    """

    def __init__(
        self,
        book: Book,
        fields: Mapping[str, object],
        now: int,
        point: DecisionPoint | None = None,
        rows: Sequence[Row] = (),
    ) -> None:
        self.book = book
        self.fields = dict(fields)
        self.now = now
        self.point = point
        self.rows = rows
        self.current = self.fields.get("interaction.channel")

    def decide(self, n: int) -> Ranking:
        """Return up to *n* answers and the code of every treatment."""
        codes: dict[tuple[str, str], str] = {}
        candidates: list[Scored] = []
        for action in self.book.actions.values():
            for treatment in action.treatments:
                found = self.judge_treatment(action, treatment)
                if isinstance(found, Scored):
                    candidates.append(found)
                else:
                    codes[action.id, treatment.channel] = found
        return self._arbitrate(candidates, codes, n)

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
        self._channel(treatment)
        return self.scored(action, treatment)

    # --- stages 1 to 4

    def _available(self, action: Action, treatment: Treatment) -> None:
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        for level in (issue, group, action, treatment):
            if not self._valid(level.validity):
                raise _Dropped("unavailable")
        if any(self.covered(stop.covers, action, treatment) for stop in self.book.kill_switch):
            raise _Dropped("unavailable")
        if self.point and not self.covered(self.point.covers, action, treatment):
            raise _Dropped("unavailable")
        if self.point and self.point.channel not in (None, treatment.channel):
            raise _Dropped("unavailable")

    def _valid(self, validity: Validity) -> bool:
        started = validity.start is None or validity.start <= self.now
        ended = validity.end is not None and validity.end <= self.now
        return validity.enabled and started and not ended

    def levels(self, action: Action, treatment: Treatment) -> list[Gates]:
        """Return the conditions of every level that a treatment is subject to, broad first."""
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        return [self.book.gates, issue.gates, group.gates, action.gates, treatment.gates]

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

    def judge(self, condition: Condition) -> bool | None:
        """Return whether a condition holds: True, False, or None for unknown."""
        return reference.judge(condition.tree, self.fields, BOOK_FUNCTIONS)

    def _selects(self, condition: Condition | None) -> bool:
        """Return whether a condition selects; none does always, unknown never."""
        return condition is None or self.judge(condition) is True

    def direction(self, treatment: Treatment) -> str:
        """Return whether a treatment is on the channel that the customer is on."""
        return "inbound" if treatment.channel == self.current else "outbound"

    def covered(self, covers: Covers, action: Action, treatment: Treatment) -> bool:
        """Return whether a selector covers a treatment: it fits every key that is given."""
        of_treatment = {
            "issue": {action.issue},
            "group": {action.group},
            "action": {action.id},
            "channel": {treatment.channel},
            "tag": set(action.tags),
            "kind": {action.kind},
            "direction": {self.direction(treatment)},
        }
        for key, own in of_treatment.items():
            wanted = getattr(covers, key)
            if wanted is not None and not own & set(wanted):
                return False
        return True

    # --- stage 6

    def _channel(self, treatment: Treatment) -> None:
        channel = self.book.channels[treatment.channel]
        direction = self.direction(treatment)
        if channel.direction not in ("both", direction):
            raise _Dropped("no_channel:direction")
        if direction == "outbound" and channel.consent is not None:
            verdict = self.judge(channel.consent)
            if verdict is not True:
                raise _Dropped("no_channel:consent" + (UNKNOWN_MARK if verdict is None else ""))

    # --- stage 8

    def scored(self, action: Action, treatment: Treatment) -> Scored:
        """Compute the priority: propensity x context weight x value x lever, or the formula."""
        propensity = self._factor(treatment.propensity, "propensity")
        value = self._factor(treatment.value, "value")
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
            found = number_of(self.book.scoring.priority, self.fields | factors)
            if found is None:
                raise _Dropped("unscored:priority")
            priority = found
        if not math.isfinite(priority):
            raise _Dropped("error:priority")
        candidate = Candidate(
            action.id,
            treatment.channel,
            action.title,
            action.kind,
            action.issue,
            action.group,
            self.direction(treatment),
            "",
            priority,
            propensity,
            weight,
            value,
            lever,
            self._say(treatment),
            treatment.suggests,
        )
        preferred = self.fields.get("customer.preferred_channel")
        return Scored(
            candidate,
            self.book.channels[treatment.channel].cost,
            treatment.channel == self.current,
            treatment.channel == preferred,
        )

    def _factor(self, expression: Expression | None, name: str) -> float:
        if expression is None:
            return 1.0
        number = number_of(expression, self.fields)
        if number is None:
            raise _Dropped(f"unscored:{name}")
        if not math.isfinite(number) or number < 0:
            raise _Dropped(f"error:{name}")
        return number

    def _context_weight(self, action: Action, treatment: Treatment) -> float:
        total = math.fsum(
            weight.add
            for weight in self.book.scoring.weights
            if self.covered(weight.covers, action, treatment) and self._selects(weight.when)
        )
        return max(0.0, 1.0 + total / 100.0)

    def _lever(self, action: Action) -> float:
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        return max(0.0, 1.0 + (issue.lever + group.lever + action.lever) / 100.0)

    def _say(self, treatment: Treatment) -> str | None:
        if treatment.say is None:
            return None
        for text in treatment.say:
            if self._selects(text.when):
                return self._filled(text)
        raise _Dropped("unsayable")

    def _filled(self, text: Text) -> str:
        zone = self._zone()
        written = []
        for part in text.parts:
            if isinstance(part, Slot):
                try:
                    value = reference.evaluate(part.expression.tree, self.fields, BOOK_FUNCTIONS)
                    written.append(shown(value, part.format, self.book.currency, zone))
                except EvaluationError:
                    raise _Dropped("unsayable") from None
            else:
                written.append(part)
        return "".join(written)

    def _zone(self) -> Any:
        """Return the customer's time zone where it is known, else the book's."""
        name = self.fields.get("customer.timezone")
        try:
            return windows.zone(name) if isinstance(name, str) else self.book.zone
        except ValueError:
            return self.book.zone

    # --- stage 9

    def _arbitrate(
        self, candidates: list[Scored], codes: dict[tuple[str, str], str], n: int
    ) -> Ranking:
        """Order the candidates tier by tier and choose."""
        limits = dict(self.point.at_most_per) if self.point else {}
        chosen: list[Candidate] = []
        active = [tier for tier in self.book.tiers if self._selects(tier.when)]
        left = list(candidates)
        for tier in active:
            members = [scored for scored in left if self._in_tier(tier.covers, scored)]
            left = [scored for scored in left if scored not in members]
            for scored in sorted(members, key=self._order):
                candidate = replace(scored.candidate, tier=tier.name)
                key = (candidate.action, candidate.channel)
                if candidate.priority <= self.book.no_action.priority:
                    codes[key] = "below_no_action"
                elif len(chosen) >= n or candidate.action in {other.action for other in chosen}:
                    codes[key] = "outranked"
                elif self._crowded(candidate, chosen, limits):
                    codes[key] = "crowded_out"
                else:
                    codes[key] = "chosen"
                    chosen.append(candidate)
        for scored in left:
            codes[scored.candidate.action, scored.candidate.channel] = "no_tier"
        return Ranking(tuple(chosen), codes)

    def _in_tier(self, covers: Covers, scored: Scored) -> bool:
        action = self.book.actions[scored.candidate.action]
        channel = scored.candidate.channel
        treatment = next(t for t in action.treatments if t.channel == channel)
        return self.covered(covers, action, treatment)

    def _order(self, scored: Scored) -> tuple[Any, ...]:
        """Best first: priority, current channel, preferred channel, cost, action, channel."""
        candidate = scored.candidate
        return (
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
