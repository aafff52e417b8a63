"""A plan for a conversation: what does not change from one decision to the next is looked up once.

Nothing is taken to be the same that is not: at every decision the values that were looked up are
compared with those that are there now, whatever happened in between.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from nba.decide.functions import Slots
from nba.decide.index import Narrow, Narrowing, Parts
from nba.decide.plan import Gating, Plan

__all__ = ["bound"]

Some = TypeVar("Some", Gating | None, Narrowing | None)


def bound(plan: Plan) -> Plan:
    """Return the same plan, which remembers what the fields that last let through."""
    everything = plan.names.everything
    fitting, waits = _bound(plan.fitting, everything), _bound(plan.waits, everything)
    return replace(plan, fitting=fitting, waits=waits)


def _bound(narrowing: Some, everything: int) -> Some:
    if narrowing is None or narrowing.parts is None:
        return narrowing
    return narrowing._replace(narrow=_remembering(narrowing.parts, everything))


def _remembering(parts: Parts, everything: int) -> Narrow:
    read, lasting, others = parts
    known: tuple[object, int] | None = None

    def narrow(slots: Slots, left: int) -> int:
        nonlocal known
        values = read(slots)
        remembered = known
        if remembered is None or remembered[0] != values:
            known = remembered = (values, lasting(slots, everything))
        return others(slots, left & remembered[1])

    return narrow
