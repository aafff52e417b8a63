"""Moments by durable-rules: a second matcher, made from the same model and by other means.

It is there to check the native matcher, and for those who run durable-rules already. A pattern
becomes one rule set. Its rules say which event goes on with what was found before; what needs
silence or a choice (the earliest completion, deadlines, ends) is worked out here from what fired,
because negation in durable-rules is not to be relied upon.

The package ends the process, hangs or answers wrongly where it is used otherwise than below: one
host without threads, one fixed session, facts that are taken back after every call, one lock
around it all, a positive guard first in every condition, no property read that may be absent,
and rule sets and journeys that stay small. What does not fit is refused.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Self, TypeVar

from nba.book.model import Moment, Pattern
from nba.errors import CaseError, EvaluationError, NbaError
from nba.journey.events import Row
from nba.journey.reference import Instance
from nba.journey.rule_sets import ROLES, TIME, Json, RuleSet, encoded, property_name
from nba.journey.timeline import Timeline
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.reference import evaluate
from nba.lang.values import Timestamp

__all__ = ["DurableMatcher"]

T = TypeVar("T")

LIVE: Final = 20  # anchors, or instances, at the same time
PARTIALS: Final = 500  # beginnings of a sequence at the same time
RULE_SETS: Final = 1_000  # in one process: the package never frees one

#: What fired: the name of a rule, the number of what was found before, the place of the event.
Fired = list[tuple[str, int, int]]


class DurableMatcher:
    """Finds the instances of one moment in journeys; see `nba.journey.moments.Matcher`.

    Raises BookError for a moment that it cannot do, and NbaError where durable-rules cannot be
    used. Where a journey has more at a time than it can do, `instances` raises CaseError.
    """

    def __init__(self, moment: Moment, reach: int | None = None) -> None:
        self._reach = reach
        compiled = [RuleSet(moment, pattern) for pattern in moment.patterns]
        self._patterns = [(each, _rule_set(each.rules, moment.id)) for each in compiled]

    def instances(self, timeline: Timeline) -> list[Instance]:
        """Return the instances of all patterns in a journey, each pattern's by anchor."""
        found: list[Instance] = []
        for compiled, rules in self._patterns:
            if rules.spoiled:
                raise NbaError(f"durable-rules failed before for moment `{compiled.moment.id}`")
            with _LOCK, _Session(rules, compiled, timeline.rows) as session:
                found += _Finder(session, compiled.pattern, self._reach).instances()
        return found


# --- what durable-rules is asked


#: Around every call: the package is not safe to use from several threads.
_LOCK: Final = threading.RLock()
_SESSION: Final = "moments"
_EVENT: Final = -1  # the number of the fact that is an event: there is one at a time


class _Rules:
    """A rule set of the package, which tells what fires."""

    def __init__(self, host: Any, unmatched: type[Exception], key: str) -> None:
        self.key = key
        self.fired: Fired = []
        self.spoiled = False
        self._host = host
        self._name = f"moment-{len(_made)}"
        self._unmatched = unmatched  # nothing matched, which the package takes for an error
        self._failure: BaseException | None = None
        definition = json.loads(key)  # a copy, for the package changes what it is given
        for name, rule in definition.items():
            rule["run"] = self._action(name, joined=len(rule["all"]) > 1)
        host.register_rulesets({self._name: definition})

    def _action(self, rule: str, *, joined: bool) -> Callable[[Any], None]:
        def fired(closure: Any) -> None:
            try:
                place = int(closure.e1.n if joined else closure.e0.n)
                self.fired.append((rule, int(closure.e0.p) if joined else -1, place))
            except BaseException as error:  # noqa: BLE001 - the package would swallow it
                self._failure = error

        return fired

    def hold(self, fact: Json) -> Fired:
        """Let a fact be known; return the rules that fired, with the places in the journey."""
        self.fired.clear()
        self._call(self._host.assert_fact, fact)
        return self.fired

    def drop(self, fact: Json) -> None:
        """Take a fact back."""
        self._call(self._host.retract_fact, fact)

    def _call(self, function: Callable[[str, Json], object], fact: Json) -> None:
        with contextlib.suppress(self._unmatched):
            function(self._name, dict(fact))
        if self._failure:
            failure, self._failure = self._failure, None
            raise failure


_made: dict[str, _Rules] = {}
_host: list[tuple[Any, type[Exception]]] = []


def _rule_set(rules: dict[str, Json], moment: str) -> _Rules:
    """Return the rule set with these rules; the same one for the same rules."""
    key = json.dumps(rules, sort_keys=True, ensure_ascii=False)
    with _LOCK:
        if not _host:
            _host.append(_start(moment))
        found = _made.get(key)
        if found is None:
            if len(_made) >= RULE_SETS:
                raise NbaError(
                    f"moment `{moment}` would be rule set {RULE_SETS + 1} of this process, and "
                    "durable-rules frees none: start another process"
                )
            host, unmatched = _host[0]
            try:
                found = _made[key] = _Rules(host, unmatched, key)
            except Exception as error:
                raise NbaError(f"durable-rules does not take moment `{moment}`: {error}") from error
        return found


