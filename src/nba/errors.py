"""What goes wrong, and how it is said: the errors nba raises and the diagnostics they carry.

Wording follows one style: lower-case start, no final period, names in backticks, the
language's concepts and never a class of ours, the message apart from the help, place first.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal, Self

__all__ = [
    "CODES",
    "BookError",
    "CaseError",
    "Diagnostic",
    "EvaluationError",
    "ExpressionError",
    "NbaError",
    "Place",
    "ProfileError",
    "StoreError",
    "UnknownDecisionError",
    "did_you_mean",
    "errors_in",
    "python_type",
    "with_article",
    "with_help",
]

Severity = Literal["error", "warning"]

#: Every diagnostic code and what it is about. Each has a heading in docs/diagnostics.md and a
#: case folder in tests/diagnostics/; tests assert both.
CODES: dict[str, str] = {
    # reading files
    "no-files": "a folder has no rule files, or a path does not exist",
    "not-readable": "a file cannot be read as UTF-8 text",
    "too-large": "a file, or the book as a whole, is over the size limit",
    "too-deep": "a file is nested more deeply than the limit",
    "yaml-syntax": "a file is not YAML",
    "yaml-tag": "a YAML tag is used",
    "yaml-alias": "a YAML anchor, alias or merge key is used",
    "yaml-documents": "a file holds more than one YAML document",
    "duplicate-key": "a mapping has the same key twice",
    "csv-syntax": "a CSV file has no header, an open quote, or a line with too many cells",
    "swallowed-by-comment": "a ` #` cut an expression short",
    "split-by-comma": "a comma in a flow mapping cut an expression in two",
    # what files may say
    "unknown-key": "a key that the rule book does not have",
    "missing-key": "a required key is absent",
    "empty-value": "a key has no value",
    "wrong-value": "a value of the wrong kind or out of range",
    "condition-expected": "a mapping or list stands where a condition was expected",
    "duplicate-id": "the same id is declared twice in a book",
    "no-book": "the book has no `book` section, or several",
    "unknown-id": "a reference to something the book does not declare",
    "circular-condition": "conditions, scorecards or tables refer to each other in a circle",
    "order-split": "a list whose order matters stands in more than one file",
    "unreachable-row": "a row of a table that no input can hit",
    "overlapping-rows": "two rows hold for the same inputs in a table where one may",
    "uncovered-inputs": "inputs that no row of a table holds for",
    "not-decided": "a table is too entangled for all of it to be checked",
    "too-many": "a book has more errors than are shown",
    # conditions
    "expression-syntax": "an expression cannot be parsed",
    "expression-limit": "an expression is too long, too deep or nests too many comprehensions",
    "undeclared-name": "a name that is not declared",
    "unknown-function": "a function that does not exist",
    "wrong-type": "an operation on types it does not accept",
    "int-beside-double": "an int field beside a double",
    "not-in-enum": "a string that is not among a field's values",
    "spelling": "another language's spelling: `=`, `and`, `or`, `not`, `'5 days'`",
    "not-a-condition": "an expression that is not true or false, where a condition was expected",
    "bad-literal": "a literal that cannot be read: a pattern, timestamp, duration or time zone",
    "int-division": "a division of two ints drops the remainder",
    # a book that is valid, and most likely not what was meant
    "never-eligible": "an action that can never be chosen",
    "always-true": "a condition that is never false",
    "never-true": "a condition that is never true",
    "repeats-named": "a condition that repeats one that has a name",
    "repeats-condition": "a condition that says no more than another that has to hold as well",
    "unguarded-interaction": "a field of the interaction without which an action stops unseen",
    "unguarded-optional": "a field that may be unknown, without which an action stops unseen",
    "never-wins": "an action that is never the answer, since another always is",
    "unlike-scales": "values from 0 to 1 beside values in hundreds",
    "negated-consent": "a condition that takes the lack of a refusal for consent",
    "no-consent": "contacts that go out, and nothing asks for consent",
    "no-limit": "contacts that may go out as often as they like",
    "no-budget": "a gesture that no budget bounds",
    "unused": "something declared that no rule uses",
    "covers-nothing": "a selector that no action fits",
    "unused-allow": "a comment allows what is not found",
    # what is handed in with a case
    "wrong-input": "a field of a case has the wrong type or value, and is read as unknown",
    # what fails while deciding
    "store-failure": "the store cannot be reached, and it is decided as the book says for that",
    "profile-failure": "the profile provider fails, and it is decided with what else is known",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file, line and column (both from 1), and the text there.

    *text* is the source line; *width* is how many characters from *column* are meant.
    """

    file: str
    line: int
    column: int
    text: str = ""
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def excerpt(self) -> str:
        """Return the source line with a caret under what is meant, or nothing without text."""
        if not self.text.strip():
            return ""
        line = self.text.expandtabs(1)
        start, number = self.column - 1, str(self.line)
        width = max(1, min(self.width, len(line) - start))
        if len(line) > 160:  # show the part around the caret
            cut = max(0, start - 60)
            line, start = line[cut : cut + 150], start - cut
            width = max(1, min(width, len(line) - start))
        return f"  {number} | {line}\n  {' ' * len(number)} | {' ' * start}{'^' * width}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about a file, an expression or a case.

    *code* is one of `CODES` and never changes its meaning. *help* says what to do.
    """

    code: str
    message: str
    help: str = ""
    where: Place | None = None
    severity: Severity = "error"

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"{self.code!r} is not a diagnostic code")

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        help_ = f". help: {self.help}" if self.help else ""
        return f"{place}{self.message}{help_}"

    def render(self) -> str:
        """Return the diagnostic over several lines: place, message, source line, caret, help."""
        place = f"{self.where}: " if self.where else ""
        lines = [f"{place}{self.severity}: {self.message} [{self.code}]"]
        if self.where and (excerpt := self.where.excerpt()):
            lines.append(excerpt)
        if self.help:
            lines.append(f"  help: {self.help}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return the diagnostic as plain data."""
        where = self.where
        place = {"file": where.file, "line": where.line, "column": where.column} if where else None
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "help": self.help,
            "where": place,
        }


