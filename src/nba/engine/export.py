"""What a store knows of one customer, as plain data: for whoever has a right to see it."""

from __future__ import annotations

import json
from typing import Any

from nba import windows
from nba.lang.values import Duration, Timestamp
from nba.state.store import Remembered, Store

__all__ = ["exported"]


def exported(store: Store, customer: str, at: int) -> dict[str, Any]:
    """Return the journey and the decisions of a customer, under all names, as of a time."""
    memory = store.recall(customer, at)
    return {
        "customer": memory.customer,
        "identities": sorted(set(store.known_as(customer)) - {memory.customer}),
        "events": [
            {key: _plain(value) for key, value in row.items()} for row in memory.timeline.rows
        ],
        "decisions": [_decision(row) for row in memory.decisions],
    }


def _decision(row: Remembered) -> dict[str, Any]:
    return {
        "id": row.id,
        "recorded_as": row.recorded_as,
        "at": windows.moment(row.at).isoformat(),
        "answers": [json.loads(text) for text in row.answers],
        **json.loads(row.text),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Timestamp | Duration):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
