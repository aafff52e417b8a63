"""The rules of a book that tests can reach, and what has to be seen of each.

A rule is reached when everything that can come of it was seen in some test. What can come of it is
an *arm*. Each kind of rule has its own, and docs/rule-book.md says which.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from nba.book.model import (
    GATES,
    Action,
    Book,
    Condition,
    Corridor,
    Gates,
    Gesture,
    Group,
    Issue,
    Point,
    Scorecard,
    Text,
    Treatment,
)
from nba.errors import Place
from nba.lang.tree import Literal

__all__ = ["ROW", "Arm", "Rule", "nested", "rules_of"]

#: The kind of the rows of decision tables.
ROW: Final = "row"


@dataclass(frozen=True, slots=True)
class Arm:
    """What can come of a rule: one of *keys* has to be seen; *unseen* says that none was."""

    unseen: str
    keys: tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its *kind*, what it is called, where it stands, and its arms."""

    kind: str
    name: str
    place: Place
    arms: tuple[Arm, ...]


def rules_of(book: Book) -> Iterator[Rule]:
    """Yield the rules of a book that a test can reach; what is out of use is none."""
    yield from _of_journey(book)
    for name, condition in book.conditions.items():
        arms = _arms(condition, "no test where it holds", "no test where it does not")
        owner = f"`condition.{name}`"
        yield Rule("condition", owner, condition.place, tuple(arms))
        yield from _condition(condition, owner)
    cards = [*book.scorecards.values(), *([book.relationship] if book.relationship else [])]
    for card in cards:
        for point in card.points:
            yield from _point(card, point)
    yield from _tables(book)
    yield from _gates(book.gates, "the book")
    yield from _policies(book)
    for level in (*book.issues.values(), *book.groups.values()):
        yield from _level(level)
    for action in book.actions.values():
        yield from _action(book, action)
    yield from _ranking(book)
    yield from _contact(book)


def nested(condition: Condition) -> Iterator[tuple[Condition, bool]]:
    """Yield the conditions in a list of conditions, each with whether it is turned round."""
    if condition.kind == "not":
        inner = condition.items[0]
        if inner.kind != "is":
            yield from ((leaf, not turned) for leaf, turned in nested(inner))
        return
    for item in condition.items:
        if item.kind == "is" or (item.kind == "not" and item.items[0].kind == "is"):
            yield item, False
        else:
            yield from nested(item)


# --- conditions


def _verdicts(condition: Condition, *, blocks: bool) -> tuple[Any, Any]:
    """Return the keys of what holds and what does not; unknown is as that which *blocks*."""
    one = id(condition)
    holds, fails = ((one, True),), ((one, False),)
    unknown = ((one, None),)
    return (holds + unknown, fails) if blocks else (holds, fails + unknown)


def _arms(condition: Condition, holds: str, fails: str, *, blocks: bool = False) -> Iterator[Arm]:
    """Yield the arms of a condition; one that is written `true` is never anything else."""
    pairs = zip((True, False), (holds, fails), _verdicts(condition, blocks=blocks), strict=True)
    always = _constant(condition)
    for verdict, unseen, keys in pairs:
        if unseen and always in (None, verdict):
            yield Arm(unseen, keys)


def _constant(condition: Condition) -> bool | None:
    """Return what a condition always is that is `true` or `false`; None for others."""
    tree = condition.tree
    return tree.value is True if isinstance(tree, Literal) else None


def _condition(
    condition: Condition | None, owner: str, *, top: str = "", blocks: bool = False
) -> Iterator[Rule]:
    """Yield a condition as a rule of the kind *top*, if it is one, and those in its lists."""
    if condition is None:
        return
    if top:
        yield _asked(top, condition, owner, blocks=blocks)
    for leaf, turned in nested(condition):
        yield _asked("condition", leaf, owner, blocks=blocks is not turned)


def _asked(kind: str, condition: Condition, owner: str, *, blocks: bool) -> Rule:
    arms = _arms(condition, "no test where it holds", "no test where it does not", blocks=blocks)
    return Rule(kind, f"`{_text(condition)}` of {owner}", condition.place, tuple(arms))


