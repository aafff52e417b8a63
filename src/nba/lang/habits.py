"""What people write out of habit where this language says it otherwise, and what to write here.

The parser asks, once something stands where it cannot stand.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["Habit", "about_character", "about_word", "spoken"]


class Habit(NamedTuple):
    """What to say: code, message, help, and which part of the text is meant."""

    code: str
    message: str
    help: str
    start: int
    end: int


_SPOKEN_DURATION: Final = re.compile(
    r"(\d{1,15}) ?(day|hour|minute|week|month|second|d|h|min|w|s)s?", re.IGNORECASE
)
#: What people say for a length of time, and what it is here.
_SPOKEN: Final = {
    "d": ("days", 1),
    "day": ("days", 1),
    "w": ("days", 7),
    "week": ("days", 7),
    "month": ("days", 30),
    "h": ("hours", 1),
    "hour": ("hours", 1),
    "min": ("minutes", 1),
    "minute": ("minutes", 1),
}


def spoken(text: str) -> str | None:
    """Return the expression for a length of time that people write as `5 days` or `2w`."""
    found = _SPOKEN_DURATION.fullmatch(text)
    if found is None:
        return None
    count, unit = found[1], found[2].lower()
    if unit not in _SPOKEN:
        return f"duration('{count}s')"
    function, times = _SPOKEN[unit]
    return f"{function}({int(count) * times})"


# --- characters

_SIGNS: Final = {
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "–": "-",
    "—": "-",
    "−": "-",
    "‑": "-",
    "×": "*",
    "÷": "/",
    "∧": "&&",
    "∨": "||",
    "¬": "!",
}
_INVISIBLE: Final = {
    "\u00a0": "a no-break space",
    "\u202f": "a narrow no-break space",
    "\u2009": "a thin space",
    "\u200b": "a zero-width space",
    "\ufeff": "a byte order mark",
}
_MONEY: Final = "€$£¥"
_WITHOUT_UNIT: Final = "an amount has no unit, it is in the currency of the book"
_AMOUNT: Final = re.compile(r"\s*(\d[\d.,]{0,20})")
_AMOUNT_BEFORE: Final = re.compile(r"(\d[\d.,]{0,20})\s*\Z")


def about_character(text: str, offset: int) -> Habit:
    """Explain the character at *offset*, which begins nothing."""
    character = text[offset]
    message, help_ = f"`{character}` has no meaning here", "text goes in quotes: 'like this'"
    if character == "`":
        message, help_ = "a quoted name is not closed", "add a backtick"
    elif character in _SIGNS:
        help_ = f"write `{_SIGNS[character]}`"
    elif character in _INVISIBLE:
        message = f"{_INVISIBLE[character]} (U+{ord(character):04X}) has no meaning here"
        help_ = "write a plain space"
    elif character in "‘’“”„«»":
        help_ = "write straight quotes: 'like this'"
    elif character in _MONEY:
        amount = _AMOUNT.match(text, offset + 1) or _AMOUNT_BEFORE.search(
            text, max(0, offset - 30), offset
        )
        written = f"write `{_plain(amount[1])}`: " if amount else ""
        help_ = f"{written}{_WITHOUT_UNIT}"
    return Habit("expression-syntax", message, help_, offset, offset + 1)


def _plain(amount: str) -> str:
    """Return an amount without separators, as a number is written here."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", amount):
        return amount.replace(",", "")
    return re.sub(r",(\d+)\Z", r".\1", amount.rstrip(".,"))


# --- words and operators

