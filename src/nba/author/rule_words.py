"""Rules in words: whom a selector covers, how a window reaches, what a limit or a budget allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from nba import money
from nba.book.model import (
    Action,
    Book,
    Budget,
    Channel,
    Covers,
    Limit,
    Pattern,
    Row,
    Signal,
    Step,
    Suppression,
    Table,
    Text,
    Validity,
)
from nba.book.phrases import Phrases
from nba.decide.wording import shown
from nba.lang.values import Duration
from nba.lang.words import listed, value_in_words
from nba.windows import Window

__all__ = ["RuleWords", "length_in_words", "named", "percent_in_words", "titled"]

_FULL = {
    "drop": "then the action is dropped",
    "defer": "then it waits until there is a place",
    "next_treatment": "then another channel is tried",
}
_DIRECTIONS = {"inbound": ("inbound",), "outbound": ("outbound",), "both": ("inbound", "outbound")}


def length_in_words(nanoseconds: int) -> str:
    """Return a length of time in words."""
    return value_in_words(Duration(nanoseconds))


def named(part: Any) -> str:
    """Return what a part of a book is called that has an id and a title."""
    return f"`{part.id}`{f': {part.title}' if part.title else ''}"


def titled(title: str, said: str) -> str:
    """Return what a rule says after its title, where it has one."""
    return f"{title}: {said}" if title else said


def percent_in_words(number: float) -> str:
    """Return a percentage with its sign."""
    return f"{number:+g} %"


class RuleWords(Phrases):
    """Puts the rules of a book into words."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.zone = book.zone

    # --- whom it covers

    def covers(self, covers: Covers) -> str:
        """Return a selector in words."""
        parts = []
        for part in fields(covers):
            names = getattr(covers, part.name)
            if names is not None:
                what = listed([f"`{name}`" for name in names], "or")
                parts.append(f"{part.name} {what}")
        return ", ".join(parts) if parts else "everything"

    def ways(self, action: Action) -> list[tuple[str, str]]:
        """Return the channels and directions that an action can be done by."""
        return [
            (treatment.channel, direction)
            for treatment in action.treatments
            for direction in _DIRECTIONS[self.book.channels[treatment.channel].direction]
        ]

    def reach(self, covers: Covers, action: Action) -> str | None:
        """Say which ways of an action a selector covers: nothing for all, None where it is none."""
        ways = self.ways(action)
        found = [way for way in ways if covers.fits(_own(action, *way))]
        if not found:
            return None
        if found == ways:
            return ""
        channels = list(dict.fromkeys(channel for channel, _ in found))
        directions = {direction for _, direction in found}
        parts = []
        if len(channels) < len(action.treatments):
            parts.append(f"on {listed(channels, 'or')}")
        if directions != {d for channel, d in ways if channel in channels}:
            parts.append(listed(sorted(directions), "or"))
        return ", ".join(parts)

    def covered(self, covers: Covers) -> list[Action]:
        """Return the actions that a selector covers, in one way at least."""
        actions = self.book.actions.values()
        return [action for action in actions if self.reach(covers, action) is not None]

    # --- time

    def window(self, window: Window) -> str:
        """Return a window in words."""
        if window.length is not None:
            return f"in any {length_in_words(window.length)}"
        if window.calendar is None:
            return "ever"
        clocks = {"book": "by the book's clock", "customer.timezone": "by the customer's clock"}
        clock = clocks.get(window.zone, f"by the clock of {window.zone}")
        return f"in a calendar {window.calendar}, {clock}"

    def validity(self, validity: Validity) -> list[str]:
        """Say when something may be used, if not always."""
        found = [] if validity.enabled else ["it is out of use (`enabled: false`)"]
        if validity.from_text:
            found.append(f"from {validity.from_text} on")
        if validity.until_text:
            found.append(f"until {validity.until_text}")
        return found

    # --- contacts, and what is given

    def limit(self, limit: Limit) -> str:
        """Return what a limit allows."""
        exempt = f", but not {self.covers(limit.exempt)}" if limit.exempt else ""
        count = f"at most {limit.at_most} {limit.counts} per {self._per(limit.per)}"
        return f"{count} {self.window(limit.window)}, {_FULL[limit.on_limit]}{exempt}"

    def suppression(self, rule: Suppression) -> str:
        """Return when something is left in peace."""
        what = listed([f"`{name}`" for name in rule.after], "or")
        times = f"{rule.at_least} times " if rule.at_least > 1 else ""
        within = f" within {length_in_words(rule.within)}" if rule.within is not None else ""
        same = "of anything" if rule.same == "any" else f"of the same {rule.same}"
        return f"not for {length_in_words(rule.length)} after {times}{what}{within} {same}"

    def budget(self, budget: Budget) -> str:
        """Return what a budget allows."""
        much = self.money(budget.amount) if budget.money else f"{budget.amount} times"
        return f"{much} per {self._per(budget.per)} {self.window(budget.window)}"

    def _per(self, per: str) -> str:
        return f"`{per}`" if "." in per else per

    def money(self, units: int) -> str:
        """Return an amount of money, given in the minor unit."""
        amount = float(money.decimal_of(units, self.book.currency))
        return shown(amount, "money", self.book.currency, self.zone)

    def channel(self, channel: Channel) -> list[str]:
        """Say what holds for contacts that go out by a channel."""
        found = []
        if channel.consent is not None and channel.direction != "inbound":
            found.append(f"to contact them needs: {self.says(channel.consent)}")
        if channel.open is not None:
            closed = "waits" if channel.when_closed == "defer" else "is dropped"
            found.append(f"outside the hours `{channel.open}` a contact {closed}")
        return found

    def texts(self, texts: Sequence[Text]) -> Iterable[tuple[str, Text]]:
        """Yield each text of a wording, and when it is used."""
        for number, text in enumerate(texts):
            spelled = "".join(
                part if isinstance(part, str) else _slot(part.expression.text, part.format)
                for part in text.parts
            )
            if text.when is not None:
                yield f"if {self.says(text.when)}: {spelled}", text
            else:
                yield f"{'else: ' if number else ''}{spelled}", text

    # --- tables

    def row(self, table: Table, row: Row) -> str:
        """Return what a row of a table asks for, and what it gives."""
        asked = [
            f"{column.name} {cell.text}"
            for column, cell in zip(table.inputs, row.cells, strict=True)
            if cell is not None
        ]
        given = [
            f"{column.name} {value_in_words(value)}"
            for column, value in zip(table.outputs, row.gives, strict=True)
            if value is not None
        ]
        return f"{', '.join(asked) or 'anything'} gives {', '.join(given) or 'nothing'}"

    # --- the journey

    def signal(self, signal: Signal) -> str:
        """Return how a signal is computed."""
        of = listed([f"`{event}`" for event in signal.events], "or")
        what = f" of {self.noun(signal.expression)}" if signal.expression else ""
        parts = [f"{signal.kind}{what} over {of} events {self.window(signal.window)}"]
        if signal.where is not None:
            parts.append(f"where {self.says(signal.where)}")
        if signal.by is not None:
            parts.append(f"for each {self.noun(signal.by)}")
        if signal.half_life is not None:
            parts.append(f"an event counts half after {length_in_words(signal.half_life)}")
        if signal.per is not None:
            parts.append(f"per {length_in_words(signal.per)}")
        return ", ".join(parts)

    def pattern(self, pattern: Pattern) -> Iterable[str]:
        """Say how an instance of a moment comes about, and how it ends."""
        within = f", within {length_in_words(pattern.within)}" if pattern.within else ""
        if pattern.kind == "sequence":
            yield f"{', then '.join(self.step(step) for step in pattern.steps)}{within}"
        elif pattern.kind == "at_least":
            yield f"{pattern.count} times {self.step(pattern.steps[0])}{within}"
        elif pattern.expect is None:
            yield f"after {self.step(pattern.steps[0])}"
        else:
            by = f", by {self.noun(pattern.by)}" if pattern.by is not None else within
            wanted = self.step(pattern.expect)
            yield f"after {self.step(pattern.steps[0])}, without {wanted}{by}"
        if pattern.unless:
            yield f"unless {listed([self.step(step) for step in pattern.unless], 'or')}"
        if pattern.until:
            linger = f", and {length_in_words(pattern.linger)} longer" if pattern.linger else ""
            yield f"until {listed([self.step(step) for step in pattern.until], 'or')}{linger}"
        if pattern.lasts is not None:
            yield f"it lasts {length_in_words(pattern.lasts)} at the most"

    def step(self, step: Step) -> str:
        """Return an event that a pattern looks for."""
        where = f" where {self.says(step.where)}" if step.where is not None else ""
        return f"`{step.event}` ({step.alias}){where}"


def _own(action: Action, channel: str, direction: str) -> dict[str, tuple[str, ...]]:
    return {
        "issue": (action.issue,),
        "group": (action.group,),
        "action": (action.id,),
        "channel": (channel,),
        "tag": action.tags,
        "kind": (action.kind,),
        "direction": (direction,),
    }


def _slot(text: str, form: str) -> str:
    return f"{{{text}{':' if form else ''}{form}}}"
