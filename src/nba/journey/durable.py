"""Moments by durable-rules: a second matcher, made from the same model and by other means.

It is there to check the native matcher, and for those who run durable-rules already. A pattern
becomes one rule set. Its rules say which event goes on with what was found before; what needs
silence or a choice (the earliest completion, deadlines, ends) is worked out here from what fired,
because negation in durable-rules is not to be relied upon.

The package ends the process, hangs or answers wrongly where it is used otherwise than below: one
host without threads, one fixed session, one lock around it all, and one fact at a time, which is
taken back at once. Two facts that one rule has joined cannot both be taken back: the second time,
the package looks for what it has removed already, in memory that is not its own. So one fact has
all that a rule compares. What does not fit, or is too large, is refused.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import sys
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from nba.book.model import Moment, Pattern, Step
from nba.errors import CaseError, EvaluationError, NbaError
from nba.journey.events import Row
from nba.journey.reference import Instance, open_at
from nba.journey.rule_sets import TIME, Json, RuleSet, encoded, found_name, property_name, steps_of
from nba.journey.timeline import Timeline
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.reference import evaluate
from nba.lang.values import Timestamp

__all__ = ["DurableMatcher"]

ANCHORS: Final = 20  # of one sequence that wait in its window at a time
PARTIALS: Final = 500  # beginnings of one sequence that wait in its window at a time
RULE_SETS: Final = 1_000  # in one process: the package never frees one


class DurableMatcher:
    """Finds the instances of one moment in journeys; see `nba.journey.moments.Matcher`.

    Raises BookError for a moment that it cannot do, and NbaError where durable-rules cannot be
    used. Where a journey has more at a time than it can do, `instances` raises CaseError.
    """

    def __init__(self, moment: Moment, reach: int | None = None) -> None:
        self._reach = reach
        self._mark = object()
        #: the types of the events that instances begin with
        self.begins = frozenset(pattern.steps[0].event for pattern in moment.patterns)
        compiled = [RuleSet(moment, pattern) for pattern in moment.patterns]
        self._patterns = [(each, _rule_set(each.rules, moment.id)) for each in compiled]

    def instances(self, timeline: Timeline) -> list[Instance]:
        """Return the instances of all patterns in a journey, each pattern's by anchor."""
        found: list[Instance] = []
        for compiled, rules in self._patterns:
            with _LOCK:
                asking = _Asking(rules, compiled, timeline.rows)
                found += _Finder(asking, compiled.pattern, self._reach).instances()
        return found

    def open_at(self, timeline: Timeline, now: int) -> tuple[Instance | None, float]:
        """Return what is open, and until when; see `nba.journey.moments.Matcher`."""
        found: list[Instance] | None = timeline.found.get(self._mark)
        if found is None:
            found = timeline.found[self._mark] = self.instances(timeline)
        changes = {each for one in found for each in (one.opens, one.ends) if each is not None}
        return open_at(found, now), min((at for at in changes if now < at), default=math.inf)


# --- what durable-rules is asked


#: Around every call: the package is not safe to use from several threads.
_LOCK: Final = threading.RLock()
_SESSION: Final = "moments"


class _Rules:
    """A rule set of the package, which tells what fires."""

    def __init__(self, host: Any, unmatched: type[Exception], key: str) -> None:
        self._host = host
        self._unmatched = unmatched  # nothing matched, which the package takes for an error
        self._name = f"moment-{len(_made)}"
        self._fired: list[str] = []
        definition = json.loads(key)  # a copy, for the package changes what it is given
        for name, rule in definition.items():
            rule["run"] = self._action(name)
        host.register_rulesets({self._name: definition})

    def _action(self, name: str) -> Callable[[object], None]:
        return lambda _: self._fired.append(name)  # which cannot fail: the package would hide it

    def fires(self, name: str, fact: Json) -> bool:
        """Return whether the rule with this name fires for a fact, and no other does."""
        self._fired.clear()
        whole = {**fact, "kind": name, "id": "#0", "sid": _SESSION}
        try:
            self._call(self._host.assert_fact, whole)
        finally:
            self._call(self._host.retract_fact, whole)
        if self._fired not in ([], [name]):
            raise NbaError(f"`{name}` was asked for, and fired: {self._fired}")
        return bool(self._fired)

    def _call(self, function: Callable[[str, Json], object], fact: Json) -> None:
        with contextlib.suppress(self._unmatched):
            function(self._name, dict(fact))


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


