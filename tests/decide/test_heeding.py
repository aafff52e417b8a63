"""Earlier answers about which no rule asks: decisions are the same with them and without them."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.decide.contacts import (
    LIMIT,
    PAUSE,
    contact_books,
    guided_by,
    histories,
    used_up,
)
from tests.decide.strategies import NOW, built, cases, viewed
from tests.decide.test_contact import LONG, NOW_INSTANT

from nba.decide.answer import answer
from nba.decide.heeding import heeds
from nba.decide.history import Answered, history_of
from nba.decide.planner import plan_for
from nba.decide.used import with_used
from nba.journey.timeline import EMPTY


@settings(
    max_examples=3_000 if LONG else 60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(contact_books(), st.data())
def test_nothing_depends_on_what_is_not_heeded(
    document: dict[str, Any], data: st.DataObject
) -> None:
    """Answers, codes, and when to ask again."""
    book = built(document).book
    plan = plan_for(book)
    for _ in range(3):
        role = data.draw(st.sampled_from([None, "agent"]))
        case = data.draw(cases())._replace(now=NOW, role=role)
        past = data.draw(histories(sorted(document["actions"])))
        every = [Answered.from_dict(one, book) for one in past]
        # an action that is kept for a while is always heeded
        every = [
            one._replace(keep_until=None) if data.draw(st.booleans()) else one for one in every
        ]
        some = [one for one in every if heeds(plan, one)]
        used = data.draw(st.none() | used_up(document))
        n = data.draw(st.none() | st.integers(1, 3))
        found = []
        for answers in (every, some):
            history = with_used(history_of(book, answers, NOW_INSTANT), used, book)
            found.append(answer(plan, viewed(plan, case, NOW, EMPTY, history), n))
        all_, few = found
        assert few.ranked == all_.ranked
        assert few.codes() == all_.codes()
        assert few.defer_until == all_.defer_until


def test_what_is_heeded() -> None:
    """What a limit counts, and what a suppression asks about once that came of it."""
    plan = plan_for(guided_by([LIMIT], [PAUSE]).book)

    def heeded(action: str, **more: Any) -> bool:
        at = NOW.isoformat()
        return heeds(plan, Answered.from_dict({"action": action, "at": at, **more}, plan.book))

    said = [{"outcome": "rejected", "at": NOW.isoformat()}]
    seen = [{"outcome": "presented", "at": NOW.isoformat()}]
    assert heeded("a")
    assert not heeded("b")
    assert not heeded("b", outcomes=seen)
    assert heeded("b", outcomes=said)
    assert not heeded("c", outcomes=said)
    assert heeded("c", gesture="1.00")
