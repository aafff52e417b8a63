"""Books as git has them: a folder of rule files as it was at a revision, such as `main:rules`."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from nba.book.folder import MAX_BOOK
from nba.cli.output import CommandError
from nba.engine import Engine
from nba.errors import BookError, Diagnostic

__all__ = ["BookRead", "between", "opened_books"]

_PATIENCE: Final = 60  # seconds for one call of git
_MAX_FILES: Final = 10_000
#: What a book may consist of.
_SUFFIXES: Final = (".yaml", ".yml", ".csv")
#: A name of a revision that no program takes for an option.
_REVISION: Final = re.compile(r"[^\s\x00-\x1f\x7f:-][^\s\x00-\x1f\x7f:]{0,250}")
#: Two revisions, and no path such as `../rules`.
_RANGE: Final = re.compile(r"(?!\.)(?:(?!\.\./|/\.\.).)+?\.{2,3}[^./].*")
#: What git is not to do: ask, page, write, or fetch what a partial clone has left out.
_QUIET: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}


class BookRead(NamedTuple):
    """A book that was opened, and what people called it; *folder* is where git's files went."""

    engine: Engine
    name: str
    folder: str = ""

    def named(self, text: str) -> str:
        """Return a text with the places of the book as people would find them."""
        return text.replace(self.folder, self.name) if self.folder else text


def between(old: str, new: str | None, book: str) -> tuple[str, str]:
    """Return the two books that are meant: two paths, or one *book* at two revisions.

    `main..HEAD` are the two, `main...HEAD` begins where HEAD left main, as git has it; a revision
    that is left out is HEAD. Raises CommandError.
    """
    if new is not None:
        for name, other in ((old, new), (new, old)):
            if _RANGE.fullmatch(name) and not Path(name).exists():
                help_ = f"name the folder by an option: nba diff {name} --book {other}"
                raise CommandError(f"`{name}` are two revisions already", help_)
        return old, new
    for dots in ("...", ".."):
        first, found, second = old.partition(dots)
        if found and not Path(old).exists():
            first, second = first or "HEAD", second or "HEAD"
            if dots == "...":
                names = [_commit(first), _commit(second)]
                nothing = CommandError(f"`{first}` and `{second}` have nothing in common")
                first = _git("merge-base", *names, missing=nothing).decode().strip()[:12]
            return f"{first}:{book}", f"{second}:{book}"
    message = f"`{old}` is one book, and two are compared"
    raise CommandError(message, "name the new one too, or two revisions: main..HEAD")


@contextmanager
def opened_books(*names: str) -> Iterator[list[BookRead]]:
    """Open books by path, or by revision and path as in `main:rules`. Raises CommandError."""
    with ExitStack() as stack:
        yield [stack.enter_context(_opened(name)) for name in names]


@contextmanager
def _opened(name: str) -> Iterator[BookRead]:
    revision, colon, path = name.partition(":")
    if not colon or Path(name).exists():
        if not Path(name).exists() and _is_revision(name):
            help_ = f"name a folder of it, such as `{name}:rules`, or two revisions: main..HEAD"
            raise CommandError(f"`{name}` is a revision, and a book is wanted", help_)
        yield BookRead(Engine.open(name), name)
        return
    with tempfile.TemporaryDirectory(prefix="nba-book-") as place:
        written = _written(revision, path or ".", Path(place).resolve(), name)
        try:
            engine = Engine.open(written)
        except BookError as error:
            found = [_at_home(one, written.as_posix(), name) for one in error.diagnostics]
            raise BookError(found) from None
        yield BookRead(engine, name, written.as_posix())


def _at_home(found: Diagnostic, folder: str, name: str) -> Diagnostic:
    """Return a diagnostic with the place that people know, and not that of our copy."""
    where = found.where
    if where is not None:
        where = replace(where, file=where.file.replace(folder, name))
    return replace(found, message=found.message.replace(folder, name), where=where)


# --- reading what git has


