"""Budgets and gestures, from documents to meaning; and where a rule may read what is given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nba import money
from nba.book import documents, model
from nba.book.amounts import minor_units
from nba.book.contact import DAY
from nba.book.contact_policy import ContactSections
from nba.book.expressions import NUMBER, Expressions
from nba.book.findings import At
from nba.book.rules import Condition, Expression
from nba.errors import Place
from nba.lang import tree

__all__ = ["GIVEN", "Gestures", "literal", "reads_given"]

#: What a gesture gives, for the texts and values of its action.
GIVEN: Final = "gesture.amount"


class Gestures:
    """Builds budgets, which come first, and what is paid from them.

    *currency* is the book's; *declared* are the budgets of all files, those of faulty ones
    included.
    """

    def __init__(
        self,
        contact: ContactSections,
        expressions: Expressions,
        currency: str,
        declared: frozenset[str],
    ) -> None:
        self.contact = contact
        self.findings = contact.findings
        self.expressions = expressions
        self.currency = currency
        self.declared = declared
        self.budgets: dict[str, model.Budget] = {}

    # --- budgets

    def budget(self, name: str, document: documents.Budget, at: At) -> model.Budget:
        """Return a budget."""
        if (document.amount is None) is (document.count is None) and not at.faulty:
            message = f"the budget `{name}` is an `amount` of money or a `count`"
            help_ = "give one of them" if document.amount is None else "keep one of them"
            self.findings.report("wrong-value", message, help_, at.key_place)
        amount = document.count or 0
        if document.amount is not None:
            amount = self._units(document.amount, (at / "amount").place)
        self.budgets[name] = model.Budget(
            name,
            document.title,
            document.amount is not None,
            amount,
            self.contact.per(document.per, at / "per"),
            self.contact.windows.window(document.window, at / "window"),
            self.contact.lengths.length(document.reserve_for, at / "reserve_for") or DAY,
            at.key_place,
        )
        return self.budgets[name]

    def _units(self, amount: float, place: Place) -> int:
        return minor_units(amount, self.currency, place, self.findings)

    def check_budgets(self, names: Iterable[str], at: At, *, of_money: bool) -> None:
        """Report budgets that there are not, and those that are of the other sort."""
        for name in names:
            budget = self.budgets.get(name)
            if name not in self.declared:
                self.findings.unknown("budget", name, self.declared, at.named(name))
            elif budget is not None and budget.money is not of_money:
                message = f"the budget `{name}` is a count, and a gesture is paid with money"
                help_ = f"write `takes: [{name}]` beside the gesture"
                if not of_money:
                    message = f"the budget `{name}` is of money, and `takes` takes one of a count"
                    help_ = "name it in the `budgets` of a gesture, or give it a `count`"
                self.findings.report("wrong-value", message, help_, at.named(name).place)

    # --- gestures

    def gesture(self, document: documents.Gesture | None, at: At) -> model.Gesture | None:
        """Return what an action gives."""
        if document is None:
            return None
        if not document.ladder and not (at / "ladder").faulty:
            message = "the ladder of a gesture has no rung"
            help_ = "write `ladder: [{amount: 10}]`"
            self.findings.report("missing-key", message, help_, (at / "ladder").place)
        self.contact.check_not_empty(document, "budgets", at)
        self.check_budgets(document.budgets, at / "budgets", of_money=True)
        rungs = []
        for place, rung in enumerate(document.ladder):
            here = at / "ladder" / place
            amount = self.expressions.expression(rung.amount, here / "amount", NUMBER)
            when = self.expressions.condition(rung.when, here / "when")
            if amount:
                rungs.append(model.Rung(when, amount, here.place))
        length = self.contact.lengths.length(
            document.not_again_within, at / "not_again_within", remembered="`not_again_within`"
        )
        found = model.Gesture(
            tuple(rungs),
            self.expressions.expression(document.at_most, at / "at_most", NUMBER),
            tuple(sorted(set(document.budgets))),
            document.if_unaffordable,
            tuple(
                (role, self._units(amount, (at / "authority" / role).place))
                for role, amount in sorted(document.authority.items())
            ),
            length,
        )
        if not at.faulty:
            self._check_amounts(found)
            self._check_order(found)
        return found

    def _check_amounts(self, gesture: model.Gesture) -> None:
        """Report amounts that are none, and doubt those that can never be given."""
        most = literal(gesture.at_most)
        highest = max((units for _, units in gesture.authority), default=None)
        if gesture.at_most and most is not None and most <= 0:
            self._report_nothing("at_most", most, gesture.at_most.place)
        for rung in gesture.ladder:
            amount = literal(rung.amount)
            if amount is None:
                continue
            if amount <= 0:
                self._report_nothing("amount", amount, rung.amount.place)
                continue
            units = self._units(amount, rung.amount.place)
            shown = f"{amount:.15g}"
            if most is not None and amount > most > 0:
                message = f"this rung never fits, since `{shown}` is above `at_most`"
                self._doubt(message, "lower it, or raise `at_most`", rung.amount.place)
            if highest is not None and units > highest:
                most_of = f"{money.decimal_of(highest, self.currency):f}"
                message = f"no role may give `{shown}`: the highest authority is `{most_of}`"
                help_ = "it is given where no role asks; else raise an authority, or lower it"
                self._doubt(message, help_, rung.amount.place)
            for name in gesture.budgets:
                budget = self.budgets.get(name)
                if budget and budget.money and budget.amount < units:
                    message = f"the budget `{name}` never has `{shown}`"
                    help_ = "raise the budget, or lower the rung"
                    self._doubt(message, help_, rung.amount.place)

    def _check_order(self, gesture: model.Gesture) -> None:
        """Doubt rungs after one that always fits, or that fits wherever they do."""
        always = gesture.at_most is None and not gesture.budgets
        highest = max((units for _, units in gesture.authority), default=None)
        least: float | None = None  # of the rungs before that have no condition
        for rung in gesture.ladder:
            amount = literal(rung.amount)
            if least is not None and (always or (amount is not None and amount >= least)):
                message = "this rung is never given, since one before it fits first"
                help_ = "give the one before it a `when:`, or put the smaller amounts last"
                self._doubt(message, help_, rung.place)
            if rung.when is not None or amount is None or amount <= 0:
                continue
            if highest is None or money.minor_units(amount, self.currency) <= highest:
                least = amount if least is None else min(least, amount)

    def _report_nothing(self, key: str, amount: float, place: Place) -> None:
        message = f"`{key}` must be above 0, not `{amount:.15g}`"
        self.findings.report("wrong-value", message, "write how much may be given", place)

    def _doubt(self, message: str, help_: str, place: Place) -> None:
        self.findings.report("wrong-value", message, help_, place, warning=True)

    # --- what is given, in rules

    def check_given(self, action: str, rules: Iterable[Condition | Expression | None]) -> None:
        """Report what reads the amount of a gesture in an action that has none."""
        for place in filter(None, map(reads_given, rules)):
            message = f"`{GIVEN}` is what a gesture gives, and the action `{action}` has none"
            help_ = "add `gesture:`, or say something else"
            self.findings.report("undeclared-name", message, help_, place)

    def check_not_yet(self, rules: Iterable[Condition | Expression | None]) -> None:
        """Report what reads the amount of a gesture before it is known."""
        for place in filter(None, map(reads_given, rules)):
            message = f"`{GIVEN}` is chosen later, and is not known here"
            help_ = "use it in `say`, `value` or `propensity` of the action that gives it"
            self.findings.report("undeclared-name", message, help_, place)


def reads_given(rule: Condition | Expression | None) -> Place | None:
    """Return where a rule reads the amount of a gesture; None where it does not."""
    if rule is None:
        return None
    for item in rule.items if isinstance(rule, Condition) else ():
        if place := reads_given(item):
            return place
    if GIVEN not in rule.text:  # in most rules, and of a group the items were looked at
        return None
    reads = (isinstance(node, tree.Field) and node.path == GIVEN for node in tree.walk(rule.tree))
    return rule.place if any(reads) else None


def literal(found: Expression | None) -> float | None:
    """Return the number that an expression is; None when it depends on something."""
    value = found.tree.value if found and isinstance(found.tree, tree.Literal) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
