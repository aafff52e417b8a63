"""The files that commands read: JSON objects, and cases, one to a file or one to a line."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from nba.cli.output import CommandError
from nba.decide.case import Case
from nba.errors import CaseError, Place

__all__ = ["CaseFile", "CaseRead", "read_cases", "read_object"]

_ONE_TO_A_LINE: Final = (".jsonl", ".ndjson")
_IN_OUR_WORDS: Final = {
    "Expecting value": "a value is expected here",
    "Expecting property name enclosed in double quotes": "a key in double quotes is expected here",
    "Expecting ':' delimiter": "`:` is expected here",
    "Expecting ',' delimiter": "`,` or the end of what was opened is expected here",
    "Illegal trailing comma before end of object": "this comma is one too many",
    "Illegal trailing comma before end of array": "this comma is one too many",
    "Unterminated string starting at": "the text that begins here has no end",
    "Invalid control character at": "a line break or control character stands in a text",
    "Extra data": "there is more after the end of the JSON value",
}


class CaseRead(NamedTuple):
    """A case, *where* it stands, and the *share* of the file read so far, if its size is known."""

    case: Case
    where: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of a file, read as they are asked for; *many* says that they stand on lines."""

    many: bool
    cases: Iterator[CaseRead]


def read_object(name: str) -> dict[str, Any]:
    """Return the JSON object in the file *name*, `-` for standard input. Raises CommandError."""
    with _opened(name) as stream:
        return _object(_content(stream, name), _shown(name))


@contextmanager
def read_cases(name: str) -> Iterator[CaseFile]:
    """Open the cases of the file *name*, `-` for standard input.

    A file is one JSON object, or JSON Lines: one object to a line. Raises CommandError, at once
    or when the case that cannot be read is asked for.
    """
    with _opened(name) as stream:
        start: list[bytes] = []
        many = Path(name).suffix in _ONE_TO_A_LINE
        if not many:
            start = _two_lines(stream, name)
            filled = [line for line in start if line.strip()]
            many = len(filled) == 2 and _is_json(filled[0])
        if many:
            yield CaseFile(many=True, cases=_each(stream, start, name))
        else:
            content = b"".join(start) + _content(stream, name)
            yield CaseFile(many=False, cases=iter([_case(content, _shown(name))]))


def _each(stream: BinaryIO, start: Iterable[bytes], name: str) -> Iterator[CaseRead]:
    """Yield the case on each line of a file whose first lines are read already."""
    size = _size(stream)
    done = 0
    for number, line in enumerate(chain(start, _lines(stream, name)), 1):
        done += len(line)
        if line.strip():
            found = _case(line, _shown(name), number)
            yield found._replace(share=min(1.0, done / size) if size else None)


def _case(content: bytes, name: str, line: int | None = None) -> CaseRead:
    data = _object(content, name, line, "for many cases write one object to a line")
    where = name if line is None else f"{name}:{line}"
    try:
        return CaseRead(Case.from_dict(data), where)
    except CaseError as error:
        message, _, help_ = str(error).partition(". ")
        raise CommandError(message, help_, where=where) from None


def _object(content: bytes, name: str, line: int | None = None, help_: str = "") -> dict[str, Any]:
    """Return the JSON object in *content*, which is a line of a file or all of it."""
    where = name if line is None else f"{name}:{line}"
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + (line or 1)
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise CommandError(message, "save it as UTF-8", where=f"{name}:{number}") from None
    except json.JSONDecodeError as error:
        raise _not_json(error, name, line or 1) from None
    except RecursionError:
        raise CommandError("it is nested too deeply", where=where) from None
    except ValueError:
        raise CommandError("a number in it has thousands of digits", where=where) from None
    if not isinstance(data, dict):
        raise CommandError(f"a JSON object is expected, not {_called(data)}", help_, where=where)
    return data


def _not_json(error: json.JSONDecodeError, name: str, first_line: int) -> CommandError:
    if not error.doc.strip():
        return CommandError("it is empty, and a JSON object is expected", where=name)
    message = _IN_OUR_WORDS.get(error.msg, error.msg[:1].lower() + error.msg[1:])
    text = error.doc.split("\n")[error.lineno - 1].rstrip("\r")
    place = Place(name, first_line + error.lineno - 1, error.colno, text)
    return CommandError(f"this is not JSON: {message}", where=place)


def _called(data: object) -> str:
    if isinstance(data, list):
        return "a list"
    return f"`{json.dumps(data, ensure_ascii=False)[:40]}`"


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True


# --- streams


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        if sys.stdin is None:
            raise CommandError("there is nothing to read", where=_shown(name))
        yield sys.stdin.buffer
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below; only opening is tried here
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    with stream:
        yield stream


def _two_lines(stream: BinaryIO, name: str) -> list[bytes]:
    """Return the first lines of a file, up to the second that is not empty."""
    found: list[bytes] = []
    filled = 0
    for line in _lines(stream, name):
        found.append(line)
        filled += bool(line.strip())
        if filled == 2:
            break
    return found


def _lines(stream: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        for line in stream:  # noqa: UP028 - `yield from` would close it when the loop is left
            yield line
    except OSError as error:
        raise _unreadable(name, error) from None


def _content(stream: BinaryIO, name: str) -> bytes:
    try:
        return stream.read()
    except OSError as error:
        raise _unreadable(name, error) from None


def _size(stream: BinaryIO) -> int:
    """Return the size of a file, 0 where it is none."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _unreadable(name: str, error: Exception) -> CommandError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return CommandError(f"it cannot be read: {reason}", where=_shown(name))


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name
