"""Events, identities and versions of the journeys in SQLite."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from nba.journey.events import Row
from nba.state.links import Links
from nba.state.sqlite_text import read, written
from nba.state.text import row_of

__all__ = [
    "NAMES",
    "Known",
    "append",
    "changed",
    "customer_of",
    "customers",
    "forget_before",
    "known",
    "links_of",
    "names_of",
    "next_version",
    "put_version",
    "rows",
    "set_link",
]

#: The names of the customer ?1, in a statement.
NAMES: Final = "(SELECT ?1 UNION ALL SELECT name FROM links WHERE customer = ?1)"

_KNOWN: Final = (
    "SELECT c.name, k.version, k.journey, k.added,"
    " EXISTS (SELECT 1 FROM links WHERE customer = c.name)"
    " FROM (SELECT coalesce((SELECT customer FROM links WHERE name = ?1), ?1) AS name) c"
    " LEFT JOIN customers k ON k.name = c.name"
)
_ANYTHING: Final = (
    f"SELECT EXISTS (SELECT 1 FROM events WHERE name IN {NAMES})"  # noqa: S608 - our own text
    f" OR EXISTS (SELECT 1 FROM decisions WHERE recorded_as IN {NAMES})"
)
_ELSEWHERE: Final = (
    f"SELECT EXISTS (SELECT 1 FROM events WHERE name IN {NAMES}"  # noqa: S608 - our own text
    " AND name <> ?2 AND id = ?3)"
)
_ROWS: Final = f"SELECT row FROM events WHERE name IN {NAMES} ORDER BY number"  # noqa: S608 - as above


class Known(NamedTuple):
    """What is known of a customer: the name, the versions, and if other names lead there.

    Since the version *added*, decisions were only added or amended.
    """

    customer: str
    version: int
    journey: int
    added: int
    linked: bool


def known(run: sqlite3.Connection, name: str) -> Known:
    """Return what is known of the customer that a name leads to."""
    customer, version, journey, added, linked = run.execute(_KNOWN, (written(name),)).fetchone()
    return Known(read(customer), version or 0, journey or 0, added or 0, bool(linked))


def customer_of(run: sqlite3.Connection, name: str) -> str:
    """Return the customer that a name leads to."""
    which = "SELECT customer FROM links WHERE name = ?"
    found = run.execute(which, (written(name),)).fetchone()
    return read(found[0]) if found else name


def names_of(run: sqlite3.Connection, customer: str) -> list[str]:
    """Return a customer and all names that lead there."""
    which = "SELECT name FROM links WHERE customer = ?"
    return [customer, *(read(name) for (name,) in run.execute(which, (written(customer),)))]


def customers(run: sqlite3.Connection) -> Iterator[str]:
    """Yield every customer of whom anything is known, once."""
    found = run.execute(
        "SELECT name FROM customers UNION SELECT customer FROM links"
        " UNION SELECT customer FROM deadlines"
    )
    return iter([read(name) for (name,) in found])


# --- versions


def next_version(version: int) -> int:
    """Return the version after another one.

    The first is a random one, so that those of a customer who was forgotten do not come back.
    """
    return version + 1 if version else secrets.randbits(52) + 1


def put_version(
    run: sqlite3.Connection, customer: str, version: int, *, journey: int, added: int
) -> None:
    """Keep a customer's versions: those of one who is new begin with the *version*."""
    run.execute(
        "INSERT INTO customers VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " version = excluded.version, journey = excluded.journey, added = excluded.added",
        (written(customer), version, journey, added or version),
    )


def changed(run: sqlite3.Connection, customer: str, *, journey: bool = True) -> None:
    """Give a customer another version, and none to whom nothing is known of."""
    found = known(run, customer)
    name = written(customer)
    if found.customer == customer:
        (anything,) = run.execute(_ANYTHING, (name,)).fetchone()
        if anything:
            version = next_version(found.version)
            seen = version if journey else found.journey
            put_version(run, customer, version, journey=seen, added=version)
            return
    run.execute("DELETE FROM customers WHERE name = ?", (name,))


# --- events


def append(
    run: sqlite3.Connection, recorded_as: str, found: Known, aged: Iterable[tuple[str, int, str]]
) -> list[int]:
    """Record rows: the id, the time and the text of each; return the places of the new ones."""
    name = written(recorded_as)
    new = []
    for place, (id_, at, text) in enumerate(aged):
        key = written(id_)
        done = run.execute(
            "INSERT INTO events (name, id, at, row) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (name, key, at, written(text)),
        )
        if done.rowcount and not (found.linked and _elsewhere(run, found.customer, name, key)):
            new.append(place)
    return new


def _elsewhere(run: sqlite3.Connection, customer: str, name: str, key: str) -> bool:
    """Return whether a customer has an event by another name already."""
    found = run.execute(_ELSEWHERE, (written(customer), name, key)).fetchone()
    return bool(found[0])


def rows(run: sqlite3.Connection, customer: str) -> Iterator[Row]:
    """Yield the rows of a customer in the order in which they were recorded."""
    for (text,) in run.execute(_ROWS, (written(customer),)):
        yield row_of(read(text))


def forget_before(run: sqlite3.Connection, instant: int, most: int) -> int:
    """Forget at most so many events before a time, the oldest first; return how many."""
    names = run.execute(
        "DELETE FROM events WHERE number IN"
        " (SELECT number FROM events WHERE at < ? ORDER BY at LIMIT ?) RETURNING name",
        (instant, most),
    ).fetchall()
    for customer in {customer_of(run, read(name)) for (name,) in set(names)}:
        changed(run, customer)
    return len(names)


# --- identities


def links_of(run: sqlite3.Connection, names: Sequence[str]) -> Links:
    """Return how the names of some customers lead to each other."""
    links = Links()
    for customer in names:
        which = "SELECT name, towards FROM links WHERE customer = ?"
        for name, towards in run.execute(which, (written(customer),)):
            links.link(read(name), read(towards))
    return links


def set_link(run: sqlite3.Connection, links: Links, identity: str) -> None:
    """Write where a name leads, and the customer that all who lead there have by that."""
    customer = links.customer_of(identity)
    towards = links.towards.get(identity)
    if towards is None:
        run.execute("DELETE FROM links WHERE name = ?", (written(identity),))
    else:
        run.execute(
            "INSERT OR REPLACE INTO links VALUES (?, ?, ?)",
            (written(identity), written(towards), written(customer)),
        )
    run.executemany(
        "UPDATE links SET customer = ? WHERE name = ?",
        [(written(customer), written(name)) for name in links.names_of(identity)],
    )
