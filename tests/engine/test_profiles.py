"""Profiles: merged with the case, kept for a while, and never waited for longer than agreed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nba import CaseError, Engine, ProfileError, ProfileProvider
from nba.decide.case import Case
from nba.engine.profiles import STALE, Profiles

BOOK = """
format: 1
book: small
%s
context:
  customer:
    tier: {enum: [bronze, gold]}
    name: string
    consent: {email: bool, phone: bool}
channels:
  email: {consent: customer.consent.email == true}
  phone: {consent: customer.consent.phone == true}
issues: {service: {}}
groups: {service/help: {}}
actions:
  thank:
    title: Thank them
    group: service/help
    kind: guidance
    eligible: customer.tier == 'gold'
    channels: [email, phone]
    say: "Thank you, {customer.name}."
"""
GOLD = {"tier": "gold", "name": "Ann", "consent": {"email": True, "phone": False}}


class Table:
    """A provider that knows some customers, and can be told to fail or to hang."""

    def __init__(self, rows: Mapping[str, Any]) -> None:
        self.rows = dict(rows)
        self.asked: list[str] = []
        self.fault: Exception | None = None
        self.goes_on = threading.Event()
        self.goes_on.set()

    def profile(self, customer: str) -> Mapping[str, Any] | None:
        """Return a row."""
        self.asked.append(customer)
        self.goes_on.wait(30)
        if self.fault is not None:
            raise self.fault
        found: Mapping[str, Any] | None = self.rows.get(customer)
        return found

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let it hang for a while."""
        self.goes_on.clear()
        try:
            yield
        finally:
            self.goes_on.set()


@pytest.fixture
def table() -> Table:
    """A provider that knows one customer."""
    return Table({"c-1": GOLD})


def opened(folder: Path, table: ProfileProvider, choice: str = "", **more: Any) -> Engine:
    """Open an engine for the small book."""
    (folder / "book.yaml").write_text(BOOK % choice)
    return Engine.open(folder, profiles=table, **more)


def test_the_profile_gives_what_the_case_does_not(tmp_path: Path, table: Table) -> None:
    """The case wins, field by field; null gives nothing; nobody is asked for without an id."""
    engine = opened(tmp_path, table)
    assert engine.decide("c-1").say == "Thank you, Ann."
    assert engine.decide("c-1", customer={"name": "Bob"}).say == "Thank you, Bob."
    by_phone = engine.decide("c-1", customer={"consent": {"email": False, "phone": True}})
    assert by_phone.channel == "phone"
    narrowed = engine.decide("c-1", customer={"consent": {"email": False}})
    assert narrowed.codes() == {"thank": "no_channel:consent"}
    assert engine.decide("c-1", customer={"tier": None}).action == "thank"
    assert engine.decide("c-2").codes() == {"thank": "ineligible:unknown"}
    assert engine.decide("").action is None
    assert table.asked == ["c-1", "c-2"]


def test_a_decision_with_a_profile_is_explained_and_previewed(tmp_path: Path, table: Table) -> None:
    """The account reads the same fields as the decision did."""
    engine = opened(tmp_path, table)
    decision = engine.decide("c-1", customer={"tier": "bronze"}, commit=False)
    (sentence,) = engine.explain(decision).account("thank").sentences
    assert sentence.startswith("needs: customer tier is gold (it is bronze)")


def test_a_profile_is_kept_for_its_time() -> None:
    """Within `ttl` it is not asked again; after it, it is; forgotten, at once."""
    now = [0.0]
    table = Table({"c-1": GOLD})
    profiles = Profiles(table, ttl=60, timer=lambda: now[0])
    for at, times in ((0, 1), (59, 1), (60, 2), (61, 2)):
        now[0] = at
        profiles.complete(Case("c-1"), refuse=True)
        assert len(table.asked) == times
    profiles.forget("c-1")
    profiles.complete(Case("c-1"), refuse=True)
    assert len(table.asked) == 3


def test_no_more_customers_are_kept_than_agreed() -> None:
    """The cache is bounded."""
    table = Table({})
    profiles = Profiles(table, cached=10)
    for number in range(100):
        profiles.complete(Case(f"c-{number}"), refuse=True)
    assert len(profiles._fresh) == len(profiles._last) == 10


@pytest.mark.parametrize("choice", ["", "on_profile_failure: without"])
def test_without_a_profile_it_is_decided_with_what_is_known(
    tmp_path: Path, table: Table, choice: str
) -> None:
    """Unknown is unknown, and the decision says why."""
    table.fault = ConnectionError("password=secret")
    engine = opened(tmp_path, table, choice)
    decision = engine.decide("c-1")
    assert decision.codes() == {"thank": "ineligible:unknown"}
    (found,) = decision.diagnostics
    assert found.code == "profile-failure"
    assert found.message == "the profile provider failed: ConnectionError"
    given = engine.decide("c-1", customer=GOLD)
    assert given.action == "thank"


def test_a_book_may_refuse_to_decide_without_a_profile(tmp_path: Path, table: Table) -> None:
    """Then nothing is decided, and nothing taken."""
    table.fault = ConnectionError("down")
    engine = opened(tmp_path, table, "on_profile_failure: refuse")
    with pytest.raises(ProfileError, match="the profile provider failed: ConnectionError") as info:
        engine.decide("c-1", customer=GOLD)
    assert info.value.__cause__ is table.fault
    assert engine.export("c-1")["decisions"] == []
    table.fault = None
    assert engine.decide("c-1").action == "thank"


