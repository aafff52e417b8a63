"""Contact policy as an engine with a store lives it: limits, pauses, kept answers, two names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from tests.engine.contacts import BOOK, MONDAY, World, world

from nba import Case, CaseError, Decision, Event

OFFER = {"wants_more": True}


def asked(found: World, id_: str = "c-1", **more: Any) -> Decision:
    """Ask without taking, for a customer who may be offered more."""
    return found.decide(id_, customer=OFFER, commit=False, **more)


def offered(found: World, id_: str = "c-1", **more: Any) -> Decision:
    """Offer more by e-mail, and take."""
    decision = found.decide(id_, customer=OFFER, **more)
    assert decision.action == "upgrade"
    return decision


def by_email(decision: Decision) -> str:
    """Return what became of the offer by e-mail."""
    return decision.treatment_codes()["upgrade", "email"]


# --- limits


def test_a_full_limit_drops_and_is_free_again() -> None:
    """Three in a week; the day on which the first falls out of it there is a place again."""
    found = world()
    for _ in range(3):
        done = offered(found)
        found.engine.record(done.id, "presented")
        found.clock.pass_by(days=2)
    full = asked(found)
    assert (full.action, full.codes()["upgrade"]) == (None, "limited:weekly")
    assert asked(found, channel="chat").channel == "chat"  # only what is outbound is limited
    found.clock.pass_by(days=1)
    assert asked(found).action == "upgrade"


@pytest.mark.parametrize("outcome", [None, "no_response"])
def test_a_place_that_nobody_confirmed_goes_back(outcome: str | None) -> None:
    """After a day without a sign, it is held not to have been shown."""
    found = world()
    for _ in range(2):
        offered(found)
        assert by_email(asked(found)) == "limited:one_email_a_day"
        found.clock.pass_by(days=1)
    done = offered(found)
    if outcome:
        found.engine.record(done.id, outcome)
    found.clock.pass_by(days=1)
    assert found.used("limit/weekly", None) == 0


def test_a_place_that_was_confirmed_stays() -> None:
    """What they have seen counts, for whatever came of it; recorded late, too."""
    found = world()
    for outcome in ("clicked", "shrugged"):
        done = offered(found)
        found.clock.pass_by(days=1)
        found.engine.record(done.id, outcome)
    assert found.used("limit/weekly", None) == 2


def test_what_was_shown_counts_by_the_customers_own_day() -> None:
    """In Dublin a day has begun when it is confirmed, where the customer is it has not."""
    found = world(BOOK.replace("exempt: {tag: service}", "confirm_within: 1h"))
    found.clock.pass_by(hours=13, minutes=30)  # 23:30 in Dublin, 18:30 in New York
    there = {"timezone": "America/New_York"}
    done = found.decide(customer=OFFER | there)
    found.clock.pass_by(minutes=45)
    found.engine.record(done.id, "presented")
    found.clock.pass_by(hours=2)
    again = found.decide(customer=OFFER | there, commit=False)
    assert by_email(again) == "limited:one_email_a_day"
    assert again.defer_until == datetime(2026, 3, 3, 5, tzinfo=UTC)


def test_a_full_limit_may_defer() -> None:
    """One e-mail a day, and tomorrow again: tomorrow by the customer's own clock."""
    found = world()
    offered(found)
    full = asked(found)
    assert by_email(full) == "limited:one_email_a_day"
    assert full.defer_until == datetime(2026, 3, 3, tzinfo=UTC)
    abroad = found.decide(customer=OFFER | {"timezone": "America/New_York"}, commit=False)
    assert abroad.defer_until == datetime(2026, 3, 3, 5, tzinfo=UTC)


