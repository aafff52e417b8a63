"""Amounts of money: one rounding, always down, of what people read."""

import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.money import decimal_of, decimals, minor_units


@pytest.mark.parametrize(
    ("currency", "count"),
    [("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("TND", 3), ("CLF", 4), ("XYZ", 2)],
)
def test_decimals(currency, count):
    """As ISO 4217 has them; a currency that nobody knows has two."""
    assert decimals(currency) == count


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        (10, "EUR", 1000),
        (10.0, "EUR", 1000),
        (0.29, "EUR", 29),  # the double is a little less
        (1.15, "EUR", 115),
        (4.35, "EUR", 435),
        (1.005, "EUR", 100),
        (0.999, "EUR", 99),
        (0.009, "EUR", 0),
        (0.1 + 0.2, "EUR", 30),
        (0.7 * 0.1, "EUR", 7),  # the double is 0.06999999999999999
        (0.29 * 100, "EUR", 2900),
        (0.57 * 100, "EUR", 5700),
        (28.9999999999, "EUR", 2899),
        (0.6 * 0.7, "EUR", 42),
        (1.1 * 1.1, "EUR", 121),
        (999.999, "JPY", 999),
        (1000, "JPY", 1000),
        (1.2349, "KWD", 1234),
        (1.23456, "CLF", 12345),
        (0, "EUR", 0),
        (-0.0, "EUR", 0),
        (5e-324, "CLF", 0),
        (1e16, "EUR", 10**18),
        (1e22, "JPY", 10**22),
        (123456789012345.67, "EUR", 12345678901234567),
        (1e308, "CLF", 10**312),
    ],
)
def test_minor_units(amount, currency, units):
    """What a double is exact to, rounded down once."""
    assert minor_units(amount, currency) == units


@pytest.mark.parametrize("amount", [-0.01, -1, float("nan"), float("inf"), float("-inf")])
def test_what_is_no_amount(amount):
    """Nobody is given less than nothing."""
    with pytest.raises(ValueError, match="is no amount of money"):
        minor_units(amount, "EUR")


@pytest.mark.parametrize(
    ("units", "currency", "text"),
    [
        (1000, "EUR", "10.00"),
        (1, "EUR", "0.01"),
        (0, "EUR", "0.00"),
        (1000, "JPY", "1000"),
        (1234, "KWD", "1.234"),
        (12345, "CLF", "1.2345"),
        (10**40 + 1, "EUR", f"1{'0' * 38}.01"),
    ],
)
def test_decimal_of(units, currency, text):
    """With all decimals of the currency, and nothing lost, whatever the caller's arithmetic."""
    with decimal.localcontext(prec=3):
        assert str(decimal_of(units, currency)) == text


@given(st.floats(0, 1e300), st.sampled_from(("JPY", "EUR", "KWD", "CLF")))
def test_no_more_than_the_amount_and_less_than_a_unit_less(amount, currency):
    """What is rounded down, and written again, is the same."""
    units = minor_units(amount, currency)
    given_, shown = decimal_of(units, currency), Decimal(repr(amount))
    with decimal.localcontext(prec=400):
        assert given_ <= shown * (1 + Decimal("1e-14"))
        assert shown < given_ + decimal_of(1, currency)
    if float(given_) == amount:
        assert minor_units(float(given_), currency) == units
