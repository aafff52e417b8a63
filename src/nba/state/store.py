"""What every store promises: journeys, identities, deadlines, decisions and what they took.

A store keeps plain rows, which it may write as JSON (`text`), and gives back the same values with
the same classes. What it remembers of decisions is text that it does not read. One contract
(tests/state) holds for all stores.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, Self

from nba.decide.contact import Asked
from nba.errors import CaseError
from nba.journey.events import Row
from nba.journey.timeline import Timeline
from nba.lang.values import INT_MIN
from nba.state.past import Past, Remembered
from nba.state.reservation import Granted, Settlement, Taking

__all__ = ["Change", "Due", "Mark", "Memory", "Pass", "Remembered", "Store"]

Change = Literal["opened", "closed"]


class Due(NamedTuple):
    """A moment of a customer opened or closed at a time; sorted as `due` reports it."""

    at: int
    customer: str
    moment: str
    change: Change


class Memory(NamedTuple):
    """What is remembered about a customer at once.

    *decisions* are in the order of (`at`, `id`); *used* is what counts on each account asked for.
    """

    customer: str
    version: int
    timeline: Timeline
    decisions: Past
    used: tuple[int, ...]


class Store(Protocol):
    """Remembers what happened to customers and what is to be looked at when.

    **Identities.** A *name* is anything that an event can be recorded under: a customer id, an
    e-mail address, a telephone number, a cookie. A name may lead to one other name, and that
    one on to a third; the last of the chain is the *customer*. A name that leads nowhere is a
    customer itself. Every method but `set_deadlines` takes any name for its customer.

    **Journeys.** A row stays recorded under every name that it came by, once for each. The
    customer's journey is the union over all names that lead to the customer; of rows with the
    same id only the one recorded first is part of it. So merging and undoing it move no row.
    Rows that are handed in or given out are not to be changed by anybody.

    **Versions.** `version` changes with every change of what is known about the customer: the
    journey, its names, the decisions. 0 is the version of nothing. Who works something out and
    stores it asks for the version first and gives it back with the result, which is refused if it
    came too late.

    **Decisions** are remembered under the customer that they were made for, and like rows they are
    known to whomever that name leads to. What limits and budgets count is told in `reservation`;
    the account of a customer counts what was entered under all of the customer's names.

    **Deadlines** are what a customer's moments will do, and did, if nothing more happens. Each
    becomes *known* when `set_deadlines` brings it; bringing it again leaves it known since
    before. A *cursor* says which deadlines were covered: all until a time that were known at
    another. So `due` reports, with the cursor that it gave last, each deadline once:

    - those whose time came since, and those whose time had come before but which became known
      only now, because an event arrived late;
    - not those that went before they were reported, because a late event met an expectation;
    - those that went and came back are reported again, as they became known again.

    All methods are safe to call from several threads, and each is one step for all others.
    """

    def append(self, recorded_as: str, rows: Sequence[Row]) -> list[Row]:
        """Record *rows* under a name; return those that were new to the customer's journey.

        A row whose id the journey has already, or that was earlier in *rows*, is not new and
        leaves the journey as it was.
        """
        ...

    def journey(self, customer: str) -> Timeline:
        """Return the whole journey of the customer that a name leads to; empty if unknown.

        It is immutable: what is appended later is in the next one.
        """
        ...

    def version(self, customer: str) -> int:
        """Return the version of the journey, for `set_deadlines`; see above."""
        ...

    def link(self, identity: str, customer: str) -> tuple[str, ...]:
        """Make one name lead to another; return the customers whose journeys this changed.

        All that was recorded under *identity*, and under the names that lead to it, is part of
        the journey of *customer* (or of whom that leads to) from now on. An identity that led
        elsewhere is moved. If it was a customer, its deadlines go: those of the customer that
        it joins are to be set again. Linking again as it is changes nothing. Raises CaseError
        where *customer* leads to *identity* already, which would be a circle.
        """
        ...

    def unlink(self, identity: str) -> tuple[str, ...]:
        """Make a name a customer again; return the customers whose journeys this changed.

        It takes along what leads to it, and nothing else: what was recorded under other names
        stays with them. A name that leads nowhere stays as it is.
        """
        ...

    def customer_of(self, identity: str) -> str:
        """Return the customer that a name leads to: itself, if it leads nowhere."""
        ...

    def known_as(self, customer: str) -> tuple[str, ...]:
        """Return the customer that a name leads to, then what leads there, in any order."""
        ...

    def customers(self) -> Iterator[str]:
        """Yield everyone with events, identities, decisions or deadlines, once, in any order."""
        ...

    def set_deadlines(
        self,
        customer: str,
        entries: Sequence[tuple[int, str, Change]],
        version: int | None = None,
    ) -> bool:
        """Replace a customer's deadlines: (time, moment, change) each. Return if that was done.

        It is not if *version* is given and is not the journey's any more, and if *customer*
        is not a customer any more but leads to one. Whoever changed the journey last sets them.
        """
        ...

    def due(self, now: int, cursor: str | None = None, limit: int = 1000) -> tuple[list[Due], str]:
        """Return what is due at *now* and not covered by *cursor*, and the cursor after it.

        The order is that of `Due`: time, customer, moment, change. No cursor covers nothing.
        The same call gives the same answer as long as no deadline changed. Time does not go
        back: a *now* before the one that the cursor has covered counts as that one.

        At most *limit* are given at once. The cursor after a page that was cut leads through
        the rest of what was due and known at the first page; what became due or known in
        between comes after it. So whoever calls until nothing is given, has everything.

        A cursor is a short string to be kept as it is, and it stays good when the store is
        opened again. With a cursor from another store, or from one in memory that is gone, all
        until its time counts as covered. Raises CaseError for what is not a cursor.
        """
        ...

    # --- decisions and what they took

    def recall(self, customer: str, at: int, asked: Sequence[Asked] = ()) -> Memory:
        """Return all that is remembered about a customer, and what is used of accounts at a time.

        Entries that have expired at that time do not count. One round trip.
        """
        ...

    def take(self, taking: Taking) -> Granted:
        """Grant the first alternatives that fit, and remember the decision if one does.

        Nothing is done, and nothing remembered, where none fits, and where the customer's version
        is not the one given (`stale`). A decision whose id is remembered already is told again
        as it was granted. One round trip.
        """
        ...

    def decision(self, id: str) -> Remembered | None:
        """Return what is remembered of a decision, by its id."""
        ...

    def amend(
        self, id: str, revision: int, text: str, at: int, settlements: Sequence[Settlement] = ()
    ) -> tuple[bool, ...] | None:
        """Replace the text of a decision, and settle entries of its customer's answers.

        Return for each settlement whether it was done: only a commit that had expired and does
        not fit any more is not. Return None, with nothing done, where *revision* is not the
        decision's, or it is not remembered. *at* is when it is settled: entries that are entered
        have that time. One round trip.
        """
        ...

    # --- forgetting

    def forget(self, customer: str) -> None:
        """Forget a customer: all names, events, deadlines, decisions, and the customer's accounts.

        What they took of the book's and of others' accounts stays counted.
        """
        ...

    def forget_before(self, instant: int) -> int:
        """Forget what is before a time, of all customers; return how many events.

        That is events, deadlines, decisions, and entries, but of those only what was claimed for
        a window with a beginning.

        The cost is that of what is forgotten, so it may be called at every event. Links stay.
        The id of an event that was forgotten is new again.
        """
        ...

    def close(self) -> None:
        """Give back what the store holds open. Closing twice does no harm."""
        ...


class Mark(NamedTuple):
    """All deadlines until a time that were known when so many had become known.

    A store counts them in the order in which others see them.
    """

    until: int
    known: int


@dataclass(frozen=True, slots=True)
class Pass:
    """One way through what is due, in one page or in several: what `Store.due` has to give.

    That is every deadline that *goal* covers and *covered* does not, and that comes after
    *last* if there is one. *store* is the id of the store whose count of known ones it is.
    """

    store: str
    covered: Mark
    goal: Mark
    last: Due | None = None

    @classmethod
    def begin(cls, cursor: str | None, store: str, now: int, known: int) -> Self:
        """Return the pass that goes on where *cursor* ends.

        *known* is how many deadlines became known in this *store* so far. Raises CaseError.
        """
        if cursor is None:
            return cls(store, Mark(INT_MIN, 0), Mark(now, known))
        try:
            found = _parsed(cls, cursor)
        except (ValueError, TypeError, RecursionError):
            shown = repr(cursor if len(str(cursor)) <= 40 else f"{str(cursor)[:40]}…")
            raise CaseError(
                f"{shown} is not a cursor: give what `due` returned last, or nothing to begin anew"
            ) from None
        covered, goal = found.covered, found.goal
        if found.last is None:  # the pass before came to its end
            covered, goal = goal, Mark(max(now, goal.until), known)
        if found.store != store:  # its counts mean nothing here
            covered, goal = Mark(covered.until, known), Mark(goal.until, known)
        # a store that was set back to an older copy counts from there
        covered = Mark(covered.until, min(covered.known, known))
        return cls(store, covered, Mark(goal.until, min(goal.known, known)), found.last)

    def cursor(self, last: Due | None) -> str:
        """Return the cursor after a page that was cut at *last*, or, without, after the last."""
        content: list[Any] = [self.store, *self.goal]
        if last is not None:
            content += [*self.covered, *last]
        text = json.dumps(content, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _parsed(cls: type[Pass], cursor: str) -> Pass:
    if not isinstance(cursor, str):
        raise TypeError
    padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
    content = json.loads(base64.b64decode(padded, b"-_", validate=True))
    kinds = [str, int, int, int, int, int, str, str, str]
    if not isinstance(content, list) or len(content) not in (3, 9):
        raise ValueError
    if [type(value) for value in content] != kinds[: len(content)]:
        raise ValueError
    store, goal, rest = content[0], Mark(*content[1:3]), content[3:]
    return cls(store, Mark(*rest[:2]), goal, Due(*rest[2:])) if rest else cls(store, goal, goal)
