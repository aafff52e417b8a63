"""The briefing: what an employee should know before saying anything, so that nobody asks again.

Nothing here runs while deciding. It is computed when asked, from the view that was decided on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from nba import windows
from nba.book.model import Briefing, Mention, Slot, Text
from nba.decide.plan import Plan, Slots
from nba.decide.view import View
from nba.decide.wording import shown
from nba.errors import EvaluationError
from nba.journey.steps import Search, first_of
from nba.journey.timeline import Timeline
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.python import UNKNOWN, Program
from nba.lang.tree import Node
from nba.lang.words import listed

__all__ = ["Briefer"]

Function = Callable[[Slots], Any]

_SEVERITIES: Final = {"high": 0, "medium": 1, "low": 2}
#: What texts may use besides the fields of the book.
_EXTRAS: Final = ("event", "when", "channel", "what", "title", "severity", "n")
#: The form of an id that people can read: `slow_wifi`.
_ID: Final = re.compile(r"[a-z]+(?:_[a-z]+)+")
_HOUR: Final = 3600


class _Line(NamedTuple):
    """A text: when it fits, its parts, and whether it begins with when something happened."""

    holds: Function | None
    parts: tuple[str | tuple[Function, str], ...]
    begins_with_when: bool


class _Told(NamedTuple):
    """What is told of the events of one type."""

    mention: Mention
    holds: Function | None
    until: list[Search]
    lines: tuple[_Line, ...]


class Briefer:
    """Writes the briefings of one book."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        first = plan.slot_count
        self.extras = {name: first + place for place, name in enumerate(_EXTRAS)}
        self.briefing = found = plan.book.briefing
        if found is None:
            return
        self.moments = self._lines(found.moments)
        self.tried = self._lines(found.tried)
        self.facts = [(line,) for line in self._lines(found.facts)]
        self.words = {name: self._lines((text,)) for name, text in found.words.items()}
        self.unresolved, self.promises, self.contacts = (
            tuple(map(self._told, mentions))
            for mentions in (found.unresolved, found.promises, found.contacts)
        )

    def lines(self, view: View) -> list[str]:
        """Return what to know, the most important first; nothing without a briefing."""
        if self.briefing is None:
            return []
        return _Writer(self, self.briefing, view).lines()

    # --- compiling

    def _told(self, mention: Mention) -> _Told:
        where = mention.where
        return _Told(
            mention,
            self._function("holds", where.tree) if where else None,
            [Search(step, 1, {"event": 0}) for step in mention.until],
            self._lines(mention.text),
        )

    def _lines(self, texts: Sequence[Text]) -> tuple[_Line, ...]:
        return tuple(
            _Line(
                self._function("holds", text.when.tree) if text.when else None,
                tuple(map(self._part, text.parts)),
                any(isinstance(p, Slot) and p.expression.text == "when" for p in text.parts[:1]),
            )
            for text in texts
        )

    def _part(self, part: str | Slot) -> str | tuple[Function, str]:
        if isinstance(part, str):
            return part
        return self._function("value", part.expression.tree), part.format

    def _function(self, kind: str, tree: Node) -> Function:
        program = Program(self._load, BOOK_FUNCTIONS, "None")
        name = getattr(program, kind)(tree)
        return program.build()[name]

    def _load(self, path: str) -> str:
        owner, _, name = path.partition(".")
        if owner == "event":
            return f"c[{self.extras['event']}].get({name!r})"
        slot = self.extras[path] if path in self.extras else self.plan.book.shape.slots[path]
        return f"c[{slot}]"


