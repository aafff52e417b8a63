"""The declared shape of a context, and reading one against it.

What an application hands in is read once per decision into a list of *slots*, one per declared
field: an int for a double becomes a double; what is absent or null takes its default; a wrong
type, a value outside its bounds, NaN and infinities become unknown (None), with a diagnostic, and
take no default: a default stands for what nobody said, not for what was said badly. From there on
every value has its declared type, and conditions are evaluated on slots alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property, lru_cache
from typing import Any, Final

from nba import windows
from nba.errors import Diagnostic, EvaluationError, did_you_mean, python_type
from nba.lang import values
from nba.lang.findings import a
from nba.lang.sparse import UNFIT, SparseReader
from nba.lang.types import EnumType, ObjectType, Type
from nba.lang.values import Duration, Timestamp

__all__ = ["FieldSpec", "Reader", "Shape", "convert"]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One declared field: its dotted path, its type, and what bounds or replaces its values.

    A *private* one is read like any other, and its values are left out of records.
    """

    path: str
    type: Type
    default: object = None
    minimum: float | None = None
    maximum: float | None = None
    title: str = ""
    private: bool = False


#: Reads a context into slots or a record, and says what is wrong with it.
Reader = Callable[[Mapping[str, Any], Any, list[Diagnostic]], None]


