"""The declared world: the `context` section, from its short forms to field specifications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import tzinfo
from math import isfinite
from typing import Any, Final

from nba.book.findings import At, Findings, short
from nba.errors import Diagnostic, did_you_mean
from nba.lang.context import FieldSpec, convert
from nba.lang.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    EnumType,
    ObjectType,
    Type,
    list_of,
    map_of,
)

__all__ = ["PRESENT", "Fields", "declared_fields"]

#: The field that every book has: whether there is an interaction.
PRESENT: Final = "interaction.present"

_NAMED: Final = {
    "string": STRING,
    "bool": BOOL,
    "number": DOUBLE,
    "int": INT,
    "timestamp": TIMESTAMP,
    "duration": DURATION,
}
_FORMS: Final = ("type", "enum", "list")
_BOUNDS: Final = ("min", "max")
_KEYS: Final = frozenset({*_FORMS, *_BOUNDS, "default", "title", "private"})
#: What others call a type, and what to write here.
_OTHER_NAMES: Final = {
    "boolean": "bool",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "money": "number",
    "integer": "int",
    "str": "string",
    "text": "string",
    "date": "timestamp",
    "datetime": "timestamp",
    "time": "timestamp",
    "list": "list(string)",
    "map": "map(string, number)",
}
_MAX_NESTING: Final = 8  # of a type, such as `list(list(string))`


class Fields:
    """The fields that a book declares, over all its files. A faulty one has the type `dyn`.

    So that what uses it is not faulty as well.
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.by_path: dict[str, FieldSpec] = {}
        self._places: dict[str, At] = {}
        self._owners: dict[str, At] = {}

    def add(self, specs: Iterable[FieldSpec], at: At) -> None:
        """Add the fields that were declared at *at*, the place of the root of their paths."""
        for spec in specs:
            parts = spec.path.split(".")
            owners = [".".join(parts[:length]) for length in range(1, len(parts))]
            here = at
            for step in parts[1:]:
                here = here / step
            clash = next((owner for owner in owners if owner in self.by_path), "")
            if spec.path == PRESENT:
                message = f"`{PRESENT}` is there without being declared"
                self.findings.report("duplicate-id", message, "remove it", here.key_place)
            elif spec.path in self.by_path or spec.path in self._owners or clash:
                first = self._places.get(clash or spec.path) or self._owners[spec.path]
                message = f"`{clash or spec.path}` is declared twice, first at {first.key_place}"
                self.findings.report("duplicate-id", message, "remove one of them", here.key_place)
            else:
                self.by_path[spec.path] = spec
                self._places[spec.path] = here
                self._owners |= dict.fromkeys(owners, here)


def declared_fields(
    declarations: Mapping[str, Any],
    root: str,
    at: At,
    findings: Findings,
    *,
    channels: tuple[str, ...] | None,
    zone: tzinfo,
) -> list[FieldSpec]:
    """Return the fields that a mapping of declarations below *root* declares.

    *channels* are what `$channels` stands for; None if nobody knows.
    """
    reader = _Declarations(channels, zone, findings)
    return list(reader.below(declarations, root, at))


