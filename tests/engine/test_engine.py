"""The engine: opening, deciding, reloading, sharing between threads."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from nba import BookError, Case, CaseError, Decision, Engine
from nba.book.build import load
from nba.decide.planner import plan_for

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
BOOK = """
format: 1
book: small
context:
  customer:
    tier: {enum: [bronze, gold]}
    value: {type: number, min: 0}
    consent: {email: bool}
channels:
  app: {cost: 0}
  email: {cost: 0.01, consent: customer.consent.email == true}
  chat: {direction: inbound}
issues:
  service: {title: Service}
groups:
  service/help: {title: Help}
actions:
  thank:
    title: Thank them
    group: service/help
    kind: guidance
    eligible: [customer.tier == 'gold']
    value: %(value)s
    channels: [app, email]
    say: "Thank you. {customer.value:money}"
  listen:
    title: Listen
    group: service/help
    kind: guidance
    applicable: [interaction.present]
    value: 1
    channels: [chat]
decision_points:
  page: {show: 2, at_most_per: {channel: 1}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small book."""
    write(tmp_path, "5")
    return tmp_path


def write(folder: Path, value: str) -> None:
    """Write the small book with this value for `thank`."""
    (folder / "book.yaml").write_text(BOOK % {"value": value})


def test_decides_and_says_what(folder: Path) -> None:
    """The cheapest channel wins a tie, and the wording is filled in."""
    decision = Engine.open(folder).decide(
        "c-1", customer={"tier": "gold", "value": 1234.5}, now=NOW
    )
    assert (decision.action, decision.channel, decision.direction) == ("thank", "app", "outbound")
    assert decision.say == "Thank you. €1,234.50"
    assert decision.codes() == {"thank": "chosen", "listen": "inapplicable"}
    assert decision.reason == "chosen"


def test_nothing_to_do_is_a_decision(folder: Path) -> None:
    """Leaving a customer in peace has a reason, and sentences."""
    decision = Engine.open(folder).decide("c-1", now=NOW)
    assert decision.action is None
    assert decision.title == "Leave them in peace"
    assert decision.reason == "inapplicable"
    assert decision.codes() == {"thank": "ineligible:unknown", "listen": "inapplicable"}
    assert decision.why()[0].startswith("Leave them in peace")


def test_the_customers_channel_wins_a_tie(folder: Path) -> None:
    """What is inbound goes first where priorities are equal."""
    engine = Engine.open(folder)
    customer = {"tier": "gold", "value": 3, "consent": {"email": True}}
    decision = engine.decide("c-1", customer=customer, interaction={"channel": "email"}, now=NOW)
    assert (decision.channel, decision.direction) == ("email", "inbound")


def test_a_decision_point_limits_what_is_shown(folder: Path) -> None:
    """`show` and `at_most_per` belong to the point that asks."""
    engine = Engine.open(folder)
    customer = {"tier": "gold", "value": 3}
    decision = engine.decide(
        "c-1", customer=customer, interaction={"channel": "chat"}, at="page", now=NOW
    )
    assert [candidate.action for candidate in decision.ranked] == ["thank", "listen"]
    with pytest.raises(CaseError, match=r"no decision point `pag`.*did you mean `page`"):
        engine.decide("c-1", at="pag", now=NOW)


def test_the_clock_is_asked_only_without_now(folder: Path) -> None:
    """Time is an input."""
    engine = Engine.open(folder, clock=lambda: NOW)
    assert engine.decide("c-1").now == NOW
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert engine.decide("c-1", now=later).now == later
    with pytest.raises(CaseError, match="time zone"):
        engine.decide("c-1", now=datetime(2027, 1, 1))  # noqa: DTZ001


EVERYWHEN = """
format: 1
book: everywhen
timezone: {zone}
calendars:
  office: {{timezone: book, open: {{mon-fri: "08:00-20:00"}}}}
channels:
  phone: {{open: office, when_closed: defer}}
  chat: {{}}
events: {{contact: {{}}}}
signals:
  this_week: {{count: contact, within: {{calendar: week, timezone: book}}}}
issues: {{service: {{}}}}
groups: {{service/help: {{}}}}
actions:
  call:
    title: Call
    group: service/help
    kind: proactive_contact
    keep_for: 999999d
    do_within: 8h
    channels: [phone, chat]
contact_policy:
  limits:
    - {{id: daily, counts: presented, covers: {{channel: phone}}, per: customer, at_most: 1,
       window: {{calendar: day, timezone: book, }}, on_limit: defer}}
    - {{id: weekly, counts: decided, covers: {{channel: phone}}, per: customer, at_most: 1,
       window: {{calendar: week, timezone: book, week_start: sunday}}, on_limit: defer}}
    - {{id: monthly, counts: decided, covers: {{channel: chat}}, per: customer, at_most: 1,
       window: {{calendar: month, timezone: book}}, on_limit: defer}}
"""


@pytest.mark.parametrize("store", ["memory://", "sqlite:///{}/nba.db"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize(
    "first", [datetime(1678, 1, 1, tzinfo=UTC), datetime(2261, 12, 23, tzinfo=UTC)]
)
def test_as_early_and_as_late_as_may_be(
    tmp_path: Path, store: str, zone: str, first: datetime
) -> None:
    """Windows, hours and the longest lengths are in the calendar, and limits hold in all stores."""
    (tmp_path / "book.yaml").write_text(EVERYWHEN.format(zone=zone))
    engine = Engine.open(tmp_path, store=store.format(tmp_path))
    for number in range(9):
        now, name, channels = first + timedelta(days=number), f"c-{number}", []
        for _ in range(4):
            decision = engine.decide(name, now=now)
            channels.append(decision.channel)
            assert Decision.from_json(decision.to_json(why=True, codes=True)) == decision
            assert str(engine.explain(decision))
            if decision.action:
                engine.record(decision.id, "rejected", at=now)
                assert engine.standing(decision.id).answers[0].kept_until
        assert channels.count("phone") <= 1 >= channels.count("chat")
        assert channels[-2:] == [None, None]


def test_too_early_or_too_late_nothing_is_decided(folder: Path) -> None:
    """A store could not count by such times, and near its ends the calendar has no week around."""
    engine = Engine.open(folder)
    for now in (
        datetime(1677, 12, 31, tzinfo=UTC),
        datetime(2262, 1, 1, tzinfo=UTC),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))),
    ):
        with pytest.raises(CaseError, match="lies in the years 1678 to 2261"):
            engine.decide("c-1", now=now)


def test_wrong_input_is_said_and_read_as_absent(folder: Path) -> None:
    """A decision carries what was wrong with its case."""
    decision = Engine.open(folder).decide("c-1", customer={"tier": "gld", "value": -1}, now=NOW)
    tail = "read as unknown. help: correct it where the case is made"
    assert [str(found) for found in decision.diagnostics] == [
        f"`gld` is not one of `bronze`, `gold` - at `customer.tier`, {tail}",
        f"-1.0 is below 0 - at `customer.value`, {tail}",
    ]
    assert decision.action is None


def test_n_must_be_positive(folder: Path) -> None:
    """Asking for no answers is a mistake."""
    with pytest.raises(CaseError, match="at least 1"):
        Engine.open(folder).decide("c-1", n=0)


@pytest.mark.parametrize(("name", "what"), [("events", "events"), ("history", "answers")])
def test_what_happened_before_is_a_list(folder: Path, name: str, what: str) -> None:
    """One of anything else is refused before it is gone through."""
    given: dict[str, Any] = {name: 5}
    with pytest.raises(CaseError, match=f"`{name}` is a list of {what}, see `Case`"):
        Engine.open(folder).decide("c-1", **given)


def test_decide_many_keeps_the_order(folder: Path) -> None:
    """One decision a case, lazily."""
    engine = Engine.open(folder)
    cases = (Case(f"c-{n}", {"tier": "gold", "value": n}, now=NOW) for n in range(5))
    assert [decision.customer for decision in engine.decide_many(cases)] == [
        f"c-{n}" for n in range(5)
    ]


def test_reload_swaps_the_book(folder: Path) -> None:
    """A new meaning is a new version; the same meaning is not."""
    engine = Engine.open(folder)
    version = engine.version
    assert engine.reload() is False
    write(folder, "50")
    assert engine.reload() is True
    assert engine.version != version
    decision = engine.decide("c-1", customer={"tier": "gold", "value": 1}, now=NOW)
    assert decision.priority == 50
    assert decision.version == engine.version


def test_a_broken_book_leaves_the_old_one_deciding(folder: Path) -> None:
    """What does not load never replaces what does."""
    engine = Engine.open(folder)
    before = engine.version
    write(folder, "customer.vlaue")
    with pytest.raises(BookError, match=r"did you mean `customer\.value`"):
        engine.reload()
    assert engine.version == before
    assert engine.decide("c-1", customer={"tier": "gold", "value": 1}, now=NOW).priority == 5


def test_a_decision_is_explained_by_the_book_that_made_it(folder: Path) -> None:
    """A reload between deciding and explaining changes nothing."""
    engine = Engine.open(folder)
    decision = engine.decide("c-1", customer={"tier": "bronze"}, now=NOW)
    before = str(engine.explain(decision))
    write(folder, "50")
    engine.reload()
    assert str(engine.explain(decision)) == before
    back = Decision.from_json(decision.to_json())
    with pytest.raises(CaseError, match="its `case`"):
        engine.explain(back)
    with pytest.raises(CaseError, match="was made by version"):
        engine.explain(back, Case("c-1", {"tier": "bronze"}))


def test_explanations_name_values_places_and_changes(folder: Path) -> None:
    """The account of what did not happen says what it read, where, and what would change it."""
    engine = Engine.open(folder)
    decision = engine.decide("c-1", customer={"tier": "bronze", "value": 2}, now=NOW)
    account = engine.explain(decision).account("thank")
    assert account.code == "ineligible"
    place = f"{folder}/book.yaml:22"
    assert account.sentences == (f"needs: customer tier is gold (it is bronze) - {place}",)
    assert str(account.change) == "it would pass if customer tier were gold"
    assert account.change is not None
    assert account.change.changes == {"customer.tier": "gold"}


def test_one_engine_serves_many_threads_while_it_reloads(folder: Path) -> None:
    """Every decision comes from one whole book, the old or the new."""
    engine = Engine.open(folder)
    customer = {"tier": "gold", "value": 1}
    worth = {engine.version: 5.0}

    def decide(number: int) -> tuple[str, float | None]:
        if number % 50 == 20:
            engine.reload()
        decision = engine.decide("c-1", customer=customer, now=NOW)
        return decision.version, decision.priority

    seen = [decide(0)]
    write(folder, "7")
    with ThreadPoolExecutor(8) as pool:
        seen += pool.map(decide, range(400))
    worth[engine.version] = 7.0
    assert {version for version, _ in seen} == set(worth)
    assert all(priority == worth[version] for version, priority in seen)


def test_books_that_were_replaced_are_given_up(folder: Path, tmp_path: Path) -> None:
    """At once, whoever decides, explains and logs: an engine may be reloaded for ever."""
    gone: list[Any] = []
    with Engine.open(folder, log=tmp_path / "log.jsonl") as engine:
        gc.collect()
        gc.disable()
        try:
            for number in range(6):
                gone.append(weakref.ref(engine.book))
                decision = engine.decide("c-1", customer={"tier": "gold", "value": number})
                engine.explain(decision)
                engine.log.flush()  # type: ignore[union-attr]
                del decision
                write(folder, str(10 + number))
                assert engine.reload()
            alive = [one for one in gone if one() is not None]
        finally:
            gc.enable()
    assert len(alive) <= 2, "only the one before may be kept, in case that it comes back"


def test_the_shipped_book_goes_at_once_with_its_plan() -> None:
    """With tables, scorecards and all, though nobody looks for garbage."""
    gc.collect()
    gc.disable()
    try:
        book = load(Path(__file__).parents[2] / "rules").book
        plan = plan_for(book)
        gone: list[weakref.ref[Any]] = [weakref.ref(book), weakref.ref(plan)]
        del book, plan
        assert [one() for one in gone] == [None, None]
    finally:
        gc.enable()
