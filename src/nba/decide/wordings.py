"""What treatments say: the lines of each, compiled when somebody is to be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nba.book.model import Slot, Text
from nba.decide.functions import Function, Functions
from nba.decide.targets import Target

__all__ = ["Line", "Wordings"]


class Line(NamedTuple):
    """A text to say: when it fits, and its parts; one to fill in has a function and a format."""

    holds: Function | None
    parts: tuple[str | tuple[Function, str], ...]


class Wordings:
    """Gives the lines of treatments by number; None where there is nothing to say."""

    def __init__(self, targets: Sequence[Target], functions: Functions) -> None:
        self.targets = targets
        self.functions = functions
        self._ready: dict[int, tuple[Line, ...]] = {}  # by treatment
        self._alike: dict[tuple[Text, ...], tuple[Line, ...]] = {}

    def of(self, number: int) -> tuple[Line, ...] | None:
        """Return what a treatment may say, the first that fits before others."""
        texts = self.targets[number].treatment.say
        if texts is None:
            return None
        found = self._ready.get(number)
        if found is None:
            found = self._alike.get(texts)
            if found is None:
                found = self._alike[texts] = tuple(map(self._line, texts))
            self._ready[number] = found
        return found

    def _line(self, text: Text) -> Line:
        return Line(self.functions.when(text.when), tuple(map(self._part, text.parts)))

    def _part(self, part: str | Slot) -> str | tuple[Function, str]:
        if isinstance(part, str):
            return part
        return self.functions.value(part.expression), part.format
