"""Random decision tables over the fields of the random books."""

from typing import Any

from hypothesis import strategies as st

#: Conditions that read tables.
TABLE_ATOMS = (
    "table.t0.Level == 'high'",
    "table.t0.Action != 'none'",
    "has(table.t0.Amount)",
    "table.t0.Amount > 2",
    "sum(table.t1.Points) > 3",
    "count(table.t1.Points) == 1",
    "table.t1.Words.exists(w, w == 'x')",
    "table.t2.Urgent",
)

TIER_CELLS = st.sampled_from(["-", "gold", "gold, silver", "not gold", "not bronze, silver"])
WHOLE_CELLS = st.sampled_from(["-", "0", ">= 2", "< 1", "1..3", "[1..3)", "not 1", "0, 2, 4.."])
NUMBER_CELLS = st.sampled_from(["-", "> 0.1", "0.25", "(0.1..0.9]", "..0.9", "not 0.25, 0.9"])
SWITCH_CELLS = st.sampled_from(["-", "true", "false", "not true", "true, false"])
NAME_CELLS = st.sampled_from(["-", "ab", "ab, ''", '"bob", ab', "not ab"])
SINCE_CELLS = st.sampled_from(["-", ">= 2026-01-31", "2026-02-01", "< 2026-03-02T10:00:00Z"])
AGE_CELLS = st.sampled_from(["-", ">= 30d", "< 1d", "29d..31d"])


def _rows(columns: dict[str, st.SearchStrategy[Any]], most: int) -> st.SearchStrategy[Any]:
    row = st.fixed_dictionaries({}, optional=columns).filter(bool)
    return st.lists(row, min_size=1, max_size=most)


def tables(actions: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return three tables; each may read those before it."""
    first = _rows(
        {
            "Tier": TIER_CELLS,
            "Visits": WHOLE_CELLS,
            "Risk": NUMBER_CELLS,
            "Name": NAME_CELLS,
            "Action": st.sampled_from([*actions, "none"]),
            "Amount": st.sampled_from([0, 2.5, -3]),
            "Level": st.sampled_from(["low", "high"]),
        },
        6,
    )
    collecting = _rows(
        {
            "Since": SINCE_CELLS,
            "Age": AGE_CELLS,
            "Named": SWITCH_CELLS,
            "Score": st.sampled_from(["-", "> 4", "[0..9)"]),
            "Level": st.sampled_from(["-", "low", "not low"]),
            "Points": st.sampled_from([1, 2, 40.5]),
            "Words": st.sampled_from(["x", "y, z"]),
        },
        5,
    )
    unique = st.sampled_from(
        [
            [{"Vip": "true", "Urgent": True}, {"Vip": "false", "Count": "> 1", "Urgent": False}],
            [{"Count": "0", "Urgent": True}, {"Count": "1..", "Urgent": False}],
        ]
    )
    return st.builds(
        lambda one, two, three: {
            "t0": {
                "inputs": {
                    "Tier": "customer.tier",
                    "Visits": "customer.visits",
                    "Risk": "customer.risk / customer.value",
                    "Name": "customer.name",
                },
                "outputs": {
                    "Action": "action",
                    "Amount": "number",
                    "Level": {"enum": ["low", "high"]},
                },
                "no_row": "allowed",
                "rows": one,
            },
            "t1": {
                "hit": "collect",
                "inputs": {
                    "Since": "customer.since",
                    "Age": "since(customer.since)",
                    "Named": "condition.c0",
                    "Score": "scorecard.s0",
                    "Level": "table.t0.Level",
                },
                "outputs": {"Points": "number", "Words": "string"},
                "no_row": "allowed",
                "rows": two,
            },
            "t2": {
                "hit": "unique",
                "inputs": {"Vip": "customer.vip", "Count": "count(table.t1.Points)"},
                "outputs": {"Urgent": "bool"},
                "no_row": "allowed",
                "rows": three,
            },
        },
        first,
        collecting,
        unique,
    )
