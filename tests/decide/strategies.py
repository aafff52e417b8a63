"""Random rule books and cases: small, but with everything that a decision can depend on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from tests.decide.journeys import (
    ATOMS,
    CORRIDORS,
    EVENTS,
    MOMENTS,
    RELATIONSHIP,
    SIGNALS,
    journeys,
)
from tests.decide.tables import TABLE_ATOMS, tables

from nba.book.build import Built, build
from nba.book.source import parse
from nba.decide.case import Case
from nba.decide.history import EMPTY_HISTORY, History
from nba.decide.plan import Plan
from nba.decide.view import View, inputs_of
from nba.journey.timeline import EMPTY, Timeline

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CHANNELS = ("app", "chat", "email", "phone")
TIERS = ("bronze", "silver", "gold")
INTENTS = ("none", "billing", "cancel")

CONTEXT = {
    "customer": {
        "tier": {"enum": list(TIERS)},
        "value": {"type": "number", "min": -1000, "max": 1000},
        "risk": {"type": "number", "default": 0.25},
        "bill": {"type": "number", "min": 0, "default": 20},
        "spent": {"type": "number", "min": 0},
        "visits": "int",
        "returns": "int",
        "vip": "bool",
        "late": {"type": "bool", "default": False},
        "name": "string",
        "since": "timestamp",
        "tags": "list(string)",
        "consent": {"email": "bool", "phone": "bool"},
        "preferred_channel": {"enum": "$channels"},
        "timezone": "string",
    },
    "interaction": {
        "intent": {"enum": list(INTENTS), "default": "none"},
        "sentiment": {"type": "number", "min": -1, "max": 1},
    },
}

PLAIN_ATOMS = (
    st.sampled_from(
        [
            "customer.vip",
            "!customer.vip",
            "customer.vip == true",
            "customer.consent.email != false",
            "customer.late",
            "customer.bill > 30.0",
            "customer.spent >= customer.bill",
            "customer.name.startsWith('a')",
            "customer.name.matches('^[ab]+$')",
            "customer.visits > customer.returns",
            "customer.visits / customer.returns >= 2",
            "customer.value / customer.risk > 100",
            "customer.value * 2 < 50 || customer.vip",
            "customer.tags.exists(t, t == 'x')",
            "customer.tags.all(t, size(t) < 3)",
            "size(customer.tags) > 1 ? customer.vip : customer.value > 0",
            "interaction.present",
            "interaction.sentiment < 0",
            "interaction.sentiment < -0.5 && interaction.intent == 'cancel'",
            "now.getHours('Europe/Dublin') >= 9",
        ]
    )
    | st.builds(
        "customer.tier {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from(TIERS)
    )
    | st.builds("customer.tier in {}".format, st.lists(st.sampled_from(TIERS), min_size=1).map(str))
    | st.builds(
        "customer.value {} {}".format,
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.sampled_from([0, 10, 99.5, -3]),
    )
    | st.builds("interaction.intent == '{}'".format, st.sampled_from(INTENTS))
    | st.builds(
        "since(customer.since) {} days({})".format,
        st.sampled_from(["<", "<=", ">", ">="]),
        st.sampled_from([1, 30, 400]),
    )
    | st.builds("within(customer.since, days({}))".format, st.sampled_from([1, 30]))
)
#: What holds for most cases, so that something is left for arbitration.
MOSTLY_TRUE = (
    "true",
    "customer.late != true",
    "interaction.intent != 'cancel'",
    {"not": "interaction.intent == 'billing'"},
    {"any": ["!(customer.value < -500)", "customer.risk < 1"]},
)
PRESENCE_ATOMS = st.sampled_from(
    [
        "has(customer.tier)",
        "!has(customer.value)",
        "default(customer.visits, 3) > 2",
        "default(customer.vip, true)",
    ]
)


def conditions(atoms: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return conditions as files write them."""
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda items: {"all": items}),
            st.lists(inner, min_size=1, max_size=3).map(lambda items: {"any": items}),
            inner.map(lambda item: {"not": item}),
        ),
        max_leaves=4,
    )


def numbers() -> st.SearchStrategy[Any]:
    """Return expressions for values and propensities: some unknown, negative or without end."""
    return st.sampled_from(
        [
            1,
            20,
            7.5,
            12,
            33.25,
            0,
            "customer.risk * 40",
            "customer.value",
            "customer.visits",
            "10 + customer.value / customer.risk",
            "12 + 0.5 * customer.bill",
            "0.01 * customer.spent + customer.bill",
            "customer.spent * customer.bill / 100.0",
            "customer.vip ? 30 - customer.bill : default(customer.spent, 3.0) / 4.0",
            "customer.vip ? 50.0 : 5.0",
            "1e308 * (customer.value + 1000.0) * 1e10",
        ]
    )


