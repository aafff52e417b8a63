"""Comparing two books over the same cases: a change of rules, tried before it goes live.

Each case is decided by itself, by both books: on what it brings, or what was recorded, with
nothing taken of limits and budgets. So what is different comes from the rules, and not from who
was first.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice, zip_longest
from typing import Final, NamedTuple

from nba import money
from nba.author.comparison import BookNamed, Comparison, Explained, SegmentCount, Side, Tally
from nba.author.deciding import Decider, Reopened
from nba.author.difference import because, told
from nba.author.population import Item, LeftOut, through
from nba.author.rule_changes import rule_changes
from nba.author.segments import Segment, Segments
from nba.decide.answer import Answer
from nba.decide.case import Case
from nba.decide.decision import Candidate
from nba.engine import Engine
from nba.errors import CaseError

__all__ = ["compare"]

#: So many cases are decided sooner than a process has started.
_WORTH_IT: Final = 500


class Given(NamedTuple):
    """What one book gives in a case, as far as it is counted."""

    action: str | None
    reason: str
    channels: tuple[str, ...]
    contacts: int
    gestures: int
    units: int
    priority: float


class Compared(NamedTuple):
    """What both books give in a case; *change* is one of `CHANGES`, or empty."""

    old: Given
    new: Given
    change: str
    segments: tuple[Segment, ...]
    doubts: tuple[str, ...]


def compare(
    old: Engine,
    new: Engine,
    items: Iterable[Item],
    *,
    by: Sequence[str] = (),
    explain: int = 5,
    names: tuple[str, str] = ("old", "new"),
    workers: int = 1,
) -> Comparison:
    """Return what the books of two engines decide differently for cases, or for records of a log.

    *by* are fields by which the cases are counted apart. *explain* is for how many customers it is
    said why they get something else: those with the largest change of each transition, largest by
    the money they are given, then by priority. *names* are what the books are called. With more
    *workers* than one, processes open the books again, which then have to be files; the result is
    the same. A case is decided on what it brings, and not on what the engines remember; without a
    time, as of now. Nothing is taken, and nothing remembered. Raises CaseError for a field that
    the books do not have.
    """
    if workers > 1 and None in (old.path, new.path):
        raise CaseError("a book that was not opened from files is compared with one worker")
    found = Comparison(
        Side(_named(old, names[0])), Side(_named(new, names[1])), rule_changes(old.book, new.book)
    )
    fields = tuple(dict.fromkeys(by))
    found.segments = {path: {} for path in fields}
    finder = _Comparer(old, new, fields)  # it says what is wrong with the fields before all else
    now = datetime.now(UTC)
    largest = _Largest(explain)
    dated = (_dated(item, now) for item in items)
    first = list(islice(dated, _WORTH_IT))
    open_: Callable[[], _Comparer] = lambda: finder  # noqa: E731 - it stays in this process
    if old.path is None or new.path is None or len(first) < _WORTH_IT:
        workers = 1
    elif workers > 1:
        open_ = _Reopening(Reopened(old.path, old.version), Reopened(new.path, new.version), fields)
    for place, (item, one) in enumerate(through(chain(first, dated), open_, workers=workers)):
        if isinstance(one, LeftOut):
            found.left_out[one.reason] += 1
            continue
        _count(found, item, one)
        if one.change and explain:
            largest.add(place, item, one)
    found.explained = tuple(
        finder.explained(found, item, one.change) for item, one in largest.chosen()
    )
    return found


def _named(engine: Engine, name: str) -> BookNamed:
    book = engine.book
    return BookNamed(name, book.id, book.version, book.currency)


def _dated(item: Item, now: datetime) -> Item:
    """Let both books decide as of the same time."""
    return item._replace(now=now) if isinstance(item, Case) and item.now is None else item


class _Largest:
    """Keeps the cases with the largest change of each transition, as many as can be asked for."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._heaps: dict[tuple[str, ...], list[tuple[float, float, int, Item, Compared]]] = {}

    def add(self, place: int, item: Item, one: Compared) -> None:
        """Keep a case if its change is large enough; of equal ones the first by its *place*."""
        key = (str(one.old.action), str(one.new.action), one.change)
        size = abs(one.new.units - one.old.units), abs(one.new.priority - one.old.priority)
        entry = (float(size[0]), size[1], -place, item, one)
        heap = self._heaps.setdefault(key, [])
        (heapq.heappush if len(heap) < self.most else heapq.heappushpop)(heap, entry)

    def chosen(self) -> list[tuple[Item, Compared]]:
        """Return the largest of every transition first, then the second of each, and so on."""
        ordered = [sorted(heap, reverse=True) for heap in self._heaps.values()]
        rounds = (
            sorted((one for one in turn if one is not None), reverse=True)
            for turn in zip_longest(*ordered)
        )
        return [(item, one) for *_, item, one in islice(chain.from_iterable(rounds), self.most)]


