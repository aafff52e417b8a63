"""What SQLite remembers of decisions, and which alternatives it grants."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from nba.state import sqlite_journeys as journeys
from nba.state.reservation import Taking, entry_id
from nba.state.sqlite_accounts import Accounts
from nba.state.sqlite_text import read, written
from nba.state.store import Remembered

__all__ = ["Before", "amend", "before", "decision", "decisions", "forget_before", "grant", "keep"]

_ONE: Final = (
    "SELECT id, recorded_as, at, revision, granted, answers, text FROM decisions WHERE id = ?"
)
_ALL: Final = (
    "SELECT id, recorded_as, at, revision, granted, answers, text"  # noqa: S608 - our own text
    f" FROM decisions WHERE recorded_as IN {journeys.NAMES} AND changed > ?2"
)
_BEFORE: Final = (
    "SELECT (SELECT granted FROM decisions WHERE id = ?1),"
    " EXISTS (SELECT 1 FROM entries WHERE entry > ?2 AND entry < ?3)"
)


class Before(NamedTuple):
    """What there is of a decision before it is taken: what was granted, and if it has entries."""

    granted: tuple[int, ...] | None
    entered: bool


def before(run: sqlite3.Connection, id_: str) -> Before:
    """Return what there is of a decision."""
    key = written(id_)
    granted, entered = run.execute(_BEFORE, (key, f"{key}:", f"{key};")).fetchone()
    return Before(None if granted is None else tuple(json.loads(granted)), bool(entered))


def grant(taking: Taking, accounts: Accounts) -> tuple[list[int], list[tuple[int, int]]]:
    """Grant the first alternatives that fit; return them, and which claims others failed on."""
    granted: list[int] = []
    refused: list[tuple[int, int]] = []
    counts: Counter[str] = Counter()
    first = taking.alternatives[: taking.n]
    accounts.read(claim.asked for one in first for claim in one.claims)
    for place, alternative in enumerate(taking.alternatives):
        if len(granted) == taking.n:
            break
        if place == taking.n:  # not all of the first were granted: now any may be
            rest = taking.alternatives[taking.n :]
            accounts.read(claim.asked for one in rest for claim in one.claims)
        if any(counts[label] >= most for label, most in alternative.labels):
            continue
        entry = entry_id(taking.id, place)
        claim = accounts.refused(alternative.claims, entry)
        if claim is not None:
            refused.append((place, claim))
            continue
        for each in alternative.claims:
            accounts.enter(each, entry)
        counts.update(label for label, _ in alternative.labels)
        granted.append(place)
    return granted, refused


def keep(run: sqlite3.Connection, one: Remembered, changed: int) -> None:
    """Remember a decision; *changed* is the version that the customer gets."""
    run.execute(
        "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            written(one.id),
            written(one.recorded_as),
            one.at,
            one.revision,
            json.dumps(one.granted),
            json.dumps(one.answers),
            written(one.text),
            changed,
        ),
    )


def decision(run: sqlite3.Connection, id_: str) -> Remembered | None:
    """Return what is remembered of a decision."""
    row = run.execute(_ONE, (written(id_),)).fetchone()
    return None if row is None else _remembered(row)


def decisions(run: sqlite3.Connection, customer: str, after: int = -1) -> Iterator[Remembered]:
    """Yield what is remembered of a customer's decisions that changed after a version."""
    return map(_remembered, run.execute(_ALL, (written(customer), after)))


def amend(run: sqlite3.Connection, id_: str, revision: int, text: str, changed: int) -> None:
    """Replace the text of a decision; *changed* is the version that the customer gets."""
    run.execute(
        "UPDATE decisions SET text = ?, revision = ?, changed = ? WHERE id = ?",
        (written(text), revision, changed, written(id_)),
    )


def forget_before(run: sqlite3.Connection, instant: int, most: int) -> int:
    """Forget at most so many decisions before a time, the oldest first; return how many."""
    names = run.execute(
        "DELETE FROM decisions WHERE rowid IN"
        " (SELECT rowid FROM decisions WHERE at < ? ORDER BY at LIMIT ?) RETURNING recorded_as",
        (instant, most),
    ).fetchall()
    for customer in {journeys.customer_of(run, read(name)) for (name,) in set(names)}:
        journeys.changed(run, customer, journey=False)
    return len(names)


def _remembered(row: tuple[Any, ...]) -> Remembered:
    id_, recorded_as, at, revision, granted, answers, text = row
    return Remembered(
        read(id_),
        read(recorded_as),
        at,
        read(text),
        tuple(json.loads(granted)),
        tuple(json.loads(answers)),
        revision,
    )
