"""The contact policy, calendars and outcomes, from documents to meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from nba.book import calendars, documents, model
from nba.book.contact import DAY, OUTCOMES
from nba.book.expressions import Expressions
from nba.book.findings import At, short
from nba.book.forms import Document
from nba.book.selectors import Catalogued, covers
from nba.book.window import Windows
from nba.errors import did_you_mean
from nba.lang.types import DYN, ObjectType, Type

__all__ = ["ContactSections"]

_OWNERS: Final = ("customer", "household", "book")
#: What limits count beside outcomes: so no outcome is called so.
_DECIDED: Final = "decided"


class ContactSections:
    """Builds what these sections say.

    *household* says whether the book declares one, and *outcomes* are
    those that files declare, those of faulty files included.
    """

    def __init__(
        self,
        windows: Windows,
        expressions: Expressions,
        known: Catalogued,
        *,
        household: bool,
        outcomes: frozenset[str],
    ) -> None:
        self.windows = windows
        self.lengths = windows.lengths
        self.findings = windows.findings
        self.expressions = expressions
        self.known = known
        self.household = household
        self.outcomes = outcomes

    # --- outcomes

    def outcome(self, name: str, document: documents.Outcome, at: At) -> model.Outcome:
        """Return an outcome of the book's own."""
        if name in (*OUTCOMES, _DECIDED):
            message = f"`{name}` is known in every book"
            help_ = "remove it, or rename it and say what it `means`"
            self.findings.report("duplicate-id", message, help_, at.key_place)
        return model.Outcome(name, document.title, document.means)

    def attribution(
        self,
        given: Iterable[tuple[documents.Attribution, At]],
        outcomes: Mapping[str, model.Outcome],
    ) -> model.Attribution | None:
        """Return how long an outcome is waited for, which one file may say.

        *outcomes* are the book's own.
        """
        found: model.Attribution | None = None
        for document, at in given:
            if found:
                self.findings.report(
                    "duplicate-id", "`attribution` is given twice", "keep one", at.key_place
                )
            here = at / "within"
            within = self.lengths.length(document.within, here, remembered="`within`")
            self._check_outcome(document.otherwise, at / "otherwise")
            own = outcomes.get(document.otherwise)
            if (own.means if own else document.otherwise) in ("accepted", "resolved"):
                message = "silence cannot be held to be an acceptance: no budget would pay for it"
                help_ = "write `no_response`, or an outcome of your own"
                place = (at / "otherwise").place
                self.findings.report("wrong-value", message, help_, place)
            found = model.Attribution(within or DAY, document.otherwise)
        return found

    def _check_outcome(self, name: str, at: At, *more: str) -> None:
        """Report what is no outcome, nor one of *more* words."""
        if name not in OUTCOMES and name not in self.outcomes and name not in more:
            self.findings.unknown("outcome", name, {*OUTCOMES, *self.outcomes, *more}, at)

    # --- calendars

    def calendar(self, name: str, document: documents.Calendar, at: At) -> model.Calendar:
        """Return opening hours."""
        self.windows.check_zone(document.timezone, at / "timezone")
        return calendars.calendar(name, document, at, self.findings)

    # --- limits and suppression

    def limits(self, given: Iterable[tuple[documents.ContactPolicy, At]]) -> dict[str, model.Limit]:
        """Return the limits of all files, by id in alphabetical order."""
        found: dict[str, model.Limit] = {}
        for policy, at in given:
            for place, document in enumerate(policy.limits):
                here = at / "limits" / place
                if document.id in found and not (here / "id").faulty:
                    message = f"two limits are called `{document.id}`"
                    self.findings.report("duplicate-id", message, "rename one", (here / "id").place)
                found[document.id] = self.limit(document, here)
        return dict(sorted(found.items()))

    def limit(self, document: documents.Limit, at: At) -> model.Limit:
        """Return a limit."""
        self._check_outcome(document.counts, at / "counts", _DECIDED)
        exempt = document.exempt
        if exempt is not None and not exempt.model_fields_set and not (at / "exempt").faulty:
            message = "`exempt` names nothing, so everything is exempt"
            help_ = "say what is exempt, such as `{tag: service}`, or remove it"
            self.findings.report("wrong-value", message, help_, (at / "exempt").place)
        if document.count_exempt and exempt is None and not (at / "exempt").faulty:
            message = "`count_exempt` goes with `exempt`"
            help_ = "say what is exempt, or remove it"
            self.findings.report("wrong-value", message, help_, (at / "count_exempt").key_place)
        if document.confirm_within is not None and document.counts != "presented":
            message = "`confirm_within` goes with `counts: presented`"
            help_ = f"remove it: what is `{short(document.counts)}` is not given back"
            self.findings.report("wrong-value", message, help_, (at / "confirm_within").key_place)
        return model.Limit(
            document.id,
            document.title,
            document.counts,
            covers(document.covers, at / "covers", self.known, self.findings),
            covers(exempt, at / "exempt", self.known, self.findings) if exempt else None,
            document.count_exempt,
            self.per(document.per, at / "per"),
            document.at_most,
            self.windows.window(document.window, at / "window"),
            document.on_limit,
            self.lengths.length(document.confirm_within, at / "confirm_within") or DAY,
            at.place,
        )

    def suppressions(
        self, given: Iterable[tuple[documents.ContactPolicy, At]]
    ) -> dict[str, model.Suppression]:
        """Return the suppressions of all files, by id in alphabetical order."""
        found: dict[str, model.Suppression] = {}
        for policy, at in given:
            for place, document in enumerate(policy.suppress):
                here = at / "suppress" / place
                one = self.suppression(document, here)
                if one.id in found and not here.faulty:
                    message = f"two suppressions are called `{one.id}`"
                    help_ = "give one of them an `id`"
                    self.findings.report("duplicate-id", message, help_, here.place)
                found[one.id] = one
        return dict(sorted(found.items()))

    def suppression(self, document: documents.Suppression, at: At) -> model.Suppression:
        """Return a suppression."""
        self.check_not_empty(document, "after", at)
        for name in document.after:
            self._check_outcome(name, (at / "after").named(name))
        if document.at_least > 1 and document.within is None and not at.faulty:
            message = f"{document.at_least} outcomes need `within`"
            self.findings.report("missing-key", message, "add `within: 30d`", at.place)
        after = sorted(set(document.after))
        within = self.lengths.length(document.within, at / "within")
        length = self.lengths.length(document.length, at / "for", remembered="`for`")
        if document.at_least > 1 and within and length and (self.lengths.reach or 0) >= length:
            self.lengths.check_reach(within + length, "`within` and `for` together", at / "within")
        return model.Suppression(
            document.id or f"after_{'_or_'.join(after)}",
            document.title,
            tuple(after),
            document.same,
            document.at_least,
            within,
            length or DAY,
            covers(document.covers, at / "covers", self.known, self.findings),
            at.place,
        )

    def check_not_empty(self, document: Document, key: str, at: At) -> None:
        """Report a list of names without any."""
        given = key in document.model_fields_set and not getattr(document, key)
        if given and not (at / key).faulty:
            message, help_ = f"the list of `{key}` is empty", "name at least one, or remove it"
            self.findings.report("wrong-value", message, help_, (at / key).place)

    # --- what they have in common

    def per(self, path: str, at: At) -> str:
        """Return per whom something is counted."""
        if path == "household" and not self.household:
            message = "the book does not say what a household is"
            help_ = "add `household:` with a customer field to the file that has `book:`"
            self.findings.report("missing-key", message, help_, at.place)
        if path in _OWNERS:
            return path
        if not path.startswith("customer."):
            message = f"`{short(path)}` says not per whom"
            near = did_you_mean(path, _OWNERS)
            help_ = "write `customer`, `household`, `book`, or a field such as `customer.region`"
            help_ = near if near.startswith("did") else help_
            self.findings.report("wrong-value", message, help_, at.place)
            return path
        kind = self._customer_field(path)
        if kind is None:
            message = f"`{short(path)}` is not declared"
            help_ = did_you_mean(path, self._customer_paths())
            self.findings.report("undeclared-name", message, help_, at.place)
        elif kind.name not in ("string", "int", "bool", "dyn"):
            message = f"`{short(path)}` cannot say per whom"
            help_ = "choose a string, an int or a bool field"
            self.findings.report("wrong-type", message, help_, at.place)
        return path

    def _customer_field(self, path: str) -> Type | None:
        """Return the type of a field such as `customer.region`; None where it is not declared."""
        kind: Type | None = self.expressions.environment.names.get("customer")
        for step in path.split(".")[1:]:
            if kind is None or kind == DYN:
                break
            kind = kind.fields.get(step) if isinstance(kind, ObjectType) else None
        return kind

    def _customer_paths(self) -> list[str]:
        kind = self.expressions.environment.names.get("customer")
        fields = kind.fields if isinstance(kind, ObjectType) else {}
        return [f"customer.{name}" for name in fields]
