"""The declared world: the `context` section, from its short forms to field specifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any, Final

from nba.book.findings import At, Findings
from nba.errors import Diagnostic, did_you_mean
from nba.lang.context import FieldSpec, convert
from nba.lang.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    EnumType,
    ObjectType,
    Type,
    list_of,
    map_of,
)

__all__ = ["declared_fields"]

_NAMED: Final = {
    "string": STRING,
    "bool": BOOL,
    "number": DOUBLE,
    "int": INT,
    "timestamp": TIMESTAMP,
    "duration": DURATION,
}
_KEYS: Final = frozenset({"type", "enum", "list", "min", "max", "default", "title"})
#: What others call a type, and what to write here.
_OTHER_NAMES: Final = {
    "boolean": "bool",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "integer": "int",
    "str": "string",
    "text": "string",
    "date": "timestamp",
    "datetime": "timestamp",
    "time": "timestamp",
}


def declared_fields(
    declarations: Mapping[str, Any],
    root: str,
    at: At,
    channels: tuple[str, ...],
    zone: tzinfo,
    findings: Findings,
) -> list[FieldSpec]:
    """Return the fields that a mapping of declarations below *root* declares.

    *channels* are what `$channels` stands for.
    """
    reader = _Declarations(channels, zone, findings)
    return list(reader.below(declarations, root, at))


class _Declarations:
    def __init__(self, channels: tuple[str, ...], zone: tzinfo, findings: Findings) -> None:
        self.channels = channels
        self.zone = zone
        self.findings = findings

    def below(self, declarations: Mapping[str, Any], path: str, at: At) -> Iterator[FieldSpec]:
        for name, value in declarations.items():
            here = at / name
            if not (name.isidentifier() and name.isascii()):
                message = f"`{name}` cannot be the name of a field"
                help_ = "use letters, digits and `_`, beginning with a letter"
                self.findings.report("wrong-value", message, help_, here.key_place)
            elif isinstance(value, dict) and not _is_field(value):
                yield from self.below(value, f"{path}.{name}", here)
            elif spec := self.field(value, f"{path}.{name}", here):
                yield spec

    def field(self, value: Any, path: str, at: At) -> FieldSpec | None:
        if not isinstance(value, dict):
            kind = self.type(value, at, path)
            return FieldSpec(path, kind) if kind else None
        for key in value.keys() - _KEYS:
            message = f"`{key}` is not a key of a field"
            self.findings.report("unknown-key", message, did_you_mean(key, _KEYS), (at / key).key_place)
        forms = [key for key in ("type", "enum", "list") if key in value]
        if len(forms) > 1 and forms != ["type", "enum"]:
            message = f"`{forms[0]}` and `{forms[1]}` exclude each other"
            self.findings.report("wrong-value", message, "keep one of them", at.place)
            return None
        if "enum" in value:
            kind = self.enum(value["enum"], at / "enum", path)
        elif "list" in value:
            kind = self.list_of_objects(value["list"], at / "list", path)
        else:
            kind = self.type(value["type"], at / "type", path)
        if kind is None:
            return None
        spec = FieldSpec(
            path,
            kind,
            None,
            self.bound(value, "min", kind, at),
            self.bound(value, "max", kind, at),
            str(value.get("title") or ""),
        )
        return self.with_default(spec, value.get("default"), at)

    def with_default(self, spec: FieldSpec, default: Any, at: At) -> FieldSpec:
        if default is None:
            return spec
        problems: list[Diagnostic] = []
        read = convert(default, spec, self.zone, problems)
        if problems or read is None:
            reason = problems[0].message.partition(" - at")[0] if problems else "it is empty"
            message = f"the default of `{spec.path}` does not fit: {reason}"
            self.findings.report("wrong-value", message, "", (at / "default").place)
            return spec
        return FieldSpec(spec.path, spec.type, read, spec.minimum, spec.maximum, spec.title)

    def bound(self, value: Mapping[str, Any], key: str, kind: Type, at: At) -> float | None:
        given = value.get(key)
        if given is None:
            return None
        number = isinstance(given, int | float) and not isinstance(given, bool)
        if not number or kind not in (INT, DOUBLE):
            message = f"`{key}` is a number, and only numbers have one"
            self.findings.report("wrong-value", message, "", (at / key).place)
            return None
        return float(given)

    def type(self, value: Any, at: At, path: str) -> Type | None:
        """Return the type written as `number`, `list(string)`, `map(string, number)`."""
        text = value.strip() if isinstance(value, str) else ""
        if text in _NAMED:
            return _NAMED[text]
        if text.startswith("list(") and text.endswith(")"):
            inner = self.type(text[5:-1], at, path)
            return list_of(inner) if inner else None
        if text.startswith("map(") and text.endswith(")"):
            key, _, inner_text = text[4:-1].partition(",")
            inner = self.type(inner_text, at, path)
            if key.strip() == "string" and inner:
                return map_of(STRING, inner)
            if inner is None:
                return None
        known = [*_NAMED, "list(string)", "map(string, number)"]
        help_ = f"write `{_OTHER_NAMES[text]}`" if text in _OTHER_NAMES else ""
        message = f"`{text}` is not a type" if text else f"`{path}` needs a type"
        self.findings.report("wrong-value", message, help_ or did_you_mean(text, known), at.place)
        return None

    def enum(self, value: Any, at: At, path: str) -> Type | None:
        if value == "$channels":
            return EnumType("string", values=self.channels)
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            return EnumType("string", values=tuple(value))
        message = f"the values of `{path}` are a list of words"
        help_ = "write `enum: [bronze, silver]`; numbers go in quotes; `$channels` means all channels"
        self.findings.report("wrong-value", message, help_, at.place)
        return None

    def list_of_objects(self, value: Any, at: At, path: str) -> Type | None:
        if not isinstance(value, dict) or not value:
            message = f"`list` of `{path}` is a mapping of fields"
            self.findings.report("wrong-value", message, "for a list of words write `list(string)`", at.place)
            return None
        specs = list(self.below(value, path, at))
        nested = [spec.path for spec in specs if spec.path.count(".") > path.count(".") + 1]
        if nested:
            message = f"`{nested[0]}` is nested too deeply"
            self.findings.report("wrong-value", message, "items of a list have plain fields", at.place)
            return None
        return list_of(
            ObjectType(path, fields={spec.path.rpartition(".")[2]: spec.type for spec in specs})
        )


def _is_field(value: Mapping[str, Any]) -> bool:
    """Tell a field (`{type: number, min: 0}`) from a mapping of fields (`{email: bool}`)."""
    return bool(value.keys() & {"enum", "list"}) or isinstance(value.get("type"), str)
