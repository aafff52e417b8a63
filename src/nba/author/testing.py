"""Tests beside rules: what a book expects of cases, compared with what it decides.

A test passes when everything it expects is so; what it does not name is not compared. A failure
says what was expected, what came instead, and why the book decides as it does.

What is expected under each key:

- `action`: the id of the action; `none` where they are to be left in peace.
- `channel`, `tier`: those of the first answer.
- `says`: text that its wording contains.
- `ranked`: the ids of the answers, best first. At a decision point these are all that it shows;
  without one, as many are asked for as are listed.
- `dropped`: codes by action. A code means itself and everything more special: `blocked` also
  stands for `blocked:no_selling`, `ineligible` for `ineligible:unknown`.
- `moments`: the ids of the moments that are open, in any order, and of no others.
- `relationship`: the bounds of the relationship, both included.
- `gesture`: the amount that is given; `none` where nothing is. `approval`: `pending` or `none`.
- `due`, `defer_until`: by when it is to be done, and when to ask again, or `none`.
- `kept`: whether it is an earlier answer that still stands.
- `briefing`: texts, each contained in a line of what an employee should know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import zip_longest
from typing import Any, Final

from nba.author.coverage import Coverage
from nba.author.kinds import KINDS, SUBJECTS
from nba.book.model import Book, TestCase
from nba.decide.because import Facts, line_of
from nba.decide.case import Case
from nba.decide.decision import CODES, Decision, head
from nba.decide.explain import ActionAccount
from nba.engine import Engine
from nba.engine.account import EngineAccount
from nba.errors import CaseError, Place, did_you_mean, with_help
from nba.lang.words import value_in_words

__all__ = ["Failure", "TestResult", "chosen_tests", "run_test", "run_tests"]

NONE: Final = "none"
#: Codes of what was good enough, but not the first.
_BEHIND: Final = ("outranked", "crowded_out", "chosen")


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that is not met: its *key*, both sides, a sentence, and why it is so."""

    key: str
    expected: object
    got: object
    message: str
    because: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {line}" for line in self.because)])

    def to_dict(self) -> dict[str, Any]:
        """Return the failure as plain data."""
        return {
            "key": self.key,
            "expected": self.expected,
            "got": self.got,
            "message": self.message,
            "because": list(self.because),
        }


@dataclass(frozen=True, slots=True)
class TestResult:
    """What came of one test; *place* is where it stands."""

    name: str
    place: Place
    failures: tuple[Failure, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "name": self.name,
            "file": self.place.file,
            "line": self.place.line,
            "passed": self.passed,
            "failures": [failure.to_dict() for failure in self.failures],
        }


def chosen_tests(book: Book, filter_: str = "") -> list[TestCase]:
    """Return the tests of a book whose name contains *filter_*, whatever its case."""
    wanted = filter_.casefold()
    return [test for test in book.tests if wanted in test.name.casefold()]


def run_tests(engine: Engine, filter_: str = "") -> list[TestResult]:
    """Run the tests of the engine's book whose name contains *filter_*, in their order."""
    return [run_test(engine, test) for test in chosen_tests(engine.book, filter_)]


def run_test(engine: Engine, test: TestCase, coverage: Coverage | None = None) -> TestResult:
    """Run one test: decide its case, and compare; let *coverage* see the decision."""
    try:
        # what was before is what the test says, and no other test
        case = Case.from_dict({"id": "test", "events": [], "history": [], **test.case})
        decision = engine.decide_case(case, _answers(test, case))
    except CaseError as error:
        failure = Failure("case", None, None, f"the case cannot be read: {error}")
        return TestResult(test.name, test.place, (failure,))
    if coverage is not None:
        coverage.see(decision)
    comparison = _Comparison(engine, decision)
    return TestResult(test.name, test.place, tuple(comparison.failures(test.expect)))


def _answers(test: TestCase, case: Case) -> int | None:
    """Return how many answers to ask for; None for as many as the decision point shows."""
    return None if case.at is not None else max(1, len(test.expect.get("ranked", ())))


