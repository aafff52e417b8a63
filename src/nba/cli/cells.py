"""Cells: what the text in a CSV file means, by the type that the book declares."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from nba.cli.output import CommandError
from nba.errors import did_you_mean
from nba.lang.types import ObjectType, Type

__all__ = ["check_columns", "fits_a_cell", "value"]

_INT: Final = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")
_BOOLS: Final = {"true": True, "false": False}
#: What stands between the items of a list.
_BETWEEN: Final = ";"


def check_columns(names: Sequence[str], known: Collection[str], where: str) -> None:
    """Refuse columns that mean nothing, have no name, or stand there twice. Raises CommandError."""
    if len(names) == 1 and "|" in names[0]:
        message = "`|` stands between the columns"
        raise CommandError(message, "put commas between them", where=where)
    seen: set[str] = set()
    for number, name in enumerate(names, 1):
        if not name:
            raise CommandError(f"column {number} has no name", "name it or remove it", where=where)
        if name not in known:
            message = f"there is no column `{name[:60]}`"
            raise CommandError(message, did_you_mean(name, known), where=where)
        if name in seen:
            raise CommandError(f"the column `{name}` stands there twice", where=where)
        seen.add(name)


def fits_a_cell(kind: Type) -> bool:
    """Tell whether values of a type can be written in a cell: no maps and no objects."""
    return (
        kind.name != "map"
        and not isinstance(kind, ObjectType)
        and all(item.name != "list" and fits_a_cell(item) for item in kind.args)
    )


def value(text: str, kind: Type) -> object:
    """Return what a cell says, as its type has it; the text itself where it does not fit.

    >>> from nba.lang.types import BOOL, DOUBLE, STRING, list_of
    >>> value("2.5", DOUBLE), value("TRUE", BOOL), value("a; b", list_of(STRING))
    (2.5, True, ['a', 'b'])
    >>> value("a lot", DOUBLE)
    'a lot'
    """
    word = text.strip()
    match kind.name:
        case "bool":
            return _BOOLS.get(word.lower(), text)
        case "int" if _INT.fullmatch(word):
            return int(word)
        case "double" if _NUMBER.fullmatch(word):
            return float(word)
        case "timestamp" | "duration":
            return word
        case "list":
            items = (item.strip() for item in text.split(_BETWEEN))
            return [value(item, kind.args[0]) for item in items if item]
    return text
