"""What a journey costs: a decision with events, signals and moments beside the same without.

Without means a book with the same actions and as many conditions, where those on the journey read
the customer instead and hold where they held. Its answer is the same, and so are its codes.

A journey comes in three ways: the store keeps it and nothing has happened since the last decision
(the usual); something is observed before every decision, so that nothing is worked out yet; the
application hands its events in with the case.

All are timed in turns within one run; what counts is the ratio. `python -m benchmarks.journey`
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from nba import Decision, Engine, Event

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CUSTOMER = {
    "tier": "gold",
    "churn_risk": 0.7,
    "value": 0.6,
    "months": 30,
    "timezone": "Europe/Dublin",
    "consent": {"email": True, "phone": True},
}
INTERACTION = {"channel": "phone", "intent": "billing", "transfers": 1}
BOOK = """
format: 1
book: measured
timezone: Europe/Dublin
reach: 400d
context:
  customer:
    tier: {enum: [bronze, silver, gold, platinum]}
    churn_risk: {type: number, min: 0, max: 1}
    value: number
    months: int
    timezone: string
    consent: {email: bool, phone: bool}
  interaction:
    channel: {enum: $channels}
    intent: {enum: [billing, fault, move], default: billing}
    transfers: int
channels:
  phone: {consent: customer.consent.phone == true}
  chat: {direction: inbound}
  email: {consent: customer.consent.email == true}
issues: {service: {}}
groups: {service/help: {}}
"""
JOURNEY = """
events:
  contact: {topic: string, resolved: bool, transfers: {type: number, default: 0}, wait: number}
  booked: {job: string, slot_to: timestamp}
  moved: {job: string}
  arrived: {job: string}
  complaint_opened: {case: string}
  complaint_closed: {case: string}
  survey: {score: number}

signals:
  contacts_2h: {count: contact, within: 2h}
  contacts_24h: {count: contact, within: 24h}
  contacts_7d: {count: contact, within: 7d}
  contacts_30d: {count: contact, within: 30d}
  contacts: {count: contact}
  today: {count: contact, within: {calendar: day, timezone: customer.timezone}}
  same_topic_14d: {count: contact, where: event.topic == interaction.intent, within: 14d}
  unresolved_30d: {count: contact, where: event.resolved == false, within: 30d}
  complained_90d: {exists: complaint_opened, within: 90d}
  channels_24h: {distinct: event.channel, of: contact, within: 24h}
  channels_30d: {distinct: event.channel, of: contact, within: 30d}
  last_contact: {last: event.at, of: contact}
  last_topic: {last: event.topic, of: contact}
  last_score: {last: event.score, of: survey, within: 90d}
  effort: {sum: event.transfers * 2.0 + event.wait / 300.0, of: contact, half_life: 14d}
  waited_30d: {sum: event.wait, of: contact, within: 30d}
  longest_wait: {max: event.wait, of: contact, within: 30d}
  usual_wait: {avg: event.wait, of: contact, within: 30d}
  by_topic: {count: contact, by: event.topic, within: 30d}
  a_week: {rate: contact, per: 7d, within: 30d}

moments:
  repeat_contact:
    sequence:
      - {event: contact, as: first, where: first.resolved == false}
      - {event: contact, as: again, where: again.topic == first.topic}
    within: 7d
    lasts: 72h
  passed_on:
    sequence:
      - {event: contact, as: first, where: first.transfers > 0}
      - {event: contact, as: again, where: again.transfers > 0 && again.topic == first.topic}
      - {event: contact, as: still, where: still.resolved == false}
    within: 14d
    lasts: 7d
  another_way:
    sequence:
      - {event: contact, as: first}
      - {event: contact, as: second, where: second.resolved == false}
      - {event: contact, as: third, where: third.topic == second.topic}
    within: 7d
    lasts: 72h
  often:
    at_least: 3
    event: contact
    as: contact
    within: 24h
    lasts: 24h
  often_unresolved:
    at_least: 4
    event: contact
    as: contact
    where: contact.resolved == false
    within: 14d
    lasts: 7d
  technician_missed:
    after: {event: booked, as: booked}
    expect: {event: arrived, as: arrived, where: arrived.job == booked.job}
    by: booked.slot_to + minutes(30)
    unless: {event: moved, as: moved, where: moved.job == booked.job}
    lasts: 3d
  no_word:
    after: {event: contact, as: asked, where: asked.resolved == false}
    expect: {event: contact, as: solved, where: solved.topic == asked.topic && solved.resolved}
    within: 72h
    lasts: 14d
  complaint_open:
    after: {event: complaint_opened, as: opened}
    until: {event: complaint_closed, as: closed, where: closed.case == opened.case}
    linger: 7d
    lasts: 365d
  unhappy:
    after: {event: survey, as: survey, where: survey.score < 4.0}
    until: {event: survey, as: later, where: later.score >= 7.0}
    lasts: 30d
  no_survey:
    after: {event: arrived, as: arrived}
    expect: {event: survey, as: survey}
    within: 7d
    lasts: 7d
