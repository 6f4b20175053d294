"""How amounts are written: with the digits that their currency has, by ISO 4217."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from iso4217 import Currency

#: Digits after the point of a code that ISO 4217 gives none, or does not know.
_USUAL = 2
#: The most that any currency has.
_MOST = 4


def written(amount: Decimal, currency: str) -> str:
    """The amount as guests are told it: 3075 JPY is `3075`, 1537.5 PLN is `1537.50`, 12.345 KWD is `12.345`.

    QloApps keeps six digits for every currency. What lies beyond those of the currency nobody can pay: it is rounded
    half up, as QloApps itself does. A code that ISO 4217 does not know has at least two digits, and those that the
    figure has.

    Args:
        amount: of the PMS, not negative.
        currency: three capital letters.
    """
    places = _digits(currency)
    if places is None:
        exponent = amount.normalize().as_tuple().exponent
        places = min(max(_USUAL, -exponent if isinstance(exponent, int) else 0), _MOST)
    return f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def _digits(currency: str) -> int | None:
    try:
        return Currency(currency).exponent
    except ValueError:
        return None
