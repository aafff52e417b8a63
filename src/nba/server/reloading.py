"""Reading the book and the keys again when their files change. What is broken replaces nothing."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
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
#: Seconds between two looks at the file of keys: how long one that was withdrawn may still do.
_LOOK: Final = 1.0
_logger = logging.getLogger("nba.server")


class _OfABook(DefaultFilter):
    """Lets through what a book is made of: no hidden files, and no editor's."""

    def __call__(self, change: Change, path: str) -> bool:
        """Tell whether a change matters."""
        return super().__call__(change, path) and not Path(path).name.startswith(".")


async def reload_on_change(service: Service, paths: Sequence[str | os.PathLike[str]]) -> None:
    """Reload whenever something at the *paths* changes, until it is cancelled."""
    async for _ in awatch(*map(Path, paths), watch_filter=_OfABook(), step=50, debounce=_SETTLE):
        with suppress(BookError, CaseError):  # it is told where it is kept: `reload`
            try:
                await service.reload()
            except OSError as error:
                _logger.warning("the book cannot be read: %s", error.strerror)


async def read_keys_on_change(service: Service, keys: Keys) -> None:
    """Read the keys whenever their file is another, until it is cancelled."""
    while True:
        await asyncio.sleep(_LOOK)
        if keys.changed():
            service.read_keys()
