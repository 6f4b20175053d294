"""Amounts as guests are to be told them: the PMS's figure, with the digits that ISO 4217 gives its currency."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from iso4217 import Currency

#: Digits of a code that ISO 4217 does not know, or gives none (gold); QloApps lets a shop make up codes.
_USUAL = 2
_CODE = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def digits(currency: str) -> int:
    """How many digits an amount has after its point: 2 for PLN, 0 for JPY, 3 for KWD."""
    try:
        found = Currency(currency).exponent
    except ValueError:
        return _USUAL
    return _USUAL if found is None else int(found)


def written(figure: object, currency: str) -> str:
    """The text of an amount that the PMS gives as a number or a text ("2460.000000"), rounded half up.

    Raises:
        ArithmeticError: it is no number.
    """
    return f"{Decimal(str(figure)).quantize(Decimal(1).scaleb(-digits(currency)), ROUND_HALF_UP):f}"


def is_money(value: object) -> bool:
    """Whether it is `{"amount": "2460.00", "currency": "PLN"}`, with as many digits as the currency has."""
    if not isinstance(value, dict):
        return False
    amount, currency = value.get("amount"), value.get("currency")
    if not (isinstance(amount, str) and isinstance(currency, str)):
        return False
    if not (_AMOUNT.fullmatch(amount) and _CODE.fullmatch(currency)):
        return False
    return len(amount.partition(".")[2]) == digits(currency)
