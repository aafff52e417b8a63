"""Replay: what was decided once is decided again alike, and what is not alike is said."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.decide.contacts import OUTCOMES, contact_books, histories, used_up
from tests.decide.journeys import journeys
from tests.decide.strategies import NOW, built, cases
from tests.engine.contacts import BOOK, World, world
from tests.record.workload import NAMES, HardStore, replayed, work

from nba import Case, Engine, Event
from nba.errors import CaseError
from nba.record.log import DecisionLog
from nba.record.reading import records_in
from nba.record.record import Record
from nba.record.replay import Replayer
from nba.state.memory import MemoryStore
from nba.state.reservation import Granted, Taking
from nba.state.store import Store

CONSENTS = ("phone", "app", "email", "sms", "marketing")
LONG = os.environ.get("NBA_LONG") == "1"


def same(log: Path, engine: Engine, expected: list[str]) -> None:
    """Hold a log to have these decisions, each the same when it is made again."""
    found = replayed(log, engine)
    assert [one.record.id for one in found] == expected
    assert [one for one in found if one.verdict != "same"] == []


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(contact_books(), st.data(), st.randoms(use_true_random=False))
def test_random_work_is_replayed_as_it_was(document: dict[str, Any], data: Any, random: Random):
    """Random books and cases, journeys, histories, outcomes, two names, others, a tired store."""
    document["interaction_event"] = {"event": "contact", "data": {"topic": "interaction.intent"}}
    found = data.draw(st.lists(cases(), min_size=1, max_size=6))
    past = st.none() | histories(list(document["actions"]))
    hand_in = st.sampled_from([False, False, True])
    found = [
        case._replace(
            events=case.events if data.draw(hand_in) else None,
            history=data.draw(past) if data.draw(hand_in) else None,
            used=data.draw(used_up(document)) if data.draw(hand_in) else None,
        )
        for case in found
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        engine = Engine(built(document), store=HardStore(random), log=DecisionLog.open(path))
        made = work(engine, found, random, data.draw(journeys(NOW)), OUTCOMES)
        engine.close()
        assert engine.log is not None
        assert engine.log.stats() == (len(made), 0, 0, 0)
        same(path, engine, [one.id for one in made])


# --- the shipped book


def a_case(random: Random, now: datetime) -> Case:
    """Return a case for the shipped book, with much that is unknown or does not fit."""

    def some(fields: dict[str, list[Any]]) -> dict[str, Any]:
        return {
            name: random.choice([*values, *values, *values, None, "?"])
            for name, values in fields.items()
            if random.random() < 0.7
        }

    yes_or_no = [True, False]
    customer = some(
        {
            "first_name": ["Ann", "Zoë"],
            "tier": ["bronze", "silver", "gold", "platinum"],
            "lifetime_value": [100, 900.5, 5000],
            "churn_risk": [0, 0.3, 0.9],
            "monthly_bill": [20, 61.5],
            "tenure_months": [1, 30, 80],
            "household": ["h-1", "h-2"],
            "timezone": ["Europe/Dublin", "Asia/Tokyo"],
            "preferred_channel": ["phone", "email", "app"],
            "vulnerable": yes_or_no,
            "hardship": yes_or_no,
            "contract_end": [(now + timedelta(days=n)).isoformat() for n in (-3, 20, 200)],
        }
    )
    customer["consent"] = some({name: [True] for name in CONSENTS})
    customer["bill"] = some({"increase": [5, 40], "error": [0, 12.34], "overdue_days": [0, 5, 40]})
    customer["broadband"] = some(
        {
            "technology": ["dsl", "cable", "fibre"],
            "fibre_available": yes_or_no,
            "wifi_score": [20, 70],
            "line_health": ["good", "worsening", "bad"],
        }
    )
    interaction = None
    if random.random() < 0.7:
        interaction = some(
            {
                "channel": ["phone", "chat", "app", "web", "shop"],
                "intent": ["none", "billing", "fault", "move", "cancel", "upgrade"],
                "sentiment": [-0.8, 0.2, 1],
                "wait_seconds": [10, 700],
                "transfers": [0, 1, 3],
                "steps_tried": [[], ["restart"]],
            }
        )
    return Case("", customer, interaction, now)


def an_event(random: Random) -> Event:
    """Return an event of the shipped book."""
    kind, data = random.choice(
        [
            ("contact", {"topic": "billing", "resolved": False, "transfers": 2}),
            ("contact", {"topic": "fault", "resolved": True, "wait_seconds": 900}),
            ("contact", {"topic": "cancel", "resolved": False}),
        ]
    )
    return Event(kind, "c", random.choice(["phone", "chat", "email"]), None, data)


def test_the_shipped_book_replays_as_it_decided(tmp_path: Path):
    """Random customers, events and outcomes over weeks; 10,000 decisions in a long run."""
    seed = Random().randrange(10**9) if LONG else 1
    random = Random(seed)
    wanted, turn = 12_000 if LONG else 150, 75
    path = tmp_path / "log.jsonl"
    now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    log = DecisionLog.open(path, capacity=wanted)
    store = HardStore(random)
    engine = Engine.open("rules", store=store, log=log)
    found = []
    for _ in range(wanted):
        now += timedelta(minutes=random.choice((1, 7, 30, 100)))
        found.append(a_case(random, now))
    made = []
    for start in range(0, wanted, turn):  # others each time: journeys do not grow without end
        names = [f"{name} {start}" for name in NAMES]
        events = [an_event(random) for _ in range(20)]
        made += work(engine, found[start : start + turn], random, events, OUTCOMES[:6], names=names)
    engine.close()
    assert log.stats() == (len(made), 0, 0, 0)
    same(path, engine, [one.id for one in made])
    kinds = Counter(one.reason for one in made)
    assert len(kinds) > 1, (seed, kinds)
    assert store.faster, seed


# --- what a store does


class Beaten(MemoryStore):
    """A store where somebody else takes what there is, just before."""

    def take(self, taking: Taking) -> Granted:
        """Let others take the same, as often as they can."""
        for turn in range(20):
            ghost = f"ghost-{turn}"
            mine = taking._replace(id=ghost, customer=ghost, version=self.version(ghost), n=1)
            super().take(mine._replace(alternatives=taking.alternatives[:1]))
        return super().take(taking)


def logged(tmp_path: Path, store: Store | None = None) -> World:
    """Return an engine for a book with limits and budgets, which logs."""
    path = tmp_path / "log.jsonl"
    found = world(store=store if store is not None else MemoryStore())
    found.engine._log = DecisionLog.open(path)
    return found


def test_what_the_store_granted_is_an_input(tmp_path: Path):
    """Others were faster: it granted less than what was first, and refused what it refused."""
    found = logged(tmp_path, Beaten())
    found.missed("a-1")
    decision = found.decide(n=3)
    found.engine.close()
    assert decision.action == "call_back"
    assert decision.codes()["apology_credit"] == "unaffordable:pool"
    (record,) = records_in(tmp_path / "log.jsonl")
    assert isinstance(record, Record)
    assert record.granted != (0,)
    assert set((record.refused or {}).values()) == {"unaffordable:pool"}
    replayer = Replayer(found.engine.book)
    assert replayer.replay(record).verdict == "same"
    otherwise = replayer.replay(replace(record, granted=None, refused=None))
    assert otherwise.because[0] == (
        "the answer was `call_back` on phone, and is `apology_credit` on email, "
        "`call_back` on phone"
    )


def test_nobody_is_nobody_again(tmp_path: Path):
    """What counts for each customer is given to none who is not known; it replays as it was."""
    found = logged(tmp_path)
    leaving = {"leaving": True}
    known, nobody = found.decide(customer=leaving), found.decide("", customer=leaving)
    handed_in = found.decide("", customer=leaving, history=[])
    found.engine.close()
    assert (known.action, handed_in.action) == ("ask_to_stay", "ask_to_stay")
    assert nobody.codes()["ask_to_stay"] == "limited:retention_call:unknown"
    again = replayed(tmp_path / "log.jsonl", found.engine)
    assert [one.record.id for one in again] == [known.id, nobody.id, handed_in.id]
    assert {one.verdict for one in again} == {"same"}


def test_what_others_used_is_an_input(tmp_path: Path):
    """A limit of the household is full by what another customer got."""
    found = logged(tmp_path)
    leaving = {"leaving": True}
    assert found.decide("c-1", customer=leaving).action == "ask_to_stay"
    assert found.decide("c-2", customer=leaving).action is None
    found.engine.close()
    first, second = replayed(tmp_path / "log.jsonl", found.engine)
    assert (first.verdict, second.verdict) == ("same", "same")
    assert second.record.used == {
        **dict.fromkeys(second.record.used or {}, 0),
        "limit/retention_call": 1,
    }
    replayer = Replayer(found.engine.book)
    assert replayer.replay(replace(second.record, used=None)).verdict == "different"


def test_what_a_case_says_is_used_is_an_input(tmp_path: Path):
    """It is in the record, with what the store counted of the rest, and nothing is taken."""
    found = logged(tmp_path)
    decision = found.decide("c-1", customer={"leaving": True}, used={"retention_call": 1})
    assert decision.codes()["ask_to_stay"] == "limited:retention_call"
    found.decide("c-1", customer={"leaving": True}, used={"retention_call": 0})
    assert found.used("limit/retention_call", "h-1") == 0
    found.engine.close()
    first, second = replayed(tmp_path / "log.jsonl", found.engine)
    assert (first.verdict, second.verdict) == ("same", "same")
    assert first.record.used is not None
    assert first.record.used["limit/retention_call"] == 1
    assert first.record.used["limit/weekly"] == 0


def test_previews_are_not_logged(tmp_path: Path):
    """Nothing came of them."""
    found = logged(tmp_path)
    found.decide(commit=False)
    found.decide()
    found.engine.close()
    assert len(list(records_in(tmp_path / "log.jsonl"))) == 1


def test_a_record_is_what_was_known_then(tmp_path: Path):
    """What callers change afterwards changes nothing, nor do later events and outcomes."""
    found = logged(tmp_path)
    found.missed("a-1")
    customer = {"monthly_bill": 60, "consent": {"phone": True}}
    decision = found.decide(customer=customer)
    customer["consent"] = {"phone": False}
    customer["monthly_bill"] = 0
    found.engine.record(decision.id, "rejected")
    found.missed("a-2")
    found.engine.close()
    (one,) = replayed(tmp_path / "log.jsonl", found.engine)
    assert one.verdict == "same"
    assert one.record.case["customer"]["monthly_bill"] == 60
    assert len(one.record.events or ()) == 1


# --- what is not the same


def test_a_record_goes_through_json(tmp_path: Path):
    """Both ways, whatever the text in it."""
    found = logged(tmp_path)
    found.missed("a-1")
    found.decide(name := "zoë \ud800 \u2028 漢")
    found.engine.close()
    (record,) = records_in(tmp_path / "log.jsonl")
    assert isinstance(record, Record)
    assert record.customer == name
    assert Record.from_json(record.to_json()) == record
    assert record.probability == 1
    assert set(record.versions) == {"book", "nba", "tzdata"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "this is not JSON"),
        ("[]", "this is not the record of a decision"),
        ("{}", "this is not the record of a decision"),
        ('{"format": 2}', "the record has the format 2, and 1 is known"),
        ('{"format": 1}', "the record of a decision is not complete"),
    ],
)
def test_what_is_no_record_is_refused(text: str, said: str):
    """In words."""
    with pytest.raises(CaseError, match=said):
        Record.from_json(text)


def test_another_version_is_named_or_compared(tmp_path: Path):
    """By default it is not compared; else what the change of rules changes is said."""
    found = logged(tmp_path)
    found.missed("a-1")
    found.decide()
    found.decide(customer={"wants_more": True}, now=found.clock.now - timedelta(days=30))
    found.engine.close()
    log = tmp_path / "log.jsonl"
    text = BOOK.replace("amount: 20}", "amount: 15}")
    other = world(text).engine
    verdicts = [one.verdict for one in replayed(log, other)]
    assert verdicts == ["other version", "other version"]
    first, second = replayed(log, other, any_version=True)
    assert (first.verdict, second.verdict) == ("different", "same")
    assert any("`gesture` of `apology_credit` was" in sentence for sentence in first.because)
    assert any(one.startswith("the version of book was ") for one in first.because)


def test_a_change_in_a_record_is_seen(tmp_path: Path):
    """The reason, an answer, a factor, when to ask again: each is compared."""
    found = logged(tmp_path)
    found.missed("a-1")
    found.decide()
    found.engine.close()
    (record,) = records_in(tmp_path / "log.jsonl")
    assert isinstance(record, Record)
    replayer = Replayer(found.engine.book)
    for change, said in (
        ({"reason": "outranked"}, "the reason was `outranked`, and is `chosen`"),
        ({"defer_until": "2027-01-01T00:00:00Z"}, "it was put off until 2027-01-01T00:00:00Z"),
        ({"ranked": ()}, "the answer was none, and is `apology_credit` on email"),
        (
            {"ranked": ({**record.ranked[0], "priority": 1.0},)},
            "`priority` of `apology_credit` was `1.0`, and is `100.0`",
        ),
    ):
        one = replayer.replay(replace(record, **change))
        assert one.verdict == "different"
        assert one.because[0].startswith(said)
    with pytest.raises(CaseError, match="cannot be replayed"):
        replayer.replay(replace(record, events=({"at": 1},)))
