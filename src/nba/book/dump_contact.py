"""The contact policy, calendars, budgets and gestures as the canonical rule file has them."""

from __future__ import annotations

from typing import Any

from nba import money
from nba.book.contact import WEEKDAYS, Budget, Calendar, Gesture, Limit, Suppression
from nba.book.model import Action, Book
from nba.book.spelling import (
    condition_text,
    covers_text,
    expression_text,
    length_text,
)
from nba.book.window import window_text

__all__ = ["action_contact", "contact_sections"]


def contact_sections(book: Book) -> dict[str, Any]:
    """Return these sections of a book."""
    attribution, failure = book.attribution, book.on_store_failure.without_limits_for
    limits = [_limit(limit) for limit in book.limits.values()]
    suppress = [_suppression(one) for one in book.suppressions.values()]
    return {
        "calendars": {name: _calendar(found) for name, found in book.calendars.items()},
        "contact_policy": {"limits": limits, "suppress": suppress} if limits or suppress else None,
        "budgets": {name: _budget(one, book.currency) for name, one in book.budgets.items()},
        "outcomes": {
            name: {"title": found.title, "means": found.means}
            for name, found in book.outcomes.items()
        },
        "attribution": attribution
        and {"within": length_text(attribution.within), "otherwise": attribution.otherwise},
        "on_store_failure": failure and {"without_limits_for": covers_text(failure)},
    }


def action_contact(action: Action, currency: str) -> dict[str, Any]:
    """Return what an action says of contact, budgets and gestures."""
    return {
        "once_per": expression_text(action.once_per),
        "takes": list(action.takes) or None,
        "do_within": length_text(action.do_within),
        "keep_for": length_text(action.keep_for),
        "gesture": _gesture(action.gesture, currency),
    }


def _calendar(calendar: Calendar) -> dict[str, Any]:
    days = zip(WEEKDAYS, calendar.hours.week, strict=True)
    spans = {day: ", ".join(f"{_clock(a)}-{_clock(b)}" for a, b in hours) for day, hours in days}
    return {
        "timezone": calendar.zone,
        "open": {day: text for day, text in spans.items() if text},
        "closed": sorted(day.isoformat() for day in calendar.hours.closed),
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _limit(limit: Limit) -> dict[str, Any]:
    return {
        "id": limit.id,
        "title": limit.title,
        "counts": limit.counts,
        "covers": covers_text(limit.covers),
        "exempt": covers_text(limit.exempt) if limit.exempt else None,
        "count_exempt": limit.count_exempt,
        "per": limit.per,
        "at_most": limit.at_most,
        "window": window_text(limit.window),
        "on_limit": limit.on_limit,
        "confirm_within": length_text(limit.confirm_within)
        if limit.counts == "presented"
        else None,
    }


def _suppression(one: Suppression) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "after": list(one.after),
        "same": one.same,
        "at_least": one.at_least,
        "within": length_text(one.within),
        "for": length_text(one.length),
        "covers": covers_text(one.covers),
    }


def _budget(budget: Budget, currency: str) -> dict[str, Any]:
    amount = float(money.decimal_of(budget.amount, currency))
    return {
        "title": budget.title,
        **({"amount": amount} if budget.money else {"count": budget.amount}),
        "per": budget.per,
        "window": window_text(budget.window),
        "reserve_for": length_text(budget.reserve_for),
    }


def _gesture(gesture: Gesture | None, currency: str) -> dict[str, Any] | None:
    if gesture is None:
        return None
    return {
        "ladder": [
            {"when": condition_text(rung.when), "amount": expression_text(rung.amount)}
            for rung in gesture.ladder
        ],
        "at_most": expression_text(gesture.at_most),
        "budgets": list(gesture.budgets) or None,
        "if_unaffordable": gesture.if_unaffordable,
        "authority": {
            role: float(money.decimal_of(most, currency)) for role, most in gesture.authority
        },
        "not_again_within": length_text(gesture.not_again_within),
    }
