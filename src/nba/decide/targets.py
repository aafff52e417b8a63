"""What is judged: treatments, numbered, and sets of them as the bits of an int."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nba.book.model import Action, Book, Channel, Covers, Treatment

__all__ = ["Names", "Selector", "Target", "bits", "mask_of", "names_of", "select", "targets_of"]


class Target(NamedTuple):
    """A treatment with all that it belongs to; its number is its place in the plan."""

    action: Action
    treatment: Treatment
    channel: Channel


class Selector(NamedTuple):
    """The treatments that a selector covers; *direction* narrows them at decision time."""

    mask: int
    direction: str | None

    def among(self, inbound: int) -> int:
        """Return what is covered, given which treatments are inbound."""
        if self.direction is None:
            return self.mask
        return self.mask & inbound if self.direction == "inbound" else self.mask & ~inbound


def targets_of(book: Book) -> list[Target]:
    """Return the treatments of a book, by action and channel in alphabetical order."""
    return [
        Target(action, treatment, book.channels[treatment.channel])
        for action in sorted(book.actions.values(), key=lambda action: action.id)
        for treatment in sorted(action.treatments, key=lambda treatment: treatment.channel)
    ]


# --- sets


def mask_of(numbers: Iterable[int]) -> int:
    """Return the set of the treatments with these *numbers*, in time linear in their count."""
    some = numbers if isinstance(numbers, list | tuple) else list(numbers)
    if len(some) < _FEW:
        mask = 0
        for number in some:
            mask |= 1 << number
        return mask
    most = max(some)
    if len(some) > most >> 5:  # then a digit for each is the fastest
        digits = bytearray(b"0") * (most + 1)
        for number in some:
            digits[most - number] = _ONE
        return int(digits, 2)
    found = bytearray((most >> 3) + 1)
    for number in some:
        found[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(found, "little")


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the treatments in a set, in their order; beginning costs little."""
    if mask < _WORD:
        while mask:
            lowest = mask & -mask
            yield lowest.bit_length() - 1
            mask ^= lowest
        return
    words = memoryview(mask.to_bytes((mask.bit_length() + 63 >> 6) << 3, sys.byteorder)).cast("Q")
    place = -1
    for word in words if sys.byteorder == "little" else reversed(words):
        while word:
            lowest = word & -word
            yield place + lowest.bit_length()
            word ^= lowest  # noqa: PLW2901 - what is left of it
        place += 64


#: So many are set one after the other faster than in a row of bytes.
_FEW: Final = 8
_WORD: Final = 1 << 64
_ONE: Final = ord("1")


# --- names


@dataclass(frozen=True, slots=True)
class Names:
    """The treatments that have a name, by the key of a selector; those of an action as a list."""

    everything: int
    by_name: Mapping[tuple[str, str], int]
    of_action: Mapping[str, tuple[int, ...]]

    def mask(self, key: str, name: str) -> int:
        """Return the treatments that have a name."""
        if key == "action":
            return mask_of(self.of_action.get(name, ()))
        return self.by_name.get((key, name), 0)


def names_of(targets: Sequence[Target]) -> Names:
    """Return the sets of treatments that selectors are made of."""
    by_name: dict[tuple[str, str], list[int]] = {}
    of_action: dict[str, list[int]] = {}
    for number, (action, treatment, _) in enumerate(targets):
        of_action.setdefault(action.id, []).append(number)
        own = [
            ("issue", action.issue),
            ("group", action.group),
            ("channel", treatment.channel),
            ("kind", action.kind),
            *(("tag", tag) for tag in action.tags),
        ]
        for key in own:
            by_name.setdefault(key, []).append(number)
    return Names(
        (1 << len(targets)) - 1,
        {key: mask_of(numbers) for key, numbers in by_name.items()},
        {action: tuple(numbers) for action, numbers in of_action.items()},
    )


def select(covers: Covers, names: Names) -> Selector:
    """Return what a selector covers."""
    mask = names.everything
    for key in ("issue", "group", "action", "channel", "tag", "kind"):
        wanted = getattr(covers, key)
        if wanted is not None:
            union = 0
            for name in wanted:
                union |= names.mask(key, name)
            mask &= union
    directions = set(covers.direction) if covers.direction is not None else set()
    return Selector(mask, directions.pop() if len(directions) == 1 else None)
