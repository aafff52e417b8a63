"""Comparing two books: the totals are right, counted anew here, and the reasons are given."""

import random
import shutil
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from examples.telco import customers, run

import nba
from nba import Case, Engine, Event
from nba.author.compare import compare
from nba.author.comparison import Comparison
from nba.author.comparison_report import comparison_report
from nba.author.rule_changes import RuleChange
from nba.errors import CaseError
from nba.record.log import DecisionLog
from nba.record.reading import records_in
from nba.record.record import Record

ROOT = Path(__file__).resolve().parents[2]
TELCO = ROOT / "examples/telco/rules"
RULES = ROOT / "rules"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def changed_telco(tmp_path_factory):
    """The telco book, changed by hand: a real credit, a new stop, another price."""
    folder = tmp_path_factory.mktemp("books") / "telco"
    shutil.copytree(TELCO, folder)
    care = (folder / "care.yaml").read_text(encoding="utf-8")
    credit = "    suitable: scorecard.churn_risk >= 30.0\n    value: 12.0"
    assert care.count(credit) == 1
    ladder = (
        "    gesture:\n"
        "      ladder:\n"
        "        - {when: customer.tenure >= 60, amount: 15}\n"
        "        - {amount: 7.5}\n"
        "      at_most: 0.5 * customer.monthly_charges\n"
    )
    care = care.replace(credit, credit.replace("    value", f"{ladder}    value"))
    (folder / "care.yaml").write_text(care, encoding="utf-8")
    sales = (folder / "sales.yaml").read_text(encoding="utf-8")
    assert "value: 180" in sales
    (folder / "sales.yaml").write_text(sales.replace("value: 180", "value: 240"), encoding="utf-8")
    (folder / "tests.yaml").unlink()
    (folder / "more.yaml").write_text(
        "policies:\n"
        "  no_calls_to_seniors:\n"
        "    title: Older customers are not rung up\n"
        "    covers: {channel: phone}\n"
        "    block_when: customer.senior_citizen\n",
        encoding="utf-8",
    )
    return folder


def telco_cases():
    """Return a case for every customer of the real data."""
    path = customers.data_file()
    if path is None:
        pytest.skip("telco_churn.csv.gz is absent; NBA_DATA names the folder that holds it")
    data = customers.read(path)
    return [Case(name, fields, None, run.NOW) for name, fields in data.customers.items()]


def test_totals_over_all_customers_are_those_of_an_independent_count(changed_telco):
    """Every number of the comparison, from plain decisions and nothing of the comparison's code."""
    cases = telco_cases()
    old, new = nba.Engine.open(TELCO), nba.Engine.open(changed_telco)
    found = compare(old, new, cases, by=["customer.contract", "customer.senior_citizen"])

    transitions: Counter = Counter()
    changed = 0
    money = {"old": Decimal(0), "new": Decimal(0)}
    contacts: Counter = Counter()
    answers: Counter = Counter()
    gestures: Counter = Counter()
    channels: dict = {"old": Counter(), "new": Counter()}
    by_contract: dict = defaultdict(Counter)
    for case in cases:
        a = old.decide(case.id, customer=case.customer, now=run.NOW, commit=False)
        b = new.decide(case.id, customer=case.customer, now=run.NOW, commit=False)
        transitions[a.action, b.action] += 1
        was = (a.action, a.channel, a.gesture and a.gesture.amount, a.say)
        is_ = (b.action, b.channel, b.gesture and b.gesture.amount, b.say)
        changed += was != is_
        contract = by_contract[case.customer["contract"]]
        contract["cases"] += 1
        contract["changed"] += was != is_
        for name, decision in (("old", a), ("new", b)):
            answers[name] += decision.action is not None
            contacts[name] += decision.direction == "outbound"
            if decision.channel:
                channels[name][decision.channel] += 1
            if decision.gesture:
                gestures[name] += 1
                money[name] += decision.gesture.amount
                contract[f"{name} money"] += decision.gesture.amount

    assert len(cases) == 7_043
    assert changed > 300  # the change is one that matters
    assert money["new"] > money["old"] == 0
    assert found.cases == found.people == 7_043
    assert found.transitions == transitions
    assert found.changed.total() == changed
    for name, side in (("old", found.old), ("new", found.new)):
        assert side.gestures == money[name]
        assert side.all.gestures == gestures[name]
        assert side.all.answered == answers[name]
        assert side.all.contacts == contacts[name]
        assert side.channels == channels[name]
    data = found.to_dict()
    assert data["totals"]["gesture_difference"] == str(money["new"])
    assert {one["value"]: one["cases"] for one in data["segments"]["customer.contract"]} == {
        name: counts["cases"] for name, counts in by_contract.items()
    }
    for one in data["segments"]["customer.contract"]:
        assert one["changed"] == by_contract[one["value"]]["changed"]
        assert Decimal(one["new"]["gesture_total"]) == by_contract[one["value"]]["new money"]
    assert not found.left_out
    assert not found.doubts


