"""The endpoints of decisions: deciding, how one stands, why it was made, and approval."""

from __future__ import annotations

from functools import partial
from typing import Any, Final, NamedTuple

from nba.decide.account import ReadBack
from nba.decide.case import Case
from nba.decide.decision import Decision
from nba.errors import CaseError, NbaError, ProfileError, StoreError, UnknownDecisionError
from nba.server import messages
from nba.server.endpoint import Call, Endpoint, Reply, encode
from nba.server.problems import ProblemError, problem_of

__all__ = ["ENDPOINTS"]

#: A case with more events than this takes long enough for a thread.
_MANY: Final = 100
_APPLIED: Final = ((b"preference-applied", b"explain"),)


async def decide(call: Call) -> Reply:
    """Decide a case."""
    case: messages.RawCase = call.body
    journey = call.service.handed_in.journey(case.id, bytes(case.events))
    few = len(journey or ()) + len(case.history or ()) <= _MANY
    quick = few and not call.explain
    work = partial(_made, call, case, case.bringing(journey), call.key)
    made = await call.service.call(work, quick=quick)
    call.service.decided(made.decision)
    return Reply(made.body, headers=_APPLIED if made.explained else ())


class _Made(NamedTuple):
    """A decision, as JSON too, and whether that has the reasons."""

    decision: Decision
    body: bytes
    explained: bool


def _made(call: Call, asked: messages.CaseAlone, case: Case, key: str | None) -> _Made:
    """Return the decision on a case, as it was *asked* for, with reasons where there are any.

    There are none of one that is told again.
    """
    decision = call.service.engine.decide_case(
        case, asked.n, observe=asked.observe, commit=asked.commit, key=key
    )
    explained = call.explain and not isinstance(decision.account, ReadBack)
    told = decision.to_dict(why=explained, codes=explained)
    for one in told["diagnostics"]:
        if one["code"] == "store-failure":  # its words name hosts and files: they stand in the log
            one["message"] = "the store failed"
    return _Made(decision, encode(told), explained)


async def decide_batch(call: Call) -> Reply:
    """Decide cases in their order; one that cannot be decided is no obstacle to the others."""
    found = await call.service.call(partial(_batch, call))
    explained = False
    bodies = []
    for one in found:
        if isinstance(one, _Made):
            call.service.decided(one.decision)
            explained |= one.explained
            bodies.append(b'{"decision":' + one.body + b"}")
        else:
            call.service.failed(one)
            bodies.append(b'{"problem":' + encode(problem_of(one).to_dict()) + b"}")
    body = b'{"results":[' + b",".join(bodies) + b"]}"
    return Reply(body, headers=_APPLIED if explained else ())


def _batch(call: Call) -> list[_Made | NbaError]:
    found: list[_Made | NbaError] = []
    for place, case in enumerate(call.body.cases):
        key = None if call.key is None else f"{call.key} {place}"  # no key of a caller has a blank
        try:
            found.append(_made(call, case, case.plain(), key))
        except CaseError as error:
            own = error.path in ((), ("key",))
            found.append(error if own else error.within("cases", place))
        except (ProfileError, StoreError) as error:
            found.append(error)
    return found


async def standing(call: Call) -> Reply:
    """Tell how a decision stands."""
    work = partial(call.service.engine.standing, call.id)
    return Reply(encode((await call.service.call(work, quick=True)).to_dict()))


async def explanation(call: Call) -> Reply:
    """Explain a decision of the log."""
    engine = call.service.engine
    if engine.log is None:
        detail = "no decision log is kept: start the server with one"
        raise ProblemError("not-explainable", detail)
    try:
        decision, found = await call.service.call(partial(engine.explain_logged, call.id))
    except UnknownDecisionError:
        raise
    except CaseError as error:
        raise ProblemError("not-explainable", str(error)) from None
    body: dict[str, Any] = {"decision": decision.to_dict(), **found.to_dict()}
    return Reply(encode(body))


async def approve(call: Call) -> Reply:
    """Approve of the gesture of a decision, or refuse it."""
    body: messages.Approval = call.body
    work = partial(
        call.service.engine.approve,
        call.id,
        body.by,
        body.role,
        action=body.action,
        agreed=body.agreed,
        at=body.at,
    )
    return Reply(encode((await call.service.call(work, quick=True))._asdict()))


_CASE: Final = {
    "id": "c-42",
    "customer": {"tier": "gold", "lifetime_value": 900, "consent": {"phone": True}},
    "interaction": {"channel": "chat", "intent": "billing"},
}

ENDPOINTS: Final = (
    Endpoint(
        name="decide",
        method="POST",
        path="/v1/decisions",
        scope="decide",
        summary="Decide a case",
        about="With an idempotency key, asking again gives the same answer and takes nothing.",
        run=decide,
        takes=messages.Case,
        reads=messages.RawCase,
        gives=messages.Decision,
        fails=("profile-failure",),
        writes=True,
        explains=True,
        examples={"case": _CASE},
    ),
    Endpoint(
        name="decide_batch",
        method="POST",
        path="/v1/decisions:batch",
        scope="decide",
        summary="Decide many cases",
        about="Each has its own decision or problem. A key counts for each by its place.",
        run=decide_batch,
        takes=messages.Batch,
        gives=messages.BatchAnswer,
        writes=True,
        explains=True,
        examples={"two": {"cases": [_CASE, {"id": "c-43"}]}},
    ),
    Endpoint(
        name="decision",
        method="GET",
        path="/v1/decisions/{id}",
        scope="decide",
        summary="How a decision stands: its answers, and what came of them",
        run=standing,
        gives=messages.Standing,
        fails=("unknown-decision", "store-failure"),
    ),
    Endpoint(
        name="explanation",
        method="GET",
        path="/v1/decisions/{id}/explanation",
        scope="decide",
        summary="Why a decision of the log was made, for every action",
        run=explanation,
        gives=messages.Explained,
        fails=("unknown-decision", "not-explainable", "store-failure"),
    ),
    Endpoint(
        name="approve",
        method="POST",
        path="/v1/decisions/{id}/approval",
        scope="record",
        summary="Approve of a gesture, or refuse it",
        run=approve,
        takes=messages.Approval,
        gives=messages.Recorded,
        fails=("unknown-decision", "store-failure"),
        writes=True,
        examples={"yes": {"by": "Ann", "role": "team_lead"}},
    ),
)
