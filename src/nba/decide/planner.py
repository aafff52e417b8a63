"""Model to plan: numbers for treatments, an index for every stage, functions for the rest."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from nba.book.build import GIVEN
from nba.book.model import (
    Book,
    Budget,
    Calendar,
    Condition,
    Gates,
    Limit,
    Policy,
    Validity,
)
from nba.book.ranking import FACTORS
from nba.decide.accounting import Accounting
from nba.decide.deriving import deriving
from nba.decide.domains import domains_of
from nba.decide.factors import Factors, bounds_of
from nba.decide.functions import Function, Functions, Slots
from nba.decide.index import Indexing, Narrow, Narrowing, by_size, index
from nba.decide.plan import (
    Boost,
    Cap,
    Door,
    Gating,
    Key,
    Once,
    Pause,
    Places,
    Plan,
    PointPlan,
    PolicyGate,
    TierPlan,
    Ways,
)
from nba.decide.rows import bands
from nba.decide.stages import stages_of
from nba.decide.targets import Selector, Target, bits, mask_of, names_of, select, targets_of
from nba.decide.wordings import Wordings
from nba.journey.reading import JourneyReader, Moments
from nba.lang import tree
from nba.lang.types import BOOL

__all__ = ["plan_for"]

#: From so many treatments on, those are judged first that may be worth most: so many times the root
#: of their number. The best is mostly among them (`python -m benchmarks.actions`).
MANY: Final = 768
ROOTS: Final = 8


def plan_for(book: Book, moments: Moments = "native", indexing: Indexing = index) -> Plan:
    """Build the plan of a book: numbers, sets, and for every stage what *indexing* makes of it."""
    return _Planner(book, moments, indexing).plan()


class _Planner:
    def __init__(self, book: Book, moments: Moments, indexing: Indexing) -> None:
        self.book = book
        self.moments = moments
        self.indexing = indexing
        targets = targets_of(book)
        bounds = bounds_of(book, targets)
        order = sorted(range(len(targets)), key=lambda place: -bounds[place].worth)
        self.targets = [targets[place] for place in order]
        cheapest = sorted(order, key=lambda place: (targets[place].channel.cost, place))
        places = {place: rank for rank, place in enumerate(cheapest)}
        self.cheapest = [places[place] for place in order]
        self.bounds = [bounds[place] for place in order]
        self.names = names_of(self.targets)
        self.first = self.judged_first()
        # after the declared fields: the event that a signal looks at, rows, then the factors
        rows = (f"table.{name}" for name in book.tables)  # those that are hit
        more = ("event", *rows, *FACTORS)
        first = len(book.shape.paths)
        self.slots = {**book.shape.slots, **{name: first + i for i, name in enumerate(more)}}
        self.functions = Functions(self.slots)
        self.domains = domains_of(book.shape)
        self.weights = [
            Boost(select(one.covers, self.names), one.add, place)
            for place, one in enumerate(book.scoring.weights)
        ]

    def plan(self) -> Plan:
        book, targets, names = self.book, self.targets, self.names
        functions, doors = self.functions, self.doors()
        factors = Factors(book, targets, self.bounds, functions)
        given, dates = self.slots.get(GIVEN), self.dates()
        first, unused = (1 << self.first) - 1, mask_of(self.unused())
        plan = Plan(
            book=book,
            targets=targets,
            names=names,
            cheapest=self.cheapest,
            slot_count=len(self.slots),
            places=Places(
                self.slots["now"],
                self.slots["interaction.present"],
                self.slots["interaction.channel"],
                self.slots.get("customer.timezone"),
                book.shape.slots.get("customer.preferred_channel"),
            ),
            functions=functions,
            journey=JourneyReader(book, self.slots, self.moments),
            derive=deriving(book, self.slots),
            first=self.first,
            ahead=~unused & first,
            rest=~unused & (names.everything ^ first),
            unused=unused,
            dates=dates,
            dated=dates is not None or bool(book.kill_switch),
            stops=tuple(select(stop.covers, names) for stop in book.kill_switch),
            points=self.points(),
            fitting=self.fitting(),
            eligible_book=self.gating("eligible", lambda _: [book.gates]),
            policies=tuple(
                PolicyGate(policy.id, covers, functions.verdict(policy.block_when))
                for policy, covers in self.policies()
            ),
            directed=self.directed(),
            eligible=self.gating("eligible", self.within),
            applicable=self.gating("applicable", self.all_levels),
            suitable=self.gating("suitable", self.all_levels),
            without_store=self.without_store(),
            siblings=mask_of(
                number
                for numbers in names.of_action.values()
                if len(numbers) > 1
                for number in numbers
            ),
            accounting=self.accounting(),
            once=dict(self.once()),
            keys=tuple(self.keys()),
            pauses=tuple(
                Pause(rule, select(rule.covers, names)) for rule in book.suppressions.values()
            ),
            caps=tuple(
                Cap(
                    limit,
                    select(limit.covers, names),
                    select(limit.exempt, names) if limit.exempt else None,
                )
                for limit in book.limits.values()
            ),
            waits=self.waits(),
            given=given,
            doors=doors,
            refusing=self.refusing(),
            ways=ways_of(doors),
            weights=self.weights,
            boosts=self.boosts(),
            factors=factors,
            plain=factors.plain if factors.formula is None else None,
            wordings=Wordings(targets, functions),
            tiers=tuple(
                TierPlan(tier.name, select(tier.covers, names), functions.when(tier.when))
                for tier in book.tiers
            ),
            floor=book.no_action.priority,
        )
        return replace(plan, stages=stages_of(plan))

    # --- availability

    def validities(self, target: Target) -> list[Validity]:
        action = target.action
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        return [issue.validity, group.validity, action.validity, target.treatment.validity]

    def dates(self) -> Callable[[int], int] | None:
        """Return what is in its dates, by the instant; None where nothing has any."""
        changes: dict[float, list[int]] = {}
        before: list[int] = []
        for number, target in enumerate(self.targets):
            own = self.validities(target)
            start = max((v.start for v in own if v.start is not None), default=None)
            end = min((v.end for v in own if v.end is not None), default=None)
            if start is not None and (end is None or start < end):
                before.append(number)
                changes.setdefault(start, []).append(number)
            if end is not None and start is not None and end <= start:
                before.append(number)  # in no time at all
            elif end is not None:
                changes.setdefault(end, []).append(number)
        if not changes and not before:
            return None
        everything = self.names.everything
        found = bands(changes, {}, everything ^ mask_of(before), everything)
        return found.row

    def points(self) -> dict[str, PointPlan]:
        found = {}
        for name, point in self.book.decision_points.items():
            selector = select(point.covers, self.names)
            if point.channel is not None:
                on_channel = self.names.mask("channel", point.channel)
                selector = Selector(selector.mask & on_channel, selector.direction)
            found[name] = PointPlan(selector, point.show, tuple(point.at_most_per.items()))
        return found

    # --- conditions

    def within(self, number: int) -> list[Gates]:
        """Return the conditions of a treatment, but for those of the book."""
        action, treatment, _ = self.targets[number]
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        return [issue.gates, group.gates, action.gates, treatment.gates]

    def all_levels(self, number: int) -> list[Gates]:
        return [self.book.gates, *self.within(number)]

    def fitting(self) -> Narrowing | None:
        """Return what asks for all conditions, and that no policy of both directions stops."""
        required = self.required(
            lambda number: [one for gates in self.all_levels(number) for one in gates.conditions]
        )
        covered: dict[int, list[int]] = {}
        for policy, covers in self.policies():
            if covers.direction is None:
                passes = opposite_of(policy.block_when)
                stopped = covers.mask | mask_of(required.get(passes, ()))
                if stopped not in covered:  # what many policies cover is listed once
                    covered[stopped] = list(bits(stopped))
                required[passes] = covered[stopped]
        return self.indexed(required)

    def policies(self) -> Iterator[tuple[Policy, Selector]]:
        """Yield the policies in use, with what they cover."""
        for policy in sorted(self.book.policies.values(), key=lambda policy: policy.id):
            if policy.enabled:
                yield policy, select(policy.covers, self.names)

    def directed(self) -> Callable[[Slots], list[Selector]] | None:
        """Return what gives what is stopped by the policies of one direction."""
        some = [
            (opposite_of(policy.block_when), covers)
            for policy, covers in self.policies()
            if covers.direction is not None
        ]
        return self.functions.lacking(some) if some else None

    def gating(self, stage: str, levels: Callable[[int], Iterable[Gates]]) -> Gating | None:
        """Return the conditions of one stage, whose index is made when somebody asks for it."""

        def conditions(number: int) -> list[Condition]:
            return [condition for gates in levels(number) for condition in getattr(gates, stage)]

        if not any(map(conditions, range(len(self.targets)))):
            return None
        ready: list[Narrow] = []

        def narrow(slots: Slots, left: int) -> int:
            if not ready:
                found = self.indexed(self.required(conditions))
                ready.append(found.narrow if found else lambda _slots, left: left)
            return ready[0](slots, left)

        return Gating(narrow, conditions, None)

    def waits(self) -> Gating | None:
        """Return what treatments wait for: that the opposite of `defer_if` holds."""
        opposites: dict[Condition, Condition] = {}

        def conditions(number: int) -> list[Condition]:
            waits = self.targets[number].treatment.defer_if
            if waits is None:
                return []
            return [opposites.get(waits) or opposites.setdefault(waits, opposite_of(waits))]

        found = self.indexed(self.required(conditions))
        return Gating(found.narrow, conditions, found.parts) if found else None

    def required(
        self, conditions: Callable[[int], Sequence[Condition]]
    ) -> dict[Condition, list[int]]:
        """Return the conditions of treatments, each with whose it is."""
        required: dict[Condition, list[int]] = {}
        for number in range(len(self.targets)):
            for condition in dict.fromkeys(conditions(number)):
                required.setdefault(condition, []).append(number)
        return required

    def indexed(self, required: Mapping[Condition, list[int]]) -> Narrowing | None:
        if not required:
            return None
        everything = self.names.everything
        narrow, parts = self.indexing(required, self.functions, everything, self.domains)
        if self.first < len(self.targets):  # what goes first has an index of its own
            some = {
                condition: few
                for condition, numbers in required.items()
                if (few := numbers[: bisect_left(numbers, self.first)])
            }
            most = (1 << self.first) - 1
            small = self.indexing(some, self.functions, most, self.domains)
            narrow = by_size(small.narrow, narrow, most)
        return Narrowing(narrow, parts)

    def unused(self) -> list[int]:
        """Return what is not enabled."""
        return [
            number
            for number, target in enumerate(self.targets)
            if not all(validity.enabled for validity in self.validities(target))
        ]

    def judged_first(self) -> int:
        """Return how many are judged at once: all where there are few, or bounds tell nothing."""
        count = len(self.targets)
        first = ROOTS * math.isqrt(count)
        if count < max(MANY, 2 * first) or self.book.scoring.weights:
            return count
        return first if self.bounds[first].worth < math.inf else count

    def doors(self) -> dict[str, Door]:
        return {
            name: Door(
                self.names.mask("channel", name),
                channel.direction,
                self.functions.verdict(channel.consent) if channel.consent else None,
                self.book.calendars[channel.open] if channel.open else None,
                channel.when_closed,
            )
            for name, channel in self.book.channels.items()
        }

    def refusing(self) -> Callable[[Slots], list[str]] | None:
        """Return what gives the channels that nobody consented to."""
        asked = [(one.consent, name) for name, one in self.book.channels.items() if one.consent]
        return self.functions.lacking(asked) if asked else None

    def boosts(self) -> Callable[[Slots], list[Boost]] | None:
        """Return what gives the weights that hold."""
        asked = [
            (one.when, boost)
            for one, boost in zip(self.book.scoring.weights, self.weights, strict=True)
        ]
        return self.functions.holding(asked) if asked else None

    # --- contact

    def without_store(self) -> Selector | None:
        """Return what may be done when the store fails: nothing that takes of a budget."""
        covers = self.book.on_store_failure.without_limits_for
        if covers is None:
            return None
        found = select(covers, self.names)
        takes = mask_of(
            number
            for number, (action, _, _) in enumerate(self.targets)
            if action.takes or action.gesture
        )
        return Selector(found.mask & ~takes, found.direction)

    def accounting(self) -> Accounting:
        rules: list[Limit | Budget] = [*self.book.limits.values(), *self.book.budgets.values()]
        fields = {"household": self.book.household}
        paths = {rule.per: fields.get(rule.per, rule.per) for rule in rules}
        return Accounting(rules, {per: self.slots.get(path or "") for per, path in paths.items()})

    def once(self) -> Iterator[tuple[str, Once]]:
        for action in self.book.actions.values():
            again = action.gesture.not_again_within if action.gesture else None
            if action.once_per is not None or again is not None:
                key = self.functions.value(action.once_per) if action.once_per else None
                yield action.id, Once(self.names.of_action.get(action.id, ()), key, again)

    def keys(self) -> Iterator[Key]:
        found: dict[Function, list[int]] = {}
        for numbers, key, _ in dict(self.once()).values():
            if key is not None:
                found.setdefault(key, []).extend(numbers)
        for key, some in found.items():
            yield Key(mask_of(some), key)


def opposite_of(condition: Condition) -> Condition:
    """Return the condition that surely holds where another surely does not."""
    node = tree.Not(0, 0, condition.tree)
    node.type = BOOL
    return Condition("not", node, "", (condition,), condition.place)


def ways_of(doors: Mapping[str, Door]) -> dict[str | None, Ways]:
    """Return what there is to ask of channels, by the one of the interaction; {} for nothing."""
    if all(
        door.direction == "both" and not (door.consent or door.hours) for door in doors.values()
    ):
        return {}
    return {current: _ways(doors, current) for current in (None, *doors)}


def _ways(doors: Mapping[str, Door], current: str | None) -> Ways:
    misdirected = 0
    hours: dict[str, tuple[Calendar, list[Door]]] = {}
    for name, door in doors.items():
        if door.direction not in ("both", "inbound" if name == current else "outbound"):
            misdirected |= door.mask
        elif door.hours is not None and name != current:
            hours.setdefault(door.hours.id, (door.hours, []))[1].append(door)
    return Ways(misdirected, tuple((one, tuple(some)) for one, some in hours.values()))