@dataclass(frozen=True)
class Shape:
    """The fields of a context and their slots.

    *inputs* are read from what is handed in, *derived* fields are computed from them. *zone* is
    where a timestamp field's day begins when only a date is given.
    """

    inputs: tuple[FieldSpec, ...]
    derived: tuple[FieldSpec, ...] = ()
    zone: tzinfo = UTC
    slots: Mapping[str, int] = field(init=False, compare=False)
    paths: tuple[str, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        paths = tuple(spec.path for spec in (*self.inputs, *self.derived))
        object.__setattr__(self, "paths", paths)
        object.__setattr__(self, "slots", {path: slot for slot, path in enumerate(paths)})

    @cached_property
    def _into_slots(self) -> Reader:
        return _reader(self.inputs, self.zone, range(len(self.inputs)))

    @cached_property
    def _sparse(self) -> SparseReader:
        fits = _fits(self.inputs, self.zone)
        return SparseReader(fits, [spec.default for spec in self.inputs])

    @cached_property
    def into_record(self) -> Reader:
        """Reads what is known of a context into a record, by path."""
        return _reader(self.inputs, self.zone, [spec.path for spec in self.inputs])

    def names(self) -> dict[str, Type]:
        """Return the declared names for a checker: one object per first part of a path."""
        return _nested(
            [(spec.path.split("."), spec.type) for spec in (*self.inputs, *self.derived)]
        )

    def read(self, roots: Mapping[str, Any]) -> tuple[list[object], list[Diagnostic]]:
        """Return the slots of a context, and what was wrong with it.

        *roots* holds the objects handed in by name, such as `customer`. Derived slots are None.
        """
        problems: list[Diagnostic] = []
        slots = self._sparse.read(roots)
        if slots is not None:
            slots.extend([None] * len(self.derived))
            return slots, problems
        slots = [None] * len(self.paths)
        self._into_slots(roots, slots, problems)
        return slots, problems

    def known(self, slots: Sequence[object]) -> dict[str, object]:
        """Return what is known by path, as the reference evaluator reads it."""
        return {
            path: value for path, value in zip(self.paths, slots, strict=False) if value is not None
        }


def _nested(paths: Iterable[tuple[list[str], Type]], prefix: str = "") -> dict[str, Type]:
    below: dict[str, list[tuple[list[str], Type]]] = {}
    found: dict[str, Type] = {}
    for parts, kind in paths:
        if len(parts) == 1:
            found[parts[0]] = kind
        else:
            below.setdefault(parts[0], []).append((parts[1:], kind))
    for name, inner in below.items():
        path = f"{prefix}{name}"
        found[name] = ObjectType(path, fields=_nested(inner, f"{path}."))
    return found


# --- reading one value


def convert(value: object, spec: FieldSpec, zone: tzinfo, problems: list[Diagnostic]) -> object:
    """Return *value* as the field's type has it; None, and a diagnostic, where it does not fit."""
    try:
        found = _converted(value, spec.type, zone, spec.path, problems)
    except _UNFIT as error:
        problems.append(_wrong(spec.path, str(error)))
        return None
    low, high = spec.minimum, spec.maximum
    if isinstance(found, int | float) and not isinstance(found, bool):
        if low is not None and found < low:
            problems.append(_wrong(spec.path, f"{found} is below {low:g}"))
            return None
        if high is not None and found > high:
            problems.append(_wrong(spec.path, f"{found} is above {high:g}"))
            return None
    return found


#: What is raised by a value that does not fit.
_UNFIT: Final = (EvaluationError, ValueError, OverflowError)


def _wrong(path: str, reason: str) -> Diagnostic:
    return Diagnostic(
        "wrong-input",
        f"{reason} - at `{path}`, read as unknown",
        "correct it where the case is made",
    )


def _converted(
    value: object, kind: Type, zone: tzinfo, path: str, problems: list[Diagnostic]
) -> object:
    given = type(value)
    match kind.name:
        case "bool" if given is bool:
            return value
        case "int" if isinstance(value, int) and not isinstance(value, _NO_NUMBERS):
            return values.from_python(int(value))
        case "double" if isinstance(value, int | float) and not isinstance(value, _NO_NUMBERS):
            if not math.isfinite(value):
                raise EvaluationError(f"{value} is not a finite number")
            return float(value)
        case "string" if isinstance(value, str):
            if isinstance(kind, EnumType) and value not in kind.values:
                choices = ", ".join(f"`{choice}`" for choice in kind.values)
                raise EvaluationError(f"`{value[:40]}` is not one of {choices}")
            return str.__str__(value)  # of an enum's member, too
        case "timestamp" if isinstance(value, Timestamp | date | str):
            return _timestamp(value, zone)
        case "duration" if isinstance(value, str):
            return values.parse_duration(value)
        case "duration" if isinstance(value, Duration | timedelta):
            return values.from_python(value)
        case "list" if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return [
                _converted(item, kind.args[0], zone, f"{path}[{place}]", problems)
                for place, item in enumerate(value)
            ]
        case "map" if isinstance(value, Mapping):
            if not all(isinstance(key, str) for key in value):
                raise EvaluationError("the keys must be strings")
            inner = kind.args[1]
            return {
                k: _converted(v, inner, zone, f"{path}.{k}", problems) for k, v in value.items()
            }
    if isinstance(kind, ObjectType) and isinstance(value, Mapping):
        return _object(value, kind, zone, path, problems)
    raise EvaluationError(f"expected {a(kind)}, got {_called(value)}")


#: Ints to Python, and no numbers to anybody else.
_NO_NUMBERS: Final = (bool, Timestamp, Duration)


def _called(value: object) -> str:
    kind = values.kind_of(value)
    return python_type(value) if kind == "unknown" else a(Type(kind))


def _object(
    value: Mapping[Any, Any], kind: ObjectType, zone: tzinfo, path: str, problems: list[Diagnostic]
) -> dict[str, object]:
    """Read an item of a list: what does not fit is left out of it."""
    found: dict[str, object] = {}
    if not value.keys() <= kind.fields.keys():
        _note_undeclared(value, path, frozenset(kind.fields), problems)
    for name, inner in kind.fields.items():
        given = value.get(name)
        if given is None:
            continue
        try:
            found[name] = _converted(given, inner, zone, f"{path}.{name}", problems)
        except _UNFIT as error:
            problems.append(_wrong(f"{path}.{name}", str(error)))
    return found


def _timestamp(value: Timestamp | date | str, zone: tzinfo) -> Timestamp:
    if isinstance(value, Timestamp):
        return value
    if isinstance(value, datetime):
        return values.checked_timestamp(windows.instant(value))
    if isinstance(value, str) and len(value) != 10:
        return values.parse_timestamp(value)
    if isinstance(value, str):
        return _day_begins(value, zone)
    return values.checked_timestamp(windows.midnight(value, zone))


@lru_cache(maxsize=4096)  # many people share the same few days
def _day_begins(text: str, zone: tzinfo) -> Timestamp:
    return values.checked_timestamp(windows.midnight(windows.parse_day(text), zone))


# --- reading a context: generated, since it is part of every decision


def _reader(inputs: Sequence[FieldSpec], zone: tzinfo, keys: Sequence[int | str]) -> Reader:
    """Generate the function that reads a context, each field under the key that it has.

    A value that has its type already is stored as it is; everything else goes through `convert`.
    What is unknown is not stored.
    """
    namespace: dict[str, Any] = {"as_object": _as_object, "note_undeclared": _note_undeclared}
    known: dict[str, set[str]] = {}
    lines = ["def read(roots, c, problems):"]
    objects = {"": "roots"}
    for place, (spec, key) in enumerate(zip(inputs, keys, strict=True)):
        *owners, name = spec.path.split(".")
        owner = ""
        for part in owners:
            inner = f"{owner}.{part}".removeprefix(".")
            known.setdefault(owner, set()).add(part)
            if inner not in objects:
                objects[inner] = f"o{len(objects)}"
                lines.append(f"    {objects[inner]} = {objects[owner]}.get({part!r})")
                lines.append(f"    if {objects[inner]}.__class__ is not dict:")
                call = f"as_object({objects[inner]}, {inner!r}, problems)"
                lines.append(f"        {objects[inner]} = {call}")
            owner = inner
        known.setdefault(owner, set()).add(name)
        namespace[f"slow{place}"] = _slow(spec, zone)
        namespace[f"default{place}"] = spec.default
        test = _quick_test(spec, f"allowed{place}", namespace)
        absent = "pass" if spec.default is None else f"c[{key!r}] = default{place}"
        lines += [
            f"    v = {objects[owner]}.get({name!r})",
            f"    if {test}: c[{key!r}] = v",
            f"    elif v is None: {absent}",
            *_quick_conversion(spec, key),
            "    else:",
            f"        v = slow{place}(v, problems)",
            f"        if v is not None: c[{key!r}] = v",
        ]
    for owner, variable in objects.items():
        if owner or len(objects) == 1:  # the roots of a context are no object of the caller's
            namespace[f"known_{variable}"] = frozenset(known.get(owner, ()))
            call = f"note_undeclared({variable}, {owner!r}, known_{variable}, problems)"
            lines.append(f"    if not {variable}.keys() <= known_{variable}: {call}")
    exec(compile("\n".join([*lines, "    return"]), "<reader of a context>", "exec"), namespace)  # noqa: S102
    reader: Reader = namespace.pop("read")  # else it would hold itself, and a book with it
    return reader


def _slow(spec: FieldSpec, zone: tzinfo) -> Callable[[object, list[Diagnostic]], object]:
    is_time = spec.type.name == "timestamp"

    def read(value: object, problems: list[Diagnostic]) -> object:
        if is_time and value.__class__ is str:  # as JSON has all of them
            try:
                return _timestamp(value, zone)
            except _UNFIT:
                pass  # and it is told why
        return None if value is _REJECTED else convert(value, spec, zone, problems)

    return read


def _fits(inputs: Sequence[FieldSpec], zone: tzinfo) -> dict[str, Callable[[Any], object]]:
    """Generate for each field what makes its value: UNFIT where somebody has to be told of it."""
    namespace: dict[str, Any] = {"UNFIT": UNFIT}
    lines = []
    for place, spec in enumerate(inputs):
        namespace[f"slow{place}"] = _slow_fit(spec, zone)
        namespace[f"default{place}"] = spec.default
        test = _quick_test(spec, f"allowed{place}", namespace)
        whole = _quick_int(spec)
        lines.append(
            f"fit{place} = lambda v: v if {test} else default{place} if v is None else "
            f"{f'float(v) if {whole} else ' if whole else ''}slow{place}(v)"
        )
    exec(compile("\n".join(lines), "<reader of a context>", "exec"), namespace)  # noqa: S102
    return {spec.path: namespace.pop(f"fit{place}") for place, spec in enumerate(inputs)}


def _slow_fit(spec: FieldSpec, zone: tzinfo) -> Callable[[object], object]:
    slow = _slow(spec, zone)

    def fit(value: object) -> object:
        problems: list[Diagnostic] = []
        found = slow(value, problems)
        return UNFIT if problems else found

    return fit


class _Rejected(dict[str, Any]):
    """What stands for an object that is none: whatever is asked of it was rejected."""

    def get(self, _key: str, _default: object = None) -> Any:
        return _REJECTED


_REJECTED: Final = _Rejected()


def _as_object(value: object, path: str, problems: list[Diagnostic]) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    if value is None:
        return {}
    problems.append(_wrong(path, f"expected an object, got {_called(value)}"))
    return _REJECTED


def _note_undeclared(
    found: Mapping[Any, Any], path: str, known: frozenset[str], problems: list[Diagnostic]
) -> None:
    """Say which fields of an object nobody declared: one of them may be a slip."""
    for name in sorted(str(key) for key in found.keys() - known)[:_MANY]:
        message = f"`{f'{path}.{name[:60]}'.lstrip('.')}` is not declared, and is not read"
        help_ = _near(name[:60], known)
        problems.append(Diagnostic("undeclared-name", message, help_, None, "warning"))


_near = lru_cache(maxsize=4096)(did_you_mean)
_MANY: Final = 20  # undeclared fields of one object that are named


def _quick_conversion(spec: FieldSpec, key: int | str) -> list[str]:
    """Return the line that makes a double of an int, as JSON has most whole numbers."""
    whole = _quick_int(spec)
    return [f"    elif {whole}: c[{key!r}] = float(v)"] if whole else []


def _quick_int(spec: FieldSpec) -> str:
    """Return a test that a value is an int that is a double of the field; '' for other types."""
    if spec.type.name != "double":
        return ""
    # beyond it not every int is a double; what is out of the declared range is told of slowly
    low = -values.EXACT if spec.minimum is None else max(math.ceil(spec.minimum), -values.EXACT)
    high = values.EXACT if spec.maximum is None else min(math.floor(spec.maximum), values.EXACT)
    return f"v.__class__ is int and {low} <= v <= {high}"


def _quick_test(spec: FieldSpec, allowed: str, namespace: dict[str, Any]) -> str:
    """Return a test that a value is stored as it is."""
    kind = spec.type
    if isinstance(kind, EnumType):
        namespace[allowed] = frozenset(kind.values)
        return f"v.__class__ is str and v in {allowed}"
    low, high = spec.minimum, spec.maximum
    match kind.name:
        case "bool":
            return "v is True or v is False"
        case "string":
            return "v.__class__ is str"
        case "int":
            least, most = (values.INT_MIN, values.INT_MAX)
            least = least if low is None else max(least, math.ceil(low))
            most = most if high is None else min(most, math.floor(high))
            return f"v.__class__ is int and {least} <= v <= {most}"
        case "double":
            finite = 1.7976931348623157e308
            least_, most_ = -finite if low is None else low, finite if high is None else high
            return f"v.__class__ is float and {float(least_)!r} <= v <= {float(most_)!r}"
    return "False"
