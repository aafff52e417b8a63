"""Model to plan: what runs. A plan is built once per book and shared between threads.

Every distinct condition becomes one Python function, tested at most once per decision, and knows
the set of treatments that require it. The stages (`stages`) narrow a set of treatments with
them; what each stage removed is kept as a set, so that the code of every treatment can be told
afterwards for next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from nba.book.build import GIVEN
from nba.book.model import (
    Book,
    Budget,
    Calendar,
    Condition,
    Expression,
    Gates,
    Gesture,
    Limit,
    Scorecard,
    Slot,
    Suppression,
    Text,
    Validity,
)
from nba.book.ranking import FACTORS
from nba.decide.tables import hits, output_of
from nba.decide.targets import Selector, Target, bits, index_of, mask_of, select, targets_of
from nba.journey.reading import JourneyReader, Moments
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.python import UNKNOWN, Program
from nba.lang.tree import Node

__all__ = [
    "Boost",
    "Cap",
    "Counted",
    "Dates",
    "Door",
    "Function",
    "Gate",
    "Ladder",
    "Line",
    "Once",
    "Pause",
    "Plan",
    "PointPlan",
    "PolicyGate",
    "Slots",
    "TierPlan",
    "Wait",
    "plan_for",
]

#: The values of one case, by slot; a function of them; a number, or how to compute it.
Slots = list[Any]
Function = Callable[[Slots], Any]
Factor = float | Function


class Dates(NamedTuple):
    """When a set of treatments may be used: *start* and *end* are instants, the end excluded."""

    mask: int
    start: int | None
    end: int | None


class Gate(NamedTuple):
    """A condition that a set of treatments requires; *verdict* tells unknown from false."""

    mask: int
    holds: Function
    verdict: Function


class PolicyGate(NamedTuple):
    """A stop: what it covers passes only when *verdict* is False."""

    id: str
    covers: Selector
    verdict: Function


class Door(NamedTuple):
    """A channel: its treatments, the directions it has, the verdict on consent, and its hours."""

    mask: int
    direction: str
    consent: Function | None
    hours: Calendar | None
    when_closed: str


class Once(NamedTuple):
    """The treatments of an action that is done once for each value of a key."""

    mask: int
    action: str
    key: Function | None  # none where it is only not done again within a time
    not_again_within: int | None


class Wait(NamedTuple):
    """Treatments that wait unless *verdict* is False."""

    mask: int
    verdict: Function


class Ladder(NamedTuple):
    """The rungs of an action's gesture, and what it may not exceed."""

    mask: int
    rungs: tuple[tuple[Function | None, Function], ...]
    at_most: Function | None
    gesture: Gesture


class Counted(NamedTuple):
    """A limit or a budget, and the slot of the field that says per whom it counts, if one does."""

    rule: Limit | Budget
    slot: int | None


class Cap(NamedTuple):
    """A limit, what it covers, and what is exempt."""

    limit: Limit
    covers: Selector
    exempt: Selector | None


class Pause(NamedTuple):
    """A suppression and what it covers."""

    rule: Suppression
    covers: Selector


class Boost(NamedTuple):
    """A weight: a percentage on what it covers while it holds."""

    covers: Selector
    holds: Function | None
    add: float


class TierPlan(NamedTuple):
    """A tier: what it covers while it is active."""

    name: str
    covers: Selector
    holds: Function | None


class Line(NamedTuple):
    """A text to say: when it fits, and its parts; one to fill in has a function and a format."""

    holds: Function | None
    parts: tuple[str | tuple[Function, str], ...]


class PointPlan(NamedTuple):
    """A decision point: what it may show, on which channel, how much, and how much of a sort."""

    covers: Selector
    show: int
    at_most_per: tuple[tuple[str, int], ...]


class Scoring(NamedTuple):
    """What makes the priority of one treatment: constants, or functions of the slots."""

    propensity: Factor
    value: Factor
    lever: float
    cost: float


