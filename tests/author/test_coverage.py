"""Coverage: what is seen of each kind of rule, and what is said of what is not."""

from __future__ import annotations

import pytest

from nba.author.coverage import Coverage, Share
from nba.author.testing import chosen_tests, run_test
from nba.book.build import build
from nba.book.source import parse
from nba.decide.decision import Decision
from nba.engine import Engine
from nba.errors import CaseError

BOOK = """\
format: 1
book: small
currency: EUR
reach: 90d
context:
  customer:
    tier: {enum: [bronze, gold]}
    name: string
    age: {type: number, default: 40}
    bill: {type: number, default: 100}
    consent: {phone: bool}
  interaction: {intent: {enum: [none, billing], default: none}}
events:
  contact: {topic: string}
  told: {}
calendars: {office: {timezone: UTC, open: {mon-fri: "09:00-17:00"}}}
channels:
  phone: {consent: customer.consent.phone == true, open: office, when_closed: defer}
  chat: {direction: inbound}
signals: {contacts: {count: contact, within: 7d}}
moments:
  restless:
    any:
      - {at_least: 2, event: contact, as: one, within: 7d}
      - {after: {event: contact, as: one, where: one.topic == 'leaving'}}
    lasts: 2d
corridors:
  joining:
    stages:
      - {id: asked, enter: {event: contact, as: one}, within: 3d}
      - {id: told, enter: {event: told, as: two}}
conditions:
  grown:
    any: [customer.age > 18.0, customer.tier == 'gold']
tables:
  steps:
    inputs: {Age: customer.age}
    outputs: {Level: number}
    rows:
      - {Age: "< 18", Level: 1}
      - {Age: "-", Level: 2}
scorecards:
  loyalty:
    start: 10
    points:
      - {when: customer.tier == 'gold', add: 5}
      - {band: signal.contacts, points: {"0": 0, "1..": -5}}
budgets: {pool: {amount: 30}}
contact_policy:
  limits: [{id: weekly, covers: {group: care/more}, at_most: 1, window: {rolling: 7d}}]
  suppress: [{id: said_no, after: rejected, for: 30d, covers: {group: care/more}}]
issues: {care: {}}
groups:
  care/help: {}
  care/more: {eligible: condition.grown}
policies:
  closed: {covers: {group: care/more}, block_when: interaction.intent == 'billing'}
  never_by_chat: {covers: {group: care/more, channel: chat}, block_when: true}
scoring: {weights: [{when: scorecard.loyalty > 12.0, covers: {group: care/more}, add: 10 %}]}
arbitration:
  tiers:
    - {name: first, when: moment.restless, covers: {group: care/help}}
    - {name: rest}
decision_points: {screen: {show: 1}}
actions:
  credit:
    title: Credit
    group: care/help
    kind: goodwill_gesture
    answers: [restless]
    once_per: customer.name
    value: 5
    gesture:
      ladder: [{when: customer.tier == 'gold', amount: 20}, {amount: 10}]
      at_most: 0.1 * customer.bill
      budgets: [pool]
      authority: {agent: 5}
      not_again_within: 3d
    channels: [phone]
    say:
      - {when: "gesture.amount > 10.0", text: A lot for you}
      - {text: Something for you}
  more:
    title: More
    group: care/more
    kind: offer
    value: 3
    channels: {phone: {defer_if: customer.age > 90.0}, chat: }
  gone: {title: Gone, group: care/more, kind: offer, enabled: false, channels: [phone]}
tests:
"""


def covered(*tests: str, book: str = BOOK) -> Coverage:
    """Return what these tests reach: each is the text after its name."""
    lines = [f"  - name: test {number}\n    {text}" for number, text in enumerate(tests)]
    text = book + "\n".join(line.replace("; ", "\n    ") for line in lines)
    engine = Engine(build([parse(text, "book.yaml")]))
    found = Coverage(engine.book)
    for test in chosen_tests(engine.book):
        assert run_test(engine, test, found).passed
    return found


def missing(found: Coverage) -> dict[str, str]:
    """Return what is missing, by the rule."""
    return {rule.what: "; ".join(rule.missing) for rule in found.unreached}


MONDAY = "now: '2026-03-02T10:00:00Z'; customer: {consent: {phone: true}"
NOBODY = "now: '2026-03-02T10:00:00Z'; expect: {}"


