"""Filling in what to say: money, dates, times and numbers as people read them."""

from __future__ import annotations

import calendar
import math
from datetime import tzinfo
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from nba import money, windows
from nba.errors import EvaluationError
from nba.lang.values import Timestamp
from nba.lang.words import value_in_words

__all__ = ["shown"]

#: Wide enough for every double to the last minor unit.
_WIDE: Final = Context(prec=350)
_SIGNS: Final = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "INR": "₹"}
_MONTHS: Final = tuple(calendar.month_name)  # the first is empty


def shown(value: object, format_: str, currency: str, zone: tzinfo) -> str:
    """Return *value* as text: as `money`, `date`, `time`, `number`, or as it is.

    Money is in *currency*, rounded half to even to its minor unit; dates are those in *zone*.
    Raises EvaluationError for a number that is not finite and a day that no calendar has.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise EvaluationError(f"{value} cannot be written as a number")
    if format_ == "money" and isinstance(value, int | float):
        places = money.decimals(currency)
        amount = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, _WIDE)
        sign = _SIGNS.get(currency, f"{currency} ")
        return f"{'-' if amount < 0 else ''}{sign}{abs(amount):,f}"
    if format_ == "number" and isinstance(value, int | float):
        return f"{Decimal(repr(value)).normalize(_WIDE):,f}"
    if isinstance(value, Timestamp):
        try:
            day = windows.local(int(value), zone)
        except OverflowError as error:
            raise EvaluationError(f"{value} has no date in this time zone") from error
        if format_ == "time":
            return f"{day.hour:02}:{day.minute:02}"
        return f"{day.day} {_MONTHS[day.month]} {day.year}"
    return value_in_words(value)
