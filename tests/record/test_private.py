"""Private fields: left out of the log, with what would tell them; replay says so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nba import Engine, Event
from nba.book.build import build
from nba.book.dump import to_document
from nba.book.model import Book
from nba.book.source import parse
from nba.record.log import DecisionLog
from nba.record.private import Privacy
from nba.record.reading import records_in
from nba.record.record import Record
from nba.record.replay import Replayer

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SECRETS = ("Ann Secret", "hush", "whispered", "17.25")
BOOK = """
format: 1
book: small
reach: 30d
context:
  customer:
    name: {type: string, private: true}
    code: {type: string, private: true, default: none}
    unread: {type: string, private: true}
    risk: {type: number, private: true}
    tier: string
channels: {phone: {}, chat: {}}
events:
  contact:
    words: {type: string, private: true}
    unread: {type: string, private: true}
    topic: string
signals:
  last_words: {last: event.words, of: contact}
  contacts: {count: contact}
  fears: {count: contact, where: event.words == 'whispered'}
conditions:
  risky: customer.risk > 10
issues: {service: {}}
groups: {service/help: {}}
actions:
  greet:
    title: Greet
    group: service/help
    kind: guidance
    value: 10
    once_per: customer.code
    channels:
      phone: {say: "Hello {customer.name}"}
      chat: {say: "Hello {customer.tier}"}
  listen:
    title: Listen
    group: service/help
    kind: guidance
    value: 5
    channels: {phone: {say: "They said {signal.last_words}"}}
  count:
    title: Count
    group: service/help
    kind: guidance
    value: signal.contacts
    channels: {chat: {say: "{signal.contacts}"}}
"""


def book(text: str = BOOK) -> Book:
    """Build a book."""
    return build([parse(text, "book.yaml")]).book


def records(path: Path, *, text: str = BOOK, keep: bool = False, **given: Any) -> list[Record]:
    """Log a few decisions for somebody with secrets, and read them back."""
    engine = Engine(
        build([parse(text, "book.yaml")]), log=DecisionLog.open(path, keep_private=keep)
    )
    data = {"words": "whispered", "unread": "hush", "topic": "billing"}
    engine.observe(Event("contact", "c", "phone", NOW, data))
    customer = {"name": "Ann Secret", "code": "hush", "risk": 17.25, "tier": "gold"} | given
    for n in (1, 3):
        done = engine.decide("c", customer=customer, interaction={}, now=NOW, n=n)
        if done.action:
            engine.record(done.id, "accepted", at=NOW)
    engine.close()
    found = [one for one in records_in(path) if isinstance(one, Record)]
    assert len(found) == 2
    return found


@pytest.mark.parametrize("name", ["log.jsonl", "log.db"])
def test_no_private_value_is_in_the_file(tmp_path: Path, name: str):
    """Neither as a field, nor in what is said, nor as what something was done once for."""
    found = records(tmp_path / name)
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for secret in SECRETS:
        assert secret.encode() not in content
    assert b"billing" in content
    first, second = found
    assert first.left_out == (
        "contact.id",
        "contact.unread",
        "contact.words",
        "customer.code",
        "customer.name",
        "customer.risk",
    )
    assert first.case["customer"] == {"tier": "gold"}
    assert "once" not in second.history[0]


def test_replay_names_what_it_lacks(tmp_path: Path):
    """Where a rule reads it; what no rule reads is not missed."""
    (first, _) = records(tmp_path / "log.jsonl")
    done = Replayer(book()).replay(first)
    assert done.verdict == "not replayable: private"
    assert done.because == (
        "`contact.words`, `customer.code`, `customer.name`, `customer.risk` was left out",
    )


def test_what_no_rule_reads_is_not_missed(tmp_path: Path):
    """A private field that is there for a greeting elsewhere leaves the decision replayable."""
    text = BOOK.replace("private: true", "private: false").replace(
        "unread: {type: string, private: false}", "unread: {type: string, private: true}"
    )
    for record in records(tmp_path / "log.jsonl", text=text, unread="hush-hush"):
        assert record.left_out == ("contact.id", "contact.unread", "customer.unread")
        assert "hush-hush" not in record.to_json()
        assert Replayer(book(text)).replay(record).verdict == "same"


def test_a_private_field_that_nobody_said_is_not_missed(tmp_path: Path):
    """Its default is in the book. What did not fit is known not to have fitted."""
    engine = Engine(build([parse(BOOK, "b")]), log=DecisionLog.open(tmp_path / "log.jsonl"))
    engine.decide("c", customer={"tier": "gold", "code": 3}, now=NOW)
    engine.decide("c", customer={"name": None}, now=NOW)
    engine.close()
    first, second = records_in(tmp_path / "log.jsonl")
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert (first.left_out, second.left_out) == ((), ())
    assert first.unknown == ("customer.code",)
    replayer = Replayer(book())
    assert [replayer.replay(one).verdict for one in (first, second)] == ["same", "same"]


@pytest.mark.parametrize("default", ["true", "false"])
def test_a_private_flag_is_not_told_by_its_name(tmp_path: Path, default: str):
    """Where a default stands for what nobody said, all records name it: else one could tell."""
    text = BOOK.replace(
        "    tier: string",
        f"    hardship: {{type: bool, private: true, default: {default}}}\n    tier: string",
    )
    engine = Engine(build([parse(text, "b")]), log=DecisionLog.open(tmp_path / "log.jsonl"))
    for number, given in enumerate(({}, {"hardship": True}, {"hardship": False})):
        engine.decide(f"c-{number}", customer={"tier": "gold", **given}, now=NOW)
    engine.close()
    found = [one for one in records_in(tmp_path / "log.jsonl") if isinstance(one, Record)]
    assert {one.left_out for one in found} == {("customer.hardship",)}
    said = {one.to_json().replace(one.id, "").replace(one.customer, "") for one in found}
    assert len(said) == 1
    assert {Replayer(book(text)).replay(one).verdict for one in found} == {
        "same"
    }  # no rule reads it


def test_the_id_of_an_event_tells_nothing(tmp_path: Path):
    """It may be a hash of what is private: others stand for ids, in the same order."""
    path = tmp_path / "log.jsonl"
    engine = Engine(build([parse(BOOK, "b")]), log=DecisionLog.open(path))
    for name in ("z", "a", None):
        data = {"words": "yes"} if name is None else {"topic": name}
        engine.observe(Event("contact", "c", "phone", NOW, data, name))
    ids = [row["id"] for row in engine._store.journey("c").rows]
    engine.decide("c", now=NOW)
    engine.close()
    (record,) = records_in(path)
    assert isinstance(record, Record)
    assert record.events is not None
    assert [row["id"] for row in record.events] == ["000000000", "000000001", "000000002"]
    topics = {"a": "a", "z": "z"}
    assert [row.get("topic") for row in record.events] == [topics.get(each) for each in ids]


def test_a_log_may_be_told_to_keep_them(tmp_path: Path):
    """Then everything is there, and everything replays."""
    found = records(tmp_path / "log.jsonl", keep=True)
    text = "".join(one.to_json() for one in found)
    assert all(secret in text for secret in SECRETS)
    assert [Replayer(book()).replay(one).verdict for one in found] == ["same", "same"]
    assert found[1].ranked[0]["say"]


def test_what_a_book_reads_is_found():
    """Directly, behind names, and of events under whatever name they are read."""
    privacy = Privacy(book())
    assert privacy.needed == {"customer.name", "customer.code", "customer.risk", "contact.words"}
    assert privacy.told == {("greet", "phone"), ("listen", "phone")}
    assert privacy.keys == {"greet": {"customer.code"}}


MORE = """
signals:
  contacts: {count: contact}
  fears: {count: contact, where: event.words == 'whispered'}
