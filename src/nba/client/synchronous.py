"""The client that waits for each answer."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self, TypeVar

import httpx

from nba.client import requests
from nba.client.requests import Checked, Explained, Journey, Request
from nba.client.sending import Again, Attempts
from nba.decide.case import Case
from nba.decide.decision import Decision
from nba.engine.outcomes import Recorded
from nba.engine.standing import Standing
from nba.errors import Diagnostic, NbaError
from nba.journey.events import Event
from nba.state.store import Due

__all__ = ["Client"]

T = TypeVar("T")


class Client:
    """Asks the server at *url*, with the API *key* if it needs one.

    *timeout* is how many seconds each attempt waits for the server to go on, and *attempts* how
    many there are: where there is no answer, or one that says to come back, the same request is
    sent again. It is done once however often it is sent, since it carries an idempotency key. The
    verbs are those of `Engine`, with the same results and errors; ServerError is for what lies
    between. Raises CaseError for a *key* that is none.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 5.0,
        attempts: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = requests.authorization(key)
        self._attempts = attempts
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout, transport=transport
        )

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Use the client for a while."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, request: Request[T]) -> T:
        attempts = Attempts(self._attempts)
        while True:
            try:
                reply = self._http.request(
                    request.method,
                    request.path,
                    content=request.content,
                    headers=dict(request.headers),
                    params=dict(request.query),
                )
                found = attempts.answered(request, reply)
            except httpx.RequestError as error:
                found = attempts.failed(error)
            if not isinstance(found, Again):
                return found
            time.sleep(found.seconds)

    # --- deciding

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
        explain: bool = False,
        key: str | None = None,
    ) -> Decision:
        """Return the next best action for the customer *id*: see `Engine.decide`.

        With *explain* the decision brings its reasons, codes and briefing. Under a *key* of your
        own it may also be asked for again after this program ended.
        """
        journey = tuple(events) if events is not None else None
        past = tuple(history) if history is not None else None
        case = Case(id, customer or {}, interaction, now, role, at, journey, past, used)
        return self.decide_case(case, n, observe=observe, commit=commit, explain=explain, key=key)

    def decide_case(
        self,
        case: Case | Mapping[str, Any],
        n: int | None = None,
        *,
        observe: bool = False,
        commit: bool = True,
        explain: bool = False,
        key: str | None = None,
    ) -> Decision:
        """Return the next best action for a case, which may be plain data; see `decide`."""
        return self._send(
            requests.decide(case, n=n, observe=observe, commit=commit, explain=explain, key=key)
        )

    def decide_many(
        self,
        cases: Iterable[Case | Mapping[str, Any]],
        *,
        observe: bool = False,
        commit: bool = True,
        explain: bool = False,
        key: str | None = None,
    ) -> list[Decision | NbaError]:
        """Return for each of up to 200 cases the decision, or the error why there is none."""
        return self._send(
            requests.decide_many(cases, observe=observe, commit=commit, explain=explain, key=key)
        )

    def standing(self, id: str) -> Standing:
        """Return how a decision stands: its answers, and what came of them."""
        return self._send(requests.standing(id))

    def explain(self, id: str) -> Explained:
        """Return why a decision of the server's log was made, for every action."""
        return self._send(requests.explain(id))

    # --- what happens, and what comes of it

    def observe(self, *events: Event, key: str | None = None) -> list[Diagnostic]:
        """Record what happened; return what was wrong with the fields of events."""
        return self._send(requests.observe(events, key))

    def record(
        self,
        id: str,
        outcome: str,
        *,
        action: str | None = None,
        at: datetime | None = None,
        key: str | None = None,
    ) -> Recorded:
        """Record what came of a decision. *key* tells outcomes apart: see `Engine.record`."""
        return self._send(requests.record(id, outcome, action, at, key))

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
        """Approve of the gesture of a decision, or refuse it where not *agreed*."""
        return self._send(requests.approve(id, by, role, action, agreed=agreed, at=at))

    # --- customers

    def journey(self, customer: str) -> Journey:
        """Return all that the store knows of a customer."""
        return self._send(requests.journey(customer))

    def forget(self, customer: str) -> None:
        """Forget a customer in the log and the store."""
        self._send(requests.forget(customer))

    def due(
        self, now: datetime | None = None, cursor: str | None = None, limit: int = 1000
    ) -> tuple[list[Due], str]:
        """Return the moments that opened or closed since *cursor*, and the next cursor."""
        return self._send(requests.due(now, cursor, limit))

    # --- the book

    def book(self) -> dict[str, Any]:
        """Return the ids that the book has, its version, and what became of the last reload."""
        return self._send(requests.book())

    def check(self, files: Mapping[str, str]) -> Checked:
        """Return what is wrong with the files of a book, by name; nothing of them is loaded."""
        return self._send(requests.check(files))

    def reload(self) -> bool:
        """Let the server read its book again; return whether its version is another now.

        Raises BookError where it has errors: the old one then goes on deciding.
        """
        return self._send(requests.reload())
