"""What is written down of an answer: one JSON object, whatever is in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.contacts import BOOK, World, world

from nba import Decision, windows
from nba.engine.remembered import given_in

HOUR = 3600 * windows.SECOND
ODD = 'the "Ó Briain"s \\ of № 7\n\U0001f3e0'
#: The same book; a limit counts what was accepted, and one action is done once for each household.
COUNTING = BOOK.replace(
    "  limits:\n",
    "  limits:\n"
    "    - {id: taken, counts: accepted, covers: {issue: retention}, per: household, at_most: 9,"
    " window: {rolling: 30d}, on_limit: drop}\n",
).replace("value: 30\n", "value: 30\n    once_per: customer.household\n    keep_for: 2h\n")


def written(found: World, decision: Decision) -> list[dict[str, Any]]:
    """Return what the store remembers of the answers, which is JSON as `json.dumps` writes it."""
    row = found.store.decision(decision.id)
    assert row is not None
    answers = [json.loads(text) for text in row.answers]
    assert [json.dumps(one, ensure_ascii=False) for one in answers] == list(row.answers)
    return answers


def test_all_that_is_written() -> None:
    """What is the treatment's, what is the case's, what it took, and what its outcomes count on."""
    found = world(COUNTING)
    decision = found.decide(customer={"leaving": True, "household": ODD})
    now = windows.instant(found.clock.now)
    month = windows.instant(found.clock.now.replace(day=1, hour=0)) - 1
    assert written(found, decision) == [
        {
            "action": "ask_to_stay",
            "channel": "phone",
            "issue": "retention",
            "group": "retention/stay",
            "kind": "proactive_contact",
            "direction": "outbound",
            "once": ODD,
            "keep_until": now + 2 * HOUR,
            "lapses": now + 24 * HOUR,
            "claims": [["limit/retention_call", ODD, month, 1, 1, now + 24 * HOUR]],
            "tallies": [["accepted", "limit/taken", ODD, now - 30 * 24 * HOUR]],
        }
    ]
    row = found.store.decision(decision.id)
    assert row is not None
    (given,) = given_in(row)
    assert given.answered is not None
    assert given.answered.once == ODD
    assert [claim.asked.owner for _, claim in given.claims] == [ODD]
    found.engine.record(decision.id, "accepted")
    assert found.used("limit/taken", ODD) == 1


@pytest.mark.parametrize(("role", "approval"), [("agent", "pending"), ("team_lead", None)])
def test_a_gesture_that_waits(role: str, approval: str | None) -> None:
    """It says what it takes of each budget, and that somebody has to agree."""
    found = world()
    found.missed("a-1")
    decision = found.decide(role=role, channel="email")
    (one,) = written(found, decision)
    now = windows.instant(found.clock.now)
    assert (one["action"], one["tags"], one["gesture"]) == ("apology_credit", ["service"], 2000)
    assert (one.get("approval"), one["once"]) == (approval, "a-1")
    taken = {account: (owner, amount, most) for account, owner, _, amount, most, _ in one["claims"]}
    assert taken["budget/own"] == (None, 2000, 5000)
    assert taken["budget/pool"] == ("", 2000, 10000)
    assert all(expires == one["lapses"] > now for *_, expires in one["claims"])


def test_where_days_are_the_customers() -> None:
    """The zone is written too, for outcomes that come later."""
    found = world()
    decision = found.decide(customer={"wants_more": True, "timezone": "America/New_York"})
    (one,) = written(found, decision)
    assert (one["action"], one["zone"]) == ("upgrade", "America/New_York")


def test_what_is_kept_refers_to_the_first() -> None:
    """And takes nothing."""
    found = world()
    found.missed("a-1")
    first = found.decide(channel="chat")
    again = found.decide(channel="chat")
    assert again.kept_from == first.id
    assert written(found, again) == [{"action": first.action, "kept_from": first.id}]
