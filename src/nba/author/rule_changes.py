"""What two versions of a book say differently, rule by rule, from their canonical documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nba.author.kinds import KINDS
from nba.book.dump import to_document
from nba.book.model import Book

__all__ = ["RuleChange", "rule_changes"]

_LONGEST: Final = 100  # characters of a value that are shown


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that one of two books has alone, or that says something else in each.

    *section* and *id* name it; the id of a section that has none is empty. *how* is `added`,
    `removed` or `changed`; *parts* are then the keys that differ, with what each book says, None
    for nothing.
    """

    section: str
    id: str
    how: str
    parts: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def rule(self) -> str:
        """What the rule is called."""
        if not self.id:
            return f"`{self.section}`"
        return f"{KINDS.get(self.section, self.section)} `{self.id}`"

    def __str__(self) -> str:
        return f"{self.rule}: {'; '.join(self.told())}"

    def told(self) -> list[str]:
        """Return what is different in words, one text for each key."""
        if self.how != "changed":
            return [self.how]
        return [f"`{key}` {_difference(old, new)}" for key, old, new in self.parts]

    def to_dict(self) -> dict[str, Any]:
        """Return the change as plain data."""
        parts = [{"key": key, "old": old, "new": new} for key, old, new in self.parts]
        return {"section": self.section, "id": self.id, "how": self.how, "parts": parts}


def rule_changes(old: Book, new: Book) -> tuple[RuleChange, ...]:
    """Return what is different between two books, as far as it can change what they decide."""
    before, after = to_document(old), to_document(new)
    found: list[RuleChange] = []
    for section in dict.fromkeys((*before, *after)):
        was, is_ = before.get(section), after.get(section)
        if was == is_:
            continue
        if section in KINDS:
            found += _of_section(section, was or {}, is_ or {})
        else:
            found.append(RuleChange(section, "", "changed", tuple(_parts(was, is_))))
    return tuple(found)


def _of_section(
    section: str, was: Mapping[str, Any], is_: Mapping[str, Any]
) -> Iterator[RuleChange]:
    for name in sorted({*was, *is_}):
        if name not in was:
            yield RuleChange(section, name, "added")
        elif name not in is_:
            yield RuleChange(section, name, "removed")
        elif was[name] != is_[name]:
            yield RuleChange(section, name, "changed", tuple(_parts(was[name], is_[name])))


def _parts(was: Any, is_: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the keys in which two values differ; lists are looked at by the ids of their items."""
    if isinstance(was, Mapping) and isinstance(is_, Mapping):
        for key in dict.fromkeys((*was, *is_)):
            if was.get(key) != is_.get(key):
                yield from _parts(was.get(key), is_.get(key), f"{path}.{key}" if path else key)
        return
    if named := _by_id(was, is_):
        yield from _parts(*named, path)
        return
    yield path or "all of it", was, is_


def _by_id(was: Any, is_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return two lists whose items all have an id or a name of their own by that; else None."""
    if not (isinstance(was, list) and isinstance(is_, list)):
        return None
    for key in ("id", "name"):
        both = []
        for items in (was, is_):
            names = [str(item[key]) for item in items if isinstance(item, Mapping) and key in item]
            if len(set(names)) != len(items):
                break
            both.append(dict(zip(names, items, strict=True)))
        # where only the order is another, the lists differ as a whole
        if len(both) == 2 and both[0] != both[1]:
            return both[0], both[1]
    return None


def _difference(old: Any, new: Any) -> str:
    if old is None:
        return f"is now {_shown(new)}"
    if new is None:
        return f"was {_shown(old)}, and is gone"
    if isinstance(old, list) and isinstance(new, list):  # what both have is not shown
        gone = ", ".join(_shown(one) for one in old if one not in new)
        added = ", ".join(_shown(one) for one in new if one not in old)
        if gone and added:
            return f"had {gone}, and has {added}"
        if gone or added:
            return f"no longer has {gone}" if gone else f"has {added} too"
    return f"was {_shown(old)}, and is {_shown(new)}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}…`"
