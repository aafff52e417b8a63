"""What is written: lines for people, JSON for machines, and why a command cannot go on."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, TextIO

from nba.errors import CaseError, Diagnostic, NbaError, Place

__all__ = ["CommandError", "Page", "as_warning", "counted", "errors", "results"]

_STYLES: Final = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
_OWN: Final = frozenset(f"\x1b[{code}m" for code in (0, *_STYLES.values()))
#: A colour as `paint` writes it, or any other character that a terminal would obey.
_CONTROL: Final = re.compile(r"\x1b\[\d{1,2}m|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class CommandError(NbaError):
    """A command cannot go on: what is wrong, where, and what to do."""

    def __init__(self, message: str, help_: str = "", *, where: str | Place = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help_
        self.where = where

    @classmethod
    def of(cls, error: CaseError, where: str | Place = "") -> CommandError:
        """Return the error in a case or an event that stands in a file, with its place."""
        message, _, help_ = str(error).partition(". ")
        return cls(message, help_, where=where)


class Page:
    """A stream that people or machines read; coloured only where it is a terminal."""

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream
        self.terminal = stream is not None and stream.isatty()
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        self.colour = self.terminal and not plain

    def paint(self, text: str, *styles: str) -> str:
        """Return *text* in these styles."""
        if not self.colour or not text:
            return text
        return "".join(f"\x1b[{_STYLES[style]}m" for style in styles) + f"{text}\x1b[0m"

    def line(self, text: str = "") -> None:
        """Write lines; what is in them can colour nothing and move no cursor."""
        self.write(_CONTROL.sub(self._shown, text) + "\n")

    def write(self, text: str) -> None:
        """Write *text* as it is."""
        if self.stream is not None:
            self.stream.write(text)

    def flush(self) -> None:
        """Let what was written be seen."""
        if self.stream is not None:
            self.stream.flush()

    def json(self, data: Any, *, indent: int | None = 2) -> None:
        """Write *data* as JSON, on one line without an *indent*."""
        encoding = (getattr(self.stream, "encoding", None) or "utf-8").lower()
        escaped = not encoding.startswith("utf")
        self.write(json.dumps(data, indent=indent, ensure_ascii=escaped) + "\n")

    def diagnostics(self, found: Iterable[Diagnostic]) -> None:
        """Write diagnostics, an empty line between any two."""
        for number, diagnostic in enumerate(found):
            if number:
                self.line()
            self.line(self._rendered(diagnostic))

    def stopped(self, fault: CommandError) -> None:
        """Write why a command cannot go on."""
        where = self.paint(f"{fault.where}: ", "bold") if fault.where else ""
        self.line(f"{where}{self.paint('error', 'red', 'bold')}: {fault.message}")
        if isinstance(fault.where, Place) and (excerpt := fault.where.excerpt()):
            self.line(excerpt)
        if fault.help:
            self.line(f"  {self.paint('help', 'cyan')}: {fault.help}")

    def _rendered(self, diagnostic: Diagnostic) -> str:
        """Return what `Diagnostic.render` returns, in colours."""
        text = diagnostic.render()
        if not self.colour:
            return text
        first, *rest = text.split("\n")
        place = f"{diagnostic.where}: " if diagnostic.where else ""
        severity = diagnostic.severity
        colour = "red" if severity == "error" else "yellow"
        first = first.removeprefix(f"{place}{severity}")
        lines = [self.paint(place, "bold") + self.paint(severity, colour, "bold") + first]
        for line in rest:
            if re.fullmatch(r"[ |]+\^+", line):
                lines.append(self.paint(line, colour))
            else:
                lines.append(re.sub(r"^  help(?=: )", f"  {self.paint('help', 'cyan')}", line))
        return "\n".join(lines)

    def _shown(self, match: re.Match[str]) -> str:
        text = match[0]
        if text in _OWN and self.colour:
            return text
        return f"\\x{ord(text[0]):02x}{text[1:]}"


def as_warning(found: Diagnostic) -> Diagnostic:
    """Return what was found in a value of a case, which the command goes on without."""
    return replace(found, severity="warning")


def results() -> Page:
    """Return where results go."""
    return Page(sys.stdout)


def errors() -> Page:
    """Return where errors and progress go."""
    return Page(sys.stderr)


def counted(count: int, noun: str) -> str:
    """Return `no errors`, `1 error` or `2 errors`."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
