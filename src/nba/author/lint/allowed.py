"""Findings that the author of a book accepts: `# nba: allow <code>` beside them, or above."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from nba.author.lint.reasoning import doubt
from nba.book.sheet import Sheet
from nba.book.source import Source
from nba.errors import CODES, Diagnostic, Place, did_you_mean

__all__ = ["without_allowed"]

_ALLOW: Final = re.compile(r"#\s*nba:\s*allow\s+([a-z-]+(?:\s*,\s*[a-z-]+)*)")
_COMMENT: Final = re.compile(r"\s*#")


class _Allowance(NamedTuple):
    """A code that is allowed on a line, and where that is said."""

    file: str
    line: int
    code: str
    place: Place


def without_allowed(
    found: Iterable[Diagnostic], sources: Sequence[Source | Sheet]
) -> list[Diagnostic]:
    """Return warnings without those that comments allow, and with comments that allow nothing.

    A comment at the end of a line is about that line; one on a line of its own is about the next
    line that is no comment.
    """
    files = [source for source in sources if isinstance(source, Source)]
    allowed = [each for source in files for each in _allowances(source)]
    by_key = {(each.file, each.line, each.code): each for each in allowed}
    used: set[_Allowance] = set()
    kept = []
    for one in found:
        where = one.where
        allowance = by_key.get((where.file, where.line, one.code)) if where else None
        if allowance is None or one.severity == "error":
            kept.append(one)
        else:
            used.add(allowance)
    return [*kept, *map(_unused, (each for each in allowed if each not in used))]


def _allowances(source: Source) -> Iterator[_Allowance]:
    lines = source.text.splitlines()
    abouts = list(range(1, len(lines) + 1))  # of each line, which one a comment there is about
    following = len(lines) + 1
    for index in reversed(range(len(lines))):
        if _COMMENT.match(lines[index]):
            abouts[index] = following
        following = abouts[index]
    for number, (text, about) in enumerate(zip(lines, abouts, strict=True), 1):
        for match in _ALLOW.finditer(text):
            for code in re.finditer(r"[a-z-]+", match[1]):
                column = match.start(1) + code.start() + 1
                place = Place(source.name, number, column, text, len(code[0]))
                yield _Allowance(source.name, about, code[0], place)


def _unused(allowance: _Allowance) -> Diagnostic:
    code = allowance.code
    if code not in CODES:
        help_ = did_you_mean(code, CODES) or "remove it"
        return doubt("unused-allow", f"there is no code `{code}` to allow", help_, allowance.place)
    message = f"`{code}` is allowed here, and not found"
    return doubt("unused-allow", message, "remove it", allowance.place)