def _text(condition: Condition) -> str:
    if condition.kind == "not":
        inner = _text(condition.items[0])
        return f"not: {inner}" if inner else "not"
    if condition.kind == "is":
        text = condition.text
        return text if len(text) <= 60 else f"{text[:59]}…"
    return condition.kind


def _gates(gates: Gates, owner: str) -> Iterator[Rule]:
    for gate in GATES:
        for condition in getattr(gates, gate):
            yield from _condition(condition, owner, top=gate)


def _level(level: Issue | Group) -> Iterator[Rule]:
    if level.validity.enabled:
        yield from _gates(level.gates, f"`{level.id}`")


# --- what follows from the journey


def _of_journey(book: Book) -> Iterator[Rule]:
    for name, signal in book.signals.items():
        arm = Arm("no test with an event that it counts", (("signal", name),))
        yield Rule("signal", f"`{name}`", signal.place, (arm,))
    for name, moment in book.moments.items():
        arm = Arm("no test where it is open", (("moment", name),))
        yield Rule("moment", f"`{name}`", moment.place, (arm,))
        if len(moment.patterns) > 1:
            for place in range(len(moment.patterns)):
                arm = Arm("no test where it is open by this", (("pattern", name, place),))
                yield Rule("pattern", f"{place + 1} of `{name}`", moment.place, (arm,))
    for corridor in book.corridors.values():
        yield from _corridor(corridor)


def _tables(book: Book) -> Iterator[Rule]:
    for name, table in book.tables.items():
        for number, row in enumerate(table.rows, 1):
            arm = Arm("no test that hits it", ((ROW, name, number),))
            yield Rule(ROW, f"{number} of `{name}`", row.place, (arm,))


def _corridor(corridor: Corridor) -> Iterator[Rule]:
    for stage in corridor.stages:
        key = (corridor.id, stage.id)
        arms = [Arm("no test where a customer is in it", (("stage", *key),))]
        if stage.within is not None or stage.by is not None:
            arms.append(Arm("no test where what it expects is late", (("late", *key),)))
        yield Rule("stage", f"`{stage.id}` of `{corridor.id}`", corridor.place, tuple(arms))


def _point(card: Scorecard, point: Point) -> Iterator[Rule]:
    owner = "the relationship" if card.id == "relationship" else f"`scorecard.{card.id}`"
    if point.band is not None:
        for band, points in point.bands:
            name = f"`{band.text}: {points:g}` of {owner}"
            arm = Arm("no test with such a number", (("band", id(point), band.text),))
            yield Rule("band", name, point.place, (arm,))
        return
    arms = [Arm("no test where it counts", (("point", id(point)),))]
    if point.when is not None:
        arms += _arms(point.when, "", "no test where it does not count")
        text = _text(point.when)
        yield Rule("point", f"`{text}` of {owner}", point.place, tuple(arms))
        yield from _condition(point.when, owner)


# --- stops


def _policies(book: Book) -> Iterator[Rule]:
    for name, policy in book.policies.items():
        if not policy.enabled:
            continue
        condition = policy.block_when
        arms = _arms(
            condition,
            "no test where it blocks something",
            "no test where it lets through what it covers",
            blocks=True,
        )
        yield Rule("policy", f"`{name}`", policy.place, tuple(arms))
        yield from _condition(condition, f"`{name}`", blocks=True)


# --- actions


def _action(book: Book, action: Action) -> Iterator[Rule]:
    levels = (book.issues[action.issue], book.groups[action.group], action)
    if not all(level.validity.enabled for level in levels):
        return
    owner = f"`{action.id}`"
    answered = Arm("no test where it is an answer", (("action", action.id),))
    yield Rule("action", owner, action.place, (answered,))
    yield from _gates(action.gates, owner)
    if action.once_per is not None:
        arm = Arm("no test where it was done already", (("once", action.id),))
        yield Rule("once_per", owner, action.once_per.place, (arm,))
    if action.gesture is not None:
        yield from _gesture(action, action.gesture)
    shared: set[int] = set()
    for treatment in action.treatments:
        if treatment.validity.enabled:
            yield from _treatment(action, treatment, shared)


