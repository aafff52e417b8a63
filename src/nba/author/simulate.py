"""Simulating a book: a population goes through it, in the order of time, and nothing is kept.

Every answer takes what it needs of limits and budgets, as if it were given and taken up, so that
budgets run out as they would. All of that is remembered in a store that is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from nba import money, windows
from nba.author.comparison import BookNamed
from nba.author.equality import Equality, protected_fields
from nba.author.rehearsal import Rehearsal
from nba.author.rule_words import RuleWords
from nba.author.segments import Segments, divides
from nba.author.served import Served
from nba.author.simulation import Simulation, Spent
from nba.book.build import Built
from nba.book.model import Book, Budget
from nba.decide.answer import Answer
from nba.decide.case import Case
from nba.decide.decision import Candidate, Decision, head
from nba.engine import Engine
from nba.engine.account import EngineAccount
from nba.errors import CaseError
from nba.state.store import Store

__all__ = ["simulate"]


def simulate(
    engine: Engine,
    cases: Iterable[Case],
    *,
    store: Store | None = None,
    under: float | None = None,
    protected: Sequence[str] = (),
    name: str = "",
) -> Simulation:
    """Return what the book of an engine decides for a population, and what that takes.

    The cases are decided one after the other, as they come: let them come in the order of their
    times. *store* is what is remembered already; it is only read. A customer is under-served who
    gets no answer of a priority of at least *under*, by default that of doing nothing. *protected*
    are fields of which each case is tried with every other value. *name* is what the book is
    called. A case that brings a history of its own is decided on that, and takes nothing. Raises
    CaseError for a field that the book does not have.
    """
    return _Simulating(engine.book, store, under, protected, name).over(cases)


class _Simulating:
    def __init__(
        self,
        book: Book,
        store: Store | None,
        under: float | None,
        protected: Sequence[str],
        name: str,
    ) -> None:
        self.book = book
        self.now = datetime.now(UTC)
        self.engine = Engine(Built(book, []), store=Rehearsal(store), clock=lambda: self.now)
        paths = tuple(spec.path for spec in book.fields if divides(spec))
        self.segments = Segments(book, paths)
        fields = protected_fields(book, protected)
        self.own = [book.shape.slots[spec.path] for spec in fields]
        least = book.no_action.priority if under is None else under
        self.found = Simulation(
            BookNamed(name, book.id, book.version, book.currency),
            Served(least, paths),
            Equality(fields, self.previewed) if fields else None,
        )
        words = RuleWords(book)
        for budget in book.budgets.values():
            self.found.budgets[budget.id] = Spent(budget.id, budget.money, words.budget(budget))

    def over(self, cases: Iterable[Case]) -> Simulation:
        """Decide all cases, and count."""
        for case in cases:
            self.now = case.now or self.now
            try:
                self.add(case)
            except CaseError as error:
                self.found.left_out[str(error)] += 1
        return self.found

    def previewed(self, case: Case) -> Sequence[Candidate]:
        """Return the answers to a case as it would be decided now, without any effect."""
        return self.engine.decide_case(case, commit=False).ranked

    def add(self, case: Case) -> None:
        found = self.found
        if found.equality is not None:  # first: a decision takes what it needs
            before = self.engine.decide_case(case, commit=False)
            slots = _answer_of(before).view.slots
            found.equality.add(case, before.ranked, [slots[slot] for slot in self.own])
        decision = self.engine.decide_case(case)
        answer = _answer_of(decision)
        codes = decision.codes()
        found.cases += 1
        found.customers.add(case.id)
        found.funnel.add(codes)
        found.served.add(decision.priority, self.segments.of(answer))
        for one in decision.diagnostics:
            found.doubts.note(str(one))
        if decision.best is None:
            found.nothing[decision.reason] += 1
            found.stops.update({code for code in codes.values() if head(code) == decision.reason})
            found.deferred += decision.defer_until is not None
        else:
            found.actions[decision.best.action] += 1
        for candidate in decision.ranked:
            self.count(case, candidate)
        self.spend(decision, answer, takes=bool(case.id) and case.history is None)

    def count(self, case: Case, candidate: Candidate) -> None:
        found = self.found
        found.channels[candidate.channel] += 1
        found.directions[candidate.direction] += 1
        if candidate.direction == "outbound":
            found.contacts[case.id] += 1
        if candidate.kept_from is not None:
            found.kept += 1
        elif candidate.gesture is not None:
            found.gestures += 1
            found.units += money.units_of(candidate.gesture.amount, self.book.currency)

    def spend(self, decision: Decision, answer: Answer, *, takes: bool) -> None:
        """Count what was taken of budgets, and who came too late."""
        budgets = self.found.budgets
        day = windows.moment(answer.view.now).astimezone(self.book.zone).date()
        if takes:
            for place in answer.granted:
                for need in answer.offers[place].needs:
                    if isinstance(need.rule, Budget):
                        budgets[need.rule.id].days[day] += need.claim.amount
                        budgets[need.rule.id].answers += 1
        late = {code.split(":")[1] for code in answer.refused.values() if _unaffordable(code)}
        for name in late:
            budgets[name].refused += 1
            now = decision.now.astimezone(self.book.zone)
            budgets[name].since = min(budgets[name].since or now, now)


def _unaffordable(code: str) -> bool:
    return head(code) == "unaffordable"


def _answer_of(decision: Decision) -> Answer:
    account = decision.account
    assert isinstance(account, EngineAccount)  # noqa: S101 - the engine has just made it
    return account.answer
