"""Tests beside rules: what each expectation compares, and what a failure says."""

from pathlib import Path
from typing import Any

import pytest

from nba.author import testing
from nba.book import model
from nba.book.build import build
from nba.book.source import parse
from nba.engine import Engine
from nba.journey.events import Event

BOOK = """\
format: 1
book: small
title: A small book
context:
  customer:
    tier: {enum: [bronze, gold]}
    name: string
    consent: {email: bool}
  interaction:
    intent: {enum: [none, billing, cancel], default: none}
channels:
  phone: {}
  chat: {direction: inbound}
  email: {consent: customer.consent.email == true}
issues: {service: {}, sales: {}}
groups: {service/help: {}, sales/more: {}}
policies:
  no_selling: {covers: {issue: sales}, block_when: interaction.intent == 'cancel'}
arbitration:
  tiers:
    - {name: help first, when: interaction.intent != 'none', covers: {issue: service}}
    - {name: everything else}
decision_points:
  home: {show: 2}
  one: {show: 1}
actions:
  call:
    title: Call
    group: service/help
    kind: proactive_contact
    value: 10
    channels: [phone]
    say: Hello {customer.name}
  upgrade:
    title: Upgrade
    group: sales/more
    kind: offer
    eligible: customer.tier == 'gold'
    value: 20
    channels: [email, chat]
"""

GOLD = "customer: {tier: gold, name: Ann, consent: {email: true}}"
CANCEL = "interaction: {intent: cancel}"


def engine_for(*tests: str) -> Engine:
    """Return an engine for the book with these tests, each the text after its name."""
    lines = [f"  - name: test {number}\n    {text}" for number, text in enumerate(tests)]
    text = BOOK + "tests:\n" + "\n".join(line.replace("; ", "\n    ") for line in lines)
    return Engine(build([parse(text, "book.yaml")]))


def failures_of(test: str) -> list[testing.Failure]:
    """Return what fails in one test."""
    (result,) = testing.run_tests(engine_for(test))
    assert result.passed is (not result.failures)
    return list(result.failures)


@pytest.mark.parametrize(
    "test",
    [
        f"{GOLD}; expect: {{action: upgrade}}",
        f"{GOLD}; expect: {{action: upgrade, channel: email, tier: everything else}}",
        f"{GOLD}; expect: {{ranked: [upgrade, call]}}",
        f"{GOLD}; expect: {{ranked: [upgrade]}}",
        f"{GOLD}; at: home; expect: {{ranked: [upgrade, call]}}",
        f"{GOLD}; at: one; expect: {{ranked: [upgrade]}}",
        f"{GOLD}; {CANCEL}; expect: {{action: call, tier: help first}}",
        f"{GOLD}; {CANCEL}; expect: {{says: Ann, dropped: {{upgrade: 'blocked:no_selling'}}}}",
        f"{GOLD}; {CANCEL}; expect: {{dropped: {{upgrade: blocked}}}}",
        f"{GOLD}; expect: {{dropped: {{call: outranked, upgrade: chosen}}}}",
        "expect: {action: none}",
        "expect: {action: none, ranked: []}",
        "expect: {dropped: {upgrade: 'ineligible:unknown', call: unsayable}}",
        "expect: {dropped: {upgrade: ineligible}}",
        "expect: {}",
        (
            "customer: {tier: gold}; interaction: {channel: chat, intent: none}; "
            "expect: {action: upgrade, channel: chat}"
        ),
    ],
)
def test_what_is_so_passes(test: str):
    """Every key compares only what it names."""
    assert failures_of(test) == []