def test_workers_change_nothing(changed_telco):
    """Two processes find what one does, in the same words."""
    cases = [
        Case(name, fields, None, NOW) for name, fields in customers.sample(900).customers.items()
    ]
    old, new = nba.Engine.open(TELCO), nba.Engine.open(changed_telco)
    one, two = (
        compare(old, new, iter(cases), by=["customer.tenure"], workers=workers)
        for workers in (1, 2)
    )
    assert one.to_dict() == two.to_dict()
    assert one.changed.total() > 50


def test_the_largest_changes_are_explained_by_the_rule_that_made_them(changed_telco):
    """Each with what both books say, the rule, and how that differs."""
    cases = [
        Case(name, fields, None, NOW) for name, fields in customers.sample(900).customers.items()
    ]
    old, new = nba.Engine.open(TELCO), nba.Engine.open(changed_telco)
    found = compare(old, new, cases, explain=15)
    assert len(found.explained) == 15
    for one in found.explained:
        assert one.old != one.new
        assert one.because
    stopped = [one for one in found.explained if "blocked:no_calls_to_seniors" in str(one.because)]
    assert stopped
    for one in stopped:
        text = " ".join(one.because)
        assert "the policy `no_calls_to_seniors` stops it: Older customers are not rung up" in text
        assert f"{changed_telco.as_posix()}/more.yaml:2" in text
        assert "changed: policy `no_calls_to_seniors`: added" in text
    paid = [one for one in found.explained if one.change == "gesture"]
    assert "USD" in paid[0].new[0]
    assert "USD" not in paid[0].old[0]
    assert any(
        text.startswith("changed: action `loyalty_credit`: `gesture` is now")
        for text in paid[0].because
    )


def test_a_change_of_what_rules_read_is_told(tmp_path):
    """A scorecard that an action reads through a named condition, and no other one."""
    folder = tmp_path / "telco"
    shutil.copytree(TELCO, folder, ignore=shutil.ignore_patterns("tests.yaml"))
    text = (folder / "book.yaml").read_text(encoding="utf-8")
    assert "    start: 5\n" in text
    text = text.replace("    start: 5\n", "    start: 25\n")
    more = "conditions:\n  at_risk: scorecard.churn_risk >= 30.0\n"
    (folder / "book.yaml").write_text(text.replace("conditions:\n", more), encoding="utf-8")
    care = (folder / "care.yaml").read_text(encoding="utf-8")
    care = care.replace("suitable: scorecard.churn_risk >= 30.0", "suitable: condition.at_risk")
    (folder / "care.yaml").write_text(care, encoding="utf-8")
    cases = [
        Case(name, fields, None, NOW) for name, fields in customers.sample(200).customers.items()
    ]
    found = compare(nba.Engine.open(TELCO), nba.Engine.open(folder), cases, explain=3)
    assert found.explained
    for one in found.explained:
        told = [text for text in one.because if text.startswith("changed: ")]
        assert "changed: scorecard `churn_risk`: `start` was `5.0`, and is `25.0`" in told


@pytest.mark.parametrize(
    ("was", "is_", "told"),
    [
        (["a > 1", "b"], ["a > 2", "b"], "had `a > 1`, and has `a > 2`"),
        (["a", "b"], ["a", "b", "c"], "has `c` too"),
        (["a", "b", "c"], ["b"], "no longer has `a`, `c`"),
        (["a", "b"], ["b", "a"], 'was `["a", "b"]`, and is `["b", "a"]`'),
        (None, ["a"], 'is now `["a"]`'),
    ],
)
def test_of_lists_that_differ_only_that_is_told(was, is_, told):
    """A condition among many is found at once."""
    assert RuleChange("actions", "x", "changed", (("eligible", was, is_),)).told() == [
        f"`eligible` {told}"
    ]


def population(size, seed=5):
    """Return cases for the book in rules/, some with events and some at a decision point."""
    source = random.Random(seed)
    for number in range(size):
        name, now = f"c-{number % (size - size // 10)}", NOW + timedelta(minutes=number)
        event = Event(
            "contact",
            name,
            "phone",
            now - timedelta(hours=source.randrange(1, 50)),
            {"topic": "billing", "resolved": source.random() < 0.3},
        )
        yield Case(
            name,
            {
                "tier": source.choice(["bronze", "silver", "gold", "platinum"]),
                "lifetime_value": source.random() * 2000,
                "contacts_7d": source.randrange(5),
                "churn_risk": source.random(),
                "consent": {"phone": source.random() < 0.7, "email": source.random() < 0.7},
            },
            source.choice(
                [
                    None,
                    {"channel": "chat", "intent": "billing"},
                    {"channel": "phone", "intent": "fault"},
                ]
            ),
            now,
            at=source.choice([None, None, "web_home"]),
            events=source.choice([None, (event,)]),
        )


