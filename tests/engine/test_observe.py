"""`observe=True`: the interaction that is decided on is recorded, once, and after the decision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nba import Case, CaseError, Decision, Engine, Event
from nba.book.build import build
from nba.book.source import parse
from nba.state.memory import MemoryStore

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
BOOK = """
format: 1
book: small
reach: 30d
context:
  customer: {name: string, born: timestamp, tags: list(string)}
  interaction:
    intent: {enum: [none, billing, move], default: none}
    transfers: {type: int, default: 0}
    waited: number
channels: {phone: {}, chat: {}}
events:
  contact:
    topic: {enum: [billing, move]}
    transfers: {type: number, max: 9}
    waited: int
    about: {who: string, born: timestamp, tags: list(string)}
interaction_event:
  event: contact
  data:
    topic: interaction.intent
    transfers: interaction.transfers
    waited: int(interaction.waited)
    about.who: customer.name
    about.born: customer.born
    about.tags: customer.tags
signals:
  contacts: {count: contact, within: 7d}
  about_it: {count: contact, where: event.topic == interaction.intent}
moments:
  again:
    sequence:
      - {event: contact, as: first}
      - {event: contact, as: second, where: second.topic == first.topic}
    within: 3d
    lasts: 2d
issues: {service: {}}
groups: {service/help: {}}
actions:
  own_it:
    title: Own it
    group: service/help
    kind: guidance
    applicable: signal.contacts >= 1
    value: signal.contacts
    channels: [phone, chat]