@pytest.mark.parametrize(
    ("test", "message", "because"),
    [
        (
            f"{GOLD}; expect: {{action: call}}",
            "expected action `call`, got `upgrade`",
            ["`call` is `outranked`", "`upgrade` goes before it, in the tier `everything else`"],
        ),
        (
            "customer: {tier: bronze, name: Ann}; expect: {action: upgrade}",
            "expected action `upgrade`, got `call`",
            ["`upgrade` is `ineligible`", "it would pass if customer tier were gold"],
        ),
        ("expect: {action: call}", "expected action `call`, got none", ["`call` is `unsayable`"]),
        (f"{GOLD}; expect: {{action: none}}", "expected no action, got `upgrade`", ["Upgrade: "]),
        (
            f"{GOLD}; expect: {{channel: chat}}",
            "expected channel `chat`, got `email`",
            ["`upgrade` on `chat` is `no_channel:direction`: the channel does not allow it"],
        ),
        (
            f"{GOLD}; expect: {{channel: phone}}",
            "expected channel `phone`, got `email`",
            ["`upgrade` has no treatment on `phone`, only on `chat`, `email`"],
        ),
        (
            "expect: {channel: phone}",
            "expected channel `phone`, got none",
            ["Leave them in peace: "],
        ),
        (
            f"{GOLD}; at: one; expect: {{ranked: [upgrade, call]}}",
            "expected the ranking `upgrade`, `call`, got `upgrade`",
            ["`call` is `outranked`"],
        ),
        (
            f"{GOLD}; at: home; expect: {{ranked: [upgrade]}}",
            "expected the ranking `upgrade`, got `upgrade`, `call`",
            ["`call` is `chosen`", "Its priority is "],
        ),
        (
            f"{GOLD}; expect: {{ranked: [call, upgrade]}}",
            "expected the ranking `call`, `upgrade`, got `upgrade`, `call`",
            [
                "`upgrade` is `chosen`",
                "Its priority is 20",
                "`call` is `chosen`",
                "Its priority is ",
            ],
        ),
        (
            f"{GOLD}; expect: {{ranked: []}}",
            "expected the ranking nothing, got `upgrade`",
            ["`upgrade` is `chosen`", "Its priority is 20"],
        ),
        (
            f"{GOLD}; expect: {{tier: help first}}",
            "expected tier `help first`, got `everything else`",
            [],
        ),
        ("expect: {tier: help first}", "expected tier `help first`, got none", []),
        (
            f"{GOLD}; {CANCEL}; expect: {{says: Bob}}",
            "expected wording with `Bob`, got `Hello Ann`",
            [],
        ),
        (f"{GOLD}; expect: {{says: Ann}}", "expected wording with `Ann`, got none", []),
        (
            f"{GOLD}; expect: {{dropped: {{upgrade: ineligible}}}}",
            "expected `upgrade` to be `ineligible`, got `chosen`",
            ["Its priority is 20"],
        ),
        (
            "customer: {tier: bronze}; expect: {dropped: {upgrade: 'ineligible:unknown'}}",
            "expected `upgrade` to be `ineligible:unknown`, got `ineligible`",
            ["needs: customer tier is gold"],
        ),
        (
            f"{GOLD}; {CANCEL}; expect: {{dropped: {{upgrade: 'blocked:no_sell'}}}}",
            "the book has no policy `no_sell`. did you mean `no_selling`?",
            [],
        ),
        (
            f"{GOLD}; expect: {{dropped: {{upgrade: inelegible}}}}",
            "`inelegible` is not a code. did you mean `ineligible`?",
            [],
        ),
    ],
)
def test_what_is_not_so_is_explained(test: str, message: str, because: list[str]):
    """The sentence names both sides, and the account of the rules follows."""
    (failure,) = failures_of(test)
    assert failure.message == message
    told = "\n".join(failure.because)
    for part in because:
        assert part in told
    assert bool(because) is bool(failure.because)


JOURNEY = """\
events: {contact: {topic: string}}
moments:
  lately: {after: {event: contact, as: last}, lasts: 2d}
  often: {at_least: 2, event: contact, as: one, within: 7d, lasts: 2d}
relationship: {start: 50, points: [{when: moment.lately, add: -20}]}
"""


def journey_failures(test: str) -> list[testing.Failure]:
    """Return what fails in one test of the book with a journey."""
    text = BOOK + f"tests:\n  - name: x\n    {test}".replace("; ", "\n    ")
    engine = Engine(build([parse(text, "book.yaml"), parse(JOURNEY, "journey.yaml")]))
    (result,) = testing.run_tests(engine)
    return list(result.failures)


ONCE = "events: [{contact: {topic: a}, channel: chat, at: -1d}]"


