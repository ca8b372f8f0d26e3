"""Amounts of money as the contract has them: integers in minor units, and in millionths of a dollar. Pure.

Decimal from the text that the sender wrote to the integer that is sent on: no float is ever calculated
with. Half of a minor unit goes to the even one.
"""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

_MOST = Decimal(10) ** 15  # more than any payment; keeps every result far inside 64 bits
_USD_MICROS_DIGITS = 6

_NONE = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
DIGITS = {
    **dict.fromkeys(_NONE, 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""Digits of the minor unit, by ISO 4217 (amendment 176), where they are not two."""


def amount(value: object) -> Decimal | None:
    """Return the amount that a sender wrote as a number or text; None when it is none.

    A float stands for the shortest text that means it, so 32.99 is 32.99.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return None
    try:
        money = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return money if money.is_finite() and abs(money) < _MOST else None


def minor_units(money: Decimal | None, currency: object) -> int | None:
    """Return an amount in minor units of its currency; None when either is unknown."""
    if money is None or not isinstance(currency, str):
        return None
    return _scaled(money, DIGITS.get(currency, 2))


def usd_micros(dollars: Decimal | None) -> int | None:
    """Return dollars in millionths."""
    return None if dollars is None else _scaled(dollars, _USD_MICROS_DIGITS)


def _scaled(money: Decimal, digits: int) -> int:
    return int(money.scaleb(digits).to_integral_value(ROUND_HALF_EVEN))
