"""The cells of a decision table: `>= 3`, `gold, platinum`, `6..24`, `[6..24)`, `not gold`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta, tzinfo
from math import inf
from typing import Any, Final, NamedTuple

from nba import windows
from nba.book.findings import short
from nba.book.rules import Band
from nba.book.spelling import length_text
from nba.book.table import Cell
from nba.errors import EvaluationError, did_you_mean
from nba.lang.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, EnumType, Type
from nba.lang.values import Timestamp, checked_timestamp

__all__ = ["INPUTS", "CellError", "boolean", "cell", "number", "quoted", "unquoted"]

#: The types that a cell can ask about.
INPUTS: Final = (STRING, BOOL, DOUBLE, INT, TIMESTAMP, DURATION)
MAX_CELL: Final = 2_000  # characters
MAX_VALUES: Final = 200  # in a cell


class CellError(Exception):
    """A cell cannot be read: a code, what is wrong, and what to do."""

    def __init__(self, message: str, help_: str = "", code: str = "wrong-value") -> None:
        super().__init__(message)
        self.message, self.help, self.code = message, help_, code


class _End(NamedTuple):
    """What stands at an end of a range: from *first*, up to *last*. A day is as long as it is."""

    first: float
    last: float
    last_included: bool


_ANYTHING: Final = ("", "-")
_NOT: Final = re.compile(r"not(?=[\s(])\s*(.*)", re.DOTALL)
#: What stands between commas: text in quotes, or anything else.
_PART: Final = re.compile(r"""\s*(?:("(?:[^"]|"")*"|'(?:[^']|'')*')\s*(?=,|$)|([^,]*))""")
_COMPARED: Final = re.compile(r"(>=|<=|>|<|=>|=<|≥|≤|==?|!=|≠)\s*(.*)", re.DOTALL)
_RANGE: Final = re.compile(r"([\[(]?)(.*?)\.\.(.*?)([\])]?)", re.DOTALL)
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:e[+-]?[0-9]{1,2})?")
_DECIMAL_COMMA: Final = re.compile(r"-?[0-9]+,[0-9]+")
#: `1.500,00` and `1,500.00`, as spreadsheets write them: what separates thousands means nothing.
_THOUSANDS: Final = re.compile(
    r"(-?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,2}|-?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+)(?![0-9])"
)
_DASHED: Final = re.compile(r"(-?[0-9.]+)\s*(?:-|–|to)\s*([0-9.]+)")
_FORMS: Final = "write `3`, `>= 3`, `6..24`, `[6..24)` or `-` for anything"


def cell(text: str, kind: Type, zone: tzinfo) -> Cell | None:
    """Return what a cell of an input of this type asks for; None where it takes anything.

    A day in a cell begins in *zone*. Raises CellError.
    """
    text = text.strip()
    if text in _ANYTHING:
        return None
    if len(text) > MAX_CELL:
        raise CellError(f"the cell has more than {MAX_CELL} characters", "make several rows of it")
    negated = _NOT.fullmatch(text)
    inner = negated[1].strip() if negated else text
    words = kind.name in ("bool", "string")
    if negated and inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1] if words else _within_brackets(inner)
    parts = list(_split(inner, kind))
    if len(parts) > MAX_VALUES:
        raise CellError(f"the cell has more than {MAX_VALUES} values", "make several rows of it")
    if words:
        read: Callable[[_Part], Any] = _switch if kind == BOOL else lambda part: _word(part, kind)
        values = tuple(sorted({read(part) for part in parts}))
        texts = [str(value).lower() if kind == BOOL else quoted(value) for value in values]
        return Cell(_joined(texts, negated=bool(negated)), values, (), bool(negated))
    found = {_band(part.text, kind, zone) for part in parts}
    bands = sorted(found, key=lambda band: (-inf if band.low is None else band.low, band.text))
    written = _joined([band.text for band in bands], negated=bool(negated))
    return Cell(written, (), tuple(bands), bool(negated))


def _within_brackets(text: str) -> str:
    """Return ranges behind `not` without the brackets around all of them, where there are any.

    Those of a range are its own: `not (1..3), (5..7)`. Raises CellError where they may be either.
    """
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if not depth and place < len(text) - 1:  # the first bracket is closed, and more follows
            return text
    inner = text[1:-1]
    if ".." in inner and not any(sign in inner for sign in "()[],"):
        help_ = f"write `not {inner.strip()}` with its ends, or `not ({text})` without them"
        raise CellError(f"`not {short(text)}` may be with the ends of the range, or without", help_)
    return inner