_OPERAND: Final = re.compile(r"([A-Za-z_][\w.]{0,80})\s*\Z", re.ASCII)
_PERCENT: Final = re.compile(r"(?<![\w.])(\d{1,9}(?:\.\d{1,9})?)\s*%\s*\Z", re.ASCII)
_DIGITS: Final = re.compile(r"(?<![\w.])(\d{1,15}(?:\.\d{1,9})?)\s*\Z", re.ASCII)
_DATE: Final = re.compile(r"(?<![\w.])\d{4}-\d\d-\d\d\Z", re.ASCII)
_TIME: Final = re.compile(r"(T\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_LENGTH: Final = re.compile(r"(?:h|m|s|ms)(?:\d{1,9}(?:h|m|s|ms))*", re.ASCII)
_ARGUMENT: Final = re.compile(r"""\s+('[^']{0,40}'|"[^"]{0,40}"|[\w.]{1,60})""")
_NOTHING: Final = r"(?:null|none|nil|missing|absent|unknown|undefined)\b"
_THERE: Final = r"(?:present|set|known|given|there)\b"
_BETWEEN: Final = re.compile(r"between\s+([\w.]{1,40})\s+(?:and|&&)\s+([\w.]{1,40})")
_CURRENCY: Final = re.compile(r"[A-Z]{3}|euros?|dollars?|pounds?", re.ASCII)
#: Words between a text and a part of it, and the function that asks for it.
_ABOUT_TEXT: Final = {
    "contains": "contains",
    "includes": "contains",
    "like": "contains",
    "startsWith": "startsWith",
    "startswith": "startsWith",
    "starts": "startsWith",
    "begins": "startsWith",
    "endsWith": "endsWith",
    "endswith": "endsWith",
    "ends": "endsWith",
    "matches": "matches",
}
_BACKWARDS: Final = {"=>": ">=", "=<": "<=", "=!": "!="}
_JOIN: Final = (
    "join two conditions with `&&`, or begin each with `- ` on a line of its own in a list"
)


def about_word(text: str, start: int, end: int, *, complete: bool) -> Habit | None:
    """Explain the word or operator that stands where it cannot; None for what is no known habit.

    *complete* says that what stands before it is a whole expression.
    """
    before, word = text[max(0, start - 200) : start], text[start:end]
    if found := _PERCENT.search(before):
        begin = start - len(before) + found.start()
        written = found[0].rstrip()
        help_ = f"write `{float(found[1]) / 100:.10g}`: `%` is the remainder of a division here"
        message = f"`{written}` is not a number here"
        return Habit("spelling", message, help_, begin, begin + len(written))
    if word == "=" and (right := _BACKWARDS.get(text[start : start + 2])):
        wrong = text[start : start + 2]
        message = f"`{wrong}` is not an operator here"
        return Habit("spelling", message, f"write `{right}`", start, start + 2)
    if word == "=" and before.endswith("!="):
        message = "`!==` is not an operator here"
        return Habit("spelling", message, "write `!=`", start - 2, end)
    operand = found[1] if (found := _OPERAND.search(before)) else "x"
    if word == "is":
        return _is(text, start, operand)
    if not complete or not word:
        return None
    if help_ := _beside(text, start, end, before, operand):
        message = f"unexpected `{word}`, expected an operator or the end"
        return Habit("expression-syntax", message, help_, start, end)
    return None


def _is(text: str, start: int, operand: str) -> Habit | None:
    """Explain `is`, which stands at *start*."""
    for pattern, wanted in (
        (rf"is\s+not\s+{_NOTHING}|is\s+{_THERE}", f"write `has({operand})`"),
        (rf"is\s+{_NOTHING}|is\s+not\s+{_THERE}", f"write `!has({operand})`"),
        (r"is\s+not\s+(?:empty|blank)\b", f"write `{operand} != ''`, or `has({operand})`"),
        (r"is\s+(?:empty|blank)\b", f"write `{operand} == ''`, or `!has({operand})`"),
        (r"is\s+not\s+in\b", "write `!(a in b)`"),
        (r"is\s+in\b", "write `in`"),
        (r"is\s+not\b", "write `!=`"),
    ):
        if found := re.compile(pattern, re.IGNORECASE).match(text, start):
            message = f"`{' '.join(found[0].split())}` is not an operator here"
            return Habit("spelling", message, wanted, start, found.end())
    return None


def _beside(text: str, start: int, end: int, before: str, operand: str) -> str:
    """Return advice on what stands behind a whole expression without an operator."""
    word, number = text[start:end], _DIGITS.search(before)
    argument = found[1] if (found := _ARGUMENT.match(text, end)) else "'…'"
    if word == ",":
        return _about_comma(text, start, number)
    if (time := _TIME.match(text, start)) and (day := _DATE.search(before)):
        written = f"{day[0]}{time[1]}{time[2] or ':00'}{time[3] or 'Z'}"
        return f"write `timestamp('{written}')`"
    if number and (length := spoken(f"{number[1]} {word}")):
        return f"write `{length}`"
    if number and _LENGTH.fullmatch(word):
        return f"write `duration('{number[1]}{word}')`"
    if number and _CURRENCY.fullmatch(word):
        return f"write `{number[1]}`: {_WITHOUT_UNIT}"
    if word == "between" and (found := _BETWEEN.match(text, start)):
        return f"write `{operand} >= {found[1]} && {operand} <= {found[2]}`"
    if word in _ABOUT_TEXT:
        if argument == "with":
            found = _ARGUMENT.match(text, text.index("with", end) + len("with"))
            argument = found[1] if found else "'…'"
        return f"write `{operand}.{_ABOUT_TEXT[word]}({argument})`"
    if word == "has":
        return f"write `{argument} in {operand}`"
    if word == "exists":
        return f"write `has({operand})`"
    return _JOIN if word[0].isalpha() or word[0] in "_!" else ""


def _about_comma(text: str, start: int, number: re.Match[str] | None) -> str:
    """Return advice on a comma: part of a number, or between two conditions."""
    digits = re.compile(r"\d{1,15}(?:,\d{3})*(?:\.\d+)?").match(text, start + 1)
    if number and digits and text[start - 1].isdigit():
        if re.match(r"\d{3}(?!\d)", digits[0]) and number[1] != "0":
            joined = f"{number[1]}{digits[0]}".replace(",", "")
            return f"write `{joined}`: numbers have no separators"
        return f"write `{number[1]}.{digits[0]}`: decimals have a point"
    return _JOIN
