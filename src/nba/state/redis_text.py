"""How a store in Redis writes what its scripts read, and reads what they answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nba.state.reservation import EVER, Asked, Claim
from nba.state.sortable import deadline_text, time_of, time_text
from nba.state.store import Pass, Remembered

__all__ = [
    "read_decision",
    "read_text",
    "row_number",
    "row_text",
    "written_account",
    "written_claim",
    "written_pass",
]


def written_pass(passing: Pass, limit: int) -> dict[str, Any]:
    """Return a pass as `due.lua` reads it."""
    covered, goal, last = passing.covered, passing.goal, passing.last
    start = time_text(covered.until)
    written: dict[str, Any] = {}
    if last is not None:
        written["last"] = deadline_text(last) + "\0"
        start = written["last"] if last.at > covered.until else start
    written["covered"] = (time_text(covered.until), covered.known)
    written["goal"] = (time_text(goal.until), goal.known)
    return written | {"start": start, "limit": limit}


def written_account(asked: Asked) -> dict[str, Any]:
    """Return an account as the scripts read it: its name after its length, so that more may follow.

    The account of a customer has no owner.
    """
    account, owner, since = asked
    long = len(account.encode("utf-8", "surrogatepass"))
    written = {"account": f"{long}:{account}", "since": time_text(since)}
    if owner is not None:
        written["owner"] = owner
    return written


def written_claim(claim: Claim) -> dict[str, Any]:
    """Return a claim as the scripts read it."""
    asked, amount, at_most, expires = claim
    written = written_account(asked) | {"amount": amount, "at_most": at_most}
    if expires is not None:
        written["expires"] = time_text(expires)
    if asked.since == EVER:
        written["lasts"] = True
    return written


def read_decision(content: bytes) -> Remembered:
    """Return a decision as `decisions.lua` keeps it."""
    line, _, texts = content.partition(b"\n")
    revision, long, at, *numbers = line.split()
    places = tuple(map(int, numbers[2::2]))
    lengths = map(int, (long, *numbers[:2], *numbers[3::2]))
    text, id_, name, *answers = _cut(texts, lengths)
    return Remembered(id_, name, time_of(at), text, places, tuple(answers), int(revision))


def _cut(texts: bytes, lengths: Iterable[int]) -> Iterator[str]:
    start = 0
    for length in lengths:
        yield read_text(texts[start : start + length])
        start += length


def row_number(content: bytes) -> bytes:
    """Return the number of a row, which those that were recorded later exceed."""
    return content[20:40]


def row_text(content: bytes) -> str:
    """Return a row's text, which stands after its time and its number."""
    return read_text(content[40:])


def read_text(content: bytes) -> str:
    """Return text as the server has it, whatever a name is made of."""
    return content.decode("utf-8", "surrogatepass")