def number(text: str) -> float:
    """Return the number that a cell of an output is. Raises CellError."""
    if not _NUMBER.fullmatch(text):
        if not text:
            raise CellError("a number is missing", "write one such as `10` or `0.5`")
        help_ = "write a number such as `10` or `0.5`"
        if _THOUSANDS.fullmatch(text):
            help_ = f"write `{_without_thousands(text)}`"
        elif _DECIMAL_COMMA.fullmatch(text):
            help_ = f"write `{text.replace(',', '.')}`, with a point"
            whole, _, after = text.partition(",")
            if len(after) == 3:
                help_ = f"write `{whole}{after}`, or `{whole}.{after}` with a point"
        raise CellError(f"`{short(text)}` is not a number", help_)
    return float(text) + 0.0


def _without_thousands(text: str) -> str:
    """Return a number with nothing between its thousands, and a point."""
    whole, last = re.split(r"[.,](?=[0-9]+$)", text)
    return f"{re.sub('[.,]', '', whole)}.{last}"


def boolean(text: str) -> bool:
    """Return what a cell that is `true` or `false` says, in any case. Raises CellError."""
    found = {"true": True, "false": False}.get(text.lower())
    if found is None:
        raise CellError(f"`{short(text)}` is not `true` or `false`", "write one of them")
    return found


class _Part(NamedTuple):
    text: str
    quoted: bool


def _split(text: str, kind: Type) -> Iterator[_Part]:
    """Yield what stands between the commas of a cell. Raises CellError."""
    if kind in (INT, DOUBLE) and (grouped := _THOUSANDS.search(text)):
        help_ = f"write `{_without_thousands(grouped[0])}`"
        raise CellError(f"`{short(grouped[0])}` is not a number", help_)
    if kind in (INT, DOUBLE) and (comma := _DECIMAL_COMMA.search(text)):
        point = comma[0].replace(",", ".")
        several = comma[0].replace(",", ", ")
        help_ = f"write `{point}` with a point, or `{several}` for either of them"
        raise CellError(f"`{short(comma[0])}` may be one number, or two", help_)
    at = 0
    while True:
        match = _PART.match(text, at)
        if match is None:  # nothing but that can match
            return
        quoted = match[1] is not None
        part = unquoted(match[1]) if quoted else match[2].strip()
        if not part and not quoted:
            raise CellError("a value is missing beside a comma", "remove the comma, or add a value")
        yield _Part(part, quoted)
        at = match.end()
        if at >= len(text):
            return
        at += 1  # the comma


def unquoted(text: str) -> str:
    """Return text without the quotes around it, if there are any."""
    if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


def quoted(text: str) -> str:
    """Return text as a cell has it: in quotes where it would mean something else without."""
    plain = text == text.strip() and text not in _ANYTHING and not _NOT.match(text)
    if plain and not text.startswith("(") and not any(mark in text for mark in "\"',"):
        return text
    return '"' + text.replace('"', '""') + '"'


def _joined(texts: list[str], *, negated: bool) -> str:
    text = ", ".join(texts)
    if not negated:
        return text
    return f"not ({text})" if text.startswith("(") else f"not {text}"


def _switch(part: _Part) -> bool:
    return boolean(part.text)


def _word(part: _Part, kind: Type) -> str:
    compared = None if part.quoted else _COMPARED.fullmatch(part.text)
    if compared:
        help_ = f"write `{compared[2]}`, or `not {compared[2]}`"
        raise CellError("text is not compared, it is one of several", help_)
    if isinstance(kind, EnumType) and part.text not in kind.values:
        message = f"`{short(part.text)}` is not one of its values"
        raise CellError(message, did_you_mean(part.text, kind.values), "not-in-enum")
    return part.text


# --- ranges


