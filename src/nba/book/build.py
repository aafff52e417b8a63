"""Documents to model: the sum of all files becomes one book, or a list of all that is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import tzinfo
from typing import Any, Final, NamedTuple, TypeVar

from nba import windows
from nba.book import documents, dump, model
from nba.book.briefing import briefing
from nba.book.cases import World, checked_test
from nba.book.catalogue import Catalogue
from nba.book.contact_policy import ContactSections
from nba.book.corridors import corridor, corridor_fields
from nba.book.expansion import check_expansion
from nba.book.expressions import Expressions
from nba.book.fields import PRESENT, Fields, declared_fields
from nba.book.files import Documents, Files
from nba.book.findings import At, Findings, TooManyError
from nba.book.folder import digests_of, read_folder
from nba.book.gestures import GIVEN, Gestures
from nba.book.interaction_event import interaction_event
from nba.book.journey import JourneySections
from nba.book.lengths import Lengths
from nba.book.order import derived_order
from nba.book.point_sheets import PointSheets
from nba.book.ranking import Ranking
from nba.book.selectors import Anything, covers
from nba.book.sheet import Sheet
from nba.book.source import Source
from nba.book.table import output_fields
from nba.book.table_checks import Domains, check_table
from nba.book.tables import Tables, check_named
from nba.book.window import Windows
from nba.errors import BookError, Diagnostic, did_you_mean, errors_in
from nba.lang.context import FieldSpec, Shape
from nba.lang.types import BOOL, DOUBLE, DYN, STRING, TIMESTAMP, EnumType, Type

__all__ = ["GIVEN", "Built", "build", "load"]

Built_ = TypeVar("Built_")

#: Sections that only the file with `book:` may have.
_OF_THE_BOOK: Final = frozenset(
    {
        "format",
        "title",
        "timezone",
        "currency",
        "household",
        "eligible",
        "applicable",
        "suitable",
        "reach",
        "interaction_event",
        "outcome_event",
        "on_profile_failure",
    }
)
#: The fields that an event which an outcome is may have.
OUTCOME_FIELDS: Final = ("outcome", "action", "issue", "group", "kind", "direction", "decision")
#: A field that every book has.
_CHANNEL: Final = "interaction.channel"
#: What a name's fields are declared in.
_SECTIONS: Final = {
    "condition": "conditions",
    "scorecard": "scorecards",
    "signal": "signals",
    "moment": "moments",
    "corridor": "corridors",
    "table": "tables",
}
#: Sections whose ids alone do not tell which fields they declare.
_DECLARING: Final = ("signals", "moments", "corridors", "tables")
#: What cuts a value short: other faults on its line come from that.
_CUTS_SHORT: Final = frozenset({"swallowed-by-comment", "split-by-comma", "yaml-alias", "yaml-tag"})


class Built(NamedTuple):
    """A book, and what is allowed in it but doubtful."""

    book: model.Book
    warnings: list[Diagnostic]


def load(path: str | os.PathLike[str]) -> Built:
    """Read and build the rule book in a folder. Raises BookError with everything wrong in it."""
    sources = read_folder(path)
    book, warnings = build(sources)
    return Built(replace(book, files=digests_of(sources)), warnings)


def build(sources: Iterable[Source | Sheet]) -> Built:
    """Build a rule book from its files. Raises BookError with everything that is wrong."""
    findings = Findings()
    found = None
    with suppress(TooManyError):
        found = _Builder(Files(sources, findings), findings).build()
    diagnostics = _without_consequences(findings.ordered())
    if found is None or errors_in(diagnostics):
        raise BookError(diagnostics)
    return Built(dump.with_version(found), diagnostics)


def _without_consequences(found: list[Diagnostic]) -> list[Diagnostic]:
    """Leave out what is wrong on the line of a value that was cut short."""
    lines = {
        (one.where.file, one.where.line) for one in found if one.where and one.code in _CUTS_SHORT
    }
    return [
        one
        for one in found
        if one.code in _CUTS_SHORT
        or one.where is None
        or (one.where.file, one.where.line) not in lines
    ]


class _Builder:
    def __init__(self, files: Files, findings: Findings) -> None:
        self.files = files
        self.findings = findings
        self.known = files.known()

    def build(self) -> model.Book:
        files, known, findings = self.files, self.known, self.findings
        main, at = self.main_file()
        zone = self.zone(main, at)
        fields = self.fields(zone)
        conditions, scorecards = files.section("conditions"), files.section("scorecards")
        points = files.section("decision_points")
        given = FieldSpec(PRESENT, BOOL), FieldSpec("now", TIMESTAMP)
        named_fields = (
            *(FieldSpec(f"condition.{name}", BOOL) for name in sorted(files.ids("conditions"))),
            *(FieldSpec(f"scorecard.{name}", DOUBLE) for name in sorted(files.ids("scorecards"))),
        )
        plain = Shape(fields, given, zone).names() | self.unread()
        lengths = Lengths(main.reach, at / "reach", findings)
        times = Windows(plain, lengths)
        journey = self.journey(zone, times)
        events = _each(files.section("events"), journey.event_type)
        signals = _each(
            files.section("signals"),
            lambda name, document, where: journey.signal(name, document, where, plain),
        )
        moments = _each(files.section("moments"), journey.moment)
        corridors = _each(
            files.section("corridors"),
            lambda name, document, where: corridor(name, document, where, journey),
        )
        relationships = files.single("relationship")
        from_journey = (
            *(FieldSpec(f"signal.{name}", found.type) for name, found in signals.items()),
            *journey.moment_fields(moments),
            *corridor_fields(corridors),
            *(FieldSpec("relationship", DOUBLE) for _ in relationships[:1]),
            *(FieldSpec(GIVEN, DOUBLE, title="what is given") for _ in self.gestures()[:1]),
        )
        tables = Tables(files.sheets, files.ids("actions"), zone, findings)
        columns = _each(
            files.section("tables"), lambda _, found, where: tables.outputs(found, where)
        )
        from_tables = (
            spec
            for name, (document, _) in files.section("tables").items()
            for spec in output_fields(name, document.title, document.hit, columns[name])
        )
        shape = Shape(fields, (*given, *from_journey, *named_fields, *from_tables), zone)
        names = shape.names() | self.unread()
        expressions = Expressions(names, findings)
        contact = ContactSections(
            times,
            expressions,
            known,
            household=main.household is not None or (at / "household").faulty,
            outcomes=files.ids("outcomes"),
        )
        gestures = Gestures(contact, expressions, main.currency or "EUR", files.ids("budgets"))
        policies = files.single("contact_policy")
        budgets = _each(files.section("budgets"), gestures.budget)
        limits = contact.limits(policies)
        decided = _each(
            files.section("tables"),
            lambda name, document, where: tables.table(
                name, document, where, columns[name], expressions
            ),
        )
        for table in decided.values():
            gestures.check_not_yet([found.expression for found in table.inputs])
        catalogue = Catalogue(
            expressions, known, zone, gestures, decided, sound=frozenset(tables.sound)
        )
        ranking = Ranking(expressions, known, findings, PointSheets(files.sheets, expressions))

        named = {
            name: condition
            for name, (document, where) in conditions.items()
            if (condition := expressions.condition(document, where))
        }
        cards = _each(scorecards, ranking.scorecard)
        relationship = ranking.relationship(relationships)
        issues = _each(files.section("issues"), catalogue.issue)
        groups = _each(files.section("groups"), catalogue.group)
        actions = _each(
            files.section("actions"),
            lambda name, document, where: catalogue.action(name, document, where, issues, groups),
        )
        world = World(
            shape,
            names,
            known,
            {name: Shape(kind.fields, zone=zone) for name, kind in events.items()},
            type_ids=files.ids("events"),
            outcomes=files.ids("outcomes"),
            actions=actions,
            budgets=budgets,
            limits=limits,
            counted=files.ids("budgets") | files.limits(),
            currency=main.currency or "EUR",
        )
        scorings, arbitrations = files.single("scoring"), files.single("arbitration")
        derived = derived_order(named, cards, relationship, decided, findings)
        if not findings.errors:  # what could not be read may be what makes the difference
            check_named(decided, actions, findings)
        domains = Domains(fields, signals, moments, corridors, cards)
        for path in derived:
            if path.startswith("condition."):
                domains.name(path, named[path.removeprefix("condition.")])
        for name in sorted(tables.sound):
            check_table(decided[name], domains, findings)
        check_expansion(named, derived, findings)
        outcomes = _each(files.section("outcomes"), contact.outcome)
        return model.Book(
            id=main.book or "",
            title=main.title or "",
            timezone=main.timezone or "UTC",
            currency=main.currency or "EUR",
            household=self.household(main, at, shape),
            fields=fields,
            reach=lengths.reach,
            events=events,
            outcome_event=self.outcome_event(main, at, events),
            interaction_event=interaction_event(
                main.interaction_event,
                at / "interaction_event",
                journey,
                Expressions(plain, findings),
            ),
            signals=signals,
            moments=moments,
            corridors=corridors,
            relationship=relationship,
            briefing=briefing(files.single("briefing"), journey, expressions),
            calendars=_each(files.section("calendars"), contact.calendar),
            channels=_each(files.section("channels"), catalogue.channel),
            limits=limits,
            suppressions=contact.suppressions(policies),
            budgets=budgets,
            outcomes=outcomes,
            attribution=contact.attribution(files.single("attribution"), outcomes),
            on_store_failure=self.on_store_failure(),
            on_profile_failure=main.on_profile_failure or "without",
            conditions=named,
            scorecards=cards,
            tables=decided,
            derived=derived,
            gates=catalogue.gates(main, at),
            policies=_each(files.section("policies"), catalogue.policy),
            issues=issues,
            groups=groups,
            actions=actions,
            scoring=ranking.scoring(scorings),
            tiers=ranking.tiers(arbitrations),
            no_action=ranking.no_action(arbitrations),
            decision_points=_each(points, ranking.decision_point),
            kill_switch=ranking.stops(files.listed("kill_switch")),
            tests=tuple(
                checked_test(test, where, world, findings) for test, where in files.listed("tests")
            ),
            shape=shape,
            zone=zone,
            version="",
        )

    # --- the file with `book:`

    def main_file(self) -> tuple[documents.File, At]:
        files = self.files.all
        mains = [(document, at) for document, at in files if document.book]
        faulty = [(document, at) for document, at in files if (at / "book").faulty]
        if not mains and not faulty and self.files.whole:
            help_ = "add `book: <id>` to one of them, such as book.yaml"
            self.findings.report("no-book", "no file has `book:`", help_, files[0][1].place)
        for _, at in mains[1:]:
            first = (mains[0][1] / "book").key_place
            message = f"a book has one file with `book:`, and the first is at {first}"
            self.findings.report("no-book", message, "remove it here", (at / "book").key_place)
        main = (mains or faulty or files)[0]
        if mains and main[0].format is None and not (main[1] / "format").faulty:
            place = (main[1] / "book").key_place
            self.findings.report("missing-key", "the book needs `format`", "add `format: 1`", place)
        for document, at in files:
            if mains and not document.book and not (at / "book").faulty:
                for key in document.model_fields_set & _OF_THE_BOOK:
                    message = f"`{key}` belongs in the file that has `book:`"
                    place = (at / key).key_place
                    self.findings.report("wrong-value", message, "move it there", place)
        return main

    def zone(self, main: documents.File, at: At) -> tzinfo:
        try:
            return windows.zone(main.timezone or "UTC")
        except ValueError as error:
            help_ = "write an IANA name such as `Europe/Dublin`"
            self.findings.report("wrong-value", str(error), help_, (at / "timezone").place)
            return windows.zone("UTC")

    def household(self, main: documents.File, at: At, shape: Shape) -> str | None:
        path = main.household
        if path is None:
            return None
        types = {spec.path: spec.type for spec in shape.inputs if spec.path.startswith("customer.")}
        if path not in types and "customer" not in self.files.unknown_roots():
            message = f"`{path}` is not a declared field of the customer"
            help_ = did_you_mean(path, types)
            self.findings.report("undeclared-name", message, help_, (at / "household").place)
        elif types.get(path, DYN).name not in ("string", "int", "dyn"):
            message, help_ = f"`{path}` cannot name a household", "choose a string or an int field"
            self.findings.report("wrong-type", message, help_, (at / "household").place)
        return path

    def outcome_event(
        self, main: documents.File, at: At, events: Mapping[str, model.EventType]
    ) -> str | None:
        """Return the type of the event that an outcome is; its fields must be texts."""
        name = main.outcome_event
        if name is None:
            return None
        here = at / "outcome_event"
        if name not in self.files.ids("events"):
            self.findings.unknown("event type", name, self.files.ids("events"), here)
        for spec in events[name].fields if name in events else ():
            if spec.path in OUTCOME_FIELDS and spec.type.name != "string":
                message = f"`{spec.path}` of `{name}` holds text of an outcome"
                help_ = f"declare it as `{spec.path}: string`"
                self.findings.report("wrong-type", message, help_, here.place)
        return name

    def on_store_failure(self) -> model.StoreFailure:
        """Return what is done without the store, which one file may say."""
        given = self.files.single("on_store_failure")
        for _, at in given[1:]:
            message = "`on_store_failure` is given twice"
            self.findings.report("duplicate-id", message, "keep one", at.key_place)
        for document, at in given[:1]:
            selector = document.without_limits_for
            here = at / "without_limits_for"
            if selector is not None:
                return model.StoreFailure(covers(selector, here, self.known, self.findings))
        return model.StoreFailure()

    # --- names

    def gestures(self) -> list[documents.Action]:
        """Return the actions that give something."""
        actions = self.files.section("actions").values()
        return [document for document, at in actions if (at / "gesture").value is not None]

    def fields(self, zone: tzinfo) -> tuple[FieldSpec, ...]:
        known = self.known.channel
        channels = None if isinstance(known, Anything) else tuple(sorted(known))
        found = Fields(self.findings)
        for document, at in self.files.all:
            for root, declarations in document.context.items():
                here = at / "context" / root
                specs = declared_fields(
                    declarations, root, here, self.findings, channels=channels, zone=zone
                )
                found.add(specs, here)
        if _CHANNEL not in found.by_path:
            kind = STRING if channels is None else EnumType("string", values=channels)
            found.by_path[_CHANNEL] = FieldSpec(_CHANNEL, kind)
        return tuple(sorted(found.by_path.values(), key=lambda spec: spec.path))

    def unread(self) -> dict[str, Type]:
        """Return what could not be read: it may have any name in it."""
        names: dict[str, Type] = dict.fromkeys(self.files.unknown_roots(), DYN)
        names |= {} if self.files.whole else {"relationship": DYN, "gesture": DYN}
        if any((at / "relationship").faulty for _, at in self.files.all):
            names["relationship"] = DYN
        for name, section in _SECTIONS.items():
            ids = self.files.ids(section)
            faulty = [at / section for _, at in self.files.all if (at / section).faulty]
            if isinstance(ids, Anything) or (faulty and section in _DECLARING):
                names |= dict.fromkeys(
                    ("moment", "evidence", "moments") if name == "moment" else (name,), DYN
                )
        return names

    def journey(self, zone: tzinfo, times: Windows) -> JourneySections:
        known = self.known.channel
        channels = () if isinstance(known, Anything) else tuple(sorted(known))
        return JourneySections(channels, zone, self.files.ids("events"), times)


def _each(section: Documents, build: Callable[[str, Any, At], Built_]) -> dict[str, Built_]:
    return {name: build(name, document, at) for name, (document, at) in section.items()}
