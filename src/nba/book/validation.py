"""A parsed file to a document: every fault of shape with its place, and the rest still usable.

A faulty part is reported and left out, a required one is replaced, and the file is read again:
so one typo does not hide the other twenty, and does not bring forth others.
"""

from __future__ import annotations

import copy
import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from nba.book import documents
from nba.book.findings import At, Mends, Path, short
from nba.book.source import Source
from nba.errors import Diagnostic, did_you_mean
from nba.lang.names import SWITCHES

__all__ = ["validated"]

_MAX_ROUNDS: Final = 20
_KEY: Final = "[key]"  # how pydantic says that the key is meant, and not its value
_CUT: Final = object()  # stands where something is to be left out

#: What stands in for a required key whose value is missing or wrong, so that the rest is read.
_STAND_INS: Final[Mapping[str, Any]] = {
    "title": "",
    "group": "x/x",
    "kind": "offer",
    "channels": {},
    "block_when": True,
    "points": [],
    "add": "0 %",
    "name": "",
    "expect": {},
    "text": "",
    "event": "",
    "as": "",
    "calendar": "day",
    "id": "x",
    "enter": {"event": "", "as": ""},
    "stages": [],
    "open": {},
    "at_most": 1,
    "window": {"calendar": "day"},
    "after": ["rejected"],
    "for": "1d",
    "ladder": [],
    "amount": 0,
    "within": "1d",
    "inputs": {},
    "outputs": {},
}
#: What a document is called.
_NOUNS: Final[Mapping[type[BaseModel], str]] = {
    documents.File: "rule file",
    documents.Channel: "channel",
    documents.Policy: "policy",
    documents.Issue: "issue",
    documents.Group: "group",
    documents.Action: "action",
    documents.Treatment: "treatment",
    documents.Scorecard: "scorecard",
    documents.Table: "table",
    documents.Point: "line of a scorecard",
    documents.Weight: "weight",
    documents.InteractionEvent: "interaction event",
    documents.Tier: "tier",
    documents.DecisionPoint: "decision point",
    documents.Stop: "kill switch",
    documents.Test: "test",
    documents.Text: "text",
    documents.Signal: "signal",
    documents.Moment: "moment",
    documents.Pattern: "pattern",
    documents.Step: "step",
    documents.Stage: "stage",
    documents.Corridor: "corridor",
    documents.Relationship: "relationship",
    documents.Calendar: "calendar",
    documents.ContactPolicy: "contact policy",
    documents.Limit: "limit",
    documents.Suppression: "suppression",
    documents.Within: "window",
    documents.Budget: "budget",
    documents.Gesture: "gesture",
    documents.Rung: "rung",
    documents.Outcome: "outcome",
    documents.Attribution: "attribution",
    documents.Briefing: "briefing",
    documents.Mention: "event type",
}
_ID_HELP: Final = "use small letters, digits and `_`, beginning with a letter"
_PERCENTAGES: Final = ("lever", "add")


def validated(source: Source) -> tuple[documents.File, At, list[Diagnostic]]:
    """Return the document of a file, its position, and what is wrong with its shape."""
    if not isinstance(source.data, dict):
        message = "a rule file must be a mapping of sections, such as `actions:`"
        return (
            documents.File(),
            At(source),
            [Diagnostic("wrong-value", message, "", source.place(()))],
        )
    reading = _Reading(source)
    return reading.document(), At(source, (), reading.mends), reading.found


