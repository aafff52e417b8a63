"""The journey's sections: event types, signals, moments, and the relationship."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any, Final

from nba.book import documents, model
from nba.book.expressions import Expressions
from nba.book.fields import declared_fields
from nba.book.findings import At, short
from nba.book.window import Windows
from nba.lang.context import FieldSpec
from nba.lang.syntax import is_reserved
from nba.lang.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    EnumType,
    ObjectType,
    Type,
    list_of,
    map_of,
)
from nba.windows import Window

__all__ = ["JourneySections"]

_OF_TYPES: Final = ("count", "exists", "rate")
_OF_VALUES: Final = ("sum", "avg", "min", "max", "distinct", "first", "last")
_ORDERED: Final = (INT, DOUBLE, STRING, TIMESTAMP, DURATION)
_ANY_VALUE: Final = (*_ORDERED, BOOL)
_FORMS: Final = ("sequence", "at_least", "after")  # of a pattern
_OF_AT_LEAST: Final = ("event", "as", "where")
MAX_STEPS: Final = 8
#: Stands among the names of steps for one that could not be read: what uses it is not checked.
_UNREAD: Final = ""
#: What conditions read by these names.
_TAKEN: Final = frozenset(
    {
        *("customer", "interaction", "now", "event", "signal", "moment", "moments", "evidence"),
        *("corridor", "relationship", "condition", "scorecard", "table", "gesture"),
    }
)


class JourneySections:
    """Builds what the journey's sections declare, and the names that conditions get from it."""

    def __init__(
        self,
        channels: tuple[str, ...],
        zone: tzinfo,
        known: frozenset[str],
        windows: Windows,
    ) -> None:
        self.channels = channels
        self.zone = zone
        self.known = known  # every event type that files declare
        self.windows = windows
        self.lengths = windows.lengths
        self.findings = windows.findings
        self.types: dict[str, model.EventType] = {}

    # --- events

    def event_type(self, name: str, fields: Mapping[str, Any] | None, at: At) -> model.EventType:
        """Return an event type; `type`, `channel`, `at` and `id` are there already."""
        if name in ("type", "channel", "at", "id"):
            message = f"`{name}` cannot be the name of an event type: every event has one"
            self.findings.report("wrong-value", message, "rename it", at.key_place)
        for reserved in ("type", "channel", "at", "id"):
            if reserved in (fields or {}):
                message = f"every event has `{reserved}`"
                self.findings.report(
                    "duplicate-id", message, "remove it", (at / reserved).key_place
                )
        specs = declared_fields(
            fields or {}, name, at, self.findings, channels=self.channels, zone=self.zone
        )
        own = tuple(
            replace(spec, path=spec.path.removeprefix(f"{name}."))
            for spec in sorted(specs, key=lambda spec: spec.path)
        )
        self.types[name] = model.EventType(name, own, at.key_place)
        return self.types[name]

    def _object(self, alias: str, names: Collection[str]) -> Type:
        """Return the type of an event of any of these types: the fields they have in common.

        Of a type that was not declared, or with a mistake, nobody knows the fields.
        """
        if not names or any(name not in self.types for name in names):
            return DYN
        fields: dict[str, Type] = {}
        clashes: set[str] = set()
        for name in names:
            for spec in self.types[name].fields:
                if fields.setdefault(spec.path, spec.type) != spec.type:
                    clashes.add(spec.path)
        for path in clashes:
            del fields[path]
        channel = EnumType("string", values=self.channels) if self.channels else STRING
        fields |= {"type": STRING, "id": STRING, "at": TIMESTAMP, "channel": channel}
        return ObjectType(alias, fields=fields)

    def _event_types(self, names: Iterable[str], at: At) -> tuple[str, ...]:
        for name in names:
            if name not in self.known and not at.faulty:
                self.findings.unknown("event type", name, self.known, at.named(name))
        return tuple(sorted(set(names)))

    def reading(self, alias: str, event: str, at: At, *, key: bool = False) -> Type:
        """Return what conditions read, as *alias*, of an event of a type that the file names."""
        if event not in self.known and not at.faulty:
            self.findings.unknown("event type", event, self.known, at, key=key)
        return self._object(alias, [event])

    # --- signals

    def signal(
        self, name: str, document: documents.Signal, at: At, names: Mapping[str, Type]
    ) -> model.Signal:
        """Return a signal; *names* are the declared fields and `now`."""
        given = [kind for kind in (*_OF_TYPES, *_OF_VALUES) if getattr(document, kind) is not None]
        kind: Any = given[0] if given else "count"
        if len(given) > 1:
            message = f"{' and '.join(f'`{key}`' for key in given)} exclude each other"
            self.findings.report("wrong-value", message, "keep one of them", at.key_place)
        elif not given and not _any_faulty(at, (*_OF_TYPES, *_OF_VALUES)):
            known = ", ".join(f"`{key}`" for key in (*_OF_TYPES, *_OF_VALUES))
            message = f"the signal `{name}` needs one of {known}"
            self.findings.report("missing-key", message, "add one of them", at.key_place)
        types = document.of or [] if kind in _OF_VALUES else getattr(document, kind) or []
        key = "of" if kind in _OF_VALUES else kind
        if not types and given and not (at / key).faulty:
            message = f"the signal `{name}` needs `{key}`, the types of its events"
            self.findings.report("missing-key", message, f"write `{key}: [contact]`", at.key_place)
        events = self._event_types(types, at / key)
        reading = Expressions({**names, "event": self._object("event", events)}, self.findings)
        expected = {"sum": (DOUBLE, INT), "avg": (DOUBLE, INT), "min": _ORDERED, "max": _ORDERED}
        expression = None
        if kind in _OF_VALUES:
            allowed = expected.get(kind, _ANY_VALUE)
            expression = reading.expression(getattr(document, kind), at / kind, allowed)
        window = self.windows.window(document.within, at / "within", doubt=True)
        if len(given) == 1:
            self._check_options(name, kind, document, window, at)
        by = reading.expression(document.by, at / "by", (STRING,))
        found = expression.tree.type if expression else DYN
        result = _result(kind, found, decayed=document.half_life is not None)
        return model.Signal(
            name,
            document.title,
            kind,
            events,
            expression,
            reading.condition(document.where, at / "where"),
            by,
            window,
            self.lengths.length(document.half_life, at / "half_life"),
            self.lengths.length(document.per, at / "per"),
            map_of(STRING, result) if by else result,
            at.key_place,
        )

    def _check_options(
        self, name: str, kind: str, document: documents.Signal, window: Window, at: At
    ) -> None:
        if document.half_life is not None and kind not in ("count", "sum"):
            message = "only a `count` or a `sum` has a half-life"
            self.findings.report("wrong-value", message, "remove it", (at / "half_life").key_place)
        if document.of is not None and kind in _OF_TYPES:
            message = f"`{kind}` names its event types itself"
            self.findings.report("wrong-value", message, "remove `of`", (at / "of").key_place)
        if kind == "rate" and (document.per is None or not window.length):
            message = f"the rate `{name}` needs `per` and a rolling `within`"
            help_ = "add `per: 1d` and `within: 7d`"
            self.findings.report("missing-key", message, help_, at.key_place)
        if document.per is not None and kind != "rate":
            message = "only a `rate` has `per`"
            self.findings.report("wrong-value", message, "remove it", (at / "per").key_place)

    # --- moments

    def moment(self, name: str, document: documents.Moment, at: At) -> model.Moment:
        """Return a moment with its patterns; what stands beside `any` counts for all of them."""
        if document.any is None:
            patterns = [self._pattern(document, document, at, at)]
        else:
            if _has_pattern(document):
                message = f"the moment `{name}` has `any` and a pattern of its own"
                self.findings.report("wrong-value", message, "move it below `any`", at.key_place)
            if len(document.any) == 1 and not (at / "any").faulty:
                message, help_ = "`any` has one pattern", "write it without `any`, or add another"
                place = (at / "any").key_place
                self.findings.report("wrong-value", message, help_, place, warning=True)
            patterns = [
                self._pattern(inner, document, at / "any" / place, at)
                for place, inner in enumerate(document.any)
            ]
            self._check_shared(document, at)
        return model.Moment(
            name,
            document.title,
            document.severity,
            tuple(pattern for pattern in patterns if pattern),
            document.briefing,
            at.key_place,
        )

    def _check_shared(self, document: documents.Moment, at: At) -> None:
        """Report what stands beside `any` and counts for none of its patterns."""
        inner = document.any or []
        if at.faulty:
            return
        if document.linger is not None and not any(each.until for each in (document, *inner)):
            self._no_until(at)
        waits = any(each.after is None or each.expect is not None for each in inner)
        if document.within is not None and not waits:
            self._nothing_expected(at, "within")

    def _no_until(self, at: At) -> None:
        message = "`linger` is how long it stays open after `until`, and there is no `until`"
        help_ = "add `until:`, or say with `lasts` how long it stays open"
        self.findings.report("wrong-value", message, help_, (at / "linger").key_place)

    def _nothing_expected(self, at: At, key: str) -> None:
        message = f"`{key}` says by when something is expected, and there is no `expect`"
        help_ = "add `expect:`; how long it stays open is `lasts`"
        self.findings.report("wrong-value", message, help_, (at / key).key_place)

    def _pattern(
        self, own: documents.Pattern, around: documents.Pattern, at: At, around_at: At
    ) -> model.Pattern | None:
        """Return a pattern; what it does not say itself counts from what is *around* it."""
        forms = [key for key in _FORMS if getattr(own, key) is not None]
        if len(forms) != 1:
            message = "a pattern has one of `sequence`, `at_least` and `after`"
            help_ = "keep one of them" if forms else "add one of them"
            if forms or not _any_faulty(at, (*_FORMS, "any")):
                self.findings.report("missing-key", message, help_, at.key_place)
            return None
        kind: Any = forms[0]
        for key in () if kind == "at_least" or at.faulty else _OF_AT_LEAST:
            if (at / key).value is not None:
                message, help_ = f"`{key}` goes with `at_least`", "move it into a step"
                self.findings.report("wrong-value", message, help_, (at / key).key_place)
        names: dict[str, Type] = {}
        steps = self._steps(own, kind, at, names)
        within = own.within or around.within
        faulty = (at / "within").faulty or (at / kind).faulty
        long = len(steps) + (own.at_least or 1) > 2
        if kind != "after" and within is None and long and not faulty:
            message = f"`{kind}` needs `within`"
            self.findings.report("missing-key", message, "add `within: 7d`", at.key_place)
        expect = by = None
        if kind == "after":
            expect = self.step(own.expect, at / "expect", names)
            scope = "`by` reads only the event of `after`"
            by = self.by(own.by, at / "by", names, scope) if steps else None
            if not at.faulty:
                self._check_expected(own, within, at)
        elif own.expect is not None or own.by is not None:
            message = "`expect` and `by` go with `after`"
            self.findings.report("wrong-value", message, "remove them", at.key_place)
        if own.linger is not None and not (own.until or around.until) and not at.faulty:
            self._no_until(at)

        def place(key: str) -> At:
            return (at if getattr(own, key) is not None else around_at) / key

        def remembered(key: str) -> int | None:
            text = getattr(own, key) or getattr(around, key)
            return self.lengths.length(text, place(key), remembered=f"`{key}`", doubt=True)

        return model.Pattern(
            kind,
            steps,
            remembered("within"),
            own.at_least or 1,
            expect,
            by,
            self.steps(own.unless or around.unless, place("unless"), names),
            self.steps(own.until or around.until, place("until"), names),
            self.lengths.plain(own.linger or around.linger, place("linger")) or 0,
            remembered("lasts"),
        )

    def _check_expected(self, own: documents.Pattern, within: str | None, at: At) -> None:
        """Report a deadline for nothing, no deadline, and two of them."""
        if own.expect is None:
            for key in ("within", "by"):
                if getattr(own, key) is not None:
                    self._nothing_expected(at, key)
        elif own.by is None and within is None:
            message = "what is expected needs `within` or `by`"
            help_ = "add `within: 72h`, or the time as `by:`"
            self.findings.report("missing-key", message, help_, (at / "expect").key_place)
        elif own.by is not None and within is not None:
            message = "`within` and `by` exclude each other"
            self.findings.report("wrong-value", message, "keep one of them", (at / "by").key_place)

    def by(
        self, text: Any, at: At, names: Mapping[str, Type], scope: str
    ) -> model.Expression | None:
        """Return the time by which something is expected, over the events in *names*."""
        if _UNREAD in names:
            return None
        return Expressions(names, self.findings, scope).expression(text, at, (TIMESTAMP,))

    def _steps(
        self, own: documents.Pattern, kind: str, at: At, names: dict[str, Type]
    ) -> tuple[model.Step, ...]:
        if kind == "sequence":
            given = own.sequence or []
            if not 2 <= len(given) <= MAX_STEPS:
                message = f"a sequence has two to {MAX_STEPS} steps, not {len(given)}"
                self.findings.report("wrong-value", message, "", (at / "sequence").place)
            if len(given) < len((at / "sequence").value or ()):
                names[_UNREAD] = DYN
            found = [
                self.step(step, at / "sequence" / place, names, keep=True)
                for place, step in enumerate(given)
            ]
        elif kind == "at_least":
            if own.event is None or own.alias is None:
                names[_UNREAD] = DYN
                if _any_faulty(at, ("event", "as")):
                    return ()
                message = "`at_least` needs `event` and `as`"
                self.findings.report("missing-key", message, "add them", at.key_place)
                return ()
            step = documents.Step(event=own.event, where=own.where, **{"as": own.alias})
            found = [self.step(step, at, names, keep=True)]
        else:
            found = [self.step(own.after, at / "after", names, keep=True)]
        return tuple(step for step in found if step)

    def step(
        self, document: documents.Step | None, at: At, names: dict[str, Type], *, keep: bool = False
    ) -> model.Step | None:
        """Return a step; its conditions read it and those before, which *keep* adds it to."""
        if document is None:
            return None
        alias, event = document.alias, document.event
        if event or (at / "event").value is not None:  # else it was missed already
            self._event_types([event], at / "event")
        if alias or (at / "as").value is not None:
            self._check_alias(alias, names, at / "as")
        own = {**names, alias or _UNREAD: self._object(alias, [event])}
        if keep:
            names.update(own)
        where = None
        if _UNREAD not in own:
            scope = "a step reads only the events of this and earlier steps"
            found = Expressions(own, self.findings, scope)
            where = found.condition(document.where, at / "where")
        return model.Step(event, alias, where)

    def _check_alias(self, alias: str, names: Mapping[str, Type], at: At) -> None:
        """Report a name of a step that conditions cannot read, or that means something else."""
        if alias in names:
            message, help_ = f"two steps are called `{alias}`", "rename one"
            if alias == "event":  # in a briefing
                message = "the event that this is about is called `event`"
                help_ = "write `as: later`"
            self.findings.report("duplicate-id", message, help_, at.place)
        elif not (alias.isidentifier() and alias.isascii()) or is_reserved(alias):
            message = f"`{short(alias)}` cannot be the name of a step"
            help_ = "use letters, digits and `_`, beginning with a letter, and no reserved word"
            self.findings.report("wrong-value", message, help_, at.place)
        elif alias in _TAKEN:
            message = f"`{alias}` is the name of something else in conditions"
            # `now` would make functions such as `since` read the step
            warning = alias != "now"
            help_ = "rename the step"
            self.findings.report("wrong-value", message, help_, at.place, warning=warning)

    def steps(
        self, given: Sequence[documents.Step] | None, at: At, names: Mapping[str, Type]
    ) -> tuple[model.Step, ...]:
        """Return the steps of which any one will do; each reads itself and those in *names*."""
        alone = not isinstance(at.value, list)
        found = (
            self.step(document, at if alone else at / place, dict(names))
            for place, document in enumerate(given or ())
        )
        return tuple(sorted((step for step in found if step), key=repr))  # in any order

    # --- the names that conditions get

    def moment_fields(self, moments: Mapping[str, model.Moment]) -> Iterator[FieldSpec]:
        """Yield the fields `moments`, `moment.x` and `evidence.x.<step>.<field>`."""
        if moments:
            ids = EnumType("string", values=tuple(moments))
            yield FieldSpec("moments", list_of(ids))
        for name, moment in moments.items():
            yield FieldSpec(f"moment.{name}", BOOL, title=moment.title)
            aliases: dict[str, list[str]] = {}
            for pattern in moment.patterns:
                for step in pattern.steps:
                    if step.alias:
                        aliases.setdefault(step.alias, []).append(step.event)
            for alias, events in aliases.items():
                found = self._object(alias, events)
                if not isinstance(found, ObjectType):
                    yield FieldSpec(f"evidence.{name}.{alias}", found)
                    continue
                for path, kind in found.fields.items():
                    yield FieldSpec(f"evidence.{name}.{alias}.{path}", kind)


def _has_pattern(document: documents.Pattern) -> bool:
    return any(getattr(document, key) is not None for key in _FORMS)


def _any_faulty(at: At, keys: Iterable[str]) -> bool:
    """Return whether one of the keys below *at* has a fault that was reported."""
    return any((at / key).faulty for key in keys)


def _result(kind: str, taken: Type, *, decayed: bool) -> Type:
    if kind in ("count", "distinct"):
        return DOUBLE if decayed else INT
    if kind in ("sum", "avg", "rate"):
        return DOUBLE
    return BOOL if kind == "exists" else taken
