"""JSON as it stands in files: parsed strictly, with errors in our words and at their place."""

from __future__ import annotations

import json
import re
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
    text = text_of(content, name, line)
    try:
        return json.loads(text, object_pairs_hook=_once)
    except _TwiceError:
        raise _twice(text, name, line or 1) from None
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


class _TwiceError(Exception):
    """A key stands twice in an object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


#: A text, and the colon that makes it a key; or what opens or closes something.
_TOKEN: Final = re.compile(r'("(?:[^"\\]|\\.)*")\s*(:?)|[{}]')


def _twice(text: str, name: str, first_line: int) -> CommandError:
    """Return the error of the first key of JSON that stands twice in its object."""
    around: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        if token[0] == "{":
            around.append(set())
        elif token[0] == "}":
            around.pop()
        elif token[2]:
            key = json.loads(token[1])
            if key in around[-1]:
                break
            around[-1].add(key)
    before = text[: token.start()]
    start = before.rfind("\n") + 1
    line = text[start:].partition("\n")[0].rstrip("\r")
    place = Place(name, first_line + before.count("\n"), token.start() - start + 1, line)
    return CommandError(f"the key `{key[:60]}` stands there twice", "remove one", where=place)


def _not_json(error: json.JSONDecodeError, name: str, first_line: int) -> CommandError:
    if not error.doc.strip():
        return CommandError("it is empty, and a JSON object is expected", where=name)
    message = _IN_OUR_WORDS.get(error.msg, error.msg[:1].lower() + error.msg[1:])
    text = error.doc.split("\n")[error.lineno - 1].rstrip("\r")
    place = Place(name, first_line + error.lineno - 1, error.colno, text)
    return CommandError(f"this is not JSON: {message}", where=place)