def test_what_a_limit_defers_waits_for_its_channel_too() -> None:
    """Not at midnight but when the mail room opens; and for no channel that may not be used."""
    found = world(BOOK.replace("email: {direction: both,", "email: {open: call_centre,"))
    offered(found)
    assert asked(found).defer_until == datetime(2026, 3, 3, 8, tzinfo=UTC)
    consent = {"consent": {"phone": True, "email": False}}
    refused = found.decide(customer=OFFER | consent, commit=False)
    assert by_email(refused) == "limited:one_email_a_day"
    assert refused.defer_until is None


def test_what_is_exempt_is_neither_capped_nor_counted() -> None:
    """A credit is written to them on the day of an offer, and after it an offer may go."""
    found = world()
    found.missed("a-1")
    consent = {"consent": {"phone": False, "email": True}}
    given = found.decide(customer=consent)
    assert (given.action, given.channel) == ("apology_credit", "email")
    assert found.used("limit/one_email_a_day", None) == 0
    found.engine.record(given.id, "accepted")
    offer = found.decide(customer=consent | OFFER)
    assert (offer.action, offer.channel) == ("upgrade", "email")
    found.missed("a-2")
    again = found.decide(customer=consent)
    assert (again.action, again.channel) == ("apology_credit", "email")


def test_a_household_is_called_once() -> None:
    """The second of them is not called in the same month; a stranger is, and nobody is unknown."""
    found = world()
    leaving = {"leaving": True}
    first = found.decide("c-1", customer=leaving)
    assert (first.action, first.channel) == ("ask_to_stay", "phone")
    second = found.decide("c-2", customer=leaving)
    assert second.codes()["ask_to_stay"] == "limited:retention_call"
    assert found.decide("c-3", customer=leaving | {"household": "h-2"}).action == "ask_to_stay"
    homeless = found.decide("c-4", customer=leaving | {"household": None})
    assert homeless.codes()["ask_to_stay"] == "limited:retention_call:unknown"
    found.engine.record(first.id, "presented")
    found.clock.now = datetime(2026, 3, 31, 22, 59, tzinfo=UTC)  # summer time began on the 29th
    assert found.decide("c-2", customer=leaving, commit=False).action is None
    found.clock.now = datetime(2026, 4, 1, 8, tzinfo=UTC)
    assert found.decide("c-2", customer=leaving).action == "ask_to_stay"


def test_limits_hold_among_the_answers_of_one_decision() -> None:
    """Two answers of one decision do not share one place."""
    book = BOOK.replace("takes: [callbacks]", "takes: [callbacks]\n    once_per: customer.tier")
    found = world(book.replace("count: 2", "count: 1"))
    for number in (1, 2):
        found.missed(f"a-{number}", f"c-{number}")
    both = found.decide("c-1", n=3)
    assert [one.action for one in both.ranked] == ["apology_credit", "call_back"]
    other = found.decide("c-2", n=3)
    assert [one.action for one in other.ranked] == ["apology_credit"]
    assert other.codes()["call_back"] == "unaffordable:callbacks"


# --- pauses


def test_maybe_later_is_honoured() -> None:
    """Seven days of peace, for this offer, on all channels."""
    found = world()
    done = offered(found)
    found.engine.record(done.id, "maybe_later")
    found.clock.pass_by(days=6, hours=23)
    for channel in (None, "chat", "email"):
        assert asked(found, channel=channel).codes()["upgrade"] == "suppressed:asked_later"
    found.clock.pass_by(hours=1)
    assert asked(found).action == "upgrade"


def test_a_no_is_a_no_for_a_month() -> None:
    """Suppression looks at what was recorded, not at what a place in a limit is."""
    found = world()
    done = offered(found)
    found.engine.record(done.id, "rejected")
    found.clock.pass_by(days=29)
    assert asked(found).codes()["upgrade"] == "suppressed:after_rejected"
    found.clock.pass_by(days=1)
    assert asked(found).action == "upgrade"


# --- kept


