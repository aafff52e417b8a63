"""What is written down of an answer: one JSON object, whatever is in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.contacts import BOOK, World, world

from nba import Decision, windows
from nba.engine.given import _Lately, forget_given, given_in
from nba.state.store import Remembered

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


def test_what_was_written_is_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is still known, or has to be read: with a gesture, a key, a kept answer."""
    found = world(COUNTING)
    decisions = [found.decide(customer={"leaving": True, "household": ODD})]
    found.missed("a-1")
    asked = ({"role": "agent", "n": 3}, {"key": "once"}, {"channel": "chat"}, {"n": 2})
    decisions += [found.decide(customer={"wants_more": True}, **more) for more in asked]
    rows = [row for one in decisions if (row := found.store.decision(one.id)) is not None]
    with monkeypatch.context() as unread:
        unread.setattr("nba.engine.given._decode", None)
        kept = [given_in(row) for row in rows]
    assert {given.action for answers in kept for given in answers} > {"ask_to_stay", "upgrade"}
    forget_given()
    assert [given_in(row) for row in rows] == kept
    found.engine.record(decisions[0].id, "accepted")
    after = found.store.decision(decisions[0].id)
    assert after is not None
    (given,) = given_in(after)
    assert given.answered is not None
    assert given.answered.last() == "accepted"


def test_few_decisions_are_kept_as_they_were_read() -> None:
    """Those that were asked for lately stay, and the others go."""
    lately = _Lately(10)
    rows = [Remembered(f"d-{number}", "c-1", number, "", (), ()) for number in range(100)]
    for row in rows:
        lately.keep(row, ())
        assert lately.get(rows[0]) == ()
    known = [row for row in rows if lately.get(row) is not None]
    assert rows[0] in known
    assert len(known) <= 20
    lately.clear()
    assert lately.get(rows[0]) is None
