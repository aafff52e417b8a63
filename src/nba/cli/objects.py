"""JSON as it stands in files: parsed strictly, with errors in our words and at their place."""

from __future__ import annotations

import json
from typing import Any, Final

from nba.cli.files import opened, text_of
from nba.cli.output import CommandError
from nba.errors import Place

__all__ = ["as_object", "is_json", "parsed", "read_object"]

_IN_OUR_WORDS: Final = {
    "Expecting value": "a value is expected here",
    "Expecting property name enclosed in double quotes": "a key in double quotes is expected here",
    "Expecting ':' delimiter": "`:` is expected here",
    "Expecting ',' delimiter": "`,` or the end of what was opened is expected here",
    "Illegal trailing comma before end of object": "this comma is one too many",
    "Illegal trailing comma before end of array": "this comma is one too many",
    "Unterminated string starting at": "the text that begins here has no end",
    "Invalid control character at": "a line break or control character stands in a text",
    "Extra data": "there is more after the end of the JSON value",
}


def read_object(name: str) -> dict[str, Any]:
    """Return the JSON object in the file *name*, `-` for standard input. Raises CommandError."""
    with opened(name) as file:
        return as_object(parsed(file.content(), file.name), file.name)


def parsed(content: bytes, name: str, line: int | None = None) -> Any:
    """Return the JSON value in *content*: that line of a file, or all of it."""
    where = name if line is None else f"{name}:{line}"
    try:
        return json.loads(text_of(content, name, line))
    except json.JSONDecodeError as error:
        raise _not_json(error, name, line or 1) from None
    except RecursionError:
        raise CommandError("it is nested too deeply", where=where) from None
    except ValueError:
        raise CommandError("a number in it has thousands of digits", where=where) from None


def as_object(data: object, where: str, help_: str = "") -> dict[str, Any]:
    """Return *data* if it is a JSON object. Raises CommandError, with this help, if not."""
    if isinstance(data, dict):
        return data
    called = f"`{json.dumps(data, ensure_ascii=False)[:40]}`"
    called = "a list" if isinstance(data, list) else called
    raise CommandError(f"a JSON object is expected, not {called}", help_, where=where)


def is_json(line: bytes) -> bool:
    """Tell whether a line is a JSON value of its own."""
    try:
        json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True


def _not_json(error: json.JSONDecodeError, name: str, first_line: int) -> CommandError:
    if not error.doc.strip():
        return CommandError("it is empty, and a JSON object is expected", where=name)
    message = _IN_OUR_WORDS.get(error.msg, error.msg[:1].lower() + error.msg[1:])
    text = error.doc.split("\n")[error.lineno - 1].rstrip("\r")
    place = Place(name, first_line + error.lineno - 1, error.colno, text)
    return CommandError(f"this is not JSON: {message}", where=place)
