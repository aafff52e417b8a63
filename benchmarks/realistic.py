"""A realistic book: the one that ships with the project, and a thousand actions more.

`rules/` brings the catalogue, the journey with its signals and moments, policies, weights, tiers,
limits, suppression, budgets and hours. Departments add actions to it here, from one seed: with
conditions on the customer, the interaction and the journey, on one to three channels, worth what
depends on the customer. Some wait, some are done once, some say something. A scorecard and a
decision table come with them. People have a journey of so many events.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from nba import Event
from nba.book.folder import read_folder
from nba.book.sheet import Sheet
from nba.book.source import Source, parse

__all__ = ["NOW", "Person", "people", "realistic"]

NOW: Final = datetime(2026, 3, 2, 11, tzinfo=UTC)
RULES: Final = Path(__file__).parents[1] / "rules"
_CHANNELS: Final = ("phone", "app", "web", "email", "sms", "chat")
_INTENTS: Final = ("none", "billing", "fault", "install", "move", "cancel", "upgrade", "other")
_TIERS: Final = ("bronze", "silver", "gold", "platinum")
_LINES: Final = ("none", "dsl", "cable", "fibre")
_GROUPS: Final = (
    "billing/clarity",
    "billing/payment",
    "sales/broadband",
    "sales/mobile",
    "sales/home",
    "retention/loyalty",
    "service/information",
    "service/recovery",
)
_HEAD: Final = """\
signals:
  more_last_contact: {last: event.at, of: contact}
  more_contacts_2h: {count: contact, within: 2h}
  more_contacts_7d: {count: contact, within: 7d}
scorecards:
  heat:
    start: 10
    min: 0
    max: 100
    points:
      - {when: interaction.sentiment < -0.2, add: 30}
      - {when: moment.repeat_contact, add: 20}
      - {band: signal.more_contacts_7d, points: {"0": 0, "1..2": 5, "3..": 25}}
tables:
  season:
    hit: first
    inputs: {Tier: customer.tier, Tenure: customer.tenure_months, Bill: customer.monthly_bill}
    outputs: {Offer: {enum: [a, b, c]}}
    rows:
      - {Tier: "gold, platinum", Tenure: ">= 24", Offer: a}
      - {Tier: "gold, platinum", Offer: b}
      - {Tenure: ">= 60", Bill: ">= 50", Offer: a}
      - {Offer: c}
