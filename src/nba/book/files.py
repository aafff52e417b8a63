"""The files of a book as one: its sections over all files, and every id that they declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from nba.book import documents
from nba.book.findings import At, Findings
from nba.book.selectors import Anything, Catalogued
from nba.book.sheet import Sheet
from nba.book.source import Source, parse
from nba.book.validation import validated
from nba.errors import errors_in

__all__ = ["Documents", "Files"]

#: Documents by id, with their positions.
Documents = Mapping[str, tuple[Any, At]]

_ROOTS: Final = ("customer", "interaction")


class Files:
    """The documents of all files, and what is wrong with their shape.

    *whole* is false when a file could not be read: it may declare what is missed elsewhere.
    *sheets* are by name.
    """

    def __init__(self, sources: Iterable[Source | Sheet], findings: Findings) -> None:
        self.findings = findings
        self.all: list[tuple[documents.File, At]] = []
        self.sheets: dict[str, Sheet] = {}
        self.whole = True
        for source in sources:
            if isinstance(source, Sheet):
                self.sheets[source.name] = source
                continue
            findings.add(source.diagnostics)
            document, at, faults = validated(source)
            findings.add(faults)
            self.all.append((document, at))
            unread = not source.data and errors_in(source.diagnostics)
            if unread or not isinstance(source.data, dict):
                self.whole = False
        if not self.all:
            self.all.append((documents.File(), At(parse("", "the book"))))

    # --- sections

    def section(self, name: str) -> Documents:
        """Return the documents of a section over all files, by id in alphabetical order."""
        found: dict[str, tuple[Any, At]] = {}
        for document, at in self.all:
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
        for document, at in self.all:
            for place, value in enumerate(getattr(document, name)):
                yield value, at / name / place

    def single(self, name: str) -> list[tuple[Any, At]]:
        """Return a section that is not by id, from every file that has it."""
        return [
            (getattr(document, name), at / name)
            for document, at in self.all
            if getattr(document, name) is not None
        ]

    # --- ids

    def ids(self, name: str) -> frozenset[str]:
        """Return every id in a section, those of faulty parts included."""
        if not self.whole:
            return Anything()
        found: set[str] = set()
        for _, at in self.all:
            section = (at / name).value
            if isinstance(section, dict):
                found.update(section)
            elif (at / name).faulty:
                return Anything()
        return frozenset(found)

    def known(self) -> Catalogued:
        """Return what references can name."""
        tags = {
            tag
            for document, _ in self.all
            for section in (document.issues, document.groups, document.actions)
            for item in section.values()
            for tag in item.tags
        }
        return Catalogued(
            issue=self.ids("issues"),
            group=self.ids("groups"),
            action=self.ids("actions"),
            channel=self.ids("channels"),
            tag=frozenset(tags),
            point=self.ids("decision_points"),
            tier=self._tiers(),
            moment=self.ids("moments"),
            calendar=self.ids("calendars"),
            table=self.ids("tables"),
        )

    def _tiers(self) -> frozenset[str]:
        sections = self.single("arbitration")
        faulty = any((at / "arbitration" / "tiers").faulty for _, at in self.all)
        if faulty or not self.whole:
            return Anything()
        return frozenset(tier.name for section, _ in sections for tier in section.tiers)

    def limits(self) -> frozenset[str]:
        """Return the ids of all limits."""
        if any((at / "contact_policy").faulty for _, at in self.all):
            return Anything()
        policies = self.single("contact_policy")
        return frozenset(limit.id for policy, _ in policies for limit in policy.limits)

    def unknown_roots(self) -> set[str]:
        """Return the parts of the context whose fields cannot all be known."""
        found: set[str] = set() if self.whole else set(_ROOTS)
        for _, at in self.all:
            context = (at / "context").value
            if not (at / "context").faulty:
                continue
            if not isinstance(context, dict) or context.keys() - set(_ROOTS):
                return set(_ROOTS)
            found.update(root for root in context if not isinstance(context[root], dict))
        return found
