"""What was found while a book is built: every diagnostic, with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nba.book.source import Source
from nba.errors import Diagnostic, Place, did_you_mean

__all__ = ["At", "Findings"]

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class At:
    """A position in a rule file: where a document came from."""

    source: Source
    path: Path = ()

    def __truediv__(self, step: str | int) -> At:
        return At(self.source, (*self.path, step))

    @property
    def place(self) -> Place:
        """The place of what stands here."""
        return self.source.place(self.path)

    @property
    def key_place(self) -> Place:
        """The place of the key of what stands here."""
        return self.source.place(self.path, key=True)


class Findings:
    """A list of diagnostics that grows as a book is built."""

    def __init__(self) -> None:
        self.all: list[Diagnostic] = []

    def report(
        self,
        code: str,
        message: str,
        help_: str = "",
        at: Place | None = None,
        *,
        warning: bool = False,
    ) -> None:
        """Add one diagnostic."""
        severity = "warning" if warning else "error"
        self.all.append(Diagnostic(code, message, help_, at, severity))  # type: ignore[arg-type]

    def unknown(
        self,
        what: str,
        name: str,
        known: Iterable[str],
        at: At,
        *,
        key: bool = False,
        warning: bool = False,
    ) -> None:
        """Report a reference to something that the book does not declare; *key* says where."""
        message, help_ = f"there is no {what} `{name}`", did_you_mean(name, known)
        place = at.key_place if key else at.place
        self.report("unknown-id", message, help_, place, warning=warning)

    def ordered(self) -> list[Diagnostic]:
        """Return the diagnostics by file, line and column, each once."""

        def position(found: Diagnostic) -> tuple[str, int, int]:
            where = found.where
            return (where.file, where.line, where.column) if where else ("", 0, 0)

        return sorted(dict.fromkeys(self.all), key=position)


