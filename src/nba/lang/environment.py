"""The declared world that an expression is checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nba.lang.functions import BOOK_FUNCTIONS, CEL_FUNCTIONS, Functions, Overload
from nba.lang.types import Type

__all__ = ["Environment"]


@dataclass(frozen=True, slots=True)
class Environment:
    """The declared world that an expression is checked against.

    *names* are the declared names, dotted ones included; an `ObjectType` declares fields below
    its name. *book* applies the rules of rule books. Without *strict* types are not enforced.
    *scope* says what may be read here, for whoever reads anything else.
    """

    names: Mapping[str, Type] = field(default_factory=dict)
    container: str = ""
    book: bool = False
    strict: bool = True
    scope: str = ""
    #: What was found for a call of a function with arguments of known types.
    calls: dict[tuple[str, tuple[Type, ...]], tuple[Type, Overload | None]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @property
    def functions(self) -> Functions:
        """The table of functions that expressions may use."""
        return BOOK_FUNCTIONS if self.book else CEL_FUNCTIONS
