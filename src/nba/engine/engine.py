"""The engine opens a rule book, decides, explains and reloads; it has the clock and the files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

from nba import windows
from nba.book.build import Built, load
from nba.book.folder import unchanged
from nba.book.model import Book
from nba.decide.case import Case
from nba.decide.decision import Decision
from nba.decide.explain import Explanation
from nba.decide.view import inputs_of
from nba.engine.account import EngineAccount
from nba.engine.asynchronous import THREADS, Threads, asynchronous
from nba.engine.compiled import compiled
from nba.engine.deciding import Running, decide, decided_again, store_failure
from nba.engine.explaining import explained
from nba.engine.export import exported
from nba.engine.given import forget_given
from nba.engine.journeys import Journeys
from nba.engine.keyed import fingerprint
from nba.engine.outcome_event import outcome_event
from nba.engine.outcomes import Outcomes, Recorded
from nba.engine.profiles import ProfileProvider, Profiles
from nba.engine.session import Session
from nba.engine.standing import Standing, standing_of
from nba.errors import CaseError, Diagnostic, StoreError, UnknownDecisionError, python_type
from nba.journey.events import Event, Journey
from nba.journey.reading import Moments
from nba.record.log import DecisionLog
from nba.record.noting import Made
from nba.state.memory import MemoryStore
from nba.state.opening import open_store
from nba.state.store import Due, Store

__all__ = ["Engine"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _after_failure(decision: Decision, error: StoreError) -> Decision:
    """Return a decision that was made before the store failed."""
    return replace(decision, diagnostics=(*decision.diagnostics, store_failure(error)))


def _check(case: Case, n: int | None, key: str | None) -> None:
    """Refuse a case whose parts are of the wrong kind: it would be decided for nobody."""
    if not isinstance(case.id, str):
        raise CaseError(f"`id` is the customer's, a string, not {python_type(case.id)}")
    if case.customer.__class__ is not dict:  # most are
        _check_object(case.customer, "customer")
    if case.interaction is not None and case.interaction.__class__ is not dict:
        _check_object(case.interaction, "interaction")
    if case.used is not None and not isinstance(case.used, Mapping):
        raise CaseError("`used` is an object: how much, by budget or limit")
    if case.at is not None or case.role is not None:
        for name, text in (("at", case.at), ("role", case.role)):
            if text is not None and not isinstance(text, str):
                raise CaseError(f"`{name}` is a string, not {python_type(text)}")
    if n is not None and (type(n) is not int or n < 1):
        raise CaseError(f"`n` is how many answers are wanted, at least 1, not {n!r}")
    if key is not None and (not isinstance(key, str) or not key):
        raise CaseError(f"`key` is a string that is not empty, not {key!r}", ["key"])
    now: object = case.now
    if now is not None and not (isinstance(now, datetime) and now.utcoffset() is not None):
        raise CaseError("`now` is a datetime with a time zone, such as datetime.now(UTC)")


def _check_object(given: object, name: str) -> None:
    if not isinstance(given, Mapping | None):
        raise CaseError(f"`{name}` is an object with the fields that the book declares")


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
        store: Store | None = None,
        moments: Moments = "native",
        log: DecisionLog | None = None,
        profiles: Profiles | None = None,
        threads: int = THREADS,
    ) -> None:
        self._path = path
        self._clock = clock
        self._store: Store = store if store is not None else MemoryStore()
        self._journeys = Journeys(self._store, clock)
        self._reloading = threading.Lock()
        self._warnings = tuple(built.warnings)
        self._moments: Moments = moments
        self._log = log
        self._profiles = profiles
        self.threads = Threads(threads)
        self._use(built.book)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        clock: Callable[[], datetime] = _utc_now,
        store: Store | str | None = None,
        moments: Moments = "native",
        log: DecisionLog | str | os.PathLike[str] | None = None,
        profiles: ProfileProvider | None = None,
        profile_ttl: float = 60.0,
        profile_timeout: float = 0.2,
        threads: int = THREADS,
    ) -> Engine:
        """Return an engine for the rule book in the folder *path*.

        *clock* gives an aware datetime; it is asked only where a case or an event does not say
        when. *store* remembers journeys, identities and decisions, by default in memory; it may be
        a URL such as `sqlite:///nba.db`, `redis://…` or `postgresql://…`. *moments* is
        `durable` to find them by durable-rules: see the guide to the journey. *log* notes every
        decision, in a file such as `decisions.jsonl` or `decisions.db`. *profiles* knows the
        fields of customers that a case does not give; it is waited for *profile_timeout* seconds,
        and what it says is kept for *profile_ttl*. *threads* is how many of the verbs for asyncio
        run at once. Raises BookError with everything that is wrong with the book.
        """
        built = load(path)
        if not isinstance(store, str | None) and not hasattr(store, "recall"):
            raise CaseError(f"`store` is a Store or a URL, not {python_type(store)}")
        with ExitStack() as opened:  # closed again where something else cannot be opened
            if isinstance(store, str):
                store = open_store(store)
                opened.callback(store.close)
            if log is not None and not isinstance(log, DecisionLog):
                log = DecisionLog.open(log)
                opened.callback(log.close)
            known = None
            if profiles is not None:
                known = Profiles(profiles, ttl=profile_ttl, timeout=profile_timeout)
            engine = cls(
                built,
                path=path,
                clock=clock,
                store=store,
                moments=moments,
                log=log,
                profiles=known,
                threads=threads,
            )
            opened.pop_all()
        return engine

    def close(self) -> None:
        """Write what waits for the log, and give back what the log and the store hold open."""
        self.threads.close()
        if self._log is not None:
            self._log.close()
        self._store.close()

    def __enter__(self) -> Self:
        """Use the engine for a while; see `close`."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _use(self, book: Book) -> None:
        """Let a book decide from now on."""
        self._running = compiled(book, self._moments)

    @property
    def book(self) -> Book:
        """The rule book that decides now."""
        return self._running.plan.book

    @property
    def path(self) -> str | os.PathLike[str] | None:
        """Where the rule book was read from; None where it was handed over as it is."""
        return self._path

    @property
    def immediate(self) -> bool:
        """Whether its verbs wait for nobody: the store is in memory, and there are no profiles."""
        return isinstance(self._store, MemoryStore) and self._profiles is None

    @property
    def version(self) -> str:
        """The version of the rule book that decides now: the hash of what it means."""
        return self._running.plan.book.version

    @property
    def log(self) -> DecisionLog | None:
        """The log that notes decisions, if there is one: `engine.log.stats()`."""
        return self._log

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
        events: Iterable[Event] | None = None,
        history: Iterable[Mapping[str, Any]] | None = None,
        used: Mapping[str, Any] | None = None,
        observe: bool = False,
        commit: bool = True,
        key: str | None = None,
    ) -> Decision:
        """Return the next best action for the customer *id*.

        *customer* and *interaction* are the fields that the book declares; without an
        interaction nothing is happening and every contact is outbound. *now* is an aware
        datetime, by default the clock's. *role* says who asks, *at* names a decision point and
        *n* asks for up to so many answers, by default as many as the point shows, or one.
        *events* are the customer's journey, by default what was observed; a `Journey` of them is
        read once, however often it is handed in. *history* are the answers given before, by default
        what the store remembers. *used* is what is used up, by budget or limit: a number, or money
        as a string; the others are counted. *observe* records the interaction after the decision,
        as the event that the book says it is; the answer is the same without it. Without *commit*
        it is a preview: nothing is taken, and nothing remembered. A *key* makes it safe to ask
        again: where the customer got an answer under that key, the same decision is returned, and
        nothing is taken again. Raises CaseError where the case cannot be read, or something else
        was asked under the key.
        """
        if events is not None and not isinstance(events, Iterable):
            raise CaseError("`events` is a list of events, see `Case`")
        journey = events if isinstance(events, Journey | None) else tuple(events)
        if history is not None and not isinstance(history, Iterable):
            raise CaseError("`history` is a list of answers, see `Case`")
        past = tuple(history) if history is not None else None
        case = Case(id, customer or {}, interaction, now, role, at, journey, past, used)
        return self.decide_case(case, n, observe=observe, commit=commit, key=key)

    def decide_case(
        self,
        case: Case,
        n: int | None = None,
        *,
        observe: bool = False,
        commit: bool = True,
        key: str | None = None,
    ) -> Decision:
        """Return the next best action for a case; see `decide`."""
        return self._decide(self._running, case, n, observe=observe, commit=commit, key=key)

    def _decide(
        self,
        running: Running,
        case: Case,
        n: int | None,
        *,
        observe: bool,
        commit: bool,
        key: str | None,
    ) -> Decision:
        _check(case, n, key)
        now = case.now if case.now is not None else self._clock()
        plan, _, briefer, happening = running
        if observe:
            happening.check(case)
        known: tuple[Diagnostic, ...] = ()
        # of the case as it is: the profile may be another when the same is asked again
        asked = fingerprint(case, n) if key is not None else None
        if self._profiles is not None:
            refuse = plan.book.on_profile_failure == "refuse"
            case, known = self._profiles.complete(case, refuse=refuse)
        decided = decide(running, self._store, case, now, n, commit=commit, key=key, asked=asked)
        own = key if case.now is None else None  # what an interaction that is said again goes by
        if isinstance(decided, Decision):
            if observe:
                view = inputs_of(plan, case, decided.now)
                decided = self._observed(running, decided, happening.event(case.id, view, own))
            return decided
        found = decided.answer
        until = found.defer_until
        decision = Decision(
            decided.id,
            case.id,
            plan.book.version,
            now,
            found.ranked,
            found.reason,
            plan.book.no_action.title,
            found.n,
            case.at,
            case.role,
            (*known, *found.view.diagnostics, *decided.problems),
            None if until is None else windows.moment(until),
            EngineAccount(found, case, briefer),
        )
        if commit and self._log is not None:
            known_as = case.id if decided.known_as is None else decided.known_as
            self._log.put(Made(decision, found, case, known_as, decided.asked))
        if observe:
            event = happening.event(case.id, found.view, own)
            decision = self._observed(running, decision, event)
        elif commit and case.id:
            try:
                self._journeys.forget_old(plan)
            except StoreError as error:
                decision = _after_failure(decision, error)
        return decision

    def _observed(self, running: Running, decision: Decision, event: Event | None) -> Decision:
        """Record the interaction that was decided on; return the decision, which is made anyway."""
        if event is None:
            return decision
        try:
            rows, _ = running.shapes.rows([event], decision.now)
            self._journeys.append(running.plan, {event.customer: rows})
        except StoreError as error:
            return _after_failure(decision, error)
        return decision

    def bind(
        self,
        id: str,
        *,
        customer: Mapping[str, Any] | None = None,
        role: str | None = None,
        at: str | None = None,
    ) -> Session:
        """Return a session: a conversation with the customer *id*, decided on again and again.

        *customer*, *role* and *at* are as in `decide`, and the same for the whole conversation.
        What the rules ask of the customer and the journey is looked up once, and again when it
        changes; each decision is the same that `decide` would make.
        """
        case = Case(id, customer or {}, None, None, role, at)
        return Session(case, lambda: self._running, self._decide)

    def decide_many(
        self,
        cases: Iterable[Case | Mapping[str, Any]],
        *,
        observe: bool = False,
        commit: bool = True,
    ) -> Iterator[Decision]:
        """Yield the decision of each case, in their order, as they are asked for.

        A case may be plain data, as `Case.from_dict` reads it. *observe* and *commit* are as in
        `decide`. Where there is a log, it waits for it at times, so that nothing is lost.
        """
        for case in cases:
            read = case if isinstance(case, Case) else Case.from_dict(case)
            if self._log is not None and commit:
                self._log.make_room()
            yield self.decide_case(read, observe=observe, commit=commit)

    def explain(self, decision: Decision, case: Case | None = None) -> Explanation:
        """Return the whole account of a decision: for every action why, or why not.

        It is computed afterwards and has no effect. A decision that was read back from JSON
        needs its *case*, and the version of the book that made it. Raises CaseError otherwise.
        """
        if not isinstance(decision, Decision):
            raise CaseError("what is explained is a decision")
        if isinstance(decision.account, EngineAccount):
            return decision.account.explanation()
        if case is None:
            raise CaseError("a decision that was read back is explained together with its `case`")
        running = self._running
        plan = running.plan
        if decision.version != plan.book.version:
            message = f"the decision was made by version {decision.version} of the book"
            raise CaseError(f"{message}, this engine has {plan.book.version}")
        if (decision.customer, decision.at, decision.role) != (case.id, case.at, case.role):
            raise CaseError("the case is not the one that the decision was made on")
        found = decided_again(running, self._store, case, decision)
        if found is None:
            raise CaseError("the case or the journey is another than when the decision was made")
        return EngineAccount(found, case, running.briefer).explanation()

    def explain_logged(self, id: str) -> tuple[Decision, Explanation]:
        """Return a decision of the log by its id, and the whole account of it.

        It is made again from its record. Raises UnknownDecisionError where the log does not have
        it, and CaseError where there is no log, where another version of the book made it, and
        where a rule reads a private field, which is not in the log.
        """
        if self._log is None:
            raise CaseError("this engine keeps no decision log")
        record = self._log.record(id)
        if record is None:
            raise UnknownDecisionError(
                f"no decision `{str(id)[:60]}` is in the log: previews are not written to it, and "
                "what was forgotten is gone"
            )
        return explained(self._running, record)

    # --- what comes of answers

    def standing(self, id: str) -> Standing:
        """Return how a decision stands: its answers, and what came of them.

        Raises UnknownDecisionError where it is not remembered.
        """
        return standing_of(self._store, id, self.book.currency)

    def record(
        self,
        id: str,
        outcome: str,
        *,
        action: str | None = None,
        at: datetime | None = None,
        key: str | None = None,
    ) -> Recorded:
        """Record what came of a decision, by its id: `accepted`, `rejected` and their like.

        *action* names the answer where there are several, by default the first; *at* is when, by
        default the clock's. The same outcome of the same answer counts once, unless it has another
        *key*. Limits and budgets are settled in the same step. Where the book has `outcome_event`,
        it joins the journey. Raises CaseError for a decision that
        is not remembered.
        """
        recorded = self._outcomes(at).record(id, outcome, action, key)
        if (event := outcome_event(self.book, self._store, recorded, key)) is not None:
            self.observe(event)
        return recorded

    def approve(
        self,
        id: str,
        by: str,
        role: str,
        *,
        action: str | None = None,
        agreed: bool = True,
        at: datetime | None = None,
    ) -> Recorded:
        """Approve of the gesture of a decision, or refuse it where not *agreed*.

        *by* is who does, *role* in which role: it needs the authority for the amount. Raises
        CaseError where it has not, and where nothing waits for an approval.
        """
        return self._outcomes(at).approve(id, by, role, action, agreed=agreed)

    def _outcomes(self, at: datetime | None) -> Outcomes:
        when: object = at if at is not None else self._clock()
        if not isinstance(when, datetime) or when.utcoffset() is None:
            raise CaseError("`at` is a datetime with a time zone, such as datetime.now(UTC)")
        now = windows.instant(self._clock())
        return Outcomes(self.book, self._store, windows.instant(when), now)

    def forget(self, customer: str) -> None:
        """Forget a customer in the log and the store: events, identities, decisions.

        Only counts are left. Raises StoreError where that fails: then ask again.
        """
        names = {customer, *self._store.known_as(customer)}
        if self._log is not None:
            self._log.forget(names)
        self._store.forget(customer)
        forget_given()
        if self._profiles is not None:
            for name in names:
                self._profiles.forget(name)

    def export(self, customer: str) -> dict[str, Any]:
        """Return all that the store knows of a customer, as plain data."""
        return exported(self._store, customer, windows.instant(self._clock()))

    # --- the journey

    def observe(self, *events: Event) -> list[Diagnostic]:
        """Record what happened to customers; return what was wrong with the fields of events.

        An event that is known already, by its id, changes nothing. One that comes late is placed
        by its time. Raises CaseError for a type or channel that the book does not have; then
        nothing of *events* is recorded.
        """
        plan, shapes, *_ = self._running
        return self._journeys.observe(plan, shapes, events)

    def link(self, identity: str, customer: str) -> None:
        """Let an identity (an e-mail address, a cookie, a social handle) lead to a customer.

        Their journeys are one from now on. Raises CaseError where it would lead in a circle.
        """
        self._journeys.link(self._running.plan, identity, customer)

    def unlink(self, identity: str) -> None:
        """Let an identity stand for itself again, with what was recorded under it."""
        self._journeys.unlink(self._running.plan, identity)

    def due(
        self, now: datetime | None = None, cursor: str | None = None, limit: int = 1000
    ) -> tuple[list[Due], str]:
        """Return the moments that opened or closed since *cursor*, and the next cursor.

        Moments made of silence open when their deadline passes: ask from time to time, and decide
        for the customers that are named. Asking again with the same cursor gives the same.
        *limit* is how many are given at the most; ask until nothing is.
        """
        return self._journeys.due(now, cursor, limit)

    # --- the book

    def reload(self) -> bool:
        """Read the book again and swap it in; return whether its version is another now.

        Where its files say what they said, they are only read; where they mean the same, nothing
        is compiled. Raises BookError where the book has errors; the old one then goes on deciding.
        """
        if self._path is None:
            raise CaseError("this engine was not opened from a folder")
        with self._reloading:
            if unchanged(self._path, self.book.files):
                return False
            built = load(self._path)
            changed = built.book.version != self.version
            self._use(built.book)
            self._warnings = tuple(built.warnings)
        return changed

    # --- the same for asyncio: see `asynchronous`

    adecide = asynchronous(decide)
    adecide_case = asynchronous(decide_case)
    aexplain = asynchronous(explain)
    aexplain_logged = asynchronous(explain_logged)
    astanding = asynchronous(standing)
    arecord = asynchronous(record)
    aapprove = asynchronous(approve)
    aobserve = asynchronous(observe)
    alink = asynchronous(link)
    aunlink = asynchronous(unlink)
    adue = asynchronous(due)
    aforget = asynchronous(forget)
    aexport = asynchronous(export)
    areload = asynchronous(reload)
