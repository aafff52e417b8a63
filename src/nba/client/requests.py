"""What is sent for each verb, and how its answer is read: the same for both kinds of client."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypedDict, TypeVar
from urllib.parse import quote

from nba import windows
from nba.client.errors import diagnostic_of, error_of
from nba.decide.case import Case
from nba.decide.decision import Decision, Gesture
from nba.engine.outcomes import Recorded
from nba.engine.standing import AnswerStanding, Came, Standing
from nba.errors import CaseError, Diagnostic, NbaError
from nba.journey.events import Event
from nba.state.store import Due

__all__ = ["Checked", "Explained", "Journey", "Request", "authorization"]

T = TypeVar("T")

_VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,255}")


class Change(TypedDict):
    """What would let an action through."""

    status: str
    changes: dict[str, Any]
    channel: str | None
    note: str


class Account(TypedDict):
    """What became of one action, and why."""

    action: str
    title: str
    channel: str
    channels: dict[str, str]
    code: str
    priority: float | None
    why: list[str]
    where: str
    change: Change | None


class Explained(TypedDict):
    """A decision of the server's log, a summary, and the account of every action."""

    decision: Decision
    summary: list[str]
    actions: list[Account]


class Journey(TypedDict):
    """All that the server's store knows of a customer, as plain data."""

    customer: str
    identities: list[str]
    events: list[dict[str, Any]]
    decisions: list[dict[str, Any]]


class Checked(TypedDict):
    """Whether files are a book that would load, and every finding."""

    ok: bool
    version: str | None
    diagnostics: list[Diagnostic]


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """A request that may be sent more than once, and how its answer is *read*."""

    method: str
    path: str
    read: Callable[[Any], T]
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


def decide(
    case: Case | Mapping[str, Any],
    *,
    n: int | None,
    observe: bool,
    commit: bool,
    explain: bool,
    key: str | None,
) -> Request[Decision]:
    """Decide a case."""
    body = _case(case) | {"observe": observe, "commit": commit}
    if n is not None:
        body["n"] = n
    return _posted("/v1/decisions", body, Decision.from_dict, _key(key), explain=explain)


def decide_many(
    cases: Iterable[Case | Mapping[str, Any]],
    *,
    observe: bool,
    commit: bool,
    explain: bool,
    key: str | None,
) -> Request[list[Decision | NbaError]]:
    """Decide up to 200 cases."""
    more = {"observe": observe, "commit": commit}
    body = {"cases": [_case(one) | more for one in cases]}
    return _posted("/v1/decisions:batch", body, _results, _key(key), explain=explain)


def observe(events: Iterable[Event], key: str | None) -> Request[list[Diagnostic]]:
    """Record events."""
    body = [one.to_dict() for one in events]
    return _posted("/v1/events", body, _diagnostics, _key(key))


def record(
    id_: str, outcome: str, action: str | None, at: datetime | None, key: str | None
) -> Request[Recorded]:
    """Record an outcome."""
    body = {"decision": id_, "outcome": outcome, "action": action, "at": _time(at), "key": key}
    return _posted("/v1/outcomes", _given(body), _recorded)


def approve(
    id_: str, by: str, role: str, action: str | None, *, agreed: bool, at: datetime | None
) -> Request[Recorded]:
    """Approve of a gesture, or refuse it."""
    body = {"by": by, "role": role, "action": action, "agreed": agreed, "at": _time(at)}
    return _posted(f"/v1/decisions/{_step(id_)}/approval", _given(body), _recorded)


def standing(id_: str) -> Request[Standing]:
    """Ask how a decision stands."""
    return Request("GET", f"/v1/decisions/{_step(id_)}", _standing)


def explain(id_: str) -> Request[Explained]:
    """Ask why a decision was made."""
    return Request("GET", f"/v1/decisions/{_step(id_)}/explanation", _explained)


def journey(customer: str) -> Request[Journey]:
    """Ask what is known of a customer."""
    return Request("GET", f"/v1/customers/{_step(customer)}/journey", _as_it_is)


def forget(customer: str) -> Request[None]:
    """Forget a customer."""
    return Request("DELETE", f"/v1/customers/{_step(customer)}", lambda _: None)