"""
#: What the actions ask of the journey, one each.
ACTIONS = """
signal.contacts_2h > 0
signal.contacts_24h >= 2
signal.contacts_7d >= 3
signal.contacts_30d in [1, 2, 3]
signal.contacts_30d > 5
signal.contacts > 10
signal.contacts > 400
signal.today == 0
signal.same_topic_14d > 0
signal.same_topic_14d >= 3
signal.unresolved_30d > 2
!signal.complained_90d
signal.channels_24h > 1
signal.channels_30d > 2
since(signal.last_contact) > hours(2)
since(signal.last_contact) > days(14)
signal.last_topic == 'fault'
signal.last_topic == interaction.intent
signal.last_score < 5.0
signal.effort > 5.0
signal.effort < 1.0
signal.waited_30d > 600.0
signal.longest_wait > 550.0
signal.usual_wait < 200.0
default(signal.by_topic['billing'], 0) > 2
size(signal.by_topic) == 1
signal.a_week > 2.0
moment.repeat_contact
!moment.repeat_contact
moment.passed_on
moment.another_way
moment.often
moment.often_unresolved
moment.technician_missed
!moment.technician_missed && signal.contacts_7d < 3
moment.no_word
moment.no_word && signal.effort > 2.0
moment.complaint_open
!moment.complaint_open
moment.unhappy
moment.no_survey
size(moments) > 0
""".strip().splitlines()
ACTION = """
  action_{number}:
    title: Action {number}
    group: service/help
    kind: guidance
    eligible: ["customer.tier in ['gold', 'platinum'] && customer.months > {least}"]
    applicable: ["{condition}"]
    value: 10.0 + {number}.0 * customer.value
    propensity: 0.5
    channels: [{channel}]
