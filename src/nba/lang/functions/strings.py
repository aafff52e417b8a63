"""The library `strings`: parts of text, and text made of text. Characters are code points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nba.errors import EvaluationError
from nba.lang.functions.formatting import formatted
from nba.lang.functions.table import row
from nba.lang.values import checked_size

__all__ = ["ROWS"]

#: What Unicode calls white space; Python's `strip` would take more.
_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TO_LOWER: Final = str.maketrans(_UPPER, _UPPER.lower())
_TO_UPPER: Final = str.maketrans(_UPPER.lower(), _UPPER)
_QUOTED: Final = str.maketrans(
    dict(zip('\a\b\f\n\r\t\v\\"', [f"\\{c}" for c in 'abfnrtv\\"'], strict=True))
)


# --- places


def _place(text: str, index: int) -> int:
    if not 0 <= index <= len(text):
        raise EvaluationError(f"there is no character {index}")
    return index


def _char_at(text: str, index: int) -> str:
    return text[_place(text, index) : index + 1]


def _index_of(text: str, part: str, start: int = 0) -> int:
    return text.find(part, _place(text, start))


def _last_index_of(text: str, part: str, start: int | None = None) -> int:
    end = len(text) if start is None else _place(text, start) + len(part)
    return text.rfind(part, 0, end)


def _substring(text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else _place(text, end)
    if _place(text, start) > end:
        raise EvaluationError(f"character {start} stands after character {end}")
    return text[start:end]


# --- text made of text


def _replace(text: str, old: str, new: str, times: int = -1) -> str:
    found = text.count(old)
    if times >= 0:
        found = min(found, times)
    if len(new) > len(old):
        checked_size(len(text) + found * (len(new) - len(old)))
    return text.replace(old, new, found)


def _split(text: str, separator: str, times: int = -1) -> list[str]:
    if times == 0:
        return []
    if separator:
        return text.split(separator, times - 1 if times > 0 else -1)
    cut = len(text) if times < 0 else times - 1
    return [*text[:cut], *([text[cut:]] if text[cut:] else [])]


def _join(parts: Sequence[str], separator: str = "") -> str:
    checked_size(sum(map(len, parts)) + len(separator) * max(0, len(parts) - 1))
    return separator.join(parts)


def _quote(text: str) -> str:
    quoted = text.translate(_QUOTED)
    checked_size(len(quoted))
    return f'"{quoted}"'


ROWS: Final = [
    row(".charAt", "string, int -> string", _char_at),
    row(".indexOf", "string, string -> int", _index_of),
    row(".indexOf", "string, string, int -> int", _index_of),
    row(".lastIndexOf", "string, string -> int", _last_index_of),
    row(".lastIndexOf", "string, string, int -> int", _last_index_of),
    row(".lowerAscii", "string -> string", lambda a: a.translate(_TO_LOWER)),
    row(".upperAscii", "string -> string", lambda a: a.translate(_TO_UPPER)),
    row(".replace", "string, string, string -> string", _replace),
    row(".replace", "string, string, string, int -> string", _replace),
    row(".split", "string, string -> list(string)", _split),
    row(".split", "string, string, int -> list(string)", _split),
    row(".substring", "string, int -> string", _substring),
    row(".substring", "string, int, int -> string", _substring),
    row(".trim", "string -> string", lambda a: a.strip(_SPACE)),
    row(".join", "list(string) -> string", _join),
    row(".join", "list(string), string -> string", _join),
    row(".reverse", "string -> string", lambda a: a[::-1]),
    row(".format", "string, list(dyn) -> string", formatted),
    row("strings.quote", "string -> string", _quote),
]
