"""Decisions under a key: who asks again under the same key is told the same, and takes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from nba.decide.answer import Answer
from nba.decide.case import Case
from nba.decide.decision import Candidate, Decision
from nba.engine.given import Noted
from nba.errors import CaseError, Diagnostic
from nba.state.reservation import entry_id
from nba.state.store import Remembered

__all__ = ["fingerprint", "id_under", "retold", "told_of"]


def id_under(key: str, customer: str) -> str:
    """Return the id of the decision for a customer under a key.

    It is made from both, so that every process finds it, and one customer is never told what was
    decided for another.
    """
    return f"d-{_hash(key, customer)}"


def fingerprint(case: Case, n: int | None) -> str:
    """Return what tells one question from another: a hash of all that was handed in.

    Raises CaseError for names of fields that are no strings: they have no order.
    """
    try:
        return _hash(json.dumps([case.to_dict(), n], sort_keys=True, default=str))
    except TypeError:
        raise CaseError("the names of fields in a case are strings") from None


def _hash(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:24]


def told_of(
    found: Answer, case: Case, now: datetime, asked: str, problems: Iterable[Diagnostic]
) -> dict[str, Any]:
    """Return what of a decision is remembered beside its answers, so that it can be told again."""
    book = found.plan.book
    return {
        "asked": asked,
        "customer": case.id,
        "version": book.version,
        "now": now.isoformat(),
        "no_action": book.no_action.title,
        "n": found.n,
        "at": case.at,
        "role": case.role,
        "diagnostics": [one.to_dict() for one in problems],
    }


def retold(row: Remembered, asked: str) -> Decision:
    """Return the decision that is remembered, as it was told first.

    Raises CaseError where something else was *asked*, or it was not made under a key.
    """
    told = Noted.of(row).told
    if told is None or told["asked"] != asked:
        raise CaseError("the key was used for another question before: take a new one", ["key"])
    answers = zip(row.granted, map(json.loads, row.answers), strict=True)
    return Decision.from_dict(
        {
            **told,
            "id": row.id,
            "ranked": [_candidate(row, place, answer).to_dict() for place, answer in answers],
            "reason": "chosen",
        }
    )


def _candidate(row: Remembered, place: int, answer: Mapping[str, Any]) -> Candidate:
    found = Candidate.from_dict(answer["told"])
    gesture = found.gesture
    if gesture is None or gesture.reservation is not None:
        return found
    return found._replace(gesture=gesture._replace(reservation=entry_id(row.id, place)))
