"""A decision log in a file of JSON Lines, which several processes may append to at once.

Lines are added at the end under a lock on the file. Whoever finds the last line cut, because a
process was killed in the middle of it or the disk was full, begins a new one. Whoever finds that
the file is not the one at its path any more, because it was rewritten or moved away, opens that.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from nba.errors import StoreError
from nba.record.line import Line

try:
    import fcntl
except ImportError:  # a system without such locks: one process at a time
    fcntl = None  # type: ignore[assignment]

__all__ = ["JsonLinesSink"]

_OPENING = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


class JsonLinesSink:
    """Appends each record as a line to the file at *path*. Raises StoreError where it cannot be."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file: int | None = None
        self._process = 0
        self._whole = 0  # the size up to which the last line is known to be whole
        try:
            self._open()
        except OSError as error:
            raise _fault(self.path, error) from error

    def write(self, lines: Sequence[Line]) -> None:
        """Append records, all or none. Raises StoreError."""
        data = b"".join(line.text.encode() + b"\n" for line in lines)
        try:
            with self._locked() as file:
                size = os.fstat(file).st_size
                if size not in (0, self._whole) and _byte_before(file, size) != b"\n":
                    data = b"\n" + data
                try:
                    _write(file, data)
                except BaseException:
                    with suppress(OSError):
                        os.ftruncate(file, size)
                    raise
                self._whole = size + len(data)
        except OSError as error:
            raise _fault(self.path, error) from error

    def forget(self, names: Collection[str]) -> int:
        """Write the file anew without the records of these customers; return how many they were.

        The new file takes the place of the old one in one step. Lines that cannot be read go too:
        nobody can tell whose they are. Raises StoreError.
        """
        new = self.path.with_name(f".{self.path.name}.new")
        try:
            with self._locked():
                try:
                    with self.path.open("rb") as old, new.open("wb") as file:
                        count, changed = _copy(old, file, frozenset(names))
                        file.flush()
                        os.fsync(file.fileno())
                    if changed:
                        shutil.copymode(self.path, new)
                        new.replace(self.path)
                finally:
                    new.unlink(missing_ok=True)
        except OSError as error:
            raise _fault(self.path, error) from error
        return count

    def close(self) -> None:
        """Close the file."""
        if self._file is not None and self._process == os.getpid():
            os.close(self._file)
        self._file = None

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Hold the file that stands at the path, for this process alone."""
        file = self._open()
        if fcntl is None:
            yield file
            return
        while True:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                if _is_at(file, self.path):
                    yield file
                    return
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)
            self.close()
            file = self._open()

    def _open(self) -> int:
        """Return the open file; one of its own in a process that was forked."""
        if self._file is None or self._process != os.getpid():
            file = os.open(self.path, _OPENING, 0o666)
            if not stat.S_ISREG(os.fstat(file).st_mode):
                os.close(file)
                raise OSError(0, "it is not a file")
            self._file, self._process, self._whole = file, os.getpid(), 0
        return self._file


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _byte_before(file: int, end: int) -> bytes:
    os.lseek(file, end - 1, os.SEEK_SET)
    return os.read(file, 1)


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _copy(old: BinaryIO, new: BinaryIO, names: frozenset[str]) -> tuple[int, bool]:
    """Copy lines but those of some customers; return how many they were, and if any is left out."""
    count, changed = 0, False
    for line in old:
        data: Any = None
        with suppress(ValueError, RecursionError):
            data = json.loads(line)
        if isinstance(data, dict) and not names & {data.get("customer"), data.get("known_as")}:
            new.write(line if line.endswith(b"\n") else line + b"\n")
        else:
            count += isinstance(data, dict)
            changed = True
    return count, changed


def _fault(path: Path, error: OSError) -> StoreError:
    reason = (error.strerror or str(error)).lower()
    return StoreError(f"the decision log `{path}` cannot be written: {reason}")
