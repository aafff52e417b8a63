"""The endpoints of the book: which one decides, whether files would be one, and reading it anew."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any, Final

from nba.book.build import build
from nba.book.folder import read_files
from nba.errors import BookError, CaseError, Diagnostic, errors_in
from nba.server import messages
from nba.server.endpoint import Call, Endpoint, Reply, encode
from nba.server.problems import ProblemError
from nba.server.service import Service

__all__ = ["ENDPOINTS"]

#: A name of a rule file inside a book: folders and a file, none of them hidden.
_NAME: Final = re.compile(r"(?:[\w][\w. -]*/)*[\w][\w. -]*\.(?:ya?ml|csv)", re.IGNORECASE)
_LONGEST_NAME: Final = 300


async def book(call: Call) -> Reply:
    """Describe the book that decides now."""
    engine, found = call.service.engine, call.service.engine.book
    reloading = call.service.reloading
    body = {
        "book": found.id,
        "title": found.title,
        "version": found.version,
        "currency": found.currency,
        "timezone": found.timezone,
        "actions": sorted(found.actions),
        "channels": sorted(found.channels),
        "decision_points": sorted(found.decision_points),
        "event_types": sorted(found.events),
        "moments": sorted(found.moments),
        "outcomes": sorted(found.known_outcomes),
        "warnings": [one.to_dict() for one in engine.warnings],
        "reload": reloading.to_dict() if reloading else None,
    }
    return Reply(encode(body))


async def check(call: Call) -> Reply:
    """Look for mistakes in files that are handed in; nothing of them is loaded."""
    files: dict[str, str] = call.body.files
    for name in files:
        if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
            message = "`files` are named as in a book, such as `service/recovery.yaml`"
            raise CaseError(message, ["files", name])
    if call.service.checking.locked():
        raise ProblemError("overloaded", "another book is being checked")
    # it goes on where nobody waits for it any more, and until its end none begins beside it
    call.service.last_check = asyncio.create_task(_check_alone(call.service, files))
    return Reply(encode(await call.service.within(asyncio.shield(call.service.last_check))))


async def _check_alone(service: Service, files: dict[str, str]) -> dict[str, Any]:
    async with service.checking:
        return await service.engine.threads.run(partial(_checked, files))


def _checked(files: dict[str, str]) -> dict[str, Any]:
    """Return what is found about files. They are built as a book is, and then let go."""
    sources = read_files(files)
    found: tuple[Diagnostic, ...]
    made = None
    try:
        built = build(sources)
    except BookError as error:
        found = error.diagnostics
    else:
        made, found = built.book, tuple(built.warnings)
    errors = len(errors_in(found))
    return {
        "ok": made is not None,
        "book": made.id if made else None,
        "version": made.version if made else None,
        "files": len(files),
        "actions": len(made.actions) if made else 0,
        "tests": len(made.tests) if made else 0,
        "errors": errors,
        "warnings": len(found) - errors,
        "diagnostics": [one.to_dict() for one in found],
    }


async def reload(call: Call) -> Reply:
    """Read the book and the keys again."""
    changed = await call.service.within(call.service.reload())
    call.service.tell()
    return Reply(encode({"changed": changed, "version": call.service.engine.version}))


ENDPOINTS: Final = (
    Endpoint(
        name="book",
        method="GET",
        path="/v1/book",
        scope="author",
        summary="The book that decides now, and what became of the last reload",
        run=book,
        gives=messages.BookAnswer,
    ),
    Endpoint(
        name="check",
        method="POST",
        path="/v1/book:check",
        scope="author",
        summary="Look for mistakes in rule files, without loading them",
        about="The files are a whole book. One book is checked at a time.",
        run=check,
        takes=messages.BookCheck,
        gives=messages.BookChecked,
        examples={"broken": {"files": {"book.yaml": "format: 1\nbook: mine\nactoins: {}\n"}}},
    ),
    Endpoint(
        name="reload",
        method="POST",
        path="/v1/book:reload",
        scope="admin",
        summary="Read the book and the API keys again",
        about="A book with errors is refused, and the old one goes on deciding; so are keys.",
        run=reload,
        gives=messages.Reloaded,
        fails=("book-errors",),
        writes=True,
    ),
)