@pytest.mark.parametrize(
    "test",
    [
        f"{ONCE}; expect: {{moments: [lately], relationship: 30}}",
        f"{ONCE}; expect: {{relationship: {{at_least: 30, at_most: 30}}}}",
        f"{ONCE}; expect: {{relationship: {{at_most: 40}}}}",
        "expect: {moments: [], relationship: {at_least: 50}}",
        f"{ONCE}; expect: {{briefing: [Yesterday, 'chat: a']}}",
        "expect: {briefing: []}",
        "events: [{contact: {}, at: -1d}, {contact: {}}]; expect: {moments: [often, lately]}",
    ],
)
def test_what_is_so_of_a_journey_passes(test: str):
    """Moments in any order; bounds included."""
    assert journey_failures(test) == []


@pytest.mark.parametrize(
    ("test", "message", "because"),
    [
        (
            f"{ONCE}; expect: {{moments: [often]}}",
            "expected the open moments `often`, got `lately`",
            [
                "`lately` is open: `last` at 2025-12-31 12:00:00 UTC, see journey.yaml:3",
                "`often` is not open, see journey.yaml:4",
            ],
        ),
        (
            f"{ONCE}; expect: {{moments: []}}",
            "expected the open moments nothing, got `lately`",
            ["`lately` is open"],
        ),
        (
            f"{ONCE}; expect: {{relationship: {{at_least: 40, at_most: 60}}}}",
            "expected a relationship of 40 to 60, got 30",
            ["30: 50 to start with, -20 as the moment 'lately' is open"],
        ),
        (
            f"{ONCE}; expect: {{briefing: ['chat: a', phone]}}",
            "expected a line of the briefing with `phone`",
            ["it says: Lately (yesterday)", "it says: Yesterday, chat: a"],
        ),
        (
            "expect: {briefing: [Yesterday]}",
            "expected a line of the briefing with `Yesterday`",
            ["it says nothing"],
        ),
        (
            "expect: {relationship: 30}",
            "expected a relationship of 30, got 50",
            ["50: 50 to start with"],
        ),
    ],
)
def test_what_is_not_so_of_a_journey_is_explained(test: str, message: str, because: list[str]):
    """With the evidence of what is open, and with the points of the relationship."""
    (failure,) = journey_failures(test)
    assert failure.message == message
    told = "\n".join(failure.because)
    for part in because:
        assert part in told


def test_a_test_reads_no_store():
    """What others observed under the same id is nobody's business here."""
    text = BOOK + "tests: [{name: x, expect: {moments: []}}]"
    engine = Engine(build([parse(text, "book.yaml"), parse(JOURNEY, "journey.yaml")]))
    engine.observe(Event("contact", "test"))
    assert [result.passed for result in testing.run_tests(engine)] == [True]


def test_every_expectation_that_fails_is_told():
    """One run says all."""
    test = f"{GOLD}; expect: {{action: call, channel: phone, dropped: {{upgrade: blocked}}}}"
    assert [failure.key for failure in failures_of(test)] == ["action", "channel", "dropped"]


def test_a_case_that_cannot_be_read_fails():
    """What the book lets through, and the engine does not take, is no crash."""
    case = model.TestCase("odd", {"customer": {}, "now": "yesterday"}, {"action": "none"})
    (failure,) = testing.run_test(engine_for("expect: {}"), case).failures
    assert failure.message.startswith("the case cannot be read: `now` is a time such as ")


def test_tests_are_chosen_by_name_in_any_case():
    """Part of a name is enough."""
    engine = engine_for(*["expect: {action: none}"] * 3)
    assert len(testing.run_tests(engine)) == 3
    assert [result.name for result in testing.run_tests(engine, "TEST 1")] == ["test 1"]
    assert testing.run_tests(engine, "nobody") == []


def test_a_result_knows_where_its_test_stands():
    """A failure leads to the line of the test."""
    first, second = testing.run_tests(engine_for("expect: {}", "expect: {action: call}"))
    assert first.passed
    assert not second.passed
    assert (second.place.file, second.place.line - first.place.line) == ("book.yaml", 2)


def test_results_are_plain_data():
    """A machine reads the same as people."""
    (result,) = testing.run_tests(engine_for("expect: {action: call}"))
    found: dict[str, Any] = result.to_dict()
    assert (found["name"], found["file"], found["passed"]) == ("test 0", "book.yaml", False)
    (failure,) = found["failures"]
    assert (failure["expected"], failure["got"]) == ("call", "none")
    assert str(result.failures[0]).startswith("expected action `call`, got none\n  `call` is")


