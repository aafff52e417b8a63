"""Does something again whenever a file below a folder changes, until Ctrl-C."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["Seen", "seen", "watch"]

#: How often it looks, in seconds.
PACE: Final = 0.25

#: When each file was written last, in nanoseconds, and its size.
Seen = dict[str, tuple[int, int]]


def seen(path: str) -> Seen:
    """Return what there is at *path*, a folder or one file; nothing hidden."""
    root = Path(path)
    if not root.is_dir():
        sheets = sorted(root.parent.glob("*.csv"))  # the tables of the book
        return {name: stamp for file in (root, *sheets) for name, stamp in _stamp(file).items()}
    found: Seen = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                found |= _stamp(Path(folder, name))
    return found


def _stamp(file: Path) -> Seen:
    try:
        now = file.stat()
    except OSError:  # gone since it was listed, or not there at all
        return {}
    return {str(file): (now.st_mtime_ns, now.st_size)}


def watch(path: str, work: Callable[[], None]) -> None:
    """Do *work*, and again after each change at *path*, until Ctrl-C.

    An editor may write a file in several steps: it waits until nothing changes any more.
    """
    before: Seen | None = None
    try:
        while True:
            now = seen(path)
            if now != before:
                while (later := _after_a_moment(path)) != now:
                    now = later
                before = now
                work()
            time.sleep(PACE)
    except KeyboardInterrupt:
        return


def _after_a_moment(path: str) -> Seen:
    time.sleep(PACE / 5)
    return seen(path)