def errors_in(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return those of *diagnostics* that are errors, in their order."""
    return [d for d in diagnostics if d.severity == "error"]


def with_help(message: str, help_: str) -> str:
    """Return a message with the help that goes with it, where there is some."""
    return f"{message}. {help_}" if help_ else message


def with_article(name: str) -> str:
    """Return the name of a type with its article: `an int`, `a list(string)`."""
    if name in ("bytes", "null"):
        return name
    return f"an {name}" if name[:1].lower() in "aeio" else f"a {name}"


def python_type(value: object) -> str:
    """Return what Python calls the type of a value, with its article: `an int`."""
    return with_article(type(value).__name__)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return help that names the nearest of *known*, or lists them when they are few."""
    choices = sorted(known)
    listed = ""
    if 0 < len(choices) <= 12:
        listed = f"choose from {', '.join(f'`{choice}`' for choice in choices)}"
    elif len(choices) > 50:  # comparing takes long, so only with those that begin and end alike
        choices = sorted(choices, key=lambda choice: -_alike(name, choice))[:50]
    if len(name) > 80:  # comparing would take very long, and nobody chose such a name
        return listed
    if near := difflib.get_close_matches(name, choices, n=1, cutoff=0.6):
        return f"did you mean `{near[0]}`?"
    return listed


def _alike(one: str, other: str) -> int:
    """Return how many characters two words share at their beginning and their end."""
    return _shared(one, other) + _shared(reversed(one), reversed(other))


def _shared(one: Iterable[str], other: Iterable[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


class NbaError(Exception):
    """The base of every error that nba raises on purpose."""


class _DiagnosedError(NbaError):
    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.render() for d in self.diagnostics))


class BookError(_DiagnosedError):
    """A rule book cannot be used; `diagnostics` holds every finding, in file order."""


class ExpressionError(_DiagnosedError):
    """An expression does not parse or check; `diagnostics` holds every finding."""


class EvaluationError(NbaError):
    """An expression has no value: something is missing, overflows or has the wrong type.

    *needs* names the fields whose absence was the cause.
    """

    def __init__(self, message: str, needs: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.needs = tuple(needs)


class StoreError(NbaError):
    """A store cannot be reached, or does not answer in time: what was asked may not be done."""


class ProfileError(NbaError):
    """A profile cannot be had in time, and the book does not decide without it."""


class CaseError(NbaError):
    """A case, an event or an outcome handed to the engine cannot be read.

    *path* leads to what is wrong in what was handed in, as far as that is known: keys of objects
    and places in lists, such as `("events", 2, "at")`.
    """

    def __init__(self, message: str, path: Iterable[str | int] = ()) -> None:
        super().__init__(message)
        self.path = tuple(path)

    def within(self, *outer: str | int) -> Self:
        """Put the error inside something larger that was handed in, and return it."""
        self.path = (*outer, *self.path)
        return self


class UnknownDecisionError(CaseError):
    """No decision of that id is known."""
