"""Rule files: YAML text to plain data, with the line and column of every node.

The events of libyaml's parser are read in one pass with a stack of our own: composing a YAML
document recurses in C and dies on deep nesting. Where nodes stand is kept as three flat
structures (`_Tree`), so that knowing every place costs little more than the data itself.
"""

from __future__ import annotations

import os
import re
import stat
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from nba.errors import BookError, Diagnostic, Place

__all__ = ["File", "Source", "files_in", "parse", "read_folder"]

MAX_FILE = 8 * 2**20  # bytes
MAX_BOOK = 64 * 2**20  # bytes
MAX_DEPTH = 64
MAX_NODES = 500_000  # in a file
MAX_DIGITS = 40  # a longer number stays a word: reading one takes quadratic time
MAX_FINDINGS = 100  # in a file; nobody reads more
MAX_RESUMES = 20  # syntax errors in a file; reading goes on at the next section

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# --- files ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class File:
    """The text of one rule file, and its *name* as people are shown it."""

    name: str
    text: str


def read_folder(path: str | os.PathLike[str]) -> list[Source]:
    """Read every `*.yaml` and `*.yml` below a folder, sorted by relative path, or one file.

    Hidden files and folders are skipped. Raises `BookError` when there are no rule files, or
    when one cannot be read or is too large; what is wrong *inside* them is in each source's
    `diagnostics`.
    """
    return [parse(file.text, file.name) for file in files_in(path)]


def files_in(path: str | os.PathLike[str]) -> list[File]:
    """Return the rule files at *path* (a folder or one file) unparsed; errors as `read_folder`."""
    root = Path(path)
    findings: list[Diagnostic] = []
    files: list[File] = []
    size = 0
    for name, file in sorted(_rule_files(root, findings)):
        try:
            content = _content(file)
            size += len(content)
            if size > MAX_BOOK:
                message = f"the book has more than {MAX_BOOK >> 20} MiB of rule files"
                help_ = "take files that are not rules out of the folder"
                findings.append(_about_file("too-large", root.as_posix(), message, help_))
                break
            files.append(File(name, content.decode("utf-8")))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            message = f"byte 0x{content[error.start]:02x} is not UTF-8"
            help_ = "save the file as UTF-8"
            findings.append(Diagnostic("not-readable", message, help_, Place(name, line, 1)))
        except OverflowError:
            message = f"the file is larger than {MAX_FILE >> 20} MiB"
            findings.append(_about_file("too-large", name, message, "split it into several files"))
        except OSError as error:
            findings.append(_unreadable(name, error))
    if not files and not findings:
        message = f"there is no `.yaml` or `.yml` file in `{root.as_posix()}`"
        help_ = "name the folder that holds the rule files; hidden files are not read"
        if not root.exists():
            message, help_ = f"`{root.as_posix()}` does not exist", "check the path"
        findings.append(_about_file("no-files", root.as_posix(), message, help_))
    if findings:
        raise BookError(findings)
    return files


