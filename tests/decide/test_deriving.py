"""Scorecards with more bands than are tested one after the other, and bands that leave gaps."""

from __future__ import annotations

from typing import Any

import pytest
from tests.decide.strategies import NOW, built, viewed

from nba.decide.case import Case
from nba.decide.derived import derived_fields
from nba.decide.planner import plan_for

FEW = {"0": 1, "[1..2)": -2.5, "(2..3]": 7, "9..": 3}
MANY = {f"[{place}..{place + 1})": place * 1.5 for place in range(40)}


@pytest.mark.parametrize("points", [FEW, MANY], ids=["few", "many"])
def test_a_number_has_the_points_of_its_band(points: dict[str, Any]) -> None:
    """Straight-line code and looking up find what is written."""
    document = {
        "format": 1,
        "book": "b",
        "timezone": "UTC",
        "context": {"customer": {"visits": "number"}},
        "channels": {"phone": {}},
        "scorecards": {
            "s": {
                "start": 2,
                "min": 0,
                "max": 50,
                "points": [
                    {"band": "customer.visits", "points": points},
                    {"band": "customer.visits * 2", "points": {"4": 0.5}},
                ],
            }
        },
    }
    book = built(document).book
    plan = plan_for(book)
    slot = book.shape.slots["scorecard.s"]
    for visits in (None, -1, 0, 0.5, 1, 1.99, 2, 2.5, 3, 8, 9, 10, 39, 39.5, 40, 1e9):
        view = viewed(plan, Case("c", {"visits": visits}), NOW)
        known = {} if visits is None else {"customer.visits": float(visits)}
        assert view.slots[slot] == derived_fields(book, known)["scorecard.s"]
