"""What `make demo` runs: decisions for thousands of customers, then one in full."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs from any folder

from examples.telco import run

import nba

#: Nora, a gold customer. Her bill is higher than usual. She asked twice, and is back in the chat.
CUSTOMER: Final[dict[str, Any]] = {
    "first_name": "Nora",
    "tier": "gold",
    "lifetime_value": 900,
    "churn_risk": 0.4,
    "monthly_bill": 62,
    "tenure_months": 40,
    "contacts_7d": 3,
    "bill": {"increase": 18},
    "broadband": {"technology": "dsl", "fibre_available": True, "speed_mbps": 12},
    "consent": {"phone": True, "email": True, "marketing": True},
}
INTERACTION: Final[dict[str, Any]] = {"channel": "chat", "intent": "billing", "sentiment": -0.1}
NOW: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)

#: What the account below tells of each action; the others do not fit, and there are many.
TOLD: Final = ("chosen", "outranked", "blocked")


def main() -> None:
    """Run the telco example, then decide for Nora."""
    print(f"{'--- examples/telco: a decision for every customer ':-<{run.WIDTH}}\n")
    run.main()
    print(f"\n\n{'--- rules/: the third contact about a bill, in the chat, now ':-<{run.WIDTH}}\n")
    nora()


def nora() -> None:
    """Print one decision from the book that comes with the project, and why it is so."""
    engine = nba.Engine.open(run.folder("rules"))
    decision = engine.decide("nora", customer=CUSTOMER, interaction=INTERACTION, now=NOW)
    explanation = engine.explain(decision)
    told = [account for account in explanation.accounts if account.code.split(":")[0] in TOLD]
    lines = [f"customer: {described(CUSTOMER)}", f"interaction: {described(INTERACTION)}", ""]
    lines += [f"{decision.title}", f'We say: "{decision.say}"', "", *decision.why()]
    for account in told:
        where = f"{account.where.file}:{account.where.line}"
        lines += ["", f"{account.action}: {account.code} - {where}"]
        lines += [f"    {sentence}" for sentence in account.sentences]
        lines += [f"    {account.change}"] if account.change else []
    others = len(explanation.accounts) - len(told)
    lines += [
        "",
        f"{others} other actions of this book do not fit now; each has its reason as well.",
    ]
    print(run.wrapped("\n".join(lines)))


def described(fields: dict[str, Any]) -> str:
    """Return fields as people write them."""
    return ", ".join(
        f"{name} ({described(value)})" if isinstance(value, dict) else f"{name} {run.shown(value)}"
        for name, value in fields.items()
    )


if __name__ == "__main__":
    main()