def due(now: datetime | None, cursor: str | None, limit: int) -> Request[tuple[list[Due], str]]:
    """Ask what is due."""
    query = _given({"now": _time(now), "cursor": cursor, "limit": str(limit)})
    return Request("GET", "/v1/due", _due, query=query)


def book() -> Request[dict[str, Any]]:
    """Ask about the book."""
    return Request("GET", "/v1/book", _as_it_is)


def check(files: Mapping[str, str]) -> Request[Checked]:
    """Check the files of a book."""
    return _posted("/v1/book:check", {"files": dict(files)}, _checked)


def reload() -> Request[bool]:
    """Let the book be read again."""
    return Request("POST", "/v1/book:reload", lambda found: bool(found["changed"]))


# --- what is sent


def _posted(
    path: str,
    body: Any,
    read: Callable[[Any], T],
    key: str | None = None,
    *,
    explain: bool = False,
) -> Request[T]:
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    if explain:
        headers["Prefer"] = "explain"
    try:
        text = json.dumps(body, allow_nan=False, default=_otherwise, ensure_ascii=False)
        content = text.encode()
    except (TypeError, ValueError) as error:
        message = f"this cannot be JSON: {str(error).lower()}. leave out what JSON does not have"
        raise CaseError(message) from None
    return Request("POST", path, read, content, headers)


def _otherwise(value: object) -> str:
    """Return what JSON has for a value that it does not know, as the library's own writer would."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def authorization(key: str | None) -> dict[str, str]:
    """Return the header that says who asks, by an API key. Raises CaseError."""
    if key is None:
        return {}
    if not _VISIBLE.fullmatch(key):  # it is not shown
        raise CaseError("an API key has only visible characters: is there a line break at its end?")
    return {"Authorization": f"Bearer {key}"}


def _key(given: str | None) -> str:
    """Return the key of a request, so that it may be sent again; by default one of its own."""
    if given is None:
        return uuid.uuid4().hex
    if not _VISIBLE.fullmatch(given):
        raise CaseError("an idempotency key has 1 to 255 visible characters", ["key"])
    return given


def _case(case: Case | Mapping[str, Any]) -> dict[str, Any]:
    return case.to_dict() if isinstance(case, Case) else dict(case)


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _step(text: str) -> str:
    # a step of dots alone would be taken for another path
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


# --- what is read


def _as_it_is(found: Any) -> Any:
    return found


def _results(found: Any) -> list[Decision | NbaError]:
    return [
        Decision.from_dict(one["decision"]) if "decision" in one else error_of(one["problem"])
        for one in found["results"]
    ]


def _diagnostics(found: Any) -> list[Diagnostic]:
    return [diagnostic_of(one) for one in found["diagnostics"]]


def _recorded(found: Any) -> Recorded:
    return Recorded(**{**found, "unfunded": tuple(found["unfunded"])})


def _explained(found: Any) -> Explained:
    return {**found, "decision": Decision.from_dict(found["decision"])}  # type: ignore[typeddict-item]


def _checked(found: Any) -> Checked:
    diagnostics = _diagnostics(found)
    return {"ok": found["ok"], "version": found["version"], "diagnostics": diagnostics}


def _due(found: Any) -> tuple[list[Due], str]:
    entries = []
    for one in found["due"]:
        at = windows.instant(datetime.fromisoformat(one["at"]))
        entries.append(Due(at, one["customer"], one["moment"], one["change"]))
    return entries, found["cursor"]


def _standing(found: Any) -> Standing:
    answers = tuple(map(_answer, found["answers"]))
    return Standing(found["id"], found["customer"], datetime.fromisoformat(found["at"]), answers)


def _answer(data: Mapping[str, Any]) -> AnswerStanding:
    gesture, kept = data["gesture"], data["kept_until"]
    if gesture is not None:
        gesture = Gesture(**{**gesture, "amount": Decimal(gesture["amount"])})
    outcomes = tuple(
        Came(one["outcome"], datetime.fromisoformat(one["at"]), one["key"])
        for one in data["outcomes"]
    )
    return AnswerStanding(
        **{
            **data,
            "gesture": gesture,
            "outcomes": outcomes,
            "unfunded": tuple(data["unfunded"]),
            "kept_until": None if kept is None else datetime.fromisoformat(kept),
        }
    )
