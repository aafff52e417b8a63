"""Calendars, limits, suppression, budgets, gestures and outcomes: what they mean."""

from typing import Any

import pytest
from tests.book.test_build import BOOK

from nba.book.build import Built, build
from nba.book.contact import DAY, Attribution, Calendar, Gesture, Limit, StoreFailure, Suppression
from nba.book.dump import to_document
from nba.book.model import Book, Covers, Outcome
from nba.book.source import parse
from nba.windows import Window

HOUR = DAY // 24
WORLD = """\
reach: 400d
household: customer.household
context:
  customer: {household: string, region: string, timezone: string, bill: number, notes: list(string)}
calendars:
  office: {open: {mon-fri: "08:00-20:00", sat: "09:00-12:00, 13:00-17:00"}, closed: [2026-12-25]}
budgets:
  pool: {amount: 5000, window: {calendar: day}}
  own: {amount: 50, per: customer, window: {rolling: 90d}}
  calls: {count: 200, per: household}
outcomes:
  visited_shop: {title: came to a shop, means: accepted}
"""
#: The keys of the book that belong beside `book:`.
MAIN = BOOK + WORLD.partition("context:")[0]
REST = WORLD[WORLD.index("context:") :]


def loaded(*texts: str, main: str = MAIN) -> Built:
    """Return the book of these files beside the world above."""
    files = (main, REST, *texts)
    return build([parse(text, f"{n}.yaml") for n, text in enumerate(files)])


def limit(text: str) -> Limit:
    """Return the limit `x` with these keys."""
    book = loaded(f"contact_policy: {{limits: [{{id: x, {text}}}]}}\n").book
    return book.limits["x"]


def suppression(text: str) -> Suppression:
    """Return the only suppression."""
    (found,) = loaded(f"contact_policy: {{suppress: [{{{text}}}]}}\n").book.suppressions.values()
    return found


def action(text: str) -> str:
    """Return a file with the action `x` with these keys."""
    head = "title: X, group: care/one, kind: goodwill_gesture, channels: [phone, email]"
    return f"actions: {{x: {{{head}, {text}}}}}\n"


def gesture(text: str, *more: str) -> Gesture:
    """Return the gesture of an action."""
    found = loaded(action(f"gesture: {{{text}}}"), *more).book.actions["x"].gesture
    assert found is not None
    return found


# --- what they mean


def test_a_calendar():
    """Hours for each day from Monday on, by the clocks of the book."""
    found = loaded().book.calendars["office"]
    assert isinstance(found, Calendar)
    assert found.zone == "book"
    assert found.hours.week == (*[((480, 1200),)] * 5, ((540, 720), (780, 1020)), ())
    assert [day.isoformat() for day in found.hours.closed] == ["2026-12-25"]


@pytest.mark.parametrize(
    ("days", "open_"),
    [("every_day", 7), ("mon-sun", 7), ("mon", 1), ("sat-sun", 2), ("wed-wed", 1)],
)
def test_days(days, open_):
    """Of a week that begins on Monday."""
    book = loaded(f"calendars: {{c: {{open: {{{days}: 08:00-09:00}}}}}}\n").book
    assert sum(map(bool, book.calendars["c"].hours.week)) == open_


def test_what_a_limit_says_without_being_told():
    """It counts what is presented to a customer, drops what goes over, and covers everything."""
    found = limit("at_most: 3, window: {rolling: 7d}")
    assert (found.counts, found.per, found.on_limit, found.at_most) == (
        *("presented", "customer", "drop", 3),
    )
    assert (found.covers, found.exempt, found.count_exempt) == (Covers(), None, False)
    assert (found.window, found.confirm_within) == (Window(7 * DAY), DAY)


def test_everything_that_a_limit_can_say():
    """In the terms of the model."""
    found = limit(
        "title: enough, at_most: 0, window: {calendar: week, timezone: customer.timezone, "
        "week_start: sunday}, covers: {direction: outbound}, exempt: {tag: service}, "
        "count_exempt: true, per: customer.region, on_limit: defer, confirm_within: 2h"
    )
    assert found.title == "enough"
    assert found.window == Window(None, "week", "customer.timezone", 6)
    assert found.covers == Covers(direction=("outbound",))
    assert found.exempt == Covers(tag=("service",))
    assert (found.count_exempt, found.per, found.on_limit) == (True, "customer.region", "defer")
    assert (found.at_most, found.confirm_within) == (0, 2 * HOUR)


@pytest.mark.parametrize("counts", ["decided", "clicked", "no_response", "visited_shop"])
def test_what_a_limit_counts(counts):
    """Decisions, outcomes, and those of the book."""
    assert limit(f"counts: {counts}, at_most: 1, window: {{rolling: 7d}}").counts == counts


