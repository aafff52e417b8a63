"""What nothing uses, and rules that reach nothing."""

from __future__ import annotations

from collections.abc import Iterator

from nba.author.lint.reasoning import doubt, in_file
from nba.author.lint.survey import Survey
from nba.book.model import Covers
from nba.errors import Diagnostic, Place

__all__ = ["covers_nothing", "unused"]


def unused(survey: Survey) -> Iterator[Diagnostic]:
    """Yield what is declared and used by no rule."""
    parts = (_computed, _tables, _of_contact, _levels)
    for kind, name, place, help_ in (found for part in parts for found in part(survey)):
        yield doubt("unused", f"nothing uses the {kind} `{name}`", help_, place)


_Unused = tuple[str, str, Place, str]


def _computed(survey: Survey) -> Iterator[_Unused]:
    """Yield what conditions and numbers could read, and none does."""
    book, read = survey.book, survey.read
    told = book.briefing is not None and in_file(book.briefing.place)
    for kind in ("condition", "scorecard", "signal"):
        for name, found in getattr(book, f"{kind}s").items():
            if f"{kind}.{name}" not in read:
                help_ = f"read it as `{kind}.{name}`, or remove it"
                yield kind, name, found.place, help_
    for name, moment in book.moments.items():
        own = (f"moment.{name}", "moments", f"evidence.{name}.")
        if not any(path.startswith(own) for path in read) and not (told and moment.briefing):
            help_ = f"let an action answer it (`answers: [{name}]`), or remove it"
            yield "moment", name, moment.place, help_


def _tables(survey: Survey) -> Iterator[_Unused]:
    """Yield the tables of which no output is read, and by which no action is chosen."""
    for name, table in survey.book.tables.items():
        if not any(table.path(output) in survey.read for output in table.outputs):
            help_ = f"read an output, or write `chosen_by: {name}` at an action; else remove it"
            yield "table", name, table.place, help_


def _of_contact(survey: Survey) -> Iterator[_Unused]:
    book = survey.book
    opened = {channel.open for channel in book.channels.values()}
    for name, calendar in book.calendars.items():
        if name not in opened:
            yield "calendar", name, calendar.place, f"write `open: {name}` at a channel"
    taken = {name for action in book.actions.values() for name in action.takes}
    for action in book.actions.values():
        taken.update(action.gesture.budgets if action.gesture else ())
    for name, budget in book.budgets.items():
        if name not in taken:
            help_ = f"write `takes: [{name}]` at an action, or remove it"
            if budget.money:
                help_ = f"write `budgets: [{name}]` at a gesture, or remove it"
            yield "budget", name, budget.place, help_


def _levels(survey: Survey) -> Iterator[_Unused]:
    """Yield the groups and issues in which nothing is."""
    book = survey.book
    groups = {action.group for action in book.actions.values()}
    issues = {name.partition("/")[0] for name in book.groups}
    for kind, found, used in (("group", book.groups, groups), ("issue", book.issues, issues)):
        for name, level in found.items():
            if name not in used:
                yield kind, name, level.place, "put an action into it, or remove it"


def covers_nothing(survey: Survey) -> Iterator[Diagnostic]:
    """Yield rules whose selector no treatment of the book fits."""
    for kind, name, covers, place in _selectors(survey):
        if covers != Covers() and not survey.select(covers).mask:
            message = f"the {kind} `{name}` covers nothing: no action fits all of its `covers`"
            help_ = "keys must all fit, and names below one key are alternatives"
            yield doubt("covers-nothing", message, help_, place)


def _selectors(survey: Survey) -> Iterator[tuple[str, str, Covers, Place]]:
    book = survey.book
    for policy in book.policies.values():
        yield "policy", policy.id, policy.covers, policy.place
    for limit in book.limits.values():
        yield "limit", limit.id, limit.covers, limit.place
    for rule in book.suppressions.values():
        yield "suppression", rule.id, rule.covers, rule.place
    for weight in book.scoring.weights:
        yield "weight", f"{weight.add:+g} %", weight.covers, weight.place
    for tier in book.tiers:
        yield "tier", tier.name, tier.covers, tier.place
    for point in book.decision_points.values():
        yield "decision point", point.id, point.covers, point.place
    for stop in book.kill_switch:
        yield "kill switch", stop.title, stop.covers, stop.place
