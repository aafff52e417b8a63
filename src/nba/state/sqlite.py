"""The store in an SQLite file: the embedded default for what must survive.

Any number of threads and processes of one machine use the file at once. Writing is one step of one
writer after the other; reading waits for nobody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

from nba.decide.contact import Asked
from nba.errors import CaseError
from nba.journey.events import Row
from nba.journey.timeline import Timeline
from nba.lang.values import clamped
from nba.state import sqlite_deadlines as deadlines
from nba.state import sqlite_decisions as decisions
from nba.state import sqlite_journeys as journeys
from nba.state.known import CACHED, Kept, Known
from nba.state.past import Past
from nba.state.reservation import Granted, Settlement, Taking
from nba.state.sqlite_accounts import Accounts, forget_before, forget_owner
from nba.state.sqlite_file import File, Synchronous
from nba.state.sqlite_text import written
from nba.state.sqlite_url import Address, check, init, migrate
from nba.state.store import Change, Due, Memory, Pass, Remembered
from nba.state.text import row_of, text_of

__all__ = ["SqliteStore", "check", "init", "migrate"]

_OLD: Final = (
    "SELECT EXISTS (SELECT 1 FROM events WHERE at < ?1)"
    " OR EXISTS (SELECT 1 FROM deadlines WHERE at < ?1)"
    " OR EXISTS (SELECT 1 FROM decisions WHERE at < ?1)"
    " OR EXISTS (SELECT 1 FROM accounts WHERE aging < ?1)"
)
#: How much is forgotten in one step, so that others need not wait for long.
_AT_ONCE: Final = 1000


class SqliteStore:
    """Remembers in a file what `nba.state.store.Store` says. All methods raise StoreError.

    *timeout* is how many seconds one waits for other writers at most. What was written outlives
    the process; with *synchronous* `full` it outlives a power cut too, and each step takes as
    long as the disk takes. *cached* is how many MiB of journeys are kept ready.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        timeout: float = 2.0,
        synchronous: Synchronous = "normal",
        cached: int = CACHED,
    ) -> None:
        self._file = File(path, timeout=timeout, synchronous=synchronous)
        self._kept = Kept(cached * 2**20)
        self._file.prepare()

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the file at `sqlite:///nba.db?timeout=2`; make it if there is none.

        The options are those above. Raises StoreError, also where the file is from an older nba:
        an operator has to call `migrate`.
        """
        path, timeout, synchronous, cached = Address.of(url)
        return cls(path, timeout=timeout, synchronous=synchronous, cached=cached)

    # --- journeys

    def append(self, recorded_as: str, rows: Sequence[Row]) -> list[Row]:
        """Record rows under a name; return those that were new to the journey."""
        aged = [(str(row["id"]), clamped(row["at"]), text_of(row)) for row in rows]
        if not aged:
            return []
        with self._file.writing() as run:
            known = journeys.known(run, recorded_as)
            new = journeys.append(run, recorded_as, known, aged)
            if not new:
                return []
            version = journeys.next_version(known.version)
            journeys.put_version(run, known.customer, version, journey=version, added=known.added)
        before = self._kept.get(known.customer)
        if before.journey == known.journey:  # nothing has to be read again
            after = before.timeline.adding(row_of(aged[place][2]) for place in new)
            decided = version if before.version == known.version else before.version
            self._kept.keep(Known(version, after, decided, before.decisions), known.customer)
        return [rows[place] for place in new]

    def journey(self, customer: str) -> Timeline:
        """Return the whole journey of the customer that a name leads to."""
        with self._file.reading() as run:
            found = journeys.known(run, customer)
            before = self._kept.get(found.customer)
            timeline = self._timeline(run, found, before)
        known = before._replace(journey=found.journey, timeline=timeline, size=0)
        return self._kept.keep(known, found.customer).timeline

    def _timeline(self, run: sqlite3.Connection, found: journeys.Known, before: Known) -> Timeline:
        # of two rows with the same id a timeline takes the first
        rows = journeys.rows(run, found.customer)
        return self._kept.timeline(found.journey, before, found.customer, rows)

    def version(self, customer: str) -> int:
        """Return the version of the journey, for `set_deadlines`."""
        with self._file.reading() as run:
            return journeys.known(run, customer).version

    # --- identities

    def link(self, identity: str, customer: str) -> tuple[str, ...]:
        """Make one name lead to another; return the customers whose journeys this changed."""
        with self._file.writing() as run:
            before = journeys.customer_of(run, identity)
            after = journeys.customer_of(run, customer)
            links = journeys.links_of(run, list(dict.fromkeys((before, after))))
            if not links.link(identity, customer):
                return ()
            journeys.set_link(run, links, identity)
            if after == before:  # by another way
                return ()
            deadlines.replace(run, identity, ())
            journeys.changed(run, before)
            journeys.changed(run, after)
        return (after,) if before == identity else (after, before)

    def unlink(self, identity: str) -> tuple[str, ...]:
        """Make a name a customer again; return the customers whose journeys this changed."""
        with self._file.writing() as run:
            before = journeys.customer_of(run, identity)
            if before == identity:
                return ()
            links = journeys.links_of(run, [before])
            links.unlink(identity)
            journeys.set_link(run, links, identity)
            journeys.changed(run, before)
            journeys.changed(run, identity)
        return (identity, before)

    def customer_of(self, identity: str) -> str:
        """Return the customer that a name leads to."""
        with self._file.reading() as run:
            return journeys.customer_of(run, identity)

    def known_as(self, customer: str) -> tuple[str, ...]:
        """Return the customer that a name leads to, and all names that lead there."""
        with self._file.reading() as run:
            return tuple(journeys.names_of(run, journeys.customer_of(run, customer)))

    def customers(self) -> Iterator[str]:
        """Yield every customer with events, identities, decisions or deadlines, as they are now."""
        with self._file.reading() as run:
            return journeys.customers(run)

    # --- deadlines

    def set_deadlines(
        self,
        customer: str,
        entries: Sequence[tuple[int, str, Change]],
        version: int | None = None,
    ) -> bool:
        """Replace a customer's deadlines; return whether that was done."""
        with self._file.writing() as run:
            known = journeys.known(run, customer)
            if known.customer != customer or version not in (None, known.version):
                return False
            deadlines.replace(run, customer, entries)
        return True

    def due(self, now: int, cursor: str | None = None, limit: int = 1000) -> tuple[list[Due], str]:
        """Return what is due at *now* and not covered by *cursor*, and the cursor after it."""
        if limit < 1:
            raise CaseError(f"`limit` is how many are wanted at once, at least 1, not {limit}")
        with self._file.reading() as run:
            passing = self._pass(run, now, cursor)
            asked = deadlines.asked(run, passing.goal.until)
            found = deadlines.due(run, passing, limit + 1)  # one more, to see if that is all
        if not asked:  # whoever sets deadlines is to know of it, from this very moment on
            with self._file.writing() as run:
                passing = self._pass(run, now, cursor)
                deadlines.ask(run, passing.goal.until)
                found = deadlines.due(run, passing, limit + 1)
        page = found[:limit]
        return page, passing.cursor(page[-1] if len(found) > limit else None)

    @staticmethod
    def _pass(run: sqlite3.Connection, now: int, cursor: str | None) -> Pass:
        id_, known = run.execute("SELECT id, known FROM store").fetchone()
        return Pass.begin(cursor, id_, int(now), known)

    # --- decisions and what they took

    def recall(self, customer: str, at: int, asked: Sequence[Asked] = ()) -> Memory:
        """Return all that is remembered about a customer, and what is used of accounts."""
        with self._file.reading() as run:
            found = journeys.known(run, customer)
            before = self._kept.get(found.customer)
            timeline = self._timeline(run, found, before)
            decided = before.decisions
            if before.version != found.version:
                if before.version and found.added <= before.version <= found.version:
                    changed = decisions.decisions(run, found.customer, before.version)
                    decided = decided.after(changed)
                else:
                    decided = Past(decisions.decisions(run, found.customer))
            accounts = Accounts(run, self._names(run, found), at)
            accounts.read(asked)
            used = tuple(accounts.used(one) for one in asked)
        known = Known(found.journey, timeline, found.version, decided)
        known = self._kept.keep(known, found.customer)
        return Memory(found.customer, found.version, known.timeline, decided, used)

    @staticmethod
    def _names(run: sqlite3.Connection, known: journeys.Known) -> list[str]:
        return journeys.names_of(run, known.customer) if known.linked else [known.customer]

    def take(self, taking: Taking) -> Granted:
        """Grant the first alternatives that fit, and remember the decision if one does."""
        with self._file.writing() as run:
            before = decisions.before(run, taking.id)
            if before.granted is not None:
                return Granted(before.granted)
            known = journeys.known(run, taking.customer)
            if taking.version != known.version:
                return Granted(stale=True)
            at = clamped(taking.at)
            accounts = Accounts(run, self._names(run, known), at)
            if before.entered:
                accounts.read_entries(taking.id)
            granted, refused = decisions.grant(taking, accounts)
            accounts.write()
            if granted:
                answers = tuple(taking.alternatives[place].answer for place in granted)
                kept = Remembered(
                    taking.id, known.customer, at, taking.text, tuple(granted), answers
                )
                version = journeys.next_version(known.version)
                decisions.keep(run, kept, version)
                journeys.put_version(
                    run, known.customer, version, journey=known.journey, added=known.added
                )
        return Granted(tuple(granted), tuple(refused))

    def decision(self, id: str) -> Remembered | None:
        """Return what is remembered of a decision, by its id."""
        with self._file.reading() as run:
            return decisions.decision(run, id)

    def amend(
        self, id: str, revision: int, text: str, at: int, settlements: Sequence[Settlement] = ()
    ) -> tuple[bool, ...] | None:
        """Replace the text of a decision, and settle entries that have its id."""
        with self._file.writing() as run:
            before = decisions.decision(run, id)
            if before is None or before.revision != revision:
                return None
            known = journeys.known(run, before.recorded_as)
            accounts = Accounts(run, self._names(run, known), at)
            accounts.read(one.claim.asked for one in settlements)
            done = tuple(accounts.settle(one) for one in settlements)
            accounts.write()
            version = journeys.next_version(known.version)
            decisions.amend(run, id, revision + 1, text, version)
            journeys.put_version(
                run, known.customer, version, journey=known.journey, added=known.added
            )
        return done

    # --- forgetting

    def forget(self, customer: str) -> None:
        """Forget a customer: all names, events, deadlines, decisions, and accounts."""
        with self._file.writing() as run:
            customer = journeys.customer_of(run, customer)
            names = journeys.names_of(run, customer)
            for name in names:
                forget_owner(run, name)
                run.execute("DELETE FROM events WHERE name = ?", (written(name),))
                run.execute("DELETE FROM decisions WHERE recorded_as = ?", (written(name),))
            deadlines.replace(run, customer, ())
            run.execute("DELETE FROM links WHERE customer = ?", (written(customer),))
            run.execute("DELETE FROM customers WHERE name = ?", (written(customer),))
        self._kept.drop(names)

    def forget_before(self, instant: int) -> int:
        """Forget what is before a time; return how many events."""
        instant = clamped(instant)
        with self._file.reading() as run:
            (anything,) = run.execute(_OLD, (instant,)).fetchone()
        count = 0
        while anything:
            with self._file.writing() as run:
                events = journeys.forget_before(run, instant, _AT_ONCE)
                decided = decisions.forget_before(run, instant, _AT_ONCE)
                due = deadlines.forget_before(run, instant, _AT_ONCE)
                counted = forget_before(run, instant, _AT_ONCE)
            count += events
            anything = max(events, decided, due, counted) == _AT_ONCE
        return count

    def close(self) -> None:
        """Close the file. Closing twice does no harm."""
        self._file.close()
