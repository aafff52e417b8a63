"""Arbitration: tiers, priority, ties, no action, and the answers that are chosen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from heapq import heapify, heappop

from nba import windows
from nba.decide.decision import Candidate
from nba.decide.plan import Function, Plan, Slots
from nba.decide.stages import Trail
from nba.decide.targets import bits
from nba.decide.view import View
from nba.decide.wording import shown
from nba.lang.python import UNKNOWN

__all__ = ["arbitrate"]


def arbitrate(
    plan: Plan,
    view: View,
    alive: int,
    trail: Trail,
    n: int,
    codes: dict[int, str] | None = None,
) -> tuple[Candidate, ...]:
    """Return up to *n* answers, best first, from the treatments that are *alive*.

    With *codes* it goes on to the end and notes the code of every treatment by number.
    """
    chosen: list[Candidate] = []
    left = alive
    for tier in plan.tiers:
        if not left or (len(chosen) >= n and codes is None):
            break
        if tier.holds is not None and not tier.holds(view.slots):
            continue
        members = left & tier.covers.among(view.inbound)
        left &= ~members
        for number in _best_first(plan, view, trail, members):
            code = _judge(plan, view, trail, number, tier.name, chosen, n)
            if codes is not None:
                codes[number] = code
            elif len(chosen) >= n or code == "below_no_action":
                break  # what follows has no higher priority
    if codes is not None:
        codes |= dict.fromkeys(bits(left), "no_tier")
    return tuple(chosen)


def _best_first(plan: Plan, view: View, trail: Trail, members: int) -> Iterator[int]:
    """Yield treatments by priority, then current channel, preferred channel, cost and number."""
    slot = plan.book.shape.slots.get("customer.preferred_channel")
    preferred = view.slots[slot] if slot is not None else None
    order = []
    for number in bits(members):
        channel = plan.targets[number].channel.id
        order.append(
            (
                -trail.scores[number].priority,
                channel != view.current,
                channel != preferred,
                plan.scoring[number].cost,
                number,
            )
        )
    heapify(order)
    while order:
        yield heappop(order)[-1]


def _judge(
    plan: Plan,
    view: View,
    trail: Trail,
    number: int,
    tier: str,
    chosen: list[Candidate],
    n: int,
) -> str:
    """Return the code of a candidate; one that is chosen is added to *chosen*."""
    says = say(plan, view, number)
    if says is None and plan.says[number] is not None:
        return "unsayable"
    action, treatment, channel = plan.targets[number]
    score = trail.scores[number]
    if score.priority <= plan.floor:
        return "below_no_action"
    if len(chosen) >= n or any(other.action == action.id for other in chosen):
        return "outranked"
    candidate = Candidate(
        action.id,
        channel.id,
        action.title,
        action.kind,
        action.issue,
        action.group,
        "inbound" if channel.id == view.current else "outbound",
        tier,
        *score,
        says,
        treatment.suggests,
    )
    for key, most in view.point.at_most_per if view.point else ():
        if sum(getattr(other, key) == getattr(candidate, key) for other in chosen) >= most:
            return "crowded_out"
    chosen.append(candidate)
    return "chosen"


def say(plan: Plan, view: View, number: int) -> str | None:
    """Return what to say, or None where there is nothing to say or no text can be filled in."""
    for line in plan.says[number] or ():
        if line.holds is None or line.holds(view.slots):
            written = [
                part if isinstance(part, str) else _filled(plan, view.slots, *part)
                for part in line.parts
            ]
            return None if None in written else "".join(map(str, written))
    return None


def _filled(plan: Plan, slots: Slots, function: Function, format_: str) -> str | None:
    value = function(slots)
    if value is UNKNOWN:
        return None
    return shown(value, format_, plan.book.currency, _zone(plan, slots))


def _zone(plan: Plan, slots: Slots) -> tzinfo:
    """Return the customer's time zone where it is known, else the book's."""
    slot = plan.book.shape.slots.get("customer.timezone")
    name = slots[slot] if slot is not None else None
    try:
        return windows.zone(name) if isinstance(name, str) else plan.book.zone
    except ValueError:
        return plan.book.zone
