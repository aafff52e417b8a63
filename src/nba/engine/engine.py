"""The engine opens a rule book, decides, explains and reloads; it has the clock and the files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nba.book.build import Built, load
from nba.book.model import Book
from nba.decide.answer import Answer, answer
from nba.decide.case import Case
from nba.decide.decision import Codes, Decision, Ranking
from nba.decide.explain import Explanation, explain, summarize
from nba.decide.plan import Plan, plan_for
from nba.decide.reference import Reference, derived_fields
from nba.errors import CaseError, Diagnostic

__all__ = ["Engine"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, eq=False)
class _Account:
    """What the engine can tell about a decision it made: it keeps the case and the plan."""

    answer: Answer
    case: Case

    def codes(self) -> Codes:
        return self.answer.codes()

    def why(self) -> list[str]:
        return summarize(*self.literally())

    def explanation(self) -> Explanation:
        return explain(*self.literally())

    def literally(self) -> tuple[Reference, Ranking]:
        """Decide the case again by the reference."""
        view, book = self.answer.view, self.answer.plan.book
        inputs = {*(spec.path for spec in book.fields), "now", "interaction.present"}
        known = {p: v for p, v in book.shape.known(view.slots).items() if p in inputs}
        point = book.decision_points[self.case.at] if self.case.at is not None else None
        rows = view.timeline.rows
        judged = Reference(book, derived_fields(book, known, rows), view.now, point, rows)
        return judged, judged.decide(self.answer.n)


class Engine:
    """Decides the next best action for customers, by the rules of one book.

    An engine is safe to share between threads: it holds one immutable plan, and `reload` swaps
    it for another in one step.
    """

    def __init__(
        self,
        built: Built,
        *,
        path: str | os.PathLike[str] | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._path = path
        self._clock = clock
        self._reloading = threading.Lock()
        self._warnings = tuple(built.warnings)
        self._plan = plan_for(built.book)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, clock: Callable[[], datetime] = _utc_now
    ) -> Engine:
        """Return an engine for the rule book in the folder *path*.

        *clock* gives an aware datetime; it is asked only where a case has no `now`. Raises
        BookError with everything that is wrong with the book.
        """
        return cls(load(path), path=path, clock=clock)

    @property
    def book(self) -> Book:
        """The rule book that decides now."""
        return self._plan.book

    @property
    def version(self) -> str:
        """The version of the rule book that decides now: the hash of what it means."""
        return self._plan.book.version

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is allowed in the book but doubtful."""
        return self._warnings

    def decide(
        self,
        id: str,
        *,
        customer: Mapping[str, Any] | None = None,
        interaction: Mapping[str, Any] | None = None,
        now: datetime | None = None,
        role: str | None = None,
        at: str | None = None,
        n: int | None = None,
    ) -> Decision:
        """Return the next best action for the customer *id*.

        *customer* and *interaction* are the fields that the book declares; without an
        interaction nothing is happening and every contact is outbound. *now* is an aware
        datetime, by default the clock's. *role* says who asks, *at* names a decision point and
        *n* asks for up to so many answers, by default as many as the point shows, or one.
        Raises CaseError where the case cannot be read.
        """
        return self.decide_case(Case(id, customer or {}, interaction, now, role, at), n)

    def decide_case(self, case: Case, n: int | None = None) -> Decision:
        """Return the next best action for a case; see `decide`."""
        if n is not None and n < 1:
            raise CaseError(f"`n` is how many answers are wanted, at least 1, not {n}")
        now = case.now if case.now is not None else self._clock()
        if now.tzinfo is None:
            raise CaseError("`now` needs a time zone, such as datetime.now(UTC)")
        plan: Plan = self._plan
        found = answer(plan, case, now, n)
        return Decision(
            f"d-{os.urandom(12).hex()}",
            case.id,
            plan.book.version,
            now,
            found.ranked,
            found.reason,
            plan.book.no_action.title,
            found.n,
            case.at,
            case.role,
            tuple(found.view.diagnostics),
            None,
            _Account(found, case),
        )

    def decide_many(self, cases: Iterable[Case]) -> Iterator[Decision]:
        """Yield the decision of each case, in their order, as they are asked for."""
        return map(self.decide_case, cases)

    def explain(self, decision: Decision, case: Case | None = None) -> Explanation:
        """Return the whole account of a decision: for every action why, or why not.

        It is computed afterwards and has no effect. A decision that was read back from JSON
        needs its *case*, and the version of the book that made it. Raises CaseError otherwise.
        """
        if isinstance(decision.account, _Account):
            return decision.account.explanation()
        if case is None:
            raise CaseError("a decision that was read back is explained together with its `case`")
        if decision.version != self.version:
            message = f"the decision was made by version {decision.version} of the book"
            raise CaseError(f"{message}, this engine has {self.version}")
        return _Account(answer(self._plan, case, decision.now, decision.n), case).explanation()

    def reload(self) -> bool:
        """Read the book again and swap it in; return whether its version is another now.

        Raises BookError where the book has errors; the old one then goes on deciding.
        """
        if self._path is None:
            raise CaseError("this engine was not opened from a folder")
        with self._reloading:
            built = load(self._path)
            changed = built.book.version != self.version
            self._plan = plan_for(built.book)
            self._warnings = tuple(built.warnings)
        return changed
