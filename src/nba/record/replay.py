"""Replay: a decision is made again from its record, and compared with what it was."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

from nba.book.model import Book
from nba.decide.answer import Answer, answer
from nba.decide.case import Case
from nba.decide.history import History
from nba.decide.plan import Plan
from nba.decide.planner import plan_for
from nba.decide.view import inputs_of
from nba.errors import CaseError
from nba.journey.timeline import Timeline
from nba.lang.plain import put
from nba.lang.values import Timestamp
from nba.record.noting import answered_of, told_of
from nba.record.private import Privacy
from nba.record.record import Record
from nba.record.versions import versions
from nba.state.text import value_of

__all__ = ["VERDICTS", "Replayed", "Replayer", "Verdict"]

Verdict = Literal["same", "different", "not replayable: private", "other version"]
VERDICTS: Final[tuple[Verdict, ...]] = (
    "same",
    "different",
    "not replayable: private",
    "other version",
)


class Replayed(NamedTuple):
    """What a decision was found to be, with sentences on why."""

    record: Record
    verdict: Verdict
    because: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        record = self.record
        return {
            "id": record.id,
            "customer": record.customer,
            "at": record.at,
            "verdict": self.verdict,
            "because": list(self.because),
        }


class Replayer:
    """Makes decisions again by the rules of a *book*.

    It has to be the version that made them. With *any_version* another one is compared as well:
    then what the store granted is not taken over, since it granted other answers. *plan* is that of
    the book, where there is one already.
    """

    def __init__(self, book: Book, *, any_version: bool = False, plan: Plan | None = None) -> None:
        self.book = book
        self.plan = plan or plan_for(book)
        self.any_version = any_version
        self.versions = versions(book.version)

    @cached_property
    def needed(self) -> frozenset[str]:
        """The private fields that a rule reads."""
        return Privacy(self.book).needed

    def replay(self, record: Record) -> Replayed:
        """Return whether a decision is the same when it is made again. Raises CaseError.

        That is where the record says something that no decision can have been made on.
        """
        version = record.versions.get("book")
        same_book = version == self.versions["book"]
        if not same_book and not self.any_version:
            return Replayed(record, "other version", (f"version {version} of the book made it",))
        if missing := self._missing(record):
            return Replayed(record, "not replayable: private", (missing,))
        try:
            _, found = self._answer(record, granting=same_book)
        except CaseError as error:
            return Replayed(record, "different", (str(error),))
        except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
            raise CaseError(f"the record `{record.id}` cannot be replayed: {error!r}") from None
        because = tuple(_differences(record, found))
        if not because:
            return Replayed(record, "same")
        return Replayed(record, "different", (*because, *self._other_versions(record)))

    def again(self, record: Record) -> tuple[Case, Answer]:
        """Return the case of a record, and what this book answers, whoever made the decision.

        What the store granted is not taken over. Raises CaseError where it cannot be decided.
        """
        if missing := self._missing(record):
            raise CaseError(missing)
        try:
            return self._answer(record, granting=False)
        except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
            raise CaseError(f"the record `{record.id}` cannot be replayed: {error!r}") from None

    def decided(self, record: Record) -> tuple[Case, Answer]:
        """Return what a decision was made on, and its answer, as it was granted.

        Raises CaseError where it was made by another version of the book, where a rule reads what
        was left out of the record, and where it cannot be made again.
        """
        found = self.replay(record)
        if found.verdict != "same":
            message = f"the decision cannot be made again: {found.verdict}"
            raise CaseError(f"{message}, since {'; '.join(found.because)}")
        return self._answer(record, granting=True)

    def _missing(self, record: Record) -> str:
        """Say what of a record was left out that the book asks for; nothing where nothing was."""
        left_out = record.left_out
        missing = sorted(self.needed.intersection(left_out)) if left_out else ()
        return f"{', '.join(f'`{name}`' for name in missing)} was left out" if missing else ""

    def _answer(self, record: Record, *, granting: bool) -> tuple[Case, Answer]:
        """Decide what is recorded; the store grants what it did where *granting*."""
        data = _with_unknown(record)
        if not record.nobody:  # a history was handed in, or there is a store
            data["history"] = []
        case = Case.from_dict(data)
        if case.now is None:
            raise CaseError("the record does not say when")
        view = inputs_of(self.plan, case, case.now)
        if record.forsaken:
            view.forsake(self.plan)
        if record.events is not None:
            rows = ({name: value_of(plain) for name, plain in row.items()} for row in record.events)
            history = History(tuple(map(answered_of, record.history)), record.used)
            view.remember(self.plan, Timeline(rows), history)
        if not granting or record.granted is None:
            return case, answer(self.plan, view, record.n)
        refused = {int(place): code for place, code in (record.refused or {}).items()}
        last = max((*record.granted, *refused), default=0)
        found = answer(self.plan, view, record.n, spare=last + 1)
        if any(place >= len(found.offers) for place in record.granted):
            raise CaseError("the store granted an answer that is none now")
        return case, found.as_granted(record.granted, refused)

    def _other_versions(self, record: Record) -> Iterator[str]:
        for name, now in self.versions.items():
            if (then := record.versions.get(name)) != now:
                yield f"the version of {name} was {then}, and is {now}"


#: What fits no field.
_UNFIT: Final = object()


def _with_unknown(record: Record) -> dict[str, Any]:
    """Return the case as it was handed in: what did not fit a field, does not fit it again."""
    case = copy.deepcopy(dict(record.case))
    for path in record.unknown:
        put(case, path.split("."), _UNFIT)
    return case


def _differences(record: Record, found: Answer) -> Iterator[str]:
    """Yield a sentence for each part of an answer that is another now."""
    until = found.defer_until
    then = [(one["action"], one["channel"]) for one in record.ranked]
    now = [(one.action, one.channel) for one in found.ranked]
    if then != now:
        yield f"the answer was {_answers(then)}, and is {_answers(now)}"
    else:
        for was, one in zip(record.ranked, found.ranked, strict=True):
            yield from _parts(was, told_of(one))
    if record.reason != found.reason:
        yield f"the reason was `{record.reason}`, and is `{found.reason}`"
    asks = None if until is None else str(Timestamp(until))
    if record.defer_until != asks:
        yield f"it was put off until {record.defer_until}, and is until {asks}"


def _parts(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, value in was.items():
        if value != now.get(name):
            yield f"`{name}` of `{was['action']}` was {_shown(value)}, and is {_shown(now[name])}"


def _answers(found: list[tuple[str, str]]) -> str:
    return ", ".join(f"`{action}` on {channel}" for action, channel in found) or "none"


def _shown(value: object) -> str:
    return "nothing" if value is None else f"`{value}`"
