"""The contact policy, calendars, budgets, gestures and outcomes, from documents to meaning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Final

from nba import money, windows
from nba.book import documents, model
from nba.book.expressions import NUMBER, Expressions
from nba.book.findings import At, Findings, short
from nba.book.journey import JourneySections
from nba.book.selectors import Catalogued, covers
from nba.lang.types import DYN, ObjectType, Type
from nba.windows import Span, Window

__all__ = ["OUTCOMES", "ContactSections"]

#: What can come of an answer in every book.
OUTCOMES: Final = (
    "presented",
    "clicked",
    "accepted",
    "rejected",
    "maybe_later",
    "resolved",
    "complained",
    "no_response",
)
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK_STARTS: Final = {"monday": 0, "saturday": 5, "sunday": 6}
_CALENDAR_DAYS: Final = {"day": 1, "week": 7, "month": 31}
_DAY: Final = 86_400 * windows.SECOND


class ContactSections:
    """Builds what these sections say. *currency* is the book's, *reach* is in nanoseconds.

    Outcomes come first, and budgets before what takes of them.
    """

    def __init__(
        self,
        sections: JourneySections,
        expressions: Expressions,
        known: Catalogued,
        currency: str,
        reach: int | None,
    ) -> None:
        self.sections = sections
        self.findings: Findings = sections.findings
        self.expressions = expressions
        self.known = known
        self.currency = currency
        self.reach = reach
        self.budgets: dict[str, model.Budget] = {}
        self.outcomes: dict[str, model.Outcome] = {
            name: model.Outcome(name, "", name) for name in OUTCOMES
        }

    # --- outcomes

    def outcome(self, name: str, document: documents.Outcome, at: At) -> model.Outcome:
        """Return an outcome of the book's own."""
        if name in OUTCOMES:
            message = f"`{name}` is an outcome in every book"
            self.findings.report("duplicate-id", message, "remove it", at.key_place)
        self.outcomes.setdefault(name, model.Outcome(name, document.title, document.means))
        return self.outcomes[name]

    def attribution(
        self, given: Iterable[tuple[documents.Attribution, At]]
    ) -> model.Attribution | None:
        """Return how long an outcome is waited for, which one file may say."""
        found: model.Attribution | None = None
        for document, at in given:
            if found:
                self.findings.report(
                    "duplicate-id", "`attribution` is given twice", "keep one", at.key_place
                )
            within = self.sections.length(document.within, at / "within")
            self._known_outcome(document.otherwise, at / "otherwise")
            found = model.Attribution(within or 0, document.otherwise)
        return found

    def _known_outcome(self, name: str, at: At) -> None:
        if name not in self.outcomes and not at.faulty:
            self.findings.unknown("outcome", name, frozenset(self.outcomes), at)

    # --- calendars

    def calendar(self, name: str, document: documents.Calendar, at: At) -> model.Calendar:
        """Return opening hours."""
        self.sections.check_zone(document.timezone, at / "timezone")
        week: list[tuple[Span, ...]] = [()] * 7
        for days, hours in document.open.items():
            here = at / "open" / days
            try:
                numbers = _days(days)
            except ValueError:
                message = f"`{short(days)}` is no day"
                help_ = "write `mon`, `mon-fri` or `every_day`"
                self.findings.report("wrong-value", message, help_, here.key_place)
                continue
            try:
                spans = windows.parse_spans(hours)
            except ValueError as error:
                help_ = "write `08:00-20:00`, with `24:00` for the end of the day"
                self.findings.report("wrong-value", str(error), help_, here.place)
                continue
            for number in numbers:
                if week[number]:
                    message = f"the hours of `{_DAYS[number]}` are given twice"
                    self.findings.report("duplicate-id", message, "keep one", here.key_place)
                week[number] = spans
        closed: set[date] = set()
        for place, day in enumerate(document.closed):
            try:
                closed.add(windows.parse_day(day))
            except ValueError as error:
                self.findings.report("wrong-value", str(error), "", (at / "closed" / place).place)
        opening = windows.OpeningHours(tuple(week), frozenset(closed))
        return model.Calendar(name, document.timezone, opening, at.key_place)

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
        if document.counts != "decided":
            self._known_outcome(document.counts, at / "counts")
        exempt = document.exempt
        return model.Limit(
            document.id,
            document.title,
            document.counts,
            covers(document.covers, at / "covers", self.known, self.findings),
            covers(exempt, at / "exempt", self.known, self.findings) if exempt else None,
            document.count_exempt,
            self._per(document.per, at / "per"),
            document.at_most,
            self.window(document.window, at / "window"),
            document.on_limit,
            self._length(document.confirm_within, at / "confirm_within", _DAY),
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
        for name in document.after:
            self._known_outcome(name, (at / "after").named(name))
        if document.at_least > 1 and document.within is None and not at.faulty:
            message = "more than one outcome needs `within`"
            self.findings.report("missing-key", message, "add `within: 30d`", at.place)
        first = document.after[0] if document.after else "nothing"
        return model.Suppression(
            document.id or f"after_{first}",
            document.title,
            tuple(sorted(set(document.after))),
            document.same,
            document.at_least,
            self.sections.length(document.within, at / "within"),
            self._length(document.length, at / "for", _DAY),
            covers(document.covers, at / "covers", self.known, self.findings),
            at.place,
        )

    def _length(self, text: str | None, at: At, otherwise: int) -> int:
        if text is None:
            return otherwise
        return self.sections.length(text, at) or otherwise

    def _per(self, path: str, at: At) -> str:
        if path in ("customer", "household", "book") or at.faulty:
            return path
        kind: Type = self.expressions.environment.names.get("customer", DYN)
        for step in path.split(".")[1:]:
            kind = kind.fields.get(step, DYN) if isinstance(kind, ObjectType) else DYN
        customer = path.startswith("customer.") and (
            kind.name in ("string", "int", "bool") or kind is DYN
        )
        if not customer or (kind is DYN and not self._undeclared()):
            message = f"`{short(path)}` says not per whom"
            help_ = "write `customer`, `household`, `book`, or a customer field of text"
            self.findings.report("wrong-value", message, help_, at.place)
        return path

    def _undeclared(self) -> bool:
        """Return whether the customer's fields could not be read."""
        return self.expressions.environment.names.get("customer", DYN) == DYN

    def window(self, document: documents.Within | None, at: At) -> Window:
        """Return a window; none is without end."""
        if document is None:
            return Window()
        if (document.rolling is None) is (document.calendar is None) and not at.faulty:
            message = "a window is `rolling` or of the `calendar`"
            help_ = "write `{rolling: 7d}` or `{calendar: day, timezone: book}`"
            self.findings.report("wrong-value", message, help_, at.place)
        if document.calendar is None:
            for key in ("timezone", "week_start"):
                if getattr(document, key) is not None and not at.faulty:
                    message = f"`{key}` goes with `calendar`"
                    self.findings.report("wrong-value", message, "remove it", (at / key).key_place)
        if document.timezone is not None:
            self.sections.check_zone(document.timezone, at / "timezone")
        length = self.sections.length(document.rolling, at / "rolling")
        longest = (
            length or {"day": 1, "week": 7, "month": 31}.get(document.calendar or "", 0) * _DAY
        )
        if self.reach is not None and longest > self.reach:
            message = "the window is longer than the book's `reach`"
            help_ = "what is older than `reach` is forgotten: make one longer, or the other shorter"
            self.findings.report("wrong-value", message, help_, at.place)
        return Window(
            length,
            document.calendar,
            document.timezone or "book",
            _WEEK_STARTS[document.week_start or "monday"],
        )

    # --- budgets and gestures

    def budget(self, name: str, document: documents.Budget, at: At) -> model.Budget:
        """Return a budget."""
        if (document.amount is None) is (document.count is None) and not at.faulty:
            message = f"the budget `{name}` is an `amount` of money or a `count`"
            self.findings.report("wrong-value", message, "give one of them", at.key_place)
        amount = document.count or 0
        if document.amount is not None:
            amount = self._minor(document.amount, at / "amount")
        self.budgets[name] = model.Budget(
            name,
            document.title,
            document.amount is not None,
            amount,
            self._per(document.per, at / "per"),
            self.window(document.window, at / "window"),
            self._length(document.reserve_for, at / "reserve_for", _DAY),
            at.key_place,
        )
        return self.budgets[name]

    def _minor(self, amount: float, at: At) -> int:
        """Return money in minor units; what has more decimals is reported."""
        exact = Decimal(repr(amount)).scaleb(money.decimals(self.currency))
        whole = exact.to_integral_value(ROUND_DOWN)
        if whole != exact:
            message = f"{self.currency} has {money.decimals(self.currency)} decimals"
            self.findings.report("wrong-value", message, "round it", at.place)
        return int(whole)

    def gesture(self, document: documents.Gesture | None, at: At) -> model.Gesture | None:
        """Return what an action gives."""
        if document is None:
            return None
        if not document.ladder and not (at / "ladder").faulty:
            message = "the ladder of a gesture has no rung"
            help_ = "write `ladder: [{amount: 10}]`"
            self.findings.report("missing-key", message, help_, (at / "ladder").place)
        self.check_budgets(document.budgets, at / "budgets", of_money=True)
        rungs = []
        for place, rung in enumerate(document.ladder):
            here = at / "ladder" / place
            amount = self.expressions.expression(rung.amount, here / "amount", NUMBER)
            when = self.expressions.condition(rung.when, here / "when")
            if amount:
                rungs.append(model.Rung(when, amount, here.place))
        authority = {
            role: self._minor(amount, at / "authority" / role)
            for role, amount in document.authority.items()
        }
        return model.Gesture(
            tuple(rungs),
            self.expressions.expression(document.at_most, at / "at_most", NUMBER),
            tuple(sorted(set(document.budgets))),
            document.if_unaffordable,
            tuple(sorted(authority.items())),
            self.sections.length(document.not_again_within, at / "not_again_within"),
        )

    def check_budgets(self, names: Iterable[str], at: At, *, of_money: bool) -> None:
        """Report budgets that there are not, and those that are of the other sort."""
        for name in names:
            if name not in self.budgets:
                if not at.faulty:
                    self.findings.unknown("budget", name, frozenset(self.budgets), at.named(name))
            elif self.budgets[name].money is not of_money:
                sort = "a count" if of_money else "money"
                message = f"the budget `{name}` is of {sort}"
                help_ = "gestures are paid with money; `takes` takes one of a count"
                self.findings.report("wrong-value", message, help_, at.named(name).place)


def _days(text: str) -> range:
    """Return the numbers of `mon`, `mon-fri` or `every_day`. Raises ValueError."""
    if text == "every_day":
        return range(7)
    first, _, last = text.partition("-")
    start, stop = _DAYS.index(first), _DAYS.index(last or first)
    if stop < start:
        raise ValueError(text)
    return range(start, stop + 1)