def test_a_book_and_itself_differ_in_nothing():
    """Whatever is decided on, a book that did not change changes nothing."""
    engine = nba.Engine.open(RULES)
    found = compare(engine, nba.Engine.open(RULES), population(300))
    assert found.same
    assert not found.moved()
    assert not found.explained
    assert not found.rules
    assert found.old.all == found.new.all
    assert sum(found.transitions.values()) == found.cases == 300
    assert found.people == 270


def variant(folder, source):
    """Write the book in rules/, with some of its actions stopped at random."""
    shutil.copytree(RULES, folder, ignore=shutil.ignore_patterns("tests"))
    names = sorted(nba.Engine.open(RULES).book.actions)
    stops = [
        f"  p{number}: {{covers: {{action: {name}}}, block_when: customer.tier == '{tier}'}}\n"
        for number, name in enumerate(source.sample(names, 40))
        for tier in [source.choice(["gold", "bronze"])]
    ]
    (folder / "stops.yaml").write_text("policies:\n" + "".join(stops), encoding="utf-8")
    return folder


@pytest.mark.parametrize("seed", range(3))
def test_what_is_counted_adds_up(tmp_path, seed):
    """Every case stands in one transition, one kind of change at most, and one segment of each."""
    new = nba.Engine.open(variant(tmp_path / "new", random.Random(seed)))
    found = compare(
        nba.Engine.open(RULES),
        new,
        population(300, seed),
        by=["customer.tier", "signal.contacts_2h"],
    )
    assert sum(found.transitions.values()) == found.cases == 300
    moved = sum(count for *_, count in found.moved())
    assert moved == found.changed["action"]
    assert moved > 0
    for counts in found.segments.values():
        assert sum(one.cases for one in counts.values()) == 300
        assert sum(one.changed for one in counts.values()) == found.changed.total()
        for side, name in ((found.old, "old"), (found.new, "new")):
            tallies = [getattr(one, name) for one in counts.values()]
            assert sum(one.contacts for one in tallies) == side.all.contacts
            assert sum(one.answered for one in tallies) == side.all.answered
    for side in (found.old, found.new):
        assert side.actions.total() + side.reasons.total() == 300
        assert side.actions.total() == side.all.answered


def test_a_field_that_is_named_twice_is_counted_by_once():
    """A slip that does no harm."""
    engine = nba.Engine.open(RULES)
    found = compare(engine, engine, population(20), by=["customer.tier", "customer.tier"])
    assert list(found.segments) == ["customer.tier"]
    assert sum(one.cases for one in found.segments["customer.tier"].values()) == 20


def test_nothing_is_taken_and_nothing_remembered():
    """A comparison of engines with stores leaves the stores alone."""
    engine = nba.Engine.open(RULES)
    engine.observe(Event("contact", "c-1", "phone", NOW, {"topic": "billing"}))
    before = [engine.export(f"c-{number}") for number in range(30)]
    compare(engine, engine, population(30))
    assert [engine.export(f"c-{number}") for number in range(30)] == before


# --- records


def test_recorded_decisions_are_compared_on_what_was_known_then(tmp_path):
    """With the events and earlier answers of that time, though no store is there now."""
    log = tmp_path / "log.jsonl"
    with nba.Engine.open(RULES, log=DecisionLog.open(log)) as engine:
        engine.observe(
            Event(
                "contact",
                "c-1",
                "phone",
                NOW - timedelta(days=1),
                {"topic": "billing", "resolved": False},
            ),
            Event(
                "contact",
                "c-1",
                "chat",
                NOW - timedelta(hours=3),
                {"topic": "billing", "resolved": False},
            ),
        )
        consent = {"consent": {"phone": True}}
        first = engine.decide("c-1", customer=consent, now=NOW)
        second = engine.decide("c-2", customer=consent, now=NOW)
    assert first.action is not None
    assert first.action != second.action
    folder = tmp_path / "new"
    shutil.copytree(RULES, folder, ignore=shutil.ignore_patterns("tests"))
    stop = f"policies:\n  stop: {{covers: {{action: {first.action}}}, block_when: true}}\n"
    (folder / "stop.yaml").write_text(stop, encoding="utf-8")
    records = [one for one in records_in(log) if isinstance(one, Record)]
    found = compare(nba.Engine.open(RULES), nba.Engine.open(folder), records)
    assert found.cases == 2
    assert found.old.actions[first.action] == 1
    assert found.changed == {"action": 1}
    [one] = found.explained
    assert (one.customer, one.where) == ("c-1", first.id)
    assert f"`{first.action}` is `blocked:stop`" in one.because[0]


