"""The store in Redis: for many processes, with one script on the server for each operation.

Nothing is overspent after a crash of the server only where it writes everything down before it
answers: `appendonly yes` and `appendfsync always`. What it forgot since it wrote last may be
granted again, and so may be what a copy had not got yet that takes over. `check` says whether it is
set up so; nothing may be dropped either when memory is short (`maxmemory-policy noeviction`).

A store is one server, version 6 or later; a cluster is refused, as one script cannot reach a
customer and a budget on two of its servers. All keys have a prefix, `nba:` or what the URL says:
`redis://host:6379/0?prefix=shop:&timeout=2`. The scripts are in the folder `lua`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Self

from nba.decide.contact import Asked
from nba.errors import CaseError, StoreError
from nba.journey.events import Row
from nba.journey.timeline import Timeline
from nba.state.known import CACHED, NOTHING, Kept, Known
from nba.state.opening import Checked
from nba.state.past import Past
from nba.state.redis_server import RedisServer
from nba.state.redis_text import (
    read_decision,
    read_granted,
    read_text,
    row_number,
    row_text,
    written_asked,
    written_pass,
    written_settlement,
    written_taking,
)
from nba.state.reservation import Granted, Settlement, Taking
from nba.state.sortable import deadline_of, sortable_text, time_text
from nba.state.store import Change, Due, Memory, Pass, Remembered
from nba.state.text import row_of, text_of

__all__ = ["VERSION", "RedisStore", "check", "init", "migrate"]

#: The version of what is kept: how the keys are laid out.
VERSION: Final = 2

#: More deadlines than can become known.
_ALL: Final = 2**53

#: How many of each kind are forgotten at once, so that nobody else waits long.
_BATCH: Final = 1000


class RedisStore:
    """Keeps in Redis what `nba.state.store.Store` says.

    *cached* is how many MiB of journeys are kept ready. `forget_before` is one step
    for each thousand of what it forgets.
    """

    def __init__(self, server: RedisServer, *, cached: int = CACHED) -> None:
        self._server = server
        self._kept = Kept(cached * 2**20)
        #: the id of the store, as far as it is known
        self._id = ""
        #: for how many milliseconds the server knows what it did, should it be asked again
        self._keep = int(1000 * max(10, 5 * server.timeout))

    @classmethod
    def open(cls, url: str, *, cached: int = CACHED) -> Self:
        """Return the store that is at a URL; it begins there if there is none. Raises StoreError.

        What an older version of nba wrote is refused until `migrate` was called, and what a newer
        one wrote always.
        """
        server = RedisServer(url)
        try:
            server.facts()
            found = _version(server)
            _refuse_others(server, _begin(server) if found is None else found)
        except StoreError:
            server.close()
            raise
        return cls(server, cached=cached)

    def append(self, recorded_as: str, rows: Sequence[Row]) -> list[Row]:
        """Record rows under a name; return those that were new to the journey."""
        written = [[str(row["id"]), time_text(row["at"]), text_of(row)] for row in rows]
        if not rows:
            return []
        new = self._once("append", name=recorded_as, rows=written)
        return [rows[place - 1] for place in new]

    def journey(self, customer: str) -> Timeline:
        """Return the whole journey of the customer that a name leads to."""
        before = self._kept.get(customer)
        leads_to, version, rows = self._run("journey", name=customer, have=str(before.journey))
        leads_to, version = read_text(leads_to), read_text(version)
        timeline = self._kept.timeline(version, before, leads_to, _rows(rows))
        for name in {leads_to: None, customer: None}:  # by each, other decisions may be known
            known = self._kept.get(name)._replace(journey=version, timeline=timeline, size=0)
            timeline = self._kept.keep(known, name).timeline
        return timeline

    def version(self, customer: str) -> int:
        """Return the version of the journey, for `set_deadlines`."""
        return int(self._run("who", name=customer)[1])

    def link(self, identity: str, customer: str) -> tuple[str, ...]:
        """Make one name lead to another; return the customers whose journeys this changed."""
        changed = self._once("link", identity=identity, customer=customer)
        if changed != b"circle":
            return tuple(map(read_text, changed))
        if identity == customer:
            raise CaseError(f"`{identity}` cannot be linked to itself")
        raise CaseError(
            f"`{identity}` cannot be linked to `{customer}`, which leads to `{identity}` "
            f"already: unlink `{customer}` first"
        )

    def unlink(self, identity: str) -> tuple[str, ...]:
        """Make a name a customer again; return the customers whose journeys this changed."""
        return tuple(map(read_text, self._once("unlink", identity=identity)))

    def customer_of(self, identity: str) -> str:
        """Return the customer that a name leads to."""
        return read_text(self._run("who", name=identity)[0])

    def known_as(self, customer: str) -> tuple[str, ...]:
        """Return the customer that a name leads to, and all names that lead there."""
        return tuple(map(read_text, self._run("known_as", name=customer)))

    def customers(self) -> Iterator[str]:
        """Yield every customer with events, identities, decisions or deadlines, page after page."""
        after: dict[str, str] = {}
        while True:
            last, customers = self._run("customers", **after)
            yield from map(read_text, customers)
            if last is None:
                return
            after = {"after": read_text(last)}

    def set_deadlines(
        self,
        customer: str,
        entries: Sequence[tuple[int, str, Change]],
        version: int | None = None,
    ) -> bool:
        """Replace a customer's deadlines; return whether that was done."""
        written = [f"{time_text(at)}{sortable_text(what)}\0{how}" for at, what, how in entries]
        seen = {} if version is None else {"version": str(version)}
        return bool(self._run("set_deadlines", customer=customer, entries=written, **seen))

    def due(self, now: int, cursor: str | None = None, limit: int = 1000) -> tuple[list[Due], str]:
        """Return what is due at *now* and not covered by *cursor*, and the cursor after it."""
        if limit < 1:
            raise CaseError(f"`limit` is how many are wanted at once, at least 1, not {limit}")
        while True:
            id_ = self._id  # of the store, as far as it is known: other threads may learn it too
            passing = Pass.begin(cursor, id_, int(now), _ALL)
            asked = written_pass(passing, limit + 1)  # one more, to see if that is all
            otherwise = os.urandom(6).hex()
            is_, known, page = self._run("due", store=id_, otherwise=otherwise, **asked)
            if read_text(is_) == id_:
                break
            self._id = read_text(is_)
        passing = Pass.begin(cursor, id_, int(now), known)
        found = [deadline_of(read_text(member)) for member in page[:limit]]
        return found, passing.cursor(found[-1] if len(page) > limit else None)

    # --- decisions and what they took

    def recall(self, customer: str, at: int, asked: Sequence[Asked] = ()) -> Memory:
        """Return all that is remembered about a customer, and what is used of accounts."""
        before = self._kept.get(customer)
        found = self._run(
            "recall",
            name=customer,
            at=time_text(at),
            asked=written_asked(asked),
            have=str(before.journey),
            mark=str(before.version),
        )
        whose, version, journey, rows, contents, all_, mark, used = found
        leads_to, journey = read_text(whose), read_text(journey)
        decisions = map(read_decision, contents)
        known = Known(
            journey,
            self._kept.timeline(journey, before, leads_to, _rows(rows)),
            int(mark),
            _past(decisions) if all_ else before.decisions.after(decisions),
        )
        known = self._kept.keep(known, customer, leads_to)
        return Memory(
            leads_to,
            int(version),
            known.timeline,
            known.decisions,
            tuple(sum(map(int, summands)) for summands in used),
        )

    def take(self, taking: Taking) -> Granted:
        """Grant the first alternatives that fit, and remember the decision if one does."""
        return read_granted(self._server.run("take", *written_taking(taking)))

    def decision(self, id: str) -> Remembered | None:
        """Return what is remembered of a decision, by its id."""
        found = self._run("decision", id=id)
        return None if found is None else read_decision(found)

    def amend(
        self, id: str, revision: int, text: str, at: int, settlements: Sequence[Settlement] = ()
    ) -> tuple[bool, ...] | None:
        """Replace the text of a decision, and settle entries that have its id."""
        done = self._once(
            "amend",
            id=id,
            revision=str(revision),
            text=text,
            at=time_text(at),
            settlements=list(map(written_settlement, settlements)),
        )
        return None if done is None else tuple(map(bool, done))

    # --- forgetting

    def forget(self, customer: str) -> None:
        """Forget a customer: all names, events, deadlines, decisions, and accounts."""
        names = self._run("forget", name=customer)
        self._kept.drop((customer, *map(read_text, names)))

    def forget_before(self, instant: int) -> int:
        """Forget what is before a time; return how many events."""
        events, more = 0, True
        while more:
            found, more = self._run("forget_before", instant=time_text(instant), batch=_BATCH)
            events += found
        return events

    def close(self) -> None:
        """Give back the connections."""
        self._server.close()

    def _run(self, script: str, **arguments: Any) -> Any:
        return self._server.run(script, arguments)

    def _once(self, script: str, **arguments: Any) -> Any:
        """Run a script that tells again what it did, should it be asked again."""
        arguments |= {"token": os.urandom(9).hex(), "keep": self._keep}
        return self._server.run(script, arguments)