def test_the_same_answer_on_every_channel_in_one_instant() -> None:
    """Chat and telephone ask at once: one credit, one reservation, and the other is told of it."""
    for round_ in range(20):
        found = world()
        found.missed("a-1")
        barrier = Barrier(2)

        def ask(channel: str, found: World = found, barrier: Barrier = barrier) -> Decision:
            barrier.wait()
            return found.decide(channel=channel)

        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(ask, ("chat", "phone")))
        first, second = sorted(both, key=lambda one: one.kept_from is not None)
        assert (first.kept_from, second.kept_from) == (None, first.id), round_
        assert first.gesture == second.gesture
        assert {one.action for one in both} == {"apology_credit"}
        assert {one.channel for one in both} == {"chat", "phone"}
        assert found.used("budget/pool") == 2000


@pytest.mark.parametrize("apart", [timedelta(seconds=1), timedelta(0), timedelta(seconds=-1)])
def test_a_second_apart(apart: timedelta) -> None:
    """One credit, also where the clock of the second machine goes behind that of the first."""
    found = world()
    found.missed("a-1")
    first = found.decide(channel="chat", now=MONDAY)
    second = found.decide(channel="phone", now=MONDAY + apart)
    assert second.kept_from == first.id
    assert found.used("budget/pool") == 2000


def test_it_is_kept_as_long_as_the_book_says() -> None:
    """The telephone is asked at night, too: it is the answer until something came of it."""
    found = world()
    found.missed("a-1")
    first = found.decide(channel="chat")
    found.clock.pass_by(hours=11, minutes=59)
    assert found.decide(channel="email").kept_from == first.id
    found.clock.pass_by(minutes=1)
    after = found.decide(channel="email")
    assert (after.action, after.codes()["apology_credit"]) == (None, "once")


def test_what_was_kept_for_one_thing_is_no_answer_to_another() -> None:
    """The second missed visit of a day is put right for itself."""
    found = world()
    found.missed("a-1")
    first = found.decide(channel="chat")
    found.clock.pass_by(hours=2)
    found.missed("a-2")
    second = found.decide(channel="chat")
    assert (second.action, second.kept_from) == ("apology_credit", None)
    assert found.decide(channel="email").kept_from == second.id != first.id


def test_two_missed_visits_two_credits_and_never_three() -> None:
    """Once for each appointment: whatever channel, hour and outcome."""
    found = world()
    given_ids = []
    for appointment in ("a-1", "a-2"):
        found.missed(appointment)
        for hours, channel in ((0, "chat"), (1, "phone"), (13, "email"), (3, "chat")):
            found.clock.pass_by(hours=hours)
            given = found.decide(channel=channel)
            if given.action == "apology_credit" and given.kept_from is None:
                given_ids.append(given.id)
                found.engine.record(given.id, "accepted")
            else:
                assert given.codes()["apology_credit"] == "once"
    assert len(given_ids) == 2
    found.clock.pass_by(days=30)
    assert found.used("budget/own", None) == 4000


# --- previews, and histories that are handed in


def test_a_preview_takes_nothing() -> None:
    """It says what would be, as often as one likes, and nothing of it can be recorded."""
    found = world()
    found.missed("a-1")
    seen = [found.decide(commit=False) for _ in range(3)]
    assert {one.action for one in seen} == {"apology_credit"}
    assert all(one.kept_from is None for one in seen)
    assert all(one.gesture and one.gesture.reservation is None for one in seen)
    assert found.used("budget/pool") == 0
    assert found.engine.export("c-1")["decisions"] == []


def test_a_history_that_is_handed_in_replaces_the_store() -> None:
    """It is all that is known of answers; nothing is looked up, taken or remembered."""
    found = world()
    done = offered(found)
    found.engine.record(done.id, "rejected")
    assert found.decide(customer=OFFER, history=[]).action == "upgrade"
    past = {
        "action": "upgrade",
        "at": MONDAY - timedelta(days=3),
        "outcomes": [{"outcome": "maybe_later", "at": MONDAY - timedelta(days=2)}],
    }
    paused = found.decide("c-2", customer=OFFER, history=[past])
    assert paused.codes()["upgrade"] == "suppressed:asked_later"
    assert found.engine.export("c-2")["decisions"] == []
    with pytest.raises(CaseError, match="no action `upgrad`"):
        found.decide(history=[{"action": "upgrad", "at": MONDAY}])


