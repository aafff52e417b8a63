"""Stage 5, and the waiting of stage 6: what was done before, what was asked for, what is full.

What the rules mean stands in `contact`; here they are asked once for each rule, and for each answer
of the history: how many treatments there are makes no difference.
"""

from __future__ import annotations

from nba.book.model import Limit, Suppression
from nba.decide.contact import counts, free_again, suppressed_until, used_of
from nba.decide.decision import UNKNOWN_MARK
from nba.decide.history import Answered
from nba.decide.plan import Cap, Door, Plan
from nba.decide.targets import bits, mask_of
from nba.decide.trail import Trail
from nba.decide.view import View
from nba.lang.python import UNKNOWN

__all__ = ["contact", "counting", "waiting"]


def contact(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """Stage 5: once per, not again within, suppression, limits. What is kept has counted."""
    if view.forsaken:
        return alive  # where the store failed, the book allows what is left without all of this
    judged = alive & ~view.kept_mask
    if plan.once:
        judged = _done(plan, view, judged, trail)
    if plan.pauses:
        judged = _suppressed(plan, view, judged, trail)
    if plan.caps:
        judged = _limited(plan, view, judged, trail)
    return judged | alive & view.kept_mask


def _done(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    for mask, value in plan.keys:
        here = alive & mask
        if here and value(view.slots) is UNKNOWN:
            trail.note("once" + UNKNOWN_MARK, here)
            alive &= ~here
    past: dict[str, list[Answered]] = {}
    for one in view.history.answers:
        if one.action in plan.once and one.stands(view.now):
            past.setdefault(one.action, []).append(one)
    for action, answers in past.items():
        numbers, key, again = plan.once[action]
        code = None
        if key is not None and any(one.once == view.keys.get(action) for one in answers):
            code = "once"
        elif again is not None and any(view.now < one.at + again for one in answers):
            code = "put_right"
        if code is not None and (here := alive & mask_of(numbers)):
            trail.note(code, here)
            alive &= ~here
    return alive


def _suppressed(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    answers = [one for one in view.history.answers if one.outcomes]
    if not answers:
        return alive
    for rule, covers in plan.pauses:
        counted = [one for one in answers if one.times_of(rule.after) and one.covered(rule.covers)]
        if not counted:
            continue
        covered = alive & covers.among(view.inbound)
        found = 0
        for alike in {_alike(plan, rule, one) for one in counted}:
            if here := covered & alike & ~found:  # of which one tells for all
                action, _, channel = plan.targets[next(bits(here))]
                if suppressed_until(rule, action, channel.id, view.history, view.now) is not None:
                    found |= here
        trail.note(f"suppressed:{rule.id}", found)
        alive &= ~found
    return alive


def _alike(plan: Plan, rule: Suppression, one: Answered) -> int:
    """Return the treatments that a suppression holds for the same as what was answered."""
    match rule.same:
        case "treatment":
            on_channel = plan.names.mask("channel", one.channel)
            return plan.names.mask("action", one.action) & on_channel
        case "action":
            return plan.names.mask("action", one.action)
        case "group":
            return plan.names.mask("group", one.group)
        case "issue":
            return plan.names.mask("issue", one.issue)
        case "channel":
            return plan.names.mask("channel", one.channel)
    return plan.names.everything


def _limited(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    for cap, reach in zip(plan.caps, _reaches(plan, view), strict=True):
        limit, here = cap.limit, alive & reach
        if not here or (code := _full(plan, view, limit)) is None:
            continue
        if limit.on_limit == "defer":
            until = free_again(limit, view.history, view.when)
            for name, door in plan.doors.items():
                usable = _usable(door, name, view, until) if here & door.mask else None
                if usable is not None:
                    trail.deferred.append((here & door.mask, usable))
        trail.note(code, here)
        alive &= ~here
    return alive


def _reaches(plan: Plan, view: View) -> tuple[int, ...]:
    """Return what each limit drops when it is full; where it drops, whole actions in one direction.

    It is worked out once for each channel that an interaction may be on.
    """
    key = view.current if view.inbound else None
    found = plan.reaches.get(key)
    if found is None:
        found = plan.reaches[key] = tuple(_reach(plan, view.inbound, cap) for cap in plan.caps)
    return found


def _reach(plan: Plan, inbound: int, cap: Cap) -> int:
    found = _capped(cap, inbound)
    if cap.limit.on_limit == "drop":
        there = _whole(plan, found & ~inbound) & ~inbound
        found = _whole(plan, found & inbound) & inbound | there
    return found


def _usable(door: Door, name: str, view: View, at: int | None) -> int | None:
    """Return when a channel may be used from a time on; None for not known."""
    inbound = name == view.current
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
    if limit.account not in view.accounts:
        return f"limited:{limit.id}{UNKNOWN_MARK}"
    used = used_of(limit, plan.book, view.history, view.when)
    return f"limited:{limit.id}" if used >= limit.at_most else None


def _capped(cap: Cap, inbound: int) -> int:
    """Return what a limit drops when it is full: what it covers, without what is exempt."""
    covered = cap.covers.among(inbound)
    return covered & ~cap.exempt.among(inbound) if cap.exempt else covered


def counting(plan: Plan, view: View, number: int) -> tuple[tuple[Limit, bool], ...]:
    """Return the limits that count a treatment, each with whether it is dropped when that is full.

    It is worked out once for each direction.
    """
    key = (number, plan.targets[number].channel.id == view.current)
    found = plan.counting.get(key)
    if found is None:
        found = plan.counting[key] = tuple(
            (cap.limit, bool(_capped(cap, view.inbound) >> number & 1))
            for cap in plan.caps
            if _counts(cap, view, number)
        )
    return found


def _counts(cap: Cap, view: View, number: int) -> bool:
    exempt = cap.exempt is not None and bool(cap.exempt.among(view.inbound) >> number & 1)
    covered = bool(cap.covers.among(view.inbound) >> number & 1)
    return counts(cap.limit, covered=covered, exempt=exempt)


def _whole(plan: Plan, mask: int) -> int:
    """Return all treatments of the actions that have one in a set."""
    several = {plan.targets[number].action.id for number in bits(mask & plan.siblings)}
    return mask | mask_of([n for action in several for n in plan.names.of_action[action]])


def waiting(plan: Plan, view: View, alive: int, trail: Trail) -> int:
    """The end of stage 6: `defer_if`; unknown waits too."""
    if plan.waits is None:
        return alive
    left = plan.waits.narrow(view.slots, alive)
    trail.note("deferred", alive & ~left, plan.waits)
    return left
