"""The kinds of things in a book: what one of each section is called, and which a code names."""

from __future__ import annotations

from typing import Final

__all__ = ["KINDS", "SUBJECTS"]

#: What one thing of a section is called, by the section. Its things have an id.
KINDS: Final = {
    "issues": "issue",
    "groups": "group",
    "actions": "action",
    "moments": "moment",
    "signals": "signal",
    "corridors": "corridor",
    "events": "event type",
    "conditions": "condition",
    "scorecards": "scorecard",
    "tables": "table",
    "policies": "policy",
    "limits": "limit",
    "suppressions": "suppression",
    "budgets": "budget",
    "channels": "channel",
    "calendars": "calendar",
    "decision_points": "decision point",
    "outcomes": "outcome",
}
#: The section of what a code names, such as `blocked:no_selling`, by how the code begins.
SUBJECTS: Final = {
    "blocked": "policies",
    "limited": "limits",
    "suppressed": "suppressions",
    "unaffordable": "budgets",
}
