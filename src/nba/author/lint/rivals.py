"""Actions that never come first: what they are worth is not enough, or another goes before."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from nba.author.lint.reasoning import doubt, listed
from nba.author.lint.survey import Survey
from nba.book.model import Action, Condition, Slot, Treatment
from nba.decide.targets import Selector, Target
from nba.errors import Diagnostic
from nba.lang.possible import untrue
from nba.lang.tree import Literal

__all__ = ["never_first", "never_wins", "worthless"]

#: How many others an action is compared with: the strongest of those that read no more.
_MOST_RIVALS: Final = 40
#: Among how many these are looked for.
_MOST_SEEN: Final = 400
#: Between products of doubles that are rounded differently.
_CLEARLY: Final = 1.0 + 1e-9
#: Numbers between these are multiplied without an end.
_LEAST, _GREATEST = 1e-100, 1e100


def never_wins(survey: Survey) -> Iterator[Diagnostic]:
    """Yield actions that are never the answer, because doing nothing or another always is."""
    floor = survey.book.no_action.priority
    hopeless = dict(worthless(survey))
    for name, most in hopeless.items():
        message = f"`{name}` is never chosen: its priority is at most {most:g}"
        message += f", and has to be above {floor:g}, that of doing nothing"
        help_ = "raise its `value`, or lower the priority of `no_action`"
        yield doubt("never-wins", message, help_, survey.book.actions[name].place)
    for action, rivals in never_first(survey):
        if action.id not in hopeless and not _is_impossible(survey, action):
            message = f"`{action.id}` never comes first: wherever it may be chosen,"
            message += f" {listed(rivals)} may too, and goes before it"
            help_ = "raise its `value`, narrow what goes before it, or remove it"
            yield doubt("never-wins", message, help_, action.place)


def _is_impossible(survey: Survey, action: Action) -> bool:
    return all(
        survey.numbers[action.id, treatment.channel] in survey.impossible
        for treatment in action.treatments
    )


# --- beside doing nothing


def worthless(survey: Survey) -> Iterator[tuple[str, float]]:
    """Yield actions whose priority never exceeds that of doing nothing, and how high it gets."""
    book = survey.book
    if book.scoring.priority is not None:
        return
    boosts = [(weight.add, survey.select(weight.covers).mask) for weight in book.scoring.weights]
    for action in book.actions.values():
        most = 0.0
        for treatment in action.treatments:
            number = survey.numbers[action.id, treatment.channel]
            added = math.fsum(add for add, mask in boosts if add > 0 and mask >> number & 1)
            value = survey.factor(treatment.value)[1]
            propensity = survey.factor(treatment.propensity)[1]
            ends = propensity * (1.0 + added / 100.0) * value * survey.lever(action)
            most = max(most, math.inf if math.isnan(ends) else ends)
        if most <= book.no_action.priority:
            yield action.id, most


# --- beside others


def never_first(survey: Survey) -> Iterator[tuple[Action, list[str]]]:
    """Yield actions that never come first, with those that go before them on each channel.

    On each channel there is another that competes under the same tiers, weights and decision
    points, that requires no more, that nothing stops which would not stop this one, and whose
    priority is always as high.
    """
    if survey.book.scoring.priority is not None:
        return
    rivals = _Rivals(survey)
    for action in survey.book.actions.values():
        found = [
            rivals.before(survey.numbers[action.id, treatment.channel])
            for treatment in action.treatments
        ]
        names = list(dict.fromkeys(name for name in found if name is not None))
        if None not in found and names and action.keep_for is None:
            yield action, names


class _Rivals:
    """Treatments that may be chosen wherever others may be that require as much."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        book = survey.book
        points = book.decision_points.values()
        parts = [*book.tiers, *book.scoring.weights, *points, *book.kill_switch]
        covers = [part.covers for part in parts]  # type: ignore[attr-defined]
        covers += filter(None, [book.on_store_failure.without_limits_for])
        self.selectors = [survey.select(each) for each in covers]
        several = [survey.select(point.covers) for point in points if point.show > 1]
        self.several = _union(several)
        self.suppressed = _union(survey.select(r.covers) for r in book.suppressions.values())
        #: Of each limit what it may cap, and what it surely does.
        self.caps = []
        for limit in book.limits.values():
            exempt = survey.select(limit.exempt) if limit.exempt else Selector(0, None)
            mask = survey.select(limit.covers).mask
            freed = exempt.mask if exempt.direction is None else 0
            self.caps.append((mask & ~freed, mask & ~exempt.mask))
        policies = [survey.select(p.covers) for p in book.policies.values() if p.enabled]
        self.caps += [(policy.mask, policy.mask) for policy in policies]
        self.bits: dict[str, int] = {}  # of the fields that conditions read
        self.reads = [self.read_by(target) for target in survey.targets]
        self.alike: dict[object, list[tuple[float, int]]] = {}
        for number, target in enumerate(survey.targets):
            if self.free(number, target):
                same = self.alike.setdefault(self.place(number), [])
                same.append((-self.least(target), number))
        for same in self.alike.values():
            same.sort()

    def read_by(self, target: Target) -> int:
        """Return the fields that the conditions of a treatment read, as a set of bits."""
        mask = 0
        for condition in self.conditions(target):
            for path in self.survey.reads(condition):
                mask |= 1 << self.bits.setdefault(path, len(self.bits))
        return mask

    def place(self, number: int) -> object:
        """Return what two treatments have in common that compete everywhere alike."""
        covered = tuple(selector.mask >> number & 1 for selector in self.selectors)
        return self.survey.targets[number].channel.id, covered

    def free(self, number: int, target: Target) -> bool:
        """Return whether only conditions, policies and limits keep it from being chosen."""
        action, treatment, _ = target
        own = action.once_per or action.takes or action.gesture or treatment.defer_if
        if own or self.suppressed >> number & 1 or not _can_be_said(treatment):
            return False
        if number in self.survey.impossible:
            return False
        validities = self.survey.validities(action, treatment)
        return all(v.enabled and v.start is None and v.end is None for v in validities)

    def least(self, target: Target) -> float:
        """Return the least that a treatment is worth, before weights."""
        value, propensity = target.treatment.value, target.treatment.propensity
        least = self.survey.factor(value)[0] * self.survey.factor(propensity)[0]
        return least * self.survey.lever(target.action)

    def before(self, number: int) -> str | None:
        """Return an action that goes before this treatment wherever it may be chosen."""
        if self.several >> number & 1:
            return None  # it may come second, and be shown
        target = self.survey.targets[number]
        seen = self.alike.get(self.place(number), ())[:_MOST_SEEN]
        others = [other for _, other in seen if not self.reads[other] & ~self.reads[number]]
        for other in others[:_MOST_RIVALS]:
            rival = self.survey.targets[other]
            if (
                rival.action.id != target.action.id
                and self.stronger(rival, target)
                and self.reaches(rival, number)
                and self.weaker(rival, target)
            ):
                return rival.action.id
        return None

    def stronger(self, rival: Target, target: Target) -> bool:
        """Return whether a rival's priority is always above, or as high and first by its id."""
        survey = self.survey
        factors = [
            (rival.treatment.propensity, target.treatment.propensity),
            (rival.treatment.value, target.treatment.value),
        ]
        levers = survey.lever(rival.action), survey.lever(target.action)
        first = rival.action.id < target.action.id
        if all(own == other for own, other in factors) and levers[0] == levers[1]:
            return first
        ends = [(survey.factor(own), survey.factor(other)) for own, other in factors]
        if any(own[1] > _GREATEST for own, _ in ends):
            return False
        constant = [own is None or isinstance(own.tree, Literal) for own, _ in factors]
        alike = [own == other for own, other in factors]
        if not all(one or other for one, other in zip(alike, constant, strict=True)):
            return False  # it may be unknown where the other is not
        above = [same or own[0] >= other[1] for same, (own, other) in zip(alike, ends, strict=True)]
        if all(above) and levers[0] >= levers[1] and first:
            return True
        least = math.prod(own[0] for own, _ in ends) * levers[0]
        most = math.prod(other[1] for _, other in ends) * levers[1]
        return all(constant) and least > max(most * _CLEARLY, _LEAST)

    def reaches(self, rival: Target, number: int) -> bool:
        """Return whether each limit and policy that may stop a rival stops this one, too."""
        channels = (treatment.channel for treatment in rival.action.treatments)
        own = [self.survey.numbers[rival.action.id, channel] for channel in channels]
        return all(
            surely >> number & 1
            for maybe, surely in self.caps
            if any(maybe >> each & 1 for each in own)
        )

    def weaker(self, rival: Target, target: Target) -> bool:
        """Return whether all that a rival requires is required of this one, too."""
        own = self.conditions(target)
        for condition in self.conditions(rival):
            if condition in own:
                continue
            reads = self.survey.reads(condition)
            related = [each for each in own if reads & self.survey.reads(each)]
            form = untrue(self.survey.form(condition))
            if not related or not self.survey.possible.never(
                form, *(self.survey.form(each) for each in related)
            ):
                return False
        return True

    def conditions(self, target: Target) -> list[Condition]:
        levels = self.survey.levels(target.action, target.treatment)
        return [condition for level in levels for condition in level.conditions]


def _union(selectors: Iterator[Selector] | list[Selector]) -> int:
    mask = 0
    for selector in selectors:
        mask |= selector.mask
    return mask


def _can_be_said(treatment: Treatment) -> bool:
    """Return whether there always is something to say, or nothing is said."""
    if treatment.say is None:
        return True
    slots = any(isinstance(part, Slot) for text in treatment.say for part in text.parts)
    return not slots and any(text.when is None for text in treatment.say)
