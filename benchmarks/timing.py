"""How those who are compared are timed: in turns, each several times in a row.

In every round it is everybody's turn. Then one asks about all customers, a few times over, as
somebody does who has one engine and many customers. Each customer counts with the best time, so
that what else the machine does falls out. Garbage is collected between turns and not within them:
else everybody pays for what the others keep in the same process.
"""

from __future__ import annotations

import gc
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

__all__ = ["Timed", "in_turns"]

TIMES: Final = 3  # how often in a row everybody asks about all customers
SPENT: Final = 6.0  # seconds in one turn, after which nobody new is asked about
FEWEST: Final = 4  # customers that are asked about, however long it takes


class Timed(NamedTuple):
    """One whose turn it is: *prepare* what is asked about, then *time* it, in seconds."""

    prepare: Callable[[], Sequence[Any]]
    time: Callable[[Any], float]


def in_turns(all_of_them: Mapping[Any, Timed], rounds: int) -> Mapping[Any, Mapping[int, float]]:
    """Return the best seconds of each, by the place of what was asked about."""
    best: dict[Any, dict[int, float]] = defaultdict(dict)
    gc.collect()
    gc.freeze()  # what is loaded stays, and need not be looked through
    try:
        for _ in range(rounds):
            for name, timed in all_of_them.items():
                gc.collect()
                gc.disable()
                own = best[name]
                for place, seconds in _turn(timed):
                    own[place] = min(seconds, own.get(place, math.inf))
                gc.enable()
    finally:
        gc.enable()
        gc.unfreeze()
    return best


def _turn(timed: Timed) -> Iterator[tuple[int, float]]:
    """Yield the place of what was asked about, and the seconds, until too much was spent."""
    spent = 0.0
    for _ in range(TIMES):
        for place, given in enumerate(timed.prepare()):
            if spent > SPENT and place >= FEWEST:
                return
            seconds = timed.time(given)
            spent += seconds
            yield place, seconds
        if spent > SPENT:
            return