def propensities() -> st.SearchStrategy[Any]:
    """Return expressions for propensities."""
    return st.sampled_from(
        [
            1,
            0.5,
            0,
            0.25,
            "customer.risk",
            "customer.value",
            "1.0 / customer.risk",
            "0.1 * customer.spent",
        ]
    )


def covers() -> st.SearchStrategy[dict[str, Any]]:
    """Return selectors."""
    return st.fixed_dictionaries(
        {},
        optional={
            "issue": st.sampled_from(["i0", ["i0", "i1"]]),
            "group": st.sampled_from(["i0/g0", "i1/g0"]),
            "channel": st.sampled_from([*CHANNELS, ["app", "email"]]),
            "tag": st.sampled_from(["t0", "t1", ["t0", "t1"]]),
            "kind": st.sampled_from(["offer", "guidance"]),
            "direction": st.sampled_from(["inbound", "outbound", ["inbound", "outbound"]]),
        },
    )


def one_in(many: int) -> st.SearchStrategy[bool]:
    """Return something that is true once in so many times."""
    return st.sampled_from([False] * (many - 1) + [True])


def percents() -> st.SearchStrategy[str]:
    """Return percentages; some push a factor below zero."""
    return st.sampled_from(["0 %", "20 %", "100 %", "-30 %", "-150 %"])


WORDINGS = st.sampled_from(
    [
        "hello",
        "you have {customer.value:money}",
        "since {customer.since:date} at {customer.since:time}",
        [{"when": "customer.vip", "text": "dear {customer.name}"}, {"text": "{customer.visits}"}],
        [{"when": "customer.vip", "text": "only for some"}],
    ]
)


@st.composite
def books(draw: st.DrawFn, *, plain: bool = False) -> dict[str, Any]:
    """Draw a rule book as one document.

    A *plain* one asks only for what is known and holds: no `has`, no `default`, no scorecards.
    """
    atoms = PLAIN_ATOMS
    if not plain:
        atoms = atoms | PRESENCE_ATOMS | st.sampled_from(["condition.c0", "scorecard.s0 > 4"])
        atoms = atoms | st.sampled_from(ATOMS) | st.sampled_from(TABLE_ATOMS)
    some = st.one_of(conditions(atoms), *[st.sampled_from(MOSTLY_TRUE)] * 2)

    def gated() -> dict[str, Any]:
        found: dict[str, Any] = {}
        if draw(one_in(3)):
            stage = draw(st.sampled_from(["eligible", "applicable", "suitable"]))
            found[stage] = draw(st.lists(some, min_size=1, max_size=2))
        if draw(one_in(40)):
            found["enabled"] = False
        if draw(one_in(40)):
            found["valid_until"] = "2026-03-01"
        return found

    def treatment() -> dict[str, Any]:
        found = gated() if draw(st.booleans()) else {}
        for key, strategy in (
            ("value", numbers()),
            ("propensity", propensities()),
            ("say", WORDINGS),
        ):
            if draw(one_in(4)):
                found[key] = draw(strategy)
        return found

    actions = {}
    for place in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["offer", "guidance", "proactive_contact"]))
        own = draw(st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=3, unique=True))
        actions[f"a{place}"] = {
            "title": f"Action {place}",
            "group": draw(st.sampled_from(["i0/g0", "i0/g1", "i1/g0"])),
            "kind": kind,
            "lever": draw(percents()),
            "tags": draw(st.lists(st.sampled_from(["t0", "t1"]), unique=True)),
            "value": draw(numbers()),
            **gated(),
            "channels": {channel: treatment() for channel in own},
        }
        if draw(st.booleans()):
            actions[f"a{place}"]["say"] = draw(WORDINGS)
        if not plain and draw(one_in(4)):
            actions[f"a{place}"]["chosen_by"] = "t0"
    document: dict[str, Any] = {
        "format": 1,
        "book": "random",
        "timezone": "Europe/Dublin",
        "reach": draw(st.sampled_from(["400d", "20d"])),
        "events": EVENTS,
        "signals": SIGNALS,
        "moments": MOMENTS,
        "corridors": CORRIDORS,
        "relationship": RELATIONSHIP,
        "context": CONTEXT,
        **({"eligible": [draw(some)]} if draw(one_in(6)) else {}),
        "channels": {
            "app": {"cost": 0},
            "chat": {"direction": "inbound", "cost": 1.5},
            "email": {"cost": 0.01, "consent": "customer.consent.email == true"},
            "phone": {
                "direction": draw(st.sampled_from(["both", "outbound"])),
                "cost": 4,
                "consent": "customer.consent.phone",
            },
        },
        "conditions": {"c0": draw(conditions(PLAIN_ATOMS)), "c1": "condition.c0 && customer.vip"},
        "scorecards": {
            "s0": {
                "start": draw(st.sampled_from([0, 5])),
                "max": 20,
                "points": [
                    {"when": draw(conditions(PLAIN_ATOMS)), "add": 3},
                    {"band": "customer.visits", "points": {"0": 1, "1..2": -2, "[3..)": 9}},
                ],
            }
        },
        "tables": draw(tables(list(actions))),
        "policies": {
            f"p{place}": {
                "covers": draw(covers()),
                "block_when": draw(
                    st.sampled_from([{"not": "customer.risk < 5"}, "customer.late"]) | some
                ),
                "enabled": not draw(one_in(8)),
            }
            for place in range(draw(st.integers(0, 2)))
        },
        "issues": {
            name: {"lever": draw(percents()), "tags": ["t1"] if name == "i1" else [], **gated()}
            for name in ("i0", "i1")
        },
        "groups": {name: {"tags": ["t0"], **gated()} for name in ("i0/g0", "i0/g1", "i1/g0")},
        "actions": actions,
        "scoring": {
            "weights": [
                {"covers": draw(covers()), "add": draw(percents()), "when": draw(some)}
                for _ in range(draw(st.integers(0, 2)))
            ]
        },
        "arbitration": {
            "tiers": [
                {
                    "name": f"tier {place}",
                    "covers": draw(covers()),
                    **({"when": draw(some)} if draw(st.booleans()) else {}),
                }
                for place in range(draw(st.integers(0, 3)))
            ],
            "no_action": {"priority": draw(st.sampled_from([0, 5, 30]))},
        },
        "decision_points": {
            "page": {
                "covers": draw(covers()) if draw(one_in(3)) else {},
                "show": 3,
                "at_most_per": {"group": 1},
            },
            "screen": {"channel": "chat", "show": 2, "at_most_per": {"channel": 2, "kind": 1}},
        },
        "kill_switch": [{"covers": {"action": "a0", "channel": "app"}}] if draw(one_in(12)) else [],
    }
    if draw(one_in(5)):
        document["scoring"]["priority"] = "propensity * value + lever - customer.risk"
    return document