def _written(revision: str, path: str, place: Path, name: str) -> Path:
    """Write the rule files of a path, as they were at a revision; return where they are now."""
    home = Path(path)
    while not home.is_dir():  # the folder may be gone since
        home = home.parent
    below = os.path.relpath(path, home)
    where = f"{_commit(revision, home)}:./{'' if below == '.' else PurePosixPath(below)}"
    kind = _git("cat-file", "-t", where, home=home, missing=_missing(name)).strip()
    if kind == b"blob":
        file = place / PurePosixPath(below).name
        file.write_bytes(_git("cat-file", "blob", where, home=home))
        return file
    listed = _git("ls-tree", "-r", "-z", "-l", "--full-tree", where, home=home)
    blobs = [_Blob.of(line) for line in listed.split(b"\0") if line]
    rules = [blob for blob in blobs if blob is not None]
    if len(rules) > _MAX_FILES or sum(blob.size for blob in rules) > MAX_BOOK:
        message = f"more than {_MAX_FILES:,} rule files or {MAX_BOOK >> 20} MiB stand there"
        raise CommandError(message, "name the folder of the book", where=name)
    if not rules:
        raise CommandError("there are no rule files", "name the folder of the book", where=name)
    wanted = b"".join(blob.id + b"\n" for blob in rules)
    contents = _git("cat-file", "--batch", home=home, given=wanted)
    folder, at = place / "book", 0
    for blob in rules:  # each is a line that says what it is, the content, and a line break
        start = contents.index(b"\n", at) + 1
        file = folder / blob.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(contents[start : start + blob.size])
        at = start + blob.size + 1
    return folder


class _Blob(NamedTuple):
    """A rule file as git lists it."""

    id: bytes
    size: int
    path: PurePosixPath

    @classmethod
    def of(cls, line: bytes) -> _Blob | None:
        """Return the file of a line of `git ls-tree -l`; None for links and what no book reads."""
        about, _, name = line.partition(b"\t")
        mode, kind, id_, size = about.split()
        path = PurePosixPath(os.fsdecode(name))
        regular = kind == b"blob" and mode in (b"100644", b"100755")
        if not regular or path.suffix.lower() not in _SUFFIXES or ".." in path.parts:
            return None
        return None if path.is_absolute() else cls(id_, int(size), path)


def _commit(revision: str, home: Path | None = None) -> str:
    """Return the full name of the commit that a revision means. Raises CommandError."""
    shown = revision[:60]
    if not _REVISION.fullmatch(revision):
        raise CommandError(f"`{shown}` is not the name of a revision")
    missing = CommandError(
        f"git knows no revision `{shown}`", "name a branch, a tag or a commit: git log --oneline"
    )
    wanted = f"{revision}^{{commit}}"
    args = ("rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    return _git(*args, home=home, missing=missing).decode().strip()


def _is_revision(name: str) -> bool:
    try:
        return bool(_commit(name))
    except CommandError:
        return False


def _missing(name: str) -> CommandError:
    help_ = "name it by --book; where it was renamed, name both: main:old-name HEAD:new-name"
    return CommandError("git has no such folder there", help_, where=name)


def _git(
    *args: str,
    home: Path | None = None,
    given: bytes = b"",
    missing: CommandError | None = None,
) -> bytes:
    """Return what git says; where it fails, *missing* is what is wrong. Raises CommandError."""
    command = ["git", "-C", str(home or "."), *args]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and what is named by users is checked
            command,
            input=given,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            env={**os.environ, **_QUIET},
        )
    except FileNotFoundError:
        message, help_ = "git is not installed, or not on the path", "name two folders instead"
        raise CommandError(message, help_) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f"git cannot be run: {error}".lower()) from None
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode("utf-8", "replace").strip()
    if "not a git repository" in said:
        message = "the book is in no git repository"
        raise CommandError(message, "name two folders instead", where=str(home or "."))
    if "promisor remote" in said:
        message = "the files of that revision were not fetched"
        raise CommandError(message, "fetch them: git fetch --refetch --no-filter")
    if missing is not None and "dubious ownership" not in said:
        raise missing
    said = (said.splitlines() or ["it does not say why"])[0].removeprefix("fatal: ")
    raise CommandError(f"git cannot read that: {said}", where=str(home or "."))