def test_what_is_used_may_be_handed_in() -> None:
    """It takes the place of what is counted, by budget or limit; the rest is counted as before."""
    found = world()
    found.missed("a-1")
    rich = found.decide(used={"pool": 80})
    assert (rich.action, rich.gesture and str(rich.gesture.amount)) == ("apology_credit", "20.00")
    poor = found.decide(used={"pool": "85.00"})
    assert (poor.action, poor.gesture and str(poor.gesture.amount)) == ("apology_credit", "10.00")
    out = found.decide(used={"pool": 95.5, "callbacks": 2})
    assert out.action is None
    assert out.codes()["apology_credit"] == "unaffordable:pool"
    assert out.codes()["call_back"] == "unaffordable:callbacks"
    assert found.used("budget/pool") == 0, "nothing is taken"
    case = Case.from_dict(Case("c-1", used={"pool": "95.50"}).to_dict())
    assert case.used == {"pool": "95.50"}
    for wrong, said in [
        ({"pol": 1}, "there is no budget or limit `pol`. did you mean `pool`?"),
        ({"callbacks": 1.5}, "what is used of `callbacks` is a count, not `1.5`"),
    ]:
        with pytest.raises(CaseError) as caught:
            found.decide(used=wrong)
        assert str(caught.value) == said
    with pytest.raises(CaseError, match="`used` is an object"):
        found.decide(used=[1])
    with pytest.raises(CaseError, match="`used` of a case is an object"):
        Case.from_dict({"used": 5})


def test_what_is_used_counts_with_what_the_case_brings() -> None:
    """Without a store, beside a history, and read back: the same."""
    found = world()
    past = {"action": "upgrade", "at": MONDAY - timedelta(days=3), "channel": "email"}
    offer = OFFER | {"leaving": True}
    given: dict[str, Any] = {"history": [past], "events": []}
    assert found.decide(customer=OFFER, **given).action == "upgrade"
    full = found.decide(customer=offer, used={"weekly": 3, "retention_call": 1}, **given)
    assert full.codes()["upgrade"] == "limited:weekly"
    assert full.codes()["ask_to_stay"] == "limited:retention_call"
    leaving = {"leaving": True, "household": "h-1", "consent": {"phone": True}}
    case = Case("c-9", customer=leaving, used={"retention_call": 1}, now=MONDAY)
    decision = found.engine.decide_case(case)
    told = str(found.engine.explain(decision))
    alone = Case("", leaving, used={"retention_call": 0}, history=(), events=(), now=MONDAY)
    made = found.engine.decide_case(alone)
    read = Decision.from_json(made.to_json())
    assert str(found.engine.explain(read, alone)) == str(found.engine.explain(made))
    again = Decision.from_json(decision.to_json())
    assert str(found.engine.explain(again, case)) == told
    assert "1 of 1 for `h-1` this month" in told


def test_what_is_exported_may_be_handed_in() -> None:
    """The plain data of a history says the same wherever it comes from."""
    found = world()
    found.missed("a-1")
    given = found.decide(channel="chat")
    past = {
        "decision": given.id,
        "action": given.action,
        "channel": given.channel,
        "at": given.now,
        "gesture": "20.00",
        "once": "a-1",
    }
    kept = found.decide(channel="email", history=[past])
    assert kept.kept_from == given.id
    assert kept.gesture is not None
    assert kept.gesture.amount == Decimal("20.00")


# --- merged customers


