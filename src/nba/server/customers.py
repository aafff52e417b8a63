"""The endpoints of customers: what is known of one, forgetting one, and whom to look at next."""

from __future__ import annotations

from functools import partial
from typing import Final

from nba import windows
from nba.server import messages
from nba.server.endpoint import Call, Endpoint, Reply, encode

__all__ = ["ENDPOINTS"]


async def journey(call: Call) -> Reply:
    """Return all that the store knows of a customer."""
    work = partial(call.service.engine.export, call.id)
    return Reply(encode(await call.service.call(work)))


async def forget(call: Call) -> Reply:
    """Forget a customer in the log and the store."""
    call.service.handed_in.forget()  # it may be known by another name
    await call.service.call(partial(call.service.engine.forget, call.id))
    return Reply(b"", 204)


async def due(call: Call) -> Reply:
    """Return the moments that opened or closed since a cursor."""
    query: messages.DueQuery = call.query
    now, cursor = query.now or None, query.cursor or None
    work = partial(call.service.engine.due, now, cursor, query.limit)
    found, cursor = await call.service.call(work)
    entries = [{**one._asdict(), "at": windows.moment(one.at).isoformat()} for one in found]
    return Reply(encode({"due": entries, "cursor": cursor}))


ENDPOINTS: Final = (
    Endpoint(
        name="journey",
        method="GET",
        path="/v1/customers/{id}/journey",
        scope="decide",
        summary="All that the store knows of a customer",
        run=journey,
        gives=messages.Journey,
        fails=("store-failure",),
    ),
    Endpoint(
        name="forget",
        method="DELETE",
        path="/v1/customers/{id}",
        scope="admin",
        summary="Forget a customer, in the log and the store",
        about="Only counts are left. Doing it again does no harm.",
        run=forget,
        status=204,
        fails=("store-failure",),
        writes=True,
    ),
    Endpoint(
        name="due",
        method="GET",
        path="/v1/due",
        scope="decide",
        summary="The moments that opened or closed since a cursor",
        about="Ask with the cursor that came last, until nothing is due; then from time to time.",
        run=due,
        asks=messages.DueQuery,
        gives=messages.DueAnswer,
        fails=("wrong-input", "store-failure"),
    ),
)
