import pytest

from producers.adapters.money import amount, minor_units, usd_micros


@pytest.mark.parametrize(
    ("price", "currency", "minor"),
    [
        (32.99, "CAD", 3_299),
        (0.1 + 0.2, "USD", 30),
        (1200, "JPY", 1_200),
        (1200.0, "KRW", 1_200),
        ("4.99", "EUR", 499),
        (3.125, "KWD", 3_125),
        (1.00005, "CLF", 10_000),
        (-9.99, "USD", -999),
        (0.125, "USD", 12),
        (0.135, "USD", 14),
        (1e-320, "USD", 0),
        (5, "XXX", 500),
    ],
)
def test_minor_units_are_exact_and_half_goes_to_even(price, currency, minor):
    assert minor_units(amount(price), currency) == minor


def test_dollars_are_millionths():
    assert usd_micros(amount(25.487)) == 25_487_000
    assert usd_micros(amount("0.0000005")) == 0
    assert usd_micros(amount(1e14)) == 10**20


@pytest.mark.parametrize(
    "nothing", [None, "", "abc", True, [], {}, float("nan"), float("inf"), 1e300, "9" * 5000]
)
def test_what_is_no_amount_is_none(nothing):
    assert amount(nothing) is None
    assert usd_micros(amount(nothing)) is None
    assert minor_units(amount(nothing), "USD") is None


def test_an_amount_of_no_currency_has_no_minor_units():
    assert minor_units(amount(5), None) is None
