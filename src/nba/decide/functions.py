"""The generated functions of a book: each distinct meaning is compiled once, when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from nba.book.model import Condition, Expression
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.python import Program

__all__ = ["Function", "Functions", "Slots"]

#: The values of one case, by slot; a function of them.
Slots = list[Any]
Function = Callable[[Slots], Any]

T = TypeVar("T")
#: Something, with the condition that it depends on; none always holds.
Conditional = tuple[Condition | None, T]


class Functions:
    """Gives the functions of conditions and expressions over *slots*, the places of fields.

    It may be shared between threads: at worst something is compiled twice.
    """

    def __init__(self, slots: Mapping[str, int]) -> None:
        self.slots = slots
        self._compiled: dict[tuple[str, Condition | Expression], Function] = {}

    def holds(self, condition: Condition) -> Function:
        """Return whether a condition is surely true."""
        return self._function("holds", condition)

    def verdict(self, condition: Condition) -> Function:
        """Return whether a condition is True, False or None."""
        return self._function("verdict", condition)

    def value(self, expression: Expression) -> Function:
        """Return what an expression gives, or UNKNOWN."""
        return self._function("value", expression)

    def when(self, condition: Condition | None) -> Function | None:
        """Return whether a condition selects; None where there is none, and it always does."""
        return self.holds(condition) if condition else None

    def holding(self, asked: Iterable[Conditional[T]]) -> Callable[[Slots], list[T]]:
        """Return what gives those whose condition is surely true; all are asked at once."""
        return self._choosing(asked, "")

    def lacking(self, asked: Iterable[Conditional[T]]) -> Callable[[Slots], list[T]]:
        """Return what gives those whose condition is not surely true."""
        return self._choosing(asked, "not ")

    def _choosing(self, asked: Iterable[Conditional[T]], word: str) -> Callable[[Slots], list[T]]:
        program = self.program()
        lines = ["found = []"]
        for condition, one in asked:
            test = program.true(condition.tree) if condition else "True"
            lines.append(f"if {word}{test}: found.append({program.constant(one)})")
        name = program.function([*lines, "return found"])
        return program.build()[name]

    def _function(self, kind: str, meaning: Condition | Expression) -> Function:
        key = (kind, meaning)
        found = self._compiled.get(key)
        if found is None:
            program = self.program()
            name = getattr(program, kind)(meaning.tree)
            found = self._compiled[key] = program.build()[name]
        return found

    def program(self, variables: Mapping[str, str] = MappingProxyType({})) -> Program:
        """Return what generates functions; those made of lines have some fields in *variables*."""

        def load(path: str) -> str:
            return f"c[{self.slots[path]}]"

        return Program(load, BOOK_FUNCTIONS, "None", lambda path: variables.get(path) or load(path))