"""


def book(folder: Path, holding: frozenset[str] | None = None) -> Engine:
    """Return an engine with the journey; without it, given the actions that apply."""
    text = BOOK + (JOURNEY if holding is None else "") + "\nactions:"
    for number, on_journey in enumerate(ACTIONS):
        test = ">" if holding and f"action_{number}" in holding else "<"
        text += ACTION.format(
            number=number,
            condition=on_journey if holding is None else f"customer.months {test} {number % 25}",
            channel=("phone", "chat", "email")[number % 3],
            least=number % 20,
        )
    folder.mkdir()
    (folder / "book.yaml").write_text(text)
    return Engine.open(folder, clock=lambda: NOW)


def journey(customer: str, count: int, days: int) -> Iterator[Event]:
    """Yield so many events of so many days, up to now; six in ten are contacts."""
    random = Random(7)
    for number in range(count):
        at = NOW - timedelta(days=days * (1 - (number + random.random()) / count), minutes=5)
        kind = random.choice(("contact",) * 12 + KINDS)
        data: dict[str, Any] = {"job": f"j{number // 5}"}
        match kind:
            case "contact":
                data = {
                    "topic": random.choice(("billing", "fault", "move")),
                    "resolved": random.random() < 0.6,
                    "transfers": float(random.choice((0, 0, 0, 1, 2))),
                    "wait": float(random.randrange(600)),
                }
            case "booked":
                data["slot_to"] = at + timedelta(days=2)
            case "complaint_opened" | "complaint_closed":
                data = {"case": f"c{number // 25}"}
            case "survey":
                data = {"score": float(random.randrange(11))}
        channel = random.choice(("phone", "chat", "email"))
        yield Event(kind, customer, channel, at, data, f"e{number}")


KINDS = (
    *("booked", "booked", "moved", "arrived", "arrived"),
    *("complaint_opened", "complaint_closed", "survey"),
)

NOT_NOW = "inapplicable"
#: Events, and the days that they happened in.
SIZES = ((50, 90), (500, 400))
#: The ways in which a journey comes.
WAYS = {
    "kept by the store": "nothing has happened since the last decision",
    "just observed": "an event was observed since; observing is not measured",
    "observed and decided": "the same, and observing is measured",
    "handed in": "the events come with the case",
}

Events = tuple[Event, ...] | None
#: Does something so many times, and returns the nanoseconds of each.
Work = Callable[[int], float]


def decide(engine: Engine, customer: str, second: int, events: Events = None) -> Decision:
    """Return the decision for the customer some seconds from now."""
    now = NOW + timedelta(seconds=second)
    return engine.decide(
        customer, customer=CUSTOMER, interaction=INTERACTION, now=now, events=events
    )


def deciding(engine: Engine, customer: str, events: Events = None) -> Work:
    """Return what decides so many times, each a second later, and says how long one took."""

    def work(calls: int) -> float:
        start = time.perf_counter_ns()
        for second in range(calls):
            decide(engine, customer, second, events)
        return (time.perf_counter_ns() - start) / calls

    return work


def observing(engine: Engine, count: int, days: int, *, whole: bool) -> Work:
    """Return what observes one more event and decides, for a new customer each time."""
    number = 0

    def work(calls: int) -> float:
        nonlocal number
        spent = 0
        for _ in range(calls):
            number += 1
            customer = f"{count}-{whole}-{number}"
            engine.observe(*journey(customer, count - 1, days))
            decide(engine, customer, 0)
            last = Event("contact", customer, "chat", NOW, {"topic": "move", "resolved": False})
            start = time.perf_counter_ns()
            engine.observe(last)
            if not whole:
                start = time.perf_counter_ns()
            decide(engine, customer, 1)
            spent += time.perf_counter_ns() - start
        return spent / calls

    return work


def works(folder: Path) -> list[Work]:
    """Return what is measured: without a journey, then for each size in all ways.

    Exits where a decision without a journey is another than the one with it.
    """
    engine = book(folder / "journey")
    found = []
    for count, days in SIZES:
        events = tuple(journey(f"kept-{count}", count, days))
        engine.observe(*events)
        decision = decide(engine, f"kept-{count}", 0)
        codes = decision.treatment_codes()
        holding = frozenset(action for (action, _), code in codes.items() if code != NOT_NOW)
        without = book(folder / f"without-{count}", holding)
        if decide(without, "nobody", 0).treatment_codes() != codes:
            raise SystemExit("the decision without a journey is another one")
        if decide(engine, "handed-in", 0, events).treatment_codes() != codes:
            raise SystemExit("the decision on events that are handed in is another one")
        found += [
            deciding(without, "nobody"),
            deciding(engine, f"kept-{count}"),
            observing(engine, count, days, whole=False),
            observing(engine, count, days, whole=True),
            deciding(engine, "handed-in", events),
        ]
    return found


def main() -> None:
    """Measure, and print what each way costs, in decisions without a journey."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journey")
    parser.add_argument("--rounds", type=int, default=20, help="turns of each measurement")
    parser.add_argument("--calls", type=int, default=20, help="decisions in each turn")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = works(Path(folder))
        best = [math.inf] * len(work)
        for _ in range(options.rounds):  # in turns, the fastest of each: noise only ever adds
            for place, each in enumerate(work):
                best[place] = min(best[place], each(options.calls))
    without, *small = best[: len(best) // 2]
    without_large, *large = best[len(best) // 2 :]
    print(f"\njourney: a decision with 20 signals, 10 moments and {len(ACTIONS)} actions")
    print(f"without a journey: {without / 1000:.0f} µs, {without_large / 1000:.0f} µs")
    print(f"{'50 events':>10} {'500 events':>10} {'500 by 50':>10}")
    print(f"{'/ without':>10} {'/ without':>10}")
    for (way, what), few, many in zip(WAYS.items(), small, large, strict=True):
        ratios = f"{few / without:10.2f} {many / without_large:10.2f} {many / few:10.2f}"
        print(f"{ratios}  {way}: {what}")
    print("wanted where the store keeps it: at most 5.00 for 50 events, and 5.00 for 500 by 50")


if __name__ == "__main__":
    main()
