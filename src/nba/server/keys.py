"""API keys: who may do what. Only hashes of keys are kept, and they are compared in constant time.

A line of a file of keys, or of the variable `NBA_API_KEYS`, has a name, scopes, and a hash:
`shop decide,record sha256:9f86d0…`. `nba key` makes one. A key is 32 random bytes, so that one
round of SHA-256 keeps it: nobody can try them all.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self, get_args

from nba.errors import CaseError, did_you_mean

__all__ = ["SCOPES", "Caller", "Keys", "Scope", "new_key"]

Scope = Literal["decide", "observe", "record", "author", "admin"]
SCOPES: Final[Mapping[Scope, str]] = {
    "decide": "decide, and read decisions, explanations, journeys and what is due",
    "observe": "send events",
    "record": "record outcomes, and approve of gestures",
    "author": "look at the book, and check rule files",
    "admin": "reload the book, and forget customers",
}
_LINE: Final = re.compile(r"([\w.-]{1,60})\s+([a-z,]+)\s+sha256:([0-9a-f]{64})")
_LONGEST: Final = 200  # characters of a key that anybody has


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, by the name of the key, and what that may do."""

    name: str
    scopes: frozenset[str]


class Keys:
    """The keys that are known; those of the file at *path* may be read again."""

    def __init__(
        self, known: Iterable[tuple[bytes, Caller]], path: str | os.PathLike[str] | None = None
    ) -> None:
        self._known = tuple(known)
        self._path = path
        self._stamp = self._written()

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Return the keys in a file; see `read`. Raises CaseError."""
        keys = cls((), path)
        keys.refresh()
        return keys

    def changed(self) -> bool:
        """Return whether the file is another than the one that was read."""
        return self._stamp != self._written()

    def refresh(self) -> None:
        """Read the file again, if they came from one. Raises CaseError; then the old keys stay."""
        if self._path is None:
            return
        self._stamp = self._written()
        shown = f"`{os.fspath(self._path)}`"
        try:
            text = _text_of(Path(self._path))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise CaseError(f"the keys in {shown} cannot be read: {reason.lower()}") from None
        self._known = tuple(_read(text, shown))

    def _written(self) -> tuple[int, ...]:
        """Return what tells a file from what it was; nothing where there is none."""
        try:
            found = None if self._path is None else Path(self._path).stat()
        except OSError:
            found = None
        return (found.st_mtime_ns, found.st_ino, found.st_size) if found else ()

    @classmethod
    def read(cls, text: str, where: str) -> Self:
        """Return the keys in a text, one on each line; `#` begins a comment. Raises CaseError.

        *where* the text stands begins the message.
        """
        return cls(_read(text, where))

    def caller(self, authorization: bytes | None) -> Caller | None:
        """Return who the header `Authorization: Bearer KEY` is; None where it is nobody known.

        It takes as long for a key that is known as for one that is not.
        """
        kind, _, key = (authorization or b"").partition(b" ")
        if kind.lower() != b"bearer" or not key or len(key) > _LONGEST:
            return None
        digest = hashlib.sha256(key.strip()).digest()
        found = None
        for known, caller in self._known:
            if hmac.compare_digest(known, digest):
                found = caller
        return found


def _text_of(path: Path) -> str:
    """Return what stands in a file. Reading a pipe would wait for whoever writes into it."""
    if path.exists() and not path.is_file():
        raise OSError(0, "not a regular file")
    return path.read_text(encoding="utf-8-sig")


def _read(text: str, where: str) -> Iterable[tuple[bytes, Caller]]:
    """Return the keys in a text, each by its hash. Raises CaseError."""
    found: dict[bytes, Caller] = {}
    for number, line in enumerate(re.split(r"[\n;]", text), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        match = _LINE.fullmatch(content)
        if match is None:  # the line is not shown: it may hold a key by mistake
            raise CaseError(
                f"{where}, line {number}: this is not `NAME SCOPE,SCOPE sha256:HASH`: "
                f"`nba key NAME SCOPE …` writes such a line"
            )
        name, scopes, digest = match.groups()
        for scope in scopes.split(","):
            if scope not in get_args(Scope):
                help_ = did_you_mean(scope, SCOPES)
                raise CaseError(f"{where}, line {number}: there is no scope `{scope}`. {help_}")
        if any(other.name == name for other in found.values()):
            raise CaseError(f"{where}, line {number}: the name `{name}` is there twice")
        if bytes.fromhex(digest) in found:
            other = found[bytes.fromhex(digest)].name
            raise CaseError(f"{where}, line {number}: the key of `{name}` is that of `{other}`")
        found[bytes.fromhex(digest)] = Caller(name, frozenset(scopes.split(",")))
    if not found:
        raise CaseError(f"{where}: there is no key. `nba key NAME SCOPE …` makes one")
    return found.items()


def new_key(name: str, scopes: Iterable[str]) -> tuple[str, str]:
    """Return a new key, and the line that lets it in. Raises CaseError."""
    key = f"nba_{secrets.token_urlsafe(32)}"
    line = f"{name} {','.join(scopes)} sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    Keys.read(line, "the key")
    return key, line
