"""Actions that can never be chosen: what they require excludes itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nba.author.lint.survey import Survey, doubt, shown
from nba.book.model import Action, Condition, Policy
from nba.decide.targets import Target
from nba.errors import Diagnostic, Place
from nba.lang import tree
from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Test
from nba.lang.types import STRING

__all__ = ["Requirement", "Requirements", "impossible", "never_eligible"]

_CHANNEL = "interaction.channel"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a treatment requires: in words, its place, its form, and a condition in it."""

    words: str
    place: Place
    form: Normal
    source: Condition | None = None

    @property
    def key(self) -> tuple[Place, str]:
        """What tells it from others."""
        return self.place, self.words


class Requirements:
    """What treatments require in order to be candidates."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self.policies = [
            (policy, survey.select(policy.covers))
            for policy in survey.book.policies.values()
            if policy.enabled
        ]

    def of(self, number: int, target: Target) -> list[Requirement]:
        """Return what the treatment of this number requires, broad first."""
        action, treatment, channel = target
        found = list(self.stops(number, target))
        for level in self.survey.levels(action, treatment):
            found += map(self.condition, level.conditions)
        if treatment.defer_if is not None:
            words = f"the opposite of {shown(treatment.defer_if)}"
            form = self.survey.form(treatment.defer_if, positive=False)
            place = treatment.defer_if.place
            found.append(Requirement(words, place, form, treatment.defer_if))
        inbound, outbound = self.directions(target)
        ways = {"inbound": inbound, "outbound": outbound, "both": AnyOf((inbound, outbound))}
        words = f"that it goes by `{channel.id}`"
        return [Requirement(words, channel.place, ways[channel.direction]), *found]

    def condition(self, condition: Condition) -> Requirement:
        """Return what a condition requires."""
        form = self.survey.form(condition)
        return Requirement(shown(condition), condition.place, form, condition)

    def stops(self, number: int, target: Target) -> Iterator[Requirement]:
        """Yield that no policy blocks."""
        inbound, outbound = self.directions(target, consent=False)
        for policy, selector in self.policies:
            if not selector.mask >> number & 1:
                continue
            clear = self.survey.form(policy.block_when, positive=False)
            if selector.direction is not None:
                other = outbound if selector.direction == "inbound" else inbound
                clear = AnyOf((clear, other))
            source = None if isinstance(policy.block_when.tree, tree.Literal) else policy.block_when
            yield Requirement(_policy(policy), policy.place, clear, source)

    def directions(self, target: Target, *, consent: bool = True) -> tuple[Normal, Normal]:
        """Return what it takes to be inbound, and outbound."""
        channel = target.channel
        elsewhere = Test(_CHANNEL, "!=", channel.id, STRING)
        nowhere = Test(_CHANNEL, "not has", None, STRING)
        allowed: Normal = Constant(holds=True)
        if consent and channel.consent is not None:
            allowed = self.survey.form(channel.consent)
        outbound = AllOf((AnyOf((elsewhere, nowhere)), allowed))
        return Test(_CHANNEL, "==", channel.id, STRING), outbound


def never_eligible(survey: Survey) -> Iterator[Diagnostic]:
    """Yield what keeps actions from ever being chosen."""
    cores: dict[tuple[object, ...], tuple[list[Requirement], dict[str, list[str]]]] = {}
    for target, core in impossible(survey):
        if not _said_elsewhere(core):
            key = tuple(each.key for each in core)
            _, found = cores.setdefault(key, (core, {}))
            found.setdefault(target.action.id, []).append(target.channel.id)
    for core, found in cores.values():
        yield _diagnostic(survey, core, found)


def impossible(survey: Survey) -> Iterator[tuple[Target, list[Requirement]]]:
    """Yield the treatments that can never be candidates, and what excludes each other."""
    requirements = Requirements(survey)
    asked: dict[tuple[object, ...], list[Requirement] | None] = {}
    for number, target in enumerate(survey.targets):
        required = requirements.of(number, target)
        key = tuple(each.key for each in required)
        if key not in asked:
            asked[key] = _core(survey, required)
        core = asked[key]
        if core is not None:
            yield target, core


def _core(survey: Survey, required: Sequence[Requirement]) -> list[Requirement] | None:
    """Return the fewest requirements that exclude each other; None where there are none."""
    if not survey.possible.never(*(each.form for each in required)):
        return None
    core = list(required)
    for each in required:
        fewer = [other for other in core if other is not each]
        if survey.possible.never(*(other.form for other in fewer)):
            core = fewer
    return core


def _said_elsewhere(core: Sequence[Requirement]) -> bool:
    """Return whether one condition alone is why: that is said of it, or it is meant."""
    return len(core) < 2 and all(each.source is not None for each in core)


def _diagnostic(
    survey: Survey, core: Sequence[Requirement], found: dict[str, list[str]]
) -> Diagnostic:
    *others, last = core
    about = [_called(survey.book.actions[name], channels) for name, channels in found.items()]
    who = _several(about)
    if not others:
        message = f"{who} can never be chosen: {last.words} always stands against it"
        help_ = "narrow what the policy covers, or remove the action"
        return doubt("never-eligible", message, help_, _where(survey, last, found))
    places = " and ".join(f"{each.words} at {each.place}" for each in others)
    message = f"{who} can never be chosen: {last.words} excludes {places}"
    help_ = "change one of them, or remove what is never chosen"
    return doubt("never-eligible", message, help_, last.place)


def _where(survey: Survey, last: Requirement, found: dict[str, list[str]]) -> Place:
    """Return the place of the one action, or of what keeps several from being chosen."""
    if len(found) > 1:
        return last.place
    return survey.book.actions[next(iter(found))].place


def _called(action: Action, channels: list[str]) -> str:
    if len(channels) == len(action.treatments):
        return f"`{action.id}`"
    return f"`{action.id}` by {' and '.join(f'`{channel}`' for channel in channels)}"


def _several(names: list[str]) -> str:
    if len(names) <= 3:
        return " and ".join(names)
    return f"{', '.join(names[:2])} and {len(names) - 2} others"


def _policy(policy: Policy) -> str:
    if isinstance(policy.block_when.tree, tree.Literal):
        return f"the policy `{policy.id}`"
    return f"the policy `{policy.id}`, which blocks when {shown(policy.block_when)},"
