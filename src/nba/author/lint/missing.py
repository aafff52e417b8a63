"""Fields that may be unknown, and what nobody sees happen then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from nba.author.lint.reasoning import doubt, shown
from nba.author.lint.survey import Survey
from nba.book.fields import PRESENT
from nba.book.model import Action, Condition, Expression, Slot, Treatment
from nba.decide.targets import Target
from nba.errors import Diagnostic, Place
from nba.lang.normal import Normal, Test
from nba.lang.possible import needs

__all__ = ["Unguarded", "unguarded"]

_CHANNEL: Final = "interaction.channel"
#: Kinds of actions that speak to who is there: they never go out by themselves.
_HERE: Final = ("guidance", "channel_suggestion")


def unguarded(survey: Survey) -> Iterator[Diagnostic]:
    """Yield what is unknown where a field is, and stops an action without a word."""
    rules = Unguarded(survey)
    yield from rules.never_alone()
    yield from rules.blocking()
    yield from rules.computed()


class Unguarded:
    """Looks for fields that may be unknown."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        #: Fields that are handed in, or not.
        self.optional = {
            spec.path
            for spec in survey.book.shape.inputs
            if spec.default is None and spec.path != _CHANNEL
        }
        inner = [path for path in sorted(self.optional) if _of_interaction(path)]
        self.nobody: list[Normal] = [
            Test(PRESENT, "==", value=False),
            Test(_CHANNEL, "not has", None),
        ]
        self.absent = {path: Test(path, "not has", None) for path in inner}

    # --- without an interaction

    def never_alone(self) -> Iterator[Diagnostic]:
        """Yield conditions that nothing can pass while nobody is there."""
        said: dict[tuple[Place, str], tuple[Condition, list[Target]]] = {}
        for number, target in enumerate(self.survey.targets):
            if target.channel.direction == "inbound" or target.action.kind in _HERE:
                continue
            found = self.stopping(number, target)
            if found is not None:
                condition, path = found
                said.setdefault((condition.place, path), (condition, []))[1].append(target)
        for (place, path), (condition, targets) in said.items():
            target = targets[0]
            message = f"{shown(condition)} is unknown while there is no interaction"
            message += f", so `{target.action.id}` never goes out by `{target.channel.id}` then"
            help_ = f"write `default({path}, …)`, or ask for `{PRESENT}`, if that is meant"
            yield doubt("unguarded-interaction", message, help_, place)

    def stopping(self, number: int, target: Target) -> tuple[Condition, str] | None:
        """Return the condition that stops a treatment without an interaction, and its field."""
        never = self.survey.possible.never
        required = [*self.survey.outbound(number), *self.nobody]
        if not self.absent or not never(*required, *self.absent.values()) or never(*required):
            return None
        levels = self.survey.levels(target.action, target.treatment)
        own = {id(condition) for level in levels for condition in level.conditions}
        for each in self.survey.required[number]:
            if id(each.source) not in own:
                continue  # what a policy blocks is said of the policy
            for path, absent in self.absent.items():
                if each.source is not None and never(each.form, absent, *self.nobody):
                    return each.source, path
        return None

    # --- policies, and what is put off

    def blocking(self) -> Iterator[Diagnostic]:
        """Yield policies and `defer_if` that stop everything while a field is unknown."""
        seen: set[int] = set()
        for policy in self.survey.book.policies.values():
            if policy.enabled and self.survey.select(policy.covers).mask:
                what = f"the policy `{policy.id}` blocks all that it covers"
                yield from self._stopping(policy.block_when, what)
        for action, treatment, _ in self.survey.targets:
            wait = treatment.defer_if
            if wait is not None and id(wait) not in seen:
                seen.add(id(wait))
                yield from self._stopping(wait, f"`{action.id}` is put off")

    def _stopping(self, condition: Condition, what: str) -> Iterator[Diagnostic]:
        never = self.survey.possible.never
        form = self.survey.form(condition, positive=False)
        if never(form) or never(self.survey.form(condition)):
            return  # it is always so, or never, whatever is known
        for path in sorted(self.optional & self.survey.reads(condition)):
            if never(form, Test(path, "not has", None)):
                yield self.found(path, f"{what} while `{path}` is unknown", condition.place)

    # --- what is computed

    def computed(self) -> Iterator[Diagnostic]:
        """Yield values, amounts and texts that are unknown where a field is."""
        said: set[tuple[str, str]] = set()
        for number, target in enumerate(self.survey.targets):
            required: list[Normal] | None = None
            for expression, guards, what in _expressions(target.action, target.treatment):
                for path in sorted(needs(expression.tree) & self.optional):
                    if (target.action.id, path) in said:
                        continue
                    if required is None:
                        required = [each.form for each in self.survey.required[number]]
                    forms = [*required, *map(self.survey.form, guards)]
                    if self.survey.possible.never(*forms, Test(path, "not has", None)):
                        continue
                    said.add((target.action.id, path))
                    message = f"`{target.action.id}` {what} while `{path}` is unknown"
                    yield self.found(path, message, expression.place)

    def found(self, path: str, message: str, place: Place) -> Diagnostic:
        """Return what is said of one field."""
        help_ = f"give `{path}` a default, write `default({path}, …)`, or ask for it by `has`"
        if _of_interaction(path):
            return doubt("unguarded-interaction", message, help_, place)
        return doubt("unguarded-optional", message, help_, place)


def _expressions(
    action: Action, treatment: Treatment
) -> Iterator[tuple[Expression, Iterable[Condition], str]]:
    """Yield what a treatment computes, under which conditions, and what fails without it."""
    for factor in (treatment.value, treatment.propensity):
        if factor is not None:
            yield factor, (), "has no priority"
    if action.once_per is not None:
        yield action.once_per, (), "is not done"
    if action.gesture is not None:
        for rung in action.gesture.ladder:
            yield rung.amount, filter(None, [rung.when]), "does not give this"
        if action.gesture.at_most is not None:
            yield action.gesture.at_most, (), "gives nothing"
    for text in treatment.say or ():
        for part in text.parts:
            if isinstance(part, Slot):
                yield part.expression, filter(None, [text.when]), "cannot be said"


def _of_interaction(path: str) -> bool:
    return path.startswith("interaction.")