conditions:
  risky: customer.risk > 10
moments:
  again:
    sequence:
      - {event: contact, as: one}
      - {event: contact, as: two, where: two.words == one.words}
    within: 3d
    lasts: 2d
relationship:
  start: 5
  points: [{when: customer.risk > 10, add: 3}]
scorecards:
  luck: {start: 1, points: [{when: customer.name == 'Ann', add: 3}]}
corridors:
  way:
    stages:
      - {id: one, enter: {event: contact, as: it, where: it.words == 'x'}}
issues: {service: {}}
groups: {service/help: {}}
actions:
  a: {title: A, group: service/help, kind: guidance, channels: {phone: {say: "{SAID}"}}}
"""


@pytest.mark.parametrize(
    ("said", "private"),
    [
        ("size([condition.risky])", {"customer.risk"}),
        ("size([moment.again])", {"contact.words"}),
        ("evidence.again.two.words", {"contact.words"}),
        ("evidence.again.two.topic", {"contact.words"}),  # by the moment that it is evidence of
        ("relationship", {"customer.risk"}),
        ("scorecard.luck", {"customer.name"}),
        ("signal.fears", {"contact.words"}),
        ("signal.contacts", set()),
        ("corridor.way.stage", {"contact.words"}),
        ("customer.tier", set()),
        ("size(moments)", set()),
    ],
)
def test_private_fields_are_found_behind_names(said: str, private: set[str]):
    """A wording tells what a condition, a moment, a score or a stage was made of."""
    found = book(BOOK.partition("signals:")[0] + MORE.replace("SAID", said))
    (action,) = found.actions.values()
    assert Privacy(found).among(action.treatments[0].say) == private


def test_what_no_expression_names_is_found_too():
    """The household, and per whom a limit counts."""
    text = BOOK.partition("signals:")[0] + MORE.replace("{SAID}", "hello")
    read = {"customer.risk", "contact.words", "customer.name"}
    assert Privacy(book(text)).needed == read
    limit = "\ncontact_policy: {limits: [{id: l, at_most: 1, per: PER, window: {rolling: 1d}}]}\n"
    by_code = limit.replace("PER", "customer.code")
    assert Privacy(book(text + by_code)).needed == read | {"customer.code"}
    household = limit.replace("PER", "household") + "household: customer.unread\n"
    assert Privacy(book(text + household)).needed == read | {"customer.unread"}


def test_private_belongs_to_the_book():
    """It is in the version, and a dumped book has it."""
    first = book()
    other = book(BOOK.replace("name: {type: string, private: true}", "name: string"))
    assert first.version != other.version
    dumped = to_document(first)
    assert dumped["context"]["customer"]["name"] == {"type": "string", "private": True}
    assert dumped["events"]["contact"]["topic"] == {"type": "string"}
