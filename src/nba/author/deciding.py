"""Deciding what many cases and recorded decisions ask, by one book and without any effect."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nba.author.population import Item
from nba.book.build import Built
from nba.book.model import Book
from nba.decide.briefing import Briefer
from nba.decide.case import Case
from nba.engine import Engine
from nba.engine.account import EngineAccount
from nba.errors import CaseError
from nba.record.replay import Replayer

__all__ = ["Decider", "Reopened"]


class Decider:
    """Decides cases and records by the book of an *engine*, each for itself.

    Nothing is taken of limits and budgets, and nothing is remembered. A case is decided on what it
    brings, and not on what the engine's store knows. Events and earlier answers that only the
    *other* book knows are left out, so that two books can be asked about the same customers.
    """

    def __init__(self, engine: Engine, other: Book | None = None) -> None:
        self.engine = Engine(Built(engine.book, []))
        self.book = engine.book
        self._replayer = Replayer(engine.book, any_version=True)
        self._briefer = Briefer(self._replayer.plan)
        self._other = other

    def account(self, item: Item) -> EngineAccount:
        """Return the answer, with what can be told about it. Raises CaseError."""
        if not isinstance(item, Case):
            case, found = self._replayer.again(item)
            return EngineAccount(found, case, self._briefer)
        decision = self.engine.decide_case(self._known(item), commit=False)
        account = decision.account
        assert isinstance(account, EngineAccount)  # noqa: S101 - the engine has just made it
        return account

    def _known(self, case: Case) -> Case:
        """Return a case without what the other book knows, and this one does not."""
        if self._other is None or not (case.events or case.history):
            return case
        own, other = self.book, self._other
        events = case.events and tuple(
            event
            for event in case.events
            if not _only(other.events, own.events, event.type)
            and not _only(other.channels, own.channels, event.channel)
        )
        history = case.history and tuple(
            one
            for one in case.history
            if not _only(other.actions, own.actions, one.get("action"))
            and not _only(other.channels, own.channels, one.get("channel"))
        )
        return case._replace(events=events, history=history)


def _only(theirs: Mapping[str, Any], own: Mapping[str, Any], name: object) -> bool:
    """Tell whether a name stands in theirs, and not in our own."""
    return isinstance(name, str) and name in theirs and name not in own


@dataclass(frozen=True, slots=True)
class Reopened:
    """Opens the book at a *path* again in another process: that *version* of it, and no other."""

    path: str | os.PathLike[str]
    version: str

    def engine(self) -> Engine:
        """Return an engine for the book. Raises CaseError where it has changed meanwhile."""
        engine = Engine.open(self.path)
        if engine.version != self.version:
            raise CaseError(f"the book `{os.fspath(self.path)}` was changed meanwhile")
        return engine
