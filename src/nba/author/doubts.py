"""Doubts about the cases of a population: what of them could not be read, and how often."""

from __future__ import annotations

from collections import Counter
from typing import Final

__all__ = ["Doubts"]

#: So many are told apart: values that are all different would fill the memory.
_MOST: Final = 100
_OTHERS: Final = "and others"


class Doubts(Counter[str]):
    """How often each doubt came up; of those that are too many only the number is known."""

    def note(self, doubt: str) -> None:
        """Count a doubt."""
        self[doubt if doubt in self or len(self) < _MOST else _OTHERS] += 1
