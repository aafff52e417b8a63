"""Actions that can never be chosen: what they require excludes itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nba.author.lint.reasoning import doubt, listed
from nba.author.lint.requirements import Requirement
from nba.author.lint.survey import Survey
from nba.book.model import Action
from nba.errors import Diagnostic, Place

__all__ = ["never_eligible"]


def never_eligible(survey: Survey) -> Iterator[Diagnostic]:
    """Yield what keeps actions from ever being chosen."""
    cores: dict[tuple[object, ...], tuple[tuple[Requirement, ...], dict[str, list[str]]]] = {}
    for number, core in survey.impossible.items():
        target = survey.targets[number]
        if not _said_elsewhere(core):
            key = tuple(each.key for each in core)
            _, found = cores.setdefault(key, (core, {}))
            found.setdefault(target.action.id, []).append(target.channel.id)
    for core, found in cores.values():
        yield _diagnostic(survey, core, found)


def _said_elsewhere(core: Sequence[Requirement]) -> bool:
    """Return whether one condition alone is why: that is said of it, or it is meant."""
    return len(core) < 2 and all(each.source is not None for each in core)


def _diagnostic(
    survey: Survey, core: Sequence[Requirement], found: dict[str, list[str]]
) -> Diagnostic:
    *others, last = core
    about = [_called(survey.book.actions[name], channels) for name, channels in found.items()]
    who = listed(about)
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
        return action.id
    return f"{action.id}` by {listed(channels)[:-1]}"
