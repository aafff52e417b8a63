"""Random contact policies, budgets and gestures for random books; and random histories."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from tests.decide.strategies import CHANNELS, NOW, books, built, covers, one_in

from nba.book.build import Built

HOURS = (0, 1, 5, 23, 24, 25, 47, 48, 100, 167, 168, 169, 300, 720)
OUTCOMES = ("presented", "clicked", "accepted", "rejected", "maybe_later", "resolved", "visited")
WINDOWS: tuple[dict[str, Any], ...] = (
    {"rolling": "7d"},
    {"rolling": "2h"},
    {"calendar": "day", "timezone": "customer.timezone"},
    {"calendar": "week", "timezone": "book", "week_start": "sunday"},
    {"calendar": "month"},
)
PER = ("customer", "customer", "household", "book", "customer.tier")


@st.composite
def contact_books(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a book with everything that concerns contact."""
    document = copy.deepcopy(draw(books()))
    customer = document["context"]["customer"]
    customer["household"] = "string"
    document["household"] = "customer.household"
    document["reach"] = "400d"
    document["outcomes"] = {"visited": {"means": "accepted"}, "shrugged": {}}
    if draw(st.booleans()):
        document["attribution"] = {"within": draw(st.sampled_from(["2d", "30d"]))}
    document["calendars"] = {
        "office": {"open": {"mon-fri": "08:00-10:00, 10:00-12:00"}, "closed": ["2026-03-03"]},
        "day": {"timezone": "customer.timezone", "open": {"every_day": "09:00-21:00"}},
    }
    for channel in document["channels"].values():
        if draw(one_in(3)):
            channel["open"] = draw(st.sampled_from(["office", "day"]))
            channel["when_closed"] = draw(st.sampled_from(["defer", "drop"]))
    document["budgets"] = {
        "money": {"amount": draw(st.sampled_from([0, 10, 25.5])), "window": {"rolling": "30d"}},
        "own": {"amount": 20, "per": draw(st.sampled_from(PER)), "window": draw(windows())},
        "calls": {"count": draw(st.integers(0, 2)), "per": draw(st.sampled_from(PER))},
    }
    document["contact_policy"] = {
        "limits": [draw(limits(f"limit_{place}")) for place in range(draw(st.integers(0, 3)))],
        "suppress": [draw(pauses(f"pause_{place}")) for place in range(draw(st.integers(0, 2)))],
    }
    for action in document["actions"].values():
        draw(contact_of(action))
    return document


def windows() -> st.SearchStrategy[dict[str, Any]]:
    """Return windows."""
    return st.sampled_from(WINDOWS)


