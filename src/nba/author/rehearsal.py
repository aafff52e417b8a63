"""A store for a rehearsal: it begins with what another remembers, and keeps the rest to itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nba.decide.contact import Asked
from nba.decide.offers import Claim
from nba.state.memory import MemoryStore
from nba.state.past import Past
from nba.state.reservation import Alternative, Granted, Taking
from nba.state.store import Memory, Store

__all__ = ["Rehearsal"]


class Rehearsal(MemoryStore):
    """Remembers decisions in memory, on top of what the store *before* it remembers.

    The store before it is only read. What is taken here stays taken, as if every answer were
    taken up: what nobody confirms is not given back.
    """

    def __init__(self, before: Store | None = None) -> None:
        super().__init__()
        self._before: Store = before if before is not None else MemoryStore()

    def recall(self, customer: str, at: int, asked: Sequence[Asked] = ()) -> Memory:
        """Return what both remember, and what both count."""
        before = self._before.recall(customer, at, asked)
        own = super().recall(before.customer, at, asked)
        decisions = Past((*before.decisions, *own.decisions))
        used = tuple(there + here for there, here in zip(before.used, own.used, strict=True))
        return Memory(before.customer, own.version, before.timeline, decisions, used)

    def take(self, taking: Taking) -> Granted:
        """Grant here what fits beside what counts in the store before."""
        claims = [claim for one in taking.alternatives for claim in one.claims]
        asked = tuple(dict.fromkeys(claim.asked for claim in claims))
        before = self._before.recall(taking.customer, taking.at, asked)
        used = dict(zip(asked, before.used, strict=True))
        alternatives = tuple(
            Alternative(tuple(_left(one.claims, used)), one.answer, one.labels)
            for one in taking.alternatives
        )
        return super().take(taking._replace(customer=before.customer, alternatives=alternatives))

    def forget_before(self, instant: int) -> int:
        """Forget nothing: what is rehearsed may be of any time."""
        return 0


def _left(claims: Iterable[Claim], used: dict[Asked, int]) -> Iterable[Claim]:
    """Yield claims as this store may grant them, and for ever."""
    for claim in claims:
        yield claim._replace(at_most=claim.at_most - used[claim.asked], expires=None)
