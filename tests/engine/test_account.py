"""What a decision can tell beside its answers, and what of that goes through JSON."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

from nba import Decision, Engine, Event


def test_the_relationship_is_on_the_decision_with_its_parts() -> None:
    """Each point has a reason; the parts add up; JSON keeps it."""
    engine = Engine.open("rules")
    now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    calls = [
        Event("contact", "c-1", "phone", now - timedelta(days=days), {"topic": "billing"} | more)
        for days, more in ((2, {"resolved": False}), (1, {"resolved": False}))
    ]
    decision = engine.decide("c-1", customer={"tenure_months": 80}, events=calls, now=now)
    whole = decision.relationship
    assert whole is not None
    assert whole.score == whole.start + sum(part.points for part in whole.parts) == 65
    assert decision.moments == ["repeat_contact"]
    assert [(part.points, part.why) for part in whole.parts] == [
        (-10, "the moment 'The same problem brought the customer back' is open"),
        (-5, "the number of contacts on all channels is 2"),
        (10, "customer tenure months is at least 60"),
    ]
    back = Decision.from_json(decision.to_json(why=True))
    assert (back.relationship, back.moments) == (whole, ["repeat_contact"])
    assert Decision.from_json(decision.to_json()).relationship is None
    copied = pickle.loads(pickle.dumps(decision))  # noqa: S301 - our own
    assert copied.codes() == decision.codes()
