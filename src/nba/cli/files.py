"""The files that commands read: opened once, and read in pieces of bounded size."""

from __future__ import annotations

import os
import stat
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from nba.cli.output import CommandError

__all__ = ["MAX_SIZE", "OpenFile", "opened", "text_of", "too_large"]

#: Bytes of one JSON value, one line, or one row: nothing longer is kept in memory.
MAX_SIZE: Final = 16 * 1024 * 1024


class OpenFile:
    """A file that is read once, line by line or as a whole; *name* is what people call it."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self._stream = stream
        self._ahead: deque[bytes] = deque()
        self._size = _size(stream)
        self._done = 0

    @property
    def share(self) -> float | None:
        """How much of the file was read, from 0 to 1; None where nobody knows its size."""
        return min(1.0, self._done / self._size) if self._size else None

    def look_ahead(self, count: int) -> list[bytes]:
        """Return the first lines that are not empty, *count* at the most; they stay to be read."""
        found = [line for line in self._ahead if line.strip()][:count]
        size = sum(map(len, self._ahead))
        while len(found) < count and (line := self._line()):
            self._ahead.append(line)
            size += len(line)
            if size > MAX_SIZE:
                raise too_large(self.name)
            if line.strip():
                found.append(line)
        return found

    def lines(self) -> Iterator[bytes]:
        """Yield the lines, each with its end. Raises CommandError."""
        number = 0
        while line := self._ahead.popleft() if self._ahead else self._line():
            number += 1
            if len(line) > MAX_SIZE:
                raise too_large(f"{self.name}:{number}")
            self._done += len(line)
            yield line

    def content(self) -> bytes:
        """Return all of the file. Raises CommandError."""
        start = b"".join(self._ahead)
        self._ahead.clear()
        try:
            found = start + self._stream.read(MAX_SIZE + 1)
        except OSError as error:
            raise _unreadable(self.name, error) from None
        if len(found) > MAX_SIZE:
            raise too_large(self.name)
        return found

    def _line(self) -> bytes:
        try:
            return self._stream.readline(MAX_SIZE + 1)
        except OSError as error:
            raise _unreadable(self.name, error) from None


@contextmanager
def opened(name: str) -> Iterator[OpenFile]:
    """Open the file *name*, `-` for standard input. Raises CommandError."""
    if name == "-":
        if sys.stdin is None:
            raise CommandError("there is nothing to read", where="standard input")
        yield OpenFile(sys.stdin.buffer, "standard input")
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below; only opening is tried here
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    with stream:
        yield OpenFile(stream, name)


def text_of(content: bytes, name: str, line: int | None = None) -> str:
    """Return the text of a file, or of its line of that number. Raises CommandError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + (line or 1)
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        help_ = "save it as UTF-8"
        if name.lower().endswith(".csv"):
            help_ = "save it as UTF-8; a spreadsheet calls that `CSV UTF-8`"
        raise CommandError(message, help_, where=f"{name}:{number}") from None


def too_large(where: str) -> CommandError:
    """Return what is said of more than is kept in memory."""
    message = f"more than {MAX_SIZE // 1024**2} MiB stand in one piece here"
    return CommandError(message, "write one object to a line", where=where)


def _size(stream: BinaryIO) -> int:
    """Return the size of a file, 0 where it is none."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _unreadable(name: str, error: Exception) -> CommandError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return CommandError(f"it cannot be read: {reason}", where=name)
