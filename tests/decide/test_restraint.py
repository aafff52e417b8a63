"""Why not, in sentences: each names the rule, its place, what counted and when it ends."""

from __future__ import annotations

from typing import Any

from tests.engine.contacts import BOOK, MONDAY, World, world

from nba import ActionAccount, Decision

OFFER = {"wants_more": True}


def told(found: World, decision: Decision, action: str) -> ActionAccount:
    """Return the account of an action, which says where its rule stands."""
    account = found.engine.explain(decision).account(action)
    line = f"{account.where.file}:{account.where.line}"
    assert any(line in sentence for sentence in account.sentences), account
    return account


def line(text: str, book: str = BOOK) -> str:
    """Return the place of the line of the book that begins so."""
    number = next(n for n, at in enumerate(book.split("\n"), 1) if at.strip().startswith(text))
    return f"rules/book.yaml:{number}"


def missed(book: str = BOOK) -> World:
    """A world with a missed appointment."""
    found = world(book)
    found.missed("a-1")
    return found


def test_once() -> None:
    """For what it was done, when, and by which decision."""
    found = missed()
    given = found.decide(channel="chat")
    found.engine.record(given.id, "accepted")
    account = told(found, found.decide(channel="chat"), "apology_credit")
    when = f"on 2 March 2026, 10:00, by chat (decision {given.id})"
    assert account.sentences == (f"it was done for `a-1` already, {when} - {line('once_per')}",)
    assert str(account.change) == "not decided: it depends on what was done before"


def test_put_right() -> None:
    """When it was, and until when it is not done again."""
    book = BOOK.replace("      at_most: 0.5", "      not_again_within: 30d\n      at_most: 0.5")
    found = missed(book)
    given = found.decide(channel="chat")
    found.engine.record(given.id, "accepted")
    found.clock.pass_by(days=1)
    found.missed("a-2")
    account = told(found, found.decide(channel="chat"), "apology_credit")
    assert account.code == "put_right"
    assert account.sentences == (
        (
            f"it was put right on 2 March 2026, 10:00, by chat (decision {given.id}), "
            f"and not again until 1 April 2026, 11:00 - {line('apology_credit:')}"
        ),
    )


def test_suppressed() -> None:
    """Until when, and which outcome was why."""
    found = world()
    given = found.decide(customer=OFFER)
    found.clock.pass_by(hours=1)
    found.engine.record(given.id, "maybe_later")
    account = told(found, found.decide(customer=OFFER), "upgrade")
    assert account.sentences == (
        (
            f"they are left in peace until 9 March 2026, 11:00 by `asked_later` - "
            f"{line('- {id: asked_later')}"
        ),
        "`maybe_later` came of `upgrade` by email, of 2 March 2026, 10:00, on 2 March 2026, 11:00",
    )


def test_limited() -> None:
    """Its title, how many of how many, and when there is a place again."""
    found = world()
    for _ in range(3):
        given = found.decide(customer=OFFER)
        found.engine.record(given.id, "presented")
        found.clock.pass_by(days=1)
    account = told(found, found.decide(customer=OFFER), "upgrade")
    assert account.sentences == (
        (
            "the limit `weekly` (Three offers a week are enough): 3 of 3 for the customer "
            f"in 7 days - {line('- id: weekly')}"
        ),
        "there is a place again on 9 March 2026, 10:00",
    )
    leaving = {"leaving": True}
    found.decide("c-2", customer=leaving)
    household = told(found, found.decide("c-3", customer=leaving), "ask_to_stay")
    assert household.sentences == (
        f"the limit `retention_call`: 1 of 1 for `h-1` this month - {line('- id: retention_call')}",
        "there is a place again on 1 April 2026, 00:00",
    )
    nobody = leaving | {"household": None}
    account = told(found, found.decide("c-4", customer=nobody), "ask_to_stay")
    assert account.sentences == (
        f"the limit `retention_call` needs `customer.household` - {line('- id: retention_call')}",
    )
    assert account.change is not None
    assert account.change.status == "found"


