"""Stages 5 and 7, and the waiting of stage 6: what was done before, and what may be given.

What the rules mean stands in `contact` and `gesture`; here they are asked once for each rule.
"""

from __future__ import annotations

from nba.book.model import Limit
from nba.decide.contact import counts, free_again, suppressed_until, used_of
from nba.decide.decision import UNKNOWN_MARK
from nba.decide.gesture import Refused, options
from nba.decide.plan import Cap, Plan
from nba.decide.targets import bits
from nba.decide.trail import Trail
from nba.decide.view import View
from nba.lang.python import UNKNOWN

__all__ = ["capped", "contact", "counted_by", "gesture", "waiting"]


def contact(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 5: once per, not again within, suppression, limits. What is kept has counted."""
    if view.forsaken:  # the book allows what is left without all of this
        return alive
    judged = alive & ~view.kept_mask
    for step in (_done, _suppressed, _limited):
        judged = step(plan, view, judged, trail)
    return judged | alive & view.kept_mask


def _done(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    for mask, action, key, again in plan.once:
        here = alive & mask
        if not here:
            continue
        past = [
            one for one in view.history.answers if one.action == action and one.stands(view.now)
        ]
        code = None
        if key is not None:
            own = view.keys[action]
            if own is None:
                code = "once" + UNKNOWN_MARK
            elif any(one.once == own for one in past):
                code = "once"
        if code is None and again is not None and any(view.now < one.at + again for one in past):
            code = "put_right"
        if code is not None:
            trail.note(code, here)
            alive &= ~here
    return alive


def _suppressed(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    if not view.history.answers:
        return alive
    for rule, covers in plan.pauses:
        found = 0
        for number in bits(alive & covers.among(view.inbound)):
            action, _, channel = plan.targets[number]
            if suppressed_until(rule, action, channel.id, view.history, view.now) is not None:
                found |= 1 << number
        trail.note(f"suppressed:{rule.id}", found)
        alive &= ~found
    return alive


def _limited(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    for cap in plan.caps:
        limit, here = cap.limit, capped(cap, view)
        if limit.on_limit == "drop":  # the whole action, in this direction
            inbound = view.inbound
            there = _whole(plan, here & ~inbound) & ~inbound
            here = _whole(plan, here & inbound) & inbound | there
        here &= alive
        if not here or (code := _full(plan, view, limit)) is None:
            continue
        if limit.on_limit == "defer":
            until = free_again(limit, view.history, view.when)
            trail.deferred |= {number: _usable(plan, view, number, until) for number in bits(here)}
        trail.note(code, here)
        alive &= ~here
    return alive


def _usable(plan: Plan, view: View, number: int, at: int | None) -> int | None:
    """Return when the channel of a treatment may be used from a time on; None for not known."""
    channel = plan.targets[number].channel
    door, inbound = plan.doors[channel.id], channel.id == view.current
    if at is None or door.direction not in ("both", "inbound" if inbound else "outbound"):
        return None
    if inbound:
        return at
    if door.consent is not None and door.consent(view.slots) is not True:
        return None
    hours = door.hours
    return hours.hours.next_open(at, view.when.zone(hours.zone)) if hours else at


def _full(plan: Plan, view: View, limit: Limit) -> str | None:
    """Return the code of a limit that has no place left; None where it has."""
    if not view.accounts[limit.account].known:
        return f"limited:{limit.id}{UNKNOWN_MARK}"
    used = used_of(limit, plan.book, view.history, view.when)
    return f"limited:{limit.id}" if used >= limit.at_most else None


def capped(cap: Cap, view: View) -> int:
    """Return what a limit drops when it is full: what it covers, without what is exempt."""
    covered = cap.covers.among(view.inbound)
    return covered & ~cap.exempt.among(view.inbound) if cap.exempt else covered


def counted_by(cap: Cap, view: View, number: int) -> bool:
    """Return whether a limit counts a treatment."""
    exempt = cap.exempt is not None and bool(cap.exempt.among(view.inbound) >> number & 1)
    covered = bool(cap.covers.among(view.inbound) >> number & 1)
    return counts(cap.limit, covered=covered, exempt=exempt)


def _whole(plan: Plan, mask: int) -> int:
    """Return all treatments of the actions that have one in a set."""
    found = 0
    for number in bits(mask):
        found |= plan.of_action[number]
    return found


def waiting(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """The end of stage 6: `defer_if`; unknown waits too."""
    for mask, verdict in plan.waits:
        here = alive & mask
        if here and (found := verdict(view.slots)) is not False:
            trail.deferred |= dict.fromkeys(bits(here))
            trail.note("deferred" + (UNKNOWN_MARK if found is None else ""), here)
            alive &= ~here
    return alive


def gesture(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 7: the ladder and authority. What is kept was given already."""
    for mask, rungs, at_most, meant in plan.ladders:
        here = alive & mask & ~view.kept_mask
        if not here:
            continue
        slots = view.slots
        amounts = (amount(slots) for holds, amount in rungs if holds is None or holds(slots))
        try:
            found = options(
                (None if a is UNKNOWN else a for a in amounts),
                None if at_most is None else at_most(slots),
                meant,
                view.role,
                plan.book.currency,
            )
        except Refused as refused:
            trail.note(str(refused), here)
            alive &= ~here
        else:
            trail.options |= dict.fromkeys(bits(here), found)
    return alive