"""


class Person(NamedTuple):
    """A customer, what is going on with them, and what happened before."""

    id: str
    customer: dict[str, Any]
    interaction: dict[str, Any] | None
    events: tuple[Event, ...]


def realistic(actions: int = 1000, seed: int = 11) -> list[Source | Sheet]:
    """Return the files of the book with so many actions added."""
    if not actions:
        return read_folder(RULES)
    text = "\n".join([_HEAD + "actions:", *_actions(Random(seed), actions)])
    return [*read_folder(RULES), parse(text + "\n", "departments.yaml")]


def _actions(random: Random, count: int) -> Iterator[str]:
    for number in range(count):
        group = random.choice(_GROUPS)
        channels = random.sample(_CHANNELS, random.choice((1, 1, 2, 3)))
        yield f"  more_{number:05}:"
        yield f"    title: Offer {number}"
        yield f"    group: {group}"
        yield "    kind: offer"
        yield f"    tags: [{'marketing, ' if group.startswith('sales') else ''}can_wait]"
        for stage, most in (("eligible", 2), ("applicable", 2), ("suitable", 1)):
            own = [_condition(random) for _ in range(random.randint(most - 1, most))]
            if own:
                yield f"    {stage}:"
                yield from (f"      - {json.dumps(one)}" for one in own)
        base, part = round(random.uniform(1, 40), 2), round(random.uniform(0.001, 0.05), 4)
        yield f"    value: {base} + {part} * customer.monthly_bill"
        yield f"    propensity: {random.choice((0.05, 0.1, 0.2, 0.35))}"
        yield f"    lever: {random.choice((0, 0, 10, -10))} %"
        if random.random() < 0.05:
            yield "    once_per: customer.contract_end"
        if random.random() < 0.05:
            yield "    defer_if: signal.more_contacts_2h > 0"
        yield f"    channels: [{', '.join(channels)}]"
        if random.random() < 0.5:
            yield f"    say: Offer {number}, for {{customer.first_name}}, at our best."


def _condition(random: Random) -> str:
    number = random.randint
    return random.choice(
        (
            f"customer.tier in {random.sample(_TIERS, number(1, 3))}",
            f"customer.churn_risk > {round(random.random(), 2)}",
            f"customer.tenure_months >= {number(0, 90)}.0",
            f"customer.monthly_bill > {number(10, 90)}.0",
            f"customer.monthly_bill >= {number(5, 40)}.0 && customer.tenure_months < 60.0",
            f"customer.broadband.technology == '{random.choice(_LINES)}'",
            f"customer.broadband.wifi_score < {number(10, 95)}.0",
            f"customer.mobile.lines >= {number(0, 3)}",
            f"customer.mobile.data_used > {round(random.random(), 2)}",
            f"interaction.intent in {random.sample(_INTENTS, number(2, 5))}",
            f"interaction.intent != '{random.choice(_INTENTS)}'",
            f"signal.more_contacts_7d < {number(2, 9)}",
            f"since(signal.more_last_contact) > hours({random.choice((1, 2, 6, 24, 72))})",
            f"relationship > {number(20, 60)}.0 || customer.tier == 'platinum'",
            f"scorecard.heat < {number(20, 60)}.0",
            f"table.season.Offer == '{random.choice('abc')}'",
            "!customer.hardship",
            "!moment.complaint_open",
            "condition.has_broadband",
            "condition.not_yet_put_right",
        )
    )


def people(count: int = 20, events: int = 50, seed: int = 12) -> list[Person]:
    """Return so many customers with journeys of so many events each."""
    return [_person(Random(f"{seed} {number}"), number, events) for number in range(count)]


def _person(random: Random, number: int, events: int) -> Person:
    customer = {
        "first_name": "Aoife",
        "tier": random.choice(_TIERS),
        "lifetime_value": random.uniform(0, 3000),
        "churn_risk": random.random(),
        "monthly_bill": random.uniform(10, 100),
        "tenure_months": float(random.randint(0, 120)),
        "household": f"h{number // 2}",
        "preferred_channel": random.choice(_CHANNELS),
        "consent": {
            name: random.random() < 0.8 for name in ("phone", "app", "email", "sms", "marketing")
        },
        "broadband": {
            "technology": random.choice(_LINES),
            "fibre_available": random.random() < 0.5,
            "speed_mbps": random.uniform(5, 500),
            "wifi_score": random.uniform(0, 100),
        },
        "mobile": {"lines": random.randint(0, 4), "data_used": random.random()},
        "contract_end": "2026-09-01",
    }
    interaction = {
        "channel": random.choice(_CHANNELS),
        "intent": random.choice(_INTENTS),
        "sentiment": random.uniform(-1, 1),
        "wait_seconds": random.uniform(0, 900),
    }
    name = f"c-{number}"
    found = [_event(random, name, place) for place in range(events)]
    return Person(name, customer, interaction if number % 5 else None, tuple(found))


def _event(random: Random, customer: str, place: int) -> Event:
    at = NOW - timedelta(hours=random.uniform(0.5, 24 * 120))
    kind = random.choice(("contact", "contact", "contact", "bill_sent", "step_tried", "survey"))
    known: dict[str, dict[str, Any]] = {
        "contact": {
            "topic": random.choice(_INTENTS[1:]),
            "resolved": random.random() < 0.6,
            "wait_seconds": random.uniform(0, 900),
        },
        "bill_sent": {"bill": f"b{place}", "amount": random.uniform(10, 90)},
        "step_tried": {"step": random.choice(("restart_modem", "line_test"))},
        "survey": {"score": float(random.randint(0, 10))},
    }
    channel = random.choice(("phone", "chat", "app", "web", "email"))
    return Event(kind, customer=customer, channel=channel, at=at, data=known[kind], id=f"e{place}")
