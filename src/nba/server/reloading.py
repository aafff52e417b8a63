"""Reading the book again when its files change. A broken book never replaces one that decides."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from watchfiles import Change, DefaultFilter, awatch

from nba.errors import BookError
from nba.server.service import Service

__all__ = ["reload_on_change"]

#: Milliseconds to wait for more changes before the book is read: editors and checkouts write many.
_SETTLE: Final = 300
_logger = logging.getLogger("nba.server")


class _OfABook(DefaultFilter):
    """Lets through what a book is made of: no hidden files, and no editor's."""

    def __call__(self, change: Change, path: str) -> bool:
        """Tell whether a change matters."""
        return super().__call__(change, path) and not Path(path).name.startswith(".")


async def reload_on_change(service: Service, paths: Sequence[str | os.PathLike[str]]) -> None:
    """Reload whenever something at the *paths* changes, until it is cancelled."""
    async for _ in awatch(*map(Path, paths), watch_filter=_OfABook(), step=50, debounce=_SETTLE):
        with suppress(BookError):  # it is told where it is kept: `reload`
            try:
                await service.reload()
            except OSError as error:
                _logger.warning("the book cannot be read: %s", error.strerror)