"""
CALL: dict[str, Any] = {"channel": "phone", "intent": "billing", "transfers": 2, "waited": 61.5}


class Setting:
    """An engine, its store, and a clock that can be set."""

    def __init__(self, book: str = BOOK) -> None:
        self.now = NOW
        self.store = MemoryStore()
        built = build([parse(book, "book.yaml")])
        self.engine = Engine(built, clock=lambda: self.now, store=self.store)

    def decide(self, id_: str = "c", **given: Any) -> Decision:
        """Decide on a call, and record it."""
        whole: dict[str, Any] = {"interaction": CALL, "observe": True}
        return self.engine.decide(id_, **whole | given)

    def rows(self, id_: str = "c") -> list[dict[str, Any]]:
        """Return what was recorded."""
        return [dict(row) for row in self.store.journey(id_).rows]


@pytest.fixture
def setting() -> Setting:
    """An engine of its own."""
    return Setting()


def test_an_interaction_is_no_event_until_it_is_observed(setting: Setting):
    """Deciding alone changes nothing."""
    setting.decide(observe=False)
    assert setting.rows() == []


def test_what_was_observed_is_what_the_book_says_it_is(setting: Setting):
    """The fields that it maps, the channel, and the time of the decision."""
    customer = {"name": "Ann", "born": "1990-05-01", "tags": ["a"]}
    setting.decide(customer=customer, now=NOW - timedelta(hours=1))
    (row,) = setting.rows()
    assert row.pop("id").startswith("i-")
    assert int(row.pop("at")) == (NOW - timedelta(hours=1)).timestamp() * 10**9
    assert str(row.pop("about.born")) == "1990-05-01T00:00:00Z"
    assert row == {
        "type": "contact",
        "channel": "phone",
        "topic": "billing",
        "transfers": 2.0,
        "waited": 61,
        "about.who": "Ann",
        "about.tags": ["a"],
    }


@pytest.mark.parametrize(
    ("interaction", "left"),
    [
        ({}, {"transfers": 0.0}),
        ({"intent": "none", "transfers": 10}, {}),
        ({"intent": "billing", "channel": "fax"}, {"topic": "billing", "transfers": 0.0}),
        ({"waited": float("inf"), "transfers": "many"}, {}),
    ],
)
def test_what_is_unknown_or_does_not_fit_is_left_out(
    setting: Setting, interaction: dict[str, Any], left: dict[str, Any]
):
    """What happened is recorded all the same."""
    setting.decide(interaction=interaction)
    (row,) = setting.rows()
    assert {key: row[key] for key in row if key not in ("type", "at", "id")} == left


def test_the_decision_is_the_same_with_it_and_without(setting: Setting):
    """What is happening is not what happened."""
    setting.engine.observe(Event("contact", "c", "chat", NOW - timedelta(days=1)))
    before = setting.decide(observe=False, n=2)
    during = setting.decide(n=2)
    after = setting.decide(observe=False, n=2)
    assert before == during == after
    assert during.ranked[0].value == 1
    assert during.codes() == before.codes()
    setting.now += timedelta(minutes=1)
    assert setting.decide(observe=False).ranked[0].value == 2


def test_a_retry_counts_once_and_is_answered_alike(setting: Setting):
    """The same interaction at the same time is the same event."""
    setting.engine.observe(Event("contact", "c", "chat", NOW - timedelta(days=1)))
    first = setting.decide()
    assert setting.decide() == first
    assert len(setting.rows()) == 2
    setting.decide(interaction=CALL | {"transfers": 3})
    setting.decide(now=NOW + timedelta(seconds=1))
    setting.decide("d")
    assert len(setting.rows()) == 4
    assert len(setting.rows("d")) == 1


def test_a_decision_that_was_read_back_is_explained(setting: Setting):
    """On the journey before the interaction, as it was decided."""
    setting.engine.observe(Event("contact", "c", "chat", NOW - timedelta(days=1)))
    case = Case("c", {}, CALL, NOW)
    made = setting.engine.decide_case(case, observe=True)
    read = Decision.from_json(made.to_json())
    assert str(setting.engine.explain(read, case)) == str(setting.engine.explain(made))


def test_what_it_leads_to_becomes_due(setting: Setting):
    """As with any event: the second contact about the same opens a moment."""
    setting.decide()
    setting.now += timedelta(hours=1)
    assert setting.decide(observe=False).moments == []
    setting.decide()
    due, _ = setting.engine.due(setting.now)
    assert [(one.customer, one.moment, one.change) for one in due] == [("c", "again", "opened")]


def test_many_are_observed_one_after_the_other(setting: Setting):
    """So each is decided on those before."""
    cases: list[Any] = [
        {"id": "c", "interaction": CALL, "now": f"2026-03-02T1{hour}:00:00Z"} for hour in range(3)
    ]
    found = setting.engine.decide_many(cases, observe=True)
    assert [one.ranked[0].value if one.ranked else 0 for one in found] == [0, 1, 2]


def test_what_is_out_of_reach_is_forgotten(setting: Setting):
    """As when anything is observed."""
    setting.engine.observe(Event("contact", "c", "chat", NOW))
    setting.now += timedelta(days=31)
    setting.decide()
    assert len(setting.rows()) == 1


def test_it_belongs_to_the_customer_that_an_identity_leads_to(setting: Setting):
    """The event is recorded under the identity, as any is."""
    setting.engine.link("ann@example.org", "c")
    setting.decide("ann@example.org")
    assert len(setting.rows("c")) == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"interaction": None}, "`observe` records the interaction, and there is none"),
        ({"events": []}, "`observe` records in the store, and `events` stand in for it"),
        ({"id_": ""}, "`observe` needs the `id` of the customer"),
        ({"at": "nowhere"}, "there is no decision point `nowhere`"),
    ],
)
def test_what_cannot_be_observed_is_explained(
    setting: Setting, given: dict[str, Any], message: str
):
    """And nothing is recorded."""
    with pytest.raises(CaseError, match=message):
        setting.decide(**given)
    assert list(setting.store.customers()) == []


def test_a_book_that_says_nothing_cannot_observe():
    """What an interaction is is not guessed."""
    head, _, rest = BOOK.partition("interaction_event:")
    setting = Setting(head + rest[rest.index("signals:") :])
    assert setting.decide(observe=False).action is None
    with pytest.raises(CaseError, match="does not say which event an interaction is"):
        setting.decide()