@st.composite
def limits(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Draw a limit."""
    counts = draw(st.sampled_from(["presented", "presented", "decided", "clicked"]))
    found: dict[str, Any] = {
        "id": name,
        "counts": counts,
        "covers": draw(covers()),
        "per": draw(st.sampled_from(PER)),
        "at_most": draw(st.integers(0, 2)),
        "window": draw(windows()),
        "on_limit": draw(st.sampled_from(["drop", "defer", "next_treatment"])),
    }
    if counts == "presented":
        found["confirm_within"] = draw(st.sampled_from(["1h", "24h"]))
    if exempt := draw(covers()):
        found |= {"exempt": exempt, "count_exempt": draw(st.booleans())}
    return found


@st.composite
def pauses(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Draw a suppression."""
    many = draw(st.integers(1, 2))
    same = ("treatment", "action", "group", "issue", "channel", "any")
    return {
        "id": name,
        "after": draw(st.sampled_from(["rejected", ["rejected", "no_response"], "accepted"])),
        "same": draw(st.sampled_from(same)),
        "at_least": many,
        **({"within": "7d"} if many > 1 else {}),
        "for": draw(st.sampled_from(["1d", "7d", "30d"])),
        "covers": draw(covers()),
    }


@st.composite
def contact_of(draw: st.DrawFn, action: dict[str, Any]) -> None:
    """Let an action have more to do with contact."""
    if draw(one_in(3)):
        action["once_per"] = draw(st.sampled_from(["customer.name", "interaction.intent"]))
    if draw(one_in(3)):
        action["takes"] = ["calls"]
    if draw(one_in(3)):
        action["do_within"] = draw(st.sampled_from(["4h", "30h"]))
    if draw(one_in(2)):
        action["keep_for"] = draw(st.sampled_from(["4h", "48h", "7d"]))
    if draw(one_in(2)):
        amounts = ("5", "12.34", "customer.value", "customer.value * 0.1234", "customer.value - 10")
        rungs = [
            {
                **({"when": "customer.vip"} if draw(one_in(3)) else {}),
                "amount": draw(st.sampled_from(amounts)),
            }
            for _ in range(draw(st.integers(1, 3)))
        ]
        paid = draw(st.booleans())
        action["gesture"] = {
            "ladder": rungs,
            **(
                {"at_most": draw(st.sampled_from(["15", "customer.value"]))}
                if draw(one_in(3))
                else {}
            ),
            **({"budgets": draw(st.sampled_from([["money"], ["money", "own"]]))} if paid else {}),
            "if_unaffordable": draw(st.sampled_from(["next_rung", "drop"])),
            "authority": draw(st.sampled_from([{}, {"agent": 5, "lead": 20}])),
            **({"not_again_within": "7d"} if draw(one_in(3)) else {}),
        }
        if draw(st.booleans()):
            action["value"] = "gesture.amount * 2 + 10"
        if draw(st.booleans()):
            action["say"] = "{gesture.amount:money} for you"
    for treatment in action["channels"].values():
        if draw(one_in(5)):
            treatment["defer_if"] = draw(st.sampled_from(["customer.late", "customer.visits > 2"]))


@st.composite
def histories(draw: st.DrawFn, actions: list[str]) -> tuple[dict[str, Any], ...]:
    """Draw answers that were given before, and what came of them."""
    found = []
    for place in range(draw(st.integers(0, 5))):
        ago = draw(st.sampled_from(HOURS))
        later = draw(st.lists(st.sampled_from([0, 1, 10, 30]), max_size=2))
        one: dict[str, Any] = {
            "decision": f"d-{place}",
            "action": draw(st.sampled_from(actions)),
            "channel": draw(st.sampled_from(CHANNELS)),
            "direction": draw(st.sampled_from(["inbound", "outbound"])),
            "at": NOW - timedelta(hours=ago),
            "outcomes": [
                {
                    "outcome": draw(st.sampled_from(OUTCOMES)),
                    "at": NOW - timedelta(hours=ago - min(ago, hours)),
                }
                for hours in later
            ],
        }
        if draw(st.booleans()):
            one["gesture"] = draw(st.sampled_from([5, 12.34, 20]))
        if draw(st.booleans()):
            one["once"] = draw(st.sampled_from(["ab", "bob", "none", "billing"]))
        if draw(one_in(6)):
            one["approval"] = draw(st.sampled_from(["pending", "refused", "approved"]))
        found.append(one)
    return tuple(found)


@st.composite
def used_up(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """Draw how much is used of some budgets and limits."""
    limits = [limit["id"] for limit in document["contact_policy"]["limits"]]
    names = draw(st.sets(st.sampled_from([*document["budgets"], *limits])))
    return {
        name: draw(
            st.sampled_from([0, "0.00", 9.5, 25.5])
            if name in ("money", "own")
            else st.integers(0, 3)
        )
        for name in sorted(names)
    }


# --- a small book whose answers rules ask about, or not

LIMIT: Final = {
    "id": "few",
    "counts": "presented",
    "covers": {"action": "a"},
    "per": "customer",
    "at_most": 1000,
    "window": {"rolling": "30d"},
    "on_limit": "drop",
}
PAUSE: Final = {
    "id": "no",
    "after": ["rejected"],
    "covers": {"action": "b"},
    "for": "9d",
    "same": "action",
}


def guided_by(limits: list[dict[str, Any]], pauses: list[dict[str, Any]]) -> Built:
    """Return a book with three actions, of which `a` goes first, under these rules."""
    guidance = {"group": "i/g", "kind": "guidance", "channels": ["app"]}
    return built(
        {
            "format": 1,
            "book": "x",
            "context": {"customer": {"tier": "string"}},
            "channels": {"app": {}},
            "issues": {"i": {}},
            "groups": {"i/g": {}},
            "contact_policy": {"limits": limits, "suppress": pauses},
            "actions": {
                name: {"title": name, "value": value, **guidance}
                for name, value in {"a": 3, "b": 2, "c": 1}.items()
            },
        }
    )
