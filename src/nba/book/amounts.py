"""Amounts of money that files write, in the currency's minor unit."""

from __future__ import annotations

from decimal import Decimal

from nba import money
from nba.book.findings import Findings
from nba.errors import Place

__all__ = ["minor_units"]


def minor_units(amount: float, currency: str, place: Place, findings: Findings) -> int:
    """Return money in minor units; what has more decimals than the currency is reported."""
    units = money.minor_units(amount, currency)
    exact = money.decimal_of(units, currency)
    if exact != Decimal(repr(float(amount))):
        message = f"`{amount:.15g}` has more decimals than {currency}, which has "
        message += str(money.decimals(currency) or "none")
        findings.report("wrong-value", message, f"write `{exact:f}`", place)
    return units
