"""What `'%s has %d'.format([name, count])` means."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from nba.errors import EvaluationError
from nba.lang.values import checked_size, key_value, kind_of, show_double

__all__ = ["TAKEN", "clauses", "formatted"]

#: Decimals of `%f` and `%e` when nothing is said, and the most there may be.
_DECIMALS: Final = 6
_MOST_DECIMALS: Final = 1000

_CLAUSE = re.compile(r"%(?:\.(\d{1,9}))?(.?)", re.DOTALL)

#: The kinds of values that each clause takes; `%s` takes all.
TAKEN: Final[dict[str, tuple[str, ...]]] = {
    "d": ("int", "uint", "double"),
    "f": ("double", "int", "uint"),
    "e": ("double", "int", "uint"),
    "b": ("int", "uint", "bool"),
    "o": ("int", "uint"),
    "x": ("int", "uint", "string", "bytes"),
    "X": ("int", "uint", "string", "bytes"),
}


def clauses(text: str) -> list[tuple[str, int | None]]:
    """Return the letter and the decimals of each clause of *text* that takes a value.

    Raises EvaluationError for a clause that there is not.
    """
    return [clause for _, clause in _pieces(text) if clause]


def formatted(text: str, given: Sequence[object]) -> str:
    """Return *text* with each clause replaced by the next of the values *given*."""
    out, size, place = [], 0, 0
    for plain, clause in _pieces(text):
        piece = plain
        if clause:
            if place == len(given):
                raise EvaluationError(f"`%{clause[0]}` has no value: there are {len(given)}")
            piece = _shown(clause[0], clause[1], given[place])
            place += 1
        size += len(piece)
        checked_size(size)
        out.append(piece)
    return "".join(out)


def _pieces(text: str) -> list[tuple[str, tuple[str, int | None] | None]]:
    """Cut *text* into pieces of plain text and clauses."""
    found: list[tuple[str, tuple[str, int | None] | None]] = []
    end = 0
    for match in _CLAUSE.finditer(text):
        found.append((text[end : match.start()], None))
        end = match.end()
        digits, letter = match.groups()
        if letter == "%" and digits is None:
            found.append(("%", None))
            continue
        if letter != "s" and letter not in TAKEN:
            raise EvaluationError(f"`{match[0]}` is no clause of a format")
        if digits is not None and letter not in ("f", "e"):
            raise EvaluationError(f"`{match[0]}` takes no decimals, `%f` and `%e` do")
        if digits is not None and int(digits) > _MOST_DECIMALS:
            raise EvaluationError(f"`{match[0]}` asks for more than {_MOST_DECIMALS} decimals")
        found.append(("", (letter, None if digits is None else int(digits))))
    found.append((text[end:], None))
    return found


def _shown(letter: str, decimals: int | None, value: Any) -> str:
    kind = kind_of(value)
    if letter == "s":
        return _Text().of(value)
    if kind not in TAKEN[letter]:
        raise EvaluationError(f"`%{letter}` does not take a {kind}")
    if isinstance(value, float) and not math.isfinite(value):
        return show_double(value)
    if letter in ("f", "e"):
        return f"{float(value):.{_DECIMALS if decimals is None else decimals}{letter}}"
    if letter == "d":
        if isinstance(value, float):
            raise EvaluationError("`%d` does not take a double, `%f` does")
        return str(int(value))
    if isinstance(value, str | bytes):
        return _hexadecimal(value, letter)
    return f"{int(value):{letter}}"


def _hexadecimal(value: str | bytes, letter: str) -> str:
    checked_size(2 * len(value))
    try:
        data = value.encode() if isinstance(value, str) else value
    except UnicodeEncodeError:
        raise EvaluationError("the text has no UTF-8 form") from None
    return data.hex().upper() if letter == "X" else data.hex()


class _Text:
    """Writes a value as `%s` does; a list may hold itself many times over, so size is counted."""

    def __init__(self) -> None:
        self.size = 0

    def of(self, value: Any) -> str:
        match value:
            case list() | tuple():
                text = f"[{', '.join([self.of(item) for item in value])}]"
            case dict():
                pairs = [(self.of(key_value(key)), inner) for key, inner in value.items()]
                pairs.sort(key=lambda pair: pair[0])
                text = f"{{{', '.join([f'{key}: {self.of(inner)}' for key, inner in pairs])}}}"
            case _:
                if kind_of(value) not in _TEXTS:
                    raise EvaluationError(f"`%s` does not take a {kind_of(value)}")
                text = _TEXTS[kind_of(value)](value)
        self.size += 1 if isinstance(value, list | tuple | dict) else len(text) + 1
        checked_size(self.size)
        return text


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise EvaluationError("the bytes are not UTF-8 text") from None


_TEXTS: Final[dict[str, Callable[[Any], str]]] = {
    "string": str,
    "bool": lambda value: "true" if value else "false",
    "int": str,
    "uint": lambda value: str(int(value)),
    "double": show_double,
    "bytes": _decoded,
    "timestamp": str,
    "duration": str,
    "null_type": lambda _: "null",
    "type": lambda value: value.name,
}
