"""The store in PostgreSQL: for several processes and machines, with one function for each call.

The rules stand in SQL beside this file: `postgres.sql` has the tables, `postgres_2.sql` what came
to them later, `postgres_journeys.sql` and `postgres_takings.sql` have a function for each method. A
call is one round trip and one transaction (READ COMMITTED); `take` and `recall` too.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, Self

from psycopg.rows import TupleRow

from nba.decide.contact import Asked
from nba.decide.offers import Claim
from nba.errors import CaseError
from nba.journey.events import Row
from nba.journey.timeline import Timeline
from nba.lang.values import INT_MAX
from nba.state.known import CACHED, NOTHING, Kept, Known
from nba.state.past import Past
from nba.state.postgres_calls import Address, Calls
from nba.state.postgres_schema import check, init, migrate, opened
from nba.state.postgres_text import json_of, numbers, read, texts, written
from nba.state.reservation import Alternative, Granted, Settlement, Taking
from nba.state.store import Change, Due, Mark, Memory, Pass, Remembered
from nba.state.text import row_of, text_of

__all__ = ["PostgresStore", "check", "init", "migrate"]


class PostgresStore:
    """Remembers in PostgreSQL what `nba.state.store.Store` says; see `open`.

    What a call changed may be unknown after a StoreError: `take`, `amend`, `set_deadlines` and
    `forget` may be called again with the same arguments; `append`, `link` and `unlink` too, but
    what they return then leaves out what the first call did. `forget_before` forgets in parts,
    each in one step.
    """

    def __init__(self, address: Address, id_: str, *, cached: int = CACHED) -> None:
        self._id = id_
        self._kept = Kept(cached * 2**20)
        self._calls = Calls(address, self._kept.clear)

    @classmethod
    def open(cls, url: str, *, cached: int = CACHED) -> Self:
        """Open the store at `postgresql://user@host/database?schema=nba&timeout=2&pool=10`.

        It has to be there: who decides should need no right to make tables, so `init` is called by
        the operator. *cached* is how many MiB of journeys are kept ready. After a
        process was forked, each opens its own. Raises StoreError where the server cannot be
        reached, and where there is no store or one of another version.
        """
        address = Address.of(url)
        return cls(address, opened(address), cached=cached)

    def close(self) -> None:
        """Close all connections."""
        self._calls.close()

    # --- journeys and identities

    def append(self, recorded_as: str, rows: Sequence[Row]) -> list[Row]:
        """Record rows under a name; return those that were new to the journey."""
        times = numbers([int(row["at"]) for row in rows])
        ids = texts([str(row["id"]) for row in rows])
        contents = texts([text_of(row) for row in rows])
        if not rows:
            return []
        (new,) = self._calls("append", written(recorded_as), ids, times, contents, again=False)
        return [rows[place - 1] for place in new]

    def journey(self, customer: str) -> Timeline:
        """Return the whole journey of the customer that a name leads to."""
        before = self._kept.get(customer)
        found, version, contents = self._calls("journey", written(customer), str(before.journey))
        leads_to = read(found)
        timeline = self._kept.timeline(version, before, leads_to, _rows(contents))
        known = before._replace(journey=version, timeline=timeline, size=0)
        return self._kept.keep(known, customer, leads_to).timeline

    def version(self, customer: str) -> int:
        """Return the version of the journey, for `set_deadlines`."""
        (version,) = self._calls("version", written(customer))
        return int(version)

    def link(self, identity: str, customer: str) -> tuple[str, ...]:
        """Make one name lead to another; return the customers whose journeys this changed."""
        if identity == customer:
            raise CaseError(f"`{identity}` cannot be linked to itself")
        (found,) = self._calls("link", written(identity), written(customer), again=False)
        if found is None:
            return ()
        if len(found) == 1:
            raise CaseError(
                f"`{identity}` cannot be linked to `{customer}`, which leads to `{identity}` "
                f"already: unlink `{customer}` first"
            )
        before, after = (read(name) for name in found)
        return (after,) if before == identity else (after, before)

    def unlink(self, identity: str) -> tuple[str, ...]:
        """Make a name a customer again; return the customers whose journeys this changed."""
        (before,) = self._calls("unlink", written(identity), again=False)
        return () if before is None else (identity, read(before))

    def customer_of(self, identity: str) -> str:
        """Return the customer that a name leads to."""
        (found,) = self._calls("customer_of", written(identity))
        return read(found)

    def known_as(self, customer: str) -> tuple[str, ...]:
        """Return the customer that a name leads to, and all names that lead there."""
        return tuple(read(name) for (name,) in self._calls.all("known_as", written(customer)))

    def customers(self) -> Iterator[str]:
        """Yield every customer with events, identities, decisions or deadlines, as they are now."""
        return iter([read(name) for (name,) in self._calls.all("customers")])

    # --- deadlines

    def set_deadlines(
        self,
        customer: str,
        entries: Sequence[tuple[int, str, Change]],
        version: int | None = None,
    ) -> bool:
        """Replace a customer's deadlines; return whether that was done."""
        (done,) = self._calls(
            "set_deadlines",
            written(customer),
            None if version is None else str(version),
            numbers([at for at, _, _ in entries]),
            texts([moment for _, moment, _ in entries]),
            texts([change for _, _, change in entries]),
        )
        return bool(done)

    def due(self, now: int, cursor: str | None = None, limit: int = 1000) -> tuple[list[Due], str]:
        """Return what is due at *now* and not covered by *cursor*, and the cursor after it."""
        if limit < 1:
            raise CaseError(f"`limit` is how many are wanted at once, at least 1, not {limit}")
        # how many are known, the server says: until then all of them
        asked = Pass.begin(cursor, self._id, int(now), INT_MAX)
        last = asked.last
        known, found = self._calls(
            "due",
            *(str(number) for number in (*asked.covered, *asked.goal)),
            *((str(last[0]), *(written(text) for text in last[1:])) if last else (None,) * 4),
            str(limit + 1),  # one more, to see if that is all
        )
        passing = Pass(
            self._id,
            Mark(asked.covered.until, min(asked.covered.known, known)),
            Mark(asked.goal.until, min(asked.goal.known, known)),
            last,
        )
        every = [
            Due(int(at), read(c), read(moment), change) for at, c, moment, change in found or ()
        ]
        page = every[:limit]
        return page, passing.cursor(page[-1] if len(every) > limit else None)

    # --- decisions and what they took

    def recall(self, customer: str, at: int, asked: Sequence[Asked] = ()) -> Memory:
        """Return all that is remembered about a customer, and what is used of accounts."""
        columns = _columns(asked)

        def recalled(before: Known) -> TupleRow:
            have = (str(before.version), str(before.journey))
            return self._calls("recall", written(customer), str(int(at)), *have, *columns)

        cleared, before = self._kept.cleared, self._kept.get(customer)
        answer = recalled(before)
        if cleared != self._kept.cleared:  # what was known may not be what this server told
            before = NOTHING
            answer = recalled(before)
        found, version, journey, contents, only_since, decisions, used = answer
        leads_to = read(found)
        told = _decisions(decisions)
        known = Known(
            journey,
            self._kept.timeline(journey, before, leads_to, _rows(contents)),
            version,
            before.decisions.after(told) if only_since else Past(told),
        )
        known = self._kept.keep(known, customer, leads_to)
        counts = tuple(map(int, used)) if used else ()
        return Memory(leads_to, version, known.timeline, known.decisions, counts)

    def take(self, taking: Taking) -> Granted:
        """Grant the first alternatives that fit, and remember the decision if one does."""
        alternatives = taking.alternatives
        claims = [claim for alternative in alternatives for claim in alternative.claims]
        starts = [1]
        for alternative in alternatives:
            starts.append(starts[-1] + len(alternative.claims))
        granted, refused, stale = self._calls(
            "take",
            written(taking.id),
            written(taking.customer),
            str(taking.version),
            str(int(taking.at)),
            str(taking.n),
            written(taking.text),
            texts([alternative.answer for alternative in alternatives]),
            numbers(starts),
            *_columns([claim.asked for claim in claims]),
            numbers([claim.amount for claim in claims]),
            numbers([claim.at_most for claim in claims]),
            numbers([claim.expires for claim in claims]),
            _labels(alternatives),
        )
        pairs = zip(refused[::2], refused[1::2], strict=True)
        return Granted(tuple(granted), tuple(pairs), bool(stale))

    def decision(self, id: str) -> Remembered | None:
        """Return what is remembered of a decision, by its id."""
        (found,) = self._calls("decision", written(id))
        return None if found is None else _decisions([found])[0]

    def amend(
        self, id: str, revision: int, text: str, at: int, settlements: Sequence[Settlement] = ()
    ) -> tuple[bool, ...] | None:
        """Replace the text of a decision, and settle entries that have its id."""
        claims: list[Claim] = [one.claim for one in settlements]
        (done,) = self._calls(
            "amend",
            written(id),
            str(revision),
            written(text),
            str(int(at)),
            secrets.token_hex(8),  # so that a second try gets the answer of the first
            texts([one.act for one in settlements]),
            texts([one.entry for one in settlements]),
            *_columns([claim.asked for claim in claims]),
            numbers([claim.amount for claim in claims]),
            numbers([claim.at_most for claim in claims]),
        )
        return None if done is None else tuple(done)

    # --- forgetting

    def forget(self, customer: str) -> None:
        """Forget a customer: all names, events, deadlines, decisions, and accounts."""
        names = self.known_as(customer)
        self._calls("forget", written(customer))
        self._kept.drop((customer, *names))

    def forget_before(self, instant: int) -> int:
        """Forget what is before a time; return how many events."""
        forgotten, more = 0, True
        while more:
            events, more = self._calls("forget_before", str(int(instant)), str(_PART), again=False)
            forgotten += events
        return forgotten


#: So many rows are forgotten in one step: it takes a few hundredths of a second.
_PART = 1000


def _rows(contents: list[str] | None) -> Iterator[Row]:
    """Yield the rows of a journey; where it is the one from before, nothing was sent."""
    return (row_of(read(text)) for text in contents or ())


def _decisions(found: list[Any] | None) -> tuple[Remembered, ...]:
    return tuple(
        Remembered(
            read(id_),
            read(recorded_as),
            at,
            read(text),
            tuple(granted),
            tuple([read(answer) for answer in answers]),
            revision,
        )
        for id_, recorded_as, at, text, granted, answers, revision in found or ()
    )


def _columns(asked: Sequence[Asked]) -> tuple[str, str, str]:
    """Return accounts, owners and windows, each as an array."""
    return (
        texts([one.account for one in asked]),
        texts([one.owner for one in asked]),
        numbers([one.since for one in asked]),
    )


def _labels(alternatives: Sequence[Alternative]) -> str | None:
    if any(alternative.labels for alternative in alternatives):
        return json_of([list(alternative.labels) for alternative in alternatives])
    return None