def _past(decisions: Iterable[Remembered]) -> Past:
    """Return all decisions on a customer; of none, the past that everybody has."""
    rows = [*decisions]
    return Past(rows) if rows else NOTHING.decisions


def _rows(contents: list[bytes] | None) -> Iterator[Row]:
    """Yield the rows of a journey; where it is the one from before, nothing was sent.

    Of two with the same id a timeline takes the first.
    """
    return (row_of(row_text(row)) for row in sorted(contents or (), key=row_number))


# --- operating


def init(url: str) -> None:
    """Begin a store at a URL, if there is none. Raises StoreError."""
    RedisStore.open(url).close()


def migrate(url: str) -> tuple[int, int]:
    """Bring what is kept up to this version; return that of before (0 for none) and this one."""
    server = RedisServer(url)
    try:
        server.facts()
        found = _version(server)
        _refuse_newer(server, found or 0)
        # what changed before version 2 is not noted: who recalls it reads all
        server.ask("SET", server.key("schema"), str(VERSION))
        return found or 0, VERSION
    finally:
        server.close()


def check(url: str) -> Checked:
    """Return what is at a URL, and what an operator should know. Raises StoreError."""
    server = RedisServer(url)
    try:
        facts = server.facts()
        return Checked("redis", _version(server), VERSION, tuple(_notes(server, facts)))
    finally:
        server.close()


