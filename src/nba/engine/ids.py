"""Ids of decisions: by chance, and nobody's guess."""

from __future__ import annotations

import os
import threading
from typing import Final

__all__ = ["new_id"]

#: Bytes of an id, and how many ids are made at once. Who asks the system for each of them gives up
#: Python for a moment so often that other threads, such as the log's, hardly get a turn.
_BYTES: Final = 12
_AT_ONCE: Final = 256


class _Ready(threading.local):
    """The ids that a thread has ready."""

    def __init__(self) -> None:
        self.ids: list[str] = []


_ready = _Ready()


def new_id() -> str:
    """Return an id that no other decision has, in this process or another."""
    ids = _ready.ids
    if not ids:
        text = os.urandom(_BYTES * _AT_ONCE).hex()
        ids += [f"d-{text[at : at + 2 * _BYTES]}" for at in range(0, len(text), 2 * _BYTES)]
    return ids.pop()


def _after_fork() -> None:
    """Let a process that was forked not give the ids that its parent gives."""
    global _ready  # noqa: PLW0603 - what is ready in every thread goes at once
    _ready = _Ready()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
