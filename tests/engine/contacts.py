"""A book with limits, budgets, gestures and kept decisions, and an engine with a clock to set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from nba import Decision, Engine, Event, windows
from nba.book.build import build
from nba.book.source import parse
from nba.decide.contact import Asked
from nba.state.memory import MemoryStore
from nba.state.reservation import EVER
from nba.state.store import Store

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)  # ten in the morning in Dublin, too
BOOK = """
format: 1
book: care
timezone: Europe/Dublin
currency: EUR
household: customer.household
reach: 400d
context:
  customer:
    household: string
    tier: {enum: [gold, silver]}
    monthly_bill: number
    wants_more: {type: bool, default: false}
    leaving: {type: bool, default: false}
    timezone: string
    consent: {phone: bool, email: bool}
events:
  appointment_booked: {appointment: string, slot_to: timestamp}
  technician_arrived: {appointment: string}
moments:
  technician_missed:
    after: {event: appointment_booked, as: booked}
    expect:
      event: technician_arrived
      as: arrived
      where: arrived.appointment == booked.appointment
    by: booked.slot_to
    lasts: 3d
calendars:
  call_centre: {open: {mon-fri: "08:00-20:00", sat: "09:00-17:00"}, closed: ["2026-12-25"]}
channels:
  phone:
    direction: both
    cost: 4.00
    consent: customer.consent.phone == true
    open: call_centre
    when_closed: defer
  chat: {direction: inbound, cost: 1.50}
  email: {direction: both, cost: 0.01, consent: customer.consent.email == true}
issues: {service: {tags: [service]}, retention: {}, sales: {tags: [marketing]}}
groups: {service/recovery: {}, service/ending: {}, sales/more: {}, retention/stay: {}}
actions:
  apology_credit:
    title: Credit
    group: service/recovery
    kind: goodwill_gesture
    answers: [technician_missed]
    once_per: evidence.technician_missed.booked.appointment
    value: 100
    keep_for: 12h
    gesture:
      ladder:
        - {when: customer.tier == 'gold', amount: 20}
        - {amount: 10}
      at_most: 0.5 * customer.monthly_bill
      budgets: [own, pool]
      authority: {agent: 15, team_lead: 50}
    channels: [phone, chat, email]
    say: "Sorry. {gesture.amount:money} is on your account."
  call_back:
    title: Call back
    group: service/ending
    kind: proactive_contact
    answers: [technician_missed]
    value: 40
    channels: [phone]
    takes: [callbacks]
    do_within: 4h
    keep_for: 48h
  ask_to_stay:
    title: Ask them to stay
    group: retention/stay
    kind: proactive_contact
    applicable: customer.leaving
    value: 30
    channels: [phone]
  upgrade:
    title: More for less
    group: sales/more
    kind: offer
    applicable: customer.wants_more
    value: 20
    channels: [email, chat]
budgets:
  own: {amount: 50, per: customer, window: {rolling: 90d}}
  pool: {title: what we give in a day, amount: 100, per: book, window: {calendar: day}}
  callbacks: {count: 2, per: book, window: {calendar: day, timezone: book}}
outcomes:
  visited_shop: {title: came to the shop, means: accepted}
  shrugged: {}
contact_policy:
  limits:
    - id: weekly
      title: Three offers a week are enough
      covers: {direction: outbound, tag: marketing}
      at_most: 3
      window: {rolling: 7d}
    - id: retention_call
      covers: {issue: retention, channel: phone}
      per: household
      at_most: 1
      window: {calendar: month}
    - id: one_email_a_day
      counts: presented
      covers: {channel: email}
      exempt: {tag: service}
      at_most: 1
      window: {calendar: day, timezone: customer.timezone}
      on_limit: defer
  suppress:
    - {after: rejected, same: group, within: 30d, for: 30d, covers: {tag: marketing}}
    - {id: asked_later, after: maybe_later, for: 7d}
    - {id: seen_in_shop, after: visited_shop, for: 3d, covers: {tag: marketing}}
"""


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def pass_by(self, **length: float) -> datetime:
        """Let time pass: `hours=2`."""
        self.now += timedelta(**length)
        return self.now


@dataclass
class World:
    """An engine with its clock and its store."""

    engine: Engine
    clock: Clock
    store: Store

    def missed(self, appointment: str, customer: str = "c-1") -> None:
        """Let an appointment pass at which nobody came."""
        slot = self.clock.now - timedelta(hours=1)
        self.engine.observe(
            Event(
                "appointment_booked",
                customer,
                at=slot - timedelta(days=1),
                data={"appointment": appointment, "slot_to": slot.isoformat()},
                id=f"{customer}-{appointment}",
            )
        )

    def decide(self, id_: str = "c-1", channel: str | None = None, **more: Any) -> Decision:
        """Decide for a customer who allows everything; *more* beside the usual arguments."""
        fields = {
            "tier": "gold",
            "monthly_bill": 60,
            "household": "h-1",
            "consent": {"phone": True, "email": True},
        } | more.pop("customer", {})
        interaction = {"channel": channel} if channel else None
        return self.engine.decide(id_, customer=fields, interaction=interaction, **more)

    def used(self, account: str, owner: str | None = "", customer: str = "c-1") -> int:
        """Return what counts on an account now, whatever its window."""
        at = windows.instant(self.clock.now)
        return self.store.recall(customer, at, [Asked(account, owner, EVER)]).used[0]


def world(book: str = BOOK, store: Store | None = None) -> World:
    """Open an engine for a book, with a clock and a store."""
    clock = Clock()
    found = store if store is not None else MemoryStore()
    engine = Engine(build([parse(book, "rules/book.yaml")]), clock=clock, store=found)
    return World(engine, clock, found)
