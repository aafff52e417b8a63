"""What is judged: treatments, numbered, and sets of them as the bits of an int."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from nba.book.model import Action, Book, Channel, Covers, Treatment

__all__ = ["Index", "Selector", "Target", "bits", "index_of", "mask_of", "select", "targets_of"]


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


def targets_of(book: Book) -> tuple[Target, ...]:
    """Return the treatments of a book, by action and channel in alphabetical order."""
    return tuple(
        Target(action, treatment, book.channels[treatment.channel])
        for action in sorted(book.actions.values(), key=lambda action: action.id)
        for treatment in sorted(action.treatments, key=lambda treatment: treatment.channel)
    )


def mask_of(numbers: Iterable[int]) -> int:
    """Return the set of the treatments with these *numbers*."""
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the treatments in a set, in their order."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


@dataclass(frozen=True, slots=True)
class Index:
    """The treatments that have a name, by the key of a selector."""

    everything: int
    by_name: dict[tuple[str, str], int]


def index_of(targets: tuple[Target, ...]) -> Index:
    """Return the sets of treatments that selectors are made of."""
    by_name: dict[tuple[str, str], int] = {}
    for number, (action, treatment, _) in enumerate(targets):
        own = [
            ("issue", action.issue),
            ("group", action.group),
            ("action", action.id),
            ("channel", treatment.channel),
            ("kind", action.kind),
            *(("tag", tag) for tag in action.tags),
        ]
        for key in own:
            by_name[key] = by_name.get(key, 0) | 1 << number
    return Index((1 << len(targets)) - 1, by_name)


def select(covers: Covers, index: Index) -> Selector:
    """Return what a selector covers."""
    mask = index.everything
    for key in ("issue", "group", "action", "channel", "tag", "kind"):
        names = getattr(covers, key)
        if names is not None:
            union = 0
            for name in names:
                union |= index.by_name.get((key, name), 0)
            mask &= union
    directions = set(covers.direction) if covers.direction is not None else set()
    return Selector(mask, directions.pop() if len(directions) == 1 else None)
