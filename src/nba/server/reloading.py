"""Reading the book and the keys again when their files change. What is broken replaces nothing."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from watchfiles import Change, DefaultFilter, awatch

from nba.errors import BookError, CaseError
from nba.server.keys import Keys
from nba.server.service import Service

__all__ = ["read_keys_on_change", "reload_on_change"]

#: Milliseconds to wait for more changes before the book is read: editors and checkouts write many.
_SETTLE: Final = 300
#: Seconds between two looks at the file of keys, which is how long one that was withdrawn may
#: still do, and at whether another folder stands where the book was.
_LOOK: Final = 1.0
_logger = logging.getLogger("nba.server")


class _OfABook(DefaultFilter):
    """Lets through what a book is made of: no hidden files, and no editor's."""

    def __call__(self, change: Change, path: str) -> bool:
        """Tell whether a change matters."""
        return super().__call__(change, path) and not Path(path).name.startswith(".")


async def reload_on_change(service: Service, paths: Sequence[str | os.PathLike[str]]) -> None:
    """Reload whenever something at the *paths* changes, until it is cancelled."""
    async for _ in _changes(paths):
        with suppress(BookError, CaseError):  # it is told where it is kept: `reload`
            try:
                await service.reload()
            except OSError as error:
                _logger.warning("the book cannot be read: %s", error.strerror)


async def _changes(paths: Sequence[str | os.PathLike[str]]) -> AsyncIterator[None]:
    """Yield whenever something at the *paths* has changed.

    What is watched is a folder or a file, whatever its name. So where another one takes its place,
    as editors and deployments do it, that is watched from then on.
    """
    wanted, look = _OfABook(), round(_LOOK * 1000)
    behind = False  # whether what stands there now may not have been read
    while True:
        watched = _at(paths)
        changes = awatch(
            *map(Path, paths),
            watch_filter=wanted,
            step=50,
            debounce=_SETTLE,
            rust_timeout=look,
            yield_on_timeout=True,
        )
        try:
            async for found in changes:
                if found or behind:
                    behind = False
                    yield
                if _at(paths) != watched:
                    break
        except FileNotFoundError:  # until it is there again
            await asyncio.sleep(_LOOK)
        behind = True


def _at(paths: Sequence[str | os.PathLike[str]]) -> list[tuple[int, int] | None]:
    """Return which folders and files stand at the *paths*; None where there is nothing."""
    found: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            about = Path(path).stat()
            found.append((about.st_dev, about.st_ino))
        except OSError:
            found.append(None)
    return found


async def read_keys_on_change(service: Service, keys: Keys) -> None:
    """Read the keys whenever their file is another, until it is cancelled."""
    while True:
        await asyncio.sleep(_LOOK)
        if keys.changed():
            service.read_keys()
