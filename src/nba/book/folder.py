"""The folder of a book: which files it has, reading them safely, and whether they changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from nba.book import source
from nba.book.sheet import Sheet, is_sheet, sheets_of
from nba.book.source import SPLIT, TOO_LARGE, Source, parse
from nba.errors import BookError, Diagnostic, Place

__all__ = ["digests_of", "read_files", "read_folder", "unchanged"]

MAX_BOOK = 64 * 2**20  # bytes


def read_folder(path: str | os.PathLike[str]) -> list[Source | Sheet]:
    """Read every `*.yaml` and `*.yml` below a folder, sorted by relative path, or one file.

    The sheets that they name follow. Hidden files and folders are skipped. Raises `BookError`
    when there are no rule files, or when a file cannot be read or is too large; what is wrong
    *inside* them is in each source's `diagnostics`.
    """
    reading = _Reading(Path(path))
    found = reading.sources()
    if reading.findings:
        raise BookError(reading.findings)
    return found


def read_files(files: Mapping[str, str]) -> list[Source | Sheet]:
    """Read the files of a book that are in memory, by name: `.csv` is a sheet, others are YAML."""
    return [
        Sheet(text, name) if is_sheet(name) else parse(text, name)
        for name, text in sorted(files.items())
    ]


def digests_of(sources: Iterable[Source | Sheet]) -> dict[str, bytes]:
    """Return a digest of the text of each file, by its name."""
    return {source.name: _digest(source.text) for source in sources}


def unchanged(path: str | os.PathLike[str], digests: Mapping[str, bytes]) -> bool:
    """Tell whether the files of a book are those that had these digests, and say the same.

    They are read for it, and not parsed.
    """
    reading = _Reading(Path(path))
    texts = reading.texts(name for name in digests if is_sheet(name))
    found = {name: _digest(text) for name, text in texts.items()}
    return bool(found) and found == digests and not reading.findings


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.removeprefix("\ufeff").encode()).digest()


class _Reading:
    """Reads the files below *root*; what cannot be read is in *findings*."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = os.path.realpath(root if root.is_dir() else root.parent)
        self.findings: list[Diagnostic] = []
        self.size = 0

    def sources(self) -> list[Source | Sheet]:
        """Return what the files say."""
        root = self.root
        texts = self.texts()
        if not texts and not self.findings:
            message = f"there is no `.yaml` or `.yml` file in `{root.as_posix()}`"
            help_ = "name the folder that holds the rule files; hidden files are not read"
            if not root.exists():
                message, help_ = f"`{root.as_posix()}` does not exist", "check the path"
            self.findings.append(_about_file("no-files", root.as_posix(), message, help_))
        if self.findings:  # nothing is parsed of what is too large, or not there as a whole
            return []
        rules = [parse(text, name) for name, text in texts.items()]
        names = dict.fromkeys(name for rule in rules for name in sheets_of(rule))
        return [*rules, *(Sheet(text, name) for name, text in self._sheets(names))]

    def texts(self, sheets: Iterable[str] = ()) -> dict[str, str]:
        """Return the texts of the rule files, and of *sheets*, without those that have findings."""
        rules = sorted(self._rule_files())
        texts = [
            (name, text) for name, file in rules if (text := self._text(name, file)) is not None
        ]
        return dict([*texts, *self._sheets(sheets)])

    def _sheets(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        for name in names:
            if self._is_here(name) and (text := self._text(name, Path(name))) is not None:
                yield name, text

    def _text(self, name: str, file: Path) -> str | None:
        """Return the text of a file, or None, and a finding, where it cannot be read."""
        content = b""
        try:
            content = _content(file)
            self.size += len(content)
            if self.size <= MAX_BOOK:
                return content.decode("utf-8")
            if self.size - len(content) <= MAX_BOOK:  # said once
                message = f"the book has more than {MAX_BOOK >> 20} MiB of rule files"
                found = _about_file("too-large", self.root.as_posix(), message, "split the book")
                self.findings.append(found)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            message, help_ = f"byte 0x{content[error.start]:02x} is not UTF-8", "save it as UTF-8"
            if is_sheet(name):
                help_ = "save it as UTF-8; a spreadsheet calls that `CSV UTF-8`"
            self.findings.append(_about_file("not-readable", name, message, help_, line))
        except OverflowError:
            self.findings.append(_about_file("too-large", name, TOO_LARGE, SPLIT))
        except OSError as error:
            self.findings.append(_unreadable(name, error))
        return None

    def _is_here(self, name: str) -> bool:
        """Tell whether a sheet is there, in the folder; who names one that is not is told later."""
        file = Path(name)
        return not self._leads_out(file) and file.exists()

    def _leads_out(self, file: Path) -> bool:
        if Path(os.path.realpath(file)).is_relative_to(self.home):
            return False
        # Skipping it in silence could leave out a policy that stops something.
        message = "the link leads out of the folder, and is not followed"
        help_ = "copy what it points to into the folder, or remove the link"
        self.findings.append(_about_file("not-readable", file.as_posix(), message, help_))
        return True

    def _rule_files(self) -> Iterator[tuple[str, Path]]:
        """Yield the name and path of every rule file; links that leave the folder are findings."""
        root = self.root
        if not root.is_dir():
            yield from [(root.as_posix(), root)] if root.exists() else []
            return

        def failed(error: OSError) -> None:
            self.findings.append(_unreadable(Path(error.filename).as_posix(), error))

        for folder, folders, files in os.walk(root, onerror=failed):
            folders[:] = [name for name in folders if not name.startswith(".")]
            linked = [name for name in folders if Path(folder, name).is_symlink()]
            rules = [name for name in files if name.lower().endswith((".yaml", ".yml"))]
            for name in (name for name in linked + rules if not name.startswith(".")):
                file = Path(folder, name)  # begins with the path as it was given
                if not self._leads_out(file) and name not in linked:
                    yield file.as_posix(), file


def _content(file: Path) -> bytes:
    # Opening a named pipe would wait for ever; reading one byte too many catches a growing file.
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError(0, "not a regular file")
    with file.open("rb") as stream:
        content = stream.read(source.MAX_FILE + 1)
    if len(content) > source.MAX_FILE:
        raise OverflowError
    return content


def _unreadable(name: str, error: OSError) -> Diagnostic:
    message = f"cannot be read: {(error.strerror or 'reason unknown').lower()}"
    return _about_file("not-readable", name, message, "check that it may be read")


def _about_file(code: str, name: str, message: str, help_: str, line: int = 1) -> Diagnostic:
    return Diagnostic(code, message, help_, Place(name, line, 1))
