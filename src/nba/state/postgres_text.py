"""Text as PostgreSQL takes it: without U+0000, and without halves of surrogate pairs.

Python's text may hold both. They are written as two characters: U+0000 as U+0001 and another, a
half as U+D7FF and another. So are the two marks. Every text comes back as it was, and the order of
texts stays the same, as each mark is the neighbour of what it stands for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

__all__ = ["json_of", "numbers", "read", "texts", "written"]

_ODD: Final = re.compile("[\0\1\ud7ff-\udfff]")
_WRITTEN: Final = re.compile("([\1\ud7ff])(.)", re.DOTALL)
#: What may stand in the place of something odd in JSON that is ASCII.
_ODD_IN_JSON: Final = re.compile(r"\\u(000[01]|d[7-9a-f])")


def written(text: str) -> str:
    """Return a text so that it can be written."""
    if _ODD.search(text) is None:
        return text
    return _ODD.sub(_pair, text)


def _pair(odd: re.Match[str]) -> str:
    code = ord(odd[0])
    return f"\1{chr(code + 1)}" if code < 2 else f"\ud7ff{chr(code - 0xD7FF + 1)}"


def read(text: str) -> str:
    """Return the text that `written` was given."""
    if "\1" not in text and "\ud7ff" not in text:
        return text
    return _WRITTEN.sub(_single, text)


def _single(pair: re.Match[str]) -> str:
    return chr(ord(pair[2]) - 1) if pair[1] == "\1" else chr(ord(pair[2]) + 0xD7FF - 1)


def texts(values: Iterable[str | None]) -> str:
    """Return texts as an array, written so that they can be read there."""
    parts = [
        "NULL" if value is None else f'"{written(value).translate(_QUOTED)}"' for value in values
    ]
    return f"{{{','.join(parts)}}}"


_QUOTED: Final = str.maketrans({'"': '\\"', "\\": "\\\\"})


def json_of(value: list[Any]) -> str:
    """Return lists of texts and numbers as JSON whose texts can be written."""
    text = json.dumps(value)
    return json.dumps(_walked(value)) if _ODD_IN_JSON.search(text) else text


def _walked(value: Any) -> Any:
    if isinstance(value, str):
        return written(value)
    return [_walked(item) for item in value] if isinstance(value, list | tuple) else value


def numbers(values: Iterable[int | None]) -> str:
    """Return whole numbers as an array; as text, since PostgreSQL has a type for each size."""
    return f"{{{','.join(['NULL' if value is None else str(int(value)) for value in values])}}}"
