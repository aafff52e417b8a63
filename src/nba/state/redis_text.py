"""How a store in Redis writes what its scripts read, and reads what they answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nba.state.reservation import EVER, Asked, Claim, Granted, Settlement
from nba.state.sortable import NEVER, deadline_text, time_of, time_text
from nba.state.store import Pass, Remembered

__all__ = [
    "read_decision",
    "read_granted",
    "read_text",
    "row_number",
    "row_text",
    "written_asked",
    "written_claims",
    "written_pass",
    "written_settlement",
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


def written_asked(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return accounts as the scripts read them: in groups, each with its place, from 1 on."""
    return _grouped([(one, (place,)) for place, one in enumerate(asked, 1)])


def written_claims(claims: Sequence[Claim]) -> dict[str, Any]:
    """Return claims as the scripts read them: in groups; see `accounts.lua`."""
    return _grouped(
        [
            (
                asked,
                (
                    place,
                    amount,
                    at_most,
                    NEVER if expires is None else time_text(expires),
                    asked.since == EVER,
                ),
            )
            for place, (asked, amount, at_most, expires) in enumerate(claims, 1)
        ]
    )


def written_settlement(settlement: Settlement) -> dict[str, Any]:
    """Return a settlement as `amend.lua` reads it: the account, whatever its age, and the claim."""
    act, entry, claim = settlement
    claim = claim._replace(expires=None)
    always = claim._replace(asked=claim.asked._replace(since=EVER))
    either = {"any": written_claims([always]), "claims": written_claims([claim])}
    return {"act": act, "entry": entry} | either


def _grouped(asked: Iterable[tuple[Asked, tuple[Any, ...]]]) -> dict[str, Any]:
    """Group accounts by their owners. An account stands after its length, as more may follow."""
    own: list[Any] = []
    others: dict[str, list[Any]] = {}
    for (account, owner, since), more in asked:
        long = len(account if account.isascii() else account.encode("utf-8", "surrogatepass"))
        group = own if owner is None else others.setdefault(owner, [])
        group.append((f"{long}:{account}", time_text(since), *more))
    return {"own": own, "others": list(others.items())}


def read_decision(content: bytes) -> Remembered:
    """Return a decision as `decisions.lua` keeps it."""
    line, _, texts = content.partition(b"\n")
    revision, long, at, *numbers = line.split()
    places = tuple(map(int, numbers[2::2]))
    lengths = map(int, (long, *numbers[:2], *numbers[3::2]))
    text, id_, name, *answers = _cut(texts, lengths)
    return Remembered(id_, name, time_of(at), text, places, tuple(answers), int(revision))


def read_granted(content: bytes) -> Granted:
    """Return what `take.lua` did."""
    stale, granted, refused = content.split(b" ")
    flat = list(map(int, refused.split(b","))) if refused else []
    return Granted(
        tuple(map(int, granted.split(b","))) if granted else (),
        tuple(zip(flat[::2], flat[1::2], strict=True)),
        stale == b"1",
    )


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