def _gesture(action: Action, gesture: Gesture) -> Iterator[Rule]:
    owner = f"`{action.id}`"
    if gesture.not_again_within is not None:
        arm = Arm("no test where it was put right already", (("put_right", action.id),))
        yield Rule("not_again_within", owner, action.place, (arm,))
    if gesture.at_most is not None:
        unseen = "no test where it keeps a rung from being given"
        arm = Arm(unseen, (("at_most", id(gesture)),))
        yield Rule("at_most", owner, gesture.at_most.place, (arm,))
    if gesture.authority:
        unseen = "no test where it is more than the role may give by itself"
        arm = Arm(unseen, (("authority", id(gesture)),))
        yield Rule("authority", owner, action.place, (arm,))
    for rung in gesture.ladder:
        arms = [Arm("no test where it is given", (("rung", id(rung)),))]
        if rung.when is not None:
            arms += _arms(rung.when, "", "no test where its condition does not hold")
        yield Rule("rung", f"`{rung.amount.text}` of {owner}", rung.place, tuple(arms))
        yield from _condition(rung.when, owner)


def _treatment(action: Action, treatment: Treatment, shared: set[int]) -> Iterator[Rule]:
    """Yield what a treatment has of its own; what it *shared* with others was yielded."""
    owner = f"`{action.id}` by {treatment.channel}"
    unseen = "no test where it gets as far as arbitration"
    arm = Arm(unseen, (("treatment", action.id, treatment.channel),))
    yield Rule("treatment", owner, treatment.place, (arm,))
    yield from _gates(treatment.gates, owner)
    waits = treatment.defer_if
    if waits is not None and id(waits) not in shared:
        shared.add(id(waits))
        yield from _condition(waits, f"`{action.id}`", top="defer_if", blocks=True)
    for number, text in enumerate(treatment.say or ()):
        if id(text) not in shared:
            shared.add(id(text))
            yield from _said(action, number, text)


def _said(action: Action, number: int, text: Text) -> Iterator[Rule]:
    arms = [Arm("no test where it is said", (("text", id(text)),))]
    if text.when is not None:
        arms += _arms(text.when, "", "no test where its condition does not hold")
    name = f"text {number + 1} of `{action.id}`"
    yield Rule("wording", name, text.place, tuple(arms))
    yield from _condition(text.when, name)


# --- what decides between actions


def _ranking(book: Book) -> Iterator[Rule]:
    for weight in book.scoring.weights:
        arms = [Arm("no test where it counts", (("weight", id(weight)),))]
        name = f"{weight.add:+g} %"
        if weight.when is not None:
            name += f" when `{_text(weight.when)}`"
            arms += _arms(weight.when, "", "no test where its condition does not hold")
        yield Rule("weight", name, weight.place, tuple(arms))
        yield from _condition(weight.when, "a weight")
    for tier in book.tiers:
        arms = [Arm("no test with an answer from it", (("tier", tier.name),))]
        if tier.when is not None:
            arms += _arms(tier.when, "", "no test where it is not active")
        yield Rule("tier", f"`{tier.name}`", tier.place, tuple(arms))
        yield from _condition(tier.when, f"the tier `{tier.name}`")
    for name, point in book.decision_points.items():
        arm = Arm("no test `at` it", (("decision_point", name),))
        yield Rule("decision_point", f"`{name}`", point.place, (arm,))


# --- contact


def _contact(book: Book) -> Iterator[Rule]:
    for channel in book.channels.values():
        if channel.consent is not None:
            owner = f"`{channel.id}`"
            yield from _condition(channel.consent, owner, top="consent")
    kept = {channel.open for channel in book.channels.values()}
    for name, calendar in book.calendars.items():
        if name in kept:
            arms = (
                Arm("no test while it is open", (("calendar", name, True),)),
                Arm("no test while it is closed", (("calendar", name, False),)),
            )
            yield Rule("calendar", f"`{name}`", calendar.place, arms)
    for name, limit in book.limits.items():
        arm = Arm("no test where it is full", (("limited", name),))
        yield Rule("limit", f"`{name}`", limit.place, (arm,))
    for name, rule in book.suppressions.items():
        arm = Arm("no test where it suppresses something", (("suppressed", name),))
        yield Rule("suppression", f"`{name}`", rule.place, (arm,))
    for name, budget in book.budgets.items():
        arm = Arm("no test where too little is left", (("unaffordable", name),))
        yield Rule("budget", f"`{name}`", budget.place, (arm,))