class _Writer:
    """Writes one briefing."""

    def __init__(self, briefer: Briefer, briefing: Briefing, view: View) -> None:
        self.briefer = briefer
        self.briefing = briefing
        self.book = briefer.plan.book
        self.now = view.now
        self.zone = view.when.customer
        self.timeline: Timeline = briefer.plan.journey.seen(view.timeline, view.now)
        self.whole = view.timeline
        self.slots: Slots = [*view.slots, *[None] * len(briefer.extras)]
        self.slots[briefer.extras["event"]] = {}
        self.said: set[str] = set()  # the ids of events that were told of

    def lines(self) -> list[str]:
        tried = self._filled(self.briefer.tried)
        most = self.briefing.lines - (tried is not None)  # its place is kept
        found: dict[str, None] = {}
        told_of_tried = False
        for line in self._in_order(tried):
            kept = line == tried and not told_of_tried
            told_of_tried = told_of_tried or kept
            if kept or len(found) < most + told_of_tried:
                found[line] = None
            if len(found) == self.briefing.lines:
                break
        return list(found)

    def _in_order(self, tried: str | None) -> Iterator[str]:
        yield from self._moments()
        yield from self._events(self.briefer.unresolved)
        if tried is not None:
            yield tried
        yield from self._events(self.briefer.promises)
        yield from self._events(self.briefer.contacts)
        for fact in self.briefer.facts:
            yield from filter(None, [self._filled(fact)])

    # --- what is told

    def _moments(self) -> Iterator[str]:
        """Yield a line for each open moment: by severity, then the newest first."""
        moments = self.book.moments
        found = sorted(
            self.briefer.plan.journey.open(self.whole, self.now),
            key=lambda item: (_SEVERITIES[moments[item[0]].severity], -item[1].opens, item[0]),
        )
        for name, instance in found:
            moment = moments[name]
            if not moment.briefing:
                continue
            title = moment.title or name.replace("_", " ").capitalize()
            self._set(when=self._when(instance.opens), title=title, severity=moment.severity)
            yield from filter(None, [self._filled(self.briefer.moments)])

    def _events(self, group: Sequence[_Told]) -> Iterator[str]:
        """Yield a line for each event of a group that was not told of, the newest first."""
        counts = [0] * len(group)
        by_type = {told.mention.event: place for place, told in enumerate(group)}
        rows = self.timeline.rows
        for at in reversed(range(len(rows))):
            row = rows[at]
            place = by_type.get(row["type"])
            if place is None or row["id"] in self.said:
                continue
            told = group[place]
            if counts[place] == told.mention.at_most or not self._is_told(told, at):
                continue
            line = self._filled(told.lines)
            if line is not None:
                self.said.add(row["id"])
                counts[place] += 1
                yield line

    def _is_told(self, told: _Told, place: int) -> bool:
        """Return whether to tell of the event at a place; its values stand in the slots then."""
        row, within = self.timeline.rows[place], told.mention.within
        if within is not None and row["at"] <= self.now - within:
            return False
        self._set(event=row)
        if told.holds is not None and not told.holds(self.slots):
            return False
        if told.until:
            timeline = self.timeline
            stop = len(timeline.rows)
            if first_of(told.until, timeline, [row, {}, {}], place + 1, stop) is not None:
                return False
        channel = self.book.channels.get(row.get("channel", ""))
        self._set(
            event=row,
            when=self._when(row["at"]),
            channel=(channel.title or channel.id) if channel else None,
            what=row["type"].replace("_", " "),
        )
        return True

    # --- texts

    def _set(self, **values: object) -> None:
        for name in self.briefer.extras:
            self.slots[self.briefer.extras[name]] = values.get(
                name, {} if name == "event" else None
            )

    def _filled(self, lines: Sequence[_Line]) -> str | None:
        """Return the first text that fits and can be filled in, on one line; None for none."""
        for line in lines:
            if line.holds is not None and not line.holds(self.slots):
                continue
            parts = [part if isinstance(part, str) else self._value(*part) for part in line.parts]
            written = [part for part in parts if part is not None]
            text = " ".join("".join(written).split())
            if len(written) == len(parts) and text:
                return text[:1].upper() + text[1:] if line.begins_with_when else text
        return None

    def _value(self, function: Function, format_: str) -> str | None:
        value = function(self.slots)
        if value is UNKNOWN or value is None:
            return None
        try:
            if isinstance(value, list | tuple):
                items = [self._shown(item, format_) for item in value]
                return listed(items, self._filled(self.briefer.words["and"]) or "")
            return self._shown(value, format_)
        except EvaluationError:
            return None

    def _shown(self, value: object, format_: str) -> str:
        if isinstance(value, str) and _ID.fullmatch(value):
            return value.replace("_", " ")
        return shown(value, format_, self.book.currency, self.zone)

    # --- when

    def _when(self, at: int) -> str | None:
        """Say how long ago something was, in the calendar days of the customer's zone."""
        seconds = (self.now - at) // windows.SECOND
        try:
            today, then = (windows.local(time, self.zone).date() for time in (self.now, at))
        except OverflowError:
            return None
        name, count = _ago(seconds, (today - then).days)
        self.slots[self.briefer.extras["n"]] = count
        return self._filled(self.briefer.words[name])


def _ago(seconds: int, days: int) -> tuple[str, int]:
    """Return the word for a length of time, and its number.

    Less than an hour is said by the clock, the rest of today in hours; before that the days of
    the calendar count, which are not always 24 hours long.
    """
    if seconds < 60:
        return "now", 0
    if seconds < _HOUR:
        return _counted("minute", seconds // 60)
    if days < 1:
        return _counted("hour", seconds // _HOUR)
    if days == 1:
        return "yesterday", 1
    for limit, size, name in _UNITS:
        if days < limit:
            return name, days // size
    return "years", days // 365


_UNITS: Final = ((14, 1, "days"), (61, 7, "weeks"), (730, 30, "months"))


def _counted(name: str, count: int) -> tuple[str, int]:
    return (name if count == 1 else f"{name}s"), count
