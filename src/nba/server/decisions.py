"""The endpoints of decisions: deciding, how one stands, why it was made, and approval."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from nba.decide.decision import Decision
from nba.errors import CaseError, ProfileError, StoreError, UnknownDecisionError
from nba.server import messages
from nba.server.endpoint import Call, Endpoint, Reply, encode
from nba.server.problems import ProblemError, problem_of

__all__ = ["ENDPOINTS"]

#: A case with more events than this takes long enough for a thread.
_MANY: Final = 100
_APPLIED: Final = ((b"preference-applied", b"explain"),)


async def decide(call: Call) -> Reply:
    """Decide a case."""
    case: messages.Case = call.body
    few = len(case.events or ()) + len(case.history or ()) <= _MANY
    quick = few and not call.explain
    decision, body = await call.service.call(
        partial(_decided, call, case, call.key, explain=call.explain), quick=quick
    )
    call.service.decided(decision)
    return Reply(body, headers=_APPLIED if call.explain else ())


def _decided(
    call: Call, case: messages.Case, key: str | None, *, explain: bool
) -> tuple[Decision, bytes]:
    """Return the decision on a case, and as JSON; with its reasons if they are to *explain* it."""
    decision = call.service.engine.decide_case(
        case.plain(), case.n, observe=case.observe, commit=case.commit, key=key
    )
    return decision, encode(decision.to_dict(why=explain, codes=explain))


async def decide_batch(call: Call) -> Reply:
    """Decide cases in their order; one that cannot be decided is no obstacle to the others."""
    found = await call.service.call(partial(_batch, call))
    for decision, _ in found:
        if decision is not None:
            call.service.decided(decision)
    body = b'{"results":[' + b",".join(body for _, body in found) + b"]}"
    return Reply(body, headers=_APPLIED if call.explain else ())


def _batch(call: Call) -> list[tuple[Decision | None, bytes]]:
    found: list[tuple[Decision | None, bytes]] = []
    for place, case in enumerate(call.body.cases):
        key = None if call.key is None else f"{place}/{call.key}"
        try:
            decision, body = _decided(call, case, key, explain=call.explain)
        except (CaseError, ProfileError, StoreError) as error:
            if isinstance(error, CaseError) and error.path not in ((), ("key",)):
                error = error.within("cases", place)
            found.append((None, b'{"problem":' + encode(problem_of(error).to_dict()) + b"}"))
        else:
            found.append((decision, b'{"decision":' + body + b"}"))
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
