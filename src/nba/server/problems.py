"""Problem documents (RFC 9457): what goes wrong, by a code, and where the offending value is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from nba.errors import (
    BookError,
    CaseError,
    Diagnostic,
    ProfileError,
    StoreError,
    UnknownDecisionError,
    did_you_mean,
)

__all__ = ["PROBLEMS", "ProblemError", "fault_of", "invalid", "pointer", "problem_of"]

#: Every code of a problem, with its status and title. `wrong-input`, `store-failure` and
#: `profile-failure` are the library's; so are all codes of the errors of a book.
PROBLEMS: Final[Mapping[str, tuple[int, str]]] = {
    "bad-json": (400, "The body is not JSON"),
    "too-deep": (400, "The body is nested too deeply"),
    "unauthenticated": (401, "An API key is needed"),
    "forbidden": (403, "This may not be done"),
    "not-found": (404, "There is nothing here"),
    "unknown-decision": (404, "The decision is not known"),
    "method-not-allowed": (405, "The method is not allowed here"),
    "slow-body": (408, "The body came too slowly"),
    "not-explainable": (409, "The decision cannot be explained"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body is of another type"),
    "wrong-input": (422, "What was handed in cannot be used"),
    "book-errors": (422, "The book has errors"),
    "internal": (500, "This is a fault of nba"),
    "overloaded": (503, "There is too much to do"),
    "too-slow": (503, "It took too long"),
    "store-failure": (503, "The store failed"),
    "profile-failure": (503, "The profile provider failed"),
}
#: Seconds after which it may be worth asking again, by code.
RETRY_AFTER: Final = {"overloaded": 1, "too-slow": 2, "store-failure": 2, "profile-failure": 2}

_AT: Final = re.compile(r" - at `(?:key in )?\$(.*)`$")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)
_TYPES: Final = re.compile(r"`([a-z]+(?: \| [a-z]+)*)`")
_WORDS: Final = {
    "str": "a string",
    "int": "an integer",
    "bool": "true or false",
    "float": "a number",
    "object": "an object",
    "array": "a list",
    "null": "null",
    "datetime": "a time such as 2026-03-02T10:00:00Z",
}
#: What the decoder says, and how it is said here.
_SAID: Final = {
    " with a timezone component": " with a time zone",
    r" matching regex '^[^\\u0000]*$'": " without the character NUL",
    "Invalid RFC3339 encoded datetime": "this is no time such as 2026-03-02T10:00:00Z",
}


class ProblemError(Exception):
    """A request is refused or cannot be answered: by a *code*, with the *errors* in detail."""

    def __init__(
        self,
        code: str,
        detail: str,
        errors: Iterable[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status, self.title = PROBLEMS[code]
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        if code in RETRY_AFTER:
            self.headers["Retry-After"] = str(RETRY_AFTER[code])

    def to_dict(self) -> dict[str, Any]:
        """Return the problem document."""
        found: dict[str, Any] = {
            "type": f"/docs#{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            found["errors"] = self.errors
        return found


def problem_of(error: Exception) -> ProblemError:
    """Return what is said of an error that the library raised."""
    match error:
        case ProblemError():
            return error
        case UnknownDecisionError():
            return ProblemError("unknown-decision", _split(error)[0])
        case CaseError():
            message, help_ = _split(error)
            fault = {"code": "wrong-input", "detail": message}
            if help_:
                fault["help"] = help_
            if error.path == ("key",):
                fault["header"] = "Idempotency-Key"
            elif error.path:
                fault["pointer"] = pointer(error.path)
            return ProblemError("wrong-input", message, [fault])
        case StoreError():  # its words may name hosts and files: they stand in the log
            return ProblemError("store-failure", "the store cannot be used now: ask again later")
        case ProfileError():
            return ProblemError("profile-failure", "the profile cannot be had: ask again later")
        case BookError():
            faults = [fault_of(found) for found in error.diagnostics]
            return ProblemError("book-errors", "the book has errors: the old one decides", faults)
    return ProblemError("internal", "the request could not be answered")


def fault_of(found: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as an entry of a problem's errors."""
    fault: dict[str, Any] = {"code": found.code, "detail": found.message}
    if found.help:
        fault["help"] = found.help
    if found.where is not None:
        where = found.where
        fault["where"] = {"file": where.file, "line": where.line, "column": where.column}
    return fault


def _split(error: CaseError) -> tuple[str, str]:
    """Return the message of an error and its help apart."""
    message, _, help_ = str(error).partition(". ")
    return message, help_


def pointer(path: Iterable[str | int]) -> str:
    """Return a path as a JSON pointer (RFC 6901).

    >>> pointer(["events", 2, "a/b"])
    '/events/2/a~1b'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _in_words(types: re.Match[str]) -> str:
    """Return types of Python as JSON has them."""
    return " or ".join(_WORDS.get(one, one) for one in types[1].split(" | "))


def invalid(
    error: msgspec.ValidationError,
    known: Iterable[str],
    within: Iterable[str | int] = (),
    *,
    parameters: bool = False,
) -> ProblemError:
    """Return what is said of a body or a query that is not of its type.

    *known* are the keys that there are, *within* is the path to what was read; *parameters* says
    that it was the query.
    """
    text = str(error)
    at = _AT.search(text)
    path = [*within, *(key or int(place) for key, place in _STEP.findall(at[1] if at else ""))]
    message = _AT.sub("", text)
    fault: dict[str, Any] = {"code": "wrong-input"}
    if unknown := _UNKNOWN.match(message):
        name = unknown[1][:60]
        path.append(unknown[1])
        message = f"`{name}` is not a key"
        near = did_you_mean(name, known)
        fault["help"] = near if near.startswith("did you") else "leave it out, or check its place"
    else:
        for theirs, ours in _SAID.items():
            message = message.replace(theirs, ours)
        message = _TYPES.sub(_in_words, message)
    message = message[:1].lower() + message[1:]
    if path:
        where = ".".join(str(step)[:60] for step in path)
        message = message if unknown else f"`{where}`: {message}"
    fault["detail"] = message
    if parameters:
        fault["parameter"] = str(path[0]) if path else ""
    else:
        fault["pointer"] = pointer(path)
    return ProblemError("wrong-input", message, [fault])
