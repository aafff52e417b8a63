"""A description of one thing in a book: what is said of it and bears on it, with the places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nba.book.rules import NOWHERE
from nba.errors import Place

__all__ = ["Description", "Line", "Section", "place_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, without its full stop, and where the rule stands that it is about."""

    says: str
    where: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """What a book says of one thing: its *kind*, such as `action`, its id, and sections."""

    kind: str
    id: str
    title: str
    where: Place
    sections: tuple[Section, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the description as plain data."""
        return {
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "where": place_of(self.where),
            "sections": [
                {
                    "heading": section.heading,
                    "lines": [
                        {"says": line.says, "where": place_of(line.where)} for line in section.lines
                    ],
                }
                for section in self.sections
            ],
        }


def place_of(where: Place) -> str | None:
    """Return a place as file and line, None for what stands in no file."""
    return f"{where.file}:{where.line}" if where.file else None