def test_what_was_said_under_two_names_is_one_history() -> None:
    """A cookie said later, and the customer it leads to is left in peace; unlinked, it is not."""
    found = world()
    done = offered(found, "cookie-7", channel="chat")
    found.engine.record(done.id, "maybe_later")
    assert asked(found).action == "upgrade"
    found.engine.link("cookie-7", "c-1")
    for name in ("c-1", "cookie-7"):
        assert asked(found, name).codes()["upgrade"] == "suppressed:asked_later"
    found.engine.unlink("cookie-7")
    assert asked(found).action == "upgrade"


def test_of_two_kept_answers_the_older_stays() -> None:
    """Both were promised the same; the one that was given first is the answer of both now."""
    found = world()
    for name in ("c-1", "mail-1"):
        found.missed("a-1", name)
    older = found.decide("mail-1", channel="chat")
    found.clock.pass_by(minutes=5)
    younger = found.decide("c-1", channel="chat")
    assert younger.kept_from is None
    found.engine.link("mail-1", "c-1")
    for name in ("c-1", "mail-1"):
        assert found.decide(name, channel="email").kept_from == older.id


def test_their_accounts_are_one() -> None:
    """What two names had of a budget together is not exceeded by the customer they are."""
    found = world()
    for number, name in enumerate(("c-1", "mail-1")):
        found.missed(f"a-{number}", name)
        given = found.decide(name, channel="chat")
        found.engine.record(given.id, "accepted")
    found.engine.link("mail-1", "c-1")
    found.clock.pass_by(hours=1)
    found.missed("a-9")
    third = found.decide(channel="chat")
    assert third.gesture is not None
    assert third.gesture.amount == Decimal("10.00")  # of 50, 40 were given


# --- forgetting, and what is known


def test_a_forgotten_customer_is_new() -> None:
    """Events, decisions and the own accounts go; what the book gave stays counted."""
    found = world()
    found.missed("a-1")
    given = found.decide(channel="chat")
    found.engine.record(given.id, "accepted")
    found.engine.forget("c-1")
    known = found.engine.export("c-1")
    assert (known["events"], known["decisions"]) == ([], [])
    assert found.used("budget/own", None) == 0
    assert found.used("budget/pool") == 2000
    with pytest.raises(CaseError, match="is remembered"):
        found.engine.record(given.id, "clicked")
    found.missed("a-1")
    assert found.decide(channel="chat").action == "apology_credit"


def test_what_is_known_of_a_customer_is_exported() -> None:
    """As plain data: events, answers, outcomes, approvals, under all names."""
    found = world()
    found.engine.observe(Event("technician_arrived", "mail-1", at=MONDAY, id="e-1"))
    found.engine.link("mail-1", "c-1")
    done = offered(found, "mail-1", channel="chat")
    found.engine.record(done.id, "clicked", key="k")
    known = found.engine.export("c-1")
    assert known == found.engine.export("mail-1")
    assert known["customer"] == "c-1"
    assert [one["id"] for one in known["events"]] == ["e-1"]
    (decision,) = known["decisions"]
    assert decision["id"] == done.id
    assert decision["at"] == "2026-03-02T10:00:00+00:00"
    assert decision["answers"][0]["action"] == "upgrade"
    assert decision["outcomes"] == [[0, "clicked", int(MONDAY.timestamp()) * 10**9, "k"]]


def test_nothing_is_given_to_nobody() -> None:
    """A case without an id can have nothing counted: what is capped or paid is dropped, and why."""
    found = world()
    slot = {"appointment": "a-1", "slot_to": MONDAY - timedelta(hours=2)}
    decision = found.engine.decide(
        "",
        customer={
            "wants_more": True,
            "monthly_bill": 60,
            "consent": {"phone": True, "email": True},
        },
        events=[Event("appointment_booked", "", at=MONDAY - timedelta(days=1), data=slot)],
        now=MONDAY,
    )
    assert decision.action is None
    codes = decision.codes()
    assert codes["upgrade"] == "limited:weekly:unknown"
    assert codes["apology_credit"] == "unaffordable:own:unknown"
    assert "needs the `id` of the customer" in str(found.engine.explain(decision))
