"""What comes of answers: outcomes, approvals, and what becomes of what was taken."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from tests.engine.contacts import BOOK, MONDAY, World, world

from nba import CaseError, Recorded


@pytest.fixture
def care() -> World:
    """A world in which the technician has just missed an appointment."""
    found = world()
    found.missed("a-1")
    return found


# --- recording


def test_an_outcome_is_recorded_once(care: World) -> None:
    """The same again counts nothing, and says so; with another key it is another."""
    given = care.decide()
    record = care.engine.record
    assert record(given.id, "clicked") == Recorded(given.id, "apology_credit", "clicked", True)
    assert record(given.id, "clicked").counted is False
    assert record(given.id, "clicked", key="second").counted is True
    assert record(given.id, "clicked", key="second").counted is False
    assert record(given.id, "accepted").counted is True


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ("acepted", r"no outcome `acepted`. did you mean `accepted`\?"),
        ("decided", "no outcome `decided`"),
        ("", "no outcome ``"),
    ],
)
def test_an_unknown_outcome_is_a_mistake(care: World, outcome: str, message: str) -> None:
    """A slip is answered with what was meant."""
    given = care.decide()
    with pytest.raises(CaseError, match=message):
        care.engine.record(given.id, outcome)


def test_an_unknown_decision_is_a_mistake(care: World) -> None:
    """So is a preview, and a decision that gave no answer."""
    preview = care.decide(commit=False)
    nothing = care.decide("c-2", customer={"tier": "silver"})
    assert nothing.action is None
    for id_ in ("d-unknown", preview.id, nothing.id, ""):
        with pytest.raises(CaseError, match="is remembered"):
            care.engine.record(id_, "accepted")


def test_when_and_key_are_read_with_care(care: World) -> None:
    """A time without a zone, or what is no time or key at all, is refused."""
    given = care.decide()
    with pytest.raises(CaseError, match="time zone"):
        care.engine.record(given.id, "accepted", at=MONDAY.replace(tzinfo=None))
    with pytest.raises(CaseError, match="time zone"):
        care.engine.record(given.id, "accepted", at="2026-03-02")  # type: ignore[arg-type]
    with pytest.raises(CaseError, match="`key` is a string"):
        care.engine.record(given.id, "accepted", key=7)  # type: ignore[arg-type]


def test_one_of_several_answers_is_named(care: World) -> None:
    """Without a name it is the first; a name that is no answer is a mistake."""
    given = care.decide(n=2)
    assert [one.action for one in given.ranked] == ["apology_credit", "call_back"]
    assert care.engine.record(given.id, "rejected").action == "apology_credit"
    named = care.engine.record(given.id, "accepted", action="call_back")
    assert (named.action, named.counted) == ("call_back", True)
    with pytest.raises(CaseError, match="`upgrade` is no answer"):
        care.engine.record(given.id, "accepted", action="upgrade")
    care.clock.pass_by(days=3)
    assert care.used("budget/callbacks") == 1
    assert care.used("budget/pool") == 0


def test_outcomes_recorded_at_once_are_all_kept(care: World) -> None:
    """Threads that record for one decision do not lose each other's outcomes."""
    given = care.decide()
    threads = [
        Thread(target=care.engine.record, args=(given.id, "clicked"), kwargs={"key": str(key)})
        for key in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (kept,) = care.engine.export("c-1")["decisions"]
    assert len(kept["outcomes"]) == 20


def test_an_outcome_of_a_kept_answer_counts_for_the_first(care: World) -> None:
    """Whichever id it is recorded for, it is one answer."""
    first = care.decide(channel="chat")
    care.clock.pass_by(seconds=1)
    second = care.decide(channel="email")
    assert second.kept_from == first.id != second.id
    done = care.engine.record(second.id, "accepted")
    assert done == Recorded(first.id, "apology_credit", "accepted", True)
    assert care.engine.record(first.id, "accepted").counted is False
    assert care.used("budget/pool") == 2000


def test_a_late_outcome_takes_the_place_of_the_one_that_was_assumed() -> None:
    """After the time for which it is waited, silence is held for what the book says."""
    found = world(
        BOOK + "attribution: {within: 2d, otherwise: rejected}\n",
    )
    given = found.decide(customer={"wants_more": True})
    assert given.action == "upgrade"
    found.clock.pass_by(days=1)
    assert found.engine.record(given.id, "clicked").late is False
    found.clock.pass_by(days=1, hours=1)
    quiet = found.decide(customer={"wants_more": True})
    assert quiet.codes()["upgrade"] == "suppressed:after_rejected"
    late = found.engine.record(given.id, "complained")
    assert (late.counted, late.late) == (True, True)
    assert found.decide(customer={"wants_more": True}, commit=False).action == "upgrade"


def test_an_outcome_of_the_books_own_is_itself_and_what_it_means() -> None:
    """It ends what its meaning ends, and rules may name it as it is."""
    found = world()
    given = found.decide(customer={"wants_more": True})
    assert found.engine.record(given.id, "visited_shop").counted
    again = found.decide(customer={"wants_more": True}, commit=False)
    assert again.codes()["upgrade"] == "suppressed:seen_in_shop"
    found.clock.pass_by(days=3)
    assert found.decide(customer={"wants_more": True}, commit=False).action == "upgrade"
    found.missed("a-1")
    credit = found.decide()
    found.engine.record(credit.id, "visited_shop")
    found.clock.pass_by(days=2)
    assert found.used("budget/pool") == 2000


def test_a_clock_that_goes_behind_changes_nothing(care: World) -> None:
    """An outcome is never before its answer."""
    given = care.decide()
    care.engine.record(given.id, "accepted", at=MONDAY - timedelta(hours=3))
    (kept,) = care.engine.export("c-1")["decisions"]
    assert kept["outcomes"][0][2] == int(MONDAY.timestamp()) * 10**9


# --- approval


def test_above_the_authority_of_the_role_somebody_approves(care: World) -> None:
    """An agent may give 15; 20 are reserved until a team lead agrees."""
    given = care.decide(role="agent", channel="chat")
    assert given.gesture is not None
    assert (given.gesture.amount, given.gesture.approval) == (Decimal("20.00"), "pending")
    assert care.used("budget/pool") == 2000
    with pytest.raises(CaseError, match="`agent` may not give as much"):
        care.engine.approve(given.id, "Ann", "agent")
    with pytest.raises(CaseError, match=r"`teamlead` has no authority.*did you mean `team_lead`"):
        care.engine.approve(given.id, "Ann", "teamlead")
    done = care.engine.approve(given.id, "Ann", "team_lead")
    assert (done.outcome, done.counted) == ("approved", True)
    assert care.engine.approve(given.id, "Ann", "team_lead").counted is False
    with pytest.raises(CaseError, match="was approved already"):
        care.engine.approve(given.id, "Bob", "team_lead", agreed=False)
    kept = care.decide(role="agent", channel="email")
    assert kept.gesture is not None
    assert (kept.kept_from, kept.gesture.approval) == (given.id, "approved")
    care.engine.record(given.id, "accepted")
    (exported,) = [one for one in care.engine.export("c-1")["decisions"] if one["approvals"]]
    assert exported["by"] == {"0": "Ann (team_lead)"}


def test_what_needs_no_approval_is_not_approved(care: World) -> None:
    """The book itself decided, or the role was enough."""
    for role in (None, "team_lead"):
        given = care.decide(role=role, channel="chat", id_=f"c-{role}", events=())
        assert given.action is None
    given = care.decide(role="team_lead", channel="chat")
    with pytest.raises(CaseError, match=r"nothing .* waits for an approval"):
        care.engine.approve(given.id, "Ann", "team_lead")
    offer = care.decide("c-9", channel="chat", customer={"wants_more": True})
    with pytest.raises(CaseError, match=r"nothing .* waits for an approval"):
        care.engine.approve(offer.id, "Ann", "team_lead")


def test_a_refused_gesture_gives_its_money_back(care: World) -> None:
    """It is not the answer any more, and what is accepted afterwards pays nothing."""
    given = care.decide(role="agent", channel="chat")
    assert care.engine.approve(given.id, "Ann", "team_lead", agreed=False).outcome == "refused"
    assert care.used("budget/pool") == 0
    care.engine.record(given.id, "accepted")
    assert care.used("budget/pool") == 0
    again = care.decide(role="team_lead", channel="chat")
    assert (again.action, again.kept_from) == ("apology_credit", None)


def test_accepted_before_it_is_approved(care: World) -> None:
    """Nothing is paid until somebody agrees; then it is, and lasts."""
    given = care.decide(role="agent", channel="chat")
    care.engine.record(given.id, "accepted")
    assert care.used("budget/pool") == 2000  # still reserved
    done = care.engine.approve(given.id, "Ann", "team_lead")
    assert done.unfunded == ()
    care.clock.pass_by(days=5)
    assert care.used("budget/pool") == 2000


def test_approved_too_late_is_unfunded() -> None:
    """The reservation went back, somebody else got it, and nothing is left."""
    found = world(BOOK.replace("amount: 100, per: book", "amount: 20, per: book"))
    found.missed("a-1")
    given = found.decide(role="agent", channel="chat")
    found.engine.record(given.id, "accepted")
    found.clock.pass_by(hours=25)
    found.missed("b-1", "c-2")
    other = found.decide("c-2", channel="chat")
    found.engine.record(other.id, "accepted")
    done = found.engine.approve(given.id, "Ann", "team_lead")
    assert (done.counted, done.unfunded) == (True, ("pool",))
    assert found.used("budget/pool") == 2000


# --- budgets


def test_a_budget_is_reserved_and_committed_or_released(care: World) -> None:
    """Reserved at the decision, used up when accepted, back when rejected."""
    given = care.decide()
    assert given.gesture is not None
    assert given.gesture.reservation == f"{given.id}:0"
    assert (care.used("budget/pool"), care.used("budget/own", None)) == (2000, 2000)
    care.engine.record(given.id, "rejected")
    assert (care.used("budget/pool"), care.used("budget/own", None)) == (0, 0)
    care.engine.record(given.id, "accepted")  # they changed their mind
    care.clock.pass_by(days=2)
    assert (care.used("budget/pool"), care.used("budget/own", None)) == (2000, 2000)


@pytest.mark.parametrize("later", [False, True])
def test_what_was_accepted_is_used_up(care: World, later: bool) -> None:
    """Whatever is recorded beside it: the money is gone, and it is not given twice."""
    given = care.decide()
    for outcome in ("rejected", "accepted") if later else ("accepted", "rejected"):
        care.engine.record(given.id, outcome)
        care.clock.pass_by(minutes=1)
    assert care.used("budget/pool") == 2000
    assert care.decide(commit=False).codes()["apology_credit"] == "once"


def test_what_nobody_accepted_goes_back(care: World) -> None:
    """After a day it is held not to have been given; accepted then, it is reserved again."""
    given = care.decide()
    care.clock.pass_by(hours=24)
    assert care.used("budget/pool") == 0
    done = care.engine.record(given.id, "accepted")
    assert done.unfunded == ()
    assert care.used("budget/pool") == 2000


def test_a_lower_rung_where_a_budget_has_less_left() -> None:
    """Five credits of 20 in a day; the sixth customer gets nothing, and it is said why."""
    found = world()
    given = []
    for number in range(6):
        found.missed(f"a-{number}", f"c-{number}")
        tier = "gold" if number else "silver"
        given.append(found.decide(f"c-{number}", customer={"tier": tier}))
    amounts = [one.gesture.amount for one in given if one.gesture]
    assert amounts == [Decimal(n) for n in (10, 20, 20, 20, 20, 10)]
    found.missed("a-7", "c-7")
    last = found.decide("c-7", commit=False)
    assert last.action == "call_back"
    assert last.codes()["apology_credit"] == "unaffordable:pool"
    found.clock.pass_by(days=1)
    assert found.decide("c-7").gesture is not None


def test_unfunded_after_it_expired() -> None:
    """The outcome is kept, the book knows, and nothing is overspent."""
    found = world(BOOK.replace("amount: 100, per: book", "amount: 30, per: book"))
    found.missed("a-1")
    first = found.decide()
    found.clock.pass_by(hours=24)
    found.missed("b-1", "c-2")
    second = found.decide("c-2")
    found.engine.record(second.id, "accepted")
    done = found.engine.record(first.id, "accepted")
    assert (done.counted, done.unfunded) == (True, ("pool",))
    assert found.used("budget/pool") == 2000
    outcomes = found.engine.export("c-1")["decisions"][0]["outcomes"]
    assert [one[1] for one in outcomes] == ["accepted"]
