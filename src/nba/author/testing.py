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

A key with nothing behind it expects that there is nothing: no action, no channel, no wording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from nba.book.model import Book, TestCase
from nba.decide.case import Case
from nba.decide.decision import CODES, Decision, head
from nba.decide.explain import ActionAccount
from nba.engine import Engine
from nba.errors import CaseError, Place, did_you_mean

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


def run_test(engine: Engine, test: TestCase) -> TestResult:
    """Run one test: decide its case, and compare."""
    try:
        case = Case.from_dict({"id": "test", **test.case})
        decision = engine.decide_case(case, _answers(test, case))
    except CaseError as error:
        failure = Failure("case", None, None, f"the case cannot be read: {error}")
        return TestResult(test.name, test.place, (failure,))
    comparison = _Comparison(engine, decision)
    return TestResult(test.name, test.place, tuple(comparison.failures(test.expect)))


def _answers(test: TestCase, case: Case) -> int | None:
    """Return how many answers to ask for; None for as many as the decision point shows."""
    return None if case.at is not None else max(1, len(test.expect.get("ranked") or ()))


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
        }
        for key, compare in comparisons.items():
            if key in expect:
                yield from compare(expect[key])
        for action, code in (expect.get("dropped") or {}).items():
            yield from self.dropped(action, code)

    # --- one key each

    def action(self, expected: str | None) -> Iterator[Failure]:
        wanted = None if expected == NONE else expected
        got = self.decision.action
        if got == wanted:
            return
        message = _expected("action", wanted, got)
        because = self.why_not(wanted) if wanted else self.why_chosen()
        yield Failure("action", wanted or NONE, got or NONE, message, tuple(because))

    def channel(self, expected: str | None) -> Iterator[Failure]:
        got = self.decision.channel
        if got != expected:
            message = _expected("channel", expected, got)
            because = tuple(self.why_not_on(expected)) if expected else ()
            yield Failure("channel", expected, got, message, because)

    def ranked(self, expected: list[str] | None) -> Iterator[Failure]:
        wanted = expected or []
        got = [candidate.action for candidate in self.decision.ranked]
        if got != wanted:
            message = f"expected the ranking {_listed(wanted)}, got {_listed(got)}"
            missing = [action for action in wanted if action not in got]
            because = [line for action in missing for line in self.why_not(action)]
            yield Failure("ranked", wanted, got, message, tuple(because))

    def tier(self, expected: str | None) -> Iterator[Failure]:
        best = self.decision.best
        got = best.tier if best else None
        if got != expected:
            names = [tier.name for tier in self.book.tiers]
            help_ = did_you_mean(expected, names) if expected and expected not in names else ""
            because = (f"the book has no tier `{expected}`. {help_}".strip(),) if help_ else ()
            message = _expected("tier", expected, got)
            yield Failure("tier", expected, got, message, because)

    def says(self, expected: str | None) -> Iterator[Failure]:
        got = self.decision.say
        if expected is None and got is not None:
            yield Failure("says", None, got, f"expected nothing to be said, got `{got}`")
        elif expected is not None and (got is None or expected not in got):
            shown = "nothing to be said" if got is None else f"`{got}`"
            yield Failure("says", expected, got, f"expected wording with `{expected}`, got {shown}")

    def dropped(self, action: str, expected: str) -> Iterator[Failure]:
        if fault := self.no_such_code(expected):
            yield Failure("dropped", {action: expected}, None, fault)
            return
        got = self.codes.get(action, "")
        if got == expected or got.startswith(f"{expected}:"):
            return
        message = f"expected `{action}` to be {_code(expected)}, but it is {_code(got)}"
        lines = tuple(self.told(action))
        yield Failure("dropped", {action: expected}, {action: got}, message, lines)

    def no_such_code(self, code: str) -> str:
        """Return what is wrong with a code that no action can ever have, or nothing."""
        kind, _, subject = code.partition(":")
        if kind not in CODES:
            return f"`{kind}` is not a code. {did_you_mean(kind, CODES)}".strip()
        policy = subject.partition(":")[0]
        if kind == "blocked" and policy and policy not in self.book.policies:
            help_ = did_you_mean(policy, self.book.policies)
            return f"the book has no policy `{policy}`. {help_}".strip()
        return ""

    # --- why it is so

    @cached_property
    def codes(self) -> dict[str, str]:
        return self.decision.codes()

    @cached_property
    def accounts(self) -> dict[str, ActionAccount]:
        found = self.engine.explain(self.decision).accounts
        return {account.action: account for account in found}

    def why_chosen(self) -> list[str]:
        return self.decision.why()

    def why_not(self, action: str) -> list[str]:
        """Return why an action was not chosen; beside one that goes before it, that one too."""
        lines = [f"`{action}` is {_code(self.codes[action])}", *_indented(self.told(action))]
        best = self.decision.best
        if best and best.action != action and head(self.codes[action]) in _BEHIND:
            tier = f", in the tier `{best.tier}`" if len(self.book.tiers) > 1 else ""
            lines += [f"`{best.action}` goes before it{tier}", *_indented(self.told(best.action))]
        return lines

    def why_not_on(self, channel: str) -> list[str]:
        """Return why the answer is not on another channel."""
        action = self.decision.action
        if action is None:
            return self.why_chosen()
        codes = self.decision.treatment_codes()
        others = sorted(name for one, name in codes if one == action)
        code = codes.get((action, channel))
        if code is None:
            return [f"`{action}` has no treatment on `{channel}`, only on {_listed(others)}"]
        return [f"`{action}` on `{channel}` is {_code(code)}: {CODES[head(code)]}"]

    def told(self, action: str) -> list[str]:
        """Return the account of an action in lines, with the place of the rule."""
        account = self.accounts[action]
        lines = list(account.sentences)
        if account.change is not None and account.change.status != "undecided":
            lines.append(str(account.change))
        if account.where.file:
            lines.append(f"see {account.where.file}:{account.where.line}")
        return lines


def _expected(what: str, wanted: str | None, got: str | None) -> str:
    named = f"{what} `{wanted}`" if wanted else f"no {what}"
    return f"expected {named}, got {f'`{got}`' if got else 'none'}"


def _code(code: str) -> str:
    return f"`{code}`"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]