def test_closed_and_deferred() -> None:
    """Which hours, until when; and the condition that it waits for."""
    found = world()
    found.clock.now = MONDAY.replace(hour=22)
    account = told(found, found.decide(customer={"leaving": True}), "ask_to_stay")
    closed = "phone is closed by the hours `call_centre`, until 3 March 2026, 08:00 - "
    assert account.sentences == (closed + line("call_centre:"),)
    assert str(account.change) == "it would pass if interaction channel were phone"
    dropping = world(BOOK.replace("when_closed: defer", "when_closed: drop"))
    dropping.clock.now = found.clock.now
    dropped = told(dropping, dropping.decide(customer={"leaving": True}), "ask_to_stay")
    assert (dropped.code, dropped.sentences) == ("no_channel:closed", account.sentences)
    waits = BOOK.replace("value: 30\n    channels: [phone]", WAITS)
    waiting = world(waits)
    account = told(waiting, waiting.decide(customer={"leaving": True}), "ask_to_stay")
    assert account.code == "deferred"
    assert account.sentences == (
        f"it waits while customer tier is gold - {line('phone: {defer_if', waits)}",
    )
    assert str(account.change) == "it would pass if customer tier were silver"


WAITS = """value: 30
    channels:
      phone: {defer_if: "customer.tier == 'gold'"}"""


def test_no_gesture_and_no_authority() -> None:
    """What each rung gives and what it must not exceed; who may give how much."""
    found = missed()
    account = told(found, found.decide(customer={"monthly_bill": 10}), "apology_credit")
    most = "above `0.5 * customer.monthly_bill`, which is 5"
    assert (
        account.sentences
        == (
            f"a rung gives 20, {most} - {line('- {when: customer.tier')}",
            f"a rung gives 10, {most} - {line('- {amount: 10')}",
        )
        or account.where.line
    )
    strict = missed(BOOK.replace("{agent: 15, team_lead: 50}", "{agent: 1, team_lead: 5}"))
    account = told(strict, strict.decide(role="agent", channel="chat"), "apology_credit")
    assert account.code == "no_authority"
    assert account.sentences == (
        f"it gives more than anybody may: `team_lead` up to €5.00 - {line('apology_credit:')}",
    )


def test_a_bound_that_is_unknown() -> None:
    """Which expression, and what it needs."""
    found = missed()
    account = found.engine.explain(
        found.decide(customer={"monthly_bill": None}, channel="chat")
    ).account("apology_credit")
    assert account.code == "unscored:at_most"
    what = "its at_most `0.5 * customer.monthly_bill` is unknown: needs `customer.monthly_bill`"
    assert account.sentences == (what,)


def test_unaffordable() -> None:
    """What is left of the budget, and what would be needed."""
    found = missed(BOOK.replace("amount: 100, per: book", "amount: 15, per: book"))
    found.decide(channel="chat")
    found.missed("b-1", "c-2")
    account = told(found, found.decide("c-2", channel="chat"), "apology_credit")
    assert account.sentences == (
        (
            f"the budget `pool` (what we give in a day) has €5.00 of €15.00 left today, "
            f"and it needs €10.00 - {line('pool: {title')}"
        ),
    )
    assert str(account.change) == "not decided: it depends on what is left of the budget"


def test_what_is_kept_given_and_due() -> None:
    """The summary says since when it is the answer, how much it gives, and by when it is done."""
    found = missed()
    given = found.decide(role="agent", channel="chat")
    assert given.why()[-1] == "It gives €20.00, and somebody has to approve of it."
    found.engine.approve(given.id, "Ann", "team_lead")
    kept = found.decide(channel="email")
    since = f"decision {given.id}, of 2 March 2026, 10:00, until 2 March 2026, 22:00"
    assert kept.why()[1] == f"It is still the answer of {since}."
    assert kept.why()[-1] == "It gives €20.00, as approved."
    call: dict[str, Any] = {"customer": {"monthly_bill": 0}}
    due = found.decide("c-9", **call)
    assert due.action is None
    found.missed("z-1", "c-9")
    assert found.decide("c-9", **call).why()[-1] == "It is to be done by 2 March 2026, 14:00."