class _Reading:
    """One file on its way to a document.

    A *loc* is a path into the data as it is now, a *path* one into the file: they differ after
    an item of a list was cut.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.data: Any = source.data
        self.mends = Mends()
        self.found: list[Diagnostic] = []
        self.stood_in: set[Path] = set()

    def document(self) -> documents.File:
        if empty := list(_empty(self.data)):
            for path in empty:
                self.report_empty(path)
            self.cut(empty)
        for _ in range(_MAX_ROUNDS):
            try:
                return documents.File.model_validate(self.data)
            except ValidationError as invalid:
                found = invalid.errors(include_url=False)
                for error in found:
                    error["loc"] = self.as_written(error["loc"])
                self.mend(found)
        return documents.File()

    # --- mending

    def mend(self, errors: list[ErrorDetails]) -> None:
        """Report errors that are new, and change the data so that they are gone."""
        meant = self.meant_keys(errors)
        wrong: list[Path] = []
        missing: list[Path] = []
        for error in errors:
            loc = error["loc"][:-1] if _is_key(error) else error["loc"]
            path = self.in_file(loc)
            if error["type"] == "missing":
                missing.append(loc)
                if path not in self.mends.touched and path not in meant:
                    self.report_missing(path)
            else:
                wrong.append(loc)
                if path not in self.mends.touched:
                    self.report(error, path)
            self.mends.note(path)
        for path in meant:
            self.mends.note(path)
        for loc in missing:
            if self.in_file(loc) in self.stood_in or loc[-1] not in _STAND_INS:
                wrong.append(loc[:-1])
            else:
                self.stood_in.add(self.in_file(loc))
                self.own_data()
                _at(self.data, loc[:-1])[loc[-1]] = copy.deepcopy(_STAND_INS[str(loc[-1])])
        self.cut(wrong)

    def meant_keys(self, errors: list[ErrorDetails]) -> set[Path]:
        """Return the paths of the keys that unknown ones are misspellings of."""
        meant = set()
        for error in errors:
            if error["type"] == "extra_forbidden":
                *owner, name = self.in_file(error["loc"])
                known = _known_keys(tuple(owner))
                help_ = did_you_mean(str(name), known)
                meant |= {(*owner, key) for key in known if help_ == f"did you mean `{key}`?"}
        return meant

    def cut(self, locs: list[Path]) -> None:
        """Remove what stands at *locs*, or the nearest part around each that is there."""
        self.own_data()
        owners: dict[Path, Any] = {}
        for loc in locs:
            owner, steps = self.data, 0
            while steps < len(loc) - 1 and _has(owner[loc[steps]], loc[steps + 1]):
                owner, steps = owner[loc[steps]], steps + 1
            if loc and _has(owner, loc[steps]):
                self.mends.note(self.in_file(loc[: steps + 1]))
                owner[loc[steps]] = _CUT
                owners[loc[:steps]] = owner
        before = {loc: self.in_file(loc) for loc in owners}
        for loc, owner in owners.items():
            if isinstance(owner, list):
                positions = self.mends.positions.get(before[loc], range(len(owner)))
                kept = [place for place, item in enumerate(owner) if item is not _CUT]
                self.mends.positions[before[loc]] = [positions[place] for place in kept]
                owner[:] = [owner[place] for place in kept]
            else:
                for key in [key for key, value in owner.items() if value is _CUT]:
                    del owner[key]

    def own_data(self) -> None:
        """Make the data ours before it is changed."""
        if self.data is self.source.data:
            self.data = copy.deepcopy(self.data)

    def as_written(self, loc: Path) -> Path:
        """Return a location without the places in lists of which the file has the one item."""
        found: list[str | int] = []
        here: Any = self.data
        for step in loc:
            if isinstance(step, int) and isinstance(here, dict):
                continue
            found.append(step)
            here = _at(here, (step,)) if _has(here, step) else None
        return tuple(found)

    def in_file(self, loc: Path) -> Path:
        """Return where in the file stands what is at *loc* of the data."""
        path: Path = ()
        for step in loc:
            positions = self.mends.positions.get(path)
            if positions and isinstance(step, int) and step < len(positions):
                step = positions[step]  # noqa: PLW2901 - the same step, seen from the file
            path = (*path, step)
        return path

    # --- what is said

    def say(self, code: str, message: str, help_: str, path: Path, *, key: bool = False) -> None:
        self.found.append(Diagnostic(code, message, help_, self.source.place(path, key=key)))

    def report_empty(self, path: Path) -> None:
        message = f"{_named(path)} has no value"
        help_ = "write one, or remove the key"
        if decimal := _split_decimal(path, _at(self.source.data, path[:-1])):
            help_ = f"write `{decimal}`: a comma ends a value"
        if isinstance(path[-1], int):
            message, help_ = f"{_named(path)} is empty", "write something, or remove the item"
        elif len(path) == 2 and _required(path) == []:
            help_ = f"write `{path[-1]}: {{}}` if there is nothing to say about it"
        elif path[-2:] == ("expect", "action"):
            help_ = "write `none` where no action is expected"
        self.say("empty-value", message, help_, path, key=True)

    def report_missing(self, path: Path) -> None:
        *owner, name = path
        message = f"{_named(tuple(owner), definite=True)} needs `{name}`"
        self.say("missing-key", message, f"add `{name}:`", tuple(owner), key=True)

    def report(self, error: ErrorDetails, path: Path) -> None:
        if error["type"] == "extra_forbidden":
            self.report_unknown_key(path)
        elif _is_key(error):
            self.report_wrong_key(path)
        else:
            message, help_ = _wrong(error, path)
            self.say("wrong-value", message, help_, path)

    def report_unknown_key(self, path: Path) -> None:
        *owner, name = path
        known = _known_keys(tuple(owner))
        noun = _NOUNS.get(_item(_declared(tuple(owner))), "")
        article = "an" if noun[:1] in ("a", "i") else "a"
        where = f"{article} {noun}" if noun else f"`{owner[-1]}`"
        message = f"`{short(str(name))}` is not a key of {where}"
        if not owner:
            message = f"there is no section `{short(str(name))}`"
        help_ = did_you_mean(str(name), known)
        if not help_:
            help_ = f"choose from {', '.join(f'`{key}`' for key in sorted(known))}"
        self.say("unknown-key", message, help_, path, key=True)

    def report_wrong_key(self, path: Path) -> None:
        *owner, name = path
        if owner == ["context"]:
            message = f"`{short(str(name))}` is not a part of the context"
            help_ = did_you_mean(str(name), ("customer", "interaction"))
            self.say("unknown-key", message, help_, path, key=True)
        elif owner == ["groups"]:
            message = f"`{short(str(name))}` cannot be the id of a group"
            help_ = "write issue and group in small letters: `service/recovery`"
            self.say("wrong-value", message, help_, path, key=True)
        else:
            message = f"`{short(str(name))}` cannot be an id"
            self.say("wrong-value", message, _ID_HELP, path, key=True)


# --- values


def _split_decimal(path: Path, owner: Any) -> str:
    """Return the number that `{propensity: 0,06}` was to say: its comma made a key of `06`."""
    keys, name = list(owner) if isinstance(owner, dict) else [], path[-1]
    if name not in keys[1:] or not re.fullmatch(r"[0-9]{1,15}", str(name)):
        return ""
    before = owner[keys[keys.index(name) - 1]]
    if type(before) is not int:
        return ""
    return f"{before}{name}" if before and len(str(name)) == 3 else f"{before}.{name}"


def _is_key(error: ErrorDetails) -> bool:
    """Say whether an error is about a key, which pydantic appends to the location."""
    return error["loc"][-1:] == (_KEY,) and error["type"] != "extra_forbidden"


def _wrong(error: ErrorDetails, path: Path) -> tuple[str, str]:
    """Return what is wrong with the value at *path*, and what to write."""
    kind, given, name = error["type"], error["input"], path[-1]
    label, shown = _named(path), _shown(given)
    limits: Mapping[str, Any] = error.get("ctx", {})
    if name in _PERCENTAGES and _declared(path) is str:
        return f"{label} must be a percentage, not {shown}", _percentage_help(given)
    if kind == "literal_error":
        choices = [str(choice) for choice in get_args(_declared(path))]
        return f"{label} cannot be {shown}", did_you_mean(str(given), choices)
    if kind == "string_pattern_mismatch":
        wanted, help_ = _PATTERNS.get(str(name), ("an id", _ID_HELP))
        return f"{label} must be {wanted}, not {shown}", help_
    if kind in _LIMITS:
        wanted = _LIMITS[kind].format(**limits)
        shown = f"of {len(given)}" if isinstance(given, list) and given else shown
        return f"{label} must be {wanted}, not {shown if given != [] else 'an empty one'}", ""
    if opening := _BRACE_IN_KEY.fullmatch(str(name)):
        message = f"`{short(opening[1])}` needs a colon before `{{`"
        return message, f"write `{short(opening[1])}: {{{short(opening[2])}: …}}`"
    wanted, help_ = _wanted(kind, path, given)
    return f"{label} must be {wanted}, not {shown}", help_


#: The key that YAML reads in `kiosk {propensity: 0.2}`.
_BRACE_IN_KEY: Final = re.compile(r"([^\s{}]+)\s*\{\s*([^\s{}]*)\s*")
_DATES: Final = ("valid_from", "valid_until")
_PATTERNS: Final = {
    "group": ("the id of a group", "write issue and group: `service/recovery`"),
    "currency": ("three capital letters", "write `EUR`"),
}
_LIMITS: Final = {
    "greater_than_equal": "at least {ge:.15g}",
    "less_than_equal": "at most {le:.15g}",
    "finite_number": "a finite number",
    "too_short": "a list of at least one item",
    "too_long": "a list of at most {max_length}",
}
_KINDS: Final = {
    "string_type": "text",
    "bool_type": "`true` or `false`",
    "int_type": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "list_type": "a list",
    "amount_type": "an amount or `none`",
}


def _wanted(kind: str, path: Path, given: Any) -> tuple[str, str]:
    """Return what kind of value is wanted at *path*, and how to write it."""
    name = path[-1]
    if name == "channels" and len(path) > 1:
        help_ = f"write `channels: [{given}]`" if isinstance(given, str) else ""
        return "a list of channels, or a mapping of them", help_
    if name == "say":
        return "text, or a list of texts", ""
    if kind == "list_type" and _item(_declared(path)) is documents.Step:
        return "a step, or a list of steps", "write `{event: contact, as: contact}`"
    if name == "within" and _declared(path) is documents.Within:
        return "a length, or a mapping", f"write `7d`, or `{_CALENDAR}`"
    if _declared(path) is documents.Between:
        return "a number, or a mapping", "write `50`, or `{at_least: 40, at_most: 60}`"
    if name in _DATES and not isinstance(given, dict | list):
        return "a date", "write one such as `2026-03-01`"
    if kind.startswith("bool_") and (word := str(given).lower()) in (*SWITCHES, "true", "false"):
        return "`true` or `false`", f"write `{SWITCHES.get(word, word)}` without quotes"
    if kind == "string_type" and not isinstance(given, dict | list):
        return "text", "put it in quotes"
    if kind == "list_type" and given in ("none", "nothing", "null"):
        return "a list", f"write `{name}: []`"
    if kind == "list_type" and isinstance(given, str):
        return "a list", f"write `{name}: [{given}]`" if len(given) <= 40 else ""
    if kind == "list_type" and isinstance(given, dict):
        return "a list", "begin each item with `- `"
    if kind not in _KINDS and isinstance(given, list) and given and isinstance(given[0], str):
        return "a mapping", f"write `{short(given[0])}:` and what there is to say about it below"
    if kind not in _KINDS and name in _FORMS and not isinstance(given, dict | list):
        return "a mapping", _FORMS[str(name)]
    return _KINDS.get(kind, "a mapping"), ""


_CALENDAR: Final = "{calendar: day, timezone: customer.timezone}"
#: What to write instead of a single word or number.
_FORMS: Final = {
    "gesture": "write `ladder: [{amount: 10}]` below it",
    "on_store_failure": "write `no_action`, or `without_limits_for:` and what is covered",
    "window": "write `{rolling: 7d}`, or `{calendar: day}`",
}


def _percentage_help(given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return "write `20 %`"
    if 0 < abs(given) < 1:
        return f"write `{given * 100:g} %`"
    return f"write `{given:g} %`"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str | int | float):
        return f"`{short(str(value))}`"
    return "a mapping" if isinstance(value, dict) else "a list"


def _named(path: Path, *, definite: bool = False) -> str:
    """Return what people call what stands at *path*: a key, an item, an action by its id."""
    if not path:
        return "the file"
    noun = _NOUNS.get(_declared(path))
    last = path[-1]
    if isinstance(last, int):
        owner = path[-2] if len(path) > 1 else "the list"
        return f"this {noun}" if noun and definite else f"item {last + 1} of `{owner}`"
    one_of_many = noun and noun.replace(" ", "_") != last
    return f"the {noun} `{short(last)}`" if one_of_many else f"`{short(last)}`"


# --- empty values


def _empty(data: Any) -> Iterator[Path]:
    """Yield the paths of values that are null, where null means nothing."""
    pending: list[tuple[Path, Any]] = [((), data)]
    while pending:
        path, value = pending.pop()
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            if inner is None:
                if not _may_be_empty(here := (*path, key)):
                    yield here
            elif inner.__class__ is dict or inner.__class__ is list:
                pending.append(((*path, key), inner))


def _may_be_empty(path: Path) -> bool:
    """Say where null means something: nothing more to say, or an unknown field of a test."""
    treatment = path[0] == "actions" and len(path) == 4 and path[2] == "channels"
    case = path[0] == "tests" and len(path) > 3 and path[2] in ("customer", "interaction")
    happened = path[0] == "tests" and len(path) > 5 and path[2] == "events"
    event = path[0] == "events" and len(path) == 2
    return (treatment and isinstance(path[3], str)) or case or happened or event


# --- what documents declare


def _known_keys(path: Path) -> list[str]:
    """Return the keys that the document at *path* may have."""
    model = _item(_declared(path))
    return [_key(*item) for item in model.model_fields.items()] if _is_document(model) else []


def _required(path: Path) -> list[str] | None:
    """Return the keys that the document at *path* must have; None where there is no document.

    Where it must have one of some keys, that is the first of them.
    """
    model = _declared(path)
    if not _is_document(model):
        return None
    needed = [_key(*item) for item in model.model_fields.items() if item[1].is_required()]
    one_of = (model.model_config.get("json_schema_extra") or {}).get("oneOf", [])
    return [*needed, *(one_of[0]["required"] if one_of else ())]


def _key(name: str, field: FieldInfo) -> str:
    """Return the key that a field is written as: `as` is no name that Python can have."""
    return field.alias or name


def _declared(path: Path) -> Any:
    """Return the type that documents declare for what stands at *path*; None for no type."""
    kind: Any = documents.File
    for step in path:
        kind = kind if isinstance(step, int) else _item(kind)
        if _is_document(kind):
            fields = {_key(*item): item[1] for item in kind.model_fields.items()}
            field = fields.get(str(step))
            kind = _bare(field.annotation) if field else None
        else:
            kind = _bare((get_args(kind) or (None,))[-1])
    return kind


def _item(kind: Any) -> Any:
    """Return the type of an item of a list that may stand there without the list."""
    return _bare(get_args(kind)[0]) if get_origin(kind) is list else kind


def _bare(kind: Any) -> Any:
    """Return a type without `Annotated` and `| None`."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return _bare(next(inner for inner in get_args(kind) if inner is not type(None)))
    return kind


def _is_document(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


# --- data


def _has(owner: Any, key: str | int) -> bool:
    if isinstance(owner, dict):
        return key in owner
    return isinstance(owner, list) and isinstance(key, int) and key < len(owner)


def _at(data: Any, loc: Path) -> Any:
    for step in loc:
        data = data[step]
    return data