@pytest.mark.parametrize("per", ["customer", "household", "book", "customer.tier", "customer.age"])
def test_per_whom(per):
    """A field names those who share a limit."""
    assert limit(f"per: {per}, at_most: 1, window: {{calendar: month}}").per == per


def test_limits_of_all_files_are_one_policy():
    """In the order of their ids."""
    one = "contact_policy: {limits: [{id: b, at_most: 1, window: {rolling: 1d}}]}\n"
    two = one.replace("id: b", "id: a")
    assert list(loaded(one, two).book.limits) == ["a", "b"]


def test_a_suppression():
    """It is called after its outcomes, and counts the same action unless it says otherwise."""
    found = suppression("after: rejected, for: 30d")
    assert (found.id, found.after, found.same) == ("after_rejected", ("rejected",), "action")
    assert (found.at_least, found.within, found.length) == (1, None, 30 * DAY)
    found = suppression(
        "after: [rejected, complained], same: issue, at_least: 2, within: 30d, for: 60d, "
        "covers: {tag: service}"
    )
    assert found.id == "after_complained_or_rejected"
    assert (found.same, found.at_least, found.within) == ("issue", 2, 30 * DAY)
    assert found.covers == Covers(tag=("service",))
    assert suppression("id: pause, after: visited_shop, for: 1d").id == "pause"


def test_budgets():
    """Money in minor units, or a count."""
    budgets = loaded("budgets: {b: {amount: 12.5, reserve_for: 1h}}\n").book.budgets
    assert (budgets["pool"].money, budgets["pool"].amount, budgets["pool"].per) == (
        *(True, 500_000, "book"),
    )
    assert (budgets["calls"].money, budgets["calls"].amount) == (False, 200)
    assert (budgets["calls"].window, budgets["calls"].reserve_for) == (Window(), DAY)
    assert (budgets["b"].amount, budgets["b"].reserve_for) == (1250, HOUR)
    yen = loaded("budgets: {b: {amount: 500}}\n", main=f"{MAIN}currency: JPY\n").book
    assert yen.budgets["b"].amount == 500


def test_a_gesture():
    """Its rungs in order, its budgets by name, its roles by name."""
    found = gesture(
        "ladder: [{when: customer.vip, amount: 20}, {amount: 10}], at_most: 0.5 * customer.bill, "
        "budgets: [pool, own], if_unaffordable: drop, authority: {team_lead: 50, agent: 15.5}, "
        "not_again_within: 30d"
    )
    assert [rung.amount.text for rung in found.ladder] == ["20.0", "10.0"]
    assert [rung.when.text if rung.when else None for rung in found.ladder] == [
        *("customer.vip", None),
    ]
    assert found.at_most is not None
    assert found.at_most.text == "0.5 * customer.bill"
    assert (found.budgets, found.if_unaffordable) == (("own", "pool"), "drop")
    assert found.authority == (("agent", 1550), ("team_lead", 5000))
    assert found.not_again_within == 30 * DAY


def test_an_action_with_all_that_goes_with_contact():
    """Once for each, so many, so soon, for so long."""
    book: Any = loaded(
        action("once_per: customer.region, takes: calls, do_within: 4h, keep_for: 48h, "
        "defer_if: customer.vip, gesture: {ladder: [{amount: 5}]}, "
        "say: '{gesture.amount:money}', value: 10.0 - gesture.amount")
    ).book  # fmt: skip
    found = book.actions["x"]
    assert (found.once_per.text, found.takes) == ("customer.region", ("calls",))
    assert (found.do_within, found.keep_for) == (4 * HOUR, 48 * HOUR)
    assert [one.defer_if.text for one in found.treatments] == ["customer.vip"] * 2


def test_outcomes_attribution_and_what_is_done_without_a_store():
    """The book's own outcomes beside those of every book."""
    book: Book = loaded(
        "attribution: {within: 30d, otherwise: rejected}\n"
        "on_store_failure: {without_limits_for: {tag: service}}\n"
    ).book
    assert book.outcomes == {"visited_shop": Outcome("visited_shop", "came to a shop", "accepted")}
    assert book.attribution == Attribution(30 * DAY, "rejected")
    assert book.on_store_failure == StoreFailure(Covers(tag=("service",)))
    assert loaded("on_store_failure: no_action\n").book.on_store_failure == StoreFailure()
    assert loaded("attribution: {within: 1d}\n").book.attribution == Attribution(DAY, "no_response")
    assert loaded().book.attribution is None


def test_a_dump_says_only_what_can_be_said():
    """What belongs to a sort of limit or window is left out of others."""
    limits = "{id: a, counts: clicked, at_most: 1, window: {calendar: month}}"
    book = loaded(f"contact_policy: {{limits: [{limits}]}}\n").book
    (found,) = to_document(book)["contact_policy"]["limits"]
    assert found["window"] == {"calendar": "month", "timezone": "book"}
    assert "confirm_within" not in found
