"""The types of the language, and how they are written: `list(int)`, `map(string, double)`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = [
    "BOOL",
    "BYTES",
    "DOUBLE",
    "DURATION",
    "DYN",
    "INT",
    "NULL",
    "NUMBERS",
    "STRING",
    "TIMESTAMP",
    "UINT",
    "EnumType",
    "ObjectType",
    "Type",
    "list_of",
    "map_of",
    "optional_of",
    "parse_type",
    "type_of_types",
]


@dataclass(frozen=True, slots=True)
class Type:
    """A type: a name and, for `list`, `map` and their like, the types inside."""

    name: str
    args: tuple[Type, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.args))})" if self.args else self.name

    @property
    def is_param(self) -> bool:
        """Whether this stands for a type yet to be found, in a signature or an empty list."""
        return self.name.startswith("$")


@dataclass(frozen=True, slots=True)
class EnumType(Type):
    """A string that is one of *values*."""

    values: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class ObjectType(Type):
    """Declared fields under one name, such as `customer`; never a value of its own."""

    fields: Mapping[str, Type] = field(default_factory=dict, compare=False)


BOOL: Final = Type("bool")
INT: Final = Type("int")
UINT: Final = Type("uint")
DOUBLE: Final = Type("double")
STRING: Final = Type("string")
BYTES: Final = Type("bytes")
TIMESTAMP: Final = Type("timestamp")
DURATION: Final = Type("duration")
NULL: Final = Type("null_type")
DYN: Final = Type("dyn")

NUMBERS: Final = (INT, UINT, DOUBLE)

_NAMED: Final = {
    str(t): t for t in (BOOL, INT, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION, NULL, DYN)
} | {"null": NULL, "any": DYN}


def list_of(item: Type) -> Type:
    """Return the type of a list of *item*."""
    return Type("list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """Return the type of a map from *key* to *value*."""
    return Type("map", (key, value))


def optional_of(inner: Type) -> Type:
    """Return the type of an optional that may hold *inner*."""
    return Type("optional_type", (inner,))


def type_of_types(inner: Type) -> Type:
    """Return the type of the value that denotes the type *inner*."""
    return Type("type", (inner,))


def parse_type(text: str) -> Type:
    """Return the type written as in `list(int)` or `map(string, double)`. Raises ValueError."""
    tokens = re.findall(r"[a-z_]+|\$[A-Z]|[(),]", text)
    if "".join(tokens) != text.replace(" ", ""):
        raise ValueError(f"`{text}` is not a type")
    found = _take_type(tokens)
    if tokens:
        raise ValueError(f"`{text}` is not a type")
    return found


_ARITY: Final = {"list": 1, "map": 2, "type": 1, "wrapper": 1, "optional_type": 1}


def _take_type(tokens: list[str]) -> Type:
    name = tokens.pop(0) if tokens else ""
    if name.startswith("$"):
        return Type(name)
    args: list[Type] = []
    if tokens and tokens[0] == "(":
        while tokens and tokens.pop(0) in "(,":
            args.append(_take_type(tokens))
            if tokens and tokens[0] == ")":
                tokens.pop(0)
                break
    if name in _NAMED and not args:
        return _NAMED[name]
    if name in ("list", "map", "type") and not args:
        return Type(name, (DYN,) * _ARITY[name])
    if _ARITY.get(name) == len(args):
        return Type(name, tuple(args))
    raise ValueError(f"`{name}` is not a type")
