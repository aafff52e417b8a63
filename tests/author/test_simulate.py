"""Simulating: what is counted is what plain decisions give, and nothing is kept of it."""

import hashlib
import random
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from examples.telco import customers

import nba
from nba import Case, Event
from nba.author.equality import protected_fields
from nba.author.funnel import STAGES
from nba.author.rehearsal import Rehearsal
from nba.author.segments import Segment, band
from nba.author.served import Served
from nba.author.simulate import simulate
from nba.author.simulation_report import simulation_report
from nba.decide.decision import CODES, head
from nba.errors import CaseError
from nba.state.memory import MemoryStore
from nba.state.sqlite import SqliteStore

ROOT = Path(__file__).resolve().parents[2]
TELCO = ROOT / "examples/telco/rules"
RULES = ROOT / "rules"
NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def paying_telco(tmp_path_factory):
    """The telco book with a credit that a budget pays, and a rule that reads the age."""
    folder = tmp_path_factory.mktemp("books") / "telco"
    shutil.copytree(TELCO, folder)
    (folder / "tests.yaml").unlink()
    care = (folder / "care.yaml").read_text(encoding="utf-8")
    before = "    suitable: scorecard.churn_risk >= 30.0\n    value: 12.0"
    assert care.count(before) == 1
    gesture = (
        "    gesture:\n"
        "      ladder:\n"
        "        - {when: customer.senior_citizen, amount: 20}\n"
        "        - {amount: 12.5}\n"
        "      budgets: [pool]\n"
    )
    care = care.replace(before, before.replace("    value", f"{gesture}    value"))
    (folder / "care.yaml").write_text(care, encoding="utf-8")
    (folder / "more.yaml").write_text(
        "budgets:\n  pool: {amount: 300, per: book, window: {calendar: day, timezone: book}}\n",
        encoding="utf-8",
    )
    return folder