# --- what is found for each case


@dataclass(frozen=True, slots=True)
class _Reopening:
    """Compares in another process, where the books are opened again."""

    old: Reopened
    new: Reopened
    by: tuple[str, ...]

    def __call__(self) -> _Comparer:
        return _Comparer(self.old.engine(), self.new.engine(), self.by)


class _Comparer:
    def __init__(self, old: Engine, new: Engine, by: tuple[str, ...]) -> None:
        self.old, self.new = Decider(old, new.book), Decider(new, old.book)
        #: a field that only one of the books has is read by that one
        declared = new.book.shape.slots
        self.of_new = Segments(new.book, [path for path in by if path in declared])
        self.of_old = Segments(old.book, [path for path in by if path not in declared])
        self.by = by

    def __call__(self, item: Item) -> Compared:
        old, new = self.old.account(item).answer, self.new.account(item).answer
        known = dict(zip(self.of_new.paths, self.of_new.of(new), strict=True))
        known |= zip(self.of_old.paths, self.of_old.of(old), strict=True)
        return Compared(
            _given(old, self.old.book.currency),
            _given(new, self.new.book.currency),
            _change(old.ranked, new.ranked),
            tuple(known[path] for path in self.by),
            tuple(str(found) for found in new.view.diagnostics),
        )

    def explained(self, found: Comparison, item: Item, change: str) -> Explained:
        """Say why a customer gets something else."""
        old, new = self.old.account(item), self.new.account(item)
        customer = item.id if isinstance(item, Case) else item.customer
        where = "" if isinstance(item, Case) else item.id
        return Explained(
            customer,
            where,
            change,
            told(old),
            told(new),
            tuple(because(old, new, found.rules, change)),
        )


def _given(found: Answer, currency: str) -> Given:
    ranked = found.ranked
    gifts = [one.gesture for one in ranked if one.gesture is not None]
    units = sum(money.units_of(gift.amount, currency) for gift in gifts)
    return Given(
        ranked[0].action if ranked else None,
        found.reason,
        tuple(one.channel for one in ranked),
        sum(one.direction == "outbound" for one in ranked),
        len(gifts),
        units,
        ranked[0].priority if ranked else 0.0,
    )


def _change(old: Sequence[Candidate], new: Sequence[Candidate]) -> str:
    """Return the first of `CHANGES` that there is between two answers, or nothing."""
    if not (old and new):
        return "action" if old or new else ""
    first = _difference(old[0], new[0])
    if first:
        return first
    pairs = zip_longest(old[1:], new[1:])
    return "others" if any(not a or not b or _difference(a, b) for a, b in pairs) else ""


def _difference(old: Candidate, new: Candidate) -> str:
    if old.action != new.action:
        return "action"
    if old.channel != new.channel:
        return "channel"
    if old.gesture != new.gesture:
        return "gesture"
    if (old.say, old.suggests, old.title) != (new.say, new.suggests, new.title):
        return "wording"
    return "due" if old.due != new.due else ""


# --- counting


def _count(found: Comparison, item: Item, one: Compared) -> None:
    customer = item.id if isinstance(item, Case) else item.known_as
    found.cases += 1
    if customer:
        found.customers.add(customer)
    else:
        found.nameless += 1
    found.transitions[one.old.action, one.new.action] += 1
    if one.change:
        found.changed[one.change] += 1
    for side, given in ((found.old, one.old), (found.new, one.new)):
        _add(side.all, given)
        side.channels.update(given.channels)
        if given.action is None:
            side.reasons[given.reason] += 1
        else:
            side.actions[given.action] += 1
        if given.contacts:
            side.each[customer] += given.contacts
    for counts, segment in zip(found.segments.values(), one.segments, strict=True):
        if segment not in counts:
            counts[segment] = SegmentCount(segment)
        count = counts[segment]
        count.cases += 1
        count.changed += bool(one.change)
        _add(count.old, one.old)
        _add(count.new, one.new)
    for doubt in one.doubts:
        found.doubts.note(doubt)


def _add(tally: Tally, given: Given) -> None:
    tally.answered += given.action is not None
    tally.contacts += given.contacts
    tally.gestures += given.gestures
    tally.units += given.units