#: Each key is a rule; the first test does not reach it, or not all of it, and the second does.
@pytest.mark.parametrize(
    ("what", "said", "test"),
    [
        ("action `more`", "no test where it is an answer", f"{MONDAY}}}; expect: {{action: more}}"),
        (
            "treatment `more` by phone",
            "no test where it gets as far as arbitration",
            f"{MONDAY}}}; expect: {{}}",
        ),
        (
            "consent `customer.consent.phone == true` of `phone`",
            "no test where it holds",
            f"{MONDAY}}}; expect: {{}}",
        ),
        (
            "calendar `office`",
            "no test while it is open; no test while it is closed",
            (
                f"{MONDAY}}}; expect: {{}}| now: '2026-03-01T10:00:00Z'; "
                "customer: {consent: {phone: true}}; expect: {action: none}"
            ),
        ),
        (
            "eligible `condition.grown` of `care/more`",
            "no test where it does not",
            "customer: {age: 9}; expect: {dropped: {more: ineligible}}",
        ),
        (
            "condition `condition.grown`",
            "no test where it does not",
            "customer: {age: 9}; expect: {}",
        ),
        (
            "condition `customer.age > 18.0` of `condition.grown`",
            "no test where it does not",
            "customer: {age: 9}; expect: {}",
        ),
        (
            "condition `customer.tier == 'gold'` of `condition.grown`",
            "no test where it holds",
            "customer: {tier: gold}; expect: {}",
        ),
        (
            "policy `closed`",
            "no test where it blocks something",
            "interaction: {intent: billing}; expect: {dropped: {more: 'blocked:closed'}}",
        ),
        (
            "signal `contacts`",
            "no test with an event that it counts",
            "events: [{contact: {}, at: -1d}]; expect: {}",
        ),
        (
            "pattern 1 of `restless`",
            "no test where it is open by this",
            "events: [{contact: {}, at: -1d}, {contact: {}}]; expect: {moments: [restless]}",
        ),
        (
            "pattern 2 of `restless`",
            "no test where it is open by this",
            "events: [{contact: {topic: leaving}}]; expect: {moments: [restless]}",
        ),
        (
            "stage `asked` of `joining`",
            "no test where a customer is in it; no test where what it expects is late",
            "events: [{contact: {}, at: -4d}]; expect: {}",
        ),
        (
            "stage `told` of `joining`",
            "no test where a customer is in it",
            "events: [{contact: {}, at: -4d}, {told: {}, at: -1d}]; expect: {}",
        ),
        (
            "point `customer.tier == 'gold'` of `scorecard.loyalty`",
            "no test where it counts",
            "customer: {tier: gold}; expect: {}",
        ),
        ("row 1 of `steps`", "no test that hits it", "customer: {age: 9}; expect: {}"),
        (
            "band `1..: -5` of `scorecard.loyalty`",
            "no test with such a number",
            "events: [{contact: {}}]; expect: {}",
        ),
        (
            "weight +10 % when `scorecard.loyalty > 12.0`",
            "no test where it counts; no test where its condition does not hold",
            f"{MONDAY}, tier: gold}}; expect: {{action: more}}| {MONDAY}}}; expect: {{}}",
        ),
        (
            "limit `weekly`",
            "no test where it is full",
            (
                f"{MONDAY}}}; history: [{{presented: more, channel: phone, at: -1d}}]; "
                "expect: {dropped: {more: 'limited:weekly'}}"
            ),
        ),
        (
            "suppression `said_no`",
            "no test where it suppresses something",
            (
                f"{MONDAY}}}; history: [{{rejected: more, channel: phone, at: -9d}}]; "
                "expect: {dropped: {more: 'suppressed:said_no'}}"
            ),
        ),
        (
            "tier `rest`",
            "no test with an answer from it",
            f"{MONDAY}}}; expect: {{tier: rest}}",
        ),
        (
            "decision point `screen`",
            "no test `at` it",
            "at: screen; expect: {}",
        ),
        (
            "defer_if `customer.age > 90.0` of `more`",
            "no test where it holds; no test where it does not",
            (
                f"{MONDAY}, age: 91}}; expect: {{dropped: {{more: deferred}}}}| "
                f"{MONDAY}}}; expect: {{}}"
            ),
        ),
    ],
)
def test_each_kind_of_rule_is_reached(what: str, said: str, test: str):
    """Before the test that reaches it, it is listed with what is missing; after it, it is not."""
    assert missing(covered(NOBODY))[what] == said
    assert what not in missing(covered(NOBODY, *test.split("| ")))


