"""Scorecards with many bands, with bands that leave gaps, and of whole numbers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.decide.strategies import NOW, built, viewed

from nba.decide.case import Case
from nba.decide.derived import derived_fields
from nba.decide.planner import plan_for

FEW = {"0": 1, "[1..2)": -2.5, "(2..3]": 7, "9..": 3}
MANY = {f"[{place}..{place + 1})": place * 1.5 for place in range(40)}


@pytest.mark.parametrize("type_", ["number", "int"])
@pytest.mark.parametrize("points", [FEW, MANY], ids=["few", "many"])
@pytest.mark.parametrize("start", [2, -0.0])
def test_a_number_has_the_points_of_its_band(
    points: dict[str, Any], type_: str, start: float
) -> None:
    """Looking up finds what is written."""
    document: dict[str, Any] = {
        "format": 1,
        "book": "b",
        "timezone": "UTC",
        "context": {"customer": {"visits": type_}},
        "channels": {"phone": {}},
        "scorecards": {
            "s": {
                "start": start,
                "min": 0,
                "max": 50,
                "points": [
                    {"band": "customer.visits", "points": points},
                    {"band": "customer.visits * 2", "points": {"4": 0.5}},
                ],
            }
        },
    }
    if type_ == "number":  # infinity less infinity is no number
        huge = "customer.visits * 1e308 * 1e308"
        none = {"band": f"{huge} - {huge}", "points": {"0..1": 2, "2..": 3}}
        document["scorecards"]["s"]["points"].append(none)
    book = built(document).book
    plan = plan_for(book)
    slot = book.shape.slots["scorecard.s"]
    whole = (None, -1, 0, 1, 2, 3, 8, 9, 10, 39, 40, 10**9)
    for visits in whole if type_ == "int" else (*whole, 0.5, 1.99, 2.5, 39.5, 1e300):
        view = viewed(plan, Case("c", {"visits": visits}), NOW)
        known: dict[str, object] = {}
        if visits is not None:
            known["customer.visits"] = visits if type_ == "int" else float(visits)
        literal = derived_fields(book, known)["scorecard.s"]
        assert repr(view.slots[slot]) == repr(literal)  # 0.0 and -0.0 are written differently
