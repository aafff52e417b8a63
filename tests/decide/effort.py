"""What code takes, in function calls: the same on a busy machine."""

from __future__ import annotations

import sys
from collections.abc import Callable

__all__ = ["calls"]


def calls(function: Callable[[], object]) -> int:
    """Return how many functions written in Python are called."""
    count = 0

    def note(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count