def test_a_private_field_that_is_needed_leaves_the_record_out(tmp_path):
    """It says so, and goes on."""
    book = tmp_path / "book"
    book.mkdir()
    (book / "book.yaml").write_text(
        "format: 1\nbook: b\ncontext: {customer: {age: {type: number, private: true}}}\n"
        "channels: {phone: {}}\nissues: {a: {}}\ngroups: {a/b: {}}\n"
        "actions: {x: {group: a/b, kind: offer, title: X, eligible: customer.age > 3.0, "
        "channels: [phone], value: 5}}\n",
        encoding="utf-8",
    )
    log = tmp_path / "log.jsonl"
    with nba.Engine.open(book, log=DecisionLog.open(log)) as engine:
        engine.decide("c-1", customer={"age": 20}, now=NOW)
    records = [one for one in records_in(log) if isinstance(one, Record)]
    found = compare(nba.Engine.open(book), nba.Engine.open(book), records)
    assert found.cases == 0
    assert found.left_out == {"`customer.age` was left out": 1}
    assert "1 case could not be decided" in comparison_report(found).text()


# --- what only one of two books knows


def test_what_only_one_book_knows_is_left_out_for_the_other(tmp_path):
    """An event type and an action that are new do not keep the old book from deciding."""
    folder = tmp_path / "new"
    shutil.copytree(RULES, folder, ignore=shutil.ignore_patterns("tests"))
    (folder / "more.yaml").write_text(
        "events: {router_rebooted: {}}\n"
        "signals: {reboots: {count: router_rebooted, within: 7d}}\n"
        "actions:\n"
        "  ask_about_router:\n"
        "    {group: service/recovery, kind: proactive_contact, title: Ask about the router,\n"
        "     value: 900, applicable: [signal.reboots > 0], channels: [phone]}\n",
        encoding="utf-8",
    )
    case = Case(
        "c-1",
        {"consent": {"phone": True}},
        None,
        NOW,
        events=(Event("router_rebooted", "c-1", None, NOW - timedelta(hours=1)),),
        history=({"action": "ask_about_router", "channel": "phone", "at": "2026-01-01T00:00:00Z"},),
    )
    old, new = nba.Engine.open(RULES), nba.Engine.open(folder)
    found = compare(old, new, [case], by=["signal.reboots"])
    assert found.transitions == {
        (
            old.decide_case(Case("c-1", case.customer, None, NOW, events=(), history=())).action,
            "ask_about_router",
        ): 1
    }
    assert [one.label for one in found.segments["signal.reboots"]] == ["1 to <2"]
    assert "before, the old book has no action `ask_about_router`" in found.explained[0].because
    back = compare(new, old, [case])
    assert "now, the new book has no action `ask_about_router`" in back.explained[0].because
    wrong = Case("c-1", {}, None, NOW, events=(Event("no_such", "c-1", None, NOW),))
    left = compare(old, new, [wrong]).left_out
    assert [text for text in left if "there is no event type `no_such`" in text]


def test_fields_to_count_by_have_to_be_there():
    """An error names the field, and what was meant."""
    engine = nba.Engine.open(RULES)
    with pytest.raises(CaseError, match=r"no field `customer.teir`. did you mean `customer.tier`"):
        compare(engine, engine, [], by=["customer.teir"])
    with pytest.raises(CaseError, match="cannot be counted apart by `moments`, a list"):
        compare(engine, engine, [], by=["moments"])


def test_a_book_without_files_has_one_worker():
    """What cannot be opened again elsewhere is not."""
    engine = Engine(nba_built())
    with pytest.raises(CaseError, match="one worker"):
        compare(engine, engine, [], workers=2)
    assert compare(engine, engine, population(3)).cases == 3


def nba_built():
    """Return the book in rules/ as it is built."""
    from nba.book.build import load

    return load(RULES)


def test_an_interrupted_comparison_leaves_no_process_behind(changed_telco):
    """What is raised while the cases are read ends all of it."""
    import multiprocessing

    def cases():
        for number, (name, fields) in enumerate(customers.sample(900).customers.items()):
            if number == 700:
                raise KeyboardInterrupt
            yield Case(name, fields, None, NOW)

    old, new = nba.Engine.open(TELCO), nba.Engine.open(changed_telco)
    with pytest.raises(KeyboardInterrupt):
        compare(old, new, cases(), workers=2)
    assert not multiprocessing.active_children()


def test_nobody_gets_a_comparison_without_numbers():
    """No case at all is said, not shown as agreement."""
    engine = nba.Engine.open(RULES)
    found = compare(engine, engine, [])
    assert isinstance(found, Comparison)
    assert "There was no case to decide." in comparison_report(found).markdown()
