"""What was found while a book is built: every diagnostic, with its place, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from nba.book.source import Source
from nba.errors import Diagnostic, Place, did_you_mean

__all__ = ["At", "Findings", "Mends", "Path", "TooManyError", "in_order", "short"]

Path = tuple[str | int, ...]

#: Errors in a book; nobody reads more, and looking for similar names takes time.
MAX_ERRORS: Final = 200
MAX_WARNINGS: Final = 200


@dataclass(slots=True, eq=False)
class Mends:
    """How the data of a file was changed so that it can be read as a document.

    *touched* are the paths of what was wrong, and of everything around it. *positions* says, for
    a list that lost items, where in the file those that are left stand.
    """

    touched: set[Path] = field(default_factory=set)
    positions: dict[Path, list[int]] = field(default_factory=dict)

    def note(self, path: Path) -> None:
        """Note that something was wrong at *path*."""
        self.touched.update(path[:length] for length in range(len(path) + 1))


_NONE: Final = Mends()


@dataclass(slots=True, eq=False)
class At:
    """A position in a rule file: where a part of a document came from."""

    source: Source
    path: Path = ()
    mends: Mends = _NONE

    def __truediv__(self, step: str | int) -> At:
        if step.__class__ is int and self.mends.positions:
            positions = self.mends.positions.get(self.path)
            step = positions[step] if positions else step
        return At(self.source, (*self.path, step), self.mends)

    def named(self, name: str) -> At:
        """Return the position of *name* below: the value of a key, or an item of a list."""
        value = self.value
        if isinstance(value, list) and name in value:
            return At(self.source, (*self.path, value.index(name)), self.mends)
        return self / name

    @property
    def value(self) -> Any:
        """What the file says here; None where it says nothing."""
        value: Any = self.source.data
        for step in self.path:
            try:
                value = value[step]
            except (LookupError, TypeError):
                return None
        return value

    @property
    def faulty(self) -> bool:
        """Whether something here or below was wrong already, and is not in the document."""
        return self.path in self.mends.touched

    @property
    def place(self) -> Place:
        """The place of what stands here."""
        return self.source.place(self.path)

    @property
    def key_place(self) -> Place:
        """The place of the key of what stands here."""
        return self.source.place(self.path, key=True)


class TooManyError(Exception):
    """There are more errors than anybody reads."""


class Findings:
    """The diagnostics of a book, which grow as it is built."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._errors = self._warnings = 0

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return self._errors

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add what is not known yet. Raises TooManyError."""
        for found in diagnostics:
            if found in self._found:
                continue
            if found.severity == "error":
                self._errors += 1
                if self._errors > MAX_ERRORS:
                    message = f"the book has more than {MAX_ERRORS} errors; others are not shown"
                    self._found[Diagnostic("too-many", message, "correct these first")] = None
                    raise TooManyError
            else:
                self._warnings += 1
                if self._warnings > MAX_WARNINGS:
                    continue
            self._found[found] = None

    def report(
        self,
        code: str,
        message: str,
        help_: str = "",
        at: Place | None = None,
        *,
        warning: bool = False,
    ) -> None:
        """Add one diagnostic. Raises TooManyError."""
        severity = "warning" if warning else "error"
        self.add([Diagnostic(code, message, help_, at, severity)])  # type: ignore[arg-type]

    def unknown(
        self,
        what: str,
        name: str,
        known: Iterable[str],
        at: At,
        *,
        key: bool = False,
    ) -> None:
        """Report a reference to something that the book does not declare; *key* says where."""
        message, help_ = f"there is no {what} `{short(name)}`", did_you_mean(name, known)
        place = at.key_place if key else at.place
        self.report("unknown-id", message, help_, place)

    def ordered(self) -> list[Diagnostic]:
        """Return the diagnostics in the order of their places."""
        return in_order(self._found)


def in_order(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return diagnostics by file, line and column; those without a place come last."""

    def position(one: Diagnostic) -> tuple[bool, str, int, int]:
        where = one.where
        return (False, where.file, where.line, where.column) if where else (True, "", 0, 0)

    return sorted(found, key=position)


def short(text: str) -> str:
    """Return *text* as a message can hold it: on one line, and not too long."""
    text = " ".join(text.splitlines())
    return text if len(text) <= 40 else f"{text[:39]}…"
