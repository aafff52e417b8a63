"""A parsed file to a document: every fault of shape with its place, and the rest still usable.

A faulty part is reported, cut out and the rest read again, so that one typo does not hide the
other twenty.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nba.book import documents
from nba.book.source import Source
from nba.errors import Diagnostic, did_you_mean

__all__ = ["validated"]

_MAX_ROUNDS = 8
Loc = tuple[int | str, ...]


def validated(source: Source) -> tuple[documents.File, list[Diagnostic]]:
    """Return the document of a file and what is wrong with its shape."""
    found: list[Diagnostic] = []
    data = source.data
    if not isinstance(data, dict):
        message = "a rule file is a mapping of sections, such as `actions:`"
        return documents.File(), [Diagnostic("wrong-value", message, "", source.place(()))]
    cut: set[Loc] = set()
    for _ in range(_MAX_ROUNDS):
        try:
            return documents.File.model_validate(data), found
        except ValidationError as invalid:
            data = copy.deepcopy(data) if data is source.data else data
            for error in invalid.errors(include_url=False, include_context=False):
                loc = tuple(part for part in error["loc"] if part != "[key]")
                if loc not in cut:
                    found.append(_diagnostic(source, error, loc))
                    cut.add(loc)
                _cut(data, loc[:-1] if error["type"] == "missing" else loc, cut)
    return documents.File(), found


def _cut(data: Any, loc: Loc, cut: set[Loc]) -> None:
    """Remove what stands at *loc*, or the nearest part around it that is there."""
    owner, steps = data, 0
    while steps < len(loc) - 1 and (inner := _inside(owner, loc[steps])) is not None:
        owner, steps = inner, steps + 1
    key = loc[steps] if loc else None
    cut.add(loc[: steps + 1])
    if isinstance(owner, dict):
        owner.pop(key, None)
    elif isinstance(owner, list) and isinstance(key, int) and key < len(owner):
        del owner[key]


def _inside(owner: Any, key: int | str) -> Any:
    if isinstance(owner, dict):
        return owner.get(key)
    if isinstance(owner, list) and isinstance(key, int) and key < len(owner):
        return owner[key]
    return None


def _diagnostic(source: Source, error: ErrorDetails, loc: Loc) -> Diagnostic:
    kind, given = error["type"], error["input"]
    name = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        known = _known_keys(loc[:-1])
        where = f" in {_readable(loc[:-1])}" if loc[:-1] else ""
        message = f"`{name}` is not a key{where}"
        help_ = did_you_mean(name, known)
        if not help_:
            help_ = f"choose from {', '.join(f'`{key}`' for key in sorted(known))}"
        return Diagnostic("unknown-key", message, help_, source.place(loc, key=True))
    if kind == "missing":
        message = f"{_readable(loc[:-1])} needs `{name}`"
        return Diagnostic("missing-key", message, f"add `{name}:`", source.place(loc[:-1], key=True))
    is_key = error["loc"][-1:] == ("[key]",)
    message, help_ = _value_fault(error, name, given, is_key=is_key)
    return Diagnostic("wrong-value", message, help_, source.place(loc, key=is_key))


def _value_fault(
    error: ErrorDetails, name: str, given: object, *, is_key: bool
) -> tuple[str, str]:
    shown = f"`{given}`" if isinstance(given, str | int | float | bool) else _kind(given)
    kind = error["type"]
    if is_key:
        if "/" in name or kind == "string_pattern_mismatch" and name.count("/") == 1:
            return f"`{name}` is not the id of a group", "write `issue/group` in small letters"
        return f"`{name}` is not an id", "use small letters, digits and `_`, beginning with a letter"
    if name in ("lever", "add") and "pattern" in kind or name == "lever":
        return f"`{name}` is a percentage, not {shown}", "write `20 %`"
    if kind == "literal_error":
        choices = str(error["msg"]).removeprefix("Input should be ").replace("'", "`")
        return f"`{name}` is {choices}, not {shown}", ""
    if kind.endswith("_type"):
        wanted = _WANTED.get(kind, "another kind of value")
        help_ = "put it in quotes" if kind == "string_type" and not isinstance(given, dict) else ""
        return f"`{name}` is {wanted}, not {shown}", help_
    if kind == "string_pattern_mismatch":
        forms = {"group": "an id such as `service/recovery`", "currency": "three capital letters"}
        return f"`{name}` is {forms.get(name, 'an id')}, not {shown}", ""
    reason = str(error["msg"]).removeprefix("Input should be ")
    return f"`{name}` should be {reason}, not {shown}", ""


_WANTED = {
    "string_type": "text",
    "bool_type": "`true` or `false`",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", type(None): "nothing"}
    return names.get(type(value), "this")


def _readable(loc: Sequence[int | str]) -> str:
    """Return a path as people say it: `actions.call_back`."""
    text = ".".join(str(part) for part in loc if not isinstance(part, int))
    return f"`{text}`" if text else "the file"


def _known_keys(loc: Loc) -> list[str]:
    """Return the keys that the document at *loc* may have."""
    model: Any = documents.File
    for part in loc:
        model = _step(model, part)
    return list(model.model_fields) if _is_document(model) else []


def _step(model: Any, part: int | str) -> Any:
    if _is_document(model) and isinstance(part, str) and part in model.model_fields:
        return _inner(model.model_fields[part].annotation)
    return model  # a key of a mapping or an index: the document below was found already


def _inner(annotation: Any) -> Any:
    """Return the document inside `dict[str, Action]`, `list[Weight]`, `Scoring | None`."""
    if _is_document(annotation):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if _is_document(found := _inner(inner)):
            return found
    return annotation


def _is_document(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel)
