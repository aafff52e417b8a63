"""A session: one customer, decided on again and again while a conversation goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from nba.decide.binding import bound
from nba.decide.case import Case
from nba.decide.decision import Decision
from nba.engine.deciding import Running

__all__ = ["Session"]


class Decide(Protocol):
    """What decides a case."""

    def __call__(
        self,
        running: Running,
        case: Case,
        n: int | None,
        *,
        observe: bool,
        commit: bool,
        key: str | None,
    ) -> Decision: ...


class Session:
    """A conversation with one customer: `decide` for each thing that happens in it.

    It is safe to use while the journey goes on, time passes and the book is reloaded: what was
    looked up is used again only where it is still the same. *current* gives what decides now.
    """

    def __init__(self, case: Case, current: Callable[[], Running], decide: Decide) -> None:
        self._case = case
        self._current = current
        self._decide = decide
        self._bound: tuple[Running, Running] | None = None  # what was there, and what remembers

    def decide(
        self,
        interaction: Mapping[str, Any] | None = None,
        *,
        now: datetime | None = None,
        n: int | None = None,
        observe: bool = False,
        commit: bool = True,
        key: str | None = None,
    ) -> Decision:
        """Return the next best action for an *interaction*; the rest is as in `Engine.decide`."""
        current, remembered = self._current(), self._bound
        if remembered is None or remembered[0] is not current:  # the first time, or another book
            remembered = self._bound = (current, current._replace(plan=bound(current.plan)))
        case = self._case._replace(interaction=interaction, now=now)
        return self._decide(remembered[1], case, n, observe=observe, commit=commit, key=key)
