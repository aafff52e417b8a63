"""The reference of all sections and keys, as Markdown: what the JSON Schema says, for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from nba.book.documents import schema
from nba.lang.words import listed

__all__ = ["key_reference"]

Part = Mapping[str, Any]

_HEAD: Final = """\
# Reference

Every section and every key of rule files. This page is made by `nba schema --markdown` from what
reads the files; [The rule book](rule-book.md) explains them by example. A key in bold is needed.
Where a list is asked for and one name will do, the name alone may stand. Expressions and conditions
are those of [Conditions](conditions.md).
"""
_PLAIN: Final = {
    "string": "text",
    "boolean": "`true` or `false`",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}
_EXPRESSION: Final = ["string", "number"]


def key_reference() -> str:
    """Return the page."""
    return _Reference(schema()).page()


class _Reference:
    def __init__(self, whole: Part) -> None:
        self.whole = whole
        self.parts: Mapping[str, Part] = whole["$defs"]
        #: Where each definition stands, by its name, in the order in which a reader meets them.
        self.places: dict[str, list[str]] = {}
        self.find(whole, "")

    def find(self, part: Any, path: str) -> None:
        """Note where the definitions that *part* refers to stand, those below them too."""
        if not isinstance(part, dict):
            return
        name = _referred(part)
        if name is not None:
            first = name not in self.places
            places = self.places.setdefault(name, [])
            if path not in places:
                places.append(path)
            if first:
                self.find(self.parts[name], path)
            return
        for key, inner in part.get("properties", {}).items():
            self.find(inner, f"{path}.{key}" if path else key)
        for inner in (
            *part.get("patternProperties", {}).values(),
            part.get("additionalProperties"),
        ):
            self.find(inner, f"{path}.<id>")
        for inner in part.get("anyOf", ()):
            self.find(inner, path)
        self.find(part.get("items"), f"{path}[]")

    def page(self) -> str:
        lines = [_HEAD, "## Sections", "", "Any file may hold any of them; the book is their sum."]
        lines += ["", *self.table(self.whole)]
        for name, places in self.places.items():
            lines += ["", *self.definition(name, self.parts[name], places)]
        return "\n".join(lines) + "\n"

    def definition(self, name: str, part: Part, places: list[str]) -> Iterator[str]:
        yield f"## {_title(name)}"
        yield ""
        about = _sentence(part.get("description", ""))
        shown = [f"`{place}`" for place in places[:4]]
        more = f", and {len(places) - 4} more" if len(places) > 4 else ""
        yield f"{about} Under {', '.join(shown)}{more}.".strip()
        if keys := _one_of(part):
            yield f"It has one of {listed([f'`{key}`' for key in keys], 'and')}."
        shapes = [part] if "properties" in part else []
        shapes += [one for one in part.get("anyOf", ()) if "properties" in one]
        for shape in shapes:
            yield ""
            yield from self.table(shape)

    def table(self, part: Part) -> Iterator[str]:
        yield "| key | form | meaning |"
        yield "|---|---|---|"
        needed = part.get("required", ())
        for key, inner in part["properties"].items():
            name = f"**`{key}`**" if key in needed else f"`{key}`"
            meaning = inner.get("description", "")
            default = inner.get("default")
            if isinstance(default, str | float | int) and "by default" not in meaning:
                text = str(default).lower() if isinstance(default, bool) else default
                meaning = f"{meaning}; by default `{text}`" if meaning else f"by default `{text}`"
            yield f"| {name} | {_cell(self.form(inner))} | {_cell(meaning)} |"

    def form(self, part: Part) -> str:
        """Say what may stand at a key."""
        name = _referred(part)
        if name is not None:
            return f"[{_title(name).lower()}](#{_title(name).lower().replace(' ', '-')})"
        if "const" in part:
            return f"`{part['const']}`"
        if "enum" in part:
            return listed([f"`{each}`" for each in part["enum"]], "or")
        if "anyOf" in part:
            return self.choice(part["anyOf"])
        kind = part.get("type")
        if kind == _EXPRESSION:
            return "an expression"
        if isinstance(kind, list):
            return listed([_PLAIN[each] for each in kind], "or")
        if kind == "array":
            return f"a list of {self.form(part['items'])}" if "items" in part else "a list"
        if kind == "object":
            return self.mapping(part)
        if kind in ("number", "integer"):
            return _PLAIN[kind] + _bounds(part)
        if "examples" in part:
            return f"text such as `{part['examples'][0]}`"
        return _PLAIN.get(str(kind), "anything")

    def choice(self, parts: Sequence[Part]) -> str:
        """Say which of several forms may stand at a key."""
        forms = list(dict.fromkeys(self.form(each) for each in parts))
        for one in forms:
            if f"a list of {one}" in forms:  # whichever of them comes first
                forms = [one, "a list of them"]
        if forms == ["text", "a list of them"]:
            return "a name or a list of names"
        if "enum" in parts[0] and "text" in forms:
            forms = [*(f"`{each}`" for each in parts[0]["enum"]), "other text"]
        return listed(forms, "or")

    def mapping(self, part: Part) -> str:
        if "properties" in part:
            keys = listed([f"`{key}`" for key in part["properties"]], "and")
            own = part.get("additionalProperties")
            return f"a mapping with {keys}" + (", and keys of its own" if own else "")
        inner = next(iter(part.get("patternProperties", {}).values()), None)
        if inner is None:
            inner = part.get("additionalProperties")
        if not isinstance(inner, dict) or not inner:
            return "a mapping"
        return f"a mapping of {self.form(inner)}"


def _referred(part: Part) -> str | None:
    reference = part.get("$ref")
    return reference.removeprefix("#/$defs/") if isinstance(reference, str) else None


def _one_of(part: Part) -> list[str]:
    """Return the keys of which one must be there, and only one."""
    found = [each.get("required", []) for each in part.get("oneOf", ())]
    return [key for keys in found for key in keys]


def _bounds(part: Part) -> str:
    low, high = part.get("minimum"), part.get("maximum")
    since = f" from {low:g}" if low is not None else ""
    return since + (f" to {high:,.0f}" if high is not None else "")


def _title(name: str) -> str:
    """Return the name of a definition as people write it: `Decision point`."""
    words = re.findall(r"[A-Z][a-z]*", name)
    return " ".join(words).capitalize()


def _sentence(text: str) -> str:
    """Return a description as a sentence, on one line."""
    text = " ".join(text.split())
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith(".") else f"{text}."


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
