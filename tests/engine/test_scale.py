"""Many customers for a long time: nothing is lost, nothing counts twice, nothing piles up.

By default a tenth of what `NBA_LONG=1` does: 100,000 events of 5,000 customers.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.lang.contexts import LONG

from nba import Engine, Event

CUSTOMERS, EVENTS = (5_000, 100_000) if LONG else (500, 10_000)
START = datetime(2026, 1, 1, tzinfo=UTC)
REACH = timedelta(days=30)
#: How often the reach goes by; the memory is measured each time.
REACHES = 5
BOOK = """
format: 1
book: scale
reach: 30d
channels: {phone: {}, chat: {}}
events:
  contact: {topic: string, resolved: bool}
  booked: {job: string, slot: timestamp}
  arrived: {job: string}
signals:
  contacts: {count: contact}
  all: {count: [contact, booked, arrived]}
  by_topic: {count: contact, by: event.topic, within: 7d}
  fading: {count: contact, half_life: 2d}
moments:
  again:
    sequence:
      - {event: contact, as: first, where: first.resolved == false}
      - {event: contact, as: second, where: second.topic == first.topic}
    within: 10d
    lasts: 5d
  missed:
    after: {event: booked, as: booked}
    expect: {event: arrived, as: arrived, where: arrived.job == booked.job}
    by: booked.slot
    lasts: 3d
issues: {service: {}}
groups: {service/help: {}}
actions:
  count:
    title: Count
    group: service/help
    kind: guidance
    channels: [phone]
    say: "{signal.contacts:number} of {signal.all:number}, {size(moments):number}"
"""


class World:
    """What happens to customers, and what is to be remembered of it, kept beside the engine."""

    def __init__(self, folder: Path) -> None:
        (folder / "book.yaml").write_text(BOOK)
        self.now = START
        self.engine = Engine.open(folder, clock=lambda: self.now)
        self.random = Random(1)
        self.sent = 0
        #: by the name that an event was recorded under: its id, its time and its type
        self.happened: dict[str, dict[str, tuple[datetime, str]]] = {}
        #: to which customer a cookie leads
        self.links: dict[str, str] = {}
        self.cursor: str | None = None
        self.seen: Counter[str] = Counter()

    def names(self) -> list[str]:
        """Return the names that the next event is recorded under: of a customer, or a guest."""
        if self.random.random() < 0.5:
            return [f"guest{self.sent // 4}"]
        number = self.random.randrange(CUSTOMERS)
        names = [f"customer{number}", f"cookie{number}"]
        return self.random.choice((names[:1], names[:1], names[1:], names))

    def happen(self) -> None:
        """Observe one more event; some come late, some twice, some under two names."""
        kind = self.random.choice(("contact", "contact", "contact", "booked", "arrived"))
        at = self.now - timedelta(hours=self.random.choice((0, 0, 0, 1, 30)))
        data: dict[str, Any] = {"job": self.random.choice("ab")}
        if kind == "contact":
            data = {"topic": self.random.choice("abc"), "resolved": self.random.random() < 0.5}
        elif kind == "booked":
            data["slot"] = at + timedelta(hours=self.random.randrange(72))
        self.sent += 1
        for name in self.names():
            event = Event(kind, name, "chat", at, data, f"e{self.sent}")
            for _ in range(self.random.choice((1, 1, 1, 2))):
                assert self.engine.observe(event) == []
            self.happened.setdefault(name, {})[f"e{self.sent}"] = (at, kind)

    def identify(self) -> None:
        """Link a cookie to its customer, or take that back."""
        number = self.random.randrange(CUSTOMERS)
        cookie, customer = f"cookie{number}", f"customer{number}"
        if cookie in self.links and self.random.random() < 0.2:
            del self.links[cookie]
            self.engine.unlink(cookie)
        else:
            self.links[cookie] = customer
            self.engine.link(cookie, customer)

    def poll(self) -> None:
        """Ask what is due, and decide for those who are named, once each."""
        while True:
            found, self.cursor = self.engine.due(cursor=self.cursor, limit=500)
            if not found:
                return
            for due in found:
                self.seen[f"{due.moment} {due.change}"] += 1
            for customer in {due.customer for due in found}:
                assert self.engine.decide(customer, commit=False).say is not None

    def live(self, hours: float) -> None:
        """Let some hours go by, in which something happens once."""
        self.now += timedelta(hours=hours)
        self.happen()
        if self.sent % 2:
            self.identify()
        if self.sent % 100 == 0:
            self.poll()

    def check(self) -> None:
        """Compare what is said of every customer with what was kept here."""
        oldest = self.now - REACH
        journeys: dict[str, dict[str, str]] = {}
        for name, happened in self.happened.items():
            known = journeys.setdefault(self.links.get(name, name), {})
            known |= {key: kind for key, (at, kind) in happened.items() if at > oldest}
        now_open = self.now_open()
        for customer, journey in journeys.items():
            kinds = Counter(journey.values())
            expected = f"{kinds['contact']} of {kinds.total()}, {now_open[customer]}"
            assert self.engine.decide(customer, commit=False).say == expected, customer
            self.seen["events"] += kinds.total()
            self.seen["open"] += now_open[customer]
        for name in list(self.happened):  # what is out of reach is forgotten here, too
            within = {key: of for key, of in self.happened[name].items() if of[0] > oldest}
            self.happened[name] = within
            if not within:
                del self.happened[name]

    def now_open(self) -> Counter[str]:
        """Return how many moments of each customer are open, by what `due` tells from the start."""
        last: dict[tuple[str, str], str] = {}
        cursor: str | None = None
        while True:
            found, cursor = self.engine.due(cursor=cursor)
            if not found:
                return Counter(customer for (customer, _), to in last.items() if to == "opened")
            for due in found:
                last[due.customer, due.moment] = due.change


def test_it_goes_on_for_long(tmp_path: Path, record_property: Any) -> None:
    """All is right after each reach, and no more is remembered after the last than after one."""
    world = World(tmp_path)
    each = EVENTS // REACHES
    sizes = []
    before = blocks()
    for _ in range(REACHES):
        for _ in range(each):
            world.live(REACH / timedelta(hours=1) / each)
        world.check()
        sizes.append(blocks() - before)
    assert max(sizes) < 1.03 * sizes[0]
    assert min(world.seen.values()) > CUSTOMERS / 10
    record_property("measured", f"scale: {dict(world.seen)}, blocks after each reach: {sizes}")


def blocks() -> int:
    """Return how many blocks of memory are in use; tracemalloc would take six times as long."""
    gc.collect()
    return sys.getallocatedblocks()


def test_reloading_leaves_nothing_behind(tmp_path: Path) -> None:
    """What was worked out of journeys for a book goes with it."""
    world = World(tmp_path)
    for _ in range(1_000):
        world.live(0.1)
    sizes = []
    for _ in range(4):
        world.engine.reload()
        world.check()
        sizes.append(blocks())
    assert max(sizes) < 1.03 * sizes[0]