class _Comparison:
    """One decision beside what is expected of it."""

    def __init__(self, engine: Engine, decision: Decision) -> None:
        self.engine = engine
        self.book = engine.book
        self.decision = decision

    def failures(self, expect: Mapping[str, Any]) -> Iterator[Failure]:
        """Yield what is not as expected, in the order in which people would look."""
        comparisons: dict[str, Callable[[Any], Iterator[Failure]]] = {
            "action": self.action,
            "channel": self.channel,
            "ranked": self.ranked,
            "tier": self.tier,
            "says": self.says,
            "moments": self.moments,
            "relationship": self.relationship,
            "gesture": self.gesture,
            "approval": self.approval,
            "due": self.due,
            "defer_until": self.defer_until,
            "kept": self.kept,
            "briefing": self.briefing,
            "dropped": self.dropped,
        }
        for key, compare in comparisons.items():
            if key in expect:
                yield from compare(expect[key])

    # --- one key each

    def action(self, expected: str) -> Iterator[Failure]:
        got = self.decision.action or NONE
        if got != expected:
            because = self.decision.why() if expected == NONE else self.why_not(expected)
            message = _expected("action", expected, got)
            yield Failure("action", expected, got, message, tuple(because))

    def channel(self, expected: str) -> Iterator[Failure]:
        got = self.decision.channel or NONE
        if got != expected:
            because = tuple(self.why_not_on(expected))
            yield Failure("channel", expected, got, _expected("channel", expected, got), because)

    def ranked(self, expected: list[str]) -> Iterator[Failure]:
        got = [candidate.action for candidate in self.decision.ranked]
        if got != expected:
            message = f"expected the ranking {_listed(expected)}, got {_listed(got)}"
            missing = [action for action in expected if action not in got]
            because = [line for action in missing for line in self.why_not(action)]
            if not missing:  # what stands at the first place that differs
                pairs = (pair for pair in zip_longest(got, expected) if pair[0] != pair[1])
                for action in filter(None, next(pairs)):
                    code = f"`{action}` is `{self.codes[action]}`"
                    because += [code, *_indented(self.told(action))]
            yield Failure("ranked", expected, got, message, tuple(because))

    def tier(self, expected: str) -> Iterator[Failure]:
        best = self.decision.best
        got = best.tier if best else NONE
        if got != expected:
            yield Failure("tier", expected, got, _expected("tier", expected, got))

    def says(self, expected: str) -> Iterator[Failure]:
        got = self.decision.say
        if got is None or expected not in got:
            shown = NONE if got is None else f"`{got}`"
            message = f"expected wording with `{expected}`, got {shown}"
            yield Failure("says", expected, got, message)

    def gesture(self, expected: float | str) -> Iterator[Failure]:
        gift = self.decision.gesture
        got = NONE if gift is None else str(gift.amount)
        same = expected == NONE if gift is None else expected == float(gift.amount)
        if not same:
            wanted = expected if isinstance(expected, str) else f"{expected:g}"
            because = tuple(self.decision.why())
            yield Failure("gesture", wanted, got, _expected("gesture", wanted, got), because)

    def approval(self, expected: str) -> Iterator[Failure]:
        gift = self.decision.gesture
        yield from self._one("approval", expected, (gift and gift.approval) or NONE)

    def due(self, expected: str) -> Iterator[Failure]:
        yield from self._one("due", expected, _time(self.decision.due))

    def defer_until(self, expected: str) -> Iterator[Failure]:
        yield from self._one("defer_until", expected, _time(self.decision.defer_until))

    def kept(self, expected: bool) -> Iterator[Failure]:
        got = self.decision.kept_from is not None
        if got is not expected:
            what = "an answer that is kept", "a new answer"
            wanted, came = what if expected else what[::-1]
            message = f"expected {wanted}, got {came if self.decision.ranked else NONE}"
            yield Failure("kept", expected, got, message, tuple(self.decision.why()))

    def _one(self, key: str, expected: str, got: str) -> Iterator[Failure]:
        """Compare what has one word, or is `none`."""
        if got != expected:
            because = tuple(self.decision.why())
            yield Failure(key, expected, got, _expected(key, expected, got), because)

    def moments(self, expected: list[str]) -> Iterator[Failure]:
        got = self.decision.moments
        if set(got) != set(expected):
            names = sorted({*expected}), sorted(got)
            message = f"expected the open moments {_listed(names[0])}, got {_listed(names[1])}"
            because = tuple(self.told_of_moment(name) for name in sorted({*expected} ^ {*got}))
            yield Failure("moments", *names, message, because)

    def relationship(self, expected: Mapping[str, float]) -> Iterator[Failure]:
        got: float = self.fields["relationship"]
        low, high = expected.get("at_least", 0.0), expected.get("at_most", 100.0)
        if not low <= got <= high:
            wanted = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            message = f"expected a relationship of {wanted}, got {got:g}"
            because = (self.facts.shown("relationship"),)
            yield Failure("relationship", dict(expected), got, message, because)

    def briefing(self, expected: list[str]) -> Iterator[Failure]:
        got = self.decision.briefing
        because = tuple(f"it says: {line}" for line in got) or ("it says nothing",)
        for text in expected:
            if not any(text in line for line in got):
                message = f"expected a line of the briefing with `{text}`"
                yield Failure("briefing", text, got, message, because)

    def dropped(self, expected: Mapping[str, str]) -> Iterator[Failure]:
        for action, code in expected.items():
            got = self.codes[action]
            if fault := self.no_such_code(code):
                yield Failure("dropped", {action: code}, {action: got}, fault)
            elif got != code and not got.startswith(f"{code}:"):
                message = f"expected `{action}` to be `{code}`, got `{got}`"
                because = tuple(self.told(action))
                yield Failure("dropped", {action: code}, {action: got}, message, because)

    def no_such_code(self, code: str) -> str:
        """Return what is wrong with a code that no action can ever have, or nothing."""
        kind, _, subject = code.partition(":")
        if kind not in CODES:
            return with_help(f"`{kind}` is not a code", did_you_mean(kind, CODES))
        name = subject.partition(":")[0]
        section = SUBJECTS.get(kind)
        if section is None or name in ("", "unknown"):
            return ""
        known = getattr(self.book, section)
        if name not in known:
            what = KINDS[section]
            return with_help(f"the book has no {what} `{name}`", did_you_mean(name, known))
        return ""

    # --- why it is so

    @cached_property
    def codes(self) -> dict[str, str]:
        return self.decision.codes()

    @cached_property
    def facts(self) -> Facts:
        account = self.decision.account
        assert isinstance(account, EngineAccount)  # noqa: S101 - the engine has just made it
        return Facts(account.literally()[0])

    @cached_property
    def fields(self) -> dict[str, Any]:
        return self.facts.fields

    def told_of_moment(self, name: str) -> str:
        """Return why a moment is open, or that it is not, with the place of the rule."""
        place = line_of(self.book.moments[name].place)
        if not self.fields[f"moment.{name}"]:
            return f"`{name}` is not open, see {place}"
        prefix = f"evidence.{name}."
        steps = {path.removeprefix(prefix) for path in self.fields if path.startswith(prefix)}
        seen = [
            f"`{step.removesuffix('.at')}` at {value_in_words(self.fields[prefix + step])}"
            for step in sorted(steps)
            if step.endswith(".at")
        ]
        return f"`{name}` is open: {', '.join(seen)}, see {place}"

    @cached_property
    def accounts(self) -> dict[str, ActionAccount]:
        found = self.engine.explain(self.decision).accounts
        return {account.action: account for account in found}

    def why_not(self, action: str) -> list[str]:
        """Return why an action was not chosen; beside one that goes before it, that one too."""
        lines = [f"`{action}` is `{self.codes[action]}`", *_indented(self.told(action))]
        best = self.decision.best
        if best and best.action != action and head(self.codes[action]) in _BEHIND:
            tier = f", in the tier `{best.tier}`" if len(self.book.tiers) > 1 else ""
            lines += [f"`{best.action}` goes before it{tier}", *_indented(self.told(best.action))]
        return lines

    def why_not_on(self, channel: str) -> list[str]:
        """Return why the answer is not on another channel."""
        action = self.decision.action
        if action is None:
            return self.decision.why()
        codes = self.decision.treatment_codes()
        others = sorted(name for one, name in codes if one == action)
        code = codes.get((action, channel))
        if code is None:
            return [f"`{action}` has no treatment on `{channel}`, only on {_listed(others)}"]
        return [f"`{action}` on `{channel}` is `{code}`: {CODES[head(code)]}"]

    def told(self, action: str) -> list[str]:
        """Return the account of an action in lines, with the place of the rule."""
        account = self.accounts[action]
        lines = list(account.sentences)
        if account.change is not None and account.change.status != "undecided":
            lines.append(str(account.change))
        place = f"{account.where.file}:{account.where.line}"
        if not any(place in line for line in lines):
            lines.append(f"see {place}")
        return lines


def _expected(what: str, wanted: str, got: str) -> str:
    wanted = f"no {what}" if wanted == NONE else f"{what} `{wanted}`"
    return f"expected {wanted}, got {NONE if got == NONE else f'`{got}`'}"


def _time(when: datetime | None) -> str:
    return NONE if when is None else when.isoformat()


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]