def built(document: dict[str, Any]) -> Built:
    """Build a document, as the text of a file."""
    return build([parse(json.dumps(document), "book.yaml")])


ILL_TYPED: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", 3, -1.5, True, [], {}, "gold", float("nan"), [1, "x"]]
)


def values_of(name: str) -> st.SearchStrategy[Any]:
    """Return good values for a field of the customer or the interaction."""
    numbers_ = st.sampled_from([0, 1, 9.5, 10, 99.5, -3.0, 250])
    return {
        "tier": st.sampled_from(TIERS),
        "value": numbers_,
        "risk": st.sampled_from([0, 0.1, 0.9]),
        "bill": st.sampled_from([0, 15.5, 60, 1e6]),
        "spent": st.sampled_from([0.0, 1, 500, 1e300]),
        "visits": st.integers(-1, 4),
        "returns": st.integers(0, 2),
        "vip": st.booleans(),
        "late": st.booleans(),
        "name": st.sampled_from(["ab", "bob", ""]),
        "since": st.sampled_from([1, 29, 30, 31, 400, -5]).map(
            lambda d: (NOW - timedelta(days=d)).isoformat()
        ),
        "tags": st.lists(st.sampled_from(["x", "y", "long"]), max_size=3),
        "consent": st.fixed_dictionaries(
            {"email": st.just(value=True) | st.booleans()}, optional={"phone": st.booleans()}
        ),
        "preferred_channel": st.sampled_from(CHANNELS),
        "timezone": st.sampled_from(["Europe/Dublin", "Asia/Tokyo", "Nowhere/None"]),
        "intent": st.sampled_from(INTENTS),
        "channel": st.sampled_from(CHANNELS),
        "sentiment": st.sampled_from([-1, -0.6, 0, 0.5]),
    }[name]


def objects(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with some of these fields, of which a few do not fit."""
    mostly = {name: st.one_of(*[values_of(name)] * 8, ILL_TYPED) for name in names}
    return st.fixed_dictionaries({}, optional=mostly)


def cases() -> st.SearchStrategy[Case]:
    """Return cases, null-rich and at times ill-typed."""
    return st.builds(
        Case,
        st.just("c-1"),
        objects(list(CONTEXT["customer"])),
        st.none() | objects([*CONTEXT["interaction"], "channel"]),
        st.sampled_from([NOW, NOW - timedelta(days=1), NOW + timedelta(days=365)]),
        st.none(),
        st.sampled_from([None, None, "page", "screen"]),
        journeys(NOW) | st.just(()),
        history=st.none(),
        used=st.none(),
    )


def viewed(
    plan: Plan,
    case: Case,
    now: datetime,
    timeline: Timeline = EMPTY,
    history: History = EMPTY_HISTORY,
) -> View:
    """Read a case with what is remembered."""
    view = inputs_of(plan, case, now)
    view.remember(plan, timeline, history)
    return view
