"""Documents to model: the sum of all files becomes one book, or a list of all that is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final, NamedTuple, TypeVar

from nba import windows
from nba.book import documents, dump, model
from nba.book.cases import checked_test
from nba.book.catalogue import Catalogue
from nba.book.expressions import Expressions
from nba.book.fields import Fields, declared_fields
from nba.book.files import Documents, Files
from nba.book.findings import At, Findings, TooManyError
from nba.book.ranking import Ranking
from nba.book.selectors import Anything
from nba.book.source import Source, read_folder
from nba.errors import BookError, Diagnostic, did_you_mean, errors_in
from nba.lang import tree
from nba.lang.context import FieldSpec, Shape
from nba.lang.types import BOOL, DOUBLE, DYN, STRING, TIMESTAMP, EnumType, Type

__all__ = ["Built", "build", "load"]

Built_ = TypeVar("Built_")

#: Sections that only the file with `book:` may have.
_OF_THE_BOOK: Final = (
    "format title timezone currency household eligible applicable suitable".split()
)
#: Fields that every book has: whether there is an interaction, on which channel, and the time.
_PRESENT: Final = "interaction.present"
_CHANNEL: Final = "interaction.channel"
#: What cannot be said when a file could not be read: it may declare what is missed elsewhere.
_NEEDS_ALL_FILES: Final = frozenset({"no-book", "unknown-id", "undeclared-name", "not-in-enum"})
#: What cuts a value short: other faults on its line come from that.
_CUTS_SHORT: Final = frozenset(
    {"swallowed-by-comment", "split-by-comma", "yaml-alias", "yaml-tag", "empty-value"}
)


class Built(NamedTuple):
    """A book, and what is allowed in it but doubtful."""

    book: model.Book
    warnings: list[Diagnostic]


def load(path: str | os.PathLike[str]) -> Built:
    """Read and build the rule book in a folder. Raises BookError with everything wrong in it."""
    return build(read_folder(path))


def build(sources: Iterable[Source]) -> Built:
    """Build a rule book from its files. Raises BookError with everything that is wrong."""
    findings = Findings()
    found, whole = None, True
    try:
        files = Files(sources, findings)
        whole = files.whole
        found = _Builder(files, findings).build()
    except TooManyError:
        pass
    diagnostics = _without_consequences(findings.ordered(), whole=whole)
    if found is None or errors_in(diagnostics):
        raise BookError(diagnostics)
    return Built(dump.with_version(found), diagnostics)


def _without_consequences(found: list[Diagnostic], *, whole: bool) -> list[Diagnostic]:
    """Leave out what would be gone once another fault is mended."""
    cut_short = {
        (one.where.file, one.where.line) for one in found if one.where and one.code in _CUTS_SHORT
    }
    return [
        one
        for one in found
        if (whole or one.code not in _NEEDS_ALL_FILES)
        and (
            one.code in _CUTS_SHORT
            or one.where is None
            or (one.where.file, one.where.line) not in cut_short
        )
    ]


class _Builder:
    def __init__(self, sources: Iterable[Source]) -> None:
        self.findings = Findings()
        self.files: list[tuple[documents.File, At]] = []
        for source in sources:
            self.findings.all += source.diagnostics
            document, faults = validated(source)
            self.findings.all += faults
            self.files.append((document, At(source)))

    def build(self) -> Built:
        main, at = self.main_file()
        zone = self.zone(main, at)
        channels = self.section("channels")
        fields = self.fields(tuple(sorted(channels)), zone)
        known = self.known()
        conditions, scorecards = self.section("conditions"), self.section("scorecards")
        derived = tuple(
            [
                *(FieldSpec(f"condition.{name}", BOOL) for name in conditions),
                *(FieldSpec(f"scorecard.{name}", DOUBLE) for name in scorecards),
            ]
        )
        given = FieldSpec(_PRESENT, BOOL), FieldSpec("now", TIMESTAMP)
        shape = Shape(fields, (*given, *derived), zone)
        expressions = Expressions(shape.names(), self.findings)
        catalogue = Catalogue(expressions, known, zone, self.findings)
        ranking = Ranking(expressions, known, self.findings)

        named = {
            name: found
            for name, (document, where) in conditions.items()
            if (found := expressions.condition(document, where))
        }
        cards = self.each(scorecards, ranking.scorecard)
        issues = self.each(self.section("issues"), catalogue.issue)
        groups = self.each(self.section("groups"), catalogue.group)
        tests = tuple(
            checked_test(test, where, shape, known, self.section("decision_points"), self.findings)
            for test, where in self.listed("tests")
        )
        found = model.Book(
            id=main.book or "",
            title=main.title or "",
            timezone=main.timezone or "UTC",
            currency=main.currency or "EUR",
            household=self.household(main, at, shape),
            fields=fields,
            channels=self.each(channels, catalogue.channel),
            conditions=named,
            scorecards=cards,
            derived=self.in_order(named, cards),
            gates=catalogue.gates(main, at),
            policies=self.each(self.section("policies"), catalogue.policy),
            issues=issues,
            groups=groups,
            actions=self.each(
                self.section("actions"),
                lambda name, document, where: catalogue.action(name, document, where, issues, groups),
            ),
            scoring=ranking.scoring(self.listed_sections("scoring")),
            tiers=ranking.tiers(self.listed_sections("arbitration")),
            no_action=ranking.no_action(self.listed_sections("arbitration")),
            decision_points=self.each(self.section("decision_points"), ranking.decision_point),
            kill_switch=tuple(ranking.stop(*stop) for stop in self.listed("kill_switch")),
            tests=tests,
            shape=shape,
            zone=zone,
            version="",
        )
        diagnostics = self.findings.ordered()
        if errors_in(diagnostics):
            raise BookError(diagnostics)
        return Built(dump.with_version(found), diagnostics)

    # --- the file with `book:`

    def main_file(self) -> tuple[documents.File, At]:
        mains = [(document, at) for document, at in self.files if document.book]
        if len(mains) != 1:
            names = ", ".join(f"`{at.source.name}`" for _, at in mains)
            message = f"several files have `book:`: {names}" if mains else "no file has `book:`"
            help_ = "keep it in one" if mains else "add `book: <id>` to one, such as book.yaml"
            place = (mains or self.files)[-1][1]
            self.findings.report(
                "no-book", message, help_, (place / "book").key_place if mains else place.place
            )
        main = mains[0] if mains else (documents.File(), self.files[0][1])
        for document, at in self.files:
            for key in document.model_fields_set & set(_OF_THE_BOOK):
                if not document.book:
                    message = f"`{key}` belongs in the file that has `book:`"
                    self.findings.report("wrong-value", message, "move it there", (at / key).key_place)
        if mains and main[0].format is None:
            help_ = "add `format: 1`"
            self.findings.report("missing-key", "the book needs `format`", help_, (main[1] / "book").key_place)
        return main

    def zone(self, main: documents.File, at: At) -> tzinfo:
        try:
            return windows.zone(main.timezone or "UTC")
        except ValueError as error:
            help_ = "write an IANA name such as `Europe/Dublin`"
            self.findings.report("wrong-value", str(error), help_, (at / "timezone").place)
            return windows.zone("UTC")

    def household(self, main: documents.File, at: At, shape: Shape) -> str | None:
        if main.household and main.household not in shape.slots:
            message = f"`{main.household}` is not declared"
            help_ = did_you_mean(main.household, shape.paths)
            self.findings.report("undeclared-name", message, help_, (at / "household").place)
        return main.household

    # --- sums over files

    def section(self, name: str) -> Documents:
        """Return the documents of a section over all files, by id in alphabetical order."""
        found: dict[str, tuple[Any, At]] = {}
        for document, at in self.files:
            for key, value in getattr(document, name).items():
                here = at / name / key
                if key in found:
                    first = found[key][1].key_place
                    message = f"`{key}` is declared twice, first at {first}"
                    help_ = "give one of them another id"
                    self.findings.report("duplicate-id", message, help_, here.key_place)
                else:
                    found[key] = (value, here)
        return dict(sorted(found.items()))

    def listed(self, name: str) -> Iterator[tuple[Any, At]]:
        """Yield the items of a list over all files."""
        for document, at in self.files:
            for place, value in enumerate(getattr(document, name)):
                yield value, at / name / place

    def listed_sections(self, name: str) -> list[tuple[Any, At]]:
        """Return a section that is not by id, from every file that has it."""
        return [
            (getattr(document, name), at / name)
            for document, at in self.files
            if getattr(document, name) is not None
        ]

    def each(
        self, section: Documents, build: Callable[[str, Any, At], Built_]
    ) -> dict[str, Built_]:
        return {name: build(name, document, at) for name, (document, at) in section.items()}

    # --- names

    def fields(self, channels: tuple[str, ...], zone: tzinfo) -> tuple[FieldSpec, ...]:
        found: dict[str, FieldSpec] = {}
        for document, at in self.files:
            for root, declarations in document.context.items():
                here = at / "context" / root
                for spec in declared_fields(declarations, root, here, channels, zone, self.findings):
                    self.add_field(found, spec, here)
        if _CHANNEL not in found:
            found[_CHANNEL] = FieldSpec(_CHANNEL, EnumType("string", values=channels))
        return tuple(sorted(found.values(), key=lambda spec: spec.path))

    def add_field(self, found: dict[str, FieldSpec], spec: FieldSpec, at: At) -> None:
        for step in spec.path.split(".")[1:]:
            at = at / step
        around = [path for path in found if path.startswith(f"{spec.path}.")]
        if spec.path == _PRESENT:
            message = "`interaction.present` is there without being declared"
            self.findings.report("duplicate-id", message, "remove it", at.key_place)
        elif spec.path in found or around:
            message, help_ = f"`{spec.path}` is declared twice", "remove one of them"
            self.findings.report("duplicate-id", message, help_, at.key_place)
        else:
            found[spec.path] = spec

    def known(self) -> Catalogued:
        """Return every id that files declare, those of faulty parts included."""
        ids: dict[str, set[str]] = {"issues": set(), "groups": set(), "actions": set(), "channels": set()}
        tags: set[str] = set()
        for document, at in self.files:
            for name, found in ids.items():
                section = at.source.data.get(name) if isinstance(at.source.data, dict) else None
                found.update(section if isinstance(section, dict) else ())
            for section in (document.issues, document.groups, document.actions):
                tags.update(tag for item in section.values() for tag in item.tags)
        return Catalogued(
            frozenset(ids["issues"]),
            frozenset(ids["groups"]),
            frozenset(ids["actions"]),
            frozenset(ids["channels"]),
            frozenset(tags),
        )

    def in_order(
        self, conditions: Mapping[str, model.Condition], cards: Mapping[str, model.Scorecard]
    ) -> tuple[str, ...]:
        """Return conditions and scorecards so that each comes after those it uses."""
        trees: dict[str, list[tree.Node]] = {
            f"condition.{name}": [found.tree] for name, found in conditions.items()
        }
        for name, card in cards.items():
            parts = [part for point in card.points for part in (point.when, point.band) if part]
            trees[f"scorecard.{name}"] = [part.tree for part in parts]
        uses = {
            name: {
                node.path
                for part in parts
                for node in tree.walk(part)
                if isinstance(node, tree.Field) and node.path in trees
            }
            for name, parts in trees.items()
        }
        try:
            return tuple(TopologicalSorter(uses).static_order())
        except CycleError as error:
            circle = [str(name) for name in error.args[1]]
            message = f"{' needs '.join(f'`{name}`' for name in circle)}"
            kind, _, name = circle[0].partition(".")
            place = (conditions if kind == "condition" else cards)[name].place
            self.findings.report("circular-condition", message, "break the circle", place)
            return ()
