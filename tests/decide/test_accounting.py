"""Whose the accounts of a book are, and since when: the same whether a day is remembered or not."""

from datetime import UTC, datetime
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from nba import windows
from nba.book.build import build
from nba.book.model import Budget, Limit
from nba.book.source import parse
from nba.decide.accounting import Accounting
from nba.decide.contact import Asked, When, owner_of, since_of
from nba.decide.planner import plan_for

ZONES: Final = ("book", "customer.timezone", "America/St_Johns", "+05:45")
WINDOWS: Final = (
    "{rolling: 7d}",
    *(f"{{calendar: {unit}, timezone: {zone}}}" for unit in ("day", "month") for zone in ZONES),
    *(f"{{calendar: week, timezone: {zone}, week_start: sunday}}" for zone in ZONES),
)
PER: Final = ("customer", "book", "household", "customer.shop")
BOOK: Final = f"""
format: 1
book: care
timezone: Europe/Dublin
currency: EUR
household: customer.house
context:
  customer: {{house: string, shop: int, timezone: string}}
channels: {{chat: {{}}}}
issues: {{service: {{}}}}
groups: {{service/help: {{}}}}
actions:
  help: {{title: Help, group: service/help, kind: guidance, channels: [chat]}}
contact_policy:
  limits:
{
    chr(10).join(
        f"    - {{id: l{one}_{two}, per: {per}, at_most: 1, window: {window}, on_limit: drop}}"
        for one, per in enumerate(PER)
        for two, window in enumerate(WINDOWS)
    )
}
budgets:
  ever: {{count: 3, per: book}}
"""
PLAN: Final = plan_for(build([parse(BOOK, "book.yaml")]).book)
RULES: Final[list[Limit | Budget]] = [
    *PLAN.book.limits.values(),
    *PLAN.book.budgets.values(),
]
#: Clocks go back over midnight in St John's, and over a whole day in Apia.
NEAR: Final = tuple(
    windows.instant(datetime(*day, tzinfo=UTC))
    for day in ((2006, 10, 29), (2026, 3, 29), (2026, 3, 1), (2011, 12, 30), (2026, 7, 7))
)
HOUR: Final = 3600 * windows.SECOND


def literally(slots: list[object], when: When) -> dict[str, Asked]:
    """Return the accounts as each rule says."""
    found, shape = {}, PLAN.book.shape
    for rule in RULES:
        field = "customer.house" if rule.per == "household" else rule.per
        slot = shape.slots.get(field)
        known, owner = owner_of(rule.per, None if slot is None else slots[slot])
        if known:
            found[rule.account] = Asked(rule.account, owner, since_of(rule.window, when))
    return found


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(NEAR),
    st.lists(
        st.tuples(
            st.integers(-30 * HOUR, 30 * HOUR),
            st.sampled_from(("Europe/Dublin", "America/St_Johns", "Pacific/Apia", "-03:30")),
            st.sampled_from((None, "h-1")),
            st.sampled_from((None, 7)),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_accounts_are_those_of_the_rules(near, cases):
    """Whatever was asked before, on whichever day and in whichever zone."""
    slots: list[object] = [None] * PLAN.slot_count
    shape = PLAN.book.shape.slots
    for offset, zone, house, shop in cases:
        when = When(near + offset, PLAN.book.zone, windows.zone(zone))
        slots[shape["customer.house"]], slots[shape["customer.shop"]] = house, shop
        found = PLAN.accounting.of(slots, when)
        assert found == literally(slots, when)
        assert list(found) == [name for name in literally(slots, when) if name in found]


def test_a_day_is_looked_at_once(monkeypatch):
    """In one zone; rolling windows go on with the time."""
    budget = PLAN.book.budgets["ever"]
    weekly = next(one for one in PLAN.book.limits.values() if one.window.length is not None)
    daily = next(one for one in PLAN.book.limits.values() if one.window.calendar == "day")
    accounting = Accounting([weekly, daily, budget], {})
    when = When(NEAR[-1], PLAN.book.zone, PLAN.book.zone)
    first = accounting.of([], when)
    monkeypatch.setattr("nba.decide.accounting.since_of", None)
    later = accounting.of([], when._replace(now=when.now + HOUR))
    assert later[weekly.account].since == first[weekly.account].since + HOUR
    assert later[daily.account] is first[daily.account]
    assert later[budget.account] is first[budget.account]


def test_zones_are_forgotten(monkeypatch):
    """However many zones customers make up, few are kept."""
    monkeypatch.setattr("nba.decide.accounting._MOST_ZONES", 3)
    accounting = Accounting(PLAN.book.limits.values(), {})
    for minute in range(10):
        where = windows.zone(f"+00:{minute:02}")
        accounting.of([], When(NEAR[0], PLAN.book.zone, where))
        assert len(accounting._days) <= 3
