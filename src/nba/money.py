"""Money: how many decimals a currency has, and amounts in its minor unit."""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, Context, Decimal
from typing import Final

__all__ = ["MOST", "decimal_of", "decimals", "minor_units", "units_of"]

#: The most that an amount in a rule file can be.
MOST: Final = 9e12
#: Currencies without two decimals (ISO 4217).
_DECIMALS: Final = {
    name: count
    for count, names in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for name in names.split()
}
#: Above it 15 digits are not enough for the minor unit.
_EXACT: Final = 1e10
#: Wide enough for every double to the last minor unit.
_WIDE: Final = Context(prec=350)


def decimals(currency: str) -> int:
    """Return how many decimals amounts of a currency have."""
    return _DECIMALS.get(currency, 2)


def minor_units(amount: float, currency: str) -> int:
    """Return an amount in the currency's minor unit, rounded down.

    The amount is taken to 15 digits first, as far as a double is exact: 0.29 times 100 is 29.00,
    though the double is a little less.

    Raises ValueError for an amount that is negative or not finite.
    """
    if not math.isfinite(amount) or amount < 0:
        raise ValueError(f"{amount} is no amount of money")
    exact = Decimal(f"{amount:.15g}" if amount < _EXACT else repr(float(amount))).scaleb(
        decimals(currency), _WIDE
    )
    return int(exact.to_integral_value(ROUND_DOWN, _WIDE))


def decimal_of(units: int, currency: str) -> Decimal:
    """Return an amount in minor units as a decimal."""
    return Decimal(units).scaleb(-decimals(currency), _WIDE)


def units_of(amount: Decimal, currency: str) -> int:
    """Return a decimal that `decimal_of` made in minor units again."""
    return int(amount.scaleb(decimals(currency), _WIDE))
