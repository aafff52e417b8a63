"""Conditions by themselves: always or never true, and said before."""

from __future__ import annotations

from collections.abc import Iterator

from nba.author.lint.reasoning import Level, doubt, in_file, listed, shown, written
from nba.author.lint.survey import Survey
from nba.book.model import Condition
from nba.errors import Diagnostic
from nba.lang import tree
from nba.lang.normal import AllOf, AnyOf, Normal, Opaque, Test
from nba.lang.possible import needs, untrue

__all__ = ["always_true", "never_true", "repeats_condition", "repeats_named"]


def always_true(survey: Survey) -> Iterator[Diagnostic]:
    """Yield conditions that are never false, whatever is handed in."""
    for condition in decided(survey, holds=True):
        read = sorted(needs(condition.tree) - survey.world.known)
        message = f"{shown(condition)} is never false"
        help_ = "remove it, or correct what it compares with"
        if read and not survey.possible.never(untrue(survey.form(condition))):
            message += f": it holds wherever {listed(read)} is known"
            help_ = f"remove it, or write `has({read[0]})` if that is what you mean"
        yield doubt("always-true", message, help_, condition.place)


def never_true(survey: Survey) -> Iterator[Diagnostic]:
    """Yield conditions that are never true: always false, or unknown."""
    for condition in decided(survey, holds=False):
        message = f"{shown(condition)} can never be true"
        if condition.kind == "all":
            message = "these conditions can never be true together"
        help_ = "remove it, or correct what it compares with"
        yield doubt("never-true", message, help_, condition.place)


def decided(survey: Survey, *, holds: bool) -> Iterator[Condition]:
    """Yield the conditions that are never false, or else those that are never true."""
    for condition in _parts(survey):
        if survey.possible.never(survey.form(condition, positive=not holds)):
            yield condition


def _parts(survey: Survey) -> Iterator[Condition]:
    """Yield conditions and those inside them; of one that is decided, the inner ones that are."""
    for condition in survey.conditions:
        yield from _inside(survey, condition)


def _inside(survey: Survey, condition: Condition) -> Iterator[Condition]:
    """Yield the parts of a condition that are not said of a part of theirs already."""
    node = condition.tree
    named = isinstance(node, tree.Field) and node.path.startswith("condition.")
    if named or isinstance(node, tree.Literal) or not in_file(condition.place):
        return  # it is said where the name is given; and `true` is what somebody meant
    possible = survey.possible
    for item in condition.items:
        yield from _inside(survey, item)
    forms = [survey.form(item) for item in condition.items]
    opposites = [survey.form(item, positive=False) for item in condition.items]
    if condition.kind == "not" or (forms and any(map(possible.never, (*forms, *opposites)))):
        return  # its parts say so
    yield condition


# --- said before


def repeats_named(survey: Survey) -> Iterator[Diagnostic]:
    """Yield conditions that say what a named condition says."""
    names: dict[object, str] = {}
    for name, named in sorted(survey.book.conditions.items()):
        if not isinstance(named.tree, tree.Field):
            names.setdefault(_same(survey.form(named)), name)
    own = {id(condition): name for name, condition in survey.book.conditions.items()}
    if not names:
        return
    for condition in survey.conditions:
        for part in _with_items(condition):
            name = names.get(_same(survey.form(part)), "")
            plain = isinstance(part.tree, tree.Field | tree.Literal)
            by_name = part.kind == "not" or plain or not in_file(part.place)
            if not name or by_name or id(part) in own:
                continue
            message = f"this repeats the condition `{name}`"
            help_ = f"write `condition.{name}`"
            yield doubt("repeats-named", message, help_, part.place)
            break


def _with_items(condition: Condition) -> Iterator[Condition]:
    yield condition
    for item in condition.items:
        yield from _with_items(item)


def _same(form: Normal) -> object:
    """Return what is equal for forms that differ only in the order of their parts."""
    match form:
        case AllOf() | AnyOf():
            return type(form).__name__, frozenset(map(_same, form.parts))
        case Test():
            return form.path, form.operator, form.value.__class__, form.value
        case Opaque():
            return form.text, form.positive
    return form


def repeats_condition(survey: Survey) -> Iterator[Diagnostic]:
    """Yield conditions of the catalogue that follow from others, mostly of a higher level."""
    for condition, level, other in implied(survey):
        message = f"{shown(condition)} says no more than {shown(other)}"
        message += f" of {level.name} at {other.place}"
        yield doubt("repeats-condition", message, "remove it", condition.place)


def implied(survey: Survey) -> Iterator[tuple[Condition, Level, Condition]]:
    """Yield conditions that hold wherever another holds that is required as well."""
    seen: set[tuple[int, ...]] = set()
    for action, treatment, _ in survey.targets:
        above: list[tuple[Level, Condition]] = []
        for level in survey.levels(action, treatment):
            own = [(level, condition) for condition in level.conditions]
            key = tuple(id(condition) for _, condition in (*above, *own))
            if own and key not in seen:
                seen.add(key)
                yield from _implied(survey, above, own)
            above += own


def _implied(
    survey: Survey, above: list[tuple[Level, Condition]], own: list[tuple[Level, Condition]]
) -> Iterator[tuple[Condition, Level, Condition]]:
    never = survey.possible.never
    for place, (_, condition) in enumerate(own):
        form = survey.form(condition)
        reads = survey.reads(condition)
        plain = isinstance(condition.tree, tree.Literal) or not written(condition)
        if plain or never(form) or never(untrue(form)):
            continue
        later = own[place + 1 :]
        for level, other in (*above, *own[:place], *later):
            if not reads & survey.reads(other):
                continue
            found = survey.form(other)
            if not never(found, untrue(form)):
                continue
            # of two that say the same at one level, the first stays
            if not any(other is each for _, each in later) or not never(form, untrue(found)):
                yield condition, level, other
                break