class _Declarations:
    def __init__(self, channels: tuple[str, ...] | None, zone: tzinfo, findings: Findings) -> None:
        self.channels = channels
        self.zone = zone
        self.findings = findings

    def wrong(self, message: str, help_: str, at: At) -> None:
        self.findings.report("wrong-value", message, help_, at.place)

    def below(self, declarations: Mapping[str, Any], path: str, at: At) -> Iterator[FieldSpec]:
        for name, value in declarations.items():
            here, inner = at / name, f"{path}.{name}"
            if not (name.isidentifier() and name.isascii()):
                message = f"`{short(name)}` cannot be the name of a field"
                help_ = "use letters, digits and `_`, beginning with a letter"
                self.findings.report("wrong-value", message, help_, here.key_place)
            elif value == {}:
                if not here.faulty:
                    help_ = "write a type, such as `number`, or the fields below it"
                    self.wrong(f"`{inner}` declares nothing", help_, here)
                yield FieldSpec(inner, DYN)
            elif isinstance(value, dict) and not _is_field(value):
                yield from self.below(value, inner, here)
            else:
                yield self.field(value, inner, here) or FieldSpec(inner, DYN)
        if at.faulty and isinstance(at.value, dict):  # something was left out already
            left_out = at.value.keys() - declarations.keys()
            yield from (FieldSpec(f"{path}.{name}", DYN) for name in left_out)

    def field(self, value: Any, path: str, at: At) -> FieldSpec | None:
        """Return a field, or None for one whose type cannot be told."""
        if not isinstance(value, dict):
            kind = self.type(value, at, path)
            return FieldSpec(path, kind) if kind else None
        if unknown := [key for key in value if key not in _KEYS]:
            self.unknown_keys(unknown, value, path, at)
        forms = [key for key in _FORMS if key in value]
        if not forms:
            if not at.faulty:
                message = f"the field `{path}` needs `type`"
                help_ = "add `type: number`, or another type"
                self.findings.report("missing-key", message, help_, at.key_place)
            return None
        if len(forms) > 1 and not (forms == ["type", "enum"] and value["type"] == "string"):
            message = f"`{forms[0]}` and `{forms[1]}` exclude each other"
            self.wrong(message, "keep one of them", at)
            return None
        form = forms[-1]
        read = {"type": self.type, "enum": self.enum, "list": self.list_of_objects}[form]
        kind = read(value[form], at / form, path)
        if kind is None:
            return None
        title = value.get("title", "")
        if not isinstance(title, str):
            self.wrong("`title` must be text", "put it in quotes", at / "title")
            title = ""
        low, high = (self.bound(value, key, kind, at) for key in _BOUNDS)
        if low is not None and high is not None and low > high:
            self.wrong("`min` is above `max`", "exchange them", at / "min")
            low = high = None
        private = value.get("private", False)
        if not isinstance(private, bool):
            self.wrong("`private` is `true` or `false`", "write `private: true`", at / "private")
            private = False
        spec = FieldSpec(path, kind, None, low, high, title, private)
        return self.with_default(spec, value.get("default"), at)

    def unknown_keys(self, keys: list[str], value: Mapping[str, Any], path: str, at: At) -> None:
        for key in keys:
            help_ = did_you_mean(key, _KEYS)
            if "type" in value and not help_.startswith("did you mean"):
                name = path.rpartition(".")[2]
                help_ = (
                    f"if `{name}` has a field called `type`, write it as `type: {{type: string}}`"
                )
            message = f"`{short(key)}` is not a key of a field"
            self.findings.report("unknown-key", message, help_, (at / key).key_place)

    def with_default(self, spec: FieldSpec, default: Any, at: At) -> FieldSpec:
        if default is None:
            return spec
        problems: list[Diagnostic] = []
        read = convert(default, spec, self.zone, problems)
        if problems or read is None:
            reason = problems[0].message.partition(" - at")[0] if problems else "it is empty"
            message = f"the default of `{spec.path}` does not fit: {reason}"
            self.wrong(message, "", at / "default")
            return spec
        return replace(spec, default=read)

    def bound(self, value: Mapping[str, Any], key: str, kind: Type, at: At) -> float | None:
        given = value.get(key)
        if given is None:
            return None
        if kind not in (INT, DOUBLE):
            help_ = "remove it, or make the type `number` or `int`"
            self.wrong(f"`{key}` is for numbers only", help_, at / key)
        elif isinstance(given, bool) or not isinstance(given, int | float) or not isfinite(given):
            self.wrong(f"`{key}` must be a number", "write it without quotes", at / key)
        else:
            return float(given)
        return None

    def type(self, value: Any, at: At, path: str) -> Type | None:
        """Return the type written as `number`, `list(string)`, `map(string, number)`."""
        text = value.strip() if isinstance(value, str) else ""
        if found := _type(text, _MAX_NESTING):
            return found
        known = [*_NAMED, "list(string)", "map(string, number)"]
        help_ = f"write `{_OTHER_NAMES[text.lower()]}`" if text.lower() in _OTHER_NAMES else ""
        if not help_ and (text.startswith("$") or " | " in text):
            help_ = "write `{enum: [bronze, silver]}`, or `{enum: $channels}` for all channels"
        message = f"`{short(text)}` is not a type" if text else f"`{path}` needs a type"
        self.wrong(message, help_ or did_you_mean(text, known), at)
        return None

    def enum(self, value: Any, at: At, path: str) -> Type | None:
        if value == "$channels":
            return STRING if self.channels is None else EnumType("string", values=self.channels)
        words = isinstance(value, list) and value and all(isinstance(item, str) for item in value)
        if words and len(set(value)) == len(value):
            return EnumType("string", values=tuple(value))
        if words:
            twice = next(item for item in value if value.count(item) > 1)
            self.wrong(f"`{twice}` is listed twice", "keep one of them", at)
            return EnumType("string", values=tuple(dict.fromkeys(value)))
        message = f"the values of `{path}` must be a list of words"
        help_ = "write `[bronze, silver]`; put numbers and `true` in quotes"
        if isinstance(value, str):
            help_ = "write `[bronze, silver]`, or `$channels` for all channels"
        self.wrong(message, help_, at)
        return None

    def list_of_objects(self, value: Any, at: At, path: str) -> Type | None:
        if not isinstance(value, dict) or not value:
            help_ = "write `list: {amount: number}`; for a list of words write `list(string)`"
            self.wrong(f"`list` of `{path}` must be a mapping of fields", help_, at)
            return None
        specs = list(self.below(value, path, at))
        for spec in specs:
            name = spec.path.removeprefix(f"{path}.")
            more = (spec.default, spec.minimum, spec.maximum) != (None, None, None)
            if more or spec.private or "." in name:
                message = f"`{spec.path}` says too much: an item of a list has plain fields"
                help_ = "write `name: type`, without `min`, `max`, `default` or fields below it"
                help_ = "write `private: true` beside `list`" if spec.private else help_
                self.wrong(message, help_, at / name.partition(".")[0])
                return None
        return list_of(
            ObjectType(path, fields={spec.path.rpartition(".")[2]: spec.type for spec in specs})
        )


def _type(text: str, nesting: int) -> Type | None:
    text = text.strip()
    if text in _NAMED or nesting == 0:
        return _NAMED.get(text)
    if text.startswith("list(") and text.endswith(")"):
        inner = _type(text[5:-1], nesting - 1)
        return list_of(inner) if inner else None
    if text.startswith("map(") and text.endswith(")"):
        key, _, value = text[4:-1].partition(",")
        inner = _type(value, nesting - 1)
        return map_of(STRING, inner) if inner and key.strip() == "string" else None
    return None


def _is_field(value: Mapping[str, Any]) -> bool:
    """Tell a field (`{type: number, min: 0}`) from a mapping of fields (`{email: bool}`)."""
    if value.keys() & {"enum", "list"} or isinstance(value.get("type"), str):
        return True
    bounds = [value[key] for key in (*_BOUNDS, "default", "private") if key in value]
    return any(not isinstance(given, str | dict) for given in bounds)
