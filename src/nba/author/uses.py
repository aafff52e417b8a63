"""Who uses what in a book: all its expressions, and which read a field, a moment, a condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final, NamedTuple

from nba.author.kinds import KINDS
from nba.book.model import Book, Condition, Expression
from nba.errors import Place
from nba.lang.normal import reads

__all__ = ["Use", "expressions_in", "expressions_of", "uses"]

#: What is called by what it is: there is one in a book.
_OF_THE_BOOK: Final = {
    "gates": "the book's own conditions",
    "scoring": "scoring",
    "relationship": "the relationship",
    "briefing": "the briefing",
    "interaction_event": "the interaction event",
}


#: The parts of a book without a condition or an expression that decides anything.
_WITHOUT: Final = ("shape", "tests", "fields", "zone")


class Use(NamedTuple):
    """Who reads something, and where."""

    by: str
    where: Place


def uses(book: Book, *paths: str) -> list[Use]:
    """Return who reads one of the fields *paths*, or something below one, each once.

    What a condition reads is found wherever it stands in the model, so that a new section is
    looked through like the others.
    """
    found: dict[str, Use] = {}
    below = tuple(f"{path}." for path in paths)
    for by, expression in expressions_of(book):
        if any(f"{name}.".startswith(below) for name in reads(expression.tree)):
            found.setdefault(by, Use(by, expression.place))
    return list(found.values())


def expressions_of(book: Book) -> Iterator[tuple[str, Condition | Expression]]:
    """Yield all conditions and expressions of a book, each with what has it, in words."""
    for part in fields(book):
        value = getattr(book, part.name)
        if part.name in _WITHOUT:
            continue
        if isinstance(value, Mapping):
            kind = KINDS.get(part.name, part.name)
            for name, each in value.items():
                yield from ((f"{kind} `{name}`", found) for found in expressions_in(each))
        elif part.name == "tiers":
            for tier in book.tiers:
                yield from ((f"tier `{tier.name}`", found) for found in expressions_in(tier))
        else:
            by = _OF_THE_BOOK.get(part.name, part.name)
            yield from ((by, found) for found in expressions_in(value))


def expressions_in(part: Any) -> Iterator[Condition | Expression]:
    """Yield the conditions and expressions in a part of the model, the outermost alone."""
    if isinstance(part, Condition | Expression):
        yield part
    elif isinstance(part, Mapping):
        for each in part.values():
            yield from expressions_in(each)
    elif isinstance(part, tuple | list):
        for each in part:
            yield from expressions_in(each)
    elif is_dataclass(part) and not isinstance(part, type):
        for each in fields(part):
            yield from expressions_in(getattr(part, each.name))
