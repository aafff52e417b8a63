"""The deadlines of all customers in SQLite: sorted, and when each became known."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final, cast

from nba.lang.values import INT_MIN, clamped
from nba.state.sqlite_text import read, written
from nba.state.store import Change, Due, Pass

__all__ = ["ask", "asked", "due", "forget_before", "replace"]

_LATE: Final = (
    "SELECT at, customer, moment, change FROM deadlines INDEXED BY deadlines_late"
    " WHERE late AND known > ? AND known <= ? AND at <= ?"
    " AND (at, customer, moment, change) > (?, ?, ?, ?)"
    " ORDER BY at, customer, moment, change LIMIT ?"
)
_CAME: Final = (
    "SELECT at, customer, moment, change FROM deadlines"
    " WHERE (at, customer, moment, change) > (?, ?, ?, ?) AND at <= ? AND known <= ?"
    " ORDER BY at, customer, moment, change LIMIT ?"
)
_REMOVE: Final = "DELETE FROM deadlines WHERE at = ? AND customer = ? AND moment = ? AND change = ?"
#: Before all deadlines.
_FIRST: Final = (INT_MIN, "", "", "")


def replace(
    run: sqlite3.Connection, customer: str, entries: Iterable[tuple[int, str, Change]]
) -> None:
    """Replace a customer's deadlines; those that stay are known since before."""
    name = written(customer)
    wanted = {(clamped(at), name, written(moment), change) for at, moment, change in entries}
    which = "SELECT at, customer, moment, change FROM deadlines WHERE customer = ?"
    present = set(run.execute(which, (name,)))
    if gone := present - wanted:
        run.executemany(_REMOVE, gone)
    if new := wanted - present:
        update = "UPDATE store SET known = known + 1 RETURNING known, asked"
        known, latest = run.execute(update).fetchone()
        run.executemany(
            "INSERT INTO deadlines VALUES (?, ?, ?, ?, ?, ?)",
            [(*due, known, int(due[0] <= latest)) for due in new],
        )


def asked(run: sqlite3.Connection, until: int) -> bool:
    """Return whether a time as late as that was asked for before."""
    (latest,) = run.execute("SELECT asked FROM store").fetchone()
    return int(latest) >= clamped(until)


def ask(run: sqlite3.Connection, until: int) -> None:
    """Remember that somebody asked for a time."""
    run.execute("UPDATE store SET asked = max(asked, ?)", (clamped(until),))


def due(run: sqlite3.Connection, passing: Pass, limit: int) -> list[Due]:
    """Return what a pass has to give, at most so many, in order."""
    until, known = clamped(passing.covered.until), passing.covered.known
    goal_until, goal_known = clamped(passing.goal.until), passing.goal.known
    last: tuple[int, str, str, str] | None = None
    if passing.last is not None:
        at, customer, moment, change = passing.last
        last = (clamped(at), written(customer), written(moment), written(change))
    which = (known, goal_known, until, *(last or _FIRST), limit)
    rows = run.execute(_LATE, which).fetchall()
    if len(rows) < limit:
        # in SQLite bytes come after every text: after all that have this time
        start = last if last and last[0] > until else (until, b"", "", "")
        rows += run.execute(_CAME, (*start, goal_until, goal_known, limit - len(rows))).fetchall()
    return [
        Due(at, read(customer), read(moment), cast("Change", change))
        for at, customer, moment, change in rows
    ]


def forget_before(run: sqlite3.Connection, instant: int, most: int) -> int:
    """Forget at most so many deadlines before a time, the oldest first; return how many."""
    which = "SELECT at, customer, moment, change FROM deadlines WHERE at < ? ORDER BY at LIMIT ?"
    old = run.execute(which, (clamped(instant), most)).fetchall()
    run.executemany(_REMOVE, old)
    return len(old)
