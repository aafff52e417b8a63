"""Gestures: which rungs of a ladder fit, and who may give them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from nba import money
from nba.book.model import Gesture

__all__ = ["Option", "Refused", "options"]


class Option(NamedTuple):
    """A rung that fits: its amount in minor units, and whether somebody must approve of it."""

    units: int
    pending: bool


class Refused(Exception):  # noqa: N818 - not an error: how a stage says no
    """Nothing can be given, with this code."""


def options(
    amounts: Iterable[float | None],
    at_most: float | object | None,
    gesture: Gesture,
    role: str | None,
    currency: str,
) -> tuple[Option, ...]:
    """Return the rungs that fit, in order; raise Refused where none does.

    *amounts* are those of the rungs whose condition holds, None for unknown. A rung fits when its
    amount, rounded down to the minor unit, is above 0 and not above *at_most*. An amount above
    what the *role* may give by itself needs an approval, one above every role's is dropped.
    Without a role the book decides.
    """
    most = math.inf
    if gesture.at_most is not None:
        most = _units(at_most, "at_most", currency)
    found: list[Option] = []
    highest = max((units for _, units in gesture.authority), default=None)
    own = dict(gesture.authority).get(role, 0) if role is not None else None
    too_much = False
    for amount in amounts:
        try:
            units = _units(amount, "amount", currency)
        except Refused:
            if found:  # a rung further down says nothing of the first that fits
                break
            raise
        if units <= 0 or units > most:
            continue
        if role is None or highest is None or own is None:
            found.append(Option(units, pending=False))
        elif units <= highest:
            found.append(Option(units, pending=units > own))
        else:
            too_much = True
    if not found:
        raise Refused("no_authority" if too_much else "no_gesture")
    return tuple(found[:1] if gesture.if_unaffordable == "drop" else found)


def _units(amount: float | object | None, name: str, currency: str) -> int:
    if not isinstance(amount, int | float):
        raise Refused(f"unscored:{name}")
    try:
        return money.minor_units(float(amount), currency)
    except ValueError:
        raise Refused(f"error:{name}") from None
