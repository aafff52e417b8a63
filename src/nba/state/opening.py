"""Opening a store by its URL, and what operators may ask of one."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Checked"]


class Checked(NamedTuple):
    """What was found about a store: the version of what it holds, and the one that is wanted.

    *version* is None where nothing is kept yet. *notes* are sentences for the operator.
    """

    kind: str
    version: int | None
    wanted: int
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the store can be used as it is."""
        return self.version == self.wanted