@dataclass(frozen=True, eq=False)
class Plan:
    """A rule book, ready to decide. Treatments are numbered; sets of them are ints (`targets`)."""

    book: Book
    targets: tuple[Target, ...]
    everything: int
    slot_count: int
    journey: JourneyReader
    derive: tuple[tuple[int, Function], ...]  # slots of conditions, scorecards, tables, in order
    out_of_use: int
    dates: tuple[Dates, ...]
    stops: tuple[Selector, ...]
    points: dict[str, PointPlan]
    eligible_book: tuple[Gate, ...]
    policies: tuple[PolicyGate, ...]
    eligible: tuple[Gate, ...]
    applicable: tuple[Gate, ...]
    suitable: tuple[Gate, ...]
    without_store: Selector | None  # what may be done when the store fails
    of_action: tuple[int, ...]  # by treatment: all treatments of its action
    of_action_id: dict[str, tuple[int, ...]]  # by action: its treatments
    counted: tuple[Counted, ...]
    once: tuple[Once, ...]
    pauses: tuple[Pause, ...]
    caps: tuple[Cap, ...]
    waits: tuple[Wait, ...]
    ladders: tuple[Ladder, ...]
    given: int | None  # the slot of what a gesture gives
    doors: dict[str, Door]
    boosts: tuple[Boost, ...]
    scoring: tuple[Scoring, ...]
    formula: Function | None
    says: tuple[tuple[Line, ...] | None, ...]
    tiers: tuple[TierPlan, ...]
    floor: float


def plan_for(book: Book, moments: Moments = "native") -> Plan:
    """Build the plan of a book: generated code and sets for every stage."""
    return _Planner(book, moments).plan()


