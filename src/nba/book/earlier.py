"""What tests say of earlier answers: when, what came of them, what was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from nba import money, windows
from nba.book.amounts import minor_units
from nba.book.contact import OUTCOMES
from nba.book.findings import At, Findings, short
from nba.book.model import Action
from nba.book.selectors import Catalogued

__all__ = ["Times", "answers"]

#: What stands beside what came of an answer.
_BESIDE: Final = ("channel", "at", "decided_at", "gesture", "once")
#: Written for an answer of which nothing is known to have come.
_DECIDED: Final = "decided"
_FORM: Final = "write `presented: an_action`, and `channel` and `at` beside it"


class Declared(Protocol):
    """What a book declares, as far as answers name it."""

    @property
    def known(self) -> Catalogued:
        """The ids of actions and channels."""

    @property
    def outcomes(self) -> frozenset[str]:
        """The outcomes of the book."""

    @property
    def actions(self) -> Mapping[str, Action]:
        """The actions that have no mistake in their shape."""

    @property
    def currency(self) -> str:
        """The currency of the book."""


class Times:
    """Reads times of a test, whose *now* is None where that is wrong."""

    def __init__(self, now: int | None, findings: Findings) -> None:
        self.now = now
        self.findings = findings

    def past(self, text: Any, at: At) -> int | None:
        """Return the instant that is written as an age, `-2d`, or as the time itself."""
        help_ = "write `-2d`, `-90min`, or a time such as `2026-03-01T10:00:00Z`"
        return self._read(
            text, "-", f"`{short(str(text))}` is not when something happened", help_, at
        )

    def later(self, text: str, at: At) -> str:
        """Return a time that is written as `+4h`, or as it is, in one form; `none` stays."""
        if text == "none":
            return text
        help_ = "write `+4h`, a time such as `2026-03-01T10:00:00Z`, or `none`"
        found = self._read(text, "+", f"`{short(text)}` is not a time", help_, at)
        return text if found is None else windows.moment(found).isoformat()

    def _read(self, text: Any, sign: str, message: str, help_: str, at: At) -> int | None:
        try:
            if isinstance(text, str) and text.startswith(sign):
                length = windows.parse_length(text[1:])
                length = -length if sign == "-" else length
                when = None if self.now is None else self.now + length
            else:
                when = windows.parse_instant(text)
            if when is not None:
                windows.moment(when)  # it must be a time that can be written
        except (ValueError, OverflowError, TypeError):
            self.findings.report("wrong-value", message, help_, at.place)
            return None
        return when


def answers(
    given: Sequence[Mapping[str, Any]], at: At, declared: Declared, times: Times, findings: Findings
) -> list[dict[str, Any]]:
    """Return earlier answers as plain data; what is wrong with them is reported.

    What came of one action on one channel, decided at one time, is one answer.
    """
    reading = _Answers(declared, times, findings)
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for place, line in enumerate(given):
        one = reading.answer(line, at / place)
        if one is None:
            continue
        same = found.setdefault((one["action"], one["channel"], one["at"]), one)
        if same is not one:
            outcomes = [*same["outcomes"], *one["outcomes"]]
            same.update({**one, "outcomes": sorted(outcomes, key=lambda each: each["at"])})
    return list(found.values())


class _Answers:
    """Reads the short form of answers."""

    def __init__(self, declared: Declared, times: Times, findings: Findings) -> None:
        self.declared = declared
        self.times = times
        self.findings = findings

    def answer(self, given: Mapping[str, Any], at: At) -> dict[str, Any] | None:
        """Return an answer; None, and diagnostics, if it is wrong."""
        kinds = [key for key in given if key not in _BESIDE]
        if not kinds and at.faulty:
            return None
        if len(kinds) != 1:
            message = "an answer has one outcome" + (f", not {len(kinds)}" if kinds else "")
            place = (at / kinds[1]).key_place if kinds else at.place
            code = "unknown-key" if kinds else "missing-key"
            self.findings.report(code, message, _FORM, place)
            return None
        outcome, name = kinds[0], given[kinds[0]]
        if outcome not in (*OUTCOMES, _DECIDED) and outcome not in self.declared.outcomes:
            known = {*OUTCOMES, _DECIDED, *self.declared.outcomes}
            self.findings.unknown("outcome", outcome, known, at / outcome, key=True)
        if not isinstance(name, str) or name not in self.declared.known.action:
            known_actions = self.declared.known.action
            self.findings.unknown("action", str(name), known_actions, at / outcome)
            return None
        action = self.declared.actions.get(name)
        channel = self._channel(given.get("channel"), name, action, at)
        when = self._past("at", given, at)
        decided = self._past("decided_at", given, at) if "decided_at" in given else when
        if when is None or decided is None or channel is None:
            return None
        if decided > when or (outcome == _DECIDED and "decided_at" in given):
            message = "an answer is decided before something comes of it"
            help_ = "remove `decided_at`, or make it earlier than `at`"
            self.findings.report("wrong-value", message, help_, (at / "decided_at").place)
        outcomes = [] if outcome == _DECIDED else [{"outcome": outcome, "at": _iso(when)}]
        found = {"action": name, "channel": channel, "at": _iso(decided), "outcomes": outcomes}
        return found | self._given(given, name, action, at)

    def _channel(self, name: Any, action: str, built: Action | None, at: At) -> str | None:
        """Return the channel that is named, or the only one that the action has."""
        own = [treatment.channel for treatment in built.treatments] if built else []
        if name is None:
            if len(own) == 1:
                return own[0]
            if built and not at.faulty:
                message = f"the action `{action}` has several channels"
                help_ = f"add `channel: {own[0]}`" if own else ""
                self.findings.report("missing-key", message, help_, at.place)
            return None
        known = self.declared.known.channel
        if not isinstance(name, str) or name not in known:
            self.findings.unknown("channel", str(name), known, at / "channel")
            return None
        if built and name not in own:
            message = f"`{action}` is not done on `{name}`"
            help_ = f"choose from {', '.join(f'`{one}`' for one in own)}" if own else ""
            place = (at / "channel").place
            self.findings.report("wrong-value", message, help_, place, warning=True)
        return name

    def _past(self, key: str, given: Mapping[str, Any], at: At) -> int | None:
        if key not in given:
            if not (at / key).faulty:
                message, help_ = f"an answer needs `{key}`", f"add `{key}: -2d`"
                self.findings.report("missing-key", message, help_, at.place)
            return None
        when = self.times.past(given[key], at / key)
        if when is not None and self.times.now is not None and when > self.times.now:
            message = f"`{short(str(given[key]))}` is later than the test's now"
            help_ = "the history is what was before: make it earlier"
            self.findings.report("wrong-value", message, help_, (at / key).place)
            return None
        return when

    def _given(
        self, given: Mapping[str, Any], name: str, action: Action | None, at: At
    ) -> dict[str, str]:
        """Return what was given, and what the answer was done once for."""
        found = {}
        if "gesture" in given:
            amount, here = given["gesture"], at / "gesture"
            if isinstance(amount, bool) or not isinstance(amount, int | float):
                message = f"`gesture` is an amount, not `{short(str(amount))}`"
                self.findings.report("wrong-value", message, "write `10`", here.place)
            elif not 0 <= amount <= money.MOST:
                message = f"`{amount:.15g}` is no amount that is given"
                self.findings.report("wrong-value", message, "write `10`", here.place)
            elif action and action.gesture is None:
                message = f"the action `{name}` has no gesture"
                self.findings.report("wrong-value", message, "remove it", here.key_place)
            else:
                currency = self.declared.currency
                units = minor_units(amount, currency, here.place, self.findings)
                found["gesture"] = f"{money.decimal_of(units, currency):f}"
        if "once" in given:
            once, here = given["once"], at / "once"
            if isinstance(once, bool) or not isinstance(once, str | int):
                message = f"`once` is text, not `{short(str(once))}`"
                self.findings.report("wrong-value", message, "put it in quotes", here.place)
            elif action and action.once_per is None:
                message = f"the action `{name}` has no `once_per`"
                self.findings.report("wrong-value", message, "remove it", here.key_place)
            else:
                found["once"] = str(once)
        return found


def _iso(when: int) -> str:
    return windows.moment(when).isoformat()