def everybody(days=1):
    """Return the customers of the telco data, over some days in turn, in the order of time."""
    path = customers.data_file()
    known = customers.read(path).customers if path else customers.sample(7_043).customers
    size = len(known) // days + 1
    return [
        Case(name, fields, None, NOW + timedelta(days=number // size, milliseconds=number))
        for number, (name, fields) in enumerate(known.items())
    ]


def test_every_count_is_that_of_plain_decisions(paying_telco):
    """Over all customers: the funnel, the answers, the money, and who came too late."""
    cases = everybody()
    found = simulate(nba.Engine.open(paying_telco), cases)

    engine = nba.Engine.open(paying_telco)
    codes: dict = {}
    actions: Counter = Counter()
    reasons: Counter = Counter()
    contacts, money, poor = 0, Decimal(0), 0
    for case in cases:
        decision = engine.decide_case(case)
        for action, code in decision.codes().items():
            codes.setdefault(action, Counter())[code] += 1
        actions[decision.action] += 1
        reasons[decision.reason] += decision.action is None
        contacts += decision.direction == "outbound"
        money += decision.gesture.amount if decision.gesture else 0
        poor += "unaffordable:pool" in decision.codes().values()

    assert found.cases == 7_043
    assert found.funnel.codes == codes
    assert found.actions == {name: n for name, n in actions.items() if name}
    assert found.nothing == {name: n for name, n in reasons.items() if n}
    assert found.answered == 7_043 - actions[None]
    assert found.contacts.total() == contacts
    pool = found.budgets["pool"]
    assert Decimal(pool.units) / 100 == money == Decimal(found.units) / 100
    assert Decimal(280) < money <= Decimal(300)
    assert pool.refused == poor > 50
    assert found.to_dict()["gestures"]["total"] == str(money)


def test_a_budget_is_spent_anew_every_day(paying_telco):
    """What is taken is shown by day, and is never more than there is."""
    found = simulate(nba.Engine.open(paying_telco), everybody(days=3))
    pool = found.budgets["pool"]
    days = [(NOW + timedelta(days=number)).date() for number in range(3)]
    assert sorted(pool.days) == days
    assert all(28_000 < units <= 30_000 for units in pool.days.values())
    assert sum(pool.days.values()) == pool.units == found.units
    assert pool.since
    assert NOW < pool.since < NOW + timedelta(hours=1)
    data = pool.to_dict("USD")
    assert set(data["days"]) == {day.isoformat() for day in days}
    assert data["allowed"] == "$300.00 per book in a calendar day, by the book's clock"


def population(size, seed):
    """Return cases for the book in rules/, some of the same customer."""
    source = random.Random(seed)
    for number in range(size):
        name, now = f"c-{source.randrange(size)}", NOW + timedelta(minutes=7 * number)
        past = now - timedelta(hours=source.randrange(1, 50))
        event = Event("contact", name, "phone", past, {"topic": "billing", "resolved": False})
        yield Case(
            name,
            {
                "tier": source.choice(["bronze", "silver", "gold", "platinum"]),
                "lifetime_value": source.random() * 2000,
                "contacts_7d": source.randrange(5),
                "monthly_bill": source.random() * 80,
                "consent": {"phone": source.random() < 0.8, "email": source.random() < 0.8},
            },
            source.choice([None, {"channel": "chat", "intent": "billing"}]),
            now,
            at=source.choice([None, None, "web_home"]),
            events=source.choice([None, (event,), (event, event)]),
        )


@pytest.mark.parametrize("seed", range(3))
def test_everybody_is_somewhere(seed):
    """Of each action the codes are as many as the cases, and so are answers and reasons."""
    found = simulate(nba.Engine.open(RULES), population(150, seed))
    assert found.cases == 150
    assert set(found.funnel.codes) == set(nba.Engine.open(RULES).book.actions)
    for action, codes in found.funnel.codes.items():
        assert codes.total() == 150
        assert found.funnel.stages(action).total() == 150
    assert found.actions.total() + found.nothing.total() == 150
    assert found.served.nothing == found.nothing.total()
    assert found.channels.total() == found.directions.total() >= found.actions.total()
    assert found.budgets["callbacks"].units == found.budgets["callbacks"].answers > 0
    again = simulate(nba.Engine.open(RULES), population(150, seed))
    assert again.to_dict() == found.to_dict()


def test_stages_are_all_the_codes_there_are():
    """Each once, so that nothing is lost from a funnel."""
    assert sorted(code for codes in STAGES.values() for code in codes) == sorted(CODES)


# --- nothing is kept


def digest(folder):
    """Return what all files of a folder hold."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_store_is_read_and_stays_as_it_is_byte_for_byte(tmp_path, paying_telco):
    """What is remembered counts, and nothing is added to it."""
    url = f"sqlite:///{tmp_path / 'store' / 'nba.db'}"
    (tmp_path / "store").mkdir()
    cases = everybody()
    with nba.Engine.open(paying_telco, store=url) as engine:
        for case in cases[:1500]:
            engine.decide_case(case)
    before = digest(tmp_path / "store")
    store = SqliteStore.open(url)
    found = simulate(nba.Engine.open(paying_telco), cases[1500:3000], store=store)
    store.close()
    assert found.actions
    assert digest(tmp_path / "store") == before


def test_what_is_remembered_counts_against_budgets(paying_telco):
    """A pool that is half empty pays half as much."""
    cases = everybody()
    store = MemoryStore()
    engine = nba.Engine.open(paying_telco, store=store)
    spent = Decimal(0)
    done = 0
    for case in cases:
        done += 1
        gesture = engine.decide_case(case).gesture
        spent += gesture.amount if gesture else 0
        if spent > 150:
            break
    kept = [engine.export(case.id) for case in cases[:400]]
    found = simulate(engine, cases[done:], store=store)
    assert Decimal(250) < spent + Decimal(found.units) / 100 <= Decimal(300)
    assert [engine.export(case.id) for case in cases[:400]] == kept


def test_what_happened_and_was_answered_before_is_seen():
    """The journey and the decisions of the store before are part of what is recalled."""
    store = MemoryStore()
    engine = nba.Engine.open(RULES, store=store)
    for hours in (30, 3):
        data = {"topic": "billing", "resolved": False}
        engine.observe(Event("contact", "c-1", "phone", NOW - timedelta(hours=hours), data))
    consent = {"consent": {"phone": True}, "lifetime_value": 900}
    morning = datetime(2026, 3, 3, 10, tzinfo=UTC)
    case = Case("c-1", consent, None, morning)
    fresh = simulate(engine, [case], store=store)
    assert fresh.actions == {"call_back_with_named_agent": 1}
    assert fresh.kept == 0
    engine.decide_case(case)
    later = Case("c-1", consent, None, morning + timedelta(hours=1))
    kept = simulate(engine, [later], store=store)
    assert (kept.actions, kept.kept) == ({"call_back_with_named_agent": 1}, 1)
    assert kept.budgets["callbacks"].units == 0
    assert not simulate(engine, [later]).actions


def test_a_rehearsal_gives_nothing_back(tmp_path):
    """What nobody confirms stays taken there, though a store gives it back after a while."""
    (tmp_path / "book.yaml").write_text(
        "format: 1\nbook: b\nchannels: {phone: {}}\nissues: {a: {}}\ngroups: {a/b: {}}\n"
        "budgets: {calls: {count: 1, per: book, window: {rolling: 7d}, reserve_for: 1h}}\n"
        "actions: {x: {group: a/b, kind: offer, title: X, channels: [phone], value: 5, "
        "takes: [calls]}}\n",
        encoding="utf-8",
    )
    for store, later in ((MemoryStore(), "x"), (Rehearsal(), None)):
        engine = nba.Engine.open(tmp_path, store=store)
        assert engine.decide("c-1", now=NOW).action == "x"
        assert engine.decide("c-2", now=NOW + timedelta(minutes=59)).action is None
        assert engine.decide("c-2", now=NOW + timedelta(hours=2)).action == later


def test_a_case_with_a_history_of_its_own_takes_nothing(paying_telco):
    """As everywhere: what is handed in takes the place of what is remembered."""
    cases = [Case(c.id, c.customer, None, c.now, history=()) for c in everybody()[:2000]]
    found = simulate(nba.Engine.open(paying_telco), cases)
    assert found.gestures > 30
    assert found.budgets["pool"].units == 0


# --- who is under-served


def test_the_under_served_and_what_tells_them_apart(paying_telco):
    """Counted anew: the shares, the lift, and that chance is left out."""
    cases = everybody()
    found = simulate(nba.Engine.open(paying_telco), cases, under=40)
    engine = nba.Engine.open(paying_telco)
    under: list = []
    others: list = []
    for case in cases:
        decision = engine.decide_case(case)
        served = decision.priority is not None and decision.priority >= 40
        (others if served else under).append(case.customer)
    assert found.served.under == len(under)
    apart = {(one.field, one.value): one for one in found.served.apart()}
    one = apart["customer.internet_service", "none"]
    counts = [sum(c["internet_service"] == "none" for c in group) for group in (under, others)]
    assert [one.under, one.others] == counts
    assert one.share_under == pytest.approx(counts[0] / len(under))
    assert one.difference == pytest.approx(counts[0] / len(under) - counts[1] / len(others))
    assert one.lift == pytest.approx((counts[0] / sum(counts)) / (len(under) / len(cases)))
    assert not any(name == "customer.gender" for name, _ in apart)  # no rule reads it
    first = found.served.apart()[0]
    assert first.difference == max(one.difference for one in apart.values())


def test_few_and_all_tell_nothing():
    """Nine customers are no group, and where all are under-served nobody is apart."""
    few = Served(1.0, ("f",))
    for number in range(1000):
        few.add(None if number < 9 else 5.0, [Segment(0.0, "x" if number < 9 else "y")])
    assert (few.under, few.apart()) == (9, [])
    everyone = Served(1.0, ("f",))
    for _ in range(100):
        everyone.add(None, [Segment(0.0, "x")])
    assert (everyone.under, everyone.apart()) == (100, [])
    some = Served(1.0, ("f",))
    for number in range(1000):
        some.add(0.5 if number < 50 else 1.0, [Segment(0.0, "x" if number < 50 else "y")])
    [one] = some.apart()
    assert (one.value, one.under, one.others, one.lift, one.difference) == ("x", 50, 0, 20.0, 1.0)


@pytest.mark.parametrize(
    ("number", "label"),
    [
        (0, "0"),
        (0.2, "0.2 to <0.5"),
        (0.1 + 0.2, "0.2 to <0.5"),
        (1, "1 to <2"),
        (9.99, "5 to <10"),
        (10, "10 to <20"),
        (1e6, "1000000 to <2000000"),
        (-1, "-1 to >-2"),
    ],
)
def test_bands_begin_at_one_two_and_five(number, label):
    """Whatever the population, so that two reports have the same ones."""
    assert band(number).label == label


def test_bands_are_in_order():
    """From the least to the greatest."""
    numbers = [-60, -5, -0.3, 0, 0.01, 0.5, 3, 70, 4000]
    assert sorted(numbers, key=band) == numbers


# --- equal treatment


def test_who_would_get_something_else_with_another_value(paying_telco):
    """By trying it anew for every customer, on plain decisions."""
    cases = [Case(c.id, c.customer, None, c.now, history=()) for c in everybody()[:1500]]
    engine = nba.Engine.open(paying_telco)
    protected = ["customer.senior_citizen", "customer.gender"]
    found = simulate(engine, cases, protected=protected).equality
    assert found
    otherwise: Counter = Counter()
    money = Decimal(0)
    for case in cases:
        for name, values in (("senior_citizen", (True, False)), ("gender", ("female", "male"))):
            was = engine.decide_case(case, commit=False)
            other = next(value for value in values if value != case.customer[name])
            fields = {**case.customer, name: other}
            is_ = engine.decide(case.id, customer=fields, now=case.now, history=(), commit=False)
            one, two = ((d.action, d.channel, d.gesture) for d in (was, is_))
            otherwise[name] += one != two
            if name == "senior_citizen" and not case.customer[name]:
                given = [d.gesture.amount if d.gesture else 0 for d in (was, is_)]
                money += given[1] - given[0]
    assert found.otherwise["customer.senior_citizen"] == otherwise["senior_citizen"] > 30
    assert found.otherwise["customer.gender"] == otherwise["gender"] == 0
    flips = {(one.path, one.value, one.instead): one for one in found.flips()}
    aged = flips["customer.senior_citizen", "false", "true"]
    assert aged.money == money > 0
    assert aged.gesture > 10
    assert aged.cases == sum(not case.customer["senior_citizen"] for case in cases)
    assert aged.examples
    assert {case.id for case in cases} >= set(aged.examples)


def test_a_protected_field_has_values_that_can_be_tried():
    """A name cannot be protected: there is no end of names."""
    book = nba.Engine.open(RULES).book
    assert [spec.path for spec in protected_fields(book, ["customer.tier"])] == ["customer.tier"]
    with pytest.raises(CaseError, match=r"`customer\.lifetime_value` has too many values"):
        protected_fields(book, ["customer.lifetime_value"])
    with pytest.raises(CaseError, match=r"did you mean `customer\.tier`"):
        protected_fields(book, ["customer.teir"])


def test_an_interaction_that_is_not_there_is_not_made_up():
    """Where nothing is happening, no field of it is tried."""
    engine = nba.Engine.open(RULES)
    cases = [Case("c-1", {}, None, NOW), Case("c-2", {}, {"channel": "chat"}, NOW)]
    found = simulate(engine, cases, protected=["interaction.intent"]).equality
    assert found
    assert {one.cases for one in found.flips()} == {1}


# --- for people


def test_the_report_says_all_of_it(paying_telco):
    """In Markdown and in text, with the same numbers."""
    engine = nba.Engine.open(paying_telco)
    cases = [*everybody()[:600], Case("x", {}, None, NOW, at="nowhere")]
    found = simulate(engine, cases, protected=["customer.senior_citizen"], name="telco")
    report = simulation_report(found)
    text, markdown = report.text(), report.markdown()
    assert text.startswith("What telco does for a population\n")
    assert markdown.startswith("## What telco does for a population\n")
    for heading in ("The funnel", "Budgets", "Who is under-served", "Equal treatment", "Left out"):
        assert f"\n{heading}\n-" in text
        assert f"\n### {heading}\n" in markdown
    assert "1 case could not be decided:" in text
    assert "there is no decision point `nowhere`" in markdown
    assert all(head(code) in CODES for code in found.nothing)
    empty = simulation_report(simulate(engine, [])).text()
    assert "There was no case to decide." in empty
