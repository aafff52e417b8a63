"""The endpoints of what happens: events, and what came of decisions."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Final

from nba.errors import CaseError
from nba.server import messages
from nba.server.endpoint import Call, Endpoint, Reply, encode

__all__ = ["ENDPOINTS"]

_FEW: Final = 20  # events that take no longer than a decision does


async def observe(call: Call) -> Reply:
    """Record events, one or many."""
    body: messages.ObservedEvent | list[messages.ObservedEvent] = call.body
    given = body if isinstance(body, list) else [body]
    try:
        events = [one.plain(_id_under(call.key, place, one)) for place, one in enumerate(given)]
        work = partial(call.service.engine.observe, *events)
        found = await call.service.call(work, quick=len(events) <= _FEW)
    except CaseError as error:
        if not isinstance(body, list):  # its place among one is none
            error.path = error.path[1:]
        raise
    diagnostics = [one.to_dict() for one in found]
    return Reply(encode({"observed": len(events), "diagnostics": diagnostics}))


def _id_under(key: str | None, place: int, event: messages.ObservedEvent) -> str | None:
    """Return the id of an event that has none, so that it is the same when it is sent again.

    What the event says is part of it: nothing is lost where a key is used for another one.
    """
    if key is None or event.id is not None:
        return None
    text = f"{key}\0{place}\0".encode() + encode(event)
    return f"k-{hashlib.sha256(text).hexdigest()[:24]}"


async def record(call: Call) -> Reply:
    """Record what came of a decision."""
    body: messages.Outcome = call.body
    work = partial(
        call.service.engine.record,
        body.decision,
        body.outcome,
        action=body.action,
        at=body.at,
        key=body.key,
    )
    return Reply(encode((await call.service.call(work, quick=True))._asdict()))


ENDPOINTS: Final = (
    Endpoint(
        name="observe",
        method="POST",
        path="/v1/events",
        scope="observe",
        summary="Record events, one or many",
        about=(
            "An event counts once by its `id`. One without an id gets it from the idempotency key, "
            "or else from what it says."
        ),
        run=observe,
        takes=messages.EventOrEvents,
        gives=messages.Observed,
        fails=("store-failure",),
        writes=True,
        examples={
            "one": {"type": "contact", "customer": "c-42", "channel": "phone"},
        },
    ),
    Endpoint(
        name="record",
        method="POST",
        path="/v1/outcomes",
        scope="record",
        summary="Record what came of a decision",
        about="The same outcome of the same answer counts once, so it may be said again.",
        run=record,
        takes=messages.Outcome,
        gives=messages.Recorded,
        fails=("unknown-decision", "store-failure"),
        writes=True,
        examples={"accepted": {"decision": "d-…", "outcome": "accepted"}},
    ),
)