def _band(text: str, kind: Type, zone: tzinfo) -> Band:
    """Return the band that `>= 3`, `3`, `6..24` or `[6..24)` stands for."""

    def end(written: str) -> _End:
        return _end(written.strip(), kind, zone)

    if compared := _COMPARED.fullmatch(text):
        sign, written = compared.groups()
        if sign not in (">=", "<=", ">", "<"):
            signs = {"=>": ">= ", "≥": ">= ", "=<": "<= ", "≤": "<= ", "!=": "not ", "≠": "not "}
            help_ = f"write `{signs.get(sign, '')}{written}`"
            raise CellError(f"`{sign}` is not used in a cell", help_)
        return _compared(sign, end(written), kind)
    match = _RANGE.fullmatch(text)
    if match is None:
        found = end(text)
        return _spelled(found.first, found.last, kind, high_included=found.last_included)
    opening, low, high, closing = match.groups()
    if bool(opening) != bool(closing):
        missing = "its closing bracket" if opening else "its opening bracket"
        raise CellError(f"`{short(text)}` lacks {missing}", "write `6..24` or `[6..24)`")
    if not low.strip() and not high.strip():
        raise CellError(f"`{short(text)}` has no end", "write `-` for anything")
    above = _compared(">" if opening == "(" else ">=", end(low), kind) if low.strip() else None
    below = _compared("<" if closing == ")" else "<=", end(high), kind) if high.strip() else None
    found_band = _spelled(
        above.low if above else None,
        below.high if below else None,
        kind,
        low_included=above.low_included if above else True,
        high_included=below.high_included if below else True,
    )
    if _is_empty(found_band, whole=kind == INT):
        help_ = f"exchange its ends: `{high.strip()}..{low.strip()}`"
        if above and below and above.low is not None and below.high is not None:
            help_ = help_ if above.low > below.high else "write `[` and `]` for ends that belong"
        raise CellError(f"nothing is in `{short(text)}`", help_)
    return found_band


def _compared(sign: str, end: _End, kind: Type) -> Band:
    if sign == ">=":
        return _spelled(end.first, None, kind)
    if sign == "<":
        return _spelled(None, end.first, kind, high_included=False)
    if sign == ">":
        return _spelled(end.last, None, kind, low_included=not end.last_included)
    return _spelled(None, end.last, kind, high_included=end.last_included)


def _is_empty(band: Band, *, whole: bool) -> bool:
    low, high = band.low, band.high
    if low is None or high is None:
        return False
    if whole:  # of an int, `(3..4)` holds none
        first = int(low // 1) + (1 if low % 1 or not band.low_included else 0)
        last = int(-(-high // 1)) - (1 if high % 1 or not band.high_included else 0)
        return first > last
    return low > high or (low == high and not (band.low_included and band.high_included))


def _spelled(
    low: float | None,
    high: float | None,
    kind: Type,
    *,
    low_included: bool = True,
    high_included: bool = True,
) -> Band:
    """Return a band with its canonical text."""
    ends = ["" if end is None else _end_text(end, kind) for end in (low, high)]
    text = ends[0] if low == high else "..".join(ends)
    if not (low_included and high_included):
        text = f"{'[' if low_included else '('}{'..'.join(ends)}{']' if high_included else ')'}"
    return Band(text, low, high, low_included, high_included)


def _end_text(end: float, kind: Type) -> str:
    if kind == TIMESTAMP:
        return str(Timestamp(end))
    if kind == DURATION:
        return length_text(int(end)) or ""
    return repr(float(end)).removesuffix(".0")


def _end(text: str, kind: Type, zone: tzinfo) -> _End:
    """Return what stands at an end of a range. Raises CellError."""
    if kind == TIMESTAMP:
        return _time(text, zone)
    if kind == DURATION:
        try:
            length = windows.parse_length(text)
        except ValueError:
            help_ = "write `36h`, `>= 7d` or `1d..3d`"
            raise CellError(f"`{short(text)}` is not a length of time", help_) from None
        return _End(length, length, last_included=True)
    if not _NUMBER.fullmatch(text):
        dashed = _DASHED.fullmatch(text)
        help_ = f"write `{dashed[1]}..{dashed[2]}`" if dashed else _FORMS
        raise CellError(f"`{short(text)}` is not a number, or a range of numbers", help_)
    value = float(text) + 0.0
    return _End(value, value, last_included=True)


def _time(text: str, zone: tzinfo) -> _End:
    try:
        if len(text) > 10:
            instant = checked_timestamp(windows.parse_instant(text))
            return _End(int(instant), int(instant), last_included=True)
        day = windows.parse_day(text)
        following = day + timedelta(days=1)
        first, last = (checked_timestamp(windows.midnight(one, zone)) for one in (day, following))
        return _End(int(first), int(last), last_included=False)
    except (ValueError, OverflowError, EvaluationError):
        help_ = "write `2026-03-01`, or a time such as `2026-03-01T18:00:00Z`"
        raise CellError(f"`{short(text)}` is not a date", help_) from None
