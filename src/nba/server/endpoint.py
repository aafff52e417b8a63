"""An endpoint: what it takes and gives, who may use it, and what it does. Plain declarations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from msgspec.json import Encoder

from nba.server.keys import Caller, Scope
from nba.server.service import Service

__all__ = ["JSON", "Call", "Endpoint", "Reply", "encode"]

JSON = "application/json"


def _otherwise(value: object) -> object:
    """Return what JSON has for a value that it does not know, as the library's own writer would."""
    return str(value)


encode = Encoder(enc_hook=_otherwise).encode


class Reply(NamedTuple):
    """An answer: its body, status and headers."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Call(NamedTuple):
    """A request that was let in and read: *body* and *query* are of the endpoint's types.

    *key* is the caller's idempotency key, with the name of the caller, so that two callers never
    share one. *explain* says that the reasons are wanted too.
    """

    service: Service
    caller: Caller
    ids: Mapping[str, str]
    body: Any
    query: Any
    key: str | None
    explain: bool

    @property
    def id(self) -> str:
        """The id in the path."""
        return self.ids["id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method on one path.

    *takes* is the type of the body, as it is documented, and *reads* the one that it is read by,
    if that is another. *asks* is the type of the query, *gives* that of the answer with *status*;
    *fails* are the codes of the problems that are its own. *scope* is what a key needs, None for
    what is open to everybody. *content* is the media type of the answer.
    """

    name: str
    method: str
    path: str
    scope: Scope | Literal["any"] | None
    summary: str
    run: Callable[[Call], Awaitable[Reply]]
    about: str = ""
    takes: Any = None
    reads: Any = None
    asks: Any = None
    gives: Any = None
    status: int = 200
    fails: tuple[str, ...] = ()
    writes: bool = False
    explains: bool = False
    content: str = JSON
    examples: Mapping[str, Any] = field(default_factory=dict)
