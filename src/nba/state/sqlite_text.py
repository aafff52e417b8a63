"""Text as SQLite takes it: it refuses halves of surrogate pairs, which Python's text may hold.

Such a half is written as U+D7FF and another character, and U+D7FF as two, so that every text comes
back as it was. The order of texts stays the same, as U+D7FF is the last before the halves.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["read", "written"]

_MARK: Final = "\ud7ff"
_ODD: Final = re.compile("[\ud7ff-\udfff]")
_WRITTEN: Final = re.compile(f"{_MARK}(.)", re.DOTALL)


def written(text: str) -> str:
    """Return a text so that it can be written."""
    if text.isascii():
        return text
    return _ODD.sub(lambda odd: _MARK + chr(ord(odd[0]) - ord(_MARK)), text)


def read(text: str) -> str:
    """Return the text that `written` was given."""
    if _MARK not in text:
        return text
    return _WRITTEN.sub(lambda found: chr(ord(_MARK) + ord(found[1])), text)
