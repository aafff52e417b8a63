"""What all rules are made of: checked expressions, conditions, selectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Final, Literal

from nba.errors import Place
from nba.lang.tree import Node

__all__ = ["NOWHERE", "Band", "Condition", "Covers", "Expression"]

#: The place of what stands in no file.
NOWHERE: Final = Place("", 0, 0)


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression; *text* is its canonical spelling."""

    text: str
    tree: Node = field(compare=False, repr=False)
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition: an expression (*kind* `is`), or all, any or not of other conditions.

    *tree* is the typed tree of the whole.
    """

    kind: Literal["is", "all", "any", "not"]
    tree: Node = field(compare=False, repr=False)
    text: str = ""
    items: tuple[Condition, ...] = ()
    place: Place = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Covers:
    """A selector: what fits every key given; None is anything."""

    issue: tuple[str, ...] | None = None
    group: tuple[str, ...] | None = None
    action: tuple[str, ...] | None = None
    channel: tuple[str, ...] | None = None
    tag: tuple[str, ...] | None = None
    kind: tuple[str, ...] | None = None
    direction: tuple[str, ...] | None = None

    def fits(self, own: Mapping[str, Iterable[str]]) -> bool:
        """Return whether it covers what has these names, by the keys of a selector."""
        for key in _SELECTED:
            wanted = getattr(self, key)
            if wanted is not None and not any(name in wanted for name in own[key]):
                return False
        return True


_SELECTED: Final = tuple(part.name for part in fields(Covers))


@dataclass(frozen=True, slots=True)
class Band:
    """Numbers from *low* to *high*; None is no bound; *text* is how it was written."""

    text: str
    low: float | None
    high: float | None
    low_included: bool = True
    high_included: bool = True

    def __contains__(self, number: float) -> bool:
        if self.low is not None and (
            number < self.low or (number == self.low and not self.low_included)
        ):
            return False
        return not (
            self.high is not None
            and (number > self.high or (number == self.high and not self.high_included))
        )
