"""What goes out without being asked for: consent, limits, and money without a budget."""

from __future__ import annotations

from collections.abc import Iterator

from nba.author.lint.reasoning import doubt, listed, shown
from nba.author.lint.survey import Survey
from nba.book.model import Action, Condition
from nba.decide.targets import Target
from nba.errors import Diagnostic
from nba.lang import tree
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.reference import judge
from nba.lang.tree import Node

__all__ = ["negated_consent", "no_budget", "no_consent", "no_limit"]

_CONSENT = "consent"


def no_consent(survey: Survey) -> Iterator[Diagnostic]:
    """Yield channels on which something goes out, and nothing asks for consent."""
    out: dict[str, dict[str, None]] = {}
    for _, target in survey.going_out():
        if target.channel.consent is None and not _asks(survey, target):
            out.setdefault(target.channel.id, {})[target.action.id] = None
    for name, actions in out.items():
        message = f"{listed(actions)} can go out by `{name}`, and nothing asks for consent"
        help_ = f"add `consent: customer.consent.{name} == true`"
        help_ += ", or `consent: true` where none is needed"
        yield doubt("no-consent", message, help_, survey.book.channels[name].place)


def _asks(survey: Survey, target: Target) -> bool:
    """Return whether a condition of a treatment reads something that is called consent."""
    levels = survey.levels(target.action, target.treatment)
    conditions = (condition for level in levels for condition in level.conditions)
    return any(_is_consent(path) for each in conditions for path in survey.reads(each))


def _is_consent(path: str) -> bool:
    return any(part.startswith(_CONSENT) for part in path.split("."))


def no_limit(survey: Survey) -> Iterator[Diagnostic]:
    """Yield groups whose actions may go out as often as they like."""
    book = survey.book
    bounded = 0
    for limit in book.limits.values():
        selector = survey.select(limit.covers)
        bounded |= 0 if selector.direction == "inbound" else selector.mask
    for rule in book.suppressions.values():
        if {"presented", "decided"} & set(rule.after):
            bounded |= survey.select(rule.covers).mask
    free: dict[str, dict[str, None]] = {}
    for number, (action, _, _) in survey.going_out():
        if not bounded >> number & 1 and not _bounds_itself(survey, action):
            free.setdefault(action.group, {})[action.id] = None
    if len(free) > 3 and not bounded:  # once is enough where there is no limit at all
        free = {next(iter(free)): {name: None for names in free.values() for name in names}}
    for name, actions in free.items():
        message = f"nothing limits how often {listed(actions)} can go out"
        help_ = "cover it by a limit under `contact_policy`, or name it in the `exempt` of one"
        yield doubt("no-limit", message, help_, book.groups[name].place)


def _bounds_itself(survey: Survey, action: Action) -> bool:
    """Return whether an action says itself how often it is done for somebody."""
    again = action.gesture is not None and action.gesture.not_again_within is not None
    own = any(survey.book.budgets[name].per != "book" for name in action.takes)
    return action.once_per is not None or again or own


def no_budget(survey: Survey) -> Iterator[Diagnostic]:
    """Yield actions that give something of which there is no end."""
    for action in survey.book.actions.values():
        if action.gesture is not None and not action.gesture.budgets:
            message = f"`{action.id}` gives money, and no budget bounds how much in all"
            yield doubt("no-budget", message, "add `budgets:` to its gesture", action.place)


# --- consent that nobody gave


def negated_consent(survey: Survey) -> Iterator[Diagnostic]:
    """Yield conditions that take the lack of a refusal for consent."""
    help_ = "write it as a requirement, such as `customer.consent.email == true`"
    said: set[int] = set()
    for condition in survey.conditions:
        found = next(_negated(condition.tree), None)
        if found is not None and id(condition.tree) not in said:
            said.add(id(condition.tree))
            inner = _at(condition, found)
            message = f"{shown(inner)} takes for consent that nobody refused"
            yield doubt("negated-consent", message, help_, inner.place)
    nothing = {spec.path: spec.default for spec in survey.book.fields if spec.default is not None}
    for channel in survey.book.channels.values():
        consent = channel.consent
        if consent is None or isinstance(consent.tree, tree.Literal) or id(consent.tree) in said:
            continue
        known = {**nothing, **dict(_named(survey, nothing))}
        if judge(consent.tree, known, BOOK_FUNCTIONS) is True:
            message = f"{shown(consent)} holds for somebody of whom nothing is known"
            yield doubt("negated-consent", message, help_, consent.place)


def _negated(node: Node) -> Iterator[Node]:
    """Yield the parts that pass because a consent is not refused, or was never asked for."""
    match node:
        case tree.Call(function="!=", args=[left, right]):
            if any(map(_reads_consent, (left, right))) and _is(False, left, right):
                yield node
        case tree.Not(operand=tree.Call(function="==", args=[left, right])):
            if any(map(_reads_consent, (left, right))) and _is(False, left, right):
                yield node
        case tree.Default(operand=operand, fallback=fallback):
            if _reads_consent(operand) and _is(True, fallback):
                yield node
    for child in tree.children(node):
        yield from _negated(child)


def _reads_consent(node: Node) -> bool:
    return isinstance(node, tree.Field) and _is_consent(node.path)


def _is(value: bool, *nodes: Node) -> bool:
    return any(isinstance(node, tree.Literal) and node.value is value for node in nodes)


def _at(condition: Condition, part: Node) -> Condition:
    """Return the innermost of the conditions in a file that has a part."""
    for item in condition.items:
        if any(node is part for node in tree.walk(item.tree)):
            return _at(item, part)
    return condition


def _named(survey: Survey, known: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the named conditions that are known by what is *known*."""
    fields = dict(known)
    for path in survey.book.derived:
        node = survey.named(path)
        verdict = judge(node, fields, BOOK_FUNCTIONS) if node else None
        if verdict is not None:
            fields[path] = verdict
            yield path, verdict