def test_the_tests_of_the_shipped_book_pass():
    """The book that the project ships keeps its own promises."""
    engine = Engine.open(Path(__file__).parents[2] / "rules")
    failed = [result for result in testing.run_tests(engine) if not result.passed]
    assert not failed, "\n".join(f"{each.name}: {each.failures[0]}" for each in failed)


# --- contact

CARE = """\
format: 1
book: care
currency: EUR
reach: 400d
context: {customer: {tier: {enum: [bronze, gold]}}}
channels:
  chat: {direction: inbound}
  phone: {open: office, when_closed: defer}
calendars: {office: {timezone: UTC, open: {mon-fri: "09:00-17:00"}}}
issues: {service: {}}
groups: {service/help: {}}
budgets: {calls: {count: 0}}
contact_policy: {suppress: [{id: later, after: maybe_later, for: 7d}]}
actions:
  credit:
    title: Credit
    group: service/help
    kind: goodwill_gesture
    eligible: customer.tier == 'gold'
    value: 5
    keep_for: 4h
    do_within: 2h
    gesture: {ladder: [{amount: 10}], authority: {agent: 5, lead: 20}}
    channels: [phone]
  call: {title: Call, group: service/help, kind: guidance, takes: [calls], channels: [phone]}
tests:
"""
OPEN = "now: '2026-03-02T15:30:00Z'; customer: {tier: gold}"
NIGHT = "now: '2026-03-02T22:00:00Z'; customer: {tier: gold}"


def contact_failures(test: str) -> list[testing.Failure]:
    """Return what fails in one test of the book with contact policy."""
    text = CARE + "  - name: a test\n    " + test.replace("; ", "\n    ")
    (result,) = testing.run_tests(Engine(build([parse(text, "book.yaml")])))
    return list(result.failures)


@pytest.mark.parametrize(
    "test",
    [
        f"{OPEN}; expect: {{gesture: 10, due: '2026-03-03T09:30:00Z', kept: false}}",
        f"{OPEN}; role: agent; expect: {{gesture: 10.00, approval: pending}}",
        f"{OPEN}; history: [{{decided: credit, at: -1h, gesture: 10}}]; expect: {{kept: true}}",
        (
            f"{OPEN}; history: [{{maybe_later: credit, at: -6d}}]; expect: "
            "{gesture: none, due: none, dropped: {credit: 'suppressed:later'}}"
        ),
        f"{NIGHT}; expect: {{action: none, defer_until: '2026-03-03T09:00:00Z'}}",
        f"{NIGHT}; expect: {{defer_until: +11h, approval: none, kept: false}}",
        "now: '2026-03-02T10:00:00Z'; expect: {dropped: {call: 'unaffordable:calls'}}",
        f"{OPEN}; expect: {{defer_until: none}}",
    ],
)
def test_contact_as_expected(test: str):
    """What was before is read, and what is given, due, kept and deferred is compared."""
    assert contact_failures(test) == []


@pytest.mark.parametrize(
    ("test", "key", "message"),
    [
        (f"{OPEN}; expect: {{gesture: 12}}", "gesture", "expected gesture `12`, got `10.00`"),
        (f"{OPEN}; expect: {{gesture: none}}", "gesture", "expected no gesture, got `10.00`"),
        (f"{NIGHT}; expect: {{gesture: 10}}", "gesture", "expected gesture `10`, got none"),
        (f"{OPEN}; expect: {{approval: pending}}", "approval", "approval `pending`, got none"),
        (f"{OPEN}; expect: {{due: +2h}}", "due", "got `2026-03-03T09:30:00+00:00`"),
        (f"{OPEN}; expect: {{defer_until: +2h}}", "defer_until", "got none"),
        (f"{OPEN}; expect: {{kept: true}}", "kept", "an answer that is kept, got a new answer"),
        (
            f"{OPEN}; expect: {{dropped: {{credit: 'suppressed:late'}}}}",
            "dropped",
            "the book has no suppression `late`. did you mean `later`?",
        ),
    ],
)
def test_contact_not_as_expected(test: str, key: str, message: str):
    """Both sides are named, and why it is so."""
    (failure,) = contact_failures(test)
    assert failure.key == key
    assert message in failure.message
