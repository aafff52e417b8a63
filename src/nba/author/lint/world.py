"""What a book declares and derives, as far as it bounds what conditions can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf

from nba.book.fields import PRESENT
from nba.book.model import Book, Expression, Scorecard, Signal
from nba.lang import tree
from nba.lang.bounds import ANYTHING, Bounds, bounds
from nba.lang.context import FieldSpec
from nba.lang.normal import reads
from nba.lang.possible import World
from nba.lang.types import DOUBLE, STRING, EnumType

__all__ = ["world_of"]

_COUNTS = ("count", "distinct", "exists")


def world_of(book: Book) -> World:
    """Return the world that the conditions of a book read."""
    return World(
        {spec.path: spec for spec in (*book.shape.inputs, *_derived(book))},
        frozenset(_known(book)),
        frozenset(f"signal.{name}" for name, signal in book.signals.items() if _is_strange(signal)),
    )


def _derived(book: Book) -> Iterator[FieldSpec]:
    cards = {f"scorecard.{name}": card for name, card in book.scorecards.items()}
    if book.relationship is not None:
        cards["relationship"] = book.relationship
    for spec in book.shape.derived:
        low, high = ANYTHING
        kind, _, name = spec.path.partition(".")
        if spec.path in cards:
            low, high = _of_card(cards[spec.path])
        elif kind == "signal":
            low, high = _of_signal(book, book.signals[name])
        # of events of several types, an enum may have the values of others
        of_events = kind in ("signal", "evidence") and isinstance(spec.type, EnumType)
        type_ = STRING if of_events else spec.type
        yield replace(spec, type=type_, minimum=low, maximum=high)


def _known(book: Book) -> Iterator[str]:
    """Yield the derived fields that are known whatever is handed in."""
    yield from ("now", PRESENT, "moments", "relationship")
    yield from (f"moment.{name}" for name in book.moments)
    yield from (f"scorecard.{name}" for name in book.scorecards)
    for name in book.corridors:
        yield from (f"corridor.{name}.stage", f"corridor.{name}.late")
    for name, signal in book.signals.items():
        parts = [part.tree for part in (signal.expression, signal.where, signal.by) if part]
        paths = {path for part in parts for path in reads(part)}
        simple = signal.kind in _COUNTS and signal.half_life is None
        own_clock = signal.window.zone != "customer.timezone"
        if simple and own_clock and all(path.startswith("event.") for path in paths):
            yield f"signal.{name}"


def _of_card(card: Scorecard) -> Bounds:
    """Return between what a scorecard lies: in the order in which its points are added."""
    low = high = card.start
    for point in card.points:
        added = [0.0, point.add if point.when else 0.0, *(points for _, points in point.bands)]
        low, high = low + min(added), high + max(added)
    if card.minimum is not None:
        low, high = max(low, card.minimum), max(high, card.minimum)
    if card.maximum is not None:
        low, high = min(low, card.maximum), min(high, card.maximum)
    return low, high


def _of_signal(book: Book, signal: Signal) -> Bounds:
    if signal.kind in ("count", "distinct", "rate"):
        return 0.0, inf
    if signal.expression is None or signal.by is not None:
        return ANYTHING
    low, high = bounds(signal.expression.tree, _events(book, signal).get)
    if signal.kind in ("sum", "avg"):  # many, or rounded: only the sign is sure
        return 0.0 if low >= 0 else -inf, 0.0 if high <= 0 else inf
    return low, high


def _events(book: Book, signal: Signal) -> dict[str, FieldSpec]:
    """Return the fields of the events that a signal looks at, with the widest bounds."""
    found: dict[str, FieldSpec] = {}
    for name in signal.events:
        for spec in book.events[name].fields if name in book.events else ():
            path = f"event.{spec.path}"
            other = found.get(path, spec)
            lows, highs = (other.minimum, spec.minimum), (other.maximum, spec.maximum)
            found[path] = replace(
                spec,
                path=path,
                minimum=None if None in lows else min(low for low in lows if low is not None),
                maximum=None if None in highs else max(high for high in highs if high is not None),
            )
    return found | {spec.path: spec for spec in book.shape.inputs}


def _is_strange(signal: Signal) -> bool:
    """Return whether a signal may be no finite number: it is computed, and not added up."""
    computed: Expression | None = signal.expression
    if signal.kind in ("sum", "avg", "rate") or signal.type != DOUBLE or computed is None:
        return False
    return not isinstance(computed.tree, tree.Field)