RESTLESS = "events: [{contact: {topic: leaving}}]"
CREDIT = [
    (
        "tier `first`",
        "no test with an answer from it; no test where it is not active",
        [f"{MONDAY}, name: Ann}}; {RESTLESS}; expect: {{tier: first, gesture: 10}}", NOBODY],
    ),
    (
        "rung `20.0` of `credit`",
        "no test where it is given; no test where its condition does not hold",
        [
            f"{MONDAY}, name: Ann}}; {RESTLESS}; expect: {{gesture: 10}}",
            f"{MONDAY}, name: Ann, tier: gold, bill: 200}}; {RESTLESS}; expect: {{gesture: 20}}",
        ],
    ),
    (
        "rung `10.0` of `credit`",
        "no test where it is given",
        [f"{MONDAY}, name: Ann}}; {RESTLESS}; expect: {{gesture: 10}}"],
    ),
    (
        "wording text 1 of `credit`",
        "no test where it is said; no test where its condition does not hold",
        [
            f"{MONDAY}, name: Ann}}; {RESTLESS}; expect: {{says: Something}}",
            f"{MONDAY}, name: Ann, tier: gold, bill: 200}}; {RESTLESS}; expect: {{says: A lot}}",
        ],
    ),
    (
        "wording text 2 of `credit`",
        "no test where it is said",
        [f"{MONDAY}, name: Ann}}; {RESTLESS}; expect: {{says: Something}}"],
    ),
    (
        "at_most `credit`",
        "no test where it keeps a rung from being given",
        [f"{MONDAY}, name: Ann, tier: gold}}; {RESTLESS}; expect: {{gesture: 10}}"],
    ),
    (
        "authority `credit`",
        "no test where it is more than the role may give by itself",
        [
            (
                f"{MONDAY}, name: Ann}}; {RESTLESS}; role: agent; "
                "expect: {dropped: {credit: no_authority}}"
            )
        ],
    ),
    (
        "once_per `credit`",
        "no test where it was done already",
        [
            (
                f"{MONDAY}, name: Ann}}; {RESTLESS}; "
                "history: [{accepted: credit, at: -9d, once: Ann}]; "
                "expect: {dropped: {credit: once}}"
            )
        ],
    ),
    (
        "not_again_within `credit`",
        "no test where it was put right already",
        [
            (
                f"{MONDAY}, name: Ann}}; {RESTLESS}; "
                "history: [{accepted: credit, at: -1d, once: Bob}]; "
                "expect: {dropped: {credit: put_right}}"
            )
        ],
    ),
    (
        "budget `pool`",
        "no test where too little is left",
        [
            (
                f"{MONDAY}, name: Ann}}; {RESTLESS}; used: {{pool: 25}}; "
                "expect: {dropped: {credit: 'unaffordable:pool'}}"
            )
        ],
    ),
]


@pytest.mark.parametrize(("what", "said", "tests"), CREDIT)
def test_each_part_of_a_gesture_is_reached(what: str, said: str, tests: list[str]):
    """What is given, said, held back, refused, done already."""
    assert missing(covered(MONDAY + "}; interaction: {intent: billing}; expect: {}"))[what] in (
        said,
        said.partition("; ")[0],
    )
    assert what not in missing(covered(*tests))


def test_all_of_it_can_be_reached():
    """The tests of every kind together reach every rule, and what is out of use is no rule."""
    every = [test for _, _, tests in CREDIT for test in tests]
    found = covered(NOBODY, *every)
    kinds = {rule.kind for rule in found.all}
    assert not [rule for rule in found.all if "gone" in rule.name]
    assert {"policy", "rung", "band", "pattern", "stage", "authority", "wording"} <= kinds
    (never,) = [rule for rule in found.all if rule.name == "`never_by_chat`"]
    assert len(never.arms) == 1, "what is always so lets nothing through"
    assert found.missing(never) == ()


def test_what_is_unknown_counts_as_what_it_does():
    """Unknown does not pass a condition, but a policy blocks on it."""
    found = missing(covered(f"{MONDAY}}}; expect: {{}}"))
    tier = "condition `customer.tier == 'gold'` of `condition.grown`"
    assert found[tier] == "no test where it holds"


def test_a_limit_is_not_full_for_nobody():
    """Who it counts for is unknown: it stops the action, and no test of the number is that."""
    book = BOOK.replace("at_most: 1,", "per: customer.name, at_most: 1,")
    stopped = f"{MONDAY}, tier: gold}}; expect: {{dropped: {{more: 'limited:weekly:unknown'}}}}"
    assert missing(covered(stopped, book=book))["limit `weekly`"] == "no test where it is full"


def test_a_rule_says_where_it_stands():
    """With its line, in the order of the file, and as plain data."""
    found = covered(NOBODY)
    lines = [rule.place.line for rule in found.unreached]
    assert lines == sorted(lines)
    policy = next(rule for rule in found.unreached if rule.what == "policy `closed`")
    line = next(n for n, text in enumerate(BOOK.split("\n"), 1) if text.startswith("  closed:"))
    assert policy.to_dict() == {
        "kind": "policy",
        "name": "`closed`",
        "file": "book.yaml",
        "line": line,
        "missing": list(policy.missing),
    }
    data = found.to_dict()
    assert data["rows"] == {"reached": 1, "all": 2, "percent": 50.0}
    assert data["rules"]["all"] == len(found.all) - 2
    assert found.percent == min(data["rules"]["percent"], 50.0)
    assert str(found).endswith("\nrows reached: 1 of 2 (50 %)")


def test_a_share_is_never_rounded_up():
    """One of many that is missing is not all."""
    assert Share(9999, 10_000).percent == 99.9
    assert Share(0, 0).percent == 100.0
    assert str(Share(1, 3)) == "1 of 3 (33.3 %)"


def test_a_decision_that_was_read_back_shows_nothing():
    """Only who made it knows what it was made on."""
    engine = Engine(build([parse(BOOK.removesuffix("tests:\n"), "book.yaml")]))
    decision = Decision.from_json(engine.decide("c-1").to_json())
    with pytest.raises(CaseError, match="read back"):
        Coverage(engine.book).see(decision)
