"""Cases beside a book: what an author of a case may have meant otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nba.book.model import Book
from nba.decide.case import Case
from nba.errors import Diagnostic, did_you_mean
from nba.lang.context import Shape
from nba.lang.types import ObjectType, Type

__all__ = ["undeclared"]


def undeclared(book: Book, case: Case) -> Iterator[Diagnostic]:
    """Yield a warning for each field of a case that the book does not declare.

    The engine reads past them, since applications may hand in more than rules need; in a case
    that somebody wrote by hand they are mostly slips.
    """
    declared = book.shape.names()
    for root, given in (("customer", case.customer), ("interaction", case.interaction or {})):
        yield from _unknown(given, declared.get(root, ObjectType(root, fields={})), root)
    for event in case.events or ():
        if event.type in book.events:
            fields = Shape(book.events[event.type].fields).names()
            yield from _unknown(event.data, ObjectType(event.type, fields=fields), event.type)


def _unknown(value: object, kind: Type, path: str) -> Iterator[Diagnostic]:
    if isinstance(kind, ObjectType) and isinstance(value, Mapping):
        for name, inner in value.items():
            if name in kind.fields:
                yield from _unknown(inner, kind.fields[name], f"{path}.{name}")
            else:
                message = f"`{path}.{name}` is not declared, and is not read"
                help_ = did_you_mean(str(name), kind.fields)
                yield Diagnostic("undeclared-name", message, help_, severity="warning")
    elif kind.name == "list" and isinstance(value, list):
        for place, item in enumerate(value):
            yield from _unknown(item, kind.args[0], f"{path}[{place}]")