class _Asking:
    """Asks the rules of a pattern about one journey."""

    def __init__(self, rules: _Rules, compiled: RuleSet, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.times = [int(row["at"]) for row in rows]
        self._rules = rules
        self._reads = compiled.reads
        self._name = compiled.moment.id

    def matches(self, rule: str, place: int, found: Sequence[int] = (), after: int = -1) -> bool:
        """Return whether the event at a place goes on with those found, after that at *after*."""
        row = self.rows[place]
        anchor_at = self.rows[found[0] if found else place]["at"]
        fact: Json = {"type": row["type"], "place": place, "after": after}
        fact["at"] = self._encoded("timestamp", row["at"])
        fact["anchor_at"] = self._encoded("timestamp", anchor_at)
        for name, kind in self._reads[rule].own:
            if name in row:  # what is unknown is left out
                fact[property_name(name, kind)] = self._encoded(kind, row[name])
        for slot, name, kind in self._reads[rule].found:
            earlier = self.rows[found[slot]]
            if name in earlier:
                fact[found_name(slot, name, kind)] = self._encoded(kind, earlier[name])
        try:
            return self._rules.fires(rule, fact)
        except Exception as error:
            raise NbaError(f"durable-rules failed for moment `{self._name}`: {error}") from error

    def refuse(self, why: str) -> NoReturn:
        """Raise CaseError."""
        raise CaseError(
            f'moment `{self._name}` cannot be found in this journey with `moments="durable"`: {why}'
        )

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
    """Finds the instances of one pattern in a journey."""

    def __init__(self, asking: _Asking, pattern: Pattern, reach: int | None) -> None:
        self.asking = asking
        self.pattern = pattern
        self.reach = reach
        self.rows = asking.rows
        self.times = asking.times

    def instances(self) -> list[Instance]:
        """Return the instances, by anchor."""
        found = map(self._instance, self._candidates())
        return [instance for instance in found if instance]

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
        places = self._places(self.pattern.steps[0], 0, len(self.rows))
        return [place for place in places if self.asking.matches("step0", place)]

    def _completions(self) -> dict[int, tuple[int, ...]]:
        """Return the earliest completion of every anchor.

        Every beginning of the sequence waits while its anchor is near enough, and not completed.
        Of those that one event completes, that with the earlier events counts.
        """
        steps, asking = self.pattern.steps, self.asking
        lengths = [length for length in (self.pattern.within, self.reach) if length is not None]
        found: dict[int, tuple[int, ...]] = {}
        waiting: list[tuple[int, ...]] = []
        for place, row in enumerate(self.rows):
            oldest = bisect_left(self.times, self.times[place] - min(lengths, default=TIME))
            waiting = [each for each in waiting if each[0] >= oldest and each[0] not in found]
            for each in ((), *waiting):
                step = steps[len(each)]
                if row["type"] == step.event and asking.matches(
                    f"step{len(each)}", place, each, each[-1] if each else -1
                ):
                    longer = (*each, place)
                    if len(longer) < len(steps):
                        waiting.append(longer)
                    else:
                        found[longer[0]] = min(longer, found.get(longer[0], longer))
            if len(waiting) > PARTIALS or len({each[0] for each in waiting}) > ANCHORS:
                asking.refuse("too many of its events are near enough to be in one sequence")
        return found

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

    def _first(self, role: str, it: _Candidate, start: int, stop: int) -> int | None:
        """Return the first place from *start* on and before *stop* that matches for a role."""
        found: int | None = None
        for rule, step in steps_of(self.pattern, role):
            places = self._places(step, max(start, it.anchor + 1), stop)
            matches = (n for n in places if self.asking.matches(rule, n, it.evidence, it.anchor))
            found = next(matches, found)
            stop = stop if found is None else found  # of several the earliest counts
        return found

    def _places(self, step: Step, start: int, stop: int) -> Iterator[int]:
        return (n for n in range(start, stop) if self.rows[n]["type"] == step.event)

    def _instance(self, it: _Candidate) -> Instance | None:
        pattern, times = self.pattern, self.times
        limits = [] if pattern.lasts is None else [it.opens + pattern.lasts]
        stop = bisect_right(times, limits[0]) if limits else len(times)
        lingers = bisect_right(times, limits[0] + pattern.linger) if limits else stop
        met = self._first("expect", it, 0, lingers)
        if met is not None and it.deadline is not None and times[met] <= it.deadline:
            return None
        if self._first("unless", it, 0, it.place + 1) is not None:
            return None
        released = self._first("until", it, it.place + 1, stop)
        if released is not None and not (limits and limits[0] <= times[released]):
            limits = [times[released] + pattern.linger]
        if met is not None:
            limits.append(times[met])
        if self.reach is not None:
            limits.append(times[it.anchor] + self.reach)
        ends = min(limits, default=None)
        if ends is not None and ends <= it.opens:
            return None
        steps = zip(pattern.steps, it.evidence, strict=False)
        evidence = {step.alias: self.rows[place] for step, place in steps}
        return Instance(it.anchor, it.opens, ends, evidence)
