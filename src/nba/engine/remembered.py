"""What is remembered of a customer's earlier answers, as a plan reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from nba.book.model import Book
from nba.decide.heeding import heeds
from nba.decide.history import Answered, History, history_of
from nba.decide.plan import Plan
from nba.engine.given import given_in
from nba.state.past import Past
from nba.state.store import Memory, Remembered

__all__ = ["history_in"]

#: How many of the last decisions are recorded with a decision though no rule asks about them.
_RECORDED: Final = 100


def history_in(
    plan: Plan, memory: Memory, asked: Iterable[str], now: int, *, taking: bool = False
) -> History:
    """Return what is remembered as the plan reads it: the answers that its rules ask about.

    Where something is to be *taken*, nothing that was given already is overlooked because the clock
    of another machine goes before: it is held to have been given now.
    """
    used = dict(zip(asked, memory.used, strict=True))
    if not memory.decisions:
        return History((), used)
    past = memory.decisions
    heeded = _heeded(plan, past)
    unheeded = _Unheeded(plan.book, past, heeded, now)
    if not heeded:
        return History((), used, unheeded)
    answers = [one for own in heeded.values() for one in own]
    if taking:
        answers = [one if one.at <= now and not one.outcomes else _by(one, now) for one in answers]
    return History(history_of(plan.book, answers, now).answers, used, unheeded)


#: Answers that rules ask about, by the decision that gave them.
Heeded = Mapping[str, tuple[Answered, ...]]
_NONE: Final[Heeded] = {}


def _heeded(plan: Plan, past: Past) -> Heeded:
    """Return the answers of a past that the rules of a plan ask about; they are kept with it."""
    known: Heeded = _NONE
    unread: Iterable[Remembered] = past
    if (read := past.read) is not None and read[0] is plan.mark:
        _, known, unread = read
    found: dict[str, tuple[Answered, ...]] | None = None
    for row in unread:
        answers = [given.answered for given in given_in(row) if given.answered is not None]
        own = tuple([one for one in answers if heeds(plan, one)])
        if own or row.id in known:
            found = {**known} if found is None else found
            found[row.id] = own
    known = known if found is None else found
    past.read = (plan.mark, known, ())
    return known


class _Unheeded:
    """The last answers that no rule asks about: for records, and read when these are written."""

    def __init__(self, book: Book, past: Past, heeded: Heeded, now: int) -> None:
        self._book = book
        self._past = past
        self._heeded = heeded
        self._now = now

    def __iter__(self) -> Iterator[Answered]:
        heeded = {one.reservation for own in self._heeded.values() for one in own}
        rows = self._past[-_RECORDED:]
        answers = [given.answered for row in rows for given in given_in(row) if given.answered]
        others = [one for one in answers if one.reservation not in heeded]
        return iter(history_of(self._book, others, self._now).answers)


def _by(one: Answered, now: int) -> Answered:
    """Return an answer with nothing in it later than *now*."""
    if one.at <= now and all(at <= now for _, at in one.outcomes):
        return one
    outcomes = tuple((name, min(at, now)) for name, at in one.outcomes)
    return one._replace(at=min(one.at, now), outcomes=outcomes)
