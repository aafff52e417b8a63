"""What is remembered about a customer, as the plan reads it: earlier answers and their outcomes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple, Protocol

from nba import money, windows
from nba.book.contact import DAY
from nba.book.model import Action, Book, Covers
from nba.errors import CaseError, did_you_mean, with_help
from nba.lang.values import INT_MIN

__all__ = [
    "ACCEPTANCES",
    "EMPTY_HISTORY",
    "OPEN",
    "REFUSALS",
    "Answered",
    "History",
    "history_of",
    "instant_of",
    "key_of",
    "lapses_at",
]

#: Outcomes after which nothing stands of an answer: what it took is given back.
REFUSALS: Final = ("rejected", "maybe_later", "no_response")
#: Outcomes by which what it took is used up.
ACCEPTANCES: Final = ("accepted", "resolved")
#: Outcomes that leave it open what comes of an answer.
OPEN: Final = ("presented", "clicked")


class Answered(NamedTuple):
    """One earlier answer; times are instants in nanoseconds.

    *outcomes* are known ones (the book's own by what they mean) with their times, in order, and
    *recorded_as* the names that they were recorded under. *once* is what it was done once for,
    *keep_until* until when it stays the answer, *lapses* when it is held not to have been done if
    nothing is known of it. *gesture* is what was given, in minor units, *approval* `pending`,
    `approved`, `refused` or None, and *reservation* what it was reserved under.
    """

    decision: str
    at: int
    action: str
    channel: str
    issue: str
    group: str
    kind: str
    direction: str
    tags: tuple[str, ...] = ()
    outcomes: tuple[tuple[str, int], ...] = ()
    once: str | None = None
    keep_until: int | None = None
    lapses: int | None = None
    gesture: int | None = None
    approval: str | None = None
    reservation: str | None = None
    recorded_as: tuple[str, ...] = ()
    silent: bool = False  # the last outcome is what silence is held for

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], book: Book) -> Answered:
        """Return the answer that *data* describes, as applications and tests hand it in.

        It has `action`, `channel` and `at`, and it may have `outcomes` (a list of `outcome` and
        `at`), `gesture` (an amount), `once`, `decision` and `approval`. Raises CaseError.
        """
        if not isinstance(data, Mapping):
            raise CaseError("an answer of the history is an object with `action` and `at`")
        for key in data:
            if key not in _KEYS:
                help_ = did_you_mean(str(key), _KEYS)
                raise CaseError(
                    with_help(f"`{key}` is not a key of the history", help_), [str(key)]
                )
        name = data.get("action")
        action = book.actions.get(name) if isinstance(name, str) else None
        if action is None:
            help_ = did_you_mean(str(name), book.actions)
            raise CaseError(
                with_help(f"there is no action `{name}` in the book", help_), ["action"]
            )
        channel = data.get("channel") or action.treatments[0].channel
        if not isinstance(channel, str) or channel not in book.channels:
            help_ = did_you_mean(str(channel), book.channels)
            raise CaseError(with_help(f"there is no channel `{channel}`", help_), ["channel"])
        at = instant_of(data.get("at"), "`at` of the history")
        outcomes = []
        given = data.get("outcomes") or ()
        if not isinstance(given, list | tuple):
            raise CaseError("`outcomes` of the history is a list of `outcome` and `at`")
        for one in given:
            if not isinstance(one, Mapping) or one.get("outcome") not in book.known_outcomes:
                shown = one.get("outcome") if isinstance(one, Mapping) else one
                help_ = did_you_mean(str(shown), book.known_outcomes)
                raise CaseError(with_help(f"there is no outcome `{shown}`", help_))
            when = instant_of(one.get("at", data.get("at")), "`at` of an outcome")
            outcomes.append((str(one["outcome"]), when))
        gesture = data.get("gesture")
        approval, own = data.get("approval"), book.channels[channel].direction
        direction = data.get("direction") or ("inbound" if own == "inbound" else "outbound")
        if direction not in ("inbound", "outbound"):
            raise CaseError(f"`direction` is `inbound` or `outbound`, not `{direction}`")
        if approval not in (None, "pending", "approved", "refused"):
            raise CaseError(f"`approval` is `pending`, `approved` or `refused`, not `{approval}`")
        try:
            amount = None if gesture is None else float(str(gesture))
            units = None if amount is None else money.minor_units(amount, book.currency)
        except (TypeError, ValueError):
            raise CaseError(f"`gesture` is an amount, not `{gesture}`") from None
        once = data.get("once")
        return cls(
            str(data.get("decision") or f"given-{action.id}-{at}"),
            at,
            action.id,
            channel,
            action.issue,
            action.group,
            action.kind,
            str(direction),
            action.tags,
            tuple(outcomes),
            None if once is None else str(once),
            None if action.keep_for is None else at + action.keep_for,
            lapses_at(book, action, at),
            units,
            approval,
        )

    @property
    def said(self) -> Answered:
        """The answer with what was recorded of it, and without what silence is held for."""
        if not self.silent:
            return self
        return self._replace(
            outcomes=self.outcomes[:-1], recorded_as=self.recorded_as[:-1], silent=False
        )

    def last(self) -> str | None:
        """Return the last outcome that decides what came of it; None where none has."""
        return next((name for name, _ in reversed(self.outcomes) if name not in OPEN), None)

    def times_of(self, outcomes: Container[str]) -> list[int]:
        """Return when it came to one of these outcomes, by name or by what that means."""
        names = self.recorded_as or tuple(name for name, _ in self.outcomes)
        return [
            at
            for (means, at), name in zip(self.outcomes, names, strict=True)
            if means in outcomes or name in outcomes
        ]

    @property
    def accepted(self) -> bool:
        """Whether what it took is used up: accepted once, and not before it was approved of."""
        done = any(name in ACCEPTANCES for name, _ in self.outcomes)
        return done and self.approval in (None, "approved")

    def stands(self, now: int) -> bool:
        """Return whether it was done, or still may be: not refused, and not lapsed.

        What was accepted stays done, whatever came after.
        """
        if self.approval == "refused":
            return False
        if self.last() in REFUSALS:
            return self.accepted
        return bool(self.outcomes) or self.lapses is None or now < self.lapses

    def is_kept(self, now: int) -> bool:
        """Return whether it is still the answer: until an outcome decides what came of it."""
        kept = self.keep_until is not None and self.at <= now < self.keep_until
        return kept and self.last() is None and self.approval != "refused"

    def covered(self, covers: Covers) -> bool:
        """Return whether a selector covers it, with the tags that it had then."""
        own = {
            "issue": (self.issue,),
            "group": (self.group,),
            "action": (self.action,),
            "channel": (self.channel,),
            "tag": self.tags,
            "kind": (self.kind,),
            "direction": (self.direction,),
        }
        return covers.fits(own)


class Keys(Protocol):
    """What actions are done once for, by action."""

    def get(self, action: str, /) -> str | None:
        """Return the key of an action, None where it is unknown or there is none."""


class History(NamedTuple):
    """Earlier answers, in the order of their times.

    *used* is what counts on the accounts of limits and budgets, by account, where a store or a
    case says; the others are counted from the answers. *unheeded* are more answers, about which no
    rule asks: for records.
    """

    answers: tuple[Answered, ...] = ()
    used: Mapping[str, int] | None = None
    unheeded: Iterable[Answered] = ()

    def all(self) -> list[Answered]:
        """Return the answers with those about which no rule asks, in the order of their times."""
        return sorted((*self.answers, *self.unheeded), key=_by_time)

    def kept(self, now: int, keys: Keys) -> dict[str, Answered]:
        """Return what is still the answer, by action: the oldest of each, which counted.

        *keys* are what actions are done once for now, None where that is unknown: what was done
        for something else is no answer to it.
        """
        found: dict[str, Answered] = {}
        for one in self.answers:
            if one.is_kept(now):
                key = keys.get(one.action)
                if key is None or one.once in (None, key):
                    found.setdefault(one.action, one)
        return found


EMPTY_HISTORY: Final = History()
_by_time: Final = attrgetter("at", "decision")
_KEYS: Final = (
    "action",
    "channel",
    "at",
    "outcomes",
    "gesture",
    "once",
    "decision",
    "direction",
    "approval",
)


def lapses_at(book: Book, action: Action, at: int) -> int:
    """Return when an answer lapses if nothing is known of it: with what it reserved.

    That is after the longest time for which a budget reserves what it takes, else after a day.
    """
    if not (action.takes or action.gesture):  # as of most
        return at + DAY
    names = (*action.takes, *(action.gesture.budgets if action.gesture else ()))
    longest = max((book.budgets[name].reserve_for for name in names), default=DAY)
    return at + longest


def instant_of(value: object, what: str) -> int:
    """Return the instant of a datetime or of RFC 3339 text. Raises CaseError."""
    try:
        if isinstance(value, str):
            return windows.parse_instant(value)
        if isinstance(value, datetime):
            return windows.instant(value)
    except (ValueError, OverflowError):
        pass
    raise CaseError(f"{what} is a time such as 2026-03-02T10:00:00Z, not `{value}`")


def key_of(value: object) -> str:
    """Return what an action was done once for as text that can be kept."""
    return str(value)


def history_of(book: Book, answers: Iterable[Answered], now: int) -> History:
    """Return the history at a time: own outcomes by what they mean, silence by what it is held for.

    What is later than *now* is not seen.
    """
    waited = book.attribution
    silent_until = now - waited.within if waited is not None else INT_MIN
    seen = [
        _understood(book, one, now) if one.outcomes or one.at <= silent_until else one
        for one in answers
        if one.at <= now
    ]
    if len(seen) > 1:
        seen.sort(key=_by_time)
    return History(tuple(seen))


def _understood(book: Book, one: Answered, now: int) -> Answered:
    waited = book.attribution
    silent = waited is not None and one.at + waited.within <= now
    seen = [each for each in sorted(one.outcomes, key=lambda each: each[1]) if each[1] <= now]
    found = _named(book, one, seen)
    if waited is not None and silent and found.last() is None:
        found = _named(book, one, [*seen, (waited.otherwise, one.at + waited.within)])
        found = found._replace(silent=True)
    return found


def _named(book: Book, one: Answered, outcomes: Iterable[tuple[str, int]]) -> Answered:
    """Return an answer with its outcomes by what they mean, and the names that they have."""
    named = tuple(outcomes)
    return one._replace(
        outcomes=tuple((book.meaning_of(name), at) for name, at in named),
        recorded_as=tuple(name for name, _ in named),
    )
