"""What goes wrong when a server is asked: the library's own errors, and those of the way there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nba.errors import (
    CODES,
    BookError,
    CaseError,
    Diagnostic,
    NbaError,
    Place,
    ProfileError,
    StoreError,
    UnknownDecisionError,
)

__all__ = ["ServerError", "diagnostic_of", "error_of"]


class ServerError(NbaError):
    """The server cannot be reached or does not do it: *code* and *status* of the problem document.

    Where there was no answer at all, the code is `unreachable` and the status 0. *errors* are the
    problem's, as plain data.
    """

    def __init__(
        self, message: str, code: str, status: int, errors: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.errors = tuple(errors)


def error_of(problem: Mapping[str, Any]) -> NbaError:
    """Return the error that a problem document tells of: where it is one of the library's, that."""
    code, detail = str(problem.get("code", "")), str(problem.get("detail", ""))
    errors = problem.get("errors", ())
    help_ = "".join(f". {one['help']}" for one in errors[:1] if "help" in one)
    match code:
        case "unknown-decision":
            return UnknownDecisionError(detail)
        case "wrong-input":
            return CaseError(f"{detail}{help_}", _path(errors[0]) if errors else ())
        case "store-failure":
            return StoreError(detail)
        case "profile-failure":
            return ProfileError(detail)
        case "book-errors":
            return BookError(diagnostic_of({"message": one["detail"], **one}) for one in errors)
    return ServerError(detail or "the server refused", code, int(problem.get("status", 0)), errors)


def diagnostic_of(data: Mapping[str, Any]) -> Diagnostic:
    """Return the diagnostic that plain data describes.

    Its code may be one that only a newer nba has: then it is the nearest that this one has.
    """
    where = data.get("where")
    place = Place(where["file"], where["line"], where["column"]) if where else None
    code = data["code"] if data["code"] in CODES else "wrong-value"
    severity = data.get("severity", "error")
    return Diagnostic(code, data["message"], data.get("help", ""), place, severity)


def _path(error: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Return the path that a pointer, or the name of a parameter or a header, leads to."""
    if error.get("header") == "Idempotency-Key":
        return ("key",)
    if "pointer" not in error:
        name = error.get("parameter") or error.get("header")
        return (name,) if name else ()
    steps = error["pointer"].split("/")[1:]
    plain = (step.replace("~1", "/").replace("~0", "~") for step in steps)
    return tuple(int(step) if step.isdigit() else step for step in plain)