def _notes(server: RedisServer, facts: dict[str, str]) -> Iterator[str]:
    if facts.get("aof_enabled") != "1":
        yield (
            "what is kept may be gone when the server stops, and be granted again: set "
            "`appendonly yes` and `appendfsync always`"
        )
    elif _setting(server, "appendfsync") not in ("always", None):
        yield (
            "what was granted last may be granted again after a crash of the server: set "
            "`appendfsync always`"
        )
    policy = facts.get("maxmemory_policy")
    if policy not in ("noeviction", None):
        yield (
            f"the server may drop what is kept when memory is short (`maxmemory-policy {policy}`): "
            f"set `maxmemory-policy noeviction`"
        )
    if facts.get("role") == "slave":
        yield "the server is a copy that only reads: name the one that writes"


def _setting(server: RedisServer, name: str) -> str | None:
    try:
        found = server.ask("CONFIG", "GET", name)
    except StoreError:  # whoever offers the server may not let it be asked
        return None
    return found[1].decode() if found else None


def _version(server: RedisServer) -> int | None:
    found = server.ask("GET", server.key("schema"))
    if found is None:
        return None
    if not found.isdigit():
        raise StoreError(f"what is at `{server.shown}` under `{server.prefix}` is no store of nba")
    return int(found)


def _begin(server: RedisServer) -> int:
    server.ask("SET", server.key("schema"), str(VERSION), "NX")
    return _version(server) or VERSION


def _refuse_others(server: RedisServer, version: int) -> None:
    _refuse_newer(server, version)
    if version < VERSION:
        raise StoreError(
            f"the store at `{server.shown}` has version {version}, and {VERSION} is wanted: "
            f"migrate it first"
        )


def _refuse_newer(server: RedisServer, version: int) -> None:
    if version > VERSION:
        raise StoreError(
            f"the store at `{server.shown}` has version {version}, and this nba knows {VERSION}: "
            f"install a newer nba"
        )
