"""Opening a store by its URL, and what operators may ask of one.

What a store needs is imported when its scheme is asked for. The module of each has a class with
`open(url)`, and `init(url)`, `migrate(url)` and `check(url)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final, NamedTuple, Protocol, cast

from nba.errors import StoreError, did_you_mean
from nba.state.memory import MemoryStore
from nba.state.store import Store

__all__ = ["Checked", "check", "init", "migrate", "open_store"]


class Checked(NamedTuple):
    """What was found about a store: the version of what it holds, and the one that is wanted.

    *version* is None where nothing is kept yet. *notes* are sentences for the operator.
    """

    kind: str
    version: int | None
    wanted: int
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the store can be used as it is."""
        return self.version == self.wanted


class _Kind(NamedTuple):
    """A kind of store: its module, its class, and the extra that brings what it needs."""

    module: str
    store: str
    extra: str = ""


_MEMORY: Final = "memory"
_KINDS: Final[Mapping[str, _Kind]] = {
    "sqlite": _Kind("sqlite", "SqliteStore"),
    "redis": _Kind("redis", "RedisStore", "redis"),
    "unix": _Kind("redis", "RedisStore", "redis"),
    "rediss": _Kind("redis", "RedisStore", "redis"),
    "postgresql": _Kind("postgres", "PostgresStore", "postgres"),
    "postgres": _Kind("postgres", "PostgresStore", "postgres"),
}


class _Openable(Protocol):
    def open(self, url: str) -> Store: ...


class _Operated(Protocol):
    """What the module of a store has, for operators. All raise StoreError."""

    def init(self, url: str) -> None:
        """Make what the store needs, if it is not there."""

    def migrate(self, url: str) -> tuple[int, int]:
        """Bring what is there to the newest version; return the versions before and after."""

    def check(self, url: str) -> Checked:
        """Look at what is there, and change nothing."""


def open_store(url: str) -> Store:
    """Open the store at a URL.

    That is `memory://`, `sqlite:///file` (four slashes before a path from the top), `redis://host`,
    `rediss://host` or `postgresql://host/database`, with options such as `?timeout=2`. Raises
    StoreError where there is none, where it has another version, and where a package is missing.
    """
    scheme = _scheme(url)
    if scheme == _MEMORY:
        if url != "memory://":
            raise StoreError(f"`{_MEMORY}://` takes nothing more: what it keeps has no place")
        return MemoryStore()
    kind, module = _module(scheme)
    return cast("_Openable", getattr(module, kind.store)).open(url)


def init(url: str) -> None:
    """Make what the store at a URL needs, if it is not there. Raises StoreError."""
    _operated(url).init(url)


def migrate(url: str) -> tuple[int, int]:
    """Bring a store to the newest version; return the versions before and after.

    Raises StoreError.
    """
    return _operated(url).migrate(url)


def check(url: str) -> Checked:
    """Look at the store at a URL, and change nothing. Raises StoreError."""
    return _operated(url).check(url)


def _operated(url: str) -> _Operated:
    scheme = _scheme(url)
    if scheme == _MEMORY:
        raise StoreError(f"`{_MEMORY}://` keeps nothing that could be looked at or made before")
    return cast("_Operated", _module(scheme)[1])


def _scheme(url: str) -> str:
    scheme, colon, _ = url.partition("://")
    if not colon:  # what it is may hold a password, so it is not shown
        raise StoreError("that is not the URL of a store: write one such as `sqlite:///nba.db`")
    if scheme != _MEMORY and scheme not in _KINDS:
        known = [_MEMORY, *(name for name in _KINDS if name != "postgres")]
        raise StoreError(f"there is no store `{scheme}://`: {did_you_mean(scheme, known)}")
    return scheme


def _module(scheme: str) -> tuple[_Kind, object]:
    kind = _KINDS[scheme]
    try:
        return kind, import_module(f"nba.state.{kind.module}")
    except ModuleNotFoundError as error:
        if not kind.extra or (error.name or "").startswith("nba"):
            raise
        raise StoreError(
            f"`{scheme}://` needs the package `{error.name}`: run `pip install nba[{kind.extra}]`"
        ) from None