def _start(moment: str) -> tuple[Any, type[Exception]]:
    """Return a host that starts no threads, and the error for a fact that nothing matched."""
    needs = f"moment `{moment}` is to be found by durable-rules, which"
    if sys.version_info >= (3, 13):
        raise NbaError(f"{needs} does not run on Python 3.13 or later")
    if sys.platform == "win32":
        raise NbaError(f"{needs} cuts ints to 32 bits on Windows")
    try:
        engine: Any = importlib.import_module("durable.engine")
    except ImportError as error:
        raise NbaError(f"{needs} cannot be imported ({error}): pip install nba[durable]") from None
    quiet = type("QuietHost", (engine.Host,), {"_run": lambda _: None})
    return quiet(), engine.MessageNotHandledException


class _Session:
    """The facts of one journey, while it is entered."""

    def __init__(self, rules: _Rules, compiled: RuleSet, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.times = [int(row["at"]) for row in rows]
        self._rules = rules
        self._compiled = compiled
        self._name = compiled.moment.id
        self._held: dict[int, Json] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Take every fact back. A rule set that does not let them go is not used again."""
        try:
            while self._held:
                self.drop(next(iter(self._held)))
        except NbaError:
            self._rules.spoiled = True
            _made[f"{len(_made)}, spoiled"] = _made.pop(self._rules.key, self._rules)
            if kind is None:
                raise

    def ask(self, place: int) -> Fired:
        """Return what fires for the event at a place beside what is held."""
        row = self.rows[place]
        fact = {"kind": "event", "type": row["type"], "n": place}
        fact["at"] = self._encoded("timestamp", row["at"])
        fact |= self._read(row, self._compiled.of_events[row["type"]], "")
        fired = list(self._hold(_EVENT, fact))
        self.drop(_EVENT)
        return fired

    def hold(self, kind: str, number: int, after: int, evidence: Sequence[int]) -> None:
        """Let what was found be known by a number: later events than that at *after* go on."""
        at = self._encoded("timestamp", self.rows[evidence[0]]["at"])
        fact: Json = {"kind": kind, "p": number, "n": after, "at": at}
        for slot, place in enumerate(evidence):
            fields = self._compiled.of_found.get(slot, set())
            fact |= self._read(self.rows[place], fields, f"s{slot}_")
        self._hold(number, fact)

    def drop(self, number: int) -> None:
        """Take a fact back."""
        self._checked(self._rules.drop, self._held[number])
        del self._held[number]

    def refuse(self, why: str) -> NoReturn:
        """Raise CaseError."""
        raise CaseError(
            f'moment `{self._name}` cannot be found in this journey with `moments="durable"`: {why}'
        )

    def _hold(self, number: int, fact: Json) -> Fired:
        self._held[number] = held = {**fact, "always": 1, "id": f"#{number}", "sid": _SESSION}
        return self._checked(self._rules.hold, held)

    def _checked(self, call: Callable[[Json], T], fact: Json) -> T:
        try:
            return call(fact)
        except Exception as error:
            raise NbaError(f"durable-rules failed for moment `{self._name}`: {error}") from error

    def _read(self, row: Row, fields: set[tuple[str, str]], prefix: str) -> Json:
        """Return the fields of an event that rules read; what is unknown is left out."""
        return {
            prefix + property_name(name, kind): self._encoded(kind, row[name])
            for name, kind in sorted(fields)
            if name in row
        }

    def _encoded(self, kind: str, value: object) -> bool | int | str:
        try:
            return encoded(kind, value)
        except ValueError as error:
            self.refuse(f"it has {error}")


# --- from what fired to instances


@dataclass(slots=True)
class _Candidate:
    """What may become an instance: it opens after the event at *place*, by its evidence."""

    anchor: int
    opens: int
    place: int
    evidence: tuple[int, ...]
    deadline: int | None = None


class _Finder:
    """Finds the instances of one pattern in the journey of a session."""

    def __init__(self, session: _Session, pattern: Pattern, reach: int | None) -> None:
        self.session = session
        self.pattern = pattern
        self.reach = reach
        self.rows = session.rows
        self.times = session.times

    def instances(self) -> Iterator[Instance]:
        """Yield the instances, by anchor."""
        candidates = list(self._candidates())
        for start in range(0, len(candidates), LIVE):
            some = candidates[start : start + LIVE]
            matches = self._others(some)
            for candidate in some:
                instance = self._instance(candidate, matches)
                if instance:
                    yield instance

    def _candidates(self) -> Iterator[_Candidate]:
        pattern, times = self.pattern, self.times
        if pattern.kind == "sequence":
            for anchor, places in sorted(self._completions().items()):
                yield _Candidate(anchor, times[places[-1]], places[-1], places)
            return
        matching = self._matching()
        if pattern.kind == "at_least":
            for anchor, last in zip(matching, matching[pattern.count - 1 :], strict=False):
                if pattern.within is None or times[last] - times[anchor] <= pattern.within:
                    yield _Candidate(anchor, times[last], last, (last,))
            return
        for anchor in matching:
            at = times[anchor]
            if pattern.expect is None:
                yield _Candidate(anchor, at, anchor, (anchor,))
                continue
            deadline = self._deadline(anchor)
            if deadline is not None:
                place = max(anchor, bisect_right(times, deadline) - 1)
                yield _Candidate(anchor, max(deadline, at), place, (anchor,), deadline)

    def _matching(self) -> list[int]:
        """Return the places of the events that match the only step."""
        places = self._places({self.pattern.steps[0].event})
        return [n for place in places for rule, _, n in self.session.ask(place) if rule == "step0"]

    def _completions(self) -> dict[int, tuple[int, ...]]:
        """Return the earliest completion of every anchor.

        Every completion of the first steps is a fact while its anchor is near enough, and not
        completed. Of those that one event completes, that with the earlier events counts.
        """
        steps, session = self.pattern.steps, self.session
        lengths = [length for length in (self.pattern.within, self.reach) if length is not None]
        found: dict[int, tuple[int, ...]] = {}
        partial: dict[int, tuple[int, ...]] = {}
        count = 0
        for place in self._places({step.event for step in steps}):
            oldest = self.times[place] - min(lengths, default=TIME)
            self._drop(partial, bisect_left(self.times, oldest).__gt__)
            new = []
            for rule, number, _ in session.ask(place):
                if rule.startswith("step"):
                    places = (*partial.get(number, ()), place)
                    if len(places) < len(steps):
                        new.append(places)
                    else:
                        found[places[0]] = min(places, found.get(places[0], places))
            self._drop(partial, found.__contains__)
            for places in new:
                if places[0] not in found:
                    partial[count] = places
                    session.hold(f"partial{len(places)}", count, place, places)
                    count += 1
            if len(partial) > PARTIALS or len({places[0] for places in partial.values()}) > LIVE:
                session.refuse("too many of its events are near enough to be in one sequence")
        self._drop(partial, lambda _: True)
        return found

    def _drop(self, partial: dict[int, tuple[int, ...]], which: Callable[[int], bool]) -> None:
        for number in [number for number, places in partial.items() if which(places[0])]:
            del partial[number]
            self.session.drop(number)

    def _deadline(self, anchor: int) -> int | None:
        pattern = self.pattern
        if pattern.by is None:
            return None if pattern.within is None else self.times[anchor] + pattern.within
        alias = pattern.steps[0].alias
        fields = {f"{alias}.{name}": value for name, value in self.rows[anchor].items()}
        try:
            deadline = evaluate(pattern.by.tree, fields, BOOK_FUNCTIONS)
        except EvaluationError:
            return None
        return int(deadline) if isinstance(deadline, Timestamp) else None

    def _others(self, candidates: list[_Candidate]) -> dict[tuple[str, int], list[int]]:
        """Return the places of what matches `expect`, `unless` and `until`: by role and anchor."""
        others = [getattr(self.pattern, role) for role in ROLES]
        events = {step.event for step in others if step}
        found: dict[tuple[str, int], list[int]] = {}
        if not events:
            return found
        for each in candidates:
            self.session.hold("instance", each.anchor, each.anchor, each.evidence)
        for place in self._places(events):
            if place > candidates[0].anchor:
                for rule, anchor, _ in self.session.ask(place):
                    if rule in ROLES:
                        found.setdefault((rule, anchor), []).append(place)
        for each in candidates:
            self.session.drop(each.anchor)
        return found

    def _places(self, events: set[str]) -> Iterator[int]:
        return (place for place, row in enumerate(self.rows) if row["type"] in events)

    def _instance(
        self, it: _Candidate, matches: dict[tuple[str, int], list[int]]
    ) -> Instance | None:
        pattern, times = self.pattern, self.times
        expected = matches.get(("expect", it.anchor), [])
        if it.deadline is not None and any(times[place] <= it.deadline for place in expected):
            return None
        if any(place <= it.place for place in matches.get(("unless", it.anchor), [])):
            return None
        limits = [] if pattern.lasts is None else [it.opens + pattern.lasts]
        released = [times[n] for n in matches.get(("until", it.anchor), []) if n > it.place]
        if released and not (limits and limits[0] <= released[0]):
            limits = [released[0] + pattern.linger]
        limits += [times[place] for place in expected if place > it.place]
        if self.reach is not None:
            limits.append(times[it.anchor] + self.reach)
        ends = min(limits, default=None)
        if ends is not None and ends <= it.opens:
            return None
        steps = zip(pattern.steps, it.evidence, strict=False)
        evidence = {step.alias: self.rows[place] for step, place in steps}
        return Instance(it.anchor, it.opens, ends, evidence)