class _Planner:
    def __init__(self, book: Book, moments: Moments) -> None:
        self.book = book
        self.moments = moments
        self.targets = targets_of(book)
        self.index = index_of(self.targets)
        # after the declared fields: the event that a signal looks at, rows, then the factors
        rows = (f"table.{name}" for name in book.tables)  # those that are hit
        more = ("event", *rows, *FACTORS)
        first = len(book.shape.paths)
        self.slots = {**book.shape.slots, **{name: first + i for i, name in enumerate(more)}}
        self.compiled: dict[tuple[str, str], Function] = {}
        self.lines: dict[tuple[Text, ...], tuple[Line, ...]] = {}

    def plan(self) -> Plan:
        book, targets = self.book, self.targets
        in_book = {number: [book.gates] for number in range(len(targets))}
        within = {
            number: [book.issues[a.issue].gates, book.groups[a.group].gates, a.gates, t.gates]
            for number, (a, t, _) in enumerate(targets)
        }
        all_levels = {number: in_book[number] + within[number] for number in within}
        formula = book.scoring.priority
        return Plan(
            book=book,
            targets=targets,
            everything=self.index.everything,
            slot_count=len(self.slots),
            journey=JourneyReader(book, self.slots, self.moments),
            derive=tuple(step for path in book.derived for step in self.derived(path)),
            out_of_use=mask_of(
                number
                for number, target in enumerate(targets)
                if not all(validity.enabled for validity in self.validities(target))
            ),
            dates=self.dates(),
            stops=tuple(select(stop.covers, self.index) for stop in book.kill_switch),
            points=self.points(),
            eligible_book=self.gates("eligible", in_book),
            policies=tuple(
                PolicyGate(
                    policy.id,
                    select(policy.covers, self.index),
                    self.function("verdict", policy.block_when.tree, policy.block_when),
                )
                for policy in sorted(book.policies.values(), key=lambda policy: policy.id)
                if policy.enabled
            ),
            eligible=self.gates("eligible", within),
            applicable=self.gates("applicable", all_levels),
            suitable=self.gates("suitable", all_levels),
            without_store=self.without_store(),
            of_action=tuple(self.index.by_name["action", target.action.id] for target in targets),
            of_action_id={
                action: tuple(bits(self.index.by_name["action", action]))
                for action in {target.action.id for target in targets}
            },
            counted=tuple(self.counted()),
            once=tuple(self.once()),
            pauses=tuple(
                Pause(rule, select(rule.covers, self.index)) for rule in book.suppressions.values()
            ),
            caps=tuple(
                Cap(
                    limit,
                    select(limit.covers, self.index),
                    select(limit.exempt, self.index) if limit.exempt else None,
                )
                for limit in book.limits.values()
            ),
            waits=tuple(self.waits()),
            ladders=tuple(self.ladders()),
            given=self.slots.get(GIVEN),
            doors=self.doors(),
            boosts=tuple(
                Boost(select(w.covers, self.index), self.when(w.when), w.add)
                for w in book.scoring.weights
            ),
            scoring=tuple(map(self.scoring, targets)),
            formula=self.function("value", formula.tree, formula) if formula else None,
            says=tuple(self.say(target.treatment.say) for target in targets),
            tiers=tuple(
                TierPlan(tier.name, select(tier.covers, self.index), self.when(tier.when))
                for tier in book.tiers
            ),
            floor=book.no_action.priority,
        )

    # --- functions

    def function(self, kind: str, tree: Node, meaning: Condition | Expression) -> Function:
        """Return the generated function of a tree; the same meaning has one function."""
        key = (kind, repr(meaning))
        if key not in self.compiled:
            program = Program(lambda path: f"c[{self.slots[path]}]", BOOK_FUNCTIONS, "None")
            name = getattr(program, kind)(tree)
            self.compiled[key] = program.build()[name]
        return self.compiled[key]

    def when(self, condition: Condition | None) -> Function | None:
        return self.function("holds", condition.tree, condition) if condition else None

    def derived(self, path: str) -> Iterator[tuple[int, Function]]:
        """Yield the slots that a named condition, a scorecard or a table fills, and how."""
        book, slot = self.book, self.slots[path]
        kind, _, name = path.partition(".")
        if kind == "condition":
            condition = book.conditions[name]
            yield slot, self.function("verdict", condition.tree, condition)
        elif kind == "table":
            table = book.tables[name]
            asked = [self.function("value", i.expression.tree, i.expression) for i in table.inputs]
            yield slot, hits(table, asked)
            for place, output in enumerate(table.outputs):
                yield self.slots[table.path(output)], output_of(table, place, slot)
        elif kind == "relationship" and book.relationship is not None:
            yield slot, self.scorecard(book.relationship)
        else:
            yield slot, self.scorecard(book.scorecards[name])

    def scorecard(self, card: Scorecard) -> Function:
        lines: list[tuple[Function | None, float, Function | None, Any]] = [
            (
                self.when(point.when),
                point.add,
                self.function("value", point.band.tree, point.band) if point.band else None,
                point.bands,
            )
            for point in card.points
        ]
        low, high = card.minimum, card.maximum

        def score(c: Slots) -> float:
            total = card.start
            for holds, add, number, bands in lines:
                if holds is not None:
                    total += add if holds(c) else 0.0
                elif number is not None and (found := number(c)) is not UNKNOWN:
                    total += next((points for band, points in bands if found in band), 0.0)
            total = total if low is None else max(total, low)
            return total if high is None else min(total, high)

        return score

    # --- availability

    def validities(self, target: Target) -> list[Validity]:
        action = target.action
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        return [issue.validity, group.validity, action.validity, target.treatment.validity]

    def dates(self) -> tuple[Dates, ...]:
        found: dict[tuple[int | None, int | None], int] = {}
        for number, target in enumerate(self.targets):
            for validity in self.validities(target):
                key = (validity.start, validity.end)
                found[key] = found.get(key, 0) | 1 << number
        found.pop((None, None), None)
        return tuple(Dates(mask, start, end) for (start, end), mask in found.items())

    def points(self) -> dict[str, PointPlan]:
        found = {}
        for name, point in self.book.decision_points.items():
            selector = select(point.covers, self.index)
            if point.channel is not None:
                on_channel = self.index.by_name.get(("channel", point.channel), 0)
                selector = Selector(selector.mask & on_channel, selector.direction)
            found[name] = PointPlan(selector, point.show, tuple(point.at_most_per.items()))
        return found

    # --- gates

    def gates(self, stage: str, levels: dict[int, list[Gates]]) -> tuple[Gate, ...]:
        """Return the conditions of a stage, each once, those that most treatments require first."""
        found: dict[Condition, int] = {}
        for number, gates in levels.items():
            for level in gates:
                for condition in getattr(level, stage):
                    found[condition] = found.get(condition, 0) | 1 << number
        broad_first = sorted(found.items(), key=lambda item: -item[1].bit_count())
        return tuple(
            Gate(
                mask,
                self.function("holds", condition.tree, condition),
                self.function("verdict", condition.tree, condition),
            )
            for condition, mask in broad_first
        )

    def doors(self) -> dict[str, Door]:
        return {
            name: Door(
                self.index.by_name.get(("channel", name), 0),
                channel.direction,
                self.function("verdict", channel.consent.tree, channel.consent)
                if channel.consent
                else None,
                self.book.calendars[channel.open] if channel.open else None,
                channel.when_closed,
            )
            for name, channel in self.book.channels.items()
        }

    # --- contact

    def without_store(self) -> Selector | None:
        """Return what may be done when the store fails: nothing that takes of a budget."""
        covers = self.book.on_store_failure.without_limits_for
        if covers is None:
            return None
        found = select(covers, self.index)
        takes = mask_of(
            number
            for number, (action, _, _) in enumerate(self.targets)
            if action.takes or action.gesture
        )
        return Selector(found.mask & ~takes, found.direction)

    def counted(self) -> Iterator[Counted]:
        rules: tuple[Limit | Budget, ...] = (
            *self.book.limits.values(),
            *self.book.budgets.values(),
        )
        for rule in rules:
            path = self.book.household if rule.per == "household" else rule.per
            yield Counted(rule, self.slots.get(path or ""))

    def once(self) -> Iterator[Once]:
        for action in self.book.actions.values():
            again = action.gesture.not_again_within if action.gesture else None
            if action.once_per is None and again is None:
                continue
            key = action.once_per
            function = self.function("value", key.tree, key) if key else None
            mask = self.index.by_name.get(("action", action.id), 0)
            yield Once(mask, action.id, function, again)

    def waits(self) -> Iterator[Wait]:
        found: dict[Condition, int] = {}
        for number, (_, treatment, _) in enumerate(self.targets):
            if treatment.defer_if is not None:
                found[treatment.defer_if] = found.get(treatment.defer_if, 0) | 1 << number
        for condition, mask in found.items():
            yield Wait(mask, self.function("verdict", condition.tree, condition))

    def ladders(self) -> Iterator[Ladder]:
        for action in self.book.actions.values():
            gesture = action.gesture
            if gesture is None:
                continue
            rungs = tuple(
                (self.when(rung.when), self.function("value", rung.amount.tree, rung.amount))
                for rung in gesture.ladder
            )
            most = gesture.at_most
            at_most = self.function("value", most.tree, most) if most else None
            mask = self.index.by_name.get(("action", action.id), 0)
            yield Ladder(mask, rungs, at_most, gesture)

    # --- scoring

    def scoring(self, target: Target) -> Scoring:
        action, treatment, channel = target
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        lever = max(0.0, 1.0 + (issue.lever + group.lever + action.lever) / 100.0)
        return Scoring(
            self.factor(treatment.propensity), self.factor(treatment.value), lever, channel.cost
        )

    def factor(self, expression: Expression | None) -> Factor:
        return self.function("value", expression.tree, expression) if expression else 1.0

    def say(self, texts: tuple[Text, ...] | None) -> tuple[Line, ...] | None:
        if texts is None:
            return None
        if texts not in self.lines:
            self.lines[texts] = tuple(
                Line(self.when(text.when), tuple(map(self.part, text.parts))) for text in texts
            )
        return self.lines[texts]

    def part(self, part: str | Slot) -> str | tuple[Function, str]:
        if isinstance(part, str):
            return part
        expression = part.expression
        return self.function("value", expression.tree, expression), part.format
