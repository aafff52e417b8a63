"""How a store in Redis writes what its scripts read, and reads what they answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from nba.decide.contact import Asked
from nba.decide.offers import Claim
from nba.state.reservation import EVER, Granted, Settlement, Taking
from nba.state.sortable import NEVER, deadline_text, time_of, time_text
from nba.state.store import Pass, Remembered

_JSON: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))

__all__ = [
    "read_decision",
    "read_granted",
    "read_text",
    "row_number",
    "row_text",
    "written_asked",
    "written_json",
    "written_pass",
    "written_settlement",
    "written_taking",
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


def written_asked(asked: Iterable[Asked]) -> list[Any]:
    """Return accounts as the scripts read them; see `accounts.lua`."""
    return [(account, _owner(owner), time_text(since)) for account, owner, since in asked]


def written_claim(claim: Claim) -> tuple[Any, ...]:
    """Return a claim as the scripts read it; see `accounts.lua`."""
    (account, owner, since), amount, at_most, expires = claim
    until = NEVER if expires is None else time_text(expires)
    return account, _owner(owner), time_text(since), amount, at_most, until, since == EVER


def written_taking(taking: Taking) -> tuple[dict[str, Any], list[bytes]]:
    """Return a decision as `take.lua` reads it: what it reads at once, and what stands behind it.

    Labels tell answers apart that are granted together, so one alone goes without.
    """
    said: dict[Claim, int] = {}
    alternatives = [
        (_written_once(claims, said), labels if taking.n > 1 else ())
        for claims, _, labels in taking.alternatives
    ]
    head = {
        "id": taking.id,
        "name": taking.customer,
        "version": str(taking.version),
        "at": time_text(taking.at),
        "n": taking.n,
        "first": alternatives[:1],
    }
    texts = [taking.text, *(alternative.answer for alternative in taking.alternatives)]
    later = map(written_json, alternatives[1:])
    return head, [*map(written_text, texts), *later]


def _written_once(claims: Iterable[Claim], said: dict[Claim, int]) -> list[Any]:
    """Return claims as `take.lua` reads them: what was said before is the number of it."""
    written: list[Any] = []
    for claim in claims:
        number = said.get(claim)
        if number is None:
            said[claim] = len(said) + 1
        written.append(number or written_claim(claim))
    return written


def written_settlement(settlement: Settlement) -> dict[str, Any]:
    """Return a settlement as `amend.lua` reads it: the account, whatever its age, and the claim."""
    act, entry, claim = settlement
    claim = claim._replace(expires=None)
    always = claim._replace(asked=claim.asked._replace(since=EVER))
    either = {"any": [written_claim(always)], "claims": [written_claim(claim)]}
    return {"act": act, "entry": entry} | either


def _owner(owner: str | None) -> str:
    return "c" if owner is None else f"o{owner}"


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


def written_json(value: Any) -> bytes:
    """Return a value as JSON, as the server has it."""
    return written_text(_JSON.encode(value))


def written_text(text: str) -> bytes:
    """Return text as the server has it."""
    return text.encode("utf-8", "surrogatepass")