def _rule_files(root: Path, findings: list[Diagnostic]) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of every rule file; links that leave the folder become findings."""
    if not root.is_dir():
        if root.exists():
            yield root.as_posix(), root
        return
    home = root.resolve()

    def failed(error: OSError) -> None:
        findings.append(_unreadable(Path(error.filename).as_posix(), error))

    for folder, folders, files in os.walk(root, onerror=failed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        linked = [name for name in folders if Path(folder, name).is_symlink()]
        rules = [name for name in files if name.lower().endswith((".yaml", ".yml"))]
        for name in (name for name in linked + rules if not name.startswith(".")):
            file = Path(folder, name)
            shown = (PurePosixPath(root.as_posix()) / file.relative_to(root).as_posix()).as_posix()
            if not file.resolve().is_relative_to(home):
                # Skipping it in silence could leave out a policy that stops something.
                message = "the link leads out of the folder, and is not followed"
                help_ = "copy what it points to into the folder, or remove the link"
                findings.append(_about_file("not-readable", shown, message, help_))
            elif name not in linked:
                yield shown, file


def _content(file: Path) -> bytes:
    # Opening a named pipe would wait for ever; reading one byte too many catches a growing file.
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError(None, "not a regular file")
    with file.open("rb") as stream:
        content = stream.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise OverflowError
    return content


def _unreadable(name: str, error: OSError) -> Diagnostic:
    reason = (error.strerror or "unknown reason").lower()
    return _about_file("not-readable", name, f"cannot be read: {reason}", "check its permissions")


def _about_file(code: str, name: str, message: str, help_: str) -> Diagnostic:
    return Diagnostic(code, message, help_, Place(name, 1, 1))


# --- places --------------------------------------------------------------------------------

_BREAK = r"(?:\r\n|[\r\n\x85\u2028\u2029])"  # what YAML 1.1 parsers fold; editors know fewer
_LINE_END = re.compile(r"\r\n|\r|\n")


class _Lines:
    """Turns the index of a character into a line and column."""

    __slots__ = ("_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self._starts = array("i", [0])
        self._starts.extend(match.end() for match in _LINE_END.finditer(text))

    def line_of(self, index: int) -> int:
        return bisect_right(self._starts, index)

    def place(self, index: int, end: int) -> Place:
        """Return the place of the characters from *index* to *end*, as far as one line goes."""
        line = self.line_of(index)
        start = self._starts[line - 1]
        last = self._starts[line] if line < len(self._starts) else len(self.text)
        shown = self.text[start:last].rstrip("\r\n")
        width = max(1, min(end, start + len(shown)) - index)
        return Place(self.name, line, index - start + 1, shown, width)


@dataclass(frozen=True, slots=True)
class _Tree:
    """Where nodes stand: numbered as they are written, so a value's number is its key's plus 1."""

    starts: array[int] = field(default_factory=lambda: array("i"))
    ends: array[int] = field(default_factory=lambda: array("i"))
    #: of each mapping and list, by its number: the numbers of its values
    children: dict[int, dict[str, int] | list[int]] = field(default_factory=dict)


class Source:
    """One rule file: its text, its data, what was found wrong, and where everything stands.

    *data* is plain dicts (keys always strings), lists and scalars; `{}` for an empty file and
    for one that could not be read through.
    """

    __slots__ = ("_lines", "_tree", "data", "diagnostics", "name", "text")

    def __init__(self, lines: _Lines, data: object, diagnostics: list[Diagnostic], tree: _Tree):
        self.name, self.text = lines.name, lines.text
        self.data, self.diagnostics = data, diagnostics
        self._lines, self._tree = lines, tree

    def place(self, path: Sequence[str | int], *, key: bool = False) -> Place:
        """Return where the value at *path* of the data stands, or else its nearest parent.

        *key* asks for the place of the key instead of its value's.
        """
        number, keyed, _ = self._find(path)
        if number >= len(self._tree.starts):  # an empty file has no nodes
            return self._lines.place(0, 0)
        if key and keyed:
            number -= 1
        start = self._tree.starts[number]
        end = start if number in self._tree.children else self._tree.ends[number]
        return self._lines.place(start, end)

    def place_in(self, path: Sequence[str | int], offset: int, length: int = 1) -> Place:
        """Return where *length* characters, from *offset* on, of the string at *path* stand.

        The offset counts characters of the value, after YAML's quoting, escapes and folding;
        one past the last is allowed. Without such a string, the answer is `place(path)`.
        """
        number, _, value = self._find(path)
        if not isinstance(value, str) or offset < 0:
            return self.place(path)
        start, end = self._tree.starts[number], self._tree.ends[number]
        origins = _origins(self.text, start, end, len(value))
        if offset >= len(origins):
            return self.place(path)
        return self._lines.place(origins[offset], origins[min(offset + length, len(value))])

    def _find(self, path: Sequence[str | int]) -> tuple[int, bool, object]:
        """Return the number of the node at *path*, whether it has a key, and its value.

        The value is None when the path leads nowhere and the node is its nearest parent.
        """
        number, keyed, value = 0, False, self.data
        for step in path:
            below = self._tree.children.get(number)
            if isinstance(below, dict) and isinstance(value, dict) and step in below:
                number, value, keyed = below[str(step)], value[step], True
            elif (
                isinstance(below, list)
                and isinstance(value, list)
                and isinstance(step, int)
                and 0 <= step < len(below)
            ):
                number, value, keyed = below[step], value[step], False
            else:
                return number, keyed, None
        return number, keyed, value


# --- from a value's characters back to the file ----------------------------------------------

_FOLD = rf"(?P<fold>[ \t]*+(?:{_BREAK}[ \t]*+)+)"
_RUN = r"(?P<run>[ \t]++|[^ \t\r\n\x85\u2028\u2029'\\]++|.)"
_ESCAPED_BREAK = rf"(?P<escaped_break>\\{_BREAK}[ \t]*+(?:{_BREAK}[ \t]*+)*+)"
_ESCAPE = r"(?P<escape>\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|'')"
_PLAIN = re.compile(f"{_FOLD}|{_RUN}")
_SINGLE = re.compile(f"{_FOLD}|(?P<escape>'')|{_RUN}")
_DOUBLE = re.compile(f"{_FOLD}|{_ESCAPED_BREAK}|{_ESCAPE.removesuffix("|'')")})|{_RUN}")
_ONE_BREAK = re.compile(_BREAK)
_BLOCK_HEADER = re.compile(r"[|>]([-+0-9]*)")
_BLOCK_LINE = re.compile(rf"([^\r\n\x85\u2028\u2029]*+)({_BREAK}|\Z)")


def _origins(text: str, start: int, end: int, length: int) -> list[int]:
    """Return the index in *text* of every character of a scalar's value, and of its end.

    Nothing is returned when the outcome does not have the *length* of the value.
    """
    opening = text[start : start + 1] if start < end else ""
    if opening in ("|", ">") and opening:
        first = re.compile(rf"[^\r\n]*+(?:{_BREAK}[ \t]*+)+").match(text, start, end)
        detected = first.end() - 1 - max(text.rfind("\n", 0, first.end()), 0) if first else 0
        for indent in (detected, *range(100)):  # an explicit indent counts from the parent's
            origins = _block_origins(text, start, end, indent)
            if len(origins) == length + 1:
                return origins
        return []
    return []