def test_what_is_no_profile_is_a_failure(tmp_path: Path) -> None:
    """A provider that gives a list has failed."""
    engine = opened(tmp_path, Table({"c-1": ["gold"]}))
    (found,) = engine.decide("c-1").diagnostics
    assert found.message == "the profile provider gave a list, not an object"


def test_an_old_profile_stands_in_for_an_hour() -> None:
    """Better an hour old than unknown, and it is said; but not older."""
    now = [0.0]
    table = Table({"c-1": GOLD})
    profiles = Profiles(table, ttl=60, timer=lambda: now[0])
    profiles.complete(Case("c-1"), refuse=True)
    table.fault = ConnectionError()
    now[0] = STALE
    case, (found,) = profiles.complete(Case("c-1"), refuse=True)
    assert case.customer == GOLD
    message = "the profile provider failed: ConnectionError, so it is that of 3600 s ago"
    assert found.message == message
    now[0] = STALE + 1
    case, (found,) = profiles.complete(Case("c-1"), refuse=False)
    assert case.customer == {}
    with pytest.raises(ProfileError):
        profiles.complete(Case("c-1"), refuse=True)


def test_where_no_thread_can_be_begun_it_is_asked_the_next_time(table: Table) -> None:
    """However often that was so: no place is lost, and nobody waits for what never comes."""
    profiles = Profiles(table, at_once=2)
    before = threading.stack_size(2**47)  # for which no system has room
    try:
        for number in (1, 1, 2, 3):
            case, (found,) = profiles.complete(Case(f"c-{number}"), refuse=False)
            assert found.message == "there is no thread to ask the profile provider in"
            assert case.customer == {}
    finally:
        threading.stack_size(before)
    case, found_then = profiles.complete(Case("c-1"), refuse=True)
    assert (case.customer, found_then) == (GOLD, ())


def test_a_slow_provider_is_not_waited_for(tmp_path: Path, table: Table) -> None:
    """After the time that was agreed it is decided; what comes late is there for the next."""
    engine = opened(tmp_path, table, profile_timeout=0.05)
    with table.hanging():
        began = time.monotonic()
        decision = engine.decide("c-1")
        assert time.monotonic() - began < 5
        (found,) = decision.diagnostics
        assert found.message == "there was no profile within 0.05 s"
    deadline = time.monotonic() + 20
    while engine.decide("c-1", commit=False).action is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert table.asked == ["c-1"]


def test_a_provider_that_hangs_piles_up_no_threads(table: Table) -> None:
    """So many calls at most are under way; beyond them it has failed at once, and it recovers."""
    profiles = Profiles(table, timeout=0.01, at_once=4)
    before = threading.active_count()
    with table.hanging():
        began = time.monotonic()
        messages = []
        for number in range(200):
            _, (found,) = profiles.complete(Case(f"c-{number}"), refuse=False)
            messages.append(found.message)
            assert threading.active_count() <= before + 4
        assert time.monotonic() - began < 20
    assert messages[:4] == ["there was no profile within 0.01 s"] * 4
    assert set(messages[4:]) == {"all calls of the profile provider hang"}
    deadline = time.monotonic() + 20
    while threading.active_count() > before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    patient = Profiles(table, at_once=4, timeout=20)
    assert patient.complete(Case("c-1"), refuse=True)[1] == ()
    for number in range(20):
        assert patient.complete(Case(f"n-{number}"), refuse=True)[1] == ()


def test_those_who_ask_for_one_customer_at_once_ask_once(table: Table) -> None:
    """They share the call."""
    profiles = Profiles(table, timeout=20)
    found: list[Case] = []
    with table.hanging():
        threads = [
            threading.Thread(
                target=lambda: found.append(profiles.complete(Case("c-1"), refuse=True)[0])
            )
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    assert [case.customer for case in found] == [GOLD] * 6
    assert table.asked == ["c-1"]


HANGS = """
import time
from nba.decide.case import Case
from nba.engine.profiles import Profiles
class Hangs:
    def profile(self, customer):
        time.sleep(3600)
print(Profiles(Hangs(), timeout=0.05).complete(Case("c-1"), refuse=False)[1][0].message)
"""


def test_a_provider_that_hangs_keeps_no_process_from_ending() -> None:
    """The program ends when it is done."""
    done = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "there was no profile within 0.05 s\n"


def test_under_a_key_the_same_is_told_whatever_the_profile_says_by_now(
    tmp_path: Path, table: Table
) -> None:
    """What was asked is what was handed in; something else under the key is refused as ever."""
    engine = opened(tmp_path, table, profile_ttl=0.0)
    first = engine.decide("c-1", key="k")
    assert first.say == "Thank you, Ann."
    table.rows["c-1"] = GOLD | {"name": "Anna"}
    again = engine.decide("c-1", key="k")
    assert (again.id, again.say) == (first.id, first.say)
    assert engine.decide("c-1", key="other").say == "Thank you, Anna."
    with pytest.raises(CaseError, match="used for another question"):
        engine.decide("c-1", customer={"name": "Anna"}, key="k")
